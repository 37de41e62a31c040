"""A portal's process dies by `kill -9` at each step of issuing, rotating and revoking, in chat, in the browser and over HTTP.

Afterwards there is either no key, or one that was shown; the old key or the new one; and the audit log tells what is so.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keys import scopes
from tests.soak import stack
from tests.soak.people import InBrowser, InChat, Program, Seen, somebody, works
from tests.soak.stack import Stack
from tests.soak.verdict import Verdict

ENOUGH = 100
DEATH_SECONDS = 5
TRIES = 4
STEPS = {
    ("chat", "issue"): [
        *("before issue", "inside issue", "after issue", "after post", "inside confirm", "after confirm"),
    ],
    ("browser", "issue"): [
        *("before issue", "inside issue", "after issue", "before confirm", "inside confirm", "after confirm"),
    ],
    ("chat", "rotate"): [
        *("before rotate", "inside rotate", "after rotate", "after post", "inside confirm", "after confirm"),
    ],
    ("browser", "rotate"): [
        *(
            "before rotate",
            "inside rotate",
            "after rotate",
            "before confirm",
            "inside confirm",
            "after confirm",
        ),
    ],
    ("program", "issue"): [
        *("before issue", "inside issue", "after issue", "before confirm", "inside confirm", "after confirm"),
    ],
    ("program", "rotate"): [
        *(
            "before rotate",
            "inside rotate",
            "after rotate",
            "before confirm",
            "inside confirm",
            "after confirm",
        ),
    ],
    ("chat", "revoke"): ["before revoke", "inside revoke", "after revoke"],
    ("browser", "revoke"): ["before revoke", "inside revoke", "after revoke"],
}


def run(verdict: Verdict, *, database: str, kills: int) -> None:
    """So many deaths at each step; the verdict has figures and what is wrong."""
    with stack.running(database=database, redis=False, application="tests.soak.dying:application") as there:
        loop = _Loop(there)
        for (place, what), steps in STEPS.items():
            for step in steps:
                for number in range(kills):
                    loop.die(place, what, step, number)
        verdict.figure("kill -9: deaths, steps", f"{loop.deaths}, {sum(map(len, STEPS.values()))}")
        verdict.violations += loop.problems
        balance(verdict, there, loop.seen, "kill -9")


def balance(verdict: Verdict, there: Stack, seen: Seen, name: str) -> None:
    """Close the books of the installation: keys, audit log and what people saw have to agree."""
    told = json.dumps({"shown": sorted(seen.shown), "revoked": sorted(seen.revoked)})
    closed = there.run("-m", "tests.soak.books", stdin=told)
    verdict.require(closed.returncode == 0, f"{name}: the books cannot be closed: {closed.stderr[-500:]}")
    if closed.returncode == 0:
        books = json.loads(closed.stdout.splitlines()[-1])
        figures = f"{books['keys']} keys, {books['live']} of them live, {books['events']} audit events"
        verdict.figure(f"{name}: in the books", figures)
        verdict.violations += [f"{name}: {problem}" for problem in books["problems"]]
    verified = there.run("manage.py", "audit_verify")
    verdict.require(verified.returncode == 0, f"{name}: audit_verify: {verified.stderr[-500:]}")


class _Loop:
    def __init__(self, there: Stack) -> None:
        self.there, self.portal, self.where = (
            there,
            there.portal.url,
            Path(there.environment["DATA_DIR"]) / "die",
        )
        self.seen, self.problems, self.deaths = Seen(), list[str](), 0
        self.left, self.known = list[tuple[str, str, str]](), set[str]()
        ana, general = somebody("ana@acme.test")
        ben, _general = somebody("ben@acme.test")
        self.places: dict[str, InChat | InBrowser | Program] = {
            "chat": InChat(ana, general, self.seen),
            "browser": InBrowser(ben, self.portal, self.seen),
            "program": Program(_managing_key(there), self.portal, self.seen),
        }

    def die(self, place: str, what: str, step: str, number: int) -> None:
        """One death at that step, and a look at what is left."""
        for attempt in range(TRIES):
            name = f"{what}-{step.replace(' ', '-')}-{number}-{attempt}"
            before = None if what == "issue" else self.places[place].issue(name)
            if what != "issue" and before is None:
                continue  # a machine that is too busy answers Pumble too late, and takes the key back
            deaths = self.deaths
            for problem in self._outcome(self.places[place], what, name, before, step):
                self.problems.append(f"kill -9 {step} ({place}): {problem}")
            live = self.seen.shown.keys() - self.seen.revoked - self.known
            self.left += [(place, name, self.seen.shown[key_id]) for key_id in live]
            self.known |= live
            self._tidy()
            if self.deaths > deaths:
                return
        self.problems.append(f"kill -9 {step} ({place}): the process did not die: that step is never reached")

    def _outcome(
        self, person: InChat | InBrowser | Program, what: str, name: str, before: str | None, step: str
    ) -> Iterator[str]:
        result = self._until_death(step, lambda: _do(person, what, name, before))
        if what == "revoke":
            if result and before and works(self.portal, before):
                yield "a key works of which somebody was told that it is revoked"
        elif isinstance(result, str):
            if not works(self.portal, result):
                yield "the key that was shown does not work"
            if before and works(self.portal, before):
                yield "the old key works although the new one took its place"
        elif before and not works(self.portal, before):
            yield "neither the old key works, nor was a new one shown"

    def _until_death(self, step: str, do: Callable[[], object]) -> object:
        """What came of it. Where the process dies may be after its answer."""
        self.where.write_text(step)
        result = do()
        until = time.monotonic() + DEATH_SECONDS
        while self.where.exists() and time.monotonic() < until:
            time.sleep(0.01)
        self.deaths += not self.where.exists()
        self.where.unlink(missing_ok=True)
        return result

    def _tidy(self) -> None:
        """Nobody may have more than 200 keys: those that are done with go."""
        if len(self.left) >= ENOUGH:
            for place, name, plaintext in self.left:
                self.places[place].revoke(name, plaintext)
            self.left.clear()


def _managing_key(there: Stack) -> str:
    """A key of Ben's that may do everything, and manage his other keys."""
    wanted = [f"--scope={scope}" for scope in scopes.KNOWN]
    owner = ["--workspace=Acme", "--member=ben@acme.test", "--name=manager"]
    made = there.run("manage.py", "create_key", *owner, *wanted, "--json")
    return str(json.loads(made.stdout)["key"])


def _do(person: InChat | InBrowser | Program, what: str, name: str, before: str | None) -> object:
    if what == "issue":
        return person.issue(name)
    assert before is not None
    return person.rotate(name, before) if what == "rotate" else person.revoke(name, before)
