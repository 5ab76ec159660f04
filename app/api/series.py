"""`/aggregates/{unit}`: sums over a range of months, for trends."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.aggregates import answers_of
from app.api.answers import read
from app.api.documented import answers
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.schemas.series import ColumnsOut, SeriesOut
from app.api.schemas.shapes import UnitInPath
from app.api.summaries import TABLES
from app.api.tables import tagged
from app.documents.series_table import series_listing
from app.domain.aggregate import View
from app.domain.series import as_columns
from app.services import series
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["aggregates"])

MONTH = "^[0-9]{4}-[0-9]{2}$"

_ANSWERS = answers(SeriesOut | ColumnsOut, 200, 304, 403, 404, 406, 422)
_ANSWERS[200]["content"] = TABLES


class Format(StrEnum):
    """How the JSON is laid out."""

    PERIODS = "periods"
    COLUMNS = "columns"


@router.get("/aggregates/{unit}", responses=_ANSWERS)
async def get_series(
    request: Request,
    unit: UnitInPath,
    first: Annotated[
        str | None, Query(alias="from", pattern=MONTH, description="default: 2015-04", examples=["2015-04"])
    ] = None,
    last: Annotated[
        str | None, Query(alias="to", pattern=MONTH, description="default: the last month with data")
    ] = None,
    view: Annotated[View, Query(description="`centre`: prefectures only")] = View.ALL,
    layout: Annotated[
        Format,
        Query(
            alias="format",
            description="`periods`: an item per month; `columns`: an array per value, ready for a chart",
        ),
    ] = Format.PERIODS,
) -> Response:
    """The sums of a unit over a range of months, at most 60, with what changed and what the range comes to.

    Each month is the answer of `/aggregates/{period}/{unit}` without its lists of units. Flows are summed over
    the range and since 2015-04 (`cumulative`); stocks are the last value, never a sum. Ratios come in both
    bases, with their change against the month before in percentage points, taken from the unrounded ratios.
    `breaks` names the series that a new form version began, ended or redefined: nothing is compared or summed
    across a break, and a series that ended is null, never 0. `balances` checks stock = stock before + increase
    − decrease for each unit on ledger and effective figures; where their sources differ between the months it
    says 来源不同 instead of finding fault. `Accept` also takes CSV and xlsx, a row per month.
    """
    media = preferred(request, JSON, CSV, XLSX)
    found = await read(
        request,
        series.of_unit,
        unit_code=unit,
        first=parse_period(first) if first else None,
        last=parse_period(last) if last else None,
        view=view,
        answers=answers_of(request),
    )
    shown = as_columns(found) if layout is Format.COLUMNS and media == JSON else found
    return await tagged(request, shown, media, partial(series_listing, found))
