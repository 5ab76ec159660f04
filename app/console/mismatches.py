"""The mismatches of the demo's month: a list with filters, and one with its thread. It exists in the demo only."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console import explanation
from app.console.board import PROVINCE, REVIEWER
from app.console.pages import Language, page
from app.db import Session
from app.domain.mismatch import NAMES, State
from app.domain.period import FIRST
from app.domain.permission import Actor
from app.errors import NotFound
from app.services import explanations, forms, mismatch_queries, units
from app.services.explanations import Question
from app.services.mismatch_queries import Filter, Sort

router = APIRouter(include_in_schema=False)

LIST = "/demo/mismatches"
ONE = "/demo/mismatch"
SHOWN = 500
"""Rows of a page; a province's month has at most 154."""

_ID = re.compile("[0-9a-f]{32}")


@router.get(LIST)
async def show_mismatches(
    request: Request, lang: Language = "", state: str = "", unit: str = "", sort: str = Sort.DIFFERENCE.value
) -> Response:
    """The province's mismatches, the largest difference first. What a filter does not know, it passes over."""
    order = Sort(sort) if sort in tuple(Sort) else Sort.DIFFERENCE
    chosen = Filter(period=str(FIRST), state=state if state in tuple(State) else None, unit=unit or None)
    found = await request.app.state.database.read(
        partial(_listed, chosen=chosen, sort=order, now=request.app.state.clock.now(), by=REVIEWER)
    )
    return page(request, "mismatches.html", lang, **found, chosen=chosen, sort=order.value, states=NAMES)


def _listed(session: Session, *, chosen: Filter, sort: Sort, now: Any, by: Actor) -> dict[str, Any]:
    listed = partial(mismatch_queries.listed, session, limit=SHOWN, now=now, by=by)
    whole = listed(chosen=Filter(period=chosen.period))
    return {
        "rows": listed(chosen=chosen, sort=sort),
        "counts": Counter(row["state"] for row in whole),
        "places": {row["unit_code"]: row["name"] for row in whole},
        "labels": forms.in_force(session, FIRST).headings,
        "period": FIRST,
        "province": units.get(session, PROVINCE)["name"],
    }


@router.get(ONE)
async def show_mismatch(request: Request, lang: Language = "", id: str = "") -> Response:
    """One mismatch: both figures, where the ledger's comes from, and everything that was said and done about it.

    Raises NotFound.
    """
    if not _ID.fullmatch(id):
        raise NotFound()
    state = request.app.state
    shown, question = await state.database.read(partial(_one, mismatch_id=id, by=REVIEWER))
    found = await asyncio.to_thread(
        partial(explanations.answer, question, state.shelf, limit=explanation.SHOWN)
    )
    words = {"found": found, "towns": explanation.towns_of(question), "reasons": explanation.REASONS}
    return page(request, "mismatch.html", lang, **shown, **words, states=NAMES)


def _one(session: Session, *, mismatch_id: str, by: Actor) -> tuple[dict[str, Any], Question]:
    row = mismatch_queries.get(session, mismatch_id=mismatch_id, by=by)
    shown = {"row": row, "labels": forms.in_force(session, FIRST).headings, "period": FIRST}
    return shown, explanation.question_of(session, row, by=by)
