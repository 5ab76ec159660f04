"""Kinds of answers besides JSON: which one a client wants, and how a file is sent."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from app.api.context import headers_of
from app.errors import NotAcceptable

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
"""A file, in the OpenAPI document."""


def preferred(request: Request, *offers: str) -> str:
    """The offer that Accept likes best; of equals, and without the header, the first. Raises NotAcceptable."""
    header = headers_of(request.scope).get(b"accept")
    if header is None:
        return offers[0]
    return _liked_best(header, offers)


@lru_cache(maxsize=64)
def _liked_best(header: bytes, offers: tuple[str, ...]) -> str:
    ranges = _ranges(header.decode("latin-1"))
    liked = [(_quality(offer, ranges), -place, offer) for place, offer in enumerate(offers)]
    quality, _, best = max(liked)
    if quality <= 0:
        raise NotAcceptable
    return best


def asks_for(request: Request, media: str) -> bool:
    """Whether Accept names this very type: `*/*` does not ask for a file."""
    header = headers_of(request.scope).get(b"accept", b"").decode("latin-1")
    return _ranges(header).get(media, 0) > 0


def preferred_language(request: Request) -> str:
    """zh or en, whichever Accept-Language likes better; Chinese when it likes neither, or both alike."""
    ranges = _ranges(headers_of(request.scope).get(b"accept-language", b"").decode("latin-1"))
    liked = {
        code: max((q for name, q in ranges.items() if name.partition("-")[0] == code), default=0.0)
        for code in ("zh", "en")
    }
    return "en" if liked["en"] > liked["zh"] else "zh"


def attachment(filename: str) -> dict[str, str]:
    """The header under which a browser saves a file, whatever letters its name has (RFC 6266)."""
    plain = re.sub("_+", "_", re.sub("[^A-Za-z0-9._-]+", "_", filename))
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
    }


def _ranges(header: str) -> dict[str, float]:
    """The quality of each media range of an Accept header; parameters but q do not matter here."""
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media:
            found[media] = next((_number(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    return found


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _quality(media: str, ranges: dict[str, float]) -> float:
    """The most specific range decides (RFC 9110 section 12.5.1)."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
