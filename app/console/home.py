"""The first page: what this service is, when the month is due, and the ways in. It shows no unit's data."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.console.entry import reader_of, to_login
from app.console.pages import HERE, Language, page
from app.services import timetable

router = APIRouter(include_in_schema=False)

STATIC = {"/console.css": "text/css", "/console.svg": "image/svg+xml"}
"""The files of the pages, by path: nothing else is looked up on disk."""


@router.get("/")
async def home(request: Request, lang: Language = "") -> Response:
    """A page without data. Who comes to a service in earnest signs in first."""
    state = request.app.state
    if state.needs_sign_in and reader_of(request) is None:
        return to_login(request, lang)
    now = state.clock.now()
    current: timetable.Timetable = await state.database.read(timetable.current, now=now, policy=state.policy)
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return page(request, "home.html", lang, current=current, due=_due(current, now), origin=origin)


def _due(current: timetable.Timetable, now: datetime) -> list[dict[str, Any]]:
    """When each level is due, whether that has passed, and the full days that are left."""
    return [
        {"level": level, "due": due.due, "is_over": now > due.instant, "left": (due.instant - now).days}
        for level, due in current.due.items()
    ]


@router.get("/console.css")
@router.get("/console.svg")
async def static_file(request: Request) -> Response:
    """A file of the pages; the browser asks again each time, so an upgrade shows at once."""
    path = request.url.path
    headers = {"Cache-Control": "no-cache"}
    return Response(_bytes(path), headers=headers, media_type=STATIC[path])


@lru_cache(maxsize=len(STATIC))
def _bytes(path: str) -> bytes:
    return (HERE / "static" / path.removeprefix("/")).read_bytes()
