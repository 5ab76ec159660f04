"""One figure of one unit: its records taken out of the file, and which of them count and why not the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.domain.period import Window
from app.reconcile.engine import Engine
from app.reconcile.roster.columns import COOPERATIVE, SHAPES, RosterKind
from app.reconcile.roster.records import literal
from app.reconcile.units import LedgerUnit, Units, above

KINDS = {
    "members_added": RosterKind.MEMBERS,
    "members_left": RosterKind.MEMBERS,
    "members_total": RosterKind.MEMBERS,
    "orgs_new": RosterKind.ORGS,
    "orgs_dissolved": RosterKind.ORGS,
    "orgs_rectified": RosterKind.ORGS,
    "orgs_total": RosterKind.ORGS,
    "coop_orgs_new": RosterKind.ORGS,
}
"""Which roster decides a figure."""

OPENING, ADDED, LEFT, TOTAL, RECTIFIED = "opening", "added", "left", "total", "rectified"
ROLES = {
    "members_added": ADDED,
    "members_left": LEFT,
    "members_total": TOTAL,
    "orgs_new": ADDED,
    "orgs_dissolved": LEFT,
    "orgs_rectified": RECTIFIED,
    "orgs_total": TOTAL,
    "coop_orgs_new": ADDED,
}
"""What part of opening + added − left = total a figure is."""


@dataclass(frozen=True)
class Case:
    """The table `held` in `engine`: all records of the unit and of units `beside` it (is_own tells which)."""

    engine: Engine
    kind: RosterKind
    indicator: str
    unit: str
    window: Window
    beside: tuple[LedgerUnit, ...]

    @property
    def role(self) -> str:
        """What part of the identity the figure is."""
        return ROLES[self.indicator]

    @property
    def terms(self) -> tuple[str, ...]:
        """The columns of terms."""
        return SHAPES[self.kind].terms

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.engine.execute(statement).fetchall()

    @property
    def scope(self) -> str:
        """Which records the figure speaks of at all."""
        return f"org_type = {literal(COOPERATIVE)}" if self.indicator == "coop_orgs_new" else "true"

    @property
    def counts(self) -> str:
        """The condition on `held` of a record that counts."""
        return "is_counted"

    def counts_in(self, window: Window) -> str:
        """The condition on `held` of a record that would count in a window."""
        return f"is_own AND reason IS NULL AND {self.scope} AND {when(self.role, window)}"


def when(
    role: str,
    window: Window,
    begun: str = "counts_from",
    ended: str = "counts_until",
    days: str = "counts_rectified",
) -> str:
    """The condition under which a record counts in a window, by the columns of its days."""
    start, end = (f"DATE '{day}'" for day in window)
    return {
        OPENING: f"({begun} <= {start} AND coalesce({ended} > {start}, true))",
        ADDED: f"({begun} > {start} AND {begun} <= {end})",
        LEFT: f"coalesce({ended} > {start} AND {ended} <= {end}, false)",
        TOTAL: f"({begun} <= {end} AND coalesce({ended} > {end}, true))",
        RECTIFIED: (
            f"({days} <> '' AND len(list_filter(string_split({days}, ';'),"
            f" lambda day: day > '{window.start}' AND day <= '{window.end}')) > 0)"
        ),
    }[role]


def reason_left_out(case: Case) -> str:
    """The reason code, in SQL, of a record of the unit that does not count."""
    end = f"DATE '{case.window.end}'"
    by_role = {
        ADDED: f"CASE WHEN counts_from > {end} THEN 'not-yet-started' ELSE 'outside-window' END",
        LEFT: "CASE WHEN counts_until IS NULL THEN 'still-there' ELSE 'outside-window' END",
        TOTAL: f"CASE WHEN counts_from > {end} THEN 'not-yet-started' ELSE 'already-left' END",
        RECTIFIED: "CASE WHEN counts_rectified = '' THEN 'never-rectified' ELSE 'outside-window' END",
    }[case.role]
    return f"CASE WHEN reason IS NOT NULL THEN reason WHEN NOT ({case.scope}) THEN 'other-type' ELSE {by_role} END"


def open_case(engine: Engine, records: Path, unit: str, indicator: str, window: Window, units: Units) -> Case:
    """Take the records of a unit, and of those beside it, out of the file. KeyError for no such indicator."""
    kind = KINDS[indicator]
    own = _own(unit, units)
    case = Case(engine, kind, indicator, unit, window, tuple(_beside(unit, units)))
    codes = [int(u.code) for u in own]
    reporting = sorted({u.reporting_unit or "" for u in own} | {u.code for u in case.beside}) or [""]
    days = ", rectified, counts_rectified" if kind is RosterKind.ORGS else ""
    terms = "".join(f", {code}" for code in case.terms)
    # Of each group of rows the file says between which units it lies: only a few groups are read.
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE held AS
        SELECT *, {case.counts_in(window)} AS is_counted FROM (
            SELECT township, identity, line, begun, ended, counts_from, counts_until, spell_ended, reason,
                part_of, is_back_entry{terms}{days},
                township IN (SELECT unnest(?::UINTEGER[])) AS is_own
            FROM read_parquet({literal(str(records))})
            WHERE reporting IN ({", ".join(map(literal, reporting))})
                AND reporting BETWEEN {literal(reporting[0])} AND {literal(reporting[-1])})
        """,
        [codes],
    )
    return case


def _own(unit: str, units: Units) -> list[LedgerUnit]:
    """The townships whose figures are the unit's, without climbing the tree from each of a nation's."""
    reporting = {u.reporting_unit for u in units.values() if u.reporting_unit}
    inside = {r for r in reporting if r == unit or (r in units and unit in above(units[r], units))}
    around = units[unit].reporting_unit if unit in units and not inside else None
    if around:
        beneath = [u for u in units.values() if u.reporting_unit == around and len(u.code) == 9]
        return [u for u in beneath if unit in (u.code, *above(u, units))]
    return [u for u in units.values() if u.reporting_unit in inside and len(u.code) == 9]


def _beside(unit: str, units: Units) -> list[LedgerUnit]:
    """Reporting units that lie inside a prefecture by their code and answer for themselves (顺德 in 佛山)."""
    if len(unit) != 6 or not unit.endswith("00") or unit.endswith("0000"):
        return []
    start = unit[:4]
    found = {u.reporting_unit for u in units.values() if u.code.startswith(start) and u.reporting_unit}
    codes = sorted(code for code in found if code != unit and code in units)
    return [units[code] for code in codes if unit not in above(units[code], units)]


def nearest(window: Window) -> str:
    """An order of records in SQL: those whose days lie nearest to either end of a window first.

    What repeats or continues another record comes before all.
    """
    days = [f"abs({column} - DATE '{day}')" for column in ("counts_from", "counts_until") for day in window]
    return f"reason IS NULL, least({', '.join(days)})"


def record_json(
    case: Case, condition: str, limit: int, *, more: str = "NULL", order: str = "line"
) -> list[dict[str, Any]]:
    """Records that meet a condition, at most `limit` in an order and by line, each with what `more` says of it."""
    if limit <= 0:
        return []
    terms = "".join(f", {code}" for code in case.terms)
    names = ("line", "identity", "township", "begun", "ended", "counts_from", "counts_until", "part_of")
    rows = case.rows(
        f"SELECT {', '.join(names)}, is_back_entry, {more}{terms} FROM held"
        f" WHERE {condition} ORDER BY {order}, line LIMIT {limit}"
    )
    return [
        _record(dict(zip((*names, "is_back_entry", "reason", *case.terms), row, strict=True))) for row in rows
    ]


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    return {**values, "township": str(values["township"])}


def count_where(case: Case, conditions: Sequence[str]) -> tuple[int, ...]:
    """How many records meet each condition, in one pass."""
    if not conditions:
        return ()
    picked = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
    return case.rows(f"SELECT {picked} FROM held")[0]
