"""`/rankings`: the units of a month by one ratio."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.aggregates import answers_of
from app.api.answers import read
from app.api.documented import answers
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.schemas.rankings import RankingOut
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.summaries import TABLES
from app.api.tables import tagged
from app.documents.ranking_table import ranking_listing
from app.domain.aggregate import View
from app.services import rankings
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["aggregates"])

_ANSWERS = answers(RankingOut, 200, 304, 403, 404, 406, 422)
_ANSWERS[200]["content"] = TABLES


@router.get("/rankings/{period}/{unit}", responses=_ANSWERS)
async def get_ranking(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    ratio: Annotated[
        str,
        Query(
            pattern="^[a-z][a-z0-9_]{0,39}$",
            description="the code of a ratio of the month's form",
            examples=["townships_mobilized_rate"],
        ),
    ],
    view: Annotated[View, Query(description="`centre`: prefectures only")] = View.ALL,
) -> Response:
    """The reporting units below a unit, the highest ratio first.

    Ranked by the effective, unrounded ratio; equal ones share a rank (1, 1, 3) and are listed by code. A unit
    whose denominator is 0 is listed as 不参与排名, one that did not report last as 未报; both have no rank.
    `Accept` also takes CSV and xlsx. The `ETag` is strong.
    """
    media = preferred(request, JSON, CSV, XLSX)
    found = await read(
        request,
        rankings.of_unit,
        unit_code=unit,
        period=parse_period(period),
        ratio=ratio,
        view=view,
        answers=answers_of(request),
    )
    return await tagged(request, found, media, partial(ranking_listing, found))
