"""Metrics are summed over all processes of a portal, also over those that ended."""

import os
import signal
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.deployment.stack import Deployment, wait_for

NAME = "portal_requests"


def refused(deployment: Deployment) -> float:
    """How many calls of `myInfo` without a key portal A has answered."""
    scraper = f"Bearer {deployment.environment['METRICS_TOKEN']}"
    answer = deployment.a.get("/metrics", Authorization=scraper)
    assert answer.status_code == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if family.name == NAME and sample.labels == {"operation": "myInfo", "outcome": "key_missing"}
    )


def workers(deployment: Deployment) -> set[int]:
    assert deployment.a.process
    pid = deployment.a.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_counts_of_all_processes_add_up_whichever_is_asked_and_whoever_died(deployment: Deployment) -> None:
    before = refused(deployment)
    for _call in range(20):  # each on a connection of its own, so that every process has some
        assert deployment.a.get("/myInfo").status_code == 403
    assert {refused(deployment) for _scrape in range(6)} == {before + 20}

    dead, *_others = old = sorted(workers(deployment))
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: dead not in workers(deployment), "the end of a worker")
    wait_for(lambda: len(workers(deployment)) == len(old), "another worker")
    wait_for(deployment.a.answers, "the portal")

    assert refused(deployment) == before + 20
