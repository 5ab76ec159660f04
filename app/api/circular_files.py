"""A circular as files: Word, PDF, and its attachments as a workbook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.answers import read
from app.api.conditional import etag_of, is_unchanged, not_modified
from app.api.media import BINARY, XLSX, attachment
from app.api.openapi import refusals
from app.api.schemas.shapes import IdInPath
from app.db import Row
from app.documents.circular import circular_docx
from app.documents.circular_book import circular_book
from app.documents.circular_pdf import circular_pdf
from app.domain.period import Period
from app.services import circular_queries

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"

router = APIRouter(prefix="/api/v1/circulars", tags=["circulars"])


def _file(media: str, *more: int) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": "The file", "content": {media: BINARY}},
        304: {"description": "Not changed since the `ETag`"},
    }
    return found | refusals(404, 422, *more)


@router.get("/{circular_id}.docx", response_class=Response, responses=_file(DOCX))
async def get_circular_docx(request: Request, circular_id: IdInPath) -> Response:
    """The circular in the official layout (GB/T 9704), with its attachments as tables."""
    return await _sent(request, circular_id, "docx", DOCX, lambda row: circular_docx(row["content"]))


@router.get("/{circular_id}.xlsx", response_class=Response, responses=_file(XLSX))
async def get_circular_xlsx(request: Request, circular_id: IdInPath) -> Response:
    """The attachments, one sheet each."""
    return await _sent(
        request,
        circular_id,
        "xlsx",
        XLSX,
        lambda row: circular_book(row["content"], Period.parse(row["period"])),
    )


@router.get("/{circular_id}.pdf", response_class=Response, responses=_file(PDF, 409))
async def get_circular_pdf(request: Request, circular_id: IdInPath) -> Response:
    """The same pages as PDF/A; 409 names what to install where the typesetter or its fonts are missing."""
    return await _sent(
        request,
        circular_id,
        "pdf",
        PDF,
        lambda row: circular_pdf(row["content"], row["published_at"] or row["created_at"]),
    )


async def _sent(
    request: Request, circular_id: str, ending: str, media: str, make: Callable[[Mapping[str, Any]], bytes]
) -> Response:
    """The same version gives the same bytes, so the version is the tag."""
    row: Row = await read(request, circular_queries.get, circular_id=circular_id)
    etag = etag_of(f"{row['version']}-{ending}")
    if is_unchanged(request, etag):
        return not_modified(etag)
    content = await asyncio.to_thread(make, row)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(content, 200, headers | attachment(f"{row['content']['title']}.{ending}"), media)
