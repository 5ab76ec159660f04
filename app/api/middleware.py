"""The layers around every request that need nothing but its head: arrival, headers, host, size, refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from itertools import count
from secrets import token_hex
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.context import has_body, headers_of, request_id_of, state_of
from app.api.problems import problem_of, send_problem
from app.errors import Malformed, NotFound, Problem, Text, TooLarge

Headers = list[tuple[bytes, bytes]]

_REQUEST_ID = re.compile(
    # No run of digits that could be somebody's telephone or identity number: it goes to the log and the audit.
    rb"(?!(?:[A-Za-z0-9]*-)*(?:(?:86|0086)?1[3-9][0-9]{9}|[0-9]{15}|[0-9]{17}[0-9Xx])(?:-|$))[A-Za-z0-9-]{1,64}"
)
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

SINGLE = frozenset(
    {
        b"host",
        b"authorization",
        b"cookie",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"range",
    }
)
"""Headers of which two copies would let a proxy and this service see different requests."""

CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_ON_ANSWERS = [(b"content-security-policy", CLOSED.encode()), *_ALWAYS]
_ON_PAGES = [(b"content-security-policy", PAGE.encode()), *_ALWAYS]


class Arrival:
    """Stamps a request with the instant its head arrived and its id, the client's own if it is harmless."""

    def __init__(self, app: ASGIApp, *, now: Callable[[], datetime]) -> None:
        self.app = app
        self.now = now
        self._process = token_hex(8)
        self._number = count(1)

    def _next_id(self) -> str:
        """Unique and not secret: asking the kernel for random bytes would give up the processor each time."""
        return f"{self._process}{next(self._number):016x}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = state_of(scope)
        state["received_at"] = self.now()
        client = scope.get("client")
        if client and not _is_address(client[0]):
            # From a trusted proxy's X-Forwarded-For, which passes on whatever a client writes there.
            scope["client"] = ("", 0)
        sent = headers_of(scope).get(b"x-request-id", b"")
        state["request_id"] = sent.decode() if _REQUEST_ID.fullmatch(sent) else self._next_id()
        await self.app(scope, receive, send)


@lru_cache(maxsize=4096)
def _is_address(host: str) -> bool:
    """Whether this is an IP address without a zone: it goes to the log and the audit as it is."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


class ResponseHeaders:
    """Adds the request's id and the security headers; what an answer set itself stays as it is.

    `pages` are the paths that answer with HTML; all others get a policy under which nothing runs at all.
    A body that was announced and not read to its end costs the connection, so that nobody feeds it to us.
    """

    def __init__(self, app: ASGIApp, *, pages: Callable[[str], bool]) -> None:
        self.app = app
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._complete(list(message["headers"]), scope)}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: Headers, scope: Scope) -> Headers:
        present = dict(headers)
        fixed = _ON_PAGES if self.pages(scope["path"]) else _ON_ANSWERS
        headers += [header for header in fixed if header[0] not in present]
        headers.append((b"x-request-id", request_id_of(scope).encode()))
        if has_body(scope) and not scope["state"].get("is_body_read") and b"connection" not in present:
            headers.append((b"connection", b"close"))
        return headers


class Refusals:
    """Answers every exception that a layer or a route raises with its problem, and reports the crashes."""

    def __init__(self, app: ASGIApp, *, report: Callable[[Scope, Exception], None]) -> None:
        self.app = app
        self.report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:
            problem = problem_of(error)
            if problem.status == 500:
                self.report(scope, error)
            # After the first byte there is no way back: returning early makes the server cut the connection.
            if "status" not in state_of(scope):
                await send_problem(problem, scope, send)


class HostCheck:
    """Refuses heads that two readers could read differently, and names and paths that are not ours."""

    def __init__(self, app: ASGIApp, *, allowed: frozenset[str] | None) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = headers_of(scope), scope["path"]
        if len(headers) != len(scope["headers"]):
            self._check_repeated(scope["headers"])
        if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
            raise _unclear(
                Text("不支持此 Transfer-Encoding", "Only the chunked transfer encoding is accepted")
            )
        self._check_host(headers.get(b"host", b""))
        # `..` and control characters can only come from escapes or from a client that does not normalise.
        if "/." in path or not path.isprintable():
            raise NotFound
        await self.app(scope, receive, send)

    def _check_repeated(self, headers: Headers) -> None:
        names = [name for name, _ in headers if name in SINGLE]
        if len(names) != len(set(names)):
            raise _unclear(Text("请求头重复", "A header that may occur once occurs twice"))

    def _check_host(self, host: bytes) -> None:
        if not _HOST.fullmatch(host):
            raise _unclear(Text("缺少 Host 请求头或其格式不对", "The Host header is missing or malformed"))
        if self.allowed is not None and name_of(host.decode()) not in self.allowed:
            raise _unclear(Text("不接受此主机名的请求", "This host name is not served here"))


def _unclear(title: Text) -> Malformed:
    # Readers that may disagree about this head may disagree about the next one: the connection ends.
    return Malformed(title, headers={"Connection": "close"})


def name_of(host: str) -> str:
    """The name in a Host header, without its port, in lower case."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()


@dataclass(frozen=True, slots=True)
class Lane:
    """Paths under `prefix` take raw bodies up to `max_bytes`, and queue with their own `kind`."""

    prefix: str
    kind: str
    max_bytes: int


class BodyLimit:
    """Decides from the head how many bytes may follow, and refuses a longer declaration before reading any.

    JSON never gets more than `max_json_bytes`, whatever the path. Whoever reads the body counts against
    `state["body_limit"]`, because a body in chunks declares nothing.
    """

    def __init__(self, app: ASGIApp, *, max_json_bytes: int, lanes: tuple[Lane, ...]) -> None:
        self.app = app
        self.json_lane = Lane("", "write", max_json_bytes)
        self.lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, state = headers_of(scope), state_of(scope)
        lane = self._lane(scope["path"], headers.get(b"content-type", b""))
        state["body_limit"] = lane.max_bytes
        state["kind"] = "read" if scope["method"] in {"GET", "HEAD"} else lane.kind
        length = headers.get(b"content-length")
        if length is not None:
            check_length(length, lane.max_bytes)
        await self.app(scope, receive, send)

    def _lane(self, path: str, content_type: bytes) -> Lane:
        if content_type.startswith(b"application/json"):
            return self.json_lane
        return next((lane for lane in self.lanes if path.startswith(lane.prefix)), self.json_lane)


def check_length(declared: bytes, limit: int) -> None:
    """Refuse a length that is no number, or more than the limit in bytes."""
    if not declared.isdigit() or len(declared) > 20:
        raise Malformed
    if int(declared) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """413, naming the limit in bytes."""
    members: dict[str, Any] = {"limit": limit}
    return TooLarge(**members)
