"""Periods: which may be reported now, and when each unit's report is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, case, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.deadline import Deadline, Override, Shift, Timeliness, collisions, deadline
from app.domain.form import FormVersion
from app.domain.form_version import LEVELS
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.errors import Conflict, Finding, Invalid, Severity, Text
from app.models import DeadlineOverride, Report, Unit
from app.services import audit, events, forms, revisions, units, vintages

_OVERRIDES = DeadlineOverride.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_GET = prepared(
    select(_OVERRIDES.c.due_on, _OVERRIDES.c.reason).where(
        _OVERRIDES.c.period == bindparam("month"), _OVERRIDES.c.unit_code == bindparam("unit")
    )
)
_insert = insert(_OVERRIDES)
_SET = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={name: _insert.excluded[name] for name in ("due_on", "reason", "set_at", "set_by")},
    )
)
_JUDGE = prepared(
    update(_REPORTS)
    .where(
        _REPORTS.c.period == bindparam("month"),
        _REPORTS.c.timeliness.is_not(None),
        _REPORTS.c.unit_code.in_(select(_UNITS.c.code).where(_UNITS.c.report_parent == bindparam("parent"))),
    )
    .values(
        timeliness=case(
            (_REPORTS.c.first_submitted_at <= bindparam("instant"), literal(Timeliness.ON_TIME.value)),
            else_=literal(Timeliness.LATE.value),
        )
    )
)

LAST_YEAR = 9998
"""Python knows no instant after the year 9999, and a deadline may lie in the month after its period."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that services go by; `shift` replaces the form's own policy when given.

    Evidence is demanded at `evidence_levels` only; elsewhere the unit's word counts.
    """

    shift: Shift | None = None
    evidence_levels: frozenset[str] = frozenset(LEVELS)

    @classmethod
    def of(cls, shift: str | None, levels: str) -> Policy:
        """The policy that settings name: a shift or none, and levels parted by commas."""
        return cls(Shift(shift) if shift else None, frozenset(levels.split(",")))

    def due(self, period: Period, form: FormVersion, level: str, override: Override | None) -> Deadline:
        """When what reports to a unit of this level is due, unless that unit moved the day.

        Below the province the notice sets no day of its own: what reports to a city is due with the city.
        """
        days = form.timetable.due
        return deadline(period, days.get(level, days["province"]), self.shift or form.shift, override)


def parse_period(value: str) -> Period:
    """A period named in a path or a query. Raises Invalid (R30) when it is no month from 2015-04 on."""
    try:
        period = Period.parse(value)
    except ValueError:
        period = None
    if period is None or not FIRST <= period <= Period(LAST_YEAR, 12):
        text = Text("报告期须为2015-04以后的月份，格式YYYY-MM", "The period must be a month from 2015-04 on")
        found = Finding("R30", "period-invalid", Severity.ERROR, "/period", text)
        raise Invalid(text, code="period-invalid", findings=[found])
    return period


def check_begun(form: FormVersion, period: Period, now: datetime) -> None:
    """Refuse to sum up a period that nobody can have reported for. Raises Conflict."""
    if now < form.opens_at(period):
        raise Conflict(Text("本期尚未开始填报", "The period has not begun"), code="period-not-begun")


def deadline_of(
    session: Session, *, parent: Row, period: Period, form: FormVersion, policy: Policy
) -> tuple[Deadline, str | None]:
    """When everything that reports to a unit is due, and why that day was set by hand, if it was."""
    row = session.one(_GET, month=str(period), unit=parent["code"])
    override = Override(date.fromisoformat(row["due_on"]), row["reason"]) if row else None
    return policy.due(period, form, parent["level"], override), override.reason if override else None


def of_unit(session: Session, *, unit_code: str, period: Period, policy: Policy, by: Actor) -> dict[str, Any]:
    """The answer of `GET /periods/{period}/{unit}`: window, deadlines and what there is to say of them.

    `deadline` is the one that concerns the unit's own report where it files one, else the one of those that
    report to it; `own_deadline` is when it owes what it collects, null at the top of the tree.
    """
    unit = units.get(session, unit_code)
    by.check(Action.READ_REGISTER, unit["report_path"])
    form = forms.in_force(session, period)
    above = units.get(session, unit["report_parent"]) if unit["report_parent"] else None
    collector = above if above and unit["reports"] else unit
    due, reason = deadline_of(session, parent=collector, period=period, form=form, policy=policy)
    own = deadline_of(session, parent=above, period=period, form=form, policy=policy)[0] if above else None
    window = form.window(period)
    between = collisions([due, own]) if own and collector is unit else []
    return {
        "period": str(period),
        "unit": unit_code,
        "form": form.id,
        "window": {"after": window.start, "through": window.end},
        "opens_at": form.opens_at(period),
        "deadline": due.instant,
        "due_on": due.due,
        "own_deadline": own.instant if own else None,
        "reason": reason,
        "findings": [f.as_json() for f in (*due.findings, *between)],
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

    Reports that were sent already are judged by the new day. Raises NotFound, Forbidden, Conflict where nobody
    reports to the unit, and Invalid for a day outside the period's month and the one after.
    """
    unit = units.get(session, unit_code)
    by.check(Action.SET_DEADLINE, unit["report_path"])
    _check_collects(session, unit, period)
    _check_day(period, due_on)
    if vintages.last(session, str(period), unit_code) is not None:
        raise Conflict(
            Text("本期已关闭，不能再改截止日期", "The period is closed: its deadline stays"),
            code="period-closed",
        )
    session.run(
        _SET,
        period=str(period),
        unit_code=unit_code,
        due_on=due_on.isoformat(),
        reason=reason,
        set_at=now,
        set_by=by.id,
    )
    form = forms.in_force(session, period)
    due, _ = deadline_of(session, parent=unit, period=period, form=form, policy=policy)
    session.run(_JUDGE, month=str(period), parent=unit_code, instant=due.instant)
    _trail(session, unit, period, due_on, reason, by=by, now=now)
    return of_unit(session, unit_code=unit_code, period=period, policy=policy, by=by)


def _check_collects(session: Session, unit: Row, period: Period) -> None:
    below = units.contributors(session, unit, on=period.day(1))
    if not below or below == [unit]:
        raise Conflict(
            Text(
                "没有单位向该单位报送，请在其上级单位设定截止日期",
                "Nobody reports to this unit; set the day at the unit that it reports to",
            ),
            code="nobody-reports",
        )


def _check_day(period: Period, due_on: date) -> None:
    if not period.day(1) <= due_on <= period.next.day(31):
        text = Text(
            "截止日期须在报告期当月或次月之内", "The day must lie in the period's month or the one after"
        )
        found = Finding("due-on-out-of-range", "due-on-out-of-range", Severity.ERROR, "/due_on", text)
        raise Invalid(text, code="due-on-out-of-range", findings=[found])


def _trail(
    session: Session, unit: Row, period: Period, due_on: date, reason: str, *, by: Actor, now: datetime
) -> None:
    audit.record(
        session,
        by=by,
        action="deadline.set",
        path=unit["report_path"],
        thing=f"deadline:{period}/{unit['code']}",
        now=now,
        after=digest([due_on.isoformat(), reason]),
    )
    data = {"period": str(period), "unit": unit["code"], "due_on": due_on.isoformat()}
    events.emit(session, "deadline.set", unit=unit["code"], data=data, now=now)
    revisions.bump_period(session, str(period))
