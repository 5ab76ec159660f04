"""Answers that come as JSON, CSV or a workbook, each under a strong tag of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import encode
from app.api.conditional import etag_of, is_unchanged, not_modified, reply
from app.api.media import CSV, JSON, attachment
from app.api.summaries import BY_ACCEPT, MARK_OF
from app.documents.listing import Listing, listing_book, listing_csv


async def tagged(
    request: Request, found: Mapping[str, Any], media: str, listing: Callable[[], Listing]
) -> Response:
    """The answer in the wanted form; 304 when the client holds it. The tag is a hash of the JSON.

    It depends on nothing but what is answered, so it survives restarts and restored backups.
    """
    body = encode(found)
    etag = etag_of(sha256(body).hexdigest()[:32] + MARK_OF[media])
    if is_unchanged(request, etag):
        return not_modified(etag)
    if media == JSON:
        return reply(body, etag=etag, headers=BY_ACCEPT)
    table = listing()
    made = listing_csv if media == CSV else listing_book
    content = await asyncio.to_thread(made, table)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", **BY_ACCEPT}
    headers |= attachment(f"{table.filename}.{'csv' if media == CSV else 'xlsx'}")
    return Response(content, headers=headers, media_type=media)
