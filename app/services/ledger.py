"""Ledger imports: all or nothing, each superseding the ones before for the units and periods it names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import LedgerFigure, LedgerImport, Unit
from app.reconcile import Ledger, LedgerUnit
from app.services import audit, consolidations, events, figures, forms
from app.services.periods import Policy

_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_LEDGER = LedgerFigure.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_IMPORTS))
_ADD_FIGURES = prepared(insert(_LEDGER))
_GET = prepared(select(_IMPORTS).where(_IMPORTS.c.id == bindparam("id")))
_LAST = prepared(
    select(_IMPORTS.c.id).where(_IMPORTS.c.kind == bindparam("kind")).order_by(_IMPORTS.c.id.desc()).limit(1)
)
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
            row["code"], row["name"], _reporting_unit(row["report_path"], reporting), row["report_parent"]
        )
        for row in rows
        if by.may(Action.WRITE_LEDGER, row["report_path"])
    ]


def _reporting_unit(path: str, reporting: set[str]) -> str | None:
    """The nearest reporting unit at or above the end of a report path."""
    return next((code for code in reversed(path.split("/")) if code in reporting), None)


def store(
    session: Session, ledger: Ledger, *, kind: str, by: Actor, now: datetime, policy: Policy
) -> tuple[Ledger, Row]:
    """Store an accepted ledger, recompute every figure it names, and say what changed.

    A figure is added, changed or removed against the import that was in force for its unit and period.
    """
    import_id = new_id(now)
    previous = session.one(_LAST, kind=kind)
    changes = {"added": 0, "changed": 0, "removed": 0}
    stored = []
    for (period, unit), values in sorted(ledger.figures.items()):
        known = {code: value for code, value in values.items() if value is not None}
        stored.append({"import_id": import_id, "period": period, "unit_code": unit, "figures": known})
        _apply(session, period, unit, known, changes, policy)
    for period in ledger.periods:
        consolidations.lift(session, first=period, last=period, policy=policy)
    row = {
        "id": import_id,
        "kind": kind,
        "sha256": ledger.sha256,
        "encoding": ledger.encoding,
        "rows": ledger.rows,
        "accepted": ledger.accepted,
        "as_of": ledger.as_of,
        "supersedes": previous["id"] if previous else None,
        "findings": [finding.as_json() for finding in ledger.findings],
        "summary": {"periods": list(ledger.periods), "units": list(ledger.units), "changes": changes},
        "imported_at": now,
        "imported_by": by.id,
    }
    session.run(_ADD, **row)
    session.many(_ADD_FIGURES, stored)
    thing = f"ledger:{import_id}"
    audit.record(
        session,
        by=by,
        action="ledger.import",
        path=by.grants[0].path,
        thing=thing,
        now=now,
        after=ledger.sha256,
    )
    events.emit(session, "ledger.imported", unit=by.grants[0].unit, data={"id": import_id}, now=now)
    return ledger, row


def _apply(
    session: Session,
    period: str,
    unit: str,
    values: Mapping[str, int | None],
    changes: dict[str, int],
    policy: Policy,
) -> None:
    before = figures.get(session, period, unit)
    old = (before and before["ledger"]) or {}
    count_changes(old, values, changes)
    form = forms.in_force(session, Period.parse(period))
    figures.refresh(session, unit=unit, period=period, form=form, before=before, policy=policy, ledger=values)


def count_changes(
    old: Mapping[str, int | None], new: Mapping[str, int | None], changes: dict[str, int]
) -> None:
    """Count figures that appear, differ or vanish; a blank is no figure."""
    for code in old.keys() | new.keys():
        was, now = old.get(code), new.get(code)
        if was == now:
            continue
        changes["added" if was is None else "removed" if now is None else "changed"] += 1


def get(session: Session, import_id: str) -> Row:
    """One import. Raises NotFound."""
    row = session.one(_GET, id=import_id)
    if row is None:
        raise NotFound()
    return row
