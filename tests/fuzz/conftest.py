"""What the fuzzing asks for: services on first days of both databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.conftest import NewDatabase
from tests.fuzz.running import Running
from tests.office import Seeds, seeds
from tests.seed import plant

RunOn = Callable[[Running, str], AbstractContextManager[Running]]

__all__ = ["seeds"]


@pytest.fixture(scope="module")
def run_on(
    request: pytest.FixtureRequest,
    new_database: NewDatabase,
    seeds: Seeds,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunOn:
    """Run a service on a new database of an engine."""

    def run(running: Running, engine: str) -> AbstractContextManager[Running]:
        server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
        url = new_database(engine)
        plant(seeds(engine), url, server)
        return running.on(url, seeds(engine), tmp_path_factory.mktemp("fuzz"))

    return run
