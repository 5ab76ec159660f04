"""Completeness: who was expected, who reported and when."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from app.db import Session, prepared
from app.domain.completeness import UnitState, completeness
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.models import Report
from app.services import forms, periods, units

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_STATES = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.status, _REPORTS.c.timeliness).where(
        _REPORTS.c.period == bindparam("month")
    )
)


def of_unit(
    session: Session, *, unit_code: str, period: Period, policy: periods.Policy, by: Actor
) -> dict[str, Any]:
    """The answer of `GET /completeness/{period}/{unit}`. Raises NotFound, Forbidden, Invalid."""
    unit = units.get(session, unit_code)
    by.check(Action.READ_AGGREGATES, unit["report_path"])
    form = forms.in_force(session, period)
    expected = units.contributors(session, unit, on=form.window(period).end)
    reports = {row["unit_code"]: row for row in session.all(_STATES, month=str(period))}
    states = [
        UnitState(code, report["status"] if report else None, report["timeliness"] if report else None)
        for code, report in ((row["code"], reports.get(row["code"])) for row in expected)
    ]
    due, _ = periods.deadline_of(session, parent=unit, period=period, form=form, policy=policy)
    return {
        "period": str(period),
        "unit": unit["code"],
        "deadline": due.instant,
        **completeness(states),
    }
