"""`/reconciliations/{id}/figures/{unit}/{indicator}`: why the ledger says what it says."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.api.answers import json_response, read
from app.api.documented import answers
from app.api.schemas.explanations import ExplanationOut
from app.services import explanations

router = APIRouter(prefix="/api/v1/reconciliations", tags=["reconciliation"])

UnitInPath = Annotated[str, Path(pattern="^([0-9]{6}|[0-9]{9})$")]
IndicatorInPath = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,39}$", examples=["members_total"])]


@router.get(
    "/{run_id}/figures/{unit}/{indicator}", responses=answers(ExplanationOut, 200, 403, 404, 422, 503)
)
async def explain_figure(
    request: Request, run_id: str, unit: UnitInPath, indicator: IndicatorInPath
) -> Response:
    """Explain a figure: the records that count, those that do not and why, the identity on both sides, and hints.

    From the roster that decides the figure (`has_records`): at most 100 records of each list are shown, by line
    of the file, without names; all are counted. Where a summary decides it no records are known, and they are
    null. `unit` is the run's unit or one below it, down to a township. `hints` are readings of the same records
    that give exactly what was reported, the likeliest first.
    """
    question = await read(request, explanations.of_run, run_id=run_id, unit_code=unit, indicator=indicator)
    found = await asyncio.to_thread(partial(explanations.answer, question, request.app.state.shelf))
    return json_response({"reconciliation": run_id, **found}, {"Cache-Control": "private, no-cache"})
