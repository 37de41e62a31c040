"""Thousands of wrong keys from the address that right ones come from: they are held back, and the right ones are not."""

import contextlib
import statistics
import threading
import time
from collections import Counter

import requests

from keys import key_format
from tests.soak import stack
from tests.soak.people import PATIENCE, InChat, Seen, somebody
from tests.soak.verdict import Verdict

SENDERS = 4
SLOWER = 3.0  # times; two cores are shared with the flood itself


def run(verdict: Verdict, *, database: str, wrong_keys: int, per_minute: int | None = None) -> None:
    """Send so many wrong keys, as fast as it goes unless `per_minute` says, and right ones all the while."""
    redis = stack.has_redis() and bool(database)
    with stack.running(database=database, redis=redis) as there:
        ana, general = somebody("ana@acme.test")
        right = InChat(ana, general, Seen()).issue("right")
        assert right, "no key came"
        url = f"{there.portal.url}/keyInfo"
        before = _seconds_of_right_ones(url, right, 50, threading.Event())
        answers: Counter[int] = Counter()
        problems: list[str] = []
        senders = [
            threading.Thread(target=_flood, args=(url, wrong_keys // SENDERS, per_minute, answers, problems))
            for _ in range(SENDERS)
        ]
        over = threading.Event()
        during: list[float] = []
        asker = threading.Thread(target=lambda: during.extend(_seconds_of_right_ones(url, right, None, over)))
        for thread in (asker, *senders):
            thread.start()
        for thread in senders:
            thread.join()
        over.set()
        asker.join()
        verdict.violations += problems[:5]
        verdict.figure("flood: wrong keys, answers", f"{wrong_keys}, {dict(answers)}")
        calm, busy = statistics.median(before) * 1000, statistics.median(during) * 1000
        verdict.figure(
            "flood: right keys answered", f"{len(during)}, half within {busy:.1f} ms (before {calm:.1f} ms)"
        )
        verdict.require(len(during) > 0, "flood: no right key was answered")
        verdict.require(set(answers) <= {403, 429}, f"flood: wrong keys got {set(answers) - {403, 429}}")
        verdict.require(answers[429] > wrong_keys / 2, "flood: wrong keys were not held back")
        if per_minute:
            verdict.require(busy <= calm * SLOWER, "flood: right keys became slow")


def _seconds_of_right_ones(url: str, key: str, times: int | None, over: threading.Event) -> list[float]:
    """How long each call took, all of which have to be let in: so many, or until it is over."""
    took: list[float] = []
    with requests.Session() as session:
        while len(took) < times if times else not over.wait(0.07):
            began = time.monotonic()
            answer = session.get(url, headers={"ApiKey": key}, timeout=PATIENCE)
            assert answer.ok, f"a right key was refused: {answer.status_code} {answer.text[:200]}"
            took.append(time.monotonic() - began)
    return took


def _flood(url: str, times: int, per_minute: int | None, answers: Counter[int], problems: list[str]) -> None:
    pause = 60 / per_minute * SENDERS if per_minute else 0.0
    with requests.Session() as session:
        began = time.monotonic()
        for number in range(times):
            with contextlib.suppress(requests.ConnectionError):
                answer = session.get(url, headers={"ApiKey": key_format.generate().text}, timeout=PATIENCE)
                answers[answer.status_code] += 1
                if answer.status_code == 429 and not answer.headers.get("Retry-After", "").isdigit():
                    problems.append("flood: a 429 without Retry-After")
            time.sleep(max(0.0, began + (number + 1) * pause - time.monotonic()))
