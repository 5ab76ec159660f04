"""The board of a month, read-only: for who is signed in, and of the demo's invented month for everybody."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console.entry import received
from app.console.gate import Place, admit, place_of, seen
from app.console.pages import Language, page
from app.domain.period import FIRST
from app.domain.permission import Action, Actor, Grant, Role
from app.services import board

router = APIRouter(include_in_schema=False)
demo_router = APIRouter(include_in_schema=False)

PATH = "/board"
DEMO = "/demo"
"""What the addresses begin with under which everybody sees the demo's month."""

PROVINCE = "440000"
REVIEWER = Actor(
    id="demo:board",
    name="示例看板",
    kind="demo",
    grants=(Grant(Role.REVIEWER, PROVINCE, f"000000/{PROVINCE}"),),
)
"""In whose eyes the demo is seen: the province's reviewer, who sees no drafts and no contacts here."""

DEMO_PLACE = Place(REVIEWER, PROVINCE, FIRST, DEMO)

COVERAGE = ("prefectures_mobilized_rate", "counties_mobilized_rate", "townships_mobilized_rate")
"""The ratios that are drawn as bars: how far the mobilization meetings have reached."""


@router.get(PATH)
async def show_board(request: Request, lang: Language = "", unit: str = "", period: str = "") -> Response:
    """A unit's month at a glance."""

    async def show(by: Actor) -> Response:
        place = await place_of(request, by, Action.READ_AGGREGATES, unit, period)
        return await _board(request, lang, place)

    return await admit(request, lang, show)


@demo_router.get(DEMO + PATH)
async def show_demo_board(request: Request, lang: Language = "") -> Response:
    """The province's month at a glance."""
    return await _board(request, lang, DEMO_PLACE)


async def _board(request: Request, lang: str, place: Place) -> Response:
    found = await seen(
        request,
        board.of_unit,
        unit_code=place.unit,
        period=place.period,
        policy=request.app.state.policy,
        now=received(request),
        by=place.by,
    )
    names = {line.code: line.name for line in found.lines}
    groups = {group.code: group.label for group in found.form.groups}
    return page(
        request,
        "board.html",
        lang,
        place=place,
        board=found,
        names=names,
        groups=groups,
        coverage=COVERAGE,
    )
