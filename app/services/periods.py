"""Periods: which may be reported now, and when each unit's report is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.deadline import Deadline, Override, Shift, collisions
from app.domain.deadline import deadline as domain_deadline
from app.domain.form import FormVersion
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.errors import Finding, Invalid, Severity, Text
from app.models import DeadlineOverride
from app.services import audit, forms, revisions, units

_OVERRIDES = DeadlineOverride.__table__  # type: ignore[attr-defined]
_KEY = (_OVERRIDES.c.period == bindparam("month"), _OVERRIDES.c.unit_code == bindparam("unit"))
_GET = prepared(select(_OVERRIDES.c.due_on, _OVERRIDES.c.reason).where(*_KEY))
_insert = insert(_OVERRIDES)
_SET = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={name: _insert.excluded[name] for name in ("due_on", "reason", "set_at", "set_by")},
    )
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that services go by; `shift` replaces the form's own policy when given."""

    shift: Shift | None = None


def parse_period(value: str) -> Period:
    """A period named in a path or a query. Raises Invalid (R30) when it is no month from 2015-04 on."""
    try:
        period = Period.parse(value)
    except ValueError:
        period = None
    if period is None or period < FIRST:
        raise _refused(
            "报告期须为2015-04以后的月份，格式YYYY-MM", "The period must be a month from 2015-04 on"
        )
    return period


def deadline(session: Session, *, unit: Row, period: Period, form: FormVersion, policy: Policy) -> Deadline:
    """When the unit's report is due: by the level it reports to, unless that unit moved the day."""
    parent = units.get(session, unit["report_parent"] or unit["code"])
    return deadline_of(session, parent=parent, period=period, form=form, policy=policy)


def deadline_of(
    session: Session, *, parent: Row, period: Period, form: FormVersion, policy: Policy
) -> Deadline:
    """When everything that reports to a unit is due."""
    row = session.one(_GET, month=str(period), unit=parent["code"])
    override = Override(date.fromisoformat(row["due_on"]), row["reason"]) if row else None
    timetable = form.timetable
    # Below the province the notice sets no day of its own: what reports to a city is due with the city.
    day = timetable.due.get(parent["level"], timetable.due["province"])
    return domain_deadline(period, day, policy.shift or timetable.shift, override)


def of_unit(session: Session, *, unit_code: str, period: Period, policy: Policy, by: Actor) -> dict[str, Any]:
    """The answer of `GET /periods/{period}/{unit}`: window, deadline and what there is to say of them."""
    unit = units.get(session, unit_code)
    by.check(Action.READ_REGISTER, unit["report_path"])
    form = forms.in_force(session, period)
    own = [deadline_of(session, parent=unit, period=period, form=form, policy=policy)]
    if unit["report_parent"]:
        own.append(deadline(session, unit=unit, period=period, form=form, policy=policy))
    window = form.window(period)
    row = session.one(_GET, month=str(period), unit=unit_code)
    return {
        "period": str(period),
        "unit": unit_code,
        "form": form.id,
        "window": {"after": window.start, "through": window.end},
        "deadline": own[0].instant,
        "due_on": own[0].due,
        "reason": row["reason"] if row else None,
        "findings": [f.as_json() for f in (*own[0].findings, *collisions(own))],
    }


def set_deadline(
    session: Session,
    *,
    period: Period,
    unit_code: str,
    due_on: date,
    reason: str,
    policy: Policy,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Move the day on which all that report to a unit are due. The reason is kept and shown.

    Raises NotFound, Forbidden, and Invalid for a day outside the period's month and the one after.
    """
    unit = units.get(session, unit_code)
    by.check(Action.SET_DEADLINE, unit["report_path"])
    session.run(
        _SET,
        period=str(period),
        unit_code=unit_code,
        due_on=due_on.isoformat(),
        reason=reason,
        set_at=now,
        set_by=by.id,
    )
    thing = f"deadline:{period}/{unit_code}"
    audit.record(session, by=by, action="deadline.set", path=unit["report_path"], thing=thing, now=now)
    revisions.bump(session, revisions.of_period(str(period)))
    return of_unit(session, unit_code=unit_code, period=period, policy=policy, by=by)


def _refused(zh: str, en: str) -> Invalid:
    finding = Finding("R30", "period-invalid", Severity.ERROR, "/period", Text(zh, en))
    return Invalid(finding.message, code="period-invalid", findings=[finding])
