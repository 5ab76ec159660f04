"""Forms of the pages: what came in, and that it came from a page that this reader was shown."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.errors import Forbidden, Malformed, Text, TooLarge, UnsupportedMedia
from app.services.sessions import form_token

LARGEST = 16 * 1024
"""Bytes of a form; the longest has a few fields."""

FIELDS = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form, of a repeated one the last. Raises Malformed, TooLarge, UnsupportedMedia."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UnsupportedMedia
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise TooLarge(limit=LARGEST)
    request.scope["state"]["is_body_read"] = True
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        raise Malformed from None
    return dict(pairs)


def cookie_of(request: Request) -> str:
    """The secret of the session cookie that came along; empty without one."""
    return str(request.scope["state"].get("cookie", ""))


def check_form(request: Request, form: Mapping[str, str]) -> None:
    """Refuse a form that was not made for this session."""
    expected = form_token(cookie_of(request))
    if not hmac.compare_digest(form.get("form", "").encode("utf-8", "replace"), expected.encode()):
        raise Forbidden(
            Text(
                "页面已过期，请返回上一页刷新后重试", "The page is out of date; go back, reload and try again"
            ),
            code="form-outdated",
        )
