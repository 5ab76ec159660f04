"""Where a unit stands, what is in its way, and whose turn it is."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.board import Case, blockers, next_action
from app.domain.completeness import first_expected, omitted_before
from app.domain.period import Period
from tests.domain.sample import FORM


@pytest.mark.parametrize(
    ("case", "code", "by"),
    [
        (Case(None, False), "file", "reporter"),
        (Case(None, True), "urge", "reviewer"),
        (Case("draft", True), "submit", "reporter"),
        (Case("returned", False, reasons=2), "correct", "reporter"),
        (Case("submitted", False, open_mismatches=3), "review", "reviewer"),
        (Case("accepted", True, open_mismatches=3, unproved=1), "settle", "reviewer"),
        (Case("accepted", True, open_mismatches=0, unproved=1), "prove", "reporter"),
        (Case("accepted", True), "none", None),
        (Case(None, True, is_excused=True), "none", None),
    ],
)
def test_there_is_one_next_action_and_somebody_whose_turn_it_is(case: Case, code: str, by: str) -> None:
    found = next_action(case)

    assert (found["code"], found["by"]) == (code, by)


def test_everything_in_the_way_is_named_at_once() -> None:
    case = Case("accepted", True, reasons=2, unproved=3, open_mismatches=4, unrecorded=7)

    assert [(found["code"], found["count"]) for found in blockers(case)] == [
        ("mismatches", 4),
        ("unrecorded", 7),
        ("unproved", 3),
    ]
    assert [found["code"] for found in blockers(Case(None, True, unrecorded=7))] == ["not_filed"]
    assert [found["count"] for found in blockers(Case("returned", False, reasons=2))] == [2]
    assert blockers(Case(None, True, is_excused=True)) == []


@pytest.mark.parametrize(
    ("period", "last", "first", "count"),
    [
        ("2015-04", None, "2015-04", 0),
        ("2015-07", None, "2015-04", 3),
        ("2015-07", "2015-06", "2015-04", 0),
        ("2015-07", "2015-04", "2015-04", 2),
        ("2016-02", "2015-11", "2015-04", 2),
        ("2015-07", None, "2015-06", 1),
        ("2015-07", None, "2015-09", 0),
        ("2015-07", "2015-04", "2015-06", 1),
    ],
)
def test_omissions_are_counted_back_to_the_last_report(
    period: str, last: str | None, first: str, count: int
) -> None:
    known = Period.parse(last) if last else None

    assert omitted_before(Period.parse(period), known, Period.parse(first)) == count


@pytest.mark.parametrize(
    ("excused", "count"),
    [([], 3), (["2015-05"], 2), (["2015-04", "2015-05", "2015-06"], 0), (["2015-03", "2015-07"], 3)],
)
def test_an_excused_month_is_no_omission_and_interrupts_none(excused: list[str], count: int) -> None:
    let_off = {Period.parse(month) for month in excused}

    assert omitted_before(Period.parse("2015-07"), None, Period.parse("2015-04"), let_off) == count


@pytest.mark.parametrize(
    ("day", "period"),
    [
        ("1949-10-01", "2015-04"),
        ("2015-04-25", "2015-04"),
        ("2015-05-25", "2015-05"),
        ("2015-05-26", "2015-06"),
    ],
)
def test_a_unit_is_expected_from_the_first_cut_off_that_knows_it(day: str, period: str) -> None:
    assert str(first_expected(FORM, date.fromisoformat(day))) == period
