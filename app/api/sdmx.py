"""SDMX-CSV 2.0 over HTTP: what a client asks for in its media type, and tables that come back."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from app.api import examples
from app.api.answers import DryRun, caller, database_of, json_answer, write
from app.api.body import check_digest, check_encoding, read_all
from app.api.conditional import etag_of, is_unchanged, not_modified
from app.api.context import headers_of
from app.api.documented import answers
from app.api.media import attachment, preferred_language
from app.api.schemas.exchange import TakenOut
from app.documents.sdmx import Keys, Labels, Options, Valuation, observations, sdmx_csv
from app.documents.sdmx_reader import SdmxTable, read_sdmx
from app.domain.permission import Action
from app.errors import Invalid, NotAcceptable, Text, UnsupportedMedia
from app.services import exchange, workbooks
from app.services.exchange import Taken
from app.services.idempotency import Answer

SDMX = "application/vnd.sdmx.data+csv"
VERSION = "2.0.0"
LARGEST_UPLOAD = 16 * 1024 * 1024
"""Over a hundred thousand observations; a province has some hundreds."""

BODY: dict[str, Any] = {SDMX: {"schema": {"type": "string"}}}
_SENT: dict[str, Any] = {
    SDMX: {"schema": {"type": "string"}, "examples": {"one_figure": {"value": examples.SDMX_TABLE}}}
}
ACCEPTED_TYPES = frozenset({SDMX, "text/csv", "application/octet-stream"})

router = APIRouter(prefix="/api/v1", tags=["aggregates"])


async def as_sdmx(request: Request, body: bytes, tag: str) -> Response:
    """An answer of `/aggregates/{period}/{unit}` as a message; its tag names the options too."""
    options = _options(request)
    etag = etag_of(f"{tag}-sdmx-{options.labels}-{options.keys}-{options.language}")
    if is_unchanged(request, etag):
        return not_modified(etag)
    found = orjson.loads(body)
    form = await database_of(request).read(workbooks.form_named, name=found["form"])
    content = await asyncio.to_thread(_made, form, found, options)
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Accept-Language",
        "Content-Language": "zh-CN" if options.language == "zh" else "en",
        **attachment(f"{found['unit']}_{found['period']}_sdmx.csv"),
    }
    return Response(content, headers=headers, media_type=f"{SDMX}; version={VERSION}")


def _made(form: Any, found: dict[str, Any], options: Options) -> bytes:
    names = {unit["unit"]: unit["name"] for unit in (*found["units"], *found["separate"])}
    return "".join(sdmx_csv(form, observations(form, found), names, options)).encode()


def _options(request: Request) -> Options:
    """The parameters of the media type in Accept. Raises NotAcceptable for another version of the format."""
    header = headers_of(request.scope).get(b"accept", b"").decode("latin-1").lower()
    part = next((p for p in header.split(",") if p.strip().startswith(SDMX)), "")
    pairs = [piece.strip().partition("=") for piece in part.split(";")[1:]]
    given = {name.strip(): value.strip().strip('"') for name, _, value in pairs}
    language = preferred_language(request)
    try:
        options = Options(Labels(given.get("labels", "id")), Keys(given.get("keys", "none")), language)
    except ValueError:
        raise NotAcceptable from None
    if given.get("version", VERSION) != VERSION:
        raise NotAcceptable(
            Text("只提供 SDMX-CSV 2.0（version=2.0.0）", "Only SDMX-CSV 2.0 is available (version=2.0.0)")
        )
    return options


@router.post(
    "/aggregates/sdmx",
    status_code=201,
    responses=answers(TakenOut, 201, 200, 400, 403, 413, 415, 422),
    openapi_extra={"requestBody": {"required": True, "content": _SENT}},
)
async def import_sdmx(request: Request, dry_run: DryRun = False) -> Response:
    """Take the table of a province in SDMX-CSV 2.0: compare it with the reports, save drafts for missing ones.

    Only observations with the valuation `reported` are taken, or all of a table that has no such column; the
    others are counted in `ignored`. A draft counts when its unit submits it; a report that is there is never
    changed, its cells that differ are listed. One finding refuses the whole table; pointers name the line, or
    the period and the unit. 200 when there was nothing to save.
    """
    caller(request).check_role(Action.WRITE_REPORT)
    data = await _received(request)
    table = await asyncio.to_thread(read_sdmx, data)
    if table.findings or table.form is None:
        raise _refusal(table)
    rows, ignored = exchange.reported_of(table.observations, Valuation.REPORTED)
    return await write(
        request,
        exchange.take,
        _taken,
        body=sha256(data).hexdigest(),
        dry_run=dry_run,
        is_long=True,
        form=table.form,
        rows=rows,
        ignored=ignored,
        policy=request.app.state.policy,
    )


async def _received(request: Request) -> bytes:
    headers = headers_of(request.scope)
    check_encoding(headers)
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in ACCEPTED_TYPES:
        raise UnsupportedMedia(Text("请发送 SDMX-CSV 文件", "Send an SDMX-CSV file"))
    data = await read_all(request)
    check_digest(headers, data)
    return data


def _refusal(table: SdmxTable) -> Invalid:
    title = Text(
        "文件不符合 SDMX-CSV 2.0，未作任何改动", "The file is no sound SDMX-CSV 2.0; nothing was stored"
    )
    return Invalid(title, code="sdmx-refused", findings=table.findings)


def _taken(taken: Taken, committed: bool) -> Answer:
    same = ("form", "created", "matched", "differing", "ignored")
    body = {name: getattr(taken, name) for name in same}
    return json_answer({**body, "committed": committed}, 201 if taken.created else 200)
