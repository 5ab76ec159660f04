"""Reports: file one, correct it, and keep every content that was ever saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Row, Session, prepared
from app.domain.checks import blocking
from app.domain.content import ReportContent, parse_content
from app.domain.form import FormVersion
from app.domain.permission import Action, Actor
from app.domain.period import Period, parse_period
from app.errors import Conflict, Finding, Invalid, NotFound, Severity, Text, VersionConflict
from app.models import Report, ReportVersion
from app.services import audit, checking, events, figures, forms, periods, units

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]

_KEY = (_REPORTS.c.unit_code == bindparam("unit"), _REPORTS.c.period == bindparam("month"))
_GET = prepared(select(_REPORTS).where(*_KEY))
_ADD = prepared(upsert(_REPORTS).on_conflict_do_nothing(index_elements=["form_code", "unit_code", "period"]))
_SAVE = prepared(
    update(_REPORTS)
    .where(*_KEY, _REPORTS.c.version == bindparam("was_version"))
    .values({c: bindparam(c) for c in ("form_version", "status", "version", "content_hash", "received_at")})
    .values({c: bindparam(c) for c in ("first_submitted_at", "timeliness", "findings", "reasons")})
)
_ADD_VERSION = prepared(insert(_VERSIONS))


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sent: whose report, for when, and the content as decoded from JSON.

    `found` holds what the strict loader and the schema already found in the body.
    """

    unit: str
    period: object
    content: Mapping[str, object]
    draft: bool = False
    found: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A report as it stands after a write, with what was found in it."""

    report: Row
    unit: Row
    form: FormVersion
    content: dict[str, Any]
    findings: list[dict[str, Any]]
    deadline: datetime


def submit(session: Session, *, submission: Submission, by: Actor, now: datetime, policy: periods.Policy) -> Saved:
    """File a unit's first report of a period, or save its draft. `now` is the arrival of the request's head.

    Raises NotFound (unit out of reach), Invalid with every finding, Conflict when one exists already.
    """
    unit = units.get(session, submission.unit)
    by.check(Action.WRITE_REPORT, unit["report_path"])
    period = _period(submission, policy, now)
    if (existing := session.one(_GET, unit=unit["code"], month=str(period))) is not None:
        raise _exists(existing)
    return _save(session, unit, period, None, submission, by=by, now=now, policy=policy)


def revise(
    session: Session, *, submission: Submission, version: int, by: Actor, now: datetime, policy: periods.Policy
) -> Saved:
    """Save a new version of a report that is not accepted, as a draft or as a correction.

    `version` is the one the caller has read. Raises NotFound, VersionConflict (stale; with the cells that
    differ), Conflict (accepted reports are reopened first), Invalid with every finding.
    """
    unit = units.get(session, submission.unit)
    by.check(Action.WRITE_REPORT, unit["report_path"])
    period = _period(submission, policy, now)
    report = session.one(_GET, unit=unit["code"], month=str(period))
    if report is None:
        raise NotFound()
    if report["version"] != version:
        raise VersionConflict(current_version=report["version"])
    if report["status"] == "accepted":
        raise Conflict(
            Text("报表已审核通过，须先由上级重新开放", "The report is accepted; it must be reopened first"),
            code="report-accepted",
        )
    return _save(session, unit, period, report, submission, by=by, now=now, policy=policy)


def find(session: Session, period: str, unit_code: str) -> Row | None:
    """The report row of a unit and period, whoever asks."""
    return session.one(_GET, unit=unit_code, month=period)


def _save(
    session: Session,
    unit: Row,
    period: Period,
    before: Row | None,
    submission: Submission,
    *,
    by: Actor,
    now: datetime,
    policy: periods.Policy,
) -> Saved:
    form = forms.in_force(session, period)
    content, findings = parse_content(form, submission.content, draft=submission.draft)
    findings = [*submission.found, *findings]
    if content is not None:
        findings += checking.findings_of(session, form=form, unit=unit, period=period, content=content)
    _check_findings(findings, content, submission.draft)
    assert content is not None  # noqa: S101  a missing content always comes with an error
    deadline = periods.deadline(session, unit=unit, period=period, form=form, policy=policy)
    row = _row(unit, period, form, before, content, findings, submission.draft, now, deadline)
    _store(session, row, before)
    session.run(_ADD_VERSION, **_version(row, content, submission.draft, by))
    figures.refresh(session, unit_code=unit["code"], period=str(period), form=form, reported=_counted(row, content))
    action = "report.draft" if submission.draft else "report.submit"
    audit.record(
        session,
        by=by,
        action=action,
        path=unit["report_path"],
        thing=f"report:{period}/{unit['code']}",
        now=now,
        version=row["version"],
        before=before["content_hash"] if before else None,
        after=row["content_hash"],
    )
    if not submission.draft:
        data = {"period": str(period), "unit": unit["code"], "version": row["version"]}
        events.emit(session, "report.submitted", unit=unit["code"], data=data, now=now)
    return Saved(row, unit, form, content.as_json(), row["findings"], deadline)


def _store(session: Session, row: Row, before: Row | None) -> None:
    """Insert, or update the version that was read: of two writers exactly one wins on either database."""
    if before is None:
        if session.run(_ADD, **row) != 1:
            raise _exists(row)
        return
    values = {key: row[key] for key in _CHANGES}
    key = {"unit": row["unit_code"], "month": row["period"], "was_version": before["version"]}
    if session.run(_SAVE, **values, **key) != 1:
        raise VersionConflict()


def _row(
    unit: Row,
    period: Period,
    form: FormVersion,
    before: Row | None,
    content: ReportContent,
    findings: Sequence[Finding],
    draft: bool,
    now: datetime,
    deadline: datetime,
) -> Row:
    first = before["first_submitted_at"] if before else None
    if first is None and not draft:
        first = now
    return {
        "form_code": form.code,
        "unit_code": unit["code"],
        "period": str(period),
        "form_version": form.version,
        "status": "draft" if draft else "submitted",
        "version": before["version"] + 1 if before else 1,
        "content_hash": content.content_hash,
        "received_at": now,
        "first_submitted_at": first,
        "timeliness": timeliness(first, deadline).value if first else None,
        "accepted_at": None,
        "accepted_by": None,
        "accepted_version": before["accepted_version"] if before else None,
        "findings": [f.as_json() for f in findings],
        "reasons": before["reasons"] if before and draft else None,
    }
