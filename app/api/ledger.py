"""`/ledger/imports`: bring the central ledger's figures in, all or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from app.api.answers import DryRun, caller, json_answer, read, write
from app.api.body import check_encoding, check_sha256, stream
from app.api.conditional import prefers_async
from app.api.context import headers_of, received_at
from app.api.desk import Desk, Task
from app.api.documented import REFUSED_LEDGER, answers
from app.api.examples import LEDGER
from app.api.jobs import job_json
from app.api.ledger_answers import ledger_json, rejected
from app.api.media import BINARY, XLSX
from app.api.schemas.jobs import JobOut
from app.api.schemas.ledger import LedgerImportOut
from app.db import Row
from app.domain.ids import new_id
from app.domain.permission import Action
from app.errors import Text, UnsupportedMedia
from app.reconcile import Ledger, RosterKind, read_summary
from app.services import jobs, ledger, rosters
from app.services.idempotency import Answer
from app.services.ledger import Brought
from app.services.roster_files import Shelf

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])

CSV_TYPES = frozenset({"text/csv", "text/tab-separated-values", "application/octet-stream", "text/plain"})

Kind = Annotated[
    Literal["summary", "members", "orgs"],
    Query(
        description="What the file holds: `summary` one row per unit and period, `members` the roster of committee "
        "members (委员花名册), `orgs` that of direct organizations (直属团组织名册)."
    ),
]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: object) -> object:
    """Only YYYY-MM-DD: pydantic would take 0 for the first day of 1970."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


AsOf = Annotated[
    date | None,
    BeforeValidator(_written_out),
    Query(description="Of a roster: the day up to which it was kept (数据截止日期); by default today."),
]
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "examples": {"one_unit": {"value": LEDGER}}}},
    }
}
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {**CSV_BODY["requestBody"]["content"], XLSX: BINARY},
    }
}

Encoding = Annotated[
    Literal["utf-8", "gb18030", "utf-16"] | None, Query(description="Only when the file's own marks mislead.")
]


_IMPORT_ANSWERS = answers(LedgerImportOut, 201, 200, 413, 415, 503) | answers(JobOut, 202) | REFUSED_LEDGER


@router.post(
    "/imports",
    status_code=201,
    responses=_IMPORT_ANSWERS,
    openapi_extra=FILE_BODY,
)
async def import_ledger(
    request: Request,
    kind: Kind = "summary",
    encoding: Encoding = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> Response:
    """Import a ledger file: every row is checked, and one error refuses the whole file.

    The body is the file itself, CSV with commas or tabs, in UTF-8, GB18030 or UTF-16, with a Chinese or an
    English header (docs/reconcile.md). The same body comes back when the file is refused (422), with the line
    and column of every finding. A later import supersedes this one for the units and periods it names.
    With `Prefer: respond-async` the answer is 202 with the `Location` of a job, once the body is on disk.

    A roster (CSV or xlsx) decides its figures of every reporting unit that it has a record of, in the last twelve
    periods whose cut-off day is not after `as_of`; records dated inside a closed period that were not known
    before count in the first open one (补录). Its records are kept, without names, to explain figures.
    """
    if prefers_async(request) and not dry_run:
        return await _later(request, kind, encoding, as_of)
    if kind != "summary":
        return await _import_roster(request, RosterKind(kind), encoding, as_of, dry_run)
    found = await received_ledger(request, encoding)
    return await write(
        request,
        ledger.store,
        _imported,
        body=found.sha256,
        dry_run=dry_run,
        is_long=True,
        ledger=found,
        kind=kind,
        policy=request.app.state.policy,
    )


async def _import_roster(
    request: Request, kind: RosterKind, encoding: str | None, as_of: date | None, dry_run: bool
) -> Response:
    check_media_type(request, kind)
    plan = await read(request, rosters.plan, kind=kind, as_of=as_of, now=received_at(request))
    shelf: Shelf = request.app.state.shelf
    async with saved_body(request) as path:
        reading = partial(rosters.read, path, plan, shelf, encoding=encoding, is_kept=not dry_run)
        found = await asyncio.to_thread(reading)
    if not found.ok:
        raise rejected(found, kind)
    return await write(
        request,
        rosters.store,
        _imported,
        body=[found.sha256, kind, as_of and as_of.isoformat()],
        dry_run=dry_run,
        is_long=True,
        found=found,
        policy=request.app.state.policy,
    )


async def received_ledger(request: Request, encoding: str | None = None) -> Ledger:
    """The body as a checked ledger. Raises Forbidden, UnsupportedMedia, TooLarge, Invalid with its findings."""
    caller(request).check_role(Action.WRITE_LEDGER)
    check_media_type(request)
    known = await read(request, ledger.ledger_units)
    async with saved_body(request) as path:
        found = await asyncio.to_thread(partial(read_summary, path, known, encoding=encoding))
    check_sha256(headers_of(request.scope), found.sha256)
    if not found.ok:
        raise rejected(found)
    return found


@asynccontextmanager
async def saved_body(request: Request) -> AsyncIterator[FilePath]:
    """The body as a file that is gone afterwards; it is never held in memory whole."""
    folder: FilePath = request.app.state.spool
    with tempfile.NamedTemporaryFile(dir=folder, prefix="ledger-", suffix=".csv") as file:
        async for chunk in stream(request):
            file.write(chunk)
        file.flush()
        yield FilePath(file.name)


def check_media_type(request: Request, kind: str = "summary") -> None:
    """A ledger comes as text, uncompressed, a roster as a workbook too; a summary in Excel must be saved as CSV."""
    check_encoding(headers_of(request.scope))
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (CSV_TYPES if kind == "summary" else CSV_TYPES | {XLSX}):
        raise UnsupportedMedia(
            Text(
                "台账须为CSV文件（text/csv），请在Excel中另存为CSV",
                "A ledger is a CSV file (text/csv); save it as CSV first",
            )
        )


def _imported(result: tuple[Brought, Row], committed: bool) -> Answer:
    found, row = result
    headers = {"Location": f"/api/v1/ledger/imports/{row['id']}"} if committed else {}
    return json_answer(ledger_json(found, row, kind=row["kind"], committed=committed), 201, headers)


async def _later(request: Request, kind: str, encoding: str | None, as_of: date | None) -> Response:
    """Keep the body on disk, write the job down, answer, and only then begin."""
    caller(request).check_role(Action.WRITE_LEDGER)
    check_media_type(request, kind)
    desk: Desk = request.app.state.desk
    desk.check_room()
    job_id = new_id(received_at(request))
    file = desk.path_of(job_id)
    created: list[str] = []

    def render(row: Row, committed: bool) -> Answer:
        created.append(row["id"])
        headers = {"Location": f"/api/v1/jobs/{job_id}", "Preference-Applied": "respond-async"}
        return json_answer(job_json(row), 202, headers)

    try:
        sha256 = await _spooled(request, file)
        check_sha256(headers_of(request.scope), sha256)
        body = [sha256, kind, encoding, as_of and as_of.isoformat()]
        answer = await write(request, jobs.create, render, body=body, job_id=job_id, kind="ledger.import")
    finally:
        if not created:  # refused, or the answer of an earlier request with the same key
            file.unlink(missing_ok=True)
    if created:
        desk.take(Task(job_id, file, kind, encoding, as_of, caller(request)))
    return answer


async def _spooled(request: Request, file: FilePath) -> str:
    digest = hashlib.sha256()
    with file.open("wb") as target:
        async for chunk in stream(request):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
