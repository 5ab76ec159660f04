"""`/periods`: what a period covers and when it is due."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, json_answer, json_response, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import DEADLINE
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.schemas.views import DeadlineIn, PeriodOut
from app.services import periods
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/periods", tags=["periods"])


@router.get("/{period}/{unit}", responses=answers(PeriodOut, 200, 404, 422))
async def get_period(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """The window of a period and its deadline.

    For a unit that files a report, `deadline` is when that is due; for one that collects, when the units that
    report to it are due, and `own_deadline` when it owes what it collected. `findings` says where a shifted
    deadline leaves no time to review, or rests on an unpublished calendar.
    """
    found = await read(
        request, periods.of_unit, unit_code=unit, period=parse_period(period), policy=request.app.state.policy
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


def _saved(found: dict[str, Any], committed: bool) -> Answer:
    return json_answer({**found, "committed": committed})
