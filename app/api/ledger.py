"""`/ledger/imports`: bring the central ledger's figures in, all or nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, caller, json_answer, read, write
from app.api.body import stream
from app.api.documented import answers
from app.api.examples import LEDGER
from app.api.schemas.ledger import LedgerImportOut
from app.db import Row
from app.domain.permission import Action
from app.errors import Invalid, Text, UnsupportedMedia
from app.reconcile import Ledger, read_summary
from app.services import ledger
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])

CSV_TYPES = frozenset({"text/csv", "text/tab-separated-values", "application/octet-stream", "text/plain"})

Kind = Annotated[Literal["summary"], Query(description="What the file holds: one row per unit and period.")]
CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "examples": {"one_unit": {"value": LEDGER}}}},
    }
}

Encoding = Annotated[
    Literal["utf-8", "gb18030", "utf-16"] | None, Query(description="Only when the file's own marks mislead.")
]


@router.post(
    "/imports",
    status_code=201,
    responses=answers(LedgerImportOut, 201, 200, 413, 415, 422),
    openapi_extra=CSV_BODY,
)
async def import_ledger(
    request: Request, kind: Kind = "summary", encoding: Encoding = None, dry_run: DryRun = False
) -> Response:
    """Import a ledger file: every row is checked, and one error refuses the whole file.

    The body is the file itself, CSV with commas or tabs, in UTF-8, GB18030 or UTF-16, with a Chinese or an
    English header (docs/reconcile.md). The same body comes back when the file is refused (422), with the line
    and column of every finding. A later import supersedes this one for the units and periods it names.
    """
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


async def received_ledger(request: Request, encoding: str | None = None) -> Ledger:
    """The body as a checked ledger. Raises Forbidden, UnsupportedMedia, TooLarge, Invalid with its findings."""
    caller(request).check_role(Action.WRITE_LEDGER)
    check_media_type(request)
    known = await read(request, ledger.ledger_units)
    async with saved_body(request) as path:
        found = await asyncio.to_thread(partial(read_summary, path, known, encoding=encoding))
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


def check_media_type(request: Request) -> None:
    """A ledger comes as text; an Excel workbook must be saved as CSV first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in CSV_TYPES:
        raise UnsupportedMedia(
            Text(
                "台账须为CSV文件（text/csv），请在Excel中另存为CSV",
                "A ledger is a CSV file (text/csv); save it as CSV first",
            )
        )


def rejected(found: Ledger) -> Invalid:
    """The refusal of a file: the body of an import, with its findings, and nothing stored."""
    title = Text(
        "台账文件有误，未导入任何数据，请按行号修改后重新上传",
        "The ledger file has errors; nothing was imported",
    )
    body = ledger_json(found, None, committed=False)
    # Findings of a file have a line and a column instead of a pointer, so they are a member like any other.
    listed = body.pop("findings")
    refusal = Invalid(title, code="import-rejected", **body)
    refusal.members["findings"] = listed
    return refusal


def ledger_json(found: Ledger, row: Row | None, *, committed: bool) -> dict[str, Any]:
    """A ledger file as the contract writes it; `row` is what was stored of it."""
    nothing = {"added": 0, "changed": 0, "removed": 0}
    return {
        "id": row["id"] if row and committed else None,
        "kind": "summary",
        "encoding": found.encoding,
        "rows": found.rows,
        "accepted": found.accepted if found.ok else 0,
        "periods": found.periods,
        "units": found.units,
        "sha256": found.sha256,
        "as_of": found.as_of and found.as_of.isoformat(),
        "findings": [finding.as_json() for finding in found.findings],
        "changes": row["summary"]["changes"] if row else nothing,
        "closed": row["summary"]["closed"] if row else [],
        "committed": committed,
    }


def _imported(result: tuple[Ledger, Row], committed: bool) -> Answer:
    found, row = result
    headers = {"Location": f"/api/v1/ledger/imports/{row['id']}"} if committed else {}
    return json_answer(ledger_json(found, row, committed=committed), 201, headers)
