"""`/reports`: file a month, read it, correct it, and see what changed."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.answers import DryRun, caller, instant, json_answer, json_response, page_of, read, write
from app.api.body import json_body, json_tree
from app.api.conditional import etag_of, if_match
from app.api.context import received_at
from app.api.documented import answers
from app.api.examples import REOPEN, REPORT, RETURN
from app.api.findings import finding
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.reports import (
    AcceptIn,
    DiffOut,
    ReopenIn,
    ReportContentOut,
    ReportIn,
    ReportOut,
    ReportPage,
    ReturnIn,
    Status,
    Timeliness,
    VersionList,
    VersionOut,
)
from app.api.schemas.shapes import Nothing, PeriodInPath, UnitInPath
from app.api.strict_json import Loaded
from app.db import Row, Session
from app.domain.permission import Actor
from app.domain.workflow import Status as State
from app.domain.workflow import allowed
from app.errors import Finding
from app.services import report_queries, report_states, reports
from app.services.idempotency import Answer
from app.services.periods import parse_period
from app.services.reports import Saved, Submission

MONTH = "^[0-9]{4}-[0-9]{2}$"
CODE = "^([0-9]{6}|[0-9]{9})$"
MOST_VERSIONS = 999_999_999
VersionNumber = Annotated[int, Path(ge=1, le=MOST_VERSIONS)]

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


@router.post("", status_code=201, responses=answers(ReportOut, 201, 200, 400, 404, 409, 413, 415, 422))
async def submit_report(
    request: Request,
    body: Annotated[Loaded, json_tree(ReportIn, examples=REPORT)],
    dry_run: DryRun = False,
) -> Response:
    """File a unit's report of a period.

    Submits unless `draft` is true. Every finding comes at once: an error, or a warning without an
    explanation, refuses the report with 422 and stores nothing. A second report for the same unit and period
    is refused with 409 and the `Location` of the first. The instant at which the head of the request arrived
    decides whether it is on time.
    """
    submission = submission_of(body)
    return await write(
        request,
        reports.submit,
        partial(_filed, caller(request), 201),
        body=body.value,
        dry_run=dry_run,
        submission=submission,
        policy=request.app.state.policy,
    )


@router.put("/{period}/{unit}", responses=answers(ReportOut, 200, 400, 404, 409, 412, 413, 415, 422, 428))
async def revise_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[Loaded, json_tree(ReportIn, examples=REPORT)],
    dry_run: DryRun = False,
) -> Response:
    """Save a new version of a report: a correction, or with `draft` a draft.

    `If-Match` names the version that was read (428 without it). When somebody changed it since, 412 tells both
    versions and every cell that differs. An accepted report must be reopened first (409).
    """
    version = if_match(request)
    submission = submission_of(body, period=period, unit=unit)
    return await write(
        request,
        reports.revise,
        partial(_filed, caller(request), 200),
        body=body.value,
        dry_run=dry_run,
        submission=submission,
        version=version,
        policy=request.app.state.policy,
    )


@router.get("", responses=answers(ReportPage, 200, 404, 422))
async def list_reports(
    request: Request,
    period: Annotated[str | None, Query(pattern=MONTH)] = None,
    unit: Annotated[str | None, Query(pattern=CODE)] = None,
    within: Annotated[str | None, Query(pattern=CODE, description="a unit: its reporting subtree")] = None,
    status: Annotated[Status | None, Query()] = None,
    timeliness: Annotated[Timeliness | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Reports within the caller's reach, by period and unit, without contacts. Drafts are only one's own."""
    rows = await read(
        request,
        report_queries.listed,
        period=period,
        unit=unit,
        inside=within,
        status=status,
        timeliness=timeliness,
        after=decode_cursor(cursor, (str, str)),
        limit=limit + 1,
    )
    return json_response(page_of([_row(row) for row in rows], limit, "period", "unit"))


@router.get("/{period}/{unit}", responses=answers(ReportOut, 200, 404, 422))
async def get_report(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """One report as it stands. The contact is masked for everybody but the unit itself."""
    month = str(parse_period(period))
    found = await read(
        request, report_queries.whole, unit=unit, period=month, policy=request.app.state.policy
    )
    body = report_json(found, caller(request)) | {"committed": True}
    return json_response(body, {"ETag": etag_of(found.report["version"])})


@router.get("/{period}/{unit}/versions", responses=answers(VersionList, 200, 404, 422))
async def list_versions(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Every saved content, oldest first. Drafts show only to the unit itself."""
    rows = await read(request, _versions, unit=unit, period=str(parse_period(period)))
    return json_response({"items": rows})


@router.get("/{period}/{unit}/versions/{number}", responses=answers(VersionOut, 200, 404, 422))
async def get_version(
    request: Request, period: PeriodInPath, unit: UnitInPath, number: VersionNumber
) -> Response:
    """One saved content, whole, as it was and with what was found in it then."""
    row = await read(request, _version, unit=unit, period=str(parse_period(period)), number=number)
    return json_response(row)


@router.get("/{period}/{unit}/diff", responses=answers(DiffOut, 200, 404, 422))
async def get_diff(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    first: Annotated[int, Query(alias="from", ge=1, le=MOST_VERSIONS)],
    second: Annotated[int, Query(alias="to", ge=1, le=MOST_VERSIONS)],
) -> Response:
    """The cells in which two versions differ, each with its pointer and both values."""
    month = str(parse_period(period))
    cells = await read(request, report_queries.compared, unit=unit, period=month, first=first, second=second)
    return json_response({"from": first, "to": second, "cells": cells})


@router.get("/{period}/{unit}/draft", responses=answers(ReportContentOut, 200, 404, 422))
async def prefill_draft(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """A body to start from: contact and denominators from the last report, never the ledger's figures."""
    found = await read(
        request,
        reports.prefilled,
        unit=unit,
        period=parse_period(period),
        now=received_at(request),
        policy=request.app.state.policy,
    )
    return json_response(found)


@router.post("/{period}/{unit}/submit", responses=answers(ReportOut, 200, 404, 409, 413, 415, 422))
async def submit_draft(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Submit the saved draft: the checks run anew."""
    return await _act(request, reports.submit_draft, period, unit, dry_run)


@router.post("/{period}/{unit}/withdraw", responses=answers(ReportOut, 200, 404, 409, 413, 415, 422))
async def withdraw_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Take a submitted report back before it is reviewed; it becomes a draft."""
    return await _act(request, report_states.withdraw, period, unit, dry_run)


@router.post("/{period}/{unit}/accept", responses=answers(ReportOut, 200, 404, 409, 412, 413, 415, 422))
async def accept_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[AcceptIn, json_body(AcceptIn)],
    dry_run: DryRun = False,
) -> Response:
    """Accept a submitted report. With `content_hash`, 412 when the content is no longer the one that was read.

    The rules of the next period's report, whose basis this is, run again; its state stays as it is.
    """
    return await _act(request, report_states.accept, period, unit, dry_run, content_hash=body.content_hash)


@router.post("/{period}/{unit}/return", responses=answers(ReportOut, 200, 404, 409, 413, 415, 422))
async def return_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ReturnIn, json_body(ReturnIn, examples=RETURN)],
    dry_run: DryRun = False,
) -> Response:
    """Send a report back with a reason per cell."""
    reasons = [reason.model_dump() for reason in body.reasons]
    return await _act(request, report_states.send_back, period, unit, dry_run, reasons=reasons)


@router.post("/{period}/{unit}/reopen", responses=answers(ReportOut, 200, 404, 409, 413, 415, 422))
async def reopen_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ReopenIn, json_body(ReopenIn, examples=REOPEN)],
    dry_run: DryRun = False,
) -> Response:
    """Open an accepted report for a correction, with a reason and an end."""
    return await _act(
        request, report_states.reopen, period, unit, dry_run, reason=body.reason, expires_at=body.expires_at
    )


async def _act(
    request: Request, service: Any, period: str, unit: str, dry_run: bool, **given: Any
) -> Response:
    return await write(
        request,
        service,
        partial(_filed, caller(request), 200),
        body=given,
        dry_run=dry_run,
        period=str(parse_period(period)),
        unit=unit,
        policy=request.app.state.policy,
        **given,
    )


def _row(row: Row) -> dict[str, Any]:
    """A report in a list: no contact, no figures."""
    same = ("period", "name", "status", "version", "received_at", "timeliness")
    form = f"{row['form_code']}/{row['form_version']}"
    return {"unit": row["unit_code"], "form": form, **{name: row[name] for name in same}}


def _versions(session: Session, *, unit: str, period: str, by: Actor) -> list[Row]:
    report = report_queries.visible(session, unit=unit, period=period, by=by)
    return report_queries.versions(session, report, by=by)


def _version(session: Session, *, unit: str, period: str, number: int, by: Actor) -> Row:
    report = report_queries.visible(session, unit=unit, period=period, by=by)
    row = report_queries.version(session, report, number, by=by)
    same = ("number", "draft", "content_hash", "author", "received_at", "content", "findings")
    return {name: row[name] for name in same}


def submission_of(body: Loaded, period: str | None = None, unit: str | None = None) -> Submission:
    """The parts of a body that the route itself needs, and the rest for the domain to judge.

    On an update the path says whose report it is; a body that names another is a finding.
    """
    content: dict[str, Any] = dict(body.value)
    found: list[Finding] = list(body.findings)
    named_unit, named_period = content.pop("unit", unit), content.pop("period", period)
    draft = content.pop("draft", False)
    if not isinstance(draft, bool):
        found.append(finding("wrong-type", "/draft"))
    if not isinstance(named_unit, str):
        found.append(finding("wrong-type" if named_unit is not None else "missing-field", "/unit"))
    if unit is not None and named_unit != unit:
        found.append(finding("unknown-value", "/unit"))
    if period is not None and named_period != period:
        found.append(finding("unknown-value", "/period"))
    return Submission(
        unit=unit or (named_unit if isinstance(named_unit, str) else ""),
        period=period or named_period,
        content=content,
        draft=draft is True,
        found=found,
    )


def _filed(actor: Actor, status: int, saved: Saved, committed: bool) -> Answer:
    """What the author of a write is told; `allowed` says what can be done next, and why the rest cannot."""
    report = saved.report
    body = report_json(saved, actor) | {"committed": committed}
    headers = {"ETag": etag_of(report["version"])} if committed else {}
    if status == 201 and committed:
        headers["Location"] = f"/api/v1/reports/{report['period']}/{report['unit_code']}"
    return json_answer(body, status, headers)


def report_json(saved: Saved, actor: Actor) -> dict[str, Any]:
    """A report as the contract writes it; its content is masked already where it must be."""
    report, path = saved.report, saved.unit["report_path"]
    steps = allowed(State(report["status"]), lambda action: actor.may(action, path))
    return {
        "period": report["period"],
        "unit": report["unit_code"],
        "name": saved.unit["name"],
        "form": f"{report['form_code']}/{report['form_version']}",
        "status": report["status"],
        "version": report["version"],
        "content_hash": report["content_hash"],
        "received_at": instant(report["received_at"]),
        "timeliness": report["timeliness"],
        "deadline": instant(saved.deadline),
        **saved.content,
        "findings": saved.findings,
        "reasons": report["reasons"],
        "allowed": [step.as_json() for step in steps],
    }
