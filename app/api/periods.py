"""`/periods`: what a period covers and when it is due."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, json_answer, json_response, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import CLOSE, DEADLINE, EXCUSE, RESTATE
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.schemas.views import (
    CloseIn,
    DeadlineIn,
    ExcuseIn,
    ExcuseOut,
    PeriodOut,
    PeriodStateOut,
    RestateIn,
)
from app.services import closings, excuses, periods
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/periods", tags=["periods"])


@router.get("/{period}/{unit}", responses=answers(PeriodStateOut, 200, 404, 422))
async def get_period(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """The window of a period and its deadline.

    For a unit that files a report, `deadline` is when that is due; for one that collects, when the units that
    report to it are due, and `own_deadline` when it owes what it collected. `findings` says where a shifted
    deadline leaves no time to review, or rests on an unpublished calendar. `state` says whether it is closed,
    `closings` lists the vintages, and `pending_restatement` every figure that changed since the last one: what is
    published stays, until it is restated.
    """
    found = await read(
        request,
        closings.of_unit,
        unit_code=unit,
        period=parse_period(period),
        policy=request.app.state.policy,
    )
    return json_response(found)


@router.put("/{period}/{unit}/deadline", responses=answers(PeriodOut, 200, 403, 404, 409, 413, 415, 422))
async def set_deadline(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[DeadlineIn, json_body(DeadlineIn, examples=DEADLINE)],
    dry_run: DryRun = False,
) -> Response:
    """Move the day on which everything that reports to this unit is due, for one period, with a reason."""
    return await write(
        request,
        periods.set_deadline,
        _saved,
        body=body.model_dump(mode="json"),
        dry_run=dry_run,
        period=parse_period(period),
        unit_code=unit,
        due_on=body.due_on,
        reason=body.reason,
        policy=request.app.state.policy,
    )


@router.put("/{period}/{unit}/excuse", responses=answers(ExcuseOut, 200, 403, 404, 409, 413, 415, 422))
async def excuse_unit(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ExcuseIn, json_body(ExcuseIn, examples=EXCUSE)],
    dry_run: DryRun = False,
) -> Response:
    """Let a unit off a month (免报), with a reason: by a reviewer of the unit that it reports to.

    It is no longer missing, not reminded, and left out of the rates; sums still list it under `units_missing`. A
    report that it sends all the same counts. 409 where none is expected, one was submitted, or the period is closed.
    """
    return await write(
        request,
        excuses.excuse,
        _saved,
        body=body.model_dump(),
        dry_run=dry_run,
        period=parse_period(period),
        unit_code=unit,
        reason=body.reason,
    )


@router.delete("/{period}/{unit}/excuse", responses=answers(ExcuseOut, 200, 403, 404, 409, 422))
async def lift_excuse(
    request: Request, period: PeriodInPath, unit: UnitInPath, dry_run: DryRun = False
) -> Response:
    """Take an excuse back: the unit is expected to report again. Answers what it was."""
    return await write(
        request, excuses.lift, _saved, dry_run=dry_run, period=parse_period(period), unit_code=unit
    )


@router.post("/{period}/{unit}/close", responses=answers(PeriodStateOut, 200, 403, 404, 409, 413, 415, 422))
async def close_period(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[CloseIn, json_body(CloseIn, examples=CLOSE)],
    dry_run: DryRun = False,
) -> Response:
    """Close a period for all that report to a unit: its figures become final, as vintage 1.

    A figure counts as far as accepted evidence covers it (无证明材料，视为未开展), a missing report is 漏报, and
    nothing is taken any more but by a reopening. Whatever stands against it, an early close or a report that
    waits for review, is answered as findings (422); the same request with a `reason` closes all the same.
    """
    return await _act(request, closings.close, period, unit, body, dry_run)


@router.post("/{period}/{unit}/restate", responses=answers(PeriodStateOut, 200, 403, 404, 409, 413, 415, 422))
async def restate_period(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[RestateIn, json_body(RestateIn, examples=RESTATE)],
    dry_run: DryRun = False,
) -> Response:
    """Publish what changed since the close as the next vintage, which lists each cell, old and new, and why.

    409 when nothing changed. A correction of a reopened unit must be reviewed first (422).
    """
    return await _act(request, closings.restate, period, unit, body, dry_run)


async def _act(
    request: Request, service: Any, period: str, unit: str, body: CloseIn | RestateIn, dry_run: bool
) -> Response:
    return await write(
        request,
        service,
        _saved,
        body=body.model_dump(mode="json"),
        dry_run=dry_run,
        is_long=True,
        period=parse_period(period),
        unit_code=unit,
        reason=body.reason,
        policy=request.app.state.policy,
    )


def _saved(found: dict[str, Any], committed: bool) -> Answer:
    return json_answer({**found, "committed": committed})
