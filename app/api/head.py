"""What the head of a request says: when and from whom it came, whether it is clear, and how much may follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from itertools import count
from secrets import token_hex
from typing import Any

from starlette.types import Scope

from app.api.context import Headers, headers_of
from app.errors import Malformed, NotFound, Problem, Text, TooLarge

_REQUEST_ID = re.compile(
    # No run of digits that could be somebody's telephone or identity number: it goes to the log and the audit.
    rb"(?!(?:[A-Za-z0-9]*-)*(?:(?:86|0086)?1[3-9][0-9]{9}|[0-9]{15}|[0-9]{17}[0-9Xx])(?:-|$))[A-Za-z0-9-]{1,64}"
)
_HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

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


class Ids:
    """Ids of requests: the client's own if it is harmless, else one that is unique and not secret.

    Asking the kernel for random bytes would give up the processor each time.
    """

    def __init__(self) -> None:
        self._process = token_hex(8)
        self._number = count(1)

    def of(self, sent: bytes | None) -> str:
        """The id for a request that came with this `X-Request-Id`."""
        if sent is not None and _REQUEST_ID.fullmatch(sent):
            return sent.decode()
        return f"{self._process}{next(self._number):016x}"


def check_client(scope: Scope) -> None:
    """Forget a sender's address that is none: it goes to the log and the audit as it is."""
    client = scope.get("client")
    if client and not _is_address(client[0]):
        # From a trusted proxy's X-Forwarded-For, which passes on whatever a client writes there.
        scope["client"] = ("", 0)


@lru_cache(maxsize=4096)
def _is_address(host: str) -> bool:
    """Whether this is an IP address without a zone."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def check_head(scope: Scope, hosts: frozenset[str] | None) -> None:
    """Refuse heads that two readers could read differently, and names and paths that are not ours.

    `hosts` are the names served here; None for any.
    """
    headers, path = headers_of(scope), scope["path"]
    if len(headers) != len(scope["headers"]):
        _check_repeated(scope["headers"])
    if b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
        raise _unclear(Text("不支持此 Transfer-Encoding", "Only the chunked transfer encoding is accepted"))
    _check_host(headers.get(b"host", b""), hosts)
    # `..` and control characters can only come from escapes or from a client that does not normalise.
    if "/." in path or not path.isprintable():
        raise NotFound


def _check_repeated(headers: Headers) -> None:
    names = [name for name, _ in headers if name in SINGLE]
    if len(names) != len(set(names)):
        raise _unclear(Text("请求头重复", "A header that may occur once occurs twice"))


def _check_host(host: bytes, hosts: frozenset[str] | None) -> None:
    name = name_of(host)
    if name is None:
        raise _unclear(Text("缺少 Host 请求头或其格式不对", "The Host header is missing or malformed"))
    if hosts is not None and name not in hosts:
        raise _unclear(Text("不接受此主机名的请求", "This host name is not served here"))


def _unclear(title: Text) -> Malformed:
    # Readers that may disagree about this head may disagree about the next one: the connection ends.
    return Malformed(title, headers={"Connection": "close"})


@lru_cache(maxsize=64)
def name_of(host: bytes) -> str | None:
    """The name in a Host header, without its port, in lower case; None for what is no such header."""
    match = _HOST.fullmatch(host)
    return match[1].decode().lower() if match else None


@dataclass(frozen=True, slots=True)
class Lane:
    """Paths under `prefix` take raw bodies up to `max_bytes`, and queue with their own `kind`."""

    prefix: str
    kind: str
    max_bytes: int


class Lanes:
    """Decides from the head how many bytes may follow, and refuses a longer declaration before reading any.

    JSON never gets more than `max_json_bytes`, whatever the path. Whoever reads the body counts against
    `state["body_limit"]`, because a body in chunks declares nothing.
    """

    def __init__(self, *, max_json_bytes: int, lanes: tuple[Lane, ...]) -> None:
        self.json_lane = Lane("", "write", max_json_bytes)
        self.lanes = lanes
        self._prefixes = tuple(lane.prefix for lane in lanes)

    def assign(self, scope: Scope) -> None:
        """Set `state["body_limit"]` in bytes, and `state["kind"]`, which decides where the request queues."""
        headers, state = headers_of(scope), scope["state"]
        lane = self._lane(scope["path"], headers.get(b"content-type", b""))
        state["body_limit"] = lane.max_bytes
        state["kind"] = "read" if scope["method"] in {"GET", "HEAD"} else lane.kind
        length = headers.get(b"content-length")
        if length is not None:
            check_length(length, lane.max_bytes)

    def _lane(self, path: str, content_type: bytes) -> Lane:
        if path.startswith(self._prefixes) and not content_type.startswith(b"application/json"):
            for lane in self.lanes:
                if path.startswith(lane.prefix):
                    return lane
        return self.json_lane


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
