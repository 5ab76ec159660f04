"""Jobs: long work that a client starts, watches and cancels; one row says how far it is and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from app.db import Row, Session, prepared
from app.domain.permission import Action, Actor
from app.errors import Conflict, NotFound, Text
from app.models import Job, Unit
from app.services import audit, ledger
from app.services.periods import Policy

_JOBS = Job.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
ALIVE = ("queued", "running")
LOST = timedelta(minutes=2)
"""A job whose worker gave no sign of life for so long was interrupted."""

INTERRUPTED: dict[str, Any] = {
    "code": "interrupted",
    "title": "The service stopped while it ran; nothing was stored, start it again",
    "title_zh": "服务中断，未写入任何数据，请重新提交",
}
"""How a job ends that was under way when its process ended."""

_ADD = prepared(insert(_JOBS))
_GET = prepared(
    select(_JOBS, _UNITS.c.report_path)
    .join(_UNITS, _UNITS.c.code == _JOBS.c.unit_code)
    .where(_JOBS.c.id == bindparam("id"))
)
_IS_UNDER_WAY = or_(*(_JOBS.c.state == state for state in ALIVE))
_is_alive = (_JOBS.c.id == bindparam("job_id"), _IS_UNDER_WAY)
_ADVANCE = prepared(
    update(_JOBS)
    .where(*_is_alive)
    .values(
        state="running",
        phase=bindparam("new_phase"),
        percent=bindparam("new_percent"),
        rows=bindparam("new_rows"),
        seen_at=bindparam("new_seen_at"),
    )
)
_END = prepared(
    update(_JOBS)
    .where(*_is_alive)
    .values(
        state=bindparam("new_state"),
        phase="ended",
        percent=bindparam("new_percent"),
        result=bindparam("new_result"),
        problem=bindparam("new_problem"),
        seen_at=bindparam("new_seen_at"),
    )
)
_BEAT = prepared(update(_JOBS).where(*_is_alive).values(seen_at=bindparam("new_seen_at")))
_UNDER_WAY = prepared(select(_JOBS.c.id).where(_IS_UNDER_WAY, _JOBS.c.seen_at <= bindparam("since")))


def create(session: Session, *, job_id: str, kind: str, by: Actor, now: datetime) -> Row:
    """Write down a job that waits for its turn. Raises Forbidden."""
    by.check_role(Action.WRITE_LEDGER)
    unit, path = ledger.owner(by)
    row = {
        "id": job_id,
        "kind": kind,
        "unit_code": unit,
        "state": "queued",
        "phase": "waiting",
        "rows": None,
        "percent": 0,
        "result": None,
        "problem": None,
        "created_at": now,
        "created_by": by.id,
        "seen_at": now,
    }
    session.run(_ADD, **row)
    audit.record(session, by=by, action="job.create", path=path, thing=f"job:{job_id}", now=now)
    return row


def get(session: Session, *, job_id: str, by: Actor, now: datetime) -> Row:
    """A job as it stands. Raises NotFound, Forbidden. One that lost its worker reads as interrupted."""
    row = session.one(_GET, id=job_id)
    if row is None:
        raise NotFound()
    by.check(Action.WRITE_LEDGER, row["report_path"])
    if row["state"] in ALIVE and now - row["seen_at"] > LOST:
        return {**row, "state": "failed", "phase": "ended", "problem": INTERRUPTED}
    return row


def cancel(session: Session, *, job_id: str, by: Actor, now: datetime) -> Row:
    """End a job before it stores anything. Raises NotFound, Forbidden, Conflict when it has ended already."""
    row = get(session, job_id=job_id, by=by, now=now)
    if row["state"] not in ALIVE or not end(session, job_id, "cancelled", now=now):
        raise Conflict(
            Text("该任务已结束，不能取消", "The job has ended and cannot be cancelled"),
            code="job-ended",
            status_now=row["state"],
        )
    path, thing = row["report_path"], f"job:{job_id}"
    audit.record(session, by=by, action="job.cancel", path=path, thing=thing, now=now)
    return get(session, job_id=job_id, by=by, now=now)


def advance(
    session: Session, job_id: str, phase: str, percent: int, *, rows: int | None = None, now: datetime
) -> bool:
    """Say how far a job is; False when it was cancelled, so that its worker stops."""
    changed = session.run(
        _ADVANCE, job_id=job_id, new_phase=phase, new_percent=percent, new_rows=rows, new_seen_at=now
    )
    return changed == 1


def end(
    session: Session,
    job_id: str,
    state: str,
    *,
    result: str | None = None,
    problem: dict[str, Any] | None = None,
    now: datetime,
) -> bool:
    """End a job that is under way; False when it has ended already."""
    values = {"new_state": state, "new_result": result, "new_problem": problem, "new_seen_at": now}
    percent = 100 if state == "done" else 0
    return session.run(_END, job_id=job_id, new_percent=percent, **values) == 1


def store_ledger(
    session: Session,
    *,
    job_id: str,
    rows: int,
    store: Callable[..., tuple[Any, Row]],
    by: Actor,
    now: datetime,
    policy: Policy,
) -> bool:
    """Import a checked ledger and end its job in one transaction; False, and nothing stored, when it was cancelled.

    `store` brings the ledger in, from a session, by, now and policy.
    Whenever the process ends, either the job is done and the import is there, or neither.
    """
    if not advance(session, job_id, "storing", 60, rows=rows, now=now):
        return False
    _, row = store(session, by=by, now=now, policy=policy)
    return end(session, job_id, "done", result=f"/api/v1/ledger/imports/{row['id']}", now=now)


def beat(session: Session, ids: Sequence[str], *, now: datetime) -> None:
    """A sign of life of the worker that holds these jobs."""
    session.many(_BEAT, [{"job_id": job_id, "new_seen_at": now} for job_id in ids])


def interrupt(session: Session, *, is_alone: bool, now: datetime) -> list[str]:
    """End what an earlier process left under way; the ids. To be called when the service starts.

    `is_alone` says that no other process serves this database; where others do, only jobs that have lost their
    worker are ended.
    """
    since = now if is_alone else now - LOST
    lost = [row["id"] for row in session.all(_UNDER_WAY, since=since)]
    for job_id in lost:
        end(session, job_id, "failed", problem=INTERRUPTED, now=now)
    return lost
