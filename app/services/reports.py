"""Reports: file one, correct it, and keep every content that was ever saved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, update

from app.db import Question, Row, Session, prepared
from app.domain.canonical import digest
from app.domain.closing import outside
from app.domain.content import ReportContent
from app.domain.deadline import timeliness
from app.domain.difference import difference
from app.domain.mismatch import Cause
from app.domain.permission import Actor
from app.domain.proof import Proof, units_covered
from app.domain.workflow import Status, Transition
from app.errors import Conflict, Invalid, NotFound, Text, VersionConflict
from app.models import Report, ReportVersion
from app.services import (
    audit,
    checking,
    consolidations,
    coverage,
    events,
    figures,
    forms,
    mismatches,
    standing,
    versions,
)
from app.services.coverage import evidence_of
from app.services.filing import Filing, Submission, judge, line_of, opened
from app.services.periods import Policy
from app.services.steps import is_final

__all__ = ["Saved", "Submission", "revise", "submit", "submit_draft"]

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_REPORTS))
_CHANGES = (
    "form_version",
    "status",
    "version",
    "content_hash",
    "received_at",
    "first_submitted_at",
    "timeliness",
    "findings",
    "reasons",
)
_SAVE = prepared(
    update(_REPORTS)
    .where(
        _REPORTS.c.unit_code == bindparam("unit"),
        _REPORTS.c.period == bindparam("month"),
        _REPORTS.c.version == bindparam("was_version"),
    )
    .values({_REPORTS.c[name]: bindparam(f"new_{name}") for name in _CHANGES})
)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3})?")
_ADD_VERSION = prepared(insert(ReportVersion.__table__))  # type: ignore[attr-defined]


class Saved(NamedTuple):
    """A report as it stands, with its current content, what was found in it, and who saved it."""

    report: Row
    unit: Row
    content: dict[str, Any]
    findings: list[dict[str, Any]]
    author: str
    deadline: datetime
    evidence: dict[str, Any]
    figures: Row | None = None
    """The four values as they were before the step: they say whether the period is closed for the unit."""


def asked(submission: Submission) -> list[Question]:
    """What `submit` will ask; nothing for a body that names no unit and month, as there is no answer to it."""
    unit, month = submission.unit, submission.period
    if not (isinstance(month, str) and _MONTH.fullmatch(month) and _CODE.fullmatch(unit)):
        return []
    return [standing.asked(unit, month), forms.asked(month), checking.asked(unit, month), audit.ASKED]


def submit(session: Session, *, submission: Submission, by: Actor, now: datetime, policy: Policy) -> Saved:
    """File a unit's first report of a period, or save its draft. `now` is the arrival of the request's head.

    Raises NotFound (unit out of reach), Invalid with every finding, Conflict when one exists already.
    """
    filing = opened(session, submission, by=by, now=now, policy=policy)
    if filing.at.report is not None:
        raise _exists(filing.at.report)
    return _save(session, filing)


def revise(
    session: Session,
    *,
    submission: Submission,
    version: int | None,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> Saved:
    """Save a new version of a report that is not accepted: a draft or a correction.

    `version` is the one the caller has read, None for whatever is current. Raises NotFound, VersionConflict
    (stale; with the cells that differ), Conflict (an accepted report is reopened first), Invalid with every finding.
    """
    filing = opened(session, submission, by=by, now=now, policy=policy)
    report = filing.at.report
    if report is None:
        raise NotFound()
    if version is not None and report["version"] != version:
        raise _stale(session, report, version)
    return _save(session, filing)


def submit_draft(
    session: Session, *, period: str, unit: str, by: Actor, now: datetime, policy: Policy
) -> Saved:
    """Submit what was last saved: the checks run anew, and the result is a new version.

    Raises NotFound, Conflict when the report is not a draft or returned, Invalid with every finding.
    """
    empty = Submission(unit=unit, period=period, content={})
    filing = opened(session, empty, by=by, now=now, policy=policy)
    report = filing.at.report
    if report is None:
        raise NotFound()
    if report["status"] == Status.SUBMITTED:
        raise Conflict(
            Text("报表已报送，无需再次提交", "The report is submitted already"),
            code="wrong-status",
            status_now=report["status"],
        )
    line_of(filing)
    content = versions.current(session, report)["content"]
    return _save(session, filing._replace(submission=empty._replace(content=content)))


def _save(session: Session, filing: Filing) -> Saved:
    line = line_of(filing)
    unit, is_proved = filing.at.unit, filing.at.has_claims
    proofs = coverage.proofs(session, unit["code"], filing.period, filing.form) if is_proved else []
    content, found = judge(session, filing, proofs)
    findings = [finding.as_json() for finding in found]
    said = content.as_json()
    _check_scope(session, filing, said)
    row = _row(filing, line, said)
    _store(session, row, filing.at.report)
    session.defer(_ADD_VERSION, **_version(filing, row, said, findings))
    # Nothing counts before it is submitted; and a returned report counts as it was sent, until it is sent again.
    if not filing.submission.draft:
        _count(session, filing, content, proofs)
    _trail(session, filing, row)
    by = filing.by
    shown = versions.seen(said, unit["report_path"], by)
    shown_proof = evidence_of(filing.form, said, proofs, filing.policy, closed=is_final(filing.at.figures))
    return Saved(row, unit, shown, findings, by.id, filing.deadline, shown_proof, filing.at.figures)


def _check_scope(session: Session, filing: Filing, said: dict[str, Any]) -> None:
    """Refuse to change a cell that the reopening of a closed period does not name. Raises Invalid."""
    figures, report = filing.at.figures, filing.at.report
    if report is None or figures is None or not figures["reopening"]:
        return
    old = versions.current(session, report)["content"]
    found = outside(figures["reopening"]["pointers"], old, said)
    if found:
        raise Invalid(code="cell-not-reopened", findings=found)


def _row(filing: Filing, line: Transition, said: dict[str, Any]) -> Row:
    draft, before = filing.submission.draft, filing.at.report
    first = before["first_submitted_at"] if before else None
    if first is None and not draft:
        first = filing.now
    judged = timeliness(first, filing.deadline).value if first and line.target is not Status.DRAFT else None
    return {
        "form_code": filing.form.code,
        "unit_code": filing.at.unit["code"],
        "period": str(filing.period),
        "form_version": filing.form.version,
        "status": line.target.value,
        "version": before["version"] + 1 if before else 1,
        "content_hash": digest(said),
        "received_at": filing.now,
        "first_submitted_at": first,
        "timeliness": judged,
        "accepted_at": None,
        "accepted_by": None,
        "accepted_version": None,
        "findings": None,
        "reasons": before["reasons"] if before and draft else None,
    }


def _store(session: Session, row: Row, before: Row | None) -> None:
    """Insert, or update the version that was read: of two writers exactly one wins on either database."""
    if before is None:
        session.defer(_ADD, **row)
        return
    values = {f"new_{name}": row[name] for name in _CHANGES}
    key = {"unit": row["unit_code"], "month": row["period"], "was_version": before["version"]}
    if session.run(_SAVE, **values, **key) != 1:
        raise VersionConflict()


def _version(filing: Filing, row: Row, said: dict[str, Any], findings: list[dict[str, Any]]) -> Row:
    same = ("form_code", "unit_code", "period", "form_version", "content_hash", "received_at")
    return {
        **{name: row[name] for name in same},
        "number": row["version"],
        "draft": filing.submission.draft,
        "content": said,
        "findings": findings,
        "author": filing.by.id,
    }


def _count(session: Session, filing: Filing, content: ReportContent, proofs: Sequence[Proof]) -> None:
    at, before, ledger = filing.at, filing.at.figures, figures.KEEP
    evidenced = units_covered(filing.form, proofs, accepted=True)
    if at.collects:
        evidenced, below = consolidations.sides(session, at.unit, filing.period, filing.form)
        ledger = below or ledger
    after = figures.refresh(
        session,
        unit=at.unit["code"],
        period=str(filing.period),
        form=filing.form,
        before=before,
        policy=filing.policy,
        evidenced=evidenced,
        ledger=ledger,
        reported={**content.figures, **content.supplements},
    )
    mismatches.follow(session, before=before, after=after, cause=Cause.REPORT, by=filing.by, now=filing.now)


def _trail(session: Session, filing: Filing, row: Row) -> None:
    before, draft = filing.at.report, filing.submission.draft
    audit.record(
        session,
        by=filing.by,
        action="report.draft" if draft else "report.submit",
        path=filing.at.unit["report_path"],
        thing=f"report:{row['period']}/{row['unit_code']}",
        now=filing.now,
        version=row["version"],
        before=before["content_hash"] if before else None,
        after=row["content_hash"],
    )
    if not draft:
        data = {"period": row["period"], "unit": row["unit_code"], "version": row["version"]}
        events.emit(session, "report.submitted", unit=row["unit_code"], data=data, now=filing.now)


def _stale(session: Session, report: Row, version: int) -> VersionConflict:
    """What changed since the version that the caller has read, cell by cell."""
    read, now = versions.find(session, report, version), versions.current(session, report)
    return VersionConflict(
        your_version=version,
        current_version=report["version"],
        diff=difference(read["content"], now["content"]) if read else [],
    )


def _exists(report: Row) -> Conflict:
    location = f"/api/v1/reports/{report['period']}/{report['unit_code']}"
    return Conflict(
        Text(
            "该单位本期报表已存在，请修改原报表", "This unit's report of the period exists; update that one"
        ),
        code="report-exists",
        headers={"Location": location},
        location=location,
    )
