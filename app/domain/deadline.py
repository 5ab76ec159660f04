"""Deadlines: the last day on which a report counts as on time, and the instant at which that day ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import chinese_calendar

from app.domain.period import Period, end_of
from app.errors import Finding, Severity, Text


class Shift(StrEnum):
    """What happens to a due day on which offices are closed."""

    NONE = "none"
    """Nothing: only five days lie between the 25th and the 30th."""
    NEXT_WORKDAY = "next_workday"
    """Forward over weekends and holidays; a weekend worked in exchange (调休) is a workday."""
    HOLIDAYS_ONLY = "holidays_only"
    """Forward over statutory holidays; a plain weekend moves nothing."""
    PREVIOUS_WORKDAY = "previous_workday"
    """Back over weekends and holidays."""


class Timeliness(StrEnum):
    """How a submission stands to its deadline."""

    ON_TIME = "on_time"
    LATE = "late"
    """Accepted all the same, and marked 迟报."""


@dataclass(frozen=True, slots=True)
class Override:
    """A due day that somebody set for one period, and why."""

    due: date
    reason: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day that counts in China, and the instant in UTC at which it ends (24:00).

    `findings` says how the day was found where that needs saying.
    """

    due: date
    instant: datetime
    findings: tuple[Finding, ...] = ()


@lru_cache(maxsize=1024)
def deadline(
    period: Period, day: int, shift: Shift = Shift.NONE, override: Override | None = None
) -> Deadline:
    """The deadline of a period: its override, else the day of its month, shifted by the policy.

    A month without that day takes its last one. A year without a published calendar is judged by weekends
    alone, with a finding.
    """
    if override is not None:
        return Deadline(override.due, end_of(override.due))
    nominal = period.day(day)
    due = _shifted(nominal, shift)
    guessed = shift is not Shift.NONE and not (_is_published(nominal) and _is_published(due))
    return Deadline(due, end_of(due), (_unpublished(due),) if guessed else ())


def timeliness(received_at: datetime, instant: datetime) -> Timeliness:
    """On time up to and including the deadline's instant; a request is received when its head arrives."""
    return Timeliness.ON_TIME if received_at <= instant else Timeliness.LATE


def collisions(deadlines: Sequence[Deadline]) -> list[Finding]:
    """Where a level must report no later than the level below it, which leaves no time to review.

    `deadlines` go up the tree: to the province, then to the centre. In 2020-01 a shift over the Spring
    Festival brings the cities to 3 February, past the province's own 30 January.
    """
    return [
        _collision(lower, upper) for lower, upper in pairwise(deadlines) if lower.instant >= upper.instant
    ]


def _shifted(day: date, shift: Shift) -> date:
    step, is_closed = _POLICIES[shift]
    while is_closed(day):
        day += timedelta(days=step)
    return day


def _is_off(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_holiday(day))
    except NotImplementedError:
        return day.weekday() >= 5


def _is_statutory_holiday(day: date) -> bool:
    try:
        is_off, holiday = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return is_off and holiday is not None


def _is_published(day: date) -> bool:
    try:
        chinese_calendar.is_holiday(day)
    except NotImplementedError:
        return False
    return True


_POLICIES: Mapping[Shift, tuple[int, Callable[[date], bool]]] = MappingProxyType(
    {
        Shift.NONE: (0, lambda day: False),
        Shift.NEXT_WORKDAY: (1, _is_off),
        Shift.HOLIDAYS_ONLY: (1, _is_statutory_holiday),
        Shift.PREVIOUS_WORKDAY: (-1, _is_off),
    }
)


def _unpublished(due: date) -> Finding:
    return Finding(
        rule="calendar-unpublished",
        code="calendar-unpublished",
        severity=Severity.INFO,
        pointer="/deadline",
        message=Text(
            f"{due.year}年节假日安排尚未收录，截止日期{due}仅按周末推算，请核对",
            f"No holiday calendar for {due.year} yet: {due} was found by weekends alone, please verify it",
        ),
        values={"due": due.isoformat()},
    )


def _collision(lower: Deadline, upper: Deadline) -> Finding:
    return Finding(
        rule="deadline-collision",
        code="deadline-collision",
        severity=Severity.WARNING,
        pointer="/deadline",
        message=Text(
            f"下级截止日期{lower.due}不早于本级上报截止日期{upper.due}，没有审核时间，请为本期另行指定",
            f"Units below are due on {lower.due}, not before this level's own {upper.due}: "
            "no time is left for review, set a day for this period",
        ),
        values={"due": lower.due.isoformat(), "own_due": upper.due.isoformat()},
    )
