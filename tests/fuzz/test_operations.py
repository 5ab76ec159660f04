"""Every operation of the OpenAPI document against the running service: nothing crashes, all is as documented."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi.checks import RejectedPositiveData

from app.api.media import XLSX
from app.api.sdmx import SDMX
from scripts.write_openapi import text
from tests.conftest import NewDatabase
from tests.fuzz.refusals import is_right
from tests.fuzz.running import Running
from tests.office import Seeds
from tests.seed import plant

PEOPLE = os.environ.get("YUEBAO_FUZZ_PEOPLE", "reviewer guangzhou").split()
"""Who asks, by the names of tests/seed.py."""

DATABASES = os.environ.get("YUEBAO_FUZZ_DATABASES", "sqlite").split()

EXAMPLES = int(os.environ.get("YUEBAO_FUZZ_EXAMPLES", "3"))
"""Requests at random per operation and person, besides some thirty that try every bound."""

schemathesis.openapi.format("cursor", strategies.just(""))
schemathesis.openapi.format("etag", strategies.sampled_from(["*", '"1"', '"7"', '"1", "2"']))
schemathesis.openapi.format("filename", strategies.sampled_from(["a.pdf", "会议.png", "签到表 (2).xlsx"]))


@schemathesis.serializer(XLSX, SDMX)
def _as_it_is(_: Any, value: Any) -> bytes:
    """Files are bytes or text; what is wrong with them is for the service to see."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else json.dumps(value).encode()


RUNNING = Running()
CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
CONFIG.update(seed=int(os.environ.get("YUEBAO_FUZZ_SEED", CONFIG.seed)), max_failures=None)
CONFIG.projects.default.generation.update(max_examples=EXAMPLES)
schema = schemathesis.openapi.from_dict(json.loads(text()), config=CONFIG)
schema.app = RUNNING


@schema.hook
def filter_failure(_: Any, failure: Any, case: schemathesis.Case, response: Any) -> bool:
    """Leave out refusals for which the project has its reasons."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    return not is_right(case.operation.label, response.json()["code"])


@pytest.fixture(scope="module", params=DATABASES)
def running(
    request: pytest.FixtureRequest,
    new_database: NewDatabase,
    seeds: Seeds,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """The service, with what all operations before did to it."""
    engine = request.param
    server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
    url = new_database(engine)
    plant(seeds(engine), url, server)
    with RUNNING.on(url, seeds(engine), tmp_path_factory.mktemp("fuzz")):
        yield RUNNING


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person} seed {CONFIG.seed}")
@schema.parametrize()
def test_an_operation_is_as_documented(case: schemathesis.Case, running: Running, person: str) -> None:
    running.name(case)

    case.call_and_validate(headers={"Authorization": f"Bearer {running.tokens[person]}"})
