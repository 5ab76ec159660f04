"""The board of the demo's month, read-only. It exists in the demo only: there its data is invented and public."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console.pages import Language, page
from app.domain.period import FIRST
from app.domain.permission import Actor, Grant, Role
from app.services import board

router = APIRouter(include_in_schema=False)

PATH = "/demo/board"

PROVINCE = "440000"
REVIEWER = Actor(
    id="demo:board",
    name="示例看板",
    kind="demo",
    grants=(Grant(Role.REVIEWER, PROVINCE, f"000000/{PROVINCE}"),),
)
"""In whose eyes the board is seen: the province's reviewer, who sees no drafts and no contacts here."""

COVERAGE = ("prefectures_mobilized_rate", "counties_mobilized_rate", "townships_mobilized_rate")
"""The ratios that are drawn as bars: how far the mobilization meetings have reached."""


@router.get(PATH)
async def show_board(request: Request, lang: Language = "") -> Response:
    """The province's month at a glance."""
    state = request.app.state
    found = await state.database.read(
        partial(
            board.of_unit,
            unit_code=PROVINCE,
            period=FIRST,
            policy=state.policy,
            now=state.clock.now(),
            by=REVIEWER,
        )
    )
    names = {line.code: line.name for line in found.lines}
    groups = {group.code: group.label for group in found.form.groups}
    return page(request, "board.html", lang, board=found, names=names, groups=groups, coverage=COVERAGE)
