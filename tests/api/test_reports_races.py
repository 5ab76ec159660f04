"""Many hands on one report at the same time: exactly one of them wins, on either database."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from app.db import Database
from app.models import metadata
from app.services import audit
from tests.samples import GUANGDONG_UNITS, REPORTS, RETURN, at, report
from tests.service import Answer, Asked, Service

ROUNDS = int(os.environ.get("YUEBAO_TEST_RACES", "200"))
"""Up to 264, a year of the province."""

PERIODS = [f"{year}-{month:02}" for year in (2015, 2016) for month in range(1, 13)][3:15]
VERSIONS = metadata.tables["report_version"]


@pytest.fixture
def late(service: Service) -> Service:
    """The service at a time when many months can be reported."""
    service.clock.set("2016-03-28T09:00:00+08:00")
    return service


def decide(by: str, code: str, period: str) -> Asked:
    """An acceptance by one reviewer, a return by the other."""
    step, body = ("accept", {}) if by == "reviewer" else ("return", RETURN)
    return Asked("POST", at(f"/{step}", code, period), by, body)


def correct(code: str, period: str, number: int) -> Asked:
    return Asked(
        "PUT",
        at("", code, period),
        "everybody",
        report(code, period, narrative=f"第{number}人更正"),
        {"if-match": '"1"'},
    )


def cases() -> list[tuple[str, str]]:
    """A unit and a period per round."""
    return [(code, period) for period in PERIODS for code in GUANGDONG_UNITS][:ROUNDS]


def file_all(service: Service) -> None:
    asked = [Asked("POST", REPORTS, "everybody", report(code, period)) for code, period in cases()]
    for first in range(0, len(asked), 50):
        assert {answer.status for answer in service.together(asked[first : first + 50])} == {201}


def test_of_two_reviewers_exactly_one_decides(late: Service) -> None:
    file_all(late)

    for code, period in cases():
        answers = late.together([decide(by, code, period) for by in ("reviewer", "second_reviewer")])
        assert sorted(answer.status for answer in answers) in ([200, 409], [200, 412])


def test_of_eight_corrections_exactly_one_wins(late: Service) -> None:
    file_all(late)

    for code, period in cases()[: ROUNDS // 4]:
        answers = late.together([correct(code, period, number) for number in range(8)])
        assert sorted(answer.status for answer in answers) == [200] + [412] * 7
        assert all(answer.json["diff"] for answer in answers if answer.status == 412)
    stored = [row["number"] for row in late.rows(VERSIONS) if row["period"] == PERIODS[0]]
    assert max(stored) == 2


def test_of_eight_who_file_at_once_exactly_one_does(late: Service) -> None:
    for code, period in cases():
        answers = late.together([Asked("POST", REPORTS, "everybody", report(code, period))] * 8)
        assert sorted(answer.status for answer in answers) == [201] + [409] * 7
        assert {answer.headers["location"] for answer in answers} == {at("", code, period)}

    keys = [(row["period"], row["unit_code"]) for row in late.rows(metadata.tables["report"])]
    assert len(keys) == len(set(keys)) == len(cases())


def test_the_audit_has_a_row_per_effect_and_holds(late: Service) -> None:
    before = len(late.rows(metadata.tables["audit_event"]))
    asked = [Asked("POST", REPORTS, "everybody", report(code)) for code in GUANGDONG_UNITS] * 2

    answers = late.together(asked)

    assert len(late.rows(metadata.tables["audit_event"])) == before + sum(a.status == 201 for a in answers)
    with Database(late.database_url).transaction() as session:
        assert audit.broken(session) == []


def test_two_processes_that_file_the_same_report_file_it_once(service: Service, tmp_path: Path) -> None:
    with Service(service.database_url, service.tokens, data_dir=tmp_path) as other:
        for code in GUANGDONG_UNITS:
            asked = Asked("POST", REPORTS, "everybody", report(code))

            answers = service.run(gathered([each.exchange(asked) for each in (service, other) * 3]))

            assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    assert len(service.rows(metadata.tables["report"])) == len(GUANGDONG_UNITS)


async def gathered(exchanges: list[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """All at the same time."""
    return await asyncio.gather(*exchanges)
