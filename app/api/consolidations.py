"""`/reports/{period}/{unit}/consolidation`: what a collecting unit hands up, and what it is made of."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.api.answers import json_response, read
from app.api.documented import answers
from app.api.schemas.consolidations import ConsolidationOut
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.services import consolidations
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


@router.get("/{period}/{unit}/consolidation", responses=answers(ConsolidationOut, 200, 403, 404, 409, 422))
async def get_consolidation(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """What a collecting unit hands up: the sums of the reports that it accepted, and who is not among them.

    `differences` names the columns in which its own report is not that sum (R32; R33 for optional county rows).
    `items` holds what the units wrote, with their attachments; `generated` the items that nobody types, from
    effective values. `…/draft` gives the same as a body to file.
    """
    found = await read(request, consolidations.of_unit, period=parse_period(period), unit_code=unit)
    return json_response(found)
