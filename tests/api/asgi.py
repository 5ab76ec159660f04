"""Speaks ASGI to an application directly, byte by byte where a test needs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

Pairs = Sequence[tuple[str, str]]

TOKEN = ("authorization", "Bearer yb_good_0123456789")
JSON = ("content-type", "application/json")
HOST = ("host", "yuebao.test")


@dataclass
class Answer:
    """What came back, and how much of the body the application asked for."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    bytes_read: int = 0

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem; fails when the body is not a complete problem about this status."""
        problem = self.json
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["type"] == f"/problems/{problem['code']}"
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["title_zh"]
        assert problem["request_id"] == self.headers["x-request-id"]
        assert problem["instance"] == f"/requests/{problem['request_id']}"
        return problem["code"]

    @property
    def places(self) -> dict[str, str]:
        """The codes of the findings by pointer."""
        findings = self.json.get("findings", [])
        assert self.json.get("errors", []) == [{"pointer": f["pointer"], "code": f["code"]} for f in findings]
        assert all(f["message"]["zh"] and f["message"]["en"] for f in findings)
        return {found["pointer"]: found["code"] for found in findings}


def scope_of(method: str, target: str, headers: Pairs) -> dict[str, Any]:
    """A scope as a server makes it; `target` is the path with its query, already unescaped."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("192.0.2.1", 50_000),
        "server": ("192.0.2.9", 80),
        "state": {},
    }


async def exchange(
    app: ASGIApp, method: str, target: str, headers: Pairs = (), pieces: Iterable[bytes | None] = (b"",)
) -> Answer:
    """One request. `pieces` are the parts of the body; None among them means the client leaves."""
    answer = Answer()
    waiting = list(pieces)

    async def receive() -> Message:
        piece = waiting.pop(0) if waiting else None
        if piece is None:
            return {"type": "http.disconnect"}
        answer.bytes_read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope_of(method, target, headers), receive, send)
    return answer


def call(
    app: ASGIApp,
    method: str,
    target: str,
    *extra: tuple[str, str],
    body: bytes | Iterable[bytes | None] = b"",
) -> Answer:
    """One request with a host, a good token and the body's length, unless `extra` says otherwise.

    A header given with an empty value is left out.
    """
    headers = {HOST[0]: HOST[1], TOKEN[0]: TOKEN[1]}
    pieces: Iterable[bytes | None] = [body] if isinstance(body, bytes) else body
    if isinstance(body, bytes) and body:
        headers["content-length"] = str(len(body))
    headers |= dict(extra)
    sent = [(name, value) for name, value in headers.items() if value]
    return asyncio.run(exchange(app, method, target, sent, pieces))
