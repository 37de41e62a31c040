"""The areas that `doctor` checks, in order."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from portal.doctor import (
    configuration,
    database,
    disk,
    installations,
    maintenance,
    public_url,
    pumble,
    redis,
    secret_values,
)
from portal.doctor.findings import Finding, Status, failure

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Area:
    """`needs` are checks without which this area cannot be tried. It is left out if one of them failed."""

    name: str
    check: Callable[[], Iterable[Finding]]
    needs: frozenset[str] = frozenset()


_DATABASE = frozenset({"database", "database.migrations"})

AREAS = (
    Area("settings", configuration.check),
    Area("disk", disk.check),
    Area("database", database.check),
    Area("secrets", secret_values.check, _DATABASE),
    Area("redis", redis.check),
    Area("maintenance", maintenance.check, _DATABASE),
    Area("public_url", public_url.check),
    Area("pumble", pumble.check),
    Area("installation", installations.check, _DATABASE | {"secrets.encryption_keys", "pumble"}),
)


def run(areas: Iterable[Area] = AREAS) -> Iterator[Finding]:
    """Yield the findings of each area. An area that raises is a failure of its own, and the others go on."""
    failed: set[str] = set()
    for area in areas:
        if area.needs & failed:
            continue
        for finding in _check(area):
            if finding.status is Status.FAILURE:
                failed.add(finding.check)
            yield finding


def _check(area: Area) -> Iterator[Finding]:
    try:
        yield from area.check()
    except Exception as error:
        log.exception("doctor.failed", extra={"area": area.name})
        yield failure(
            area.name,
            _("This check ended with an error (%(error)s)."),
            _("Report it as a fault of this program, with the lines of the log."),
            error=type(error).__name__,
        )
