"""Reconciliations: what units reported against what the ledger says, with every mismatch kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import Figures, LedgerFigure, LedgerImport, Mismatch, Reconciliation, ReconciliationMismatch
from app.reconcile import Comparison, Ledger, compare
from app.services import audit, events, figures, forms, units
from app.services import ledger as ledgers
from app.services import mismatches as lives
from app.services.periods import Policy

_RUNS = Reconciliation.__table__  # type: ignore[attr-defined]
_LINES = ReconciliationMismatch.__table__  # type: ignore[attr-defined]
_MISMATCHES = Mismatch.__table__  # type: ignore[attr-defined]
_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_LEDGER = LedgerFigure.__table__  # type: ignore[attr-defined]

_ADD = prepared(insert(_RUNS))
_ADD_LINES = prepared(insert(_LINES))
_GET = prepared(select(_RUNS).where(_RUNS.c.id == bindparam("id")))
_LATEST = prepared(
    select(_RUNS)
    .where(_RUNS.c.period == bindparam("month"), _RUNS.c.unit_code == bindparam("unit"))
    .order_by(_RUNS.c.id.desc())
    .limit(1)
)
_FOUND = prepared(
    select(
        _LINES,
        _LINES.c.mismatch_id.label("id"),
        func.coalesce(_MISMATCHES.c.state, "open").label("state"),
    )
    .outerjoin(_MISMATCHES, _MISMATCHES.c.id == _LINES.c.mismatch_id)
    .where(_LINES.c.reconciliation_id == bindparam("run"), _LINES.c.position > bindparam("after"))
    .order_by(_LINES.c.position)
    .limit(bindparam("most"))
)
_SIDES = prepared(
    select(_FIGURES.c.unit_code, _FIGURES.c.reported, _FIGURES.c.ledger, _FIGURES.c.pending).where(
        _FIGURES.c.period == bindparam("month")
    )
)
_OF_IMPORT = prepared(
    select(_LEDGER.c.unit_code, _LEDGER.c.figures).where(
        _LEDGER.c.import_id == bindparam("id"), _LEDGER.c.period == bindparam("month")
    )
)
_LAST_IMPORT = prepared(
    select(_LEDGER.c.import_id)
    .join(_IMPORTS, _IMPORTS.c.id == _LEDGER.c.import_id)
    .where(_LEDGER.c.period == bindparam("month"), _IMPORTS.c.rank.is_not(None))
    .order_by(_IMPORTS.c.rank.desc())
    .limit(1)
)

EVERY = 1_000_000
"""More mismatches than a period can have (41,000 townships with seven figures each are 287,000)."""

Values = Mapping[str, int | None]


def run(
    session: Session,
    *,
    period: Period,
    unit_code: str,
    import_id: str | None = None,
    ledger: Ledger | None = None,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> dict[str, Any]:
    """Compare the reporting units below a unit, over exactly the seven ledger figures, and keep the result.

    Imports `ledger` first, when one is given; uses the figures in force, or those of one import.
    Raises NotFound, Forbidden.
    """
    unit = units.get(session, unit_code)
    by.check(Action.WRITE_LEDGER, unit["report_path"])
    if ledger is not None:
        ledgers.store(session, ledger, kind="summary", by=by, now=now, policy=policy)
    form = forms.in_force(session, period)
    expected = [row["code"] for row in units.contributors(session, unit, on=period.day(25))]
    if import_id is not None:
        ledgers.check_concerns(session, import_id, by=by)
    reported, in_ledger = _sides(session, str(period), import_id)
    comparison = compare(
        reported={code: reported[code] for code in expected if code in reported},
        ledger={code: in_ledger[code] for code in expected if code in in_ledger},
        expected_units=expected,
        indicators=[indicator.code for indicator in form.indicators if indicator.authority == "ledger"],
    )
    return _store(session, unit, str(period), import_id, comparison, by=by, now=now)


def get(session: Session, run_id: str, *, by: Actor) -> Row:
    """One run without its mismatches. Raises NotFound."""
    row = session.one(_GET, id=run_id)
    if row is None:
        raise NotFound()
    by.check(Action.READ_MISMATCHES, units.get(session, row["unit_code"])["report_path"])
    form = forms.in_force(session, Period.parse(row["period"]))
    if by.is_reporter_only and form.blind_first:
        # Units that have not reported are yet to be asked, and may not learn the answer here.
        unseen = [{**cell, "ledger": None} for cell in row["missing"]["not_reported"]]
        row = {**row, "missing": {**row["missing"], "not_reported": unseen}}
    return row


def latest(session: Session, *, period: Period, unit_code: str, by: Actor) -> Row | None:
    """The last run of a period and unit without its mismatches, or None. Raises NotFound, Forbidden."""
    by.check(Action.READ_MISMATCHES, units.get(session, unit_code)["report_path"])
    return session.one(_LATEST, month=str(period), unit=unit_code)


def mismatches(session: Session, run_id: str, *, after: int = -1, limit: int = EVERY) -> list[Row]:
    """What a run found by unit and column, after a position: its figures then, the state of now."""
    return session.all(_FOUND, run=run_id, after=after, most=limit)


def as_json(row: Row, found: list[Row]) -> dict[str, Any]:
    """A run as the HTTP contract writes it."""
    return {
        "id": row["id"],
        "period": row["period"],
        "unit": row["unit_code"],
        "ledger_import": row["ledger_import"],
        "summary": row["summary"],
        "mismatches": [mismatch_json(item) for item in found],
        **row["missing"],
        "created_at": row["created_at"].isoformat(),
    }


def mismatch_json(row: Row) -> dict[str, Any]:
    """A mismatch as the HTTP contract writes it; difference = reported − ledger."""
    same = ("id", "indicator", "reported", "ledger", "difference", "state")
    return {"unit": row["unit_code"], **{name: row[name] for name in same}}


def _sides(
    session: Session, period: str, import_id: str | None
) -> tuple[dict[str, Values], dict[str, Values]]:
    """What was reported, of units that reported, and what the ledger says, by unit."""
    rows = [
        {**figures.known(row), "unit_code": row["unit_code"]} for row in session.all(_SIDES, month=period)
    ]
    reported = {r["unit_code"]: r["reported"] for r in rows if _has_value(r["reported"])}
    if import_id is None:
        return reported, {r["unit_code"]: r["ledger"] for r in rows if _has_value(r["ledger"])}
    stated = session.all(_OF_IMPORT, id=import_id, month=period)
    return reported, {r["unit_code"]: r["figures"] for r in stated}


def _has_value(values: Values | None) -> bool:
    return values is not None and any(value is not None for value in values.values())


def _store(
    session: Session,
    unit: Row,
    period: str,
    import_id: str | None,
    comparison: Comparison,
    *,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    used = import_id
    if used is None and (last := session.one(_LAST_IMPORT, month=period)) is not None:
        used = last["import_id"]
    row = {
        "id": new_id(now),
        "period": period,
        "unit_code": unit["code"],
        "ledger_import": used,
        "summary": comparison.summary,
        "missing": {
            "missing_in_ledger": comparison.missing_in_ledger,
            "not_reported": comparison.not_reported,
        },
        "created_at": now,
        "created_by": by.id,
    }
    session.run(_ADD, **row)
    lives_of: Mapping[tuple[str, str], Row] = {}
    if import_id is None:
        lives_of = lives.sighted(session, period, comparison.mismatches, by=by, now=now)
    found = [
        _line(row["id"], i, item, lives_of.get((item["unit"], item["indicator"])))
        for i, item in enumerate(comparison.mismatches)
    ]
    session.many(_ADD_LINES, found)
    path, thing = unit["report_path"], f"reconciliation:{row['id']}"
    audit.record(session, by=by, action="reconciliation.run", path=path, thing=thing, now=now)
    data = {"id": row["id"], "period": period, **comparison.summary}
    events.emit(session, "reconciliation.finished", unit=unit["code"], data=data, now=now)
    return as_json(row, found)


def _line(run_id: str, position: int, item: Mapping[str, Any], life: Row | None) -> Row:
    return {
        "id": life and life["id"],
        "state": life["state"] if life else "open",
        "reconciliation_id": run_id,
        "position": position,
        "mismatch_id": life and life["id"],
        "unit_code": item["unit"],
        **{name: item[name] for name in ("indicator", "reported", "ledger", "difference")},
    }
