"""The disk is full: what cannot be stored is not claimed to be done, and with room again everything works without a restart.

The portal keeps its SQLite on a file system of a few MiB, which only root can make.
"""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.soak import stack
from tests.soak.kills import balance
from tests.soak.people import PATIENCE, InBrowser, InChat, Seen, somebody, works
from tests.soak.verdict import Verdict

SIZE = "24m"


def run(verdict: Verdict) -> None:
    with contextlib.ExitStack() as parts:
        try:
            folder = parts.enter_context(_small_disk())
        except (OSError, subprocess.CalledProcessError):
            verdict.not_run.append("full disk: this account may not mount a tmpfs")
            return
        there = parts.enter_context(stack.running(database="", redis=False, folder=folder))
        seen = Seen()
        ana, general = somebody("ana@acme.test")
        chat, browser = InChat(ana, general, seen), InBrowser(ana, there.portal.url, seen)
        key, other = chat.issue("one"), chat.issue("two")
        assert key is not None
        assert other is not None
        works(there.portal.url, key)
        with _full(folder):
            claims = {
                "revoking in the browser": browser.revoke("one", key),
                "revoking in chat": chat.revoke("two", other),
                "making a key in the browser": browser.issue("three"),
                "making a key in chat": chat.issue("four"),
            }
            for doing, claimed in claims.items():
                verdict.require(not claimed, f"full disk: {doing} is said to be done")
            answer = requests.get(f"{there.portal.url}/keyInfo", headers={"ApiKey": key}, timeout=PATIENCE)
            verdict.require(
                answer.status_code in {200, 503}, f"full disk: a call is answered {answer.status_code}"
            )
        verdict.figure("full disk: a call meanwhile", answer.status_code)
        verdict.require(works(there.portal.url, key), "full disk: a key stopped working")
        verdict.require(browser.revoke("one", key), "full disk: with room again, revoking does not work")
        verdict.require(not works(there.portal.url, key), "full disk: a revoked key works")
        verdict.require(bool(chat.issue("five")), "full disk: with room again, no key can be made")
        errors = [line for line in there.log.read_text().splitlines() if "status=500" in line]
        verdict.violations += [f"full disk: {line}" for line in errors[:5]]
        balance(verdict, there, seen, "full disk")


@contextlib.contextmanager
def _small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
        subprocess.run(mount, check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)


@contextlib.contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Every byte of that disk is taken until the block ends."""
    filler = folder / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (2**20, 2**12, 1):
            with contextlib.suppress(OSError):
                while os.write(descriptor, b"\\0" * size):
                    pass
        yield
    finally:
        os.close(descriptor)
        filler.unlink()
