"""Forms of the pages: what came in, and that it came from a page that this reader was shown."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, Mapping
from datetime import date
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from app.domain import reading
from app.domain.reading import Defect
from app.errors import (
    Finding,
    Forbidden,
    Invalid,
    Malformed,
    Severity,
    Text,
    TooLarge,
    UnsupportedMedia,
)
from app.services.sessions import form_token

LARGEST = 16 * 1024
"""Bytes of a form; most have a few fields."""

LARGEST_TEXT = 512 * 1024
"""Bytes of a form with long texts, where a Chinese character takes nine."""

SECONDS = 60.0
"""How long a form may take to arrive."""

FIELDS = 20


async def read_form(request: Request, largest: int = LARGEST) -> Mapping[str, str]:
    """The fields of a form, of a repeated one the last. Raises Malformed, TooLarge, UnsupportedMedia."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UnsupportedMedia
    body = await read_body(request, largest)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        raise Malformed from None
    return dict(pairs)


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body. Raises TooLarge beyond `largest` bytes, Malformed when it takes too long to arrive."""
    try:
        async with asyncio.timeout(SECONDS):
            body = b"".join([piece async for piece in _pieces(request, largest)])
    except TimeoutError:
        raise Malformed from None
    request.scope["state"]["is_body_read"] = True
    return body


async def read_upload(request: Request, largest: int) -> tuple[Mapping[str, str], bytes]:
    """The fields of a form with one file, and the file's bytes; empty when none was chosen.

    Raises Malformed, TooLarge beyond `largest` bytes of all, UnsupportedMedia.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMedia
    parser = MultiPartParser(
        request.headers, _pieces(request, largest), max_files=1, max_fields=FIELDS, max_part_size=LARGEST
    )
    try:
        async with asyncio.timeout(SECONDS):
            items = (await parser.parse()).multi_items()
    except (MultiPartException, TimeoutError):
        raise Malformed from None
    request.scope["state"]["is_body_read"] = True
    data = b""
    for _, value in items:
        if isinstance(value, UploadFile):
            data = await value.read()
            await value.close()
    return {name: value for name, value in items if isinstance(value, str)}, data


async def _pieces(request: Request, largest: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for piece in request.stream():
        taken += len(piece)
        if taken > largest:
            raise TooLarge(limit=largest)
        yield piece


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


class Given:
    """What was typed into a form, checked field by field; `check` refuses with everything that was found."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self.form = form
        self.found: list[Finding] = []

    def text(self, name: str, label: Text, *, least: int = 0, most: int) -> str:
        """A text of `least` to `most` characters, without blanks around it and with LF for a line's end."""
        typed = self.form.get(name, "").replace("\r\n", "\n").strip()
        # The length comes first: composing characters takes quadratic time in the marks of a hostile text.
        kept = reading.text(typed, most) if len(typed) <= most else Defect("text-too-long")
        if isinstance(kept, Defect):
            self.refuse(name, kept.code, _after(label, reading.MESSAGES[kept.code]))
            return ""
        if len(kept) < least:
            wanted = f"须填写，至少{least}个字", f"needs at least {least} characters"
            self.refuse(name, "missing-field", _after(label, Text(*wanted)))
        return kept

    def day(self, name: str, label: Text) -> date | None:
        """A day, or None where the field was left blank."""
        typed = self.form.get(name, "").strip()
        try:
            return date.fromisoformat(typed) if typed else None
        except ValueError:
            self.refuse(name, "wrong-type", _after(label, Text("须为日期，如2015-04-30", "is no day")))
            return None

    def number(self, name: str) -> int | None:
        """A number that our own page put into a form; None for anything else."""
        typed = self.form.get(name, "")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None

    def refuse(self, name: str, code: str, message: Text) -> None:
        """Note what is wrong with a field."""
        self.found.append(Finding(code, code, Severity.ERROR, f"/{name}", message))

    def check(self) -> None:
        """Raises Invalid with every finding."""
        if self.found:
            raise Invalid(findings=self.found)


def _after(label: Text, what: Text) -> Text:
    return Text(f"{label.zh}：{what.zh}", f"{label.en}: {what.en}")
