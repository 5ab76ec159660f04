"""What every test may ask for: a migrated, empty database on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.models.migrate import migrate
from tests import postgres
from tests.absent import refuse

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)]

SERVER_HOME = pytest.StashKey[Path]()
TO_CLOSE = pytest.StashKey[ExitStack]()

NewDatabase = Callable[[str], str]
"""Takes "sqlite" or "postgresql", gives the URL of a migrated, empty database that nobody else uses."""


def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder of the server once: here, or in the process that leads the workers."""
    if hasattr(config, "workerinput"):
        config.stash[SERVER_HOME] = Path(config.workerinput["server_home"])
    else:
        config.stash[TO_CLOSE] = ExitStack()
        config.stash[SERVER_HOME] = config.stash[TO_CLOSE].enter_context(postgres.home())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker where the session's server is, or will be."""
    node.workerinput["server_home"] = str(node.config.stash[SERVER_HOME])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    if TO_CLOSE in config.stash:
        config.stash[TO_CLOSE].close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that half of the proof is missing."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if postgres.MISSING in str(r.longrepr)]
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests on PostgreSQL did NOT run", red=True, bold=True)
        terminalreporter.line(postgres.MISSING, red=True)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> postgres.Server:
    """The session's PostgreSQL server; without one the test is skipped, and fails in CI."""
    if postgres.programs() is None:
        refuse(postgres.MISSING)
    server = postgres.Server(request.config.stash[SERVER_HOME])
    server.start()
    return server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewDatabase]:
    """Databases that outlive a test, or whose schema a test changes: on PostgreSQL 60 ms each."""
    numbers = itertools.count()

    def make(engine: str) -> str:
        if engine == "sqlite":
            path = tmp_path_factory.mktemp("sqlite") / "yuebao.sqlite3"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        server: postgres.Server = request.getfixturevalue("postgres_server")
        name = f"{_worker()}_{next(numbers)}"
        made.callback(server.drop, name)
        return server.create(name)

    with ExitStack() as made:
        yield make


@pytest.fixture(scope="session")
def postgres_cleaner(postgres_server: postgres.Server) -> postgres.Cleaner:
    """This worker's own database on the server."""
    return postgres.Cleaner(postgres_server, _worker())


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Runs a test twice: on SQLite and on PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database, this test's alone; sessions of earlier tests are cut off."""
    if engine_name == "sqlite":
        path = tmp_path / "yuebao.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("postgres_cleaner").clean())


def _worker() -> str:
    """A database name for this process: w_main without xdist, w_gw0 and so on with it."""
    return f"w_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
