"""The fixtures that run the whole service."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import seed
from tests.conftest import ENGINES, NewDatabase
from tests.seed import Seed
from tests.service import Service

Seeds = Callable[[str], Seed]


@pytest.fixture(scope="session")
def seeds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    """The first day of each kind of database, made when it is first asked for."""
    made: dict[str, Seed] = {}

    def of(engine: str) -> Seed:
        if engine not in made:
            made[engine] = _made(engine, request, tmp_path_factory)
        return made[engine]

    return of


def _made(engine: str, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Seed:
    if engine == "sqlite":
        path = folders.mktemp("seed") / "seed.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return seed.sqlite_seed(path)
    server = request.getfixturevalue("postgres_server")
    return seed.postgres_seed(server, request.getfixturevalue("postgres_cleaner").clean())


@pytest.fixture
def seeded_url(engine_name: str, seeds: Seeds, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database on its first day, this test's alone."""
    first_day = seeds(engine_name)
    url = str(request.getfixturevalue("database_url"))
    server = request.getfixturevalue("postgres_server") if engine_name == "postgresql" else None
    seed.plant(first_day, url, server)
    return url


@pytest.fixture
def service(engine_name: str, seeds: Seeds, seeded_url: str, tmp_path: Path) -> Iterator[Service]:
    """The running service on the morning of 24 April 2015."""
    with Service(seeded_url, seeds(engine_name).tokens, data_dir=tmp_path) as running:
        yield running


@pytest.fixture(scope="module", params=ENGINES)
def shared(
    request: pytest.FixtureRequest,
    seeds: Seeds,
    new_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    """The running service for all tests of a module that leave everything as it is, on either database."""
    url = new_database(request.param)
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    first_day = seeds(request.param)
    seed.plant(first_day, url, server)
    with Service(url, first_day.tokens, data_dir=tmp_path_factory.mktemp("shared")) as running:
        yield running
