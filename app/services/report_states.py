"""What happens to a report after it was filed: withdrawn, accepted, returned, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import bindparam, update

from app.db import Row, Session, prepared
from app.domain.content import parse_content
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.proof import units_covered
from app.domain.workflow import Status, Step, Transition
from app.errors import Conflict, NotFound, Text, VersionConflict
from app.models import Report
from app.services import (
    audit,
    checking,
    coverage,
    events,
    figures,
    forms,
    revisions,
    standing,
    steps,
    versions,
)
from app.services.coverage import evidence_of
from app.services.periods import Policy
from app.services.reports import Saved
from app.services.standing import Standing
from app.services.steps import is_final

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_KEY = (_REPORTS.c.unit_code == bindparam("unit"), _REPORTS.c.period == bindparam("month"))
_CHANGES = (
    "status",
    "first_submitted_at",
    "timeliness",
    "reasons",
    "accepted_at",
    "accepted_by",
    "accepted_version",
)
_MOVE = prepared(
    update(_REPORTS)
    .where(
        *_KEY, _REPORTS.c.status == bindparam("was_status"), _REPORTS.c.version == bindparam("was_version")
    )
    .values({_REPORTS.c[name]: bindparam(f"new_{name}") for name in _CHANGES})
)
_NOTE = prepared(update(_REPORTS).where(*_KEY).values(findings=bindparam("new_findings")))

_HAPPENED = {
    Step.WITHDRAW: "report.withdrawn",
    Step.ACCEPT: "report.accepted",
    Step.RETURN: "report.returned",
    Step.REOPEN: "report.reopened",
}
"""The events that the steps are told as."""

_NOT_JUDGED: Row = {"first_submitted_at": None, "timeliness": None}


class Act(TypedDict):
    """Whose report of which period, who acts, when, and under which settings."""

    period: str
    unit: str
    by: Actor
    now: datetime
    policy: Policy


def withdraw(session: Session, **act: Unpack[Act]) -> Saved:
    """Take a submitted report back before it is reviewed: it becomes a draft and counts no more.

    Its timeliness is still judged by its first submission once it is sent again.
    """
    return _take(session, Step.WITHDRAW, {"timeliness": None}, **act)


def accept(session: Session, *, content_hash: str | None = None, **act: Unpack[Act]) -> Saved:
    """Accept a submitted report, and run the rules of the next period again, whose basis this is.

    With `content_hash`, only that content is accepted: VersionConflict when it has changed since.
    """
    accepted = {"reasons": None, "accepted_at": act["now"], "accepted_by": act["by"].id}
    return _take(session, Step.ACCEPT, accepted, content_hash=content_hash, **act)


def send_back(
    session: Session, *, reasons: Sequence[dict[str, str]], incomplete: bool = False, **act: Unpack[Act]
) -> Saved:
    """Return a submitted report with a reason per cell; the version that was sent stays as it is.

    One that is `incomplete` does not count as a first submission: its timeliness is judged anew.
    """
    changes = {"reasons": list(reasons), **(_NOT_JUDGED if incomplete else {})}
    return _take(session, Step.RETURN, changes, **act)


def reopen(
    session: Session, *, reason: str, expires_at: datetime, pointers: Sequence[str] = (), **act: Unpack[Act]
) -> Saved:
    """Open an accepted report for a correction, with a reason and an end, or move the end of a returned one.

    After the close also one that was not reviewed, and a unit that sent nothing, whether or not it has a draft:
    nobody above it sees which.

    In a closed period only this unit can write again, until the end, and only into the cells that `pointers`
    name (none: all). Its published figures stay as they are until a restatement. Conflict for an end that is not
    in the future.
    """
    if expires_at <= act["now"]:
        raise Conflict(
            Text("重新开放的截止时间须在将来", "A reopening must end in the future"), code="expiry-past"
        )
    end = expires_at.isoformat()
    leave = {
        "reason": reason,
        "expires_at": end,
        "pointers": list(pointers),
        "by": act["by"].id,
        "at": act["now"].isoformat(),
    }
    at = standing.of(session, act["unit"], act["period"])
    if at.report is None or at.report["status"] == Status.DRAFT:
        # There are no cells yet of which some could be named.
        return _opened(session, at, leave | {"pointers": []}, **act)
    why = [{"pointer": each, "text": reason, "expires_at": end} for each in pointers or ("",)]
    saved = _take(session, Step.REOPEN, {"reasons": why}, **act)
    if not is_final(saved.figures):
        return saved
    figures.reopen(session, period=act["period"], unit=act["unit"], leave=leave)
    return saved._replace(figures={**(saved.figures or {}), "reopening": leave})


def _opened(session: Session, at: Standing, leave: Row, **act: Unpack[Act]) -> Saved:
    """Let a unit file after the close what it had not sent. Raises NotFound in a period that is open to it."""
    by, month, period = act["by"], act["period"], Period.parse(act["period"])
    by.check(Action.REVIEW_REPORT, at.unit["report_path"])
    if at.figures is None or not is_final(at.figures):
        raise NotFound()
    form = forms.get(session, at.figures["form_code"], at.figures["form_version"])
    figures.reopen(session, period=month, unit=act["unit"], leave=leave)
    report: Row = {
        **dict.fromkeys(("content_hash", "received_at", "timeliness")),
        "form_code": form.code,
        "form_version": form.version,
        "period": month,
        "unit_code": act["unit"],
        "status": Status.ABSENT.value,
        "version": 0,
        "reasons": [{"pointer": "", "text": leave["reason"], "expires_at": leave["expires_at"]}],
    }
    _trail(session, Step.REOPEN, at, report, by, act["now"])
    return Saved(
        report=report,
        unit=at.unit,
        content={"figures": {}},
        findings=[],
        author="",
        deadline=at.due(period, form, act["policy"]).instant,
        evidence=evidence_of(form, {}, [], act["policy"], closed=True),
        figures={**at.figures, "reopening": leave},
    )


def _take(
    session: Session,
    step: Step,
    changes: Row,
    *,
    content_hash: str | None = None,
    **act: Unpack[Act],
) -> Saved:
    """Check, move, and do what follows; `changes` are the columns that the step sets besides the status."""
    by = act["by"]
    at = standing.of(session, act["unit"], act["period"])
    version = versions.current(session, at.report) if at.report else None
    line = steps.check_taken(step, at.report, at.unit, version["author"] if version else "", by)
    steps.check_open(line, at.figures, act["now"])
    assert at.report is not None
    assert version is not None
    if content_hash is not None and content_hash != at.report["content_hash"]:
        raise VersionConflict(code="content-changed", current_version=at.report["version"])
    report = _moved(at.report, line, changes)
    _store(session, at.report, report)
    _count(session, step, at, act["policy"])
    _trail(session, step, at, report, by, act["now"])
    if step is Step.ACCEPT:
        check_next(session, act["unit"], Period.parse(act["period"]), act["policy"])
    form, period = _form_of(session, report), Period.parse(act["period"])
    proofs = coverage.proofs(session, act["unit"], period, form)
    return Saved(
        report=report,
        unit=at.unit,
        content=versions.seen(version["content"], at.unit["report_path"], by),
        findings=version["findings"] if report["findings"] is None else report["findings"],
        author=version["author"],
        deadline=at.due(period, form, act["policy"]).instant,
        evidence=evidence_of(form, version["content"], proofs, act["policy"], closed=is_final(at.figures)),
        figures=at.figures,
    )


def _moved(report: Row, line: Transition, changes: Row) -> Row:
    """The report after a step; an acceptance holds only until the next one."""
    nobody: Row = {"accepted_at": None, "accepted_by": None}
    moved = {**report, **nobody, **changes, "status": line.target.value}
    moved["accepted_version"] = report["version"] if moved["accepted_by"] else None
    if line.source is Status.RETURNED:
        # Only its end is moved: what is to be corrected is still to be corrected.
        kept = [reason for reason in report["reasons"] or () if "expires_at" not in reason]
        moved["reasons"] = [*kept, *changes["reasons"]]
    return moved


def _store(session: Session, before: Row, after: Row) -> None:
    """Compare and set: of two reviewers exactly one wins, on either database."""
    changed = session.run(
        _MOVE,
        unit=before["unit_code"],
        month=before["period"],
        was_status=before["status"],
        was_version=before["version"],
        **{f"new_{name}": after[name] for name in _CHANGES},
    )
    if changed != 1:
        raise VersionConflict()


def _count(session: Session, step: Step, at: Standing, policy: Policy) -> None:
    """A withdrawn report counts no more; every other step only shows in the answers about the period."""
    assert at.report is not None
    period = at.report["period"]
    if step is not Step.WITHDRAW:
        revisions.bump_figures(session, period, at.unit["code"])
        return
    figures.refresh(
        session,
        unit=at.unit["code"],
        period=period,
        form=_form_of(session, at.report),
        before=at.figures,
        policy=policy,
        reported=None,
    )


def _trail(session: Session, step: Step, at: Standing, report: Row, by: Actor, now: datetime) -> None:
    period, unit, version = report["period"], report["unit_code"], report["version"]
    audit.record(
        session,
        by=by,
        action=f"report.{step.value}",
        path=at.unit["report_path"],
        thing=f"report:{period}/{unit}",
        now=now,
        version=version,
        before=report["content_hash"],
        after=report["content_hash"],
    )
    data: dict[str, Any] = {"period": period, "unit": unit, "version": version}
    events.emit(session, _HAPPENED[step], unit=unit, data=data, now=now)


def check_next(session: Session, unit: str, period: Period, policy: Policy) -> None:
    """Run the rules of the following period's report anew; its state stays (domain.md section 2, note c).

    What its unit is still working on is checked when it is sent.
    """
    at = standing.of(session, unit, str(period.next))
    version = versions.current(session, at.report) if at.report else None
    if at.report is None or version is None or version["draft"]:
        return
    form = _form_of(session, at.report)
    content, shape = parse_content(form, version["content"])
    proofs = coverage.proofs(session, unit, period.next, form)
    found = checking.findings_of(
        session,
        form=form,
        unit=at.unit,
        period=period.next,
        content=content,
        stored=at.figures,
        covered=units_covered(form, proofs, levels=policy.evidence_levels, accepted=False),
    )
    session.run(
        _NOTE,
        unit=unit,
        month=str(period.next),
        new_findings=[f.as_json() for f in (*shape, *found)],
    )


def _form_of(session: Session, report: Row) -> FormVersion:
    return forms.get(session, report["form_code"], report["form_version"])
