"""Reports: file one, correct it, and keep every content that was ever saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Row, Session, prepared
from app.domain.checks import blocking
from app.domain.content import ReportContent, parse_content, read_period
from app.domain.deadline import timeliness
from app.domain.difference import difference
from app.domain.form import FormVersion
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.domain.workflow import TRANSITIONS, Status, Step, transition
from app.errors import Conflict, Finding, Invalid, NotFound, Text, VersionConflict, merge
from app.models import Report, ReportVersion
from app.services import audit, checking, events, figures, forms, periods, standing, units

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]

_KEY = (_REPORTS.c.unit_code == bindparam("unit"), _REPORTS.c.period == bindparam("month"))
_GET = prepared(select(_REPORTS).where(*_KEY))
_ADD = prepared(upsert(_REPORTS).on_conflict_do_nothing(index_elements=["form_code", "unit_code", "period"]))
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
    .where(*_KEY, _REPORTS.c.version == bindparam("was_version"))
    .values({_REPORTS.c[name]: bindparam(f"new_{name}") for name in _CHANGES})
)
_ADD_VERSION = prepared(insert(_VERSIONS))
_VERSION = prepared(
    select(_VERSIONS.c.content, _VERSIONS.c.findings, _VERSIONS.c.author).where(
        _VERSIONS.c.unit_code == bindparam("unit"),
        _VERSIONS.c.period == bindparam("month"),
        _VERSIONS.c.number == bindparam("number"),
    )
)
_LAST_VERSION = prepared(
    select(_VERSIONS.c.content)
    .where(
        _VERSIONS.c.unit_code == bindparam("unit"),
        _VERSIONS.c.period < bindparam("month"),
        _VERSIONS.c.draft.is_(False),
    )
    .order_by(_VERSIONS.c.period.desc(), _VERSIONS.c.number.desc())
    .limit(1)
)

ACTION_OF = {line.step: line.action for line in TRANSITIONS}
"""The permission that each step needs, whatever the status."""


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


def submit(
    session: Session, *, submission: Submission, by: Actor, now: datetime, policy: periods.Policy
) -> Saved:
    """File a unit's first report of a period, or save its draft. `now` is the arrival of the request's head.

    Raises NotFound (unit out of reach), Invalid with every finding, Conflict when one exists already.
    """
    filing = _filing(session, submission, by=by, now=now, policy=policy)
    if filing.before is not None:
        raise _exists(filing.before)
    return _save(session, filing)


def revise(
    session: Session,
    *,
    submission: Submission,
    version: int | None,
    by: Actor,
    now: datetime,
    policy: periods.Policy,
) -> Saved:
    """Save a new version of a report that is not accepted: a draft or a correction.

    `version` is the one the caller has read, None for whatever is current. Raises NotFound, VersionConflict
    (stale; with the cells that differ), Conflict (an accepted report is reopened first), Invalid with every finding.
    """
    filing = _filing(session, submission, by=by, now=now, policy=policy)
    if filing.before is None:
        raise NotFound()
    if version is not None and filing.before["version"] != version:
        raise _stale(session, filing.before, version)
    return _save(session, filing)


def find(session: Session, period: str, unit: str) -> Row | None:
    """The report row of a unit and period, whoever asks."""
    return session.one(_GET, unit=unit, month=period)


@dataclass(frozen=True, slots=True)
class _Filing:
    """A submission with everything that judging and storing it needs."""

    submission: Submission
    unit: Row
    before: Row | None
    stored: Row | None
    period: Period
    form: FormVersion
    deadline: datetime
    by: Actor
    now: datetime

    @property
    def thing(self) -> str:
        return f"report:{self.period}/{self.unit['code']}"


def _filing(
    session: Session, submission: Submission, *, by: Actor, now: datetime, policy: periods.Policy
) -> _Filing:
    named = submission.period
    found = standing.of(session, submission.unit, named if isinstance(named, str) else "")
    by.check(Action.WRITE_REPORT, found.unit["report_path"])
    period, form = _period_and_form(session, submission, now)
    return _Filing(
        submission=submission,
        unit=found.unit,
        before=found.report,
        stored=found.figures,
        period=period,
        form=form,
        deadline=found.due(period, form, policy).instant,
        by=by,
        now=now,
    )


def _period_and_form(session: Session, submission: Submission, now: datetime) -> tuple[Period, FormVersion]:
    """The named period and the form in force for it. Raises Invalid (R30) with all findings so far."""
    named = submission.period
    try:
        form = forms.in_force(session, Period.parse(named) if isinstance(named, str) else FIRST)
    except ValueError:
        form = forms.in_force(session, FIRST)
    period, found = read_period(form, named, now)
    if period is None:
        raise Invalid(code="period-invalid", findings=merge(submission.found, found))
    return period, form


def _save(session: Session, filing: _Filing) -> Saved:
    content, found = _judge(session, filing)
    findings = [finding.as_json() for finding in found]
    row = _row(filing, content)
    _store(session, row, filing.before)
    version = _version(filing, row, content, findings)
    session.run(_ADD_VERSION, **version)
    figures.refresh(
        session,
        unit=row["unit_code"],
        period=row["period"],
        form=filing.form,
        before=filing.stored,
        reported=None if filing.submission.draft else content.figures,
    )
    _trail(session, filing, row)
    return Saved(row, filing.unit, filing.form, version["content"], findings, filing.deadline)


def _judge(session: Session, filing: _Filing) -> tuple[ReportContent, list[Finding]]:
    """The content and what was found in it. Raises Invalid with everything, when anything blocks."""
    draft = filing.submission.draft
    content, findings = parse_content(filing.form, filing.submission.content, draft=draft)
    shape = merge(filing.submission.found, findings)
    checked = checking.findings_of(
        session,
        form=filing.form,
        unit=filing.unit,
        period=filing.period,
        content=content,
        stored=filing.stored,
    )
    # A draft is kept with whatever its rules say: it is work in progress, and the findings are its to-do list.
    stops = blocking(shape, ()) if draft else blocking([*shape, *checked], content.explanations)
    if stops:
        raise Invalid(code=_problem_code(stops), findings=[*shape, *checked])
    return content, [*shape, *checked]


def _problem_code(stops: Sequence[Finding]) -> str:
    """The slug of the one defect in the shape of the body, or the general one for several or for rules."""
    codes = {f.code for f in stops}
    only = codes.pop() if len(codes) == 1 else ""
    return only if only and not only[0].isupper() else "report-refused"


def _trail(session: Session, filing: _Filing, row: Row) -> None:
    audit.record(
        session,
        by=filing.by,
        action="report.draft" if filing.submission.draft else "report.submit",
        path=filing.unit["report_path"],
        thing=filing.thing,
        now=filing.now,
        version=row["version"],
        before=filing.before["content_hash"] if filing.before else None,
        after=row["content_hash"],
    )
    if not filing.submission.draft:
        data = {"period": row["period"], "unit": row["unit_code"], "version": row["version"]}
        events.emit(session, "report.submitted", unit=row["unit_code"], data=data, now=filing.now)


def _store(session: Session, row: Row, before: Row | None) -> None:
    """Insert, or update the version that was read: of two writers exactly one wins on either database."""
    if before is None:
        if session.run(_ADD, **row) != 1:
            raise _exists(row)
        return
    values = {f"new_{name}": row[name] for name in _CHANGES}
    key = {"unit": row["unit_code"], "month": row["period"], "was_version": before["version"]}
    if session.run(_SAVE, **values, **key) != 1:
        raise VersionConflict()


def _row(filing: _Filing, content: ReportContent) -> Row:
    draft, before = filing.submission.draft, filing.before
    status = Status(before["status"]) if before else Status.ABSENT
    line = transition(status, Step.SAVE if draft else Step.SUBMIT)
    if line is None:
        raise Conflict(code="wrong-status", status_now=status.value)
    first = before["first_submitted_at"] if before else None
    if first is None and not draft:
        first = filing.now
    return {
        "form_code": filing.form.code,
        "unit_code": filing.unit["code"],
        "period": str(filing.period),
        "form_version": filing.form.version,
        "status": line.target.value,
        "version": before["version"] + 1 if before else 1,
        "content_hash": content.content_hash,
        "received_at": filing.now,
        "first_submitted_at": first,
        "timeliness": timeliness(first, filing.deadline).value if first else None,
        "accepted_at": None,
        "accepted_by": None,
        "accepted_version": None,
        "findings": None,
        "reasons": before["reasons"] if before and draft else None,
    }


def _version(filing: _Filing, row: Row, content: ReportContent, findings: list[dict[str, Any]]) -> Row:
    same = ("form_code", "unit_code", "period", "form_version", "content_hash", "received_at")
    return {
        **{name: row[name] for name in same},
        "number": row["version"],
        "draft": filing.submission.draft,
        "content": content.as_json(),
        "findings": findings,
        "author": filing.by.id,
    }


def _stale(session: Session, report: Row, version: int) -> VersionConflict:
    """What changed since the version that the caller has read, cell by cell."""
    read, now = saved_version(session, report, version), saved_version(session, report)
    return VersionConflict(
        your_version=version,
        current_version=report["version"],
        diff=difference(read["content"], now["content"]) if read and now else [],
    )


def may_see_draft(by: Actor, unit: Row) -> bool:
    """Whether the caller belongs to the unit; nobody else knows of its drafts."""
    return by.may(Action.READ_DRAFT, unit["report_path"])


def saved_version(session: Session, report: Row, number: int | None = None) -> Row | None:
    """One saved version, the current one by default: its content, its findings and its author."""
    return session.one(
        _VERSION, unit=report["unit_code"], month=report["period"], number=number or report["version"]
    )


def saved_content(session: Session, report: Row) -> dict[str, Any]:
    """The current content of a report."""
    row = saved_version(session, report)
    return dict(row["content"]) if row else {}


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


def submit_draft(
    session: Session, *, period: str, unit: str, by: Actor, now: datetime, policy: periods.Policy
) -> Saved:
    """Submit what was last saved: the checks run anew, and the result is a new version.

    Raises NotFound, Conflict when the report is not a draft or returned, Invalid with every finding.
    """
    empty = Submission(unit=unit, period=period, content={})
    filing = _filing(session, empty, by=by, now=now, policy=policy)
    report = filing.before
    if report is None:
        raise NotFound()
    if report["status"] not in (Status.DRAFT, Status.RETURNED):
        raise Conflict(code="wrong-status", status_now=report["status"])
    content = saved_content(session, report)
    return _save(session, replace(filing, submission=replace(empty, content=content)))


def prefilled(
    session: Session, *, period: Period, unit: str, by: Actor, now: datetime, policy: periods.Policy
) -> dict[str, Any]:
    """A body to start from: contact and denominators of the last report, else the register's; the rest blank.

    The ledger's figures are never in it: a unit reports before it is shown them (blind first).
    """
    place = units.get(session, unit)
    by.check(Action.WRITE_REPORT, place["report_path"])
    form = forms.in_force(session, period)
    last = session.one(_LAST_VERSION, unit=unit, month=str(period))
    before: Mapping[str, Any] = last["content"] if last else {}
    figures_before = before.get("figures", {})
    register = {
        "counties_agri_total": place["agri_counties_count"],
        "townships_total": place["townships_count"],
    }
    carried = {code: figures_before.get(code, register.get(code)) for code in form.prefilled_codes}
    return {
        "period": str(period),
        "unit": unit,
        "contact": before.get("contact", {"name": "", "phone": ""}),
        "figures": {code: value for code, value in carried.items() if value is not None},
        "supplements": {},
        "activities": [],
        "narrative": "",
        "explanations": [],
        "draft": True,
    }
