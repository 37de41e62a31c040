"""`make audit`: known vulnerabilities in the locked requirements. What could not be looked up counts as a failure.

The auditor lives in an environment of its own under `.venv/audit`; nothing of the project depends on it.
"""

import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from pumble_bridge import strict_json

PROJECT = Path(__file__).resolve().parent.parent
TOOL = PROJECT / ".venv/audit"
LOCKS = ["requirements.txt", "requirements-test.txt"]


def main() -> int:
    if not (TOOL / "bin/pip-audit").exists():
        venv.create(TOOL, with_pip=True)
        install = [str(TOOL / "bin/python"), "-m", "pip", "install", "--quiet", "pip-audit ~= 2.9"]
        subprocess.run(install, check=True)
    audit: list[str] = [str(TOOL / "bin/pip-audit"), "--require-hashes", "--disable-pip", "--format=json"]
    for lock in LOCKS:
        audit += ["--requirement", lock]
    done = subprocess.run([*audit, "--progress-spinner=off"], cwd=PROJECT, capture_output=True)
    complaints = judge(done.stdout)
    for complaint in complaints:
        print(complaint)
    print("FAILED" if complaints else "No known vulnerabilities in the locked requirements.")
    return 1 if complaints else 0


def judge(printed: bytes) -> list[str]:
    """What is wrong with the requirements, by the auditor's report, one line each; empty if all were found to be fine."""
    try:
        report: dict[str, Any] = strict_json.loads(printed)
        dependencies = report["dependencies"]
    except (ValueError, KeyError):
        return ["NOT AUDITED: the auditor gave no report; is there a network?"]
    complaints = [] if dependencies else ["NOT AUDITED: the report names no requirement"]
    for dependency in dependencies:
        name = dependency["name"]
        if "skip_reason" in dependency:
            complaints.append(f"NOT AUDITED: {name}: {dependency['skip_reason']}")
        for found in dependency.get("vulns", []):
            cure = ", ".join(found["fix_versions"]) or "no fixed version yet"
            complaints.append(f"VULNERABLE: {name} {dependency['version']}: {found['id']} ({cure})")
    return complaints


if __name__ == "__main__":
    sys.exit(main())
