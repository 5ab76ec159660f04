"""Who was expected, who reported, on time or late, and who did not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.samples import (
    FOSHAN,
    GUANGDONG,
    GUANGDONG_UNITS,
    GUANGZHOU,
    REPORTS,
    SHAOGUAN,
    SHENZHEN,
    SHUNDE,
    at,
    report,
)
from tests.service import Service


def counts(service: Service, place: str = GUANGDONG, period: str = "2015-04") -> Any:
    answer = service.get(f"/api/v1/completeness/{period}/{place}", by="reviewer")
    assert answer.status == 200, answer.json
    return answer.json


@pytest.fixture
def month(service: Service) -> Service:
    """Three on time, one late, one draft, one returned, one accepted."""
    for code in (GUANGZHOU, SHAOGUAN, SHUNDE):
        assert service.post(REPORTS, report(code), by="everybody").status == 201
    service.post(REPORTS, report(SHENZHEN, draft=True), by="everybody")
    service.clock.set("2015-04-26T00:00:00.001+08:00")
    assert service.post(REPORTS, report(FOSHAN), by="everybody").status == 201
    service.post(at("/accept", SHAOGUAN), by="reviewer")
    service.post(at("/return", SHUNDE), {"reasons": [{"pointer": "", "text": "请核实"}]}, by="reviewer")
    return service


def test_an_empty_month_has_everybody_missing(service: Service) -> None:
    found = counts(service)

    assert (found["expected"], found["submitted"], found["missing"]) == (22, 0, 22)
    assert found["lists"]["missing"] == GUANGDONG_UNITS
    assert found["deadline"] == "2015-04-26T00:00:00+08:00"
    assert found["rates"]["submitted"]["display"] == "0.0%"


def test_every_state_is_counted_where_it_belongs(month: Service) -> None:
    found = counts(month)

    assert {
        name: found[name]
        for name in ("expected", "submitted", "on_time", "late", "missing", "returned", "accepted")
    } == {
        "expected": 22,
        "submitted": 4,
        "on_time": 3,
        "late": 1,
        "missing": 18,
        "returned": 1,
        "accepted": 1,
    }
    assert found["lists"]["on_time"] == [GUANGZHOU, SHAOGUAN, SHUNDE]
    assert found["lists"]["late"] == [FOSHAN]
    assert found["lists"]["returned"] == [SHUNDE]
    assert found["lists"]["accepted"] == [SHAOGUAN]
    assert SHENZHEN in found["lists"]["missing"]


def test_counts_are_the_lengths_of_their_lists_and_add_up(month: Service) -> None:
    found = counts(month)

    for name, listed in found["lists"].items():
        assert found[name] == len(listed)
    assert found["submitted"] + found["missing"] == found["expected"]
    assert found["on_time"] + found["late"] == found["submitted"]
    assert found["rates"]["submitted"]["display"] == "18.2%"
    assert found["rates"]["on_time"]["display"] == "13.6%"


def test_a_unit_alone_is_expected_of_itself(month: Service) -> None:
    found = counts(month, FOSHAN)

    assert (found["expected"], found["late"]) == (1, 1)


def test_another_month_is_another_matter(month: Service) -> None:
    assert counts(month, period="2015-05")["submitted"] == 0


def test_where_nobody_reports_nobody_is_expected(service: Service) -> None:
    found = counts(service, "440103")

    assert found["expected"] == 0
    assert found["rates"]["submitted"]["ratio"] is None
