"""Operations on what must exist first, asked by everybody else: who may not, learns nothing and does nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from app.domain.permission import ACTION_OF
from scripts.write_openapi import text
from tests.api.exchanges import EXCHANGES, Exchange, request_of
from tests.api.operations import ELSEWHERE
from tests.api.test_authorization import anonymous, is_allowed
from tests.people import enter_all
from tests.seed import PEOPLE
from tests.service import Service

DOCUMENT: dict[str, Any] = json.loads(text())
BESIDE = ("shaoguan", "foshan", "shunde", "changsha", "hunan")
"""People whose units are neither Guangzhou nor above it."""

NAMED = {
    e.operation: e for e in EXCHANGES if e.operation in ELSEWHERE and "{" in e.operation and e.status < 300
}
"""One exchange that succeeds for every operation whose address names something."""


def test_no_operation_that_names_something_is_left_out() -> None:
    assert NAMED.keys() == {operation for operation in ELSEWHERE if "{" in operation}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("exchange", NAMED.values(), ids=str)
def test_whoever_may_not_is_told_nothing_and_changes_nothing(service: Service, exchange: Exchange) -> None:
    asked = request_of(exchange, service, DOCUMENT)
    enter_all(service, PEOPLE)
    absent = service.get("/api/v1/units/449999", by="reviewer")
    service.settle()
    before = service.stored()

    for person, mechanism in product(PEOPLE, ("token", "cookie")):
        by = person + "@cookie" * (mechanism == "cookie")
        may = is_allowed(person, ACTION_OF[exchange.operation], mechanism)
        if may and person not in BESIDE:
            continue
        answer = service.ask(replace(asked, by=by))
        assert answer.status in ({404} if may else {403, 404}), (by, answer.status, answer.body)
        if answer.status == 404:
            assert anonymous(answer) == anonymous(absent), by

    assert service.stored() == before
