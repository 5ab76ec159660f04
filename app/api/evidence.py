"""`/evidence`: files as they come, streamed in and out, never held in memory whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api.answers import DryRun, json_answer, json_response, read, write
from app.api.body import check_encoding, check_sha256, stream
from app.api.conditional import byte_range, etag_of
from app.api.context import headers_of
from app.api.documented import answers
from app.api.examples import PDF
from app.api.schemas.evidence import EvidenceOut
from app.api.schemas.shapes import IdInPath
from app.db import Row
from app.domain.file_name import checked_filename, disposition
from app.domain.file_type import LONGEST_START, Kind, check_content, check_start, promised_kind
from app.errors import Finding, Invalid, Severity, Text
from app.services import evidence
from app.services.evidence import Received
from app.services.idempotency import Answer
from app.storage import Blob, Incoming, Scanner, Store, is_infected

router = APIRouter(prefix="/api/v1/evidence", tags=["evidence"])

PIECE = 1 << 20
"""Bytes that go to the disk at a time: each is a change of thread."""

FileName = Annotated[
    str,
    Query(
        description="The name under which the file is shown and saved again; its ending says what it is.",
        examples=["会议.pdf"],
        json_schema_extra={"format": "filename"},
    ),
]
OwnUnit = Annotated[
    str | None,
    Query(
        pattern="^([0-9]{6}|[0-9]{9})$", description="Whose file it is; needed by who may act for several."
    ),
]
FILE = {"schema": {"type": "string", "format": "binary"}}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": FILE | {"examples": {"pdf": {"value": PDF}}}},
    }
}


@router.post(
    "",
    status_code=201,
    responses=answers(EvidenceOut, 201, 200, 400, 403, 404, 413, 415, 422, 507),
    openapi_extra=FILE_BODY,
)
async def upload_evidence(
    request: Request, filename: FileName, unit: OwnUnit = None, dry_run: DryRun = False
) -> Response:
    """Store a file: the body is the file itself.

    Taken are PDF, PNG, JPEG, Word, Excel, WPS and OFD, judged by content, not by name alone. Archives are
    looked into: bombs, macros, entities and encryption are refused (422). With `Repr-Digest: sha-256=:…:` a
    file that arrives changed is refused. Where a virus scanner is set up, an infected file is refused (422), and
    every file while the scanner is down (503). What it proves is said by a claim.
    """
    name = checked_filename(filename)
    kind = promised_kind(name)
    quota: int = request.app.state.evidence_quota
    check_encoding(headers_of(request.scope))
    owner = await read(request, evidence.unit_for, unit=unit, size=_declared_size(request), quota=quota)
    store: Store = request.app.state.store
    incoming = await asyncio.to_thread(store.receive)
    with incoming:
        blob = await _received(request, incoming, kind)
        if not dry_run:
            await asyncio.to_thread(store.keep, incoming, blob)
    return await write(
        request,
        evidence.add,
        _uploaded,
        body=[blob.sha256, name, owner],
        dry_run=dry_run,
        received=Received(blob, name, kind.value),
        unit=owner,
        quota=quota,
    )


@router.get("/{evidence_id}", responses=answers(EvidenceOut, 200, 403, 404, 422))
async def get_evidence(request: Request, evidence_id: IdInPath) -> Response:
    """What is known of a file. Its unit sees it at once, a reviewer once a claim rests on it."""
    row = await read(request, evidence.get, evidence_id=evidence_id)
    return json_response(evidence_json(row) | {"committed": True})


@router.get(
    "/{evidence_id}/content",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, only ever as an attachment",
            "content": {kind.value: FILE for kind in Kind},
        },
        206: {"description": "The part of it that was asked for"},
        **answers(EvidenceOut, 403, 404, 416, 422),
    },
)
async def download_evidence(request: Request, evidence_id: IdInPath) -> Response:
    """The file itself, or one range of it. It is read against its hash: a changed one is never complete."""
    row = await read(request, evidence.get, evidence_id=evidence_id)
    wanted = byte_range(request, row["size"])
    part = wanted or range(row["size"])
    headers = {
        "Content-Disposition": disposition(row["filename"]),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
        "ETag": etag_of(row["sha256"]),
        "Content-Length": str(len(part)),
    }
    if wanted:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{row['size']}"
    pieces = cut(request.app.state.store.read(row["sha256"]), part)
    first = await asyncio.to_thread(next, pieces, b"")
    body = _threaded(first, pieces)
    return StreamingResponse(body, 206 if wanted else 200, headers, media_type=row["media_type"])


def cut(pieces: Iterator[bytes], part: range) -> Iterator[bytes]:
    """The wanted bytes of a content; all of it is read, and the last bytes come when its hash is known."""
    at, held = 0, b""
    for piece in pieces:
        mine = piece[max(0, part.start - at) : max(0, part.stop - at)]
        at += len(piece)
        if mine and held:
            yield held
        held = mine or held
    yield held


async def _threaded(first: bytes, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = await asyncio.to_thread(next, rest, b"")


async def _received(request: Request, incoming: Incoming, kind: Kind) -> Blob:
    """The body on the disk, judged. Raises UnsupportedMedia at its first bytes, Invalid, OutOfSpace."""
    waiting = bytearray()
    async for piece in stream(request):
        waiting += piece
        if incoming.size == 0 and len(waiting) >= LONGEST_START:
            check_start(kind, bytes(waiting[:LONGEST_START]))
        if len(waiting) >= PIECE:
            await asyncio.to_thread(incoming.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(incoming.write, bytes(waiting))
    blob = await asyncio.to_thread(incoming.finish)
    check_sha256(headers_of(request.scope), blob.sha256)
    await asyncio.to_thread(check_content, kind, incoming.file)
    scanner: Scanner | None = request.app.state.scanner
    if scanner is not None and await asyncio.to_thread(is_infected, scanner, incoming.file):
        raise _infected()
    return blob


def _infected() -> Invalid:
    """422 for a file in which the scanner found something; what, is nobody's business but the scanner's log."""
    text = Text("文件中发现病毒，未保存，请杀毒后重新上传", "A virus was found in the file; nothing was kept")
    found = Finding("file-infected", "file-infected", Severity.ERROR, "", text)
    return Invalid(text, code="file-infected", findings=[found])


def _declared_size(request: Request) -> int:
    return int(headers_of(request.scope).get(b"content-length", b"0"))


def _uploaded(row: Row, committed: bool) -> Answer:
    body = evidence_json(row) | {"committed": committed}
    if not committed:
        return json_answer(body | {"id": None})
    return json_answer(body, 201, {"Location": f"/api/v1/evidence/{row['id']}"})


def evidence_json(row: Row) -> dict[str, Any]:
    """A file as the contract writes it."""
    same = ("id", "sha256", "sm3", "size", "media_type", "filename", "uploaded_at")
    return {**{name: row[name] for name in same}, "unit": row["unit_code"]}
