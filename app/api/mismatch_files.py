"""Mismatches as a file: CSV or a workbook."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import read
from app.api.media import BINARY, CSV, XLSX, attachment
from app.db import Row, Session
from app.documents.mismatches import TITLE, mismatch_book, mismatch_csv
from app.domain.permission import Actor
from app.services import forms

TABLES: dict[str, Any] = {CSV: {"schema": {"type": "string"}}, XLSX: BINARY}
"""The kinds of answers besides JSON, in the OpenAPI document."""


async def as_file(request: Request, media: str, rows: Sequence[Row]) -> Response:
    """Mismatches with `period`, `name` and `text` as a file of that kind."""
    labels = await read(request, _labels)
    content = await asyncio.to_thread(_made, rows, labels, media)
    ending = "csv" if media == CSV else "xlsx"
    headers = {"Vary": "Accept", "Cache-Control": "private, no-cache", **attachment(f"{TITLE}.{ending}")}
    return Response(content, headers=headers, media_type=media)


def _made(rows: Sequence[Row], labels: Mapping[str, str], media: str) -> bytes:
    if media == XLSX:
        return mismatch_book(rows, labels)
    return "".join(mismatch_csv(rows, labels)).encode()


def _labels(session: Session, *, by: Actor) -> dict[str, str]:
    return {code: text.zh for form in forms.parse_all(session) for code, text in form.headings.items()}
