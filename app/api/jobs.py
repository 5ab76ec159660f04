"""`/jobs`: how far long work is, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from app.api.answers import caller, database_of, encode, json_answer, json_response, read, write
from app.api.context import received_at
from app.api.desk import WATCHERS, Desk
from app.api.documented import answers
from app.api.schemas.jobs import JobOut
from app.api.schemas.shapes import IdInPath
from app.db import Row
from app.domain.permission import Actor
from app.errors import Unavailable
from app.services import jobs
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

LOOK = 0.25
"""Seconds between two looks at a job that is watched."""

LONGEST = 2400
"""Looks after which a stream ends; the client asks again."""

QUIET = 60
"""Looks without news after which a comment keeps the connection open."""

_EVENTS = answers(JobOut, 403, 404, 422, 503) | {
    200: {
        "description": "Events `job`, whose `data` is the job as `GET /jobs/{job_id}` answers it",
        "content": {"text/event-stream": {}},
    }
}


@router.get("/{job_id}", responses=answers(JobOut, 200, 403, 404, 422))
async def get_job(request: Request, job_id: IdInPath) -> Response:
    """A job as it stands: its state and phase, and at the end the address of what it made or the refusal."""
    row = await read(request, jobs.get, job_id=job_id, now=received_at(request))
    return json_response(job_json(row), {"Cache-Control": "no-store"})


@router.get("/{job_id}/events", response_class=Response, responses=_EVENTS)
async def follow_job(request: Request, job_id: IdInPath) -> Response:
    """The same as server-sent events (`job`), one for each change, until the job ends."""
    row = await read(request, jobs.get, job_id=job_id, now=received_at(request))
    desk: Desk = request.app.state.desk
    if desk.watchers >= WATCHERS:
        raise Unavailable(headers={"Retry-After": "10"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    changes = _changes(request, desk, row, caller(request))
    return StreamingResponse(changes, headers=headers, media_type="text/event-stream")


async def _changes(request: Request, desk: Desk, row: Row, by: Actor) -> AsyncIterator[bytes]:
    desk.watchers += 1
    try:
        seen, quiet = b"", 0
        for _ in range(LONGEST):
            told = encode(job_json(row))
            if told != seen:
                seen, quiet = told, 0
                yield b"event: job\ndata: " + told + b"\n\n"
            if row["state"] not in jobs.ALIVE or desk.is_stopping:
                return
            quiet += 1
            if quiet % QUIET == 0:
                yield b": still there\n\n"
            await asyncio.sleep(LOOK)
            look = partial(jobs.get, job_id=row["id"], by=by, now=desk.clock.now())
            row = await database_of(request).read(look)
    finally:
        desk.watchers -= 1


@router.delete("/{job_id}", responses=answers(JobOut, 200, 403, 404, 409, 422))
async def cancel_job(request: Request, job_id: IdInPath) -> Response:
    """Cancel a job that waits or reads: nothing of it is stored. 409 when it has ended already."""
    return await write(request, jobs.cancel, _cancelled, body=job_id, job_id=job_id)


def _cancelled(row: Row, committed: bool) -> Answer:
    return json_answer(job_json(row))


def job_json(row: Row) -> dict[str, Any]:
    """A job as the contract writes it."""
    same = ("id", "kind", "state", "phase", "rows", "percent", "result", "problem", "created_at")
    return {name: row[name] for name in same}
