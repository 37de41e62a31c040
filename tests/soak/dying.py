"""The portal, except that its process dies where the file `$DATA_DIR/die` says, as by `kill -9`. Named to gunicorn by the kill loops.

A step is `before WHAT`, `inside WHAT` (its audit event is written, its transaction open) or `after WHAT`.
"""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

WHERE = Path(os.environ["DATA_DIR"]) / "die"
_doing = threading.local()


def _die_at(step: str) -> None:
    try:
        wanted = WHERE.read_text()
    except FileNotFoundError:
        return
    if wanted == step:
        WHERE.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _mortal(what: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def carry_out(*args: Any, **kwargs: Any) -> Any:
        _die_at(f"before {what}")
        _doing.what = what
        try:
            done = original(*args, **kwargs)
        finally:
            _doing.what = ""
        _die_at(f"after {what}")
        return done

    return carry_out


def _recorded(original: Callable[..., Any]) -> Callable[..., Any]:
    def record(*args: Any, **kwargs: Any) -> Any:
        event = original(*args, **kwargs)
        _die_at(f"inside {getattr(_doing, 'what', '')}")
        return event

    return record


def _mortal_portal() -> Any:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from keys import audit, lifecycle
    from portal.wsgi import application
    from pumble_bridge.client import PumbleClient

    for name in ("issue", "rotate", "confirm", "revoke"):
        setattr(lifecycle, name, _mortal(name, getattr(lifecycle, name)))
    audit.record = _recorded(audit.record)
    PumbleClient.post_message = _mortal("post", PumbleClient.post_message)  # type: ignore[method-assign]
    return application


application = _mortal_portal()
