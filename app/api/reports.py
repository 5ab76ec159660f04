"""`/reports`: file a month, read it, correct it, and see what changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.answers import DryRun, caller, instant, json_answer, json_response, read, write
from app.api.body import json_tree
from app.api.conditional import if_match, version_tag
from app.api.documented import answers
from app.api.examples import REPORT, REPORT_DRAFT
from app.api.findings import finding
from app.api.paging import After, Limit, page
from app.api.schemas.common import PERIOD, UNIT
from app.api.schemas.reports import (
    DiffOut,
    ReportIn,
    ReportOut,
    ReportPage,
    Status,
    Timeliness,
    VersionList,
    VersionOut,
)
from app.api.strict_json import Loaded
from app.domain import workflow
from app.errors import Finding
from app.services import report_queries, reports
from app.services.idempotency import Answer
from app.services.reports import Saved, Submission

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

PeriodInPath = Annotated[str, Path(**PERIOD)]
UnitInPath = Annotated[str, Path(**UNIT)]


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
        request, reports.submit, _created, body=body.value, dry_run=dry_run, submission=submission, policy=_policy(request)
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
        _saved,
        body=body.value,
        dry_run=dry_run,
        submission=submission,
        version=version,
        policy=_policy(request),
    )


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
