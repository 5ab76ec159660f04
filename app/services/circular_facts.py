"""What a circular is written from, gathered from the figures as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from app.db import Row, Session, prepared
from app.domain.aggregate import PREFECTURES_TOTAL
from app.domain.circular import Facts
from app.domain.form import FormVersion
from app.domain.form_diff import diff
from app.domain.period import FIRST, Period, china_date
from app.domain.permission import Actor
from app.domain.series import Month, series
from app.models import AuditEvent, LedgerImport, Unit
from app.services import aggregates, completeness, forms, periods, rankings, reconciliations, vintages
from app.services.periods import Policy

_EVENTS = AuditEvent.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_RETURNS = prepared(
    select(func.count().label("number"))
    .select_from(_EVENTS.join(_UNITS, _UNITS.c.code == _EVENTS.c.unit))
    .where(
        _EVENTS.c.action == "report.return",
        _EVENTS.c.object.between(bindparam("first"), bindparam("last")),
        _UNITS.c.report_parent == bindparam("parent"),
    )
)
_AS_OF = prepared(select(_IMPORTS.c.as_of).where(_IMPORTS.c.id == bindparam("id")))

Body = Mapping[str, Any]


def gathered(session: Session, *, unit: Row, period: Period, policy: Policy, by: Actor) -> Facts:
    """The facts of a unit and period: of the last vintage where it is closed, else as they stand.

    Raises Invalid where no form is in force.
    """
    form = forms.in_force(session, period)
    told = _told(session, unit, period, policy, by)
    sums, run = told["aggregate"], told["reconciliation"]
    return Facts(
        form=form,
        period=period,
        aggregate=sums,
        completeness=told["completeness"],
        reconciliation=run,
        activities=told["activities"],
        previous=_previous(session, unit, period, form),
        cumulative=_cumulative(session, unit, period, form),
        rankings=_rankings(form, sums),
        returns=_returns(session, unit, period),
        vintage=told["vintage"],
        closed_on=china_date(datetime.fromisoformat(told["closed_at"])) if told["closed_at"] else None,
        ledger_as_of=_as_of(session, run),
        next_due=periods.deadline_of(session, parent=unit, period=period.next, form=form, policy=policy)[
            0
        ].due,
    )


def _told(session: Session, unit: Row, period: Period, policy: Policy, by: Actor) -> Body:
    number = vintages.last(session, str(period), unit["code"])
    if number is not None:
        return vintages.snapshot(session, str(period), unit["code"], number)
    run = reconciliations.latest(session, period=period, unit_code=unit["code"], by=by)
    found = reconciliations.mismatches(session, run["id"]) if run else []
    return {
        "aggregate": aggregates.of_unit(session, unit=unit, period=period),
        "completeness": completeness.of_unit(
            session, unit_code=unit["code"], period=period, policy=policy, by=by
        ),
        "reconciliation": reconciliations.as_json(run, found) if run else None,
        "activities": {},
        "vintage": None,
        "closed_at": None,
    }


def _rankings(form: FormVersion, sums: Body) -> list[Body]:
    """The units by every ratio that tells them apart: not by column 1, where each has 0 or 1."""
    specs = [spec for spec in form.ratios if spec.denominator != PREFECTURES_TOTAL]
    return [
        {"label": spec.label.zh, "rows": [_ranked(row) for row in rankings.ranked(sums["units"], spec)]}
        for spec in specs
    ]


def _ranked(row: Body) -> Body:
    note = row["remark"]["zh"] if row["remark"] else ""
    return {"rank": row["rank"], "note": note, "name": row["name"], "display": row["display"]}


def _as_of(session: Session, run: Body | None) -> Any:
    if run is None or run["ledger_import"] is None:
        return None
    row = session.one(_AS_OF, id=run["ledger_import"])
    return row["as_of"] if row else None


def _previous(session: Session, unit: Row, period: Period, form: FormVersion) -> Body | None:
    """The sums of the month before, without the series that do not compare across form versions."""
    if period <= form.timetable.first_period:
        return None
    before = forms.in_force(session, period.previous)
    sums = aggregates.of_unit(session, unit=unit, period=period.previous)
    broken = {change.code for change in diff(before, form) if change.breaks} if before.id != form.id else ()
    return {part: {c: v for c, v in sums[part].items() if c not in broken} for part in ("cells", "ratios")}


def _cumulative(session: Session, unit: Row, period: Period, form: FormVersion) -> dict[str, int | None]:
    """What each flow has come to, as the answer of a range of months says: never across a break of its series."""
    months = [
        Month(month, forms.in_force(session, month), aggregates.of_unit(session, unit=unit, period=month))
        for month in _months(form.timetable.first_period, period)
    ]
    (item,) = series(months, period)["items"]
    cells = item["cells"]
    return {code: cells[code]["cumulative"] if cells[code] else None for code in form.flow_codes}


def _months(first: Period, last: Period) -> Iterator[Period]:
    month = max(first, FIRST)
    while month <= last:
        yield month
        month = month.next


def _returns(session: Session, unit: Row, period: Period) -> int:
    """How often a report of the period that goes to this unit was sent back, as the audit says."""
    row = session.one(_RETURNS, first=f"report:{period}/", last=f"report:{period}0", parent=unit["code"])
    return int(row["number"]) if row else 0
