"""Versions and preferences in headers: ETag, If-Match, If-None-Match, Prefer, Range (RFC 9110, RFC 7240)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.context import Headers, headers_of
from app.api.problems import RangeNotSatisfiable
from app.errors import Malformed, PreconditionRequired, Text, VersionConflict

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_ETAGS = re.compile(rf"\s*{_ETAG.pattern}\s*(?:,\s*{_ETAG.pattern}\s*)*")
_RANGE = re.compile(rb"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")
_PRIVATE = b"private, no-cache"
"""Kept only by the client itself, and asked about each time: answers depend on who asks."""


ETAGS = {"type": "string", "format": "etag", "examples": ["*", '"1"']}
"""What `If-Match` holds, in the OpenAPI document."""

IF_MATCH: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The `ETag` of the version that was read; 428 without it, 412 when it is stale.",
            "schema": ETAGS,
        }
    ]
}
"""The `openapi_extra` of a route that calls `if_match` or `check_if_match`."""


def etag_of(version: int | str) -> str:
    """The strong ETag of a version: a report's number, a table's hash (letters, digits, `.` and `-`)."""
    return f'"{version}"'


def check_if_match(request: Request, current: str | None) -> None:
    """Let an update through only for the version the client has seen.

    Raises PreconditionRequired (428) without If-Match, Malformed (400) when it cannot be read, and
    VersionConflict (412) when `current`, the ETag now, is not among those given; None means there is nothing
    yet. Weak tags never match (RFC 9110 section 13.1.1). `*` matches whatever exists.
    """
    header = headers_of(request.scope).get(b"if-match")
    if header is None:
        raise PreconditionRequired
    is_any = header.strip() == b"*"
    if (is_any and current is None) or not (is_any or current in _tags(header)):
        raise VersionConflict(headers={"ETag": current} if current else {})


def if_match(request: Request) -> int | None:
    """The version number in If-Match, for a compare-and-set in SQL; None for `*`. Raises as `check_if_match`,
    and 412 for a tag that is not one of our version numbers."""
    header = headers_of(request.scope).get(b"if-match")
    if header is None:
        raise PreconditionRequired
    if header.strip() == b"*":
        return None
    tags = _tags(header)
    number = tags[0].strip('"') if len(tags) == 1 else ""
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise VersionConflict
    return int(number)


def is_unchanged(request: Request, current: str) -> bool:
    """Whether If-None-Match names the ETag of now, so that 304 is the answer; an unreadable one does not."""
    header = headers_of(request.scope).get(b"if-none-match")
    if header is None:
        return False
    # The tag alone is what clients send; the rest of the grammar takes three times as long.
    if header == current.encode() or header.strip() == b"*":
        return True
    try:
        tags = _tags(header)
    except Malformed:
        return False
    return current in {tag.removeprefix("W/") for tag in tags}


class Ready(Response):
    """An answer whose head is written already: nothing is worked out again for it."""

    def __init__(self, status: int, headers: Headers, body: bytes = b"") -> None:
        self.status_code, self.raw_headers, self.body, self.background = status, headers, body, None


def not_modified(etag: str) -> Response:
    """304 with the headers that a cache needs."""
    return Ready(304, [(b"etag", etag.encode()), (b"cache-control", _PRIVATE)])


def prefers_minimal(request: Request) -> bool:
    """Whether the client asked for `Prefer: return=minimal` (RFC 7240)."""
    return _prefers(request, b"return=minimal")


def prefers_async(request: Request) -> bool:
    """Whether the client would rather be answered 202 than wait: `Prefer: respond-async` (RFC 7240)."""
    return _prefers(request, b"respond-async")


def _prefers(request: Request, wanted: bytes) -> bool:
    preferences = headers_of(request.scope).get(b"prefer", b"").lower().split(b",")
    return any(preference.split(b";")[0].strip() == wanted for preference in preferences)


def reply(
    body: BaseModel | Mapping[str, Any] | list[Any] | bytes,
    *,
    status: int = 200,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer, written once: models by their own serializer, bytes as they are (already JSON)."""
    if isinstance(body, BaseModel):
        content = body.__pydantic_serializer__.to_json(body)
    elif isinstance(body, bytes):
        content = body
    else:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    if etag is not None:
        sent += (b"etag", etag.encode()), (b"cache-control", _PRIVATE)
    sent += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Ready(status, sent, content)


def byte_range(request: Request, size: int) -> range | None:
    """The one range of bytes asked for, or None for everything.

    Units other than bytes are ignored. Several ranges, an unreadable one and one outside the content raise
    RangeNotSatisfiable (416): nobody needs several, and thousands of them are an attack.
    """
    header = headers_of(request.scope).get(b"range")
    if header is None or not header.startswith(b"bytes"):
        return None
    match = _RANGE.fullmatch(header.replace(b" ", b""))
    wanted = range(0)
    if match and match[3]:
        wanted = range(max(0, size - int(match[3])), size)
    elif match:
        wanted = range(int(match[1]), min(int(match[2] or size) + 1, size))
    if not wanted:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return wanted


def _tags(header: bytes) -> list[str]:
    text = header.decode("latin-1")
    if not _ETAGS.fullmatch(text):
        raise Malformed(Text("If-Match 的格式不对", "The precondition header is malformed"))
    return _ETAG.findall(text)
