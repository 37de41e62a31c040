"""The installed program `pumble-api-keys`, in an environment without the repository."""

import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import portal
from keys import key_format
from tests.environment import PROJECT, free_port
from tests.package.conftest import Installation, bare_environment, older_wheel
from tests.portal.test_environment import PRODUCTION, WITHOUT_PRIVILEGES

pytestmark = pytest.mark.timeout(180)  # 5 s alone, and each test starts programs that load all of Django


@contextlib.contextmanager
def started(
    installation: Installation, folder: Path, *arguments: str, ready: str, **environment: str
) -> Iterator[Path]:
    """Run the program until it prints a line that starts with `ready`. Stop it at the end."""
    log = folder.parent / f"{folder.name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [installation.program, *arguments],
            cwd=folder,
            env=bare_environment() | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 100
        while f"\n{ready}" not in f"\n{log.read_text()}":
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(25)


def act(pumble: str, name: str, **body: Any) -> Any:
    answer = requests.post(f"{pumble}/act/{name}", json=body, timeout=15)
    assert answer.ok, answer.text
    return answer.json()


def answers(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.fixture
def ports() -> dict[str, str]:
    return {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, in which the program is started."""
    empty = tmp_path / "empty"
    empty.mkdir()
    return empty


@pytest.fixture(scope="module")
def data(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated database."""
    folder = tmp_path_factory.mktemp("migrated")
    done = installation.run(folder, "migrate", "-v0", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    return folder / "var"


class TestTheDemo:
    def test_goes_from_a_folder_without_data_to_a_message(
        self, installation: Installation, folder: Path, ports: dict[str, str]
    ) -> None:
        for name in ("keys", "portal", "sandbox"):  # not these, but the installed packages are imported
            (folder / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
        before = installation.files()
        portal_url, pumble = (f"http://127.0.0.1:{ports[name]}" for name in ("PORT", "SANDBOX_PORT"))

        with started(installation, folder, "demo", ready="ready portal=", **ports):
            workspace = requests.get(f"{pumble}/act/workspaces", timeout=15).json()[0]
            ana = next(user["id"] for user in workspace["users"] if user["name"].startswith("Ana"))
            general = next(item["id"] for item in workspace["channels"] if item["name"] == "general")
            typed = act(pumble, "message", userId=ana, channelId=general, text="/api-keys generate demo")
            (key,) = key_format.find_in(typed["screen"]["ephemeral"][-1]["text"])
            sent = requests.post(
                f"{portal_url}/sendMessage",
                headers={"ApiKey": key.text},
                json={"channel": "general", "text": "from the package"},
                timeout=15,
            )
            screen = requests.get(
                f"{pumble}/act/screen", params={"userId": ana, "channelId": general}, timeout=15
            )
            page = requests.get(f"{portal_url}/", timeout=15)
            style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
            statuses = {
                path: requests.get(f"{portal_url}{path}", timeout=15).status_code
                for path in ("/", style, "/api-docs/", "/admin/login/", "/manifest")
            }

        assert sent.status_code == 200, sent.text
        assert screen.json()["messages"][-1]["text"] == "from the package"
        assert style.endswith(".css")
        assert set(statuses.values()) == {200}, statuses
        assert not any(map(answers, ports.values()))
        assert {path.name for path in folder.iterdir()} == {"keys.py", "portal.py", "sandbox.py", "var"}
        assert installation.files() == before

    def test_listens_on_this_machine_only(self, installation: Installation, folder: Path) -> None:
        done = installation.run(folder, "demo", BIND="0.0.0.0")

        assert (done.returncode, "loopback" in done.stderr) == (1, True), done.stderr

    @pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
    def test_refuses_a_port_in_use(
        self, installation: Installation, folder: Path, ports: dict[str, str], name: str
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", int(ports[name])))
            taken.listen()
            done = installation.run(folder, "demo", **ports)

        assert (done.returncode, f"{name}=..." in done.stderr) == (1, True), done.stderr

    def test_refuses_a_folder_in_which_it_may_not_write(
        self, installation: Installation, folder: Path, ports: dict[str, str]
    ) -> None:
        folder.chmod(0o500)
        done = subprocess.run(
            [*WITHOUT_PRIVILEGES, installation.program, "demo"],
            cwd=folder,
            env=bare_environment() | ports,
            capture_output=True,
            text=True,
            timeout=100,
        )

        assert done.returncode == 1
        assert done.stderr.startswith("DATA_DIR: "), done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_refuses_data_of_a_newer_version(
        self, installation: Installation, folder: Path, data: Path, ports: dict[str, str]
    ) -> None:
        make_newer(shutil.copytree(data, folder / "var"))

        done = installation.run(folder, "demo", **ports)

        assert (done.returncode, "from a newer version" in done.stderr) == (1, True), done.stderr


class TestServing:
    def test_answers_with_settings_from_the_current_folder(
        self, installation: Installation, folder: Path, data: Path
    ) -> None:
        shutil.copytree(data, folder / "var")
        environment = PRODUCTION | {"PORT": str(free_port()), "SECRET_KEY": "", "SECRET_KEY_FILE": "secret"}
        (folder / "secret").write_text(PRODUCTION["SECRET_KEY"])
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
        before = installation.files()

        with started(installation, folder, "serve", ready="Serving https://keys.example.com"):
            url = f"http://127.0.0.1:{environment['PORT']}"
            wait_for(lambda: answers(environment["PORT"]))
            assert requests.get(f"{url}/readyz", timeout=15).json()["status"] == "ok"
            page = requests.get(f"{url}/", headers={"Host": "keys.example.com"}, timeout=15)
            assert "/static/portal/" in page.text

        assert installation.files() == before
        assert {path.name for path in folder.iterdir()} == {".env", "secret", "var"}

    def test_refuses_a_port_in_use(self, installation: Installation, folder: Path) -> None:
        environment = PRODUCTION | {"PORT": str(free_port())}
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", int(environment["PORT"])))
            taken.listen()
            done = installation.run(folder, "serve", **environment)

        assert (done.returncode, "PORT=..." in done.stderr) == (1, True), done.stderr

    @pytest.mark.parametrize(
        ("host", "reason"),
        [
            ("portal.invalid", "the name portal.invalid cannot be resolved"),
            ("192.0.2.1", "192.0.2.1 is no address of this machine"),
        ],
    )
    def test_refuses_an_address_of_another_machine(
        self, installation: Installation, folder: Path, host: str, reason: str
    ) -> None:
        done = installation.run(folder, "serve", **PRODUCTION, PORT=str(free_port()), BIND=host)

        assert (done.returncode, reason in done.stderr) == (1, True), done.stderr

    def test_answers_after_it_was_installed_over_an_older_version(
        self, installation: Installation, folder: Path, data: Path, tmp_path: Path
    ) -> None:
        wheel = older_wheel(installation.sdist, tmp_path)
        older = Installation.create(tmp_path / "older", wheel, installation.sdist)
        gone, left = (older.site_packages / "portal" / name for name in ("gone.py", "urls.py"))
        before = older.run(folder, "--version").stdout
        assert gone.exists()

        older.install(installation.wheel)
        shutil.copytree(data, folder / "var")
        port = str(free_port())
        with started(older, folder, "serve", ready="Serving https", **PRODUCTION | {"PORT": port}):
            wait_for(lambda: answers(port))
            ready = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=15).json()

        assert before == "pumble-api-keys 0.0.1\n"
        assert older.run(folder, "--version").stdout == f"pumble-api-keys {portal.__version__}\n"
        assert (gone.exists(), left.exists(), ready["status"]) == (False, True, "ok")

    def test_refuses_an_empty_database_and_names_the_command(
        self, installation: Installation, folder: Path
    ) -> None:
        done = installation.run(folder, "serve", **PRODUCTION, PORT=str(free_port()))

        assert (done.returncode, "command migrate" in done.stderr) == (1, True), done.stderr

    def test_refuses_data_of_a_newer_version(
        self, installation: Installation, folder: Path, data: Path
    ) -> None:
        make_newer(shutil.copytree(data, folder / "var"))

        done = installation.run(folder, "serve", **PRODUCTION, PORT=str(free_port()))

        assert (done.returncode, "from a newer version" in done.stderr) == (1, True), done.stderr


class TestTheProgram:
    def test_has_the_version_of_the_package(self, installation: Installation, folder: Path) -> None:
        done = installation.run(folder, "--version")

        assert done.stdout == f"pumble-api-keys {portal.__version__}\n"
        assert installation.wheel.name.startswith(f"pumble_api_keys-{portal.__version__}-")
        assert installation.sdist.name == f"pumble_api_keys-{portal.__version__}.tar.gz"

    def test_makes_settings_that_start_it(self, installation: Installation, folder: Path) -> None:
        made = installation.run(folder, "new-env", "https://keys.example.com").stdout
        app = {name: value for name, value in PRODUCTION.items() if name.startswith("PUMBLE_APP_")}
        lines = [line for line in made.splitlines() if not line.startswith("PUMBLE_APP_")]
        (folder / ".env").write_text("\n".join([*lines, *(f"{name}={value}" for name, value in app.items())]))
        (folder / ".env").chmod(0o600)

        done = installation.run(folder, "check", "--deploy", "--fail-level", "WARNING")

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        "arguments", [[], ["keys.example.com"], ["http://keys.example.com"], ["https://"]]
    )
    def test_says_how_new_settings_are_made(
        self, installation: Installation, folder: Path, arguments: list[str]
    ) -> None:
        done = installation.run(folder, "new-env", *arguments)

        assert (done.returncode, done.stdout) == (2, "")
        assert "new-env URL" in done.stderr

    @pytest.mark.parametrize("arguments", [[], ["--help"]])
    def test_explains_itself_without_settings(
        self, installation: Installation, folder: Path, arguments: list[str]
    ) -> None:
        done = installation.run(folder, *arguments)

        assert done.returncode == 0, done.stderr
        assert "new-env URL" in done.stdout
        assert not list(folder.iterdir())

    def test_has_the_commands_of_manage_py(self, installation: Installation, folder: Path) -> None:
        done = installation.run(folder, "help", LOCAL_PUMBLE="true")

        assert {"demo", "serve", "maintenance", "create_key", "audit_verify"} <= set(done.stdout.split())

    def test_holds_no_tests_and_no_configuration_of_the_repository(self, installation: Installation) -> None:
        with zipfile.ZipFile(installation.wheel) as wheel:
            tops = {name.partition("/")[0] for name in wheel.namelist()}

        packages = {"portal", "pumble_bridge", "keys", "sandbox"}
        assert tops == packages | {f"pumble_api_keys-{portal.__version__}.dist-info"}

    def test_takes_its_version_from_one_place(self) -> None:
        assert "version" not in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def make_newer(data: Path) -> None:
    """Change the data folder as if a later version had migrated its database."""
    with contextlib.closing(sqlite3.connect(data / "portal.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('keys', '9999_later', '2030-01-01')"
        )


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
