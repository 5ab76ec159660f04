"""The mismatches of a month: a list with filters, and one with its thread."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console import explanation
from app.console.board import DEMO, DEMO_PLACE
from app.console.gate import Place, admit, place_of, seen
from app.console.pages import Language, page
from app.db import Session
from app.domain.mismatch import NAMES, State
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.services import explanations, forms, mismatch_queries, units
from app.services.explanations import Question
from app.services.mismatch_queries import Filter, Sort

router = APIRouter(include_in_schema=False)
demo_router = APIRouter(include_in_schema=False)

LIST, ONE = "/mismatches", "/mismatch"
SHOWN = 500
"""Rows of a page; a province's month has at most 154."""

_ID = re.compile("[0-9a-f]{32}")


@router.get(LIST)
async def show_mismatches(
    request: Request,
    lang: Language = "",
    unit: str = "",
    period: str = "",
    state: str = "",
    sort: str = Sort.DIFFERENCE.value,
) -> Response:
    """The mismatches at and below a unit, the largest difference first."""

    async def show(by: Actor) -> Response:
        place = await place_of(request, by, Action.READ_MISMATCHES, unit, period)
        return await _list(request, lang, place, state=state, sort=sort, at="")

    return await admit(request, lang, show)


@demo_router.get(DEMO + LIST)
async def show_demo_mismatches(
    request: Request, lang: Language = "", state: str = "", unit: str = "", sort: str = Sort.DIFFERENCE.value
) -> Response:
    """The province's mismatches, the largest difference first."""
    return await _list(request, lang, DEMO_PLACE, state=state, sort=sort, at=unit)


async def _list(request: Request, lang: str, place: Place, *, state: str, sort: str, at: str) -> Response:
    """What a filter does not know, it passes over. `at` narrows the list to one of the units."""
    order = Sort(sort) if sort in tuple(Sort) else Sort.DIFFERENCE
    chosen = Filter(
        period=str(place.period),
        within=place.unit,
        state=state if state in tuple(State) else None,
        unit=at or None,
    )
    now = request.app.state.clock.now()
    found = await seen(request, _listed, place=place, chosen=chosen, sort=order, now=now)
    return page(
        request, "mismatches.html", lang, place=place, **found, chosen=chosen, sort=order.value, states=NAMES
    )


def _listed(session: Session, *, place: Place, chosen: Filter, sort: Sort, now: datetime) -> dict[str, Any]:
    whole = mismatch_queries.listed(
        session,
        chosen=Filter(period=chosen.period, within=chosen.within),
        limit=SHOWN,
        now=now,
        by=place.by,
    )
    rows = mismatch_queries.listed(session, chosen=chosen, sort=sort, limit=SHOWN, now=now, by=place.by)
    return {
        "rows": rows,
        "counts": Counter(row["state"] for row in whole),
        "units": {row["code"]: row["name"] for row in place.choices}
        or {row["unit_code"]: row["name"] for row in whole},
        "labels": forms.in_force(session, place.period).headings,
        "period": place.period,
        "province": units.get(session, place.unit)["name"],
    }


@router.get(ONE)
async def show_mismatch(request: Request, lang: Language = "", id: str = "") -> Response:
    """One mismatch: both figures, where the ledger's comes from, and everything that was said and done about it."""

    async def show(by: Actor) -> Response:
        return await _shown(request, lang, id, by, "")

    return await admit(request, lang, show)


@demo_router.get(DEMO + ONE)
async def show_demo_mismatch(request: Request, lang: Language = "", id: str = "") -> Response:
    """The same of the demo's month. Raises NotFound."""
    return await _shown(request, lang, id, DEMO_PLACE.by, DEMO)


async def _shown(request: Request, lang: str, id: str, by: Actor, root: str) -> Response:
    if not _ID.fullmatch(id):
        raise NotFound()
    shown, question = await seen(request, _one, mismatch_id=id, by=by)
    shelf = request.app.state.shelf
    found = await asyncio.to_thread(explanations.answer, question, shelf, limit=explanation.SHOWN)
    words = {"found": found, "towns": explanation.towns_of(question), "reasons": explanation.REASONS}
    return page(request, "mismatch.html", lang, root=root, **shown, **words, states=NAMES)


def _one(session: Session, *, mismatch_id: str, by: Actor) -> tuple[dict[str, Any], Question]:
    row = mismatch_queries.get(session, mismatch_id=mismatch_id, by=by)
    period = Period.parse(row["period"])
    shown = {"row": row, "labels": forms.in_force(session, period).headings, "period": period}
    return shown, explanation.question_of(session, row, by=by)
