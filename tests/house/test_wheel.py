"""The wheel, installed outside the repository: the library alone, and the service with everything."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.demonstration import free_port
from tests.house.repository import ROOT, tracked
from tests.wheel import Installation, build_wheel, install

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reconcile.md").read_text(), re.DOTALL)
DOCUMENTED = re.findall(r"^pip install (?!-)(.*)$", (ROOT / "docs/reconcile.md").read_text(), re.MULTILINE)[
    0
].split()
"""The packages that the documentation tells the library's users to install beside the wheel."""
OF_THE_SERVICE = [
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "sqlmodel",
    "pydantic",
    "pydantic_settings",
    "typer",
]
PAGES = ["/health/ready", "/login", "/docs"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def library(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(wheel, tmp_path_factory.mktemp("library"), only=DOCUMENTED)


@pytest.fixture(scope="module")
def service(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(wheel, tmp_path_factory.mktemp("service"))


def test_the_wheel_carries_every_file_of_the_package_and_the_migrations(wheel: Path) -> None:
    ours = [str(path) for path in tracked() if str(path).startswith("app/")]
    migrations = [f"app/{path}" for path in tracked() if str(path).startswith("migrations/")]

    packed = set(ZipFile(wheel).namelist())

    assert [name for name in (*ours, *migrations) if name not in packed] == []


def test_the_library_alone_is_the_wheel_and_three_packages(library: Installation) -> None:
    assert library.names == {*DOCUMENTED}
    assert len(DOCUMENTED) == 3


@pytest.mark.parametrize("module", OF_THE_SERVICE)
def test_the_library_alone_has_nothing_of_the_service(library: Installation, module: str) -> None:
    done = library.run("python", "-c", f"import {module}")

    assert done.returncode == 1
    assert f"No module named '{module}'" in done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=["summary", "rosters"])
def test_the_documented_example_runs_on_the_library_alone(library: Installation, example: str) -> None:
    told = f"{example}\nimport app\nprint(app.__file__)\n"

    done = library.run("python", "-W", "error", "-c", told)

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(library.site)


def test_the_command_of_the_whole_wheel_explains_itself(service: Installation) -> None:
    done = service.run("yuebao", "--help")

    assert done.returncode == 0, done.stderr
    assert "reconcile" in done.stdout


def test_the_whole_wheel_serves_from_outside_the_repository(service: Installation) -> None:
    begun = service.run("yuebao", "init")
    assert begun.returncode == 0, begun.stderr
    port, printed = free_port(), service.folder / "printed.txt"
    with printed.open("w") as out:
        process = subprocess.Popen(
            service.command("yuebao", "serve", "--port", str(port)),
            cwd=service.folder,
            env=service.environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        answers = {page: _status(process, f"http://127.0.0.1:{port}{page}") for page in PAGES}
    finally:
        process.terminate()
        process.wait(timeout=30)

    assert answers == dict.fromkeys(PAGES, 200), printed.read_text()


def _status(process: subprocess.Popen[bytes], url: str) -> int:
    """The status of an answer, once somebody answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.1)
    raise TimeoutError(url)
