"""`/board`: where every unit of a month stands, and what has to happen next."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from app.api.answers import read
from app.api.context import received_at
from app.api.documented import answers
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.schemas.board import BoardOut
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.api.summaries import TABLES
from app.api.tables import tagged
from app.documents.board_table import board_listing
from app.services import board
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["aggregates"])

_ANSWERS = answers(BoardOut, 200, 304, 403, 404, 406, 422)
_ANSWERS[200]["content"] = TABLES


@router.get("/board/{period}/{unit}", responses=_ANSWERS)
async def get_board(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """Every expected unit below a unit: its state and for how many days, what blocks it, and the next action.

    `state` is absent, draft (one's own only), submitted, returned or accepted. `age_days` counts full days since
    the report was received or accepted, without a report since the deadline passed. `open_mismatches` and
    `unrecorded` come from the last reconciliation of this unit and period, null where it compared nothing.
    `next_action.by` says whose turn it is: reporter, reviewer or null. `Accept` also takes CSV and xlsx.
    """
    media = preferred(request, JSON, CSV, XLSX)
    found: board.Board = await read(
        request,
        board.of_unit,
        unit_code=unit,
        period=parse_period(period),
        policy=request.app.state.policy,
        now=received_at(request),
    )
    body = found.as_json()
    return await tagged(request, body, media, partial(board_listing, body))
