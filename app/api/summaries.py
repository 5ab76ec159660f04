"""Sums as a file: the official table of a province, as a workbook or as CSV."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import database_of
from app.api.media import BINARY, CSV, JSON, XLSX, attachment
from app.documents.summary import Summary, summary_book, summary_csv, summary_of
from app.services import workbooks

BY_ACCEPT = {"Vary": "Accept"}
MARK_OF = {JSON: "", CSV: "-csv", XLSX: "-xlsx"}
"""What an entity tag ends in: each kind of answer is other bytes."""

TABLES: dict[str, Any] = {CSV: {"schema": {"type": "string"}}, XLSX: BINARY}
"""The kinds of answers besides JSON, in the OpenAPI document."""


async def as_table(request: Request, answer: bytes, media: str, etag: str) -> Response:
    """The JSON of an aggregate as a table of that kind; the figures are the effective ones."""
    found = orjson.loads(answer)
    form = await database_of(request).read(workbooks.form_named, name=found["form"])
    summary = summary_of(form, found)
    content = await asyncio.to_thread(_made, summary, media)
    ending = "csv" if media == CSV else "xlsx"
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", **BY_ACCEPT}
    headers |= attachment(f"{summary.filename}.{ending}")
    return Response(content, headers=headers, media_type=media)


def _made(summary: Summary, media: str) -> bytes:
    if media == XLSX:
        return summary_book(summary)
    return "".join(summary_csv(summary)).encode()
