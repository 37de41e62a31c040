"""The program `pumble-api-keys` of the installed package. `python -m portal` is the same program."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from portal import __version__

PROGRAM = "pumble-api-keys"
USAGE = f"""usage: {PROGRAM} COMMAND ...

  demo         run the portal with a local Pumble, to try it
  new-env URL  print settings with new secrets, for the file .env in the current folder
  manifest     print the app's manifest for Pumble
  migrate      update the database
  serve        serve the portal
  maintenance  send reminders and delete what is too old
  doctor       check the installation, and name the cure of what is wrong
  help         list all commands, once the settings are complete
  --version    print the version
"""
_PACKAGE = Path(__file__).resolve().parent
_NEW_ENV = "new-env.sh"


def main() -> None:
    sys.argv[0] = PROGRAM
    match sys.argv[1:]:
        case ["--version"]:
            sys.stdout.write(f"{PROGRAM} {__version__}\n")
        case ["new-env", *arguments]:
            sys.exit(new_env(arguments))
        case [] | ["-h" | "--help"]:
            sys.stdout.write(USAGE)
        case ["demo", *_]:
            os.environ["LOCAL_PUMBLE"] = "true"
            run_command()
        case _:
            run_command()


def run_command() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from portal import command_line

    command_line.main()


def new_env(arguments: list[str]) -> int | str:
    """Print settings with new secrets. They are needed before the settings can be read, so this is no Django command."""
    usage = (
        f"usage: {PROGRAM} new-env URL > .env\n  URL: the URL of the portal, such as https://keys.example.com"
    )
    if len(arguments) != 1 or not arguments[0].startswith("https://") or not urlsplit(arguments[0]).hostname:
        sys.stderr.write(f"{usage}\n")
        return 2
    script = next(
        path for path in (_PACKAGE / _NEW_ENV, _PACKAGE.parent / "deploy" / _NEW_ENV) if path.exists()
    )
    return subprocess.run(["/bin/sh", str(script), arguments[0]], check=False).returncode  # noqa: S603 - our script


if __name__ == "__main__":
    main()
