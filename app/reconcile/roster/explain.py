"""Why the ledger says what it says: the records of one figure, what was left out, and what may explain a difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from app.domain.period import Window
from app.reconcile.engine import Engine, borrow_engine
from app.reconcile.roster.case import (
    ADDED,
    LEFT,
    OPENING,
    RECTIFIED,
    TOTAL,
    Case,
    count_where,
    nearest,
    open_case,
    reason_left_out,
    record_json,
    when,
)
from app.reconcile.roster.columns import RosterKind
from app.reconcile.roster.hints import Hint, find_hints
from app.reconcile.units import LedgerUnit, Units, by_code

LISTED = 100
"""So many records of each list are shown; all are counted."""

PARTS = {
    RosterKind.MEMBERS: {ADDED: "members_added", LEFT: "members_left", TOTAL: "members_total"},
    RosterKind.ORGS: {ADDED: "orgs_new", LEFT: "orgs_dissolved", TOTAL: "orgs_total"},
}
"""The figures in which opening + added − left = total is told."""


@dataclass(frozen=True, slots=True)
class Identity:
    """opening + added − left = total; None for what is not known. `holds` is None if anything is not."""

    opening: int | None
    added: int | None
    left: int | None
    total: int | None

    @property
    def holds(self) -> bool | None:
        """Whether the sum is right."""
        if self.opening is None or self.added is None or self.left is None or self.total is None:
            return None
        return self.opening + self.added - self.left == self.total

    def as_json(self) -> dict[str, Any]:
        """The four numbers and whether they agree."""
        return {
            "opening": self.opening,
            "added": self.added,
            "left": self.left,
            "total": self.total,
            "holds": self.holds,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure of one unit, down to its records. Records are by line, without names; lists hold at most `limit`.
    Of those left out, the ones nearest to the window come first: they are the likeliest to have been counted.

    `excluded` counts the records left out by reason: outside-window, not-yet-started, already-left,
    still-there, never-rectified, other-type, merged-spell, duplicate, village-organization,
    unit-not-reporting. `previous` is the same figure in the window before, and for a stock the records that
    came and went since. `hints` are hypotheses, the likeliest first.
    """

    unit: str
    indicator: str
    window: Window
    reported: int | None
    ledger: int
    counted: list[dict[str, Any]]
    excluded: Mapping[str, int]
    excluded_records: list[dict[str, Any]]
    identity: Mapping[str, Identity]
    previous: Mapping[str, Any] | None
    hints: tuple[Hint, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The explanation as the HTTP contract writes it."""
        return {
            "unit": self.unit,
            "indicator": self.indicator,
            "window": {"after": self.window.start.isoformat(), "until": self.window.end.isoformat()},
            "reported": self.reported,
            "ledger": self.ledger,
            "difference": None if self.reported is None else self.reported - self.ledger,
            "counted": {"count": self.ledger, "records": self.counted},
            "excluded": {"counts": dict(self.excluded), "records": self.excluded_records},
            "identity": {side: identity.as_json() for side, identity in self.identity.items()},
            "previous": self.previous,
            "hints": [hint.as_json() for hint in self.hints],
        }


def explain(
    records: Path,
    unit: str,
    indicator: str,
    window: Window,
    units: Iterable[LedgerUnit] | Units,
    *,
    reported: Mapping[str, int | None] | None = None,
    reported_before: Mapping[str, int | None] | None = None,
    previous: Window | None = None,
    first: date | None = None,
    limit: int = LISTED,
    engine: Engine | None = None,
) -> Explanation:
    """Explain a ledger figure from the file that `save_roster` wrote of the roster that decides it.

    `reported` and `reported_before` are what the unit reported in this period and the one before, by
    indicator; `previous` is that period's window, `first` the day after which cumulative readings begin, by
    default the end of February 2015. `unit` is any unit of the register. KeyError for an indicator that no
    roster decides.
    """
    said, before = reported or {}, reported_before or {}
    with ExitStack() as closing:
        engine = engine or closing.enter_context(borrow_engine())
        case = open_case(engine, records, unit, indicator, window, by_code(units))
        numbers = _numbers(case, previous)
        value = numbers["value"]
        not_counted = f"is_own AND NOT {case.counts}"
        reason = reason_left_out(case)
        parts = PARTS[case.kind]
        hints: tuple[Hint, ...] = ()
        claimed = said.get(indicator)
        if claimed is not None and claimed != value:
            hints = find_hints(case, claimed, numbers, previous=previous, first=first)
        return Explanation(
            unit=unit,
            indicator=indicator,
            window=window,
            reported=claimed,
            ledger=value,
            counted=record_json(case, case.counts, min(limit, value)),
            excluded=dict(
                case.rows(
                    f"SELECT {reason} AS why, count(*) FROM held WHERE {not_counted}"
                    " GROUP BY why ORDER BY why"
                )
            ),
            excluded_records=record_json(case, not_counted, limit, more=reason, order=nearest(window)),
            identity={
                "ledger": Identity(numbers[OPENING], numbers[ADDED], numbers[LEFT], numbers[TOTAL]),
                "reported": Identity(
                    before.get(parts[TOTAL]), *(said.get(parts[part]) for part in (ADDED, LEFT, TOTAL))
                ),
            },
            previous=_previous(case, numbers, previous, limit),
            hints=hints,
        )


def _numbers(case: Case, previous: Window | None) -> dict[str, int]:
    """The parts of the identity, the figure as `value`, and how it came to be since the window before."""
    conditions = {
        part: f"is_own AND reason IS NULL AND {when(part, case.window)}"
        for part in (OPENING, ADDED, LEFT, TOTAL)
    }
    conditions |= {"value": case.counts, **(_since(case, previous) if previous else {})}
    return dict(zip(conditions, count_where(case, list(conditions.values())), strict=True))


def _since(case: Case, previous: Window) -> dict[str, str]:
    """The conditions of what counted in the window before, and of what came and went since."""
    earlier = case.counts_in(previous)
    return {
        "earlier": earlier,
        "came": f"{case.counts} AND NOT ({earlier})",
        "went": f"({earlier}) AND NOT {case.counts}",
    }


def _previous(
    case: Case, numbers: Mapping[str, int], previous: Window | None, limit: int
) -> dict[str, Any] | None:
    """The figure in the window before, and what came into it and went out of it since."""
    if previous is None:
        return None
    since = _since(case, previous)
    return {
        "window": {"after": previous.start.isoformat(), "until": previous.end.isoformat()},
        "ledger": numbers["earlier"],
        **{
            code: {
                "count": numbers[code],
                "records": record_json(case, since[code], min(limit, numbers[code])),
            }
            for code in ("came", "went")
        },
    }


__all__ = ["RECTIFIED", "Explanation", "Identity", "explain"]
