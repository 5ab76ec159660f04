"""`/periods/{period}/{unit}/vintages`: what was published of a closed period, each time."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.answers import json_response, read
from app.api.conditional import etag_of, is_unchanged, not_modified, reply
from app.api.documented import answers
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.schemas.views import SnapshotOut, VintageDiffOut, VintageList
from app.services import vintages
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/periods/{period}/{unit}/vintages", tags=["periods"])

MOST_VINTAGES = 9_999
VintageNumber = Annotated[int, Path(ge=1, le=MOST_VINTAGES)]


@router.get("", responses=answers(VintageList, 200, 403, 404, 422))
async def list_vintages(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Every vintage of a period, oldest first; none while it is open."""
    found = await read(request, vintages.listed, period=parse_period(period), unit_code=unit)
    return json_response({"items": found})


@router.get("/diff", responses=answers(VintageDiffOut, 200, 403, 404, 422))
async def diff_vintages(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    first: Annotated[int, Query(alias="from", ge=1, le=MOST_VINTAGES)],
    second: Annotated[int, Query(alias="to", ge=1, le=MOST_VINTAGES)],
) -> Response:
    """The cells in which two vintages differ, with reason and approver of the one named by `to`."""
    month = parse_period(period)
    return json_response(
        await read(request, vintages.compared, period=month, unit_code=unit, first=first, second=second)
    )


@router.get("/{number}", responses=answers(SnapshotOut, 200, 304, 403, 404, 422))
async def get_vintage(
    request: Request, period: PeriodInPath, unit: UnitInPath, number: VintageNumber
) -> Response:
    """One vintage whole: sums, completeness, mismatches, judged activities, what it restated.

    Always the same bytes, whose SHA-256 the list of vintages tells.
    """
    month = parse_period(period)
    body = await read(request, vintages.get, period=month, unit_code=unit, number=number)
    etag = etag_of(sha256(body).hexdigest()[:32])
    return not_modified(etag) if is_unchanged(request, etag) else reply(body, etag=etag)
