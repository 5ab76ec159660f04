"""Deadlines, shift policies, overrides, collisions and timeliness."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deadline import Override, Shift, Timeliness, collisions, deadline, timeliness
from app.domain.period import SHANGHAI, Period
from app.errors import Severity

periods = st.builds(Period, st.integers(2004, 2038), st.integers(1, 12))
shifts = st.sampled_from(Shift)
days = st.integers(20, 31)


@pytest.mark.parametrize(
    ("period", "day", "shift", "due"),
    [
        ("2015-04", 25, "none", "2015-04-25"),  # a Saturday, and it stays
        ("2015-04", 25, "next_workday", "2015-04-27"),
        ("2015-04", 25, "previous_workday", "2015-04-24"),
        ("2015-04", 25, "holidays_only", "2015-04-25"),
        ("2015-02", 30, "none", "2015-02-28"),
        ("2016-02", 30, "none", "2016-02-29"),
        ("2015-02", 30, "next_workday", "2015-02-28"),  # a Saturday that was worked
        ("2020-01", 25, "next_workday", "2020-02-03"),  # over the whole Spring Festival
        ("2020-01", 25, "holidays_only", "2020-02-03"),
        ("2020-01", 25, "previous_workday", "2020-01-23"),
        ("2017-01", 30, "holidays_only", "2017-02-03"),
        ("2015-12", 25, "next_workday", "2015-12-25"),
    ],
)
def test_a_due_day_moves_as_its_policy_says(period: str, day: int, shift: str, due: str) -> None:
    found = deadline(Period.parse(period), day, Shift(shift))

    assert found.due == date.fromisoformat(due)
    assert found.findings == ()


def test_the_due_day_is_included_and_ends_at_midnight_in_china() -> None:
    found = deadline(Period(2015, 4), 25)

    assert found.instant == datetime(2015, 4, 26, tzinfo=SHANGHAI)
    assert found.instant.tzinfo is UTC


def test_an_override_wins_over_day_and_policy() -> None:
    override = Override(date(2020, 1, 22), "春节前报送")

    found = deadline(Period(2020, 1), 25, Shift.NEXT_WORKDAY, override)

    assert found.due == date(2020, 1, 22)
    assert found.findings == ()


@pytest.mark.parametrize(
    ("shift", "due", "is_noted"),
    [
        (Shift.NONE, date(2027, 4, 25), False),
        (Shift.NEXT_WORKDAY, date(2027, 4, 26), True),
        (Shift.PREVIOUS_WORKDAY, date(2027, 4, 23), True),
        (Shift.HOLIDAYS_ONLY, date(2027, 4, 25), True),
    ],
)
def test_a_year_without_a_calendar_falls_back_to_weekends_and_says_so(
    shift: Shift, due: date, is_noted: bool
) -> None:
    found = deadline(Period(2027, 4), 25, shift)  # a Sunday

    assert found.due == due
    assert [f.code for f in found.findings] == ["calendar-unpublished"] * is_noted
    assert all(f.severity is Severity.INFO for f in found.findings)


def test_a_shift_into_a_year_without_a_calendar_says_so() -> None:
    found = deadline(Period(2003, 12), 31, Shift.NEXT_WORKDAY)

    assert [f.code for f in found.findings] == ["calendar-unpublished"]


@pytest.mark.parametrize("own", [Shift.NONE, Shift.NEXT_WORKDAY])
def test_a_shifted_city_deadline_that_reaches_the_provinces_own_is_reported(own: Shift) -> None:
    period = Period(2020, 1)

    [found] = collisions([deadline(period, 25, Shift.NEXT_WORKDAY), deadline(period, 30, own)])

    assert found.code == "deadline-collision"
    assert found.values["due"] == "2020-02-03"
    assert found.severity is Severity.WARNING


def test_deadlines_in_order_do_not_collide() -> None:
    period = Period(2015, 4)

    assert collisions([deadline(period, 25), deadline(period, 30)]) == []


@given(periods, days, shifts)
def test_on_time_ends_exactly_with_the_deadline(period: Period, day: int, shift: Shift) -> None:
    instant = deadline(period, day, shift).instant
    millisecond = timedelta(milliseconds=1)

    assert timeliness(instant - millisecond, instant) is Timeliness.ON_TIME
    assert timeliness(instant, instant) is Timeliness.ON_TIME
    assert timeliness(instant + millisecond, instant) is Timeliness.LATE
    assert timeliness((instant + millisecond).astimezone(SHANGHAI), instant) is Timeliness.LATE


@given(periods, days)
def test_policies_move_in_their_own_direction(period: Period, day: int) -> None:
    stays = deadline(period, day).due

    assert deadline(period, day, Shift.PREVIOUS_WORKDAY).due <= stays
    assert (
        stays
        <= deadline(period, day, Shift.HOLIDAYS_ONLY).due
        <= deadline(period, day, Shift.NEXT_WORKDAY).due
    )
