"""The API's own pages: /openapi.json, and /docs from files shipped with the service, no network beyond it."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditional import etag_of, is_unchanged, not_modified
from app.api.context import headers_of
from app.api.openapi import document
from app.errors import NotFound

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "init.js": ("docs/init.js", "text/javascript"),
    "swagger-ui-bundle.js": ("swagger/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger/swagger-ui.css", "text/css"),
    "favicon-32x32.png": ("swagger/favicon-32x32.png", "image/png"),
}
"""Everything that is served, by name: a path that is not here is never looked up on disk."""


Variant = tuple[bytes, str, dict[str, str]]


class Page:
    """Fixed bytes with their ETag, compressed once: the script is 1.7 MB and county lines are slow."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self.media_type = media_type
        mark = sha256(content).hexdigest()[:32]
        zipped = gzip.compress(content, mtime=0)
        self.plain: Variant = (content, etag_of(mark), {})
        self.zipped: Variant = (zipped, etag_of(f"{mark}-gz"), {"Content-Encoding": "gzip"})

    def answer(self, request: Request) -> Response:
        """The bytes as the client can take them, or 304."""
        takes_gzip = b"gzip" in headers_of(request.scope).get(b"accept-encoding", b"")
        content, etag, coding = self.zipped if takes_gzip else self.plain
        if is_unchanged(request, etag):
            return not_modified(etag)
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **coding}
        return Response(content, headers=headers, media_type=self.media_type)


@lru_cache(maxsize=len(ASSETS) + 1)
def page_of(path: str, media_type: str) -> Page:
    """A file below app/api/static, read once in the life of the process."""
    return Page((STATIC / path).read_bytes(), media_type)


def docs_router() -> APIRouter:
    """The routes of these pages; the document is made at the first request, when all routers are in."""
    router = APIRouter(include_in_schema=False)
    made: list[Page] = []

    @router.get("/openapi.json")
    async def openapi_json(request: Request) -> Response:
        if not made:
            text = json.dumps(document(request.app), ensure_ascii=False, separators=(",", ":"))
            made.append(Page(text.encode(), "application/json"))
        return made[0].answer(request)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return page_of("docs/index.html", "text/html").answer(request)

    @router.get("/docs/assets/{name}")
    async def asset(request: Request, name: str) -> Response:
        if name not in ASSETS:
            raise NotFound
        return page_of(*ASSETS[name]).answer(request)

    return router
