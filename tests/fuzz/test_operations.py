"""Every operation of the OpenAPI document against the running service: nothing crashes, all is as documented.

Each request goes to two services, one on SQLite and one on PostgreSQL, whose answers have the same status.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from tests.fuzz.described import CONFIG, PEOPLE, described
from tests.fuzz.running import Running

FIRST, SECOND = Running(), Running()
schema = described(FIRST)


@pytest.fixture(scope="module", autouse=True)
def _on_both(run_on: Any) -> Any:
    """Both services, with what all operations before did to them."""
    with run_on(FIRST, "sqlite"), run_on(SECOND, "postgresql"):
        yield


# Threads of the services (the pool of connections, deliveries) may draw a number while a request is made up.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person} seed {CONFIG.seed}")
@schema.parametrize()
def test_an_operation_is_as_documented_on_both_databases(case: schemathesis.Case, person: str) -> None:
    path = case.path_parameters
    case.path_parameters = SECOND.named(path)
    other = case.call(app=SECOND, headers=SECOND.bearer(person))
    case.path_parameters = FIRST.named(path)

    answer = case.call_and_validate(headers=FIRST.bearer(person))

    assert (answer.status_code, code(answer)) == (other.status_code, code(other))


def code(answer: Any) -> str:
    """The code of a problem, or nothing."""
    is_problem = answer.headers.get("content-type", [""])[0].startswith("application/problem+json")
    return str(answer.json()["code"]) if is_problem else ""
