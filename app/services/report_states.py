"""What happens to a report after it was filed: withdrawn, accepted, returned, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from app.db import Row, Session, prepared
from app.domain.content import parse_content
from app.domain.period import Period
from app.domain.permission import Actor
from app.domain.workflow import Need, Status, Step, transition
from app.errors import Conflict, Forbidden, NotFound, Text, VersionConflict
from app.models import Report
from app.services import audit, checking, events, figures, forms, periods, reports, units
from app.services.reports import Saved

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_KEY = (_REPORTS.c.unit_code == bindparam("unit"), _REPORTS.c.period == bindparam("month"))
_MOVE = prepared(
    update(_REPORTS)
    .where(
        *_KEY, _REPORTS.c.status == bindparam("was_status"), _REPORTS.c.version == bindparam("was_version")
    )
    .values(
        status=bindparam("new_status"),
        reasons=bindparam("new_reasons"),
        accepted_at=bindparam("new_accepted_at"),
        accepted_by=bindparam("new_accepted_by"),
        accepted_version=bindparam("new_accepted_version"),
    )
)
_NOTE = prepared(update(_REPORTS).where(*_KEY).values(findings=bindparam("new_findings")))


def withdraw(
    session: Session, *, period: str, unit: str, by: Actor, now: datetime, policy: periods.Policy
) -> Saved:
    """Take a submitted report back before it is reviewed: it becomes a draft and counts no more."""
    return _take(session, Step.WITHDRAW, period=period, unit=unit, by=by, now=now, policy=policy)


def accept(
    session: Session,
    *,
    period: str,
    unit: str,
    content_hash: str | None = None,
    by: Actor,
    now: datetime,
    policy: periods.Policy,
) -> Saved:
    """Accept a submitted report, and run the rules of the next period again, whose basis this is.

    With `content_hash`, only that content is accepted: VersionConflict when it has changed since.
    """
    return _take(
        session,
        Step.ACCEPT,
        period=period,
        unit=unit,
        by=by,
        now=now,
        policy=policy,
        content_hash=content_hash,
    )


def send_back(
    session: Session,
    *,
    period: str,
    unit: str,
    reasons: Sequence[dict[str, str]],
    by: Actor,
    now: datetime,
    policy: periods.Policy,
) -> Saved:
    """Return a submitted report with a reason per cell; the version that was sent stays as it is."""
    return _take(
        session, Step.RETURN, period=period, unit=unit, by=by, now=now, policy=policy, reasons=list(reasons)
    )


def reopen(
    session: Session,
    *,
    period: str,
    unit: str,
    reason: str,
    expires_at: datetime,
    by: Actor,
    now: datetime,
    policy: periods.Policy,
) -> Saved:
    """Open an accepted report for a correction, with a reason and an end. Conflict for an end in the past."""
    if expires_at <= now:
        raise Conflict(
            Text("重新开放的截止时间须在将来", "A reopening must end in the future"), code="expiry-past"
        )
    why = [{"pointer": "", "text": reason, "expires_at": expires_at.isoformat()}]
    return _take(session, Step.REOPEN, period=period, unit=unit, by=by, now=now, policy=policy, reasons=why)


def _take(
    session: Session,
    step: Step,
    *,
    period: str,
    unit: str,
    by: Actor,
    now: datetime,
    policy: periods.Policy,
    content_hash: str | None = None,
    reasons: list[dict[str, str]] | None = None,
) -> Saved:
    place = units.get(session, unit)
    report = reports.find(session, period, unit)
    target = _check(step, report, place, by, _author(session, report))
    assert report is not None
    if content_hash is not None and content_hash != report["content_hash"]:
        raise VersionConflict(code="content-changed", current_version=report["version"])
    moved = {**report, **_moved(step, report, target, reasons, by, now)}
    _store(session, report, moved)
    saved = _after(session, step, place, moved, by=by, now=now, policy=policy)
    audit.record(
        session,
        by=by,
        action=f"report.{step.value}",
        path=place["report_path"],
        thing=f"report:{period}/{unit}",
        now=now,
        version=report["version"],
        before=report["content_hash"],
        after=report["content_hash"],
    )
    data = {"period": period, "unit": unit, "version": report["version"]}
    events.emit(session, f"report.{target.value}", unit=unit, data=data, now=now)
    return saved


def _author(session: Session, report: Row | None) -> str:
    version = reports.saved_version(session, report) if report else None
    return str(version["author"]) if version else ""


def _check(step: Step, report: Row | None, place: Row, by: Actor, author: str) -> Status:
    """The status that the step leads to. Raises NotFound, Forbidden, or Conflict for the wrong status."""
    status = Status(report["status"]) if report else Status.ABSENT
    line = transition(status, step)
    action = line.action if line else reports.ACTION_OF[step]
    by.check(action, place["report_path"])
    if report is None or (status is Status.DRAFT and not reports.may_see_draft(by, place)):
        raise NotFound()
    if line is None:
        raise Conflict(code="wrong-status", status_now=status.value)
    if Need.OTHER_HANDS in line.needs and author == by.id:
        raise Forbidden(
            Text("报送人不得审核自己报送的报表", "Whoever submitted a report does not review it"),
            code="own-report",
        )
    return line.target


def _moved(
    step: Step, report: Row, target: Status, reasons: list[dict[str, str]] | None, by: Actor, now: datetime
) -> Row:
    accepted = step is Step.ACCEPT
    return {
        "status": target.value,
        "reasons": reasons,
        "accepted_at": now if accepted else None,
        "accepted_by": by.id if accepted else None,
        "accepted_version": report["version"] if accepted else None,
    }


def _store(session: Session, before: Row, after: Row) -> None:
    """Compare and set: of two reviewers exactly one wins, on either database."""
    changed = session.run(
        _MOVE,
        unit=before["unit_code"],
        month=before["period"],
        was_status=before["status"],
        was_version=before["version"],
        **{f"new_{name}": after[name] for name in ("status", "reasons", "accepted_at", "accepted_by")},
        new_accepted_version=after["accepted_version"],
    )
    if changed != 1:
        raise VersionConflict()


def _after(
    session: Session, step: Step, place: Row, report: Row, *, by: Actor, now: datetime, policy: periods.Policy
) -> Saved:
    """What follows a move: a withdrawn report counts no more, an accepted one is the basis of the next."""
    period = Period.parse(report["period"])
    form = forms.in_force(session, period)
    stored = figures.get(session, report["period"], report["unit_code"])
    reported: Any = None if step is Step.WITHDRAW else figures.KEEP
    figures.refresh(
        session,
        unit=report["unit_code"],
        period=report["period"],
        form=form,
        before=stored,
        reported=reported,
    )
    if step is Step.ACCEPT:
        check_next(session, place, period)
    version = reports.saved_version(session, report) or {"content": {}, "findings": []}
    findings = version["findings"] if report["findings"] is None else report["findings"]
    due = periods.deadline(session, unit=place, period=period, form=form, policy=policy)
    return Saved(report, place, form, version["content"], findings, due.instant)


def check_next(session: Session, place: Row, period: Period) -> None:
    """Run the rules of the following period's report anew; its state stays (domain.md section 2, note c)."""
    report = reports.find(session, str(period.next), place["code"])
    if report is None or report["status"] == Status.DRAFT:
        return
    form = forms.in_force(session, period.next)
    content, shape = parse_content(form, reports.saved_content(session, report))
    stored = figures.get(session, report["period"], report["unit_code"])
    found = checking.findings_of(
        session, form=form, unit=place, period=period.next, content=content, stored=stored
    )
    session.run(
        _NOTE,
        unit=report["unit_code"],
        month=report["period"],
        new_findings=[f.as_json() for f in (*shape, *found)],
    )
