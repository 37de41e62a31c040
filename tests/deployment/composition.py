"""Start commands, environment and files from compose.yaml and the Dockerfile, to run them as processes."""

import fnmatch
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.environment import PROJECT

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
TEMPLATE = PROJECT / "deploy/nginx.conf.template"


def command(service: str) -> list[str]:
    return [str(word) for word in COMPOSE["services"][service]["command"]]


def environment(service: str) -> dict[str, str]:
    """As compose gives it, without what it takes from .env."""
    given = COMPOSE["services"][service]["environment"].items()
    return {name: str(value) for name, value in given if "${" not in str(value)}


def front_door(places: dict[str, str]) -> str:
    """nginx's configuration with the places filled in as the image's start fills them in."""
    names = re.fullmatch(
        r"\^\((.*)\)\$\$", COMPOSE["services"]["front-door"]["environment"]["NGINX_ENVSUBST_FILTER"]
    )
    assert names
    assert set(names[1].split("|")) == set(places)
    return re.sub(r"\$\{(\w+)\}", lambda found: places[found[1]], TEMPLATE.read_text())


def lay_out(folder: Path) -> None:
    """The files of the image: those that the build may see, through the image's own step for static files."""
    rules = [
        line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line[:1] not in {"", "#"}
    ]
    assert rules[0] == "*"
    left_out = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]
    for rule in rules:
        if not rule.startswith("!") or rule == "!sandbox":  # the image of the demo has it
            continue
        source, target = PROJECT / rule[1:], folder / rule[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*left_out))
        else:
            assert not any(fnmatch.fnmatch(source.name, pattern) for pattern in left_out)
            shutil.copy(source, target)


def collect_static(folder: Path, static: Path, python: str) -> None:
    """The Dockerfile's own line, with the image's paths replaced by ours."""
    dockerfile = (PROJECT / "Dockerfile").read_text()
    line = next(line for line in dockerfile.splitlines() if "collectstatic" in line)
    step = line.removeprefix("RUN ").removesuffix(" \\")
    step = (
        step.replace("DATA_DIR=/tmp/build ", "")
        .replace("/srv/static", str(static))
        .replace("/srv/python/bin/python", python)
    )
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    subprocess.run(
        ["sh", "-c", step],
        cwd=folder,
        env=bare,
        check=True,
        stdout=subprocess.DEVNULL,
    )
