"""`/ledger/imports/{id}`: the versions of the ledger, what differs between them, and which is in force."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.context import received_at
from app.api.documented import answers
from app.api.examples import PROMOTE
from app.api.media import CSV, attachment
from app.api.openapi import refusals
from app.api.paging import Cursor, Limit, decode_cursor, encode_cursor
from app.api.schemas.ledger import (
    InForceOut,
    LedgerDiffOut,
    LedgerImportPage,
    LedgerVersionOut,
    PromoteIn,
    RollBackIn,
)
from app.api.schemas.shapes import Id, IdInPath
from app.db import Row, Session
from app.documents.ledger_findings import findings_csv
from app.domain.permission import Actor
from app.services import ledger, ledger_findings, ledger_versions, rosters
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/ledger/imports", tags=["ledger"])


_FINDINGS: dict[int | str, dict[str, Any]] = refusals(403, 404, 422)
_FINDINGS[200] = {"description": "The findings", "content": {CSV: {"schema": {"type": "string"}}}}
ACTS = (200, 403, 404, 409, 413, 415, 422)


@router.get("", responses=answers(LedgerImportPage, 200, 403, 422))
async def list_imports(
    request: Request,
    kind: Annotated[str | None, Query(pattern="^(summary|members|orgs)$")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The imports in the name of units within the caller's reach, newest first."""
    (before,) = decode_cursor(cursor, (str,)) or (None,)
    rows = await read(request, ledger.listed, kind=kind, before=before, limit=limit + 1)
    page = page_of(rows, limit, "id")
    return json_response({"items": [version_json(row) for row in page["items"]], "next": page["next"]})


@router.get("/{import_id}", responses=answers(LedgerVersionOut, 200, 403, 404, 422))
async def get_import(request: Request, import_id: IdInPath) -> Response:
    """One import, as it was answered when the file came in, and whether it is in force."""
    return json_response(version_json(await read(request, _get, import_id=import_id)))


@router.get("/{import_id}/diff", responses=answers(LedgerDiffOut, 200, 403, 404, 409, 422))
async def diff_imports(
    request: Request,
    import_id: IdInPath,
    against: Annotated[
        Id | None, Query(description="Another import; without it, the one it superseded.")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The figures that were added, changed and removed against another import, by period, unit and column.

    At most 10,000 are listed; the counts count all. `records` is for imports of rosters, and null for others: how
    many records came, changed and went, and a page of them by key. Members are shown by the ends of their
    numbers, with their lines in the two files.
    """
    (offset,) = decode_cursor(cursor, (int,)) or (0,)
    found = await read(request, ledger_versions.diff, import_id=import_id, against=against)
    if found["records"] is not None:
        found["records"] = await _records(request, found["records"], max(0, int(offset)), limit)
    return json_response(found)


async def _records(request: Request, files: ledger_versions.RecordsDiff, offset: int, limit: int) -> Row:
    comparing = partial(rosters.compare, *files[:3], request.app.state.shelf, counts=files.counts)
    counts, items = await asyncio.to_thread(partial(comparing, offset=offset, limit=limit + 1))
    following = encode_cursor([offset + limit]) if len(items) > limit else None
    return {
        **{name: counts[name] for name in ("added", "changed", "removed")},
        "items": items[:limit],
        "next": following,
    }


@router.get("/{import_id}/findings", response_class=Response, responses=_FINDINGS)
async def list_findings(request: Request, import_id: IdInPath) -> Response:
    """What was found in a file, as CSV for Excel: of an import, or of a job whose file was refused (its id).

    At most 1,000 findings are listed, errors first; the last line says how many there were.
    """
    found = await read(request, ledger_findings.of, thing_id=import_id, now=received_at(request))
    headers = {"Cache-Control": "private, no-cache", **attachment(f"台账问题清单-{import_id[:8]}.csv")}
    return Response(findings_csv(*found), headers=headers, media_type=CSV)


@router.post("/{import_id}/promote", responses=answers(InForceOut, *ACTS))
async def promote_import(
    request: Request,
    import_id: IdInPath,
    body: Annotated[PromoteIn, json_body(PromoteIn, examples=PROMOTE)],
    dry_run: DryRun = False,
) -> Response:
    """Put an earlier import in force again for the units and periods that it names.

    `in_force` names the import that the caller takes for the one in force; 409 when it is another by now. The
    figures of open periods are computed anew in the same transaction; closed ones stay, and are named in `closed`.
    """
    return await write(
        request,
        ledger_versions.promote,
        _moved,
        body=body.model_dump(),
        dry_run=dry_run,
        is_long=True,
        import_id=import_id,
        in_force=body.in_force,
        policy=request.app.state.policy,
    )


@router.post("/{import_id}/rollback", responses=answers(InForceOut, *ACTS))
async def roll_back_import(
    request: Request,
    import_id: IdInPath,
    body: Annotated[RollBackIn, json_body(RollBackIn)],
    dry_run: DryRun = False,
) -> Response:
    """Take the import in force back: what was in force before it is again, and where nothing was, nothing is.

    409 when another import is in force. Closed periods stay, and are named in `closed`.
    """
    return await write(
        request,
        ledger_versions.roll_back,
        _moved,
        body=body.model_dump(),
        dry_run=dry_run,
        is_long=True,
        import_id=import_id,
        policy=request.app.state.policy,
    )


def _get(session: Session, *, by: Actor, import_id: str) -> Row:
    return ledger.get(session, import_id, by=by)


def _moved(row: Row, committed: bool) -> Answer:
    same = ("id", "in_force", "closed")
    return json_answer(
        {**{name: row[name] for name in same}, "changes": row["moved"], "committed": committed}
    )


def version_json(row: Row) -> dict[str, Any]:
    """A stored import as the contract writes it, with where it came from and what became of it."""
    same = ("id", "kind", "encoding", "rows", "accepted", "sha256", "as_of", "findings", "source")
    told = ("supersedes", "imported_at", "imported_by", "purged_at")
    return {
        **{name: row[name] for name in (*same, *told)},
        "unit": row["unit_code"],
        "is_in_force": bool(row["is_in_force"]),
        "closed": [],
        "counts": None,
        "records": None,
        **row["summary"],
        "committed": True,
    }
