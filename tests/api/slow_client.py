"""Clients that keep the service waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp

from tests.api.asgi import HOST, JSON, TOKEN, Pairs, scope_of


async def ask(
    app: ASGIApp, path: str, headers: Pairs, receive: Callable[[], Awaitable[dict]]
) -> tuple[int, str | None, str | None]:
    """The status, the problem's code and Retry-After of a POST whose body `receive` gives."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope_of("POST", path, [HOST, TOKEN, *headers]), receive, send)
    answered = dict(sent[0]["headers"])
    return sent[0]["status"], json.loads(sent[1]["body"]).get("code"), answered.get(b"retry-after")


async def trickle(app: ASGIApp, pieces: list[bytes], pause: float) -> tuple[int, str | None, str | None]:
    """Send a report piece by piece and never end it."""
    waiting = iter(pieces)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        piece = next(waiting, None)
        if piece is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": piece, "more_body": True}

    return await ask(app, "/api/v1/reports", [JSON, ("transfer-encoding", "chunked")], receive)


async def upload(app: ASGIApp, hold: asyncio.Event) -> tuple[int, str | None, str | None]:
    """Send a file whose last byte waits for `hold`."""
    pieces = [b"x", b"y"]

    async def receive() -> dict[str, Any]:
        if len(pieces) == 1:
            await hold.wait()
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    return await ask(app, "/api/v1/evidence", [("content-length", "2")], receive)
