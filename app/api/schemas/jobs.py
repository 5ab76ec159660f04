"""The bodies of `/jobs`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from app.api.schemas.shapes import Out


class JobOut(Out):
    """Long work. `percent` goes by phases: waiting 0, reading 10, storing 60, done 100; a roster is judged, matched,
    derived and kept in between."""

    id: str
    kind: Literal["ledger.import"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    phase: Literal["waiting", "reading", "judging", "matching", "deriving", "keeping", "storing", "ended"]
    rows: int | None
    percent: int = Field(ge=0, le=100)
    result: str | None = Field(examples=["/api/v1/ledger/imports/00000000000000000000000000000000"])
    problem: dict[str, Any] | None
    """The problem that the same request would have been answered with at once; code `interrupted` after a restart."""
    created_at: datetime
