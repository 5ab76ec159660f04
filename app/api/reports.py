"""`/reports`: file a month, read it, correct it, and see what changed."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.answers import DryRun, json_response, page_of, read, write
from app.api.body import json_tree
from app.api.conditional import IF_MATCH, etag_of, if_match
from app.api.context import actor_of, received_at
from app.api.documented import answers
from app.api.examples import REPORT
from app.api.findings import finding
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.report_answers import filed, report_json, row_json, submission_of
from app.api.schemas.reports import (
    DiffOut,
    ReportContentOut,
    ReportIn,
    ReportOut,
    ReportPage,
    Status,
    Timeliness,
    VersionList,
    VersionOut,
)
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.strict_json import Loaded
from app.errors import Invalid
from app.services import drafts, report_queries, reports
from app.services.periods import parse_period

MONTH = "^[0-9]{4}-[0-9]{2}$"
CODE = "^([0-9]{6}|[0-9]{9})$"
MOST_VERSIONS = 999_999_999
VersionNumber = Annotated[int, Path(ge=1, le=MOST_VERSIONS)]

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


@router.post("", status_code=201, responses=answers(ReportOut, 201, 200, 400, 403, 404, 409, 413, 415, 422))
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
        partial(filed, actor_of(request), received_at(request), 201),
        body=body.value,
        dry_run=dry_run,
        asked=reports.asked(submission),
        submission=submission,
        policy=request.app.state.policy,
    )


@router.put(
    "/{period}/{unit}",
    responses=answers(ReportOut, 200, 400, 403, 404, 409, 412, 413, 415, 422, 428),
    openapi_extra=IF_MATCH,
)
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
        partial(filed, actor_of(request), received_at(request), 200),
        body=body.value,
        dry_run=dry_run,
        submission=submission,
        version=version,
        policy=request.app.state.policy,
    )


@router.get("", responses=answers(ReportPage, 200, 403, 404, 422))
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
        period=str(parse_period(period)) if period else None,
        unit=unit,
        inside=within,
        status=status,
        timeliness=timeliness,
        after=decode_cursor(cursor, (str, str)),
        limit=limit + 1,
    )
    return json_response(page_of([row_json(row) for row in rows], limit, "period", "unit"))


@router.get("/{period}/{unit}", responses=answers(ReportOut, 200, 403, 404, 422))
async def get_report(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """One report as it stands. The contact is masked for everybody but the unit itself."""
    found = await read(
        request,
        report_queries.whole,
        unit=unit,
        period=str(parse_period(period)),
        policy=request.app.state.policy,
    )
    body = report_json(found, actor_of(request), received_at(request)) | {"committed": True}
    return json_response(body, {"ETag": etag_of(found.report["version"])})


@router.get("/{period}/{unit}/versions", responses=answers(VersionList, 200, 403, 404, 422))
async def list_versions(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Every saved content, oldest first. Drafts show only to the unit itself."""
    month = str(parse_period(period))
    rows = await read(request, report_queries.version_list, unit=unit, period=month)
    return json_response({"items": rows})


@router.get("/{period}/{unit}/versions/{number}", responses=answers(VersionOut, 200, 403, 404, 422))
async def get_version(
    request: Request, period: PeriodInPath, unit: UnitInPath, number: VersionNumber
) -> Response:
    """One saved content, whole, as it was and with what was found in it then."""
    month = str(parse_period(period))
    row = await read(request, report_queries.version, unit=unit, period=month, number=number)
    same = ("number", "draft", "content_hash", "author", "received_at", "content", "findings")
    return json_response({name: row[name] for name in same})


class Since(StrEnum):
    """Where a comparison may begin besides a number."""

    RETURN = "return"


@router.get("/{period}/{unit}/diff", responses=answers(DiffOut, 200, 403, 404, 422))
async def get_diff(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    first: Annotated[int | None, Query(alias="from", ge=1, le=MOST_VERSIONS)] = None,
    second: Annotated[int | None, Query(alias="to", ge=1, le=MOST_VERSIONS)] = None,
    since: Annotated[
        Since | None,
        Query(description="From the version that was returned last, instead of `from` and `to`."),
    ] = None,
) -> Response:
    """The cells in which two versions differ, each with its pointer and both values.

    `since=return` compares what the reviewer returned or reopened last with what was sent since; 404 when the
    report never came back.
    """
    month = str(parse_period(period))
    if since is None:
        first, second = _both(first, second)
    found = await read(request, report_queries.compared, unit=unit, period=month, first=first, second=second)
    return json_response(found)


def _both(first: int | None, second: int | None) -> tuple[int, int]:
    if first is None or second is None:
        missing = [f"/query/{name}" for name, value in (("from", first), ("to", second)) if value is None]
        found = [finding("missing-field", place) for place in missing]
        raise Invalid(code="missing-field", findings=found)
    return first, second


@router.get("/{period}/{unit}/draft", responses=answers(ReportContentOut, 200, 403, 404, 422))
async def prefill_draft(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """A body to start from: contact and denominators from the last report, never the ledger's figures."""
    return json_response(await read(request, drafts.prefilled, unit=unit, period=parse_period(period)))
