"""The month a report is for, the days it covers, and the instants at which days begin in China."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone of every day in this product, whatever the machine's own zone is."""

_TEXT = re.compile(r"([0-9]{4})-([0-9]{2})")
"""Not `\\d`, which takes full-width digits too."""


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A reporting month, ordered in time. ValueError for anything that is no month of the years 1 to 9999."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= 9999):
            raise ValueError("not a month")

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read exactly YYYY-MM in ASCII digits; ValueError for every other text."""
        return _parsed(text)

    @classmethod
    def at(cls, instant: datetime) -> Period:
        """The calendar month in China at an aware instant."""
        today = china_date(instant)
        return cls(today.year, today.month)

    def __str__(self) -> str:
        return _text(self.year, self.month)

    @property
    def next(self) -> Period:
        """The month after; ValueError after 9999-12."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> Period:
        """The month before; ValueError before 0001-01."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def day(self, number: int) -> date:
        """A day of this month, or its last day where the month is shorter: day 30 of February is the 28th."""
        if number > 28:
            number = min(number, monthrange(self.year, self.month)[1])
        return date(self.year, self.month, number)


@lru_cache(maxsize=1024)
def _text(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Period:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("a period is written YYYY-MM")
    return Period(int(found[1]), int(found[2]))


FIRST = Period(2015, 4)
"""The first month of the notice; nothing is reported for an earlier one."""


class Window(NamedTuple):
    """The days that a report covers: after `start`, up to and including `end`."""

    start: date
    end: date

    def covers(self, day: date) -> bool:
        """Whether something that happened on this day belongs to the report."""
        return self.start < day <= self.end


@lru_cache(maxsize=1024)
def window(
    period: Period,
    *,
    cut_off_day: int = 25,
    first: Period = FIRST,
    first_start: date = date(2015, 2, 28),
) -> Window:
    """From the cut-off day of the month before to that of this month, so that no day falls between reports.

    The first period reaches back to the end of `first_start`, when the work began (附件2 二.1).
    ValueError before the first period.
    """
    if period < first:
        raise ValueError("a period before the first one has no window")
    start = first_start if period == first else period.previous.day(cut_off_day)
    return Window(start, period.day(cut_off_day))


def china_date(instant: datetime) -> date:
    """The date in China at an aware instant; ValueError for a naive one, which names no instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(SHANGHAI).date()


@lru_cache(maxsize=1024)
def start_of(day: date) -> datetime:
    """The instant in UTC at which a day begins in China."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The instant in UTC at which a day ends in China (24:00), which is when the next one begins."""
    return start_of(day + timedelta(days=1))
