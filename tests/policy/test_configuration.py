"""Files that other programs read: validated against the schemas of those programs, without a download."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from portal import __version__
from tests.environment import PROJECT

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def validate(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


class TestAFile:
    @pytest.mark.parametrize(
        ("schema", "path"),
        [
            ("compose-spec", PROJECT / "compose.yaml"),
            ("dependabot", PROJECT / ".github/dependabot.yml"),
            *(("github-workflows", path) for path in WORKFLOWS),
        ],
        ids=str,
    )
    def test_has_the_form_that_its_program_expects(self, schema: str, path: Path) -> None:
        done = validate(schema, path)

        assert done.returncode == 0, done.stdout + done.stderr

    def test_with_a_typo_is_found(self, tmp_path: Path) -> None:
        wrong = tmp_path / "compose.yaml"
        wrong.write_text((PROJECT / "compose.yaml").read_text().replace("depends_on", "dependson"))

        assert validate("compose-spec", wrong).returncode == 1


class TestTheRelease:
    STEPS = yaml.safe_load((PROJECT / ".github/workflows/release.yml").read_text())["jobs"]["release"][
        "steps"
    ]

    @pytest.mark.parametrize(("tag", "status"), [(f"v{__version__}", 0), ("v0.0.1", 1), (__version__, 1)])
    def test_is_made_only_of_a_tag_that_is_the_version(self, tag: str, status: int) -> None:
        (step,) = (step["run"] for step in self.STEPS if step.get("name") == "The tag is the version")
        here = os.environ | {"GITHUB_REF_NAME": tag, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

        done = subprocess.run(["bash", "-e", "-c", step], cwd=PROJECT, env=here, timeout=30)

        assert done.returncode == status

    def test_is_tested_before(self) -> None:
        workflow = yaml.safe_load((PROJECT / ".github/workflows/release.yml").read_text())
        called = PROJECT / workflow["jobs"]["test"]["uses"]

        assert workflow["jobs"]["release"]["needs"] == "test"
        assert "workflow_call" in yaml.safe_load(called.read_text())[True]  # YAML 1.1 reads `on` so


class TestTheImage:
    def stages(self) -> list[str]:
        return re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]

    def test_of_production_is_what_is_built_without_a_target(self) -> None:
        last = self.stages()[-1]

        assert "gunicorn" in last
        assert "BIND=0.0.0.0" in last

    def test_of_production_has_no_local_pumble_and_no_tests(self) -> None:
        (collected,) = (stage for stage in self.stages() if stage.startswith("build AS collected"))
        sources = re.findall(r"^COPY (\S+)", self.stages()[-1], re.MULTILINE)

        assert "rm -r sandbox " in collected
        assert set(sources) == {"--from=collected"}
        assert "!tests" not in (PROJECT / ".dockerignore").read_text().splitlines()

    def test_of_the_demo_listens_on_this_machine_only(self) -> None:
        (demo,) = (stage for stage in self.stages() if "AS demo\n" in stage)

        assert "BIND=127.0.0.1" in demo
