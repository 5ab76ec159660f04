"""Operations one after another, each with what the ones before answered: nothing crashes, all is as documented.

Which operation takes what from which is read from the OpenAPI document: an id that one answers is asked of another.
Each sequence begins on a first day of its own, so that nothing but itself explains what it meets.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.fuzz.described import EXAMPLES, PEOPLE, described
from tests.fuzz.running import Running

DATABASES = os.environ.get("YUEBAO_FUZZ_DATABASES", "sqlite").split()

RUNNING = Running()
Sequences = described(RUNNING).as_state_machine()
LENGTH = settings(
    max_examples=10 + EXAMPLES // 10,
    stateful_step_count=12,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[*HealthCheck],
)


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("person", PEOPLE)
def test_a_sequence_of_operations_is_as_documented(person: str, database: str, run_on: Any) -> None:
    class Asking(Sequences):  # type: ignore[misc]
        def setup(self) -> None:
            self.life = ExitStack()
            self.life.enter_context(run_on(RUNNING, database))

        def teardown(self) -> None:
            self.life.close()

        def before_call(self, case: schemathesis.Case) -> None:
            case.path_parameters = RUNNING.named(case.path_parameters)

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": RUNNING.bearer(person)}

    Asking.run(settings=LENGTH)
