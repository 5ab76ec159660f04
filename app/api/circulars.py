"""`/circulars`: the month told to the units, drafted, edited, signed, published, corrected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.conditional import IF_MATCH, etag_of, if_match, is_unchanged, not_modified
from app.api.documented import answers
from app.api.examples import APPROVE_CIRCULAR, CIRCULAR, EDIT_CIRCULAR, PUBLISH, REASON
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.circulars import (
    ApproveCircularIn,
    CircularIn,
    CircularOut,
    CircularPage,
    CircularReasonIn,
    EditCircularIn,
    PublishIn,
)
from app.api.schemas.shapes import IdInPath, Nothing
from app.db import Row
from app.services import circular_queries, circulars
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/circulars", tags=["circulars"])


_MOVED = answers(CircularOut, 200, 400, 403, 404, 409, 412, 413, 415, 422)


@router.post("", status_code=201, responses=answers(CircularOut, 201, 200, 400, 403, 404, 409, 413, 415, 422))
async def create_circular(
    request: Request,
    body: Annotated[CircularIn, json_body(CircularIn, examples=CIRCULAR)],
    dry_run: DryRun = False,
) -> Response:
    """Draft the circular of a unit and month: text and tables are generated from the figures.

    Of a closed period it tells the last vintage; before the close it says that its figures are provisional.
    409 with `Location` when there is one already.
    """
    return await write(
        request,
        circulars.create,
        _created,
        body=body.model_dump(),
        dry_run=dry_run,
        is_long=True,
        period=parse_period(body.period),
        unit_code=body.unit,
        policy=request.app.state.policy,
    )


@router.get("", responses=answers(CircularPage, 200, 403, 422))
async def list_circulars(
    request: Request,
    period: Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}$")] = None,
    unit: Annotated[str | None, Query(pattern="^([0-9]{6}|[0-9]{9})$")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Circulars, newest first: in every state for those who write them, published ones for those addressed."""
    (after,) = decode_cursor(cursor, (str,)) or (None,)
    month = str(parse_period(period)) if period else None
    rows = await read(
        request, circular_queries.listed, period=month, unit_code=unit, after=after, limit=limit + 1
    )
    page = page_of(rows, limit, "id")
    items = [circular_queries.as_json(row) for row in page["items"]]
    return json_response({"items": items, "next": page["next"]})


@router.get("/{circular_id}", responses=answers(CircularOut, 200, 304, 404, 422))
async def get_circular(request: Request, circular_id: IdInPath) -> Response:
    """One circular with everything it says. The `ETag` is its version."""
    row = await read(request, circular_queries.get, circular_id=circular_id)
    etag = etag_of(row["version"])
    if is_unchanged(request, etag):
        return not_modified(etag)
    return json_response(circular_queries.as_json(row) | {"committed": True}, {"ETag": etag})


@router.put(
    "/{circular_id}",
    responses=answers(CircularOut, 200, 400, 403, 404, 409, 412, 413, 415, 422, 428),
    openapi_extra=IF_MATCH,
)
async def edit_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[EditCircularIn, json_body(EditCircularIn, examples=EDIT_CIRCULAR)],
    dry_run: DryRun = False,
) -> Response:
    """Word sections of a draft anew. Headings, tables and their figures stay as generated."""
    version = if_match(request)
    given = body.model_dump()
    return await _act(
        request, circulars.edit, circular_id, dry_run, given | {"version": version}, **given, version=version
    )


@router.post("/{circular_id}/submit", responses=_MOVED)
async def submit_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """送审: hand the draft in for the leader's decision."""
    return await _act(request, circulars.submit, circular_id, dry_run, None)


@router.post("/{circular_id}/return", responses=_MOVED)
async def return_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[CircularReasonIn, json_body(CircularReasonIn, examples=REASON)],
    dry_run: DryRun = False,
) -> Response:
    """Give it back to be edited, with a reason; an approval is void."""
    return await _act(request, circulars.send_back, circular_id, dry_run, body.reason, reason=body.reason)


@router.post("/{circular_id}/approve", responses=_MOVED)
async def approve_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[ApproveCircularIn, json_body(ApproveCircularIn, examples=APPROVE_CIRCULAR)],
    dry_run: DryRun = False,
) -> Response:
    """批准: sign exactly this content; with `content_hash`, 412 when it is no longer the one that was read."""
    given = body.model_dump()
    return await _act(request, circulars.approve, circular_id, dry_run, given, **given)


@router.post("/{circular_id}/publish", responses=_MOVED)
async def publish_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[PublishIn, json_body(PublishIn, examples=PUBLISH)],
    dry_run: DryRun = False,
) -> Response:
    """印发: number it, date it, and never change it again. 409 `not-approved` before it was approved."""
    given = body.model_dump()
    return await _act(request, circulars.publish, circular_id, dry_run, given, **given)


@router.post(
    "/{circular_id}/restate",
    status_code=201,
    responses=answers(CircularOut, 201, 200, 400, 403, 404, 409, 413, 415, 422),
)
async def restate_circular(
    request: Request,
    circular_id: IdInPath,
    body: Annotated[CircularReasonIn, json_body(CircularReasonIn, examples=REASON)],
    dry_run: DryRun = False,
) -> Response:
    """更正: draft the next edition of a published circular, from the figures that count now.

    It names what it corrects and lists every figure that changed, old and new. The published one stays as it
    is, and becomes `corrected` when the correction is published.
    """
    return await _act(
        request,
        circulars.restate,
        circular_id,
        dry_run,
        body.reason,
        render=_created,
        reason=body.reason,
        policy=request.app.state.policy,
    )


async def _act(
    request: Request,
    service: Callable[..., Any],
    circular_id: str,
    dry_run: bool,
    said: object,
    *,
    render: Callable[[Row, bool], Answer] | None = None,
    **given: Any,
) -> Response:
    return await write(
        request,
        partial(service, circular_id=circular_id),
        render or _moved,
        body=said,
        dry_run=dry_run,
        is_long=True,
        **given,
    )


def _created(row: Row, committed: bool) -> Answer:
    body = circular_queries.as_json(row) | {"committed": committed}
    if not committed:
        return json_answer(body | {"id": None})
    headers = {"Location": f"/api/v1/circulars/{row['id']}", "ETag": etag_of(row["version"])}
    return json_answer(body, 201, headers)


def _moved(row: Row, committed: bool) -> Answer:
    body = circular_queries.as_json(row) | {"committed": committed}
    return json_answer(body, headers={"ETag": etag_of(row["version"])} if committed else None)
