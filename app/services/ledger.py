"""Ledger imports: all or nothing, each in force for the units and periods it names until a later one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import and_, bindparam, func, insert, select

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.mismatch import Cause
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import LedgerFigure, LedgerImport, Unit
from app.models.unit import within
from app.reconcile import KINDS, SEVEN, Ledger, LedgerFinding, LedgerUnit, RosterKind
from app.services import audit, consolidations, events, figures, forms, mismatches
from app.services.periods import Policy

_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_LEDGER = LedgerFigure.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_IMPORTS))
_ADD_FIGURES = prepared(insert(_LEDGER))
_TOP = _IMPORTS.alias("top")
_HIGHEST = (
    select(func.max(_TOP.c.rank))
    .where(_TOP.c.kind == _IMPORTS.c.kind, _TOP.c.unit_code == _IMPORTS.c.unit_code)
    .correlate(_IMPORTS)
    .scalar_subquery()
)
_IS_IN_FORCE = and_(_IMPORTS.c.rank.is_not(None), _IMPORTS.c.rank == _HIGHEST).label("is_in_force")
_VISIBLE = select(_IMPORTS, _IS_IN_FORCE, _UNITS.c.report_path).join(
    _UNITS, _UNITS.c.code == _IMPORTS.c.unit_code
)
_GET = prepared(_VISIBLE.where(_IMPORTS.c.id == bindparam("id")))
_IN_FORCE = prepared(
    select(_IMPORTS.c.id, _IMPORTS.c.rank, _IMPORTS.c.sha256, _IMPORTS.c.records, _IMPORTS.c.summary)
    .where(
        _IMPORTS.c.kind == bindparam("kind"),
        _IMPORTS.c.unit_code == bindparam("unit"),
        _IMPORTS.c.rank.is_not(None),
    )
    .order_by(_IMPORTS.c.rank.desc())
)
_LAST_RANK = prepared(select(func.coalesce(func.max(_IMPORTS.c.rank), 0).label("rank")))
_KNOWN = prepared(
    select(
        _UNITS.c.code, _UNITS.c.name, _UNITS.c.reports, _UNITS.c.report_parent, _UNITS.c.report_path
    ).order_by(_UNITS.c.code)
)


def ledger_units(session: Session, *, by: Actor) -> list[LedgerUnit]:
    """Every unit that the caller may bring figures for, each with the reporting unit that it counts for."""
    rows = session.all(_KNOWN)
    reporting = {row["code"] for row in rows if row["reports"]}
    return [
        LedgerUnit(
            row["code"], row["name"], reporting_unit(row["report_path"], reporting), row["report_parent"]
        )
        for row in rows
        if by.may(Action.WRITE_LEDGER, row["report_path"])
    ]


def reporting_unit(path: str, reporting: set[str]) -> str | None:
    """The nearest reporting unit at or above the end of a report path."""
    return next((code for code in reversed(path.split("/")) if code in reporting), None)


DECIDED: Mapping[str, tuple[str, ...]] = {
    "summary": SEVEN,
    **{kind.value: tuple(code for code in SEVEN if KINDS[code] is kind) for kind in RosterKind},
}
"""Of the figures that a ledger decides, those of each kind of import."""


class Brought(Protocol):
    """What every import says: a summary, or a roster and what was derived from it."""

    @property
    def encoding(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def rows(self) -> int: ...

    @property
    def accepted(self) -> int: ...

    @property
    def as_of(self) -> date | None: ...

    @property
    def findings(self) -> tuple[LedgerFinding, ...]: ...

    @property
    def counts(self) -> Mapping[str, int]: ...

    @property
    def periods(self) -> tuple[str, ...]: ...

    @property
    def units(self) -> tuple[str, ...]: ...

    @property
    def figures(self) -> Mapping[tuple[str, str], Mapping[str, int | None]]: ...


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes what is in force, when, and under which settings."""

    by: Actor
    now: datetime
    policy: Policy


@dataclass(slots=True)
class Changes:
    """What a change of the ledger did: figures that appeared, differ or vanished, and what is closed.

    `closed` are the months and units whose period is closed: their figures stay as they are.
    """

    counts: dict[str, int] = field(default_factory=lambda: {"added": 0, "changed": 0, "removed": 0})
    closed: list[tuple[str, str]] = field(default_factory=list)


def store(
    session: Session,
    ledger: Ledger,
    *,
    kind: str,
    source: str = "upload",
    by: Actor,
    now: datetime,
    policy: Policy,
) -> tuple[Ledger, Row]:
    """Store an accepted ledger, recompute every figure of open periods that it names, and say what changed.

    A figure is added, changed or removed against what was in force for its unit and period. Raises Forbidden.
    """
    by.check_role(Action.WRITE_LEDGER)
    act, changes = Act(by, now, policy), Changes()
    for (period, unit), values in sorted(ledger.figures.items()):
        apply(session, period, unit, _known(values), changes, act)
    for period in ledger.periods:
        consolidations.lift(session, first=period, last=period, policy=policy)
    return ledger, add(session, ledger, kind=kind, source=source, changes=changes, act=act)


def add(
    session: Session,
    ledger: Brought,
    *,
    kind: str,
    source: str,
    records: str | None = None,
    more: Mapping[str, Any] | None = None,
    changes: Changes,
    act: Act,
) -> Row:
    """Write down an import and its figures, in force from now on, with its trail."""
    by, import_id = act.by, new_id(act.now)
    previous = in_force(session, kind, owner(by)[0])
    row = {
        "id": import_id,
        "kind": kind,
        "unit_code": owner(by)[0],
        "source": source,
        "sha256": ledger.sha256,
        "encoding": ledger.encoding,
        "rows": ledger.rows,
        "accepted": ledger.accepted,
        "as_of": ledger.as_of,
        "supersedes": previous["id"] if previous else None,
        "findings": [finding.as_json() for finding in ledger.findings],
        "summary": {
            "periods": list(ledger.periods),
            "units": list(ledger.units),
            "changes": changes.counts,
            "closed": closed_json(changes),
            "counts": dict(ledger.counts),
            **(more or {}),
        },
        "imported_at": act.now,
        "imported_by": by.id,
        "rank": next_rank(session),
        "records": records,
        "purged_at": None,
    }
    session.run(_ADD, **row)
    session.many(
        _ADD_FIGURES,
        [
            {"import_id": import_id, "period": period, "unit_code": unit, "figures": _known(values)}
            for (period, unit), values in sorted(ledger.figures.items())
        ],
    )
    trail(session, "import", row, act, after=ledger.sha256)
    return row


def _known(values: Mapping[str, int | None]) -> dict[str, int]:
    return {code: value for code, value in values.items() if value is not None}


def decided(kind: str, values: Mapping[str, int | None]) -> dict[str, int | None]:
    """The figures that an import of a kind decides, by what it says; None where it says nothing."""
    return {code: values.get(code) for code in DECIDED[kind]}


def in_force(session: Session, kind: str, unit: str) -> Row | None:
    """The id, rank, hashes and summary of the import put in force last, of a kind and in a unit's name; or None."""
    return session.one(_IN_FORCE, kind=kind, unit=unit)


def next_rank(session: Session) -> int:
    """The rank that puts an import in force before all others. Writers take turns, so it is nobody else's."""
    row = session.one(_LAST_RANK)
    return int(row["rank"]) + 1 if row else 1


def owner(by: Actor) -> tuple[str, str]:
    """The unit in whose name a caller changes the ledger, and its path."""
    path = by.reach(Action.WRITE_LEDGER)[0]
    return path.rpartition("/")[2], path


def trail(
    session: Session, step: str, row: Row, act: Act, *, before: str | None = None, after: str | None = None
) -> None:
    """What every change of what is in force leaves: a row of the audit and an event (`ledger.imported`)."""
    unit, path = owner(act.by)
    audit.record(
        session,
        by=act.by,
        action=f"ledger.{step}",
        path=path,
        thing=f"ledger:{row['id']}",
        now=act.now,
        before=before,
        after=after,
    )
    happened = {"import": "imported", "promote": "promoted", "rollback": "rolled_back", "purge": "purged"}
    data = {"id": row["id"], "kind": row["kind"]}
    events.emit(session, f"ledger.{happened[step]}", unit=unit, data=data, now=act.now)


def apply(
    session: Session,
    period: str,
    unit: str,
    values: Mapping[str, int | None] | None,
    changes: Changes,
    act: Act,
) -> None:
    """Put figures in force for a unit and period, None for none; where it is closed they wait for a restatement."""
    before = figures.get(session, period, unit)
    if before and before["closed_under"]:
        changes.closed.append((period, unit))
    else:
        count_changes((before and before["ledger"]) or {}, values or {}, changes.counts)
    form = forms.in_force(session, Period.parse(period))
    after = figures.refresh(
        session, unit=unit, period=period, form=form, before=before, policy=act.policy, ledger=values
    )
    mismatches.follow(session, before=before, after=after, cause=Cause.LEDGER, by=act.by, now=act.now)


def closed_json(changes: Changes) -> list[dict[str, str]]:
    """The closed periods as answers name them."""
    return [{"period": period, "unit": unit} for period, unit in changes.closed]


def count_changes(
    old: Mapping[str, int | None], new: Mapping[str, int | None], changes: dict[str, int]
) -> None:
    """Count figures that appear, differ or vanish; a blank is no figure."""
    for code in old.keys() | new.keys():
        was, now = old.get(code), new.get(code)
        if was == now:
            continue
        changes["added" if was is None else "removed" if now is None else "changed"] += 1


def get(session: Session, import_id: str, *, by: Actor) -> Row:
    """One import. Raises NotFound, also for one of a unit that is out of reach, and Forbidden."""
    row = session.one(_GET, id=import_id)
    if row is None:
        raise NotFound()
    by.check(Action.WRITE_LEDGER, row["report_path"])
    return row


def listed(session: Session, *, kind: str | None, before: str | None, limit: int, by: Actor) -> list[Row]:
    """Imports in the name of units within the caller's reach, newest first, before an id. Raises Forbidden."""
    by.check_role(Action.WRITE_LEDGER)
    statement = _VISIBLE.where(within(by.reach(Action.WRITE_LEDGER), _UNITS.c.report_path))
    if kind is not None:
        statement = statement.where(_IMPORTS.c.kind == kind)
    if before is not None:
        statement = statement.where(_IMPORTS.c.id < before)
    return session.all(statement.order_by(_IMPORTS.c.id.desc()).limit(limit))


def check_concerns(session: Session, import_id: str, *, by: Actor) -> None:
    """Refuse an import that brings no figure for any unit within the caller's reach, as if it were absent.

    Raises NotFound.
    """
    statement = (
        select(_LEDGER.c.import_id)
        .join(_UNITS, _UNITS.c.code == _LEDGER.c.unit_code)
        .where(_LEDGER.c.import_id == import_id)
        .where(within(by.reach(Action.WRITE_LEDGER), _UNITS.c.report_path))
        .limit(1)
    )
    if session.one(statement) is None:
        raise NotFound()
