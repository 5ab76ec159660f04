"""`/mismatches`: where reported and ledger differ, and what became of it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.conditional import ETAGS, etag_of, if_match
from app.api.context import headers_of, received_at
from app.api.documented import answers
from app.api.examples import EXPLAIN, RESOLVE
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.mismatch_files import TABLES, as_file
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.mismatches import (
    MismatchReasonIn,
    MismatchStatePage,
    MismatchWithThreadOut,
    RemarkIn,
    StateName,
)
from app.api.schemas.shapes import IdInPath
from app.db import Row
from app.domain.mismatch import Step
from app.services import mismatch_queries, mismatches
from app.services.idempotency import Answer
from app.services.mismatch_queries import KEYS, Filter, Sort
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/mismatches", tags=["reconciliation"])

CODE = "^([0-9]{6}|[0-9]{9})$"
Days = Annotated[int | None, Query(ge=0, le=36_500, description="Opened more than so many days ago.")]
REVISION: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The `ETag` of the revision that was read; 412 when somebody has moved it since.",
            "schema": ETAGS,
        }
    ]
}
ACTS = (200, 400, 403, 404, 409, 412, 413, 415, 422)
EVERY = 300_000
"""The most rows of a file: more mismatches than a period can have."""

_SHAPES: dict[Sort, tuple[type, ...]] = {
    Sort.UNIT: (str, str, str),
    Sort.DIFFERENCE: (int, str),
    Sort.OPENED: (str,),
}
_LIST = answers(MismatchStatePage, 200, 403, 404, 406, 422)
_LIST[200]["content"] = TABLES


@router.get("", responses=_LIST)
async def list_mismatches(
    request: Request,
    period: Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}$")] = None,
    within: Annotated[str | None, Query(pattern=CODE, description="A unit and all below it.")] = None,
    unit: Annotated[str | None, Query(pattern=CODE)] = None,
    indicator: Annotated[str | None, Query(pattern="^[a-z][a-z0-9_]{0,39}$")] = None,
    state: StateName | None = None,
    min_difference: Annotated[
        int | None, Query(ge=0, le=2**53 - 1, description="In either direction.")
    ] = None,
    older_than: Days = None,
    sort: Literal["unit", "-difference", "opened_at"] = "unit",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Mismatches within the caller's reach. `Accept` also takes all that match as CSV or as a workbook.

    There is one for each period, unit and indicator, whatever runs have seen it. A reporter sees those of a
    unit once it has sent its report of the period: they tell what the ledger says.
    """
    media, order = preferred(request, JSON, CSV, XLSX), Sort(sort)
    chosen = Filter(
        str(parse_period(period)) if period else None,
        within,
        unit,
        indicator,
        state,
        min_difference,
        older_than,
    )
    listed = partial(
        read, request, mismatch_queries.listed, chosen=chosen, sort=order, now=received_at(request)
    )
    if media != JSON:
        return await as_file(request, media, await listed(limit=EVERY))
    rows = await listed(after=decode_cursor(cursor, _SHAPES[order]), limit=limit + 1)
    page = page_of(rows, limit, *KEYS[order])
    items = [mismatch_json(row) for row in page["items"]]
    return json_response({"items": items, "next": page["next"]}, {"Vary": "Accept"})


@router.get("/{mismatch_id}", responses=answers(MismatchWithThreadOut, 200, 403, 404, 422))
async def get_mismatch(request: Request, mismatch_id: IdInPath) -> Response:
    """One mismatch with its thread: who did what, when, in which words."""
    row = await read(request, mismatch_queries.get, mismatch_id=mismatch_id)
    return json_response(whole_json(row) | {"committed": True}, {"ETag": etag_of(row["revision"])})


@router.post(
    "/{mismatch_id}/explain", responses=answers(MismatchWithThreadOut, *ACTS), openapi_extra=REVISION
)
async def explain_mismatch(
    request: Request,
    mismatch_id: IdInPath,
    body: Annotated[MismatchReasonIn, json_body(MismatchReasonIn, examples=EXPLAIN)],
    dry_run: DryRun = False,
) -> Response:
    """Say why the figures differ. With `If-Match`, only for the revision that was read (412)."""
    return await _take(request, mismatch_id, Step.EXPLAIN, body.text, dry_run)


@router.post(
    "/{mismatch_id}/confirm", responses=answers(MismatchWithThreadOut, *ACTS), openapi_extra=REVISION
)
async def confirm_mismatch(
    request: Request,
    mismatch_id: IdInPath,
    body: Annotated[RemarkIn, json_body(RemarkIn)],
    dry_run: DryRun = False,
) -> Response:
    """Say that the ledger is right; the report is to be corrected."""
    return await _take(request, mismatch_id, Step.CONFIRM, body.text, dry_run)


@router.post(
    "/{mismatch_id}/dispute", responses=answers(MismatchWithThreadOut, *ACTS), openapi_extra=REVISION
)
async def dispute_mismatch(
    request: Request,
    mismatch_id: IdInPath,
    body: Annotated[MismatchReasonIn, json_body(MismatchReasonIn, examples=EXPLAIN)],
    dry_run: DryRun = False,
) -> Response:
    """Say why the ledger is wrong. Its figure counts until it is corrected."""
    return await _take(request, mismatch_id, Step.DISPUTE, body.text, dry_run)


@router.post(
    "/{mismatch_id}/resolve", responses=answers(MismatchWithThreadOut, *ACTS), openapi_extra=REVISION
)
async def resolve_mismatch(
    request: Request,
    mismatch_id: IdInPath,
    body: Annotated[MismatchReasonIn, json_body(MismatchReasonIn, examples=RESOLVE)],
    dry_run: DryRun = False,
) -> Response:
    """Let the difference stand and close it. It opens again when the difference changes.

    A mismatch whose figures become equal closes by itself.
    """
    return await _take(request, mismatch_id, Step.RESOLVE, body.text, dry_run)


async def _take(request: Request, mismatch_id: str, step: Step, text: str, dry_run: bool) -> Response:
    revision = if_match(request) if b"if-match" in headers_of(request.scope) else None
    return await write(
        request,
        mismatches.take,
        _taken,
        body=text,
        dry_run=dry_run,
        mismatch_id=mismatch_id,
        step=step,
        text=text,
        revision=revision,
    )


def _taken(row: Row, committed: bool) -> Answer:
    headers = {"ETag": etag_of(row["revision"])} if committed else {}
    return json_answer(whole_json(row) | {"committed": committed}, headers=headers)


def whole_json(row: Row) -> dict[str, Any]:
    """A mismatch with its thread, as the contract writes it."""
    return {
        **mismatch_json(row),
        "thread": [{k: v for k, v in entry.items() if k != "mismatch_id"} for entry in row["thread"]],
    }


def mismatch_json(row: Row) -> dict[str, Any]:
    """A mismatch as the contract writes it."""
    same = ("id", "period", "name", "indicator", "reported", "ledger", "difference", "state", "resolution")
    told = ("text", "revision", "opened_at", "changed_at")
    return {"unit": row["unit_code"], **{name: row[name] for name in (*same, *told)}}
