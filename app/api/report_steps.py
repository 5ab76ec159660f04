"""`/reports/{period}/{unit}/STEP`: what is done to a report that exists: submit, withdraw, accept, return, reopen."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, caller, write
from app.api.body import json_body
from app.api.context import received_at
from app.api.documented import answers
from app.api.examples import REOPEN, RETURN
from app.api.report_answers import filed
from app.api.schemas.reports import AcceptIn, ReopenedOut, ReopenIn, ReportOut, ReturnIn
from app.api.schemas.shapes import Nothing, PeriodInPath, UnitInPath
from app.services import report_states, reports
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


@router.post("/{period}/{unit}/submit", responses=answers(ReportOut, 200, 403, 404, 409, 413, 415, 422))
async def submit_draft(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Submit the saved draft: the checks run anew."""
    return await _act(request, reports.submit_draft, period, unit, dry_run)


@router.post("/{period}/{unit}/withdraw", responses=answers(ReportOut, 200, 403, 404, 409, 413, 415, 422))
async def withdraw_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Take a submitted report back before it is reviewed; it becomes a draft."""
    return await _act(request, report_states.withdraw, period, unit, dry_run)


@router.post("/{period}/{unit}/accept", responses=answers(ReportOut, 200, 403, 404, 409, 412, 413, 415, 422))
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


@router.post("/{period}/{unit}/return", responses=answers(ReportOut, 200, 403, 404, 409, 413, 415, 422))
async def return_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ReturnIn, json_body(ReturnIn, examples=RETURN)],
    dry_run: DryRun = False,
) -> Response:
    """Send a report back with a reason per cell.

    One that is returned as `incomplete` does not count as submitted: it is judged on time or late anew.
    """
    reasons = [reason.model_dump() for reason in body.reasons]
    return await _act(
        request,
        report_states.send_back,
        period,
        unit,
        dry_run,
        reasons=reasons,
        incomplete=body.incomplete,
    )


@router.post("/{period}/{unit}/reopen", responses=answers(ReopenedOut, 200, 403, 404, 409, 413, 415, 422))
async def reopen_report(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ReopenIn, json_body(ReopenIn, examples=REOPEN)],
    dry_run: DryRun = False,
) -> Response:
    """Open an accepted report for a correction, with a reason and an end; or move the end of a returned one.

    After the end its unit can no longer write into it (409), until it is opened again. In a closed period this is
    the only way to correct a report: only this unit, and only the cells that `pointers` names (without it all);
    also for a report that was never reviewed, and for a unit that never sent one (漏报): the answer is then `absent`,
    until it files. The published figures stay until `POST /periods/{period}/{unit}/restate`.
    """
    return await _act(
        request,
        report_states.reopen,
        period,
        unit,
        dry_run,
        reason=body.reason,
        expires_at=body.expires_at,
        pointers=body.pointers,
    )


async def _act(
    request: Request, service: Any, period: str, unit: str, dry_run: bool, **given: Any
) -> Response:
    return await write(
        request,
        service,
        partial(filed, caller(request), received_at(request), 200),
        body=given,
        dry_run=dry_run,
        period=str(parse_period(period)),
        unit=unit,
        policy=request.app.state.policy,
        **given,
    )
