"""Days and deadlines do not depend on the zone that the machine is set to (promise 35)."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from app.domain.deadline import Shift, Timeliness, deadline, timeliness
from app.domain.period import Period, china_date, start_of

MONTHS = [Period(year, month) for year in (2015, 2016, 2020, 2026, 2038) for month in (1, 2, 3, 4, 12)]
TURNS = [start_of(month.day(day)) for month, day in product(MONTHS, (1, 25, 26, 29, 31))]
INSTANTS = [turn + timedelta(milliseconds=ms) for turn, ms in product(TURNS, (-1, 0, 1))]


def everything() -> list[tuple[date, Period, list[Timeliness]]]:
    due = [deadline(month, day, shift).instant for month, day, shift in product(MONTHS, (25, 30), Shift)]
    return [(china_date(i), Period.at(i), [timeliness(i, d) for d in due]) for i in INSTANTS]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_zone_of_the_machine_changes_nothing(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = everything()

    with monkeypatch.context() as machine:
        machine.setenv("TZ", zone)
        time.tzset()
        there = datetime(2015, 4, 25).astimezone().utcoffset()
        found = everything()
    time.tzset()

    assert found == expected
    assert there == {"UTC": 0, "Asia/Shanghai": 8, "America/New_York": -4}[zone] * timedelta(hours=1)


CHINA = timedelta(hours=8)
"""Since 1992 China has kept this offset all year round: an oracle that needs no table of zones."""


def around_month_ends(count: int) -> list[datetime]:
    """Instants of 1992 to 2038 within two days of the end of a month or of a deadline, and exactly at some."""
    chance = random.Random(35)
    found = []
    for _ in range(count):
        day = datetime(
            chance.randrange(1992, 2039), chance.randrange(1, 13), chance.choice((1, 26)), tzinfo=UTC
        )
        off = chance.choice((0, -1, 1, chance.randrange(-172_800_000, 172_800_000)))
        found.append(day - CHINA + timedelta(milliseconds=off))
    return found


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_ten_thousand_instants_belong_to_the_day_and_month_of_china(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as machine:
        machine.setenv("TZ", zone)
        time.tzset()
        for instant in around_month_ends(10_000):
            there = instant + CHINA
            month = Period(there.year, there.month)
            ends = datetime(there.year, there.month, 26, tzinfo=UTC) - CHINA
            is_in_time = timeliness(instant, deadline(month, 25).instant) is Timeliness.ON_TIME

            assert (china_date(instant), Period.at(instant)) == (there.date(), month)
            assert is_in_time == (instant <= ends)
    time.tzset()
