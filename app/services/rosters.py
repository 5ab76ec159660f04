"""Imports of rosters: read beside the database, and brought into it as the figures that they decide.

A roster of members decides three of the seven figures, one of organizations the other four; each is in force
until a later one of its kind, or a summary, names the same unit and period (domain.md 4.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from app.db import Row, Session, prepared
from app.domain.period import FIRST, Period, Window, china_date
from app.domain.permission import Action, Actor
from app.errors import Conflict, Finding, Invalid, Severity, Text
from app.models import Figures
from app.reconcile import LedgerFinding, LedgerUnit, RosterKind, derive, open_engine, read_roster, save_roster
from app.reconcile.engine import Engine
from app.reconcile.roster.changes import back_entries, count_changes, list_changes, units_named
from app.reconcile.watch import Watch, nobody
from app.services import consolidations, figures, forms, ledger, roster_files
from app.services.ledger import Act, Changes
from app.services.periods import Policy
from app.services.roster_files import Shelf

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_LEDGER_OF = prepared(
    select(_FIGURES.c.unit_code, _FIGURES.c.ledger, _FIGURES.c.pending).where(
        _FIGURES.c.period == bindparam("month")
    )
)

_CLOSED = prepared(
    select(_FIGURES.c.unit_code).where(
        _FIGURES.c.period == bindparam("month"), _FIGURES.c.closed_under.is_not(None)
    )
)

PERIODS = 12
"""The last periods that a roster is derived for; what is older should be closed."""

MEMORY = "448MB"
"""What the engine may take, as for a roster of the nation; beyond it uses the disk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before a roster is read. `closed` is the last day of the last closed period by reporting
    unit, of those that the roster before has records of; `before` is the import that this one supersedes."""

    kind: RosterKind
    as_of: date
    units: list[LedgerUnit]
    windows: Mapping[str, Window]
    closed: Mapping[str, date]
    before: Row | None


@dataclass(frozen=True, slots=True)
class RosterLedger:
    """A roster as a ledger: what a summary file says too, and what became of its records.

    `records` is the hash of the kept file, None when nothing was kept (a refusal, a dry run).
    """

    plan: Plan
    encoding: str
    sha256: str
    rows: int
    accepted: int
    findings: tuple[LedgerFinding, ...]
    counts: Mapping[str, int]
    figures: Mapping[tuple[str, str], Mapping[str, int | None]] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)
    records: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the file was accepted."""
        return self.counts["error"] == 0

    @property
    def periods(self) -> tuple[str, ...]:
        """The months that it has figures of."""
        return tuple(self.plan.windows) if self.units else ()

    @property
    def as_of(self) -> date:
        """The day up to which it was kept."""
        return self.plan.as_of


def plan(session: Session, *, kind: RosterKind, as_of: date | None = None, by: Actor, now: datetime) -> Plan:
    """What to read a roster with: the caller's units, and the periods whose cut-off day is not after `as_of`.

    `as_of` is today in China unless it is given. Raises Forbidden, and Invalid for a day that is yet to come.
    """
    by.check_role(Action.WRITE_LEDGER)
    today = china_date(now)
    if as_of is not None and as_of > today:
        raise _yet_to_come()
    day = as_of or today
    every = _windows(session, day)
    windows = dict(every[-PERIODS:])
    before = ledger.in_force(session, kind.value, ledger.owner(by)[0])
    known = set(before["summary"]["units"]) if before else set()
    last_days = {unit: last for unit, last in _last_days(session, every).items() if unit in known}
    return Plan(kind, day, ledger.ledger_units(session, by=by), windows, last_days, before)


def _windows(session: Session, day: date) -> list[tuple[str, Window]]:
    found, period = [], FIRST
    while period <= Period(day.year, day.month):
        days = forms.in_force(session, period).window(period)
        if days.end <= day:
            found.append((str(period), days))
        period = period.next
    return found


def _last_days(session: Session, windows: list[tuple[str, Window]]) -> dict[str, date]:
    """The cut-off day of the last of the periods that is closed, by unit; those with none are not named."""
    return {
        row["unit_code"]: window.end
        for period, window in windows
        for row in session.all(_CLOSED, month=period)
    }


def read(
    file: Path,
    plan: Plan,
    shelf: Shelf,
    *,
    encoding: str | None = None,
    is_kept: bool = True,
    watch: Watch = nobody,
) -> RosterLedger:
    """Read a roster file and derive its figures; its records are kept unless `is_kept` is false.

    Takes no session: what takes long is done beside the writer. Raises what `watch` raises, Corrupted,
    Unavailable and OutOfSpace of the store.
    """
    with roster_files.workplace(shelf) as folder, open_engine(str(folder), memory=MEMORY) as engine:
        roster = read_roster(
            file, plan.kind, plan.units, engine=engine, encoding=encoding, today=plan.as_of, watch=watch
        )
        found = RosterLedger(
            plan,
            roster.encoding,
            roster.sha256,
            roster.rows,
            roster.accepted,
            roster.findings,
            roster.counts,
        )
        if not roster.ok:
            return found
        earlier = plan.before and plan.before["records"]
        known = roster_files.at_hand(shelf, earlier) if earlier else None
        path = folder / "records.parquet"
        save_roster(roster, path, earlier=known, closed=plan.closed, watch=watch)
        watch("deriving", 0.0)
        named = units_named(path, engine=engine)
        return replace(
            found,
            units=tuple(named),
            figures=_derived(path, named, plan, engine),
            changes={
                **count_changes(known, path, plan.kind, engine=engine),
                "back_entries": back_entries(path, engine=engine),
            },
            records=roster_files.keep(shelf, path) if is_kept else None,
        )


def _derived(
    path: Path, units: list[str], plan: Plan, engine: Engine
) -> dict[tuple[str, str], dict[str, int | None]]:
    if not (plan.windows and units):
        return {}
    sides = {plan.kind: path}
    derived = derive(
        sides.get(RosterKind.MEMBERS),
        sides.get(RosterKind.ORGS),
        plan.windows,
        plan.units,
        engine=engine,
        at=units,
    )
    return {
        key: {code: value for code, value in values.items() if value is not None}
        for key, values in derived.items()
    }


def store(
    session: Session,
    found: RosterLedger,
    *,
    source: str = "upload",
    by: Actor,
    now: datetime,
    policy: Policy,
) -> tuple[RosterLedger, Row]:
    """Bring an accepted roster in: its figures, and what counts where they differ from those in force.

    Raises Forbidden, and Conflict when another roster of the kind was brought in since the plan was made.
    """
    by.check_role(Action.WRITE_LEDGER)
    plan, act, changes = found.plan, Act(by, now, policy), Changes()
    head = ledger.in_force(session, plan.kind.value, ledger.owner(by)[0])
    if (head and head["id"]) != (plan.before and plan.before["id"]):
        raise _overtaken()
    for period, unit, values in _differing(session, found):
        ledger.apply(session, period, unit, values, changes, act)
    for period in found.periods:
        consolidations.lift(session, first=period, last=period, policy=policy)
    more = {"records": dict(found.changes)}
    row = ledger.add(
        session,
        found,
        kind=plan.kind.value,
        source=source,
        records=found.records,
        more=more,
        changes=changes,
        act=act,
    )
    return found, row


def _differing(session: Session, found: RosterLedger) -> Iterator[tuple[str, str, dict[str, int | None]]]:
    """The units and periods whose figures are to change, each with all that is then in force."""
    for period in found.periods:
        stored = {
            row["unit_code"]: figures.known(row)["ledger"] or {}
            for row in session.all(_LEDGER_OF, month=period)
        }
        for unit in found.units:
            old = stored.get(unit, {})
            new = {**old, **ledger.decided(found.plan.kind.value, found.figures[period, unit])}
            if new != old:
                yield period, unit, new


def _yet_to_come() -> Invalid:
    text = Text("数据截止日期不得晚于今天", "The day up to which a roster was kept cannot be after today")
    return Invalid(
        code="as-of-in-the-future",
        findings=[
            Finding("as-of-in-the-future", "as-of-in-the-future", Severity.ERROR, "/query/as_of", text)
        ],
    )


def _overtaken() -> Conflict:
    return Conflict(
        Text(
            "读取期间已有另一份同类名册导入，请重新提交",
            "Another roster of this kind was brought in meanwhile; send this one again",
        ),
        code="ledger-overtaken",
    )


def compare(
    kind: RosterKind,
    records: str,
    earlier: str | None,
    shelf: Shelf,
    *,
    counts: Mapping[str, int] | None = None,
    offset: int = 0,
    limit: int,
) -> tuple[Mapping[str, int], list[dict[str, Any]]]:
    """How many records of a kept roster came, changed and went since another, and those from an offset on, by key.

    `counts` are the counts if they are known. Members are shown by the ends of their numbers. Takes no session.
    Raises Corrupted, Unavailable.
    """
    old = roster_files.at_hand(shelf, earlier) if earlier else None
    new = roster_files.at_hand(shelf, records)
    with roster_files.workplace(shelf) as folder, open_engine(str(folder)) as engine:
        known = counts or count_changes(old, new, kind, engine=engine)
        found = list_changes(old, new, kind, engine=engine, offset=offset, limit=limit)
    if kind is RosterKind.MEMBERS:
        found = [{**each, "identity": masked(each["identity"])} for each in found]
    return known, found


def masked(identity: str) -> str:
    """A member's number as answers show it: its ends, as much as finds it in the file beside its line."""
    return f"{identity[:2]}…{identity[-2:]}" if len(identity) > 4 else f"{identity[:1]}…"
