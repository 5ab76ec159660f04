"""Who reported, when, and who did not: counts, lists and exact rates of one period."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from app.domain.form_version import FormVersion
from app.domain.period import FIRST, Period
from app.domain.ratio import Ratio


class UnitState(NamedTuple):
    """The state of one expected unit; `status` is None without a report, `timeliness` None for drafts."""

    unit: str
    status: str | None
    timeliness: str | None
    is_let_off: bool = False
    """Whether whoever collects from it wants no report of this month (免报)."""


_HANDED_IN = frozenset({"submitted", "returned", "accepted"})


def is_submitted(state: UnitState) -> bool:
    """Whether the unit counts as having reported (已报).

    A returned report keeps counting by its first complete submission; one that lost its timeliness because
    it came back as blank or incomplete (domain.md A18) does not count until it is submitted again. A row in
    the ledger is no report.
    """
    return state.status in _HANDED_IN and state.timeliness is not None


def is_excused(state: UnitState) -> bool:
    """Whether the unit is missing with leave (免报); one that reports all the same counts as having reported."""
    return state.is_let_off and not is_submitted(state)


_LISTS: Mapping[str, Callable[[UnitState], bool]] = {
    "submitted": is_submitted,
    "on_time": lambda state: is_submitted(state) and state.timeliness == "on_time",
    "late": lambda state: is_submitted(state) and state.timeliness == "late",
    "missing": lambda state: not is_submitted(state) and not state.is_let_off,
    "excused": is_excused,
    "returned": lambda state: state.status == "returned",
    "accepted": lambda state: state.status == "accepted",
}


def completeness(states: Iterable[UnitState]) -> dict[str, Any]:
    """Counts, `lists` of unit codes in code order, and `rates` over the expected units that are not excused
    (报送率, 及时率, ...).

    submitted + missing + excused = expected and on_time + late = submitted always hold; returned and accepted
    are states within them. Without any unit that is to report every rate is null.
    """
    expected = sorted(states, key=attrgetter("unit"))
    lists = {name: [s.unit for s in expected if belongs(s)] for name, belongs in _LISTS.items()}
    counts = {name: len(units) for name, units in lists.items()}
    due = len(expected) - counts["excused"]
    return {
        "expected": len(expected),
        **counts,
        "lists": {"expected": [s.unit for s in expected], **lists},
        "rates": {name: Ratio(count, due).as_json() for name, count in counts.items() if name != "excused"},
    }


def first_expected(form: FormVersion, valid_from: date) -> Period:
    """The first month for which a unit that the register knows from this day on is expected to report.

    That is the first one whose cut-off is not before that day, and none before 2015-04.
    """
    period = Period(valid_from.year, valid_from.month)
    if period < FIRST:
        return FIRST
    return period if form.window(period).end >= valid_from else period.next


def omitted_before(
    period: Period, last_reported: Period | None, first: Period, excused: Collection[Period] = ()
) -> int:
    """Consecutive months directly before `period` in which a unit was expected and did not report (连续漏报).

    A month in `excused` is no omission, and does not make those before it forgotten.

    `last_reported` is its last month before `period` with a report that counts, `first` its first expected one.
    The month itself is not among them: before its deadline nobody has omitted it yet.
    """
    since = max(last_reported.next, first) if last_reported else first
    let_off = sum(since <= month < period for month in excused)
    return max(0, (period.year - since.year) * 12 + period.month - since.month) - let_off
