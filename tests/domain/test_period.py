"""Periods, windows and the days of China."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.period import FIRST, Period, Window, china_date, end_of, start_of, window

periods = st.builds(Period, st.integers(2, 9998), st.integers(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2015-4",
        "2015-00",
        "2015-13",
        "0000-01",
        "２０１５-０４",
        "2015-04\n",
        " 2015-04",
        "15-04",
        "2015/04",
        "2015-04-01",
        "-015-04",
    ],
)
def test_only_four_and_two_ascii_digits_are_a_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|YYYY-MM"):
        Period.parse(text)


@given(periods)
def test_a_period_reads_back_what_it_writes(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(periods)
def test_next_and_previous_undo_each_other_and_follow_time(period: Period) -> None:
    assert period.next.previous == period == period.previous.next
    assert period.previous < period < period.next
    assert str(period) < str(period.next)


def test_the_calendar_of_periods_has_two_ends() -> None:
    with pytest.raises(ValueError, match="not a month"):
        _ = Period(9999, 12).next
    with pytest.raises(ValueError, match="not a month"):
        _ = Period(1, 1).previous


@pytest.mark.parametrize(
    ("period", "number", "day"),
    [
        ("2015-02", 30, date(2015, 2, 28)),
        ("2016-02", 30, date(2016, 2, 29)),
        ("2015-04", 25, date(2015, 4, 25)),
        ("2015-04", 31, date(2015, 4, 30)),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last_day(period: str, number: int, day: date) -> None:
    assert Period.parse(period).day(number) == day


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2015-04", Window(date(2015, 2, 28), date(2015, 4, 25))),
        ("2015-05", Window(date(2015, 4, 25), date(2015, 5, 25))),
        ("2016-01", Window(date(2015, 12, 25), date(2016, 1, 25))),
        ("2016-03", Window(date(2016, 2, 25), date(2016, 3, 25))),
    ],
)
def test_windows_run_from_cut_off_to_cut_off_and_the_first_reaches_back(
    period: str, expected: Window
) -> None:
    assert window(Period.parse(period)) == expected


def test_a_period_before_the_first_has_no_window() -> None:
    with pytest.raises(ValueError, match="before the first"):
        window(FIRST.previous)


@given(st.integers(0, 2000), st.integers(1, 31))
def test_windows_leave_no_day_out_and_share_none(months: int, cut_off_day: int) -> None:
    period = FIRST
    for _ in range(months % 200):
        period = period.next

    this = window(period, cut_off_day=cut_off_day)
    following = window(period.next, cut_off_day=cut_off_day)

    assert this.end == following.start
    assert this.covers(this.end)
    assert not following.covers(this.end)
    assert following.covers(this.end + timedelta(days=1))


MILLISECONDS = 1000 * 86400 * 365 * 25
instants = st.integers(0, MILLISECONDS).map(
    lambda ms: datetime(2014, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)


@given(instants)
def test_a_day_in_china_holds_its_start_and_not_its_end(instant: datetime) -> None:
    day = china_date(instant)

    assert start_of(day) <= instant < end_of(day)
    assert end_of(day) - start_of(day) == timedelta(hours=24)
    assert Period.at(instant) == Period(day.year, day.month)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2015-03-31T15:59:59.999999+00:00", "2015-03"),
        ("2015-03-31T16:00:00+00:00", "2015-04"),
        ("2016-02-29T15:59:59.999+00:00", "2016-02"),
        ("2016-02-29T16:00:00+00:00", "2016-03"),
        ("2037-12-31T16:00:00+00:00", "2038-01"),
        ("2015-03-31T12:00:00-04:00", "2015-04"),
    ],
)
def test_a_month_begins_at_midnight_in_china(instant: str, expected: str) -> None:
    assert str(Period.at(datetime.fromisoformat(instant))) == expected


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        china_date(datetime(2015, 4, 25))  # noqa: DTZ001 the point of the test
