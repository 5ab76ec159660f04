"""The close of a month on a page: where it stands, what stands against it, what a restatement would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.entry import received
from app.console.forms import Given, check_form, read_form
from app.console.gate import Place, admit, place_of, seen
from app.console.pages import Language, language_of, page
from app.db import Session
from app.domain.closing import TOO_EARLY
from app.domain.permission import Action, Actor
from app.errors import Conflict, NotFound, Problem, Text
from app.services import closings, forms, units
from app.services.periods import Policy

router = APIRouter(include_in_schema=False)

PATH = "/close"
LEAST, MOST = 5, 500
"""Characters of a reason."""

DONE = {
    "close": Text(
        "已关闭：本期数据不再变动，此后的变化须重述。",
        "Closed: the figures stand; a later change is a restatement.",
    ),
    "restate": Text("已重述：新版本已发布。", "Restated: the next vintage is published."),
}
_STEPS: dict[str, Callable[..., Any]] = {"close": closings.close, "restate": closings.restate}


@router.get(PATH)
async def show_close(
    request: Request, lang: Language = "", unit: str = "", period: str = "", done: str = ""
) -> Response:
    """Where the month of a unit stands."""

    async def show(by: Actor) -> Response:
        place = await place_of(request, by, Action.CLOSE_PERIOD, unit, period)
        return await _shown(request, lang, place, done=DONE.get(done))

    return await admit(request, lang, show)


@router.post(PATH)
async def act_on_period(request: Request, lang: Language = "") -> Response:
    """Close or restate a month, and show what came of it."""

    async def act(by: Actor) -> Response:
        form = await read_form(request)
        check_form(request, form)
        place = await place_of(request, by, Action.CLOSE_PERIOD, form.get("unit", ""), form.get("period", ""))
        step = form.get("do", "")
        try:
            await _step(request, place, step, Given(form))
        except Problem as problem:
            if problem.status in (403, 404):
                raise
            return await _shown(request, lang, place, problem=problem, typed=form)
        where = f"unit={place.unit}&period={place.period}"
        return RedirectResponse(f"{PATH}?{where}&lang={language_of(request, lang)}&done={step}", 303)

    return await admit(request, lang, act)


async def _step(request: Request, place: Place, step: str, given: Given) -> None:
    if step not in _STEPS:
        raise NotFound()
    is_needed = step == "restate" or bool(given.form.get("reason", "").strip())
    reason = given.text("reason", Text("理由", "Reason"), least=LEAST if is_needed else 0, most=MOST)
    given.check()
    await request.app.state.database.write_long(
        partial(
            _STEPS[step],
            period=place.period,
            unit_code=place.unit,
            reason=reason or None,
            policy=request.app.state.policy,
            by=place.by,
            now=received(request),
        )
    )


async def _shown(
    request: Request,
    lang: str,
    place: Place,
    *,
    done: Text | None = None,
    problem: Problem | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    found = await seen(request, _stand, place=place, now=received(request), policy=request.app.state.policy)
    shown = page(
        request, "close.html", lang, place=place, **found, done=done, problem=problem, typed=typed or {}
    )
    shown.status_code = problem.status if problem else 200
    return shown


def _stand(session: Session, *, place: Place, now: datetime, policy: Policy) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "period": place.period,
        "unit_code": place.unit,
        "policy": policy,
        "by": place.by,
    }
    found = closings.of_unit(session, **asked)
    try:
        against, impossible = closings.against(session, **asked, now=now), None
    except Conflict as conflict:
        against, impossible = [], conflict.title
    codes = {cell["unit"] for cell in found["pending_restatement"]}
    codes |= {each.pointer.removeprefix("/units/") for each in against if each.pointer.startswith("/units/")}
    return {
        "stand": found,
        "against": against,
        "is_early": any(each.code == TOO_EARLY for each in against),
        "impossible": impossible,
        "names": {code: units.get(session, code)["name"] for code in codes},
        "unit": units.get(session, place.unit),
        "labels": forms.in_force(session, place.period).headings,
    }
