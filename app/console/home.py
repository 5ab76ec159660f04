"""The first page: what this service is, and the ways in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home() -> Response:
    """A page without data: everybody may see it."""
    return Response("<!doctype html><title>月报 Yuebao</title>", media_type="text/html")
