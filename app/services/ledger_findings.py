"""Findings of a ledger file: of an import, or of a job that was refused and so stored nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.db import Session
from app.domain.permission import Actor
from app.errors import NotFound
from app.services import jobs, ledger


def of(
    session: Session, *, thing_id: str, by: Actor, now: datetime
) -> tuple[list[dict[str, Any]], Mapping[str, int] | None]:
    """The findings of an import or of a refused job, and how many there were of each severity, if that is known.

    Raises NotFound, Forbidden.
    """
    try:
        row = ledger.get(session, thing_id, by=by)
    except NotFound:
        problem = jobs.get(session, job_id=thing_id, by=by, now=now)["problem"] or {}
        if "findings" not in problem:
            raise
        return problem["findings"], problem.get("counts")
    return row["findings"], row["summary"].get("counts")
