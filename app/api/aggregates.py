"""`/aggregates` and `/completeness`: sums up the tree, and who is missing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import database_of, json_response, read
from app.api.conditional import etag_of, is_unchanged, not_modified, reply
from app.api.context import actor_of
from app.api.documented import answers
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.schemas.views import AggregateOut, CompletenessOut
from app.api.sdmx import BODY, SDMX, as_sdmx
from app.api.summaries import BY_ACCEPT, MARK_OF, TABLES, as_table
from app.domain.aggregate import View
from app.services import aggregates, completeness
from app.services.aggregates import Kept
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["aggregates"])


_ANSWERS = answers(AggregateOut, 200, 304, 403, 404, 406, 422)
_ANSWERS[200]["content"] = TABLES | BODY


@router.get("/aggregates/{period}/{unit}", responses=_ANSWERS)
async def get_aggregate(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    view: Annotated[
        View, Query(description="`centre`: prefectures only, others shown separately")
    ] = View.ALL,
    vintage: Annotated[
        int | None, Query(ge=1, le=9999, description="Of a closed period: as this vintage published it.")
    ] = None,
) -> Response:
    """The period's sums over the reporting units below a unit.

    Each cell names the units it consists of and those that are missing. Ratios are ratios of sums, rounded
    half-up to one decimal from integers; 0/0 is null. The `ETag` is strong: an unchanged answer is 304.
    Once the period is closed the answer is the last vintage, and `vintage` names an earlier one (404 when there is
    none): always the same bytes. `Accept` also takes the official table, a row per unit and one of sums: as a
    workbook, or as CSV; and `application/vnd.sdmx.data+csv;version=2.0.0`, every value of every unit as an
    observation (docs/aggregates.md).
    """
    media = preferred(request, JSON, CSV, XLSX, SDMX)
    found = await _found(request, unit, period, view, vintage)
    if media == SDMX:
        return await as_sdmx(request, found.body, found.tag)
    etag = etag_of(found.tag + MARK_OF[media])
    if is_unchanged(request, etag):
        return not_modified(etag)
    if media == JSON:
        return reply(found.body, etag=etag, headers=BY_ACCEPT)
    return await as_table(request, found.body, media, etag)


async def _found(request: Request, unit: str, period: str, view: View, vintage: int | None) -> Kept:
    """The answer from the nearest place that has it: known to stand, kept or quickly made, or computed now."""
    database, kept, by = database_of(request), answers_of(request), actor_of(request)
    asked: Any = {"unit_code": unit, "view": view, "vintage": vintage}
    stamp = database.stamp()
    found = kept.standing(stamp, **asked, period=period, by=by) if stamp else None
    if found is None:
        asked["period"] = parse_period(period)
        found = await database.look(kept.kept, **asked, by=by, stamp=stamp)
    if found is None:
        found = await database.read(kept.computed, **asked, is_blind=by.is_reporter_only)
    return found


def answers_of(request: Request) -> aggregates.Answers:
    """The answers that this process keeps."""
    kept: aggregates.Answers = request.app.state.aggregates
    return kept


@router.get("/completeness/{period}/{unit}", responses=answers(CompletenessOut, 200, 403, 404, 422))
async def get_completeness(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Which of the expected units reported, on time or late, and which are missing.

    Expected is whoever the register names as reporting at the period's cut-off. A returned report keeps counting
    by its first complete submission; one that came back as blank does not. Rates are over the
    expected units without the excused (免报, `PUT /periods/{period}/{unit}/excuse`), half-up to one decimal from
    integers. `omissions` tells of each missing unit how many months in a row it left out before this one, the
    excused ones not counted.
    """
    found = await read(
        request,
        completeness.of_unit,
        unit_code=unit,
        period=parse_period(period),
        policy=request.app.state.policy,
    )
    return json_response(found)
