"""`/audit` and `/events`: what was done, and what happened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import json_response, read
from app.api.documented import answers
from app.api.paging import Limit
from app.api.schemas.views import AuditPage, EventPage
from app.services import audit, events

router = APIRouter(prefix="/api/v1", tags=["trail"])

After = Annotated[int, Query(ge=0, le=2**53 - 1, description="the last number already seen")]


@router.get("/events", responses=answers(EventPage, 200, 403, 422))
async def list_events(request: Request, after: After = 0, limit: Limit = 100) -> Response:
    """Events about units within the caller's reach, oldest first, after a number."""
    items = await read(request, events.listed, after=after, limit=limit)
    return json_response({"items": items, "next": items[-1]["seq"] if items else after})


@router.get("/audit", responses=answers(AuditPage, 200, 403, 422))
async def list_audit(request: Request, after: After = 0, limit: Limit = 100) -> Response:
    """Audit rows, oldest first, after a number; each seals the one before it."""
    items = await read(request, audit.listed, after=after, limit=limit)
    return json_response({"items": items, "next": items[-1]["seq"] if items else after})
