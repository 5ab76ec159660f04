"""What the edge knows of a request before its route runs: its id, its arrival, its caller, its headers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

State = dict[str, Any]
Headers = list[tuple[bytes, bytes]]


def state_of(scope: Scope) -> State:
    """The request's own notes; the server makes the dictionary, direct calls in tests may not."""
    state: State = scope.setdefault("state", {})
    return state


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by lower-case name; of a repeated one the last (`check_head` refuses the dangerous ones)."""
    try:
        headers: dict[bytes, bytes] = scope["state"]["headers"]
    except KeyError:
        headers = state_of(scope)["headers"] = dict(scope["headers"])
    return headers


def request_id_of(scope: Scope) -> str:
    """The id under which this request is logged, answered and audited; empty outside the edge."""
    return str(state_of(scope).get("request_id", ""))


def received_at(request: HTTPConnection) -> datetime:
    """When the head of the request arrived, aware UTC: the instant that timeliness is judged by."""
    instant: datetime = request.scope["state"]["received_at"]
    return instant


def actor_of(request: HTTPConnection) -> Any:
    """The caller as `authenticate` returned it; None only on public paths."""
    return request.scope["state"].get("actor")


def cookie_of(request: HTTPConnection) -> str:
    """The secret of the session cookie that came along, good or not; empty without one."""
    return str(request.scope["state"].get("cookie", ""))


def has_body(scope: Scope) -> bool:
    """Whether the head announces a body, by length or in chunks."""
    headers = headers_of(scope)
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
