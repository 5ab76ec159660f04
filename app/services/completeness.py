"""Completeness: who was expected, who reported and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from app.db import Row, Session, prepared
from app.domain.completeness import UnitState, completeness, first_expected, omitted_before
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.workflow import Status
from app.models import Report, Unit
from app.services import excuses, forms, periods, units

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_STATES = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.status, _REPORTS.c.timeliness).where(
        _REPORTS.c.period == bindparam("month")
    )
)
# The same reports as `app.domain.completeness.is_submitted` counts.
_LAST_REPORTED = prepared(
    select(_REPORTS.c.unit_code, func.max(_REPORTS.c.period).label("period"))
    .join(_UNITS, _UNITS.c.code == _REPORTS.c.unit_code)
    .where(
        _REPORTS.c.period < bindparam("month"),
        _REPORTS.c.status != Status.DRAFT.value,
        _REPORTS.c.timeliness.is_not(None),
        or_(bindparam("path") == _PATH, (bindparam("path_from") < _PATH) & (bindparam("path_to") > _PATH)),
    )
    .group_by(_REPORTS.c.unit_code)
)


def of_unit(
    session: Session, *, unit_code: str, period: Period, policy: periods.Policy, by: Actor
) -> dict[str, Any]:
    """The answer of `GET /completeness/{period}/{unit}`. Raises NotFound, Forbidden, Invalid."""
    unit = units.get(session, unit_code)
    by.check(Action.READ_AGGREGATES, unit["report_path"])
    form = forms.in_force(session, period)
    expected = units.contributors(session, unit, on=form.window(period).end)
    counted = completeness(states(session, period, expected))
    due, _ = periods.deadline_of(session, parent=unit, period=period, form=form, policy=policy)
    return {
        "period": str(period),
        "unit": unit["code"],
        "deadline": due.instant,
        **counted,
        "omissions": _omissions(session, unit, expected, set(counted["lists"]["missing"]), period, form),
    }


def _omissions(
    session: Session,
    unit: Row,
    expected: Sequence[Row],
    missing: Collection[str],
    period: Period,
    form: FormVersion,
) -> list[dict[str, Any]]:
    """The units that have not reported, by code, each with how many months in a row it left out before."""
    if not missing:
        return []
    path = unit["report_path"]
    found = session.all(
        _LAST_REPORTED, month=str(period), path=path, path_from=path + "/", path_to=path + "0"
    )
    excused = excuses.before(session, path, period)
    last = {row["unit_code"]: Period.parse(row["period"]) for row in found}
    return [
        {
            "unit": row["code"],
            "name": row["name"],
            "last_reported": str(last[row["code"]]) if row["code"] in last else None,
            "omitted_before": omitted_before(
                period,
                last.get(row["code"]),
                first_expected(form, row["valid_from"]),
                excused.get(row["code"], ()),
            ),
        }
        for row in expected
        if row["code"] in missing
    ]


def states(session: Session, period: Period, expected: Iterable[Row]) -> list[UnitState]:
    """Where each expected unit's report stands, and whether it is let off."""
    let_off = excuses.of_period(session, period)
    reports = {row["unit_code"]: row for row in session.all(_STATES, month=str(period))}
    return [
        UnitState(
            code,
            report["status"] if report else None,
            report["timeliness"] if report else None,
            code in let_off,
        )
        for code, report in ((row["code"], reports.get(row["code"])) for row in expected)
    ]
