"""Lists in pages: a bounded size, and an opaque cursor that says after which row the next page begins."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from app.api.findings import finding, refusal
from app.api.strict_json import BAD_TEXT_PATTERN, MAX_INTEGER
from app.errors import Problem

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
_MAX_CURSOR = 512

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="每页条数 / rows a page, 1 to 1000")]
"""`limit: Limit = DEFAULT_LIMIT` on a route; anything else is 422 `limit-out-of-range`."""

Cursor = Annotated[
    str | None,
    Query(
        description="上一页给出的翻页标记 / the cursor that the previous page gave",
        json_schema_extra={"format": "cursor"},
    ),
]
"""`cursor: Cursor = None` on a route; read it with `decode_cursor`."""

Key = tuple[int | str, ...]


def encode_cursor(key: Sequence[int | str]) -> str:
    """The cursor after a row: the values of its sort key, which is unique and ends a page for good."""
    text = json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, shape: Sequence[type]) -> Key | None:
    """The sort key in a cursor, of the given types; None for no or an empty cursor. Raises Invalid (422).

    A cursor is not signed: it only says where to continue in what the caller may see anyway.
    """
    if not cursor:
        return None
    if len(cursor) > _MAX_CURSOR:
        raise _invalid()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(urlsafe_b64decode(padded))
    except (ValueError, Base64Error, RecursionError):
        raise _invalid() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(shape):
        raise _invalid()
    if not all(_is_bindable(part) for part in key):
        raise _invalid()
    return tuple(key)


def next_link(request: Request, cursor: str) -> str:
    """The value of a Link header that leads to the next page (RFC 8288)."""
    url = request.url.include_query_params(cursor=cursor)
    return f'<{url.path}?{url.query}>; rel="next"'


def _is_bindable(part: int | str) -> bool:
    if isinstance(part, int):
        return abs(part) <= MAX_INTEGER
    return not BAD_TEXT_PATTERN.search(part)


def _invalid() -> Problem:
    return refusal([finding("cursor-invalid", "/query/cursor")])
