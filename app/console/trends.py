"""The demo's ratios over months, as a drawing with its table beside it; read-only, like the board."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console.board import PROVINCE, REVIEWER
from app.console.chart import Frame, Line, columns, grid, line
from app.console.pages import Language, page
from app.domain.aggregate import View
from app.domain.period import Period
from app.services import series

router = APIRouter(include_in_schema=False)

PATH = "/demo/trends"
FRAME = Frame()


@router.get(PATH)
async def show_trends(request: Request, lang: Language = "") -> Response:
    """Every ratio of the province from 2015-04 to the last month with data."""
    state = request.app.state
    found = await state.database.read(
        partial(
            series.of_unit,
            unit_code=PROVINCE,
            first=None,
            last=None,
            view=View.ALL,
            answers=state.aggregates,
            by=REVIEWER,
        )
    )
    months = [Period.parse(item["period"]) for item in found["items"]]
    return page(
        request,
        "trends.html",
        lang,
        found=found,
        months=months,
        frame=FRAME,
        grid=grid(FRAME),
        columns=columns(FRAME, len(months)),
        lines={code: _line(code, found["items"]) for code in found["ratios"]},
    )


def _line(code: str, items: list[dict[str, Any]]) -> Line:
    ratios = [item["ratios"][code] for item in items]
    shares = [(r["numerator"], r["denominator"]) if r else (None, None) for r in ratios]
    return line(FRAME, shares, [any(b["code"] == code for b in item["breaks"]) for item in items])
