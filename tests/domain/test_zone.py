"""Days and deadlines do not depend on the zone that the machine is set to (promise 35)."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
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
