"""Ratios over months, as a drawing with its table beside it; read-only, like the board."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console.board import DEMO, DEMO_PLACE
from app.console.chart import Frame, Line, columns, grid, line
from app.console.gate import Place, admit, place_of, seen
from app.console.pages import Language, page
from app.domain.aggregate import View
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.services import series

router = APIRouter(include_in_schema=False)
demo_router = APIRouter(include_in_schema=False)

PATH = "/trends"
FRAME = Frame()
MONTHS = 12
"""How many months a page shows: as many as fit beside each other."""


@router.get(PATH)
async def show_trends(request: Request, lang: Language = "", unit: str = "", period: str = "") -> Response:
    """Every ratio of a unit over the twelve months up to one; up to the last one with data without a month."""

    async def show(by: Actor) -> Response:
        place = await place_of(request, by, Action.READ_AGGREGATES, unit, period)
        return await _trends(request, lang, place, place.period if period else None)

    return await admit(request, lang, show)


@demo_router.get(DEMO + PATH)
async def show_demo_trends(request: Request, lang: Language = "") -> Response:
    """Every ratio of the province from 2015-04 to the last month with data."""
    return await _trends(request, lang, DEMO_PLACE, None)


async def _trends(request: Request, lang: str, place: Place, last: Period | None) -> Response:
    found = await seen(
        request,
        series.of_unit,
        unit_code=place.unit,
        first=_first(last or place.period),
        last=last,
        view=View.ALL,
        answers=request.app.state.aggregates,
        by=place.by,
    )
    months = [Period.parse(item["period"]) for item in found["items"]]
    return page(
        request,
        "trends.html",
        lang,
        place=place,
        found=found,
        months=months,
        frame=FRAME,
        grid=grid(FRAME),
        columns=columns(FRAME, len(months)),
        lines={code: _line(code, found["items"]) for code in found["ratios"]},
    )


def _first(last: Period) -> Period:
    months = last.year * 12 + last.month - MONTHS
    return max(Period(months // 12, months % 12 + 1), FIRST)


def _line(code: str, items: list[dict[str, Any]]) -> Line:
    ratios = [item["ratios"][code] for item in items]
    shares = [(r["numerator"], r["denominator"]) if r else (None, None) for r in ratios]
    return line(FRAME, shares, [any(b["code"] == code for b in item["breaks"]) for item in items])
