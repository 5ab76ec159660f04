"""The seven figures of any units in any windows, derived from records (domain.md 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from app.domain.period import Window
from app.reconcile.columns import SEVEN
from app.reconcile.engine import Engine, load_texts
from app.reconcile.roster.columns import RosterKind
from app.reconcile.roster.records import Records, counted
from app.reconcile.units import LedgerUnit, Units, above, by_code

DERIVED = (*SEVEN, "coop_orgs_new", "wechat_groups")
"""The figures of the form that a ledger decides, then X1 and the check of WeChat groups."""

Figures = Mapping[str, int | None]
_OF_MEMBERS = ("members_added", "members_left", "members_total")
_DAY = len("2015-04-25")
_OF_ORGS = ("orgs_new", "orgs_dissolved", "orgs_total", "coop_orgs_new", "wechat_groups")


def derive(
    members: Records | None,
    orgs: Records | None,
    windows: Mapping[str, Window],
    units: Iterable[LedgerUnit] | Units,
    *,
    engine: Engine,
    at: Iterable[str] | None = None,
) -> dict[tuple[str, str], Figures]:
    """The figures by name of window and unit, for the units named in `at`, by default all that report.

    A unit has the figures of all townships below it by `report_parent`; the nation's unit those of all.
    A stock is counted at the end of the window, a flow from the day after its start to its end. Every unit
    has every figure, 0 where nothing was found; figures of a roster that is not given are None.
    """
    known = by_code(units)
    wanted = list(dict.fromkeys(at)) if at is not None else _reporting(known)
    load_texts(engine, "place_text", ("code", "unit"), places(known, wanted))
    run = engine.execute
    run("CREATE OR REPLACE TEMP TABLE place AS SELECT code::UINTEGER AS township, unit FROM place_text")
    days = sorted({day for window in windows.values() for day in window})
    _load_windows(engine, windows, days)
    found: dict[tuple[str, str], dict[str, int | None]] = {
        (name, unit): dict.fromkeys(DERIVED) for name in windows for unit in wanted
    }
    for kind, records in ((RosterKind.MEMBERS, members), (RosterKind.ORGS, orgs)):
        if records is not None:
            nothing = dict.fromkeys(_codes(kind), 0)
            for row in found.values():
                row.update(nothing)
            for name, unit, values in _figures(engine, kind, counted(records, kind), days):
                found[name, unit].update(values)
    return dict(found)


def _codes(kind: RosterKind) -> tuple[str, ...]:
    return _OF_MEMBERS if kind is RosterKind.MEMBERS else (*_OF_ORGS, "orgs_rectified")


def _reporting(units: Units) -> list[str]:
    return sorted({unit.reporting_unit for unit in units.values() if unit.reporting_unit})


def places(units: Units, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each township with every wanted unit at or above it."""
    chosen = set(wanted)
    known: dict[tuple[str | None, str], list[str]] = {}
    for unit in units.values():
        if len(unit.code) == 9 and unit.reporting_unit:
            # Neighbours have the same units above them: the tree is climbed once for each parent.
            place = (unit.parent or unit.code[:6], unit.reporting_unit)
            if place not in known:
                found = dict.fromkeys((unit.reporting_unit, *above(unit, units)))
                known[place] = [code for code in found if code in chosen]
            if unit.code in chosen:
                yield unit.code, unit.code
            yield from ((unit.code, code) for code in known[place] if code != unit.code)


def _load_windows(engine: Engine, windows: Mapping[str, Window], days: Sequence[date]) -> None:
    """Make `span` of the windows, their days as places among all days of windows."""
    rows = [
        (name, str(days.index(window.start)), str(days.index(window.end)), *map(str, window))
        for name, window in windows.items()
    ]
    load_texts(engine, "span_text", ("name", "first", "last", "start_day", "end_day"), rows)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE span AS SELECT name, first::USMALLINT AS first, last::USMALLINT AS last,"
        " start_day::DATE AS start_day, end_day::DATE AS end_day FROM span_text"
    )


def _place(column: str, days: Sequence[date]) -> str:
    """How many days of windows lie before a day; all are counted in one pass, whatever the windows."""
    cases = " ".join(f"WHEN {column} <= DATE '{day}' THEN {i}" for i, day in enumerate(days))
    return f"CASE {cases} ELSE {len(days)} END::USMALLINT"


def _figures(
    engine: Engine, kind: RosterKind, records: str, days: Sequence[date]
) -> Iterator[tuple[str, str, Mapping[str, int]]]:
    ended = f"CASE WHEN ended IS NULL THEN 65535::USMALLINT ELSE {_place('ended', days)} END"
    is_org = kind is RosterKind.ORGS
    more = ", is_cooperative, coalesce(sum(wechat_groups), 0)::BIGINT AS groups" if is_org else ""
    keys = "township, begun_at, ended_at" + ", is_cooperative" * is_org
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE tally AS
        SELECT township, {_place("begun", days)} AS begun_at, {ended} AS ended_at, count(*) AS records{more}
        FROM {records} GROUP BY {keys}
    """)
    added, left = "begun_at > first AND begun_at <= last", "ended_at > first AND ended_at <= last"
    alive = "begun_at <= last AND ended_at > last"
    sums = [("records", added), ("records", left), ("records", alive)]
    if is_org:
        sums += [("records", f"{added} AND is_cooperative"), ("groups", alive)]
    picked = ", ".join(f"coalesce(sum({of}) FILTER ({when}), 0)::BIGINT" for of, when in sums)
    rows = engine.execute(f"""
        WITH gathered AS (
            SELECT unit, {keys.removeprefix("township, ")}, sum(records) AS records
                {", sum(groups) AS groups" if is_org else ""}
            FROM tally JOIN place USING (township) GROUP BY ALL
        )
        SELECT name, unit, {picked} FROM gathered CROSS JOIN span GROUP BY name, unit
    """).fetchall()
    codes = _codes(kind)
    for name, unit, *values in rows:
        yield name, unit, dict(zip(codes, values, strict=False))
    if is_org:
        yield from _rectified(engine, records, days)


def _rectified(
    engine: Engine, records: str, days: Sequence[date]
) -> Iterator[tuple[str, str, Mapping[str, int]]]:
    """Organizations rectified in each window, each once however often it was; most were on one day."""
    rows = engine.execute(f"""
        WITH on_one_day AS (
            SELECT township, {_place("rectified::DATE", days)} AS day_at, count(*) AS records
            FROM {records} WHERE strlen(rectified) = {_DAY} GROUP BY ALL
        ), single AS (
            SELECT identity, township, unnest(string_split(rectified, ';'))::DATE AS day
            FROM {records} WHERE strlen(rectified) > {_DAY}
        ), once AS (
            SELECT DISTINCT name, identity, township FROM single JOIN span ON day > start_day AND day <= end_day
        ), found AS (
            SELECT name, township, records FROM on_one_day JOIN span ON day_at > first AND day_at <= last
            UNION ALL SELECT name, township, 1 FROM once
        )
        SELECT name, unit, sum(records)::BIGINT FROM found JOIN place USING (township) GROUP BY name, unit
    """).fetchall()
    yield from ((name, unit, {"orgs_rectified": count}) for name, unit, count in rows)
