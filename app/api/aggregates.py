"""`/aggregates` and `/completeness`: sums up the tree, and who is missing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import caller, database_of, json_response, read
from app.api.conditional import etag_of, is_unchanged, not_modified, reply
from app.api.documented import answers
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.schemas.views import AggregateOut, CompletenessOut
from app.domain.aggregate import View
from app.services import aggregates, completeness
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["aggregates"])


@router.get("/aggregates/{period}/{unit}", responses=answers(AggregateOut, 200, 304, 403, 404, 422))
async def get_aggregate(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    view: Annotated[
        View, Query(description="`centre`: prefectures only, others shown separately")
    ] = View.ALL,
) -> Response:
    """The period's sums over the reporting units below a unit.

    Each cell names the units it consists of and those that are missing. Ratios are ratios of sums, rounded
    half-up to one decimal from integers; 0/0 is null. The `ETag` is strong: an unchanged answer is 304.
    """
    answers_kept: aggregates.Answers = request.app.state.aggregates
    tag, body = await database_of(request).read(
        answers_kept.get, unit_code=unit, period=parse_period(period), view=view, by=caller(request)
    )
    etag = etag_of(tag)
    return not_modified(etag) if is_unchanged(request, etag) else reply(body, etag=etag)


@router.get("/completeness/{period}/{unit}", responses=answers(CompletenessOut, 200, 403, 404, 422))
async def get_completeness(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Which of the expected units reported, on time or late, and which are missing."""
    found = await read(
        request,
        completeness.of_unit,
        unit_code=unit,
        period=parse_period(period),
        policy=request.app.state.policy,
    )
    return json_response(found)
