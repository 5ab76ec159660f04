"""Closings: a period is made final for all that report to a unit, and restated with reasons afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Row, Session, prepared
from app.domain.aggregate import without
from app.domain.canonical import canonical
from app.domain.closing import TOO_EARLY, blockers, changes
from app.domain.form import FormVersion
from app.domain.period import SHANGHAI, Period
from app.domain.permission import Action, Actor
from app.domain.values import FiguresRow, figures_row
from app.domain.workflow import Status
from app.errors import Conflict, Finding, Invalid, Severity, Text
from app.models import Closing, Figures, LedgerFigure, Report
from app.services import (
    aggregates,
    audit,
    completeness,
    events,
    excuses,
    figures,
    forms,
    periods,
    revisions,
    snapshots,
    units,
    vintages,
)
from app.services.periods import Policy, check_begun

_CLOSINGS = Closing.__table__  # type: ignore[attr-defined]
_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_LEDGER = LedgerFigure.__table__  # type: ignore[attr-defined]

_ADD = prepared(insert(_CLOSINGS))
_OF_PERIOD = prepared(select(_FIGURES).where(_FIGURES.c.period == bindparam("month")))
_insert = upsert(_FIGURES)
_FREEZE = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={c.name: _insert.excluded[c.name] for c in _FIGURES.columns if not c.primary_key},
    )
)
_LIFT = prepared(
    update(_FIGURES)
    .where(_FIGURES.c.period == bindparam("month"), _FIGURES.c.unit_code == bindparam("unit"))
    .values(
        {_FIGURES.c[name]: bindparam(f"new_{name}") for name in (*FiguresRow._fields, "pending", "reopening")}
    )
)
_IN_FORCE = prepared(
    select(_LEDGER.c.import_id)
    .where(_LEDGER.c.period == bindparam("month"))
    .order_by(_LEDGER.c.import_id.desc())
    .limit(1)
)
_STATUSES = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.status).where(_REPORTS.c.period == bindparam("month"))
)


def close(
    session: Session,
    *,
    period: Period,
    unit_code: str,
    reason: str | None,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> dict[str, Any]:
    """Make a period final for every unit whose figures a unit collects: its first vintage.

    Lack of evidence is judged (无证明材料，视为未开展), missing units are 漏报, and nothing is taken any more but
    by a reopening. What was left undone is told as warnings. Raises NotFound, Forbidden, Conflict when it is
    closed or has not begun, and Invalid before the deadline, until a reason explains it.
    """
    unit, form, expected = _collected(session, unit_code, period, by)
    if vintages.last(session, str(period), unit_code) is not None:
        raise Conflict(
            Text("本期已关闭，如有更正请办理重述", "The period is closed already; a change is a restatement"),
            code="already-closed",
        )
    check_begun(form, period, now)
    found = _against(session, unit, form, expected, period, now, policy)
    if reason is None and any(each.code == TOO_EARLY for each in found):
        raise Invalid(
            Text(
                "报送截止时间未到，提前关闭须说明理由", "The deadline has not passed; explain an early close"
            ),
            code="close-blocked",
            findings=found,
        )
    _freeze(session, expected, unit, period, form, policy)
    _publish(session, unit, period, form, 1, reason, [], by=by, now=now, policy=policy)
    closed = of_unit(session, period=period, unit_code=unit_code, policy=policy, by=by)
    return closed | {"findings": [*closed["findings"], *(each.as_json() for each in found)]}


def against(
    session: Session, *, period: Period, unit_code: str, by: Actor, now: datetime, policy: Policy
) -> list[Finding]:
    """What a close would pass over now, as whoever may close is told; an early one needs a reason.

    Raises NotFound, Forbidden, and Conflict where nobody reports to the unit.
    """
    unit, form, expected = _collected(session, unit_code, period, by)
    return _against(session, unit, form, expected, period, now, policy)


def restate(
    session: Session,
    *,
    period: Period,
    unit_code: str,
    reason: str,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> dict[str, Any]:
    """Take over what changed since the close, as the next vintage that lists every cell, old and new.

    Raises NotFound, Forbidden, Conflict when the period is not closed or nothing changed, and Invalid while a
    correction of a reopened unit waits for review.
    """
    unit, form, expected = _collected(session, unit_code, period, by)
    number = vintages.last(session, str(period), unit_code)
    if number is None:
        raise Conflict(Text("本期尚未关闭", "The period is not closed"), code="not-closed")
    before = vintages.snapshot(session, str(period), unit_code, number)
    cells = _pending(session, expected, unit_code, period, before)
    if not cells:
        raise Conflict(
            Text("没有需要重述的变化", "Nothing has changed since the last vintage"), code="unchanged"
        )
    codes = {row["code"] for row in expected}
    _check_reviewed(session, period, unit_code, codes)
    for row in session.all(_OF_PERIOD, month=str(period)):
        if row["unit_code"] in codes and row["closed_under"] == unit_code and row["pending"]:
            values = {**row["pending"], "pending": None, "reopening": None}
            session.run(
                _LIFT,
                month=str(period),
                unit=row["unit_code"],
                **{f"new_{name}": value for name, value in values.items()},
            )
    listed = [{**cell, "reason": reason, "approver": by.id} for cell in cells]
    _publish(session, unit, period, form, number + 1, reason, listed, by=by, now=now, policy=policy)
    return of_unit(session, period=period, unit_code=unit_code, policy=policy, by=by)


def of_unit(session: Session, *, period: Period, unit_code: str, policy: Policy, by: Actor) -> dict[str, Any]:
    """The answer of `GET /periods/{period}/{unit}`: window, deadlines, state, vintages, what waits.

    `state` is closed once the unit closed the period, or a unit that it reports to. Raises NotFound, Forbidden.
    """
    found = periods.of_unit(session, unit_code=unit_code, period=period, policy=policy, by=by)
    number = vintages.last(session, str(period), unit_code)
    row = figures.get(session, str(period), unit_code)
    closed_under = unit_code if number else row["closed_under"] if row else None
    return {
        **found,
        "state": "closed" if closed_under else "open",
        "closed_under": closed_under,
        "excuse": excuses.shown(session, unit_code, period),
        **_shown(session, unit_code, period, number, row, by),
    }


def _shown(
    session: Session, unit_code: str, period: Period, number: int | None, row: Row | None, by: Actor
) -> dict[str, Any]:
    """What only those see who read figures."""
    unit = units.get(session, unit_code)
    if not by.may(Action.READ_AGGREGATES, unit["report_path"]):
        return {"vintage": number, "closings": [], "reopening": None, "pending_restatement": []}
    waiting = []
    if number:
        on = forms.in_force(session, period).window(period).end
        expected = units.contributors(session, unit, on=on)
        before = vintages.snapshot(session, str(period), unit_code, number)
        waiting = _pending(session, expected, unit_code, period, before)
    return {
        "vintage": number,
        "closings": vintages.listed(session, period=period, unit_code=unit_code, by=by),
        "reopening": row["reopening"] if row else None,
        "pending_restatement": waiting,
    }


def _collected(
    session: Session, unit_code: str, period: Period, by: Actor
) -> tuple[Row, FormVersion, list[Row]]:
    unit = units.get(session, unit_code)
    by.check(Action.CLOSE_PERIOD, unit["report_path"])
    form = forms.in_force(session, period)
    expected = units.contributors(session, unit, on=form.window(period).end)
    if not expected or expected == [unit]:
        raise Conflict(
            Text(
                "没有单位向该单位报送，请由其上级单位关闭", "Nobody reports to this unit; who collects closes"
            ),
            code="nobody-reports",
        )
    return unit, form, expected


def _against(
    session: Session,
    unit: Row,
    form: FormVersion,
    expected: Sequence[Row],
    period: Period,
    now: datetime,
    policy: Policy,
) -> list[Finding]:
    due, _ = periods.deadline_of(session, parent=unit, period=period, form=form, policy=policy)
    states = completeness.states(session, period, expected)
    return blockers(states, now=now, deadline=due.instant)


def _freeze(
    session: Session, expected: Sequence[Row], unit: Row, period: Period, form: FormVersion, policy: Policy
) -> None:
    """Judge every unit that is still open, also those of which nothing is known; the others stay as they are."""
    stored = {row["unit_code"]: row for row in session.all(_OF_PERIOD, month=str(period))}
    session.many(
        _FREEZE,
        [
            _judged(stored.get(row["code"]), row["code"], unit["code"], period, form, policy, session)
            for row in expected
            if (stored.get(row["code"]) or {"closed_under": None})["closed_under"] is None
        ],
    )
    revisions.bump_period(session, str(period))


def _judged(
    row: Row | None,
    code: str,
    under: str,
    period: Period,
    form: FormVersion,
    policy: Policy,
    session: Session,
) -> Row:
    if row is not None:
        form = forms.get(session, row["form_code"], row["form_version"])
    known = row or {"reported": None, "evidenced": None, "ledger": None}
    values = figures_row(
        form.governed(policy.evidence_levels),
        known["reported"],
        known["evidenced"] or {},
        known["ledger"],
        closed=True,
    )
    return {
        "period": str(period),
        "unit_code": code,
        "form_code": form.code,
        "form_version": form.version,
        **values._asdict(),
        "closed_under": under,
        "pending": None,
        "reopening": None,
    }


def _check_reviewed(session: Session, period: Period, unit_code: str, codes: Collection[str]) -> None:
    status = {row["unit_code"]: row["status"] for row in session.all(_STATUSES, month=str(period))}
    text = Text("该单位的更正尚未审核", "The unit's correction is not yet reviewed")
    waiting = [
        Finding(
            "restate-unreviewed", "restate-unreviewed", Severity.ERROR, f"/units/{row['unit_code']}", text
        )
        for row in session.all(_OF_PERIOD, month=str(period))
        if row["unit_code"] in codes
        and row["closed_under"] == unit_code
        and row["reopening"]
        and status.get(row["unit_code"]) == Status.SUBMITTED
    ]
    if waiting:
        raise Invalid(code="restate-unreviewed", findings=waiting)


def _pending(
    session: Session, expected: Sequence[Row], unit_code: str, period: Period, before: Row
) -> list[dict[str, Any]]:
    """The cells that a restatement would change: against the last vintage, by what is known now.

    What a lower unit closed changes only by its own restatement.
    """
    old = vintages.rows_of(before["aggregate"])
    stored = {row["unit_code"]: row for row in session.all(_OF_PERIOD, month=str(period))}
    new = []
    for unit in expected:
        if now := stored.get(unit["code"]):
            known = figures.known(now) if now["closed_under"] == unit_code else now
            values = without(figures.values_of(known), aggregates.not_applicable(unit))
            new.append({"unit": unit["code"], **values._asdict()})
    return changes(old, new)


def _publish(
    session: Session,
    unit: Row,
    period: Period,
    form: FormVersion,
    vintage: int,
    reason: str | None,
    listed: list[dict[str, Any]],
    *,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    in_force = session.one(_IN_FORCE, month=str(period))
    ledger_import = in_force["import_id"] if in_force else None
    whole = canonical(
        {
            "period": str(period),
            "unit": unit["code"],
            "name": unit["name"],
            "form": form.id,
            "vintage": vintage,
            "closed_at": now.astimezone(SHANGHAI).isoformat(),
            "closed_by": by.id,
            "reason": reason,
            "ledger_import": ledger_import,
            "changes": listed,
            **snapshots.facts(session, unit, period, form, vintage, by=by, policy=policy),
        }
    )
    row = {
        "period": str(period),
        "unit_code": unit["code"],
        "vintage": vintage,
        "form_code": form.code,
        "form_version": form.version,
        "closed_at": now,
        "closed_by": by.id,
        "reason": reason,
        "ledger_import": ledger_import,
        "snapshot": whole,
        "sha256": sha256(whole).hexdigest(),
    }
    session.run(_ADD, **row)
    revisions.bump_period(session, str(period))
    _trail(session, unit, row, by=by, now=now)


def _trail(session: Session, unit: Row, row: Row, *, by: Actor, now: datetime) -> None:
    happened = "period.closed" if row["vintage"] == 1 else "period.restated"
    audit.record(
        session,
        by=by,
        action=happened,
        path=unit["report_path"],
        thing=f"period:{row['period']}/{unit['code']}",
        now=now,
        version=row["vintage"],
        after=row["sha256"],
    )
    data = {"period": row["period"], "unit": unit["code"], "vintage": row["vintage"]}
    events.emit(session, happened, unit=unit["code"], data=data, now=now)
