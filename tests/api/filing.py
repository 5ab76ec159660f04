"""What tests of reports do again and again: file one, look at all that is stored, forget ids."""

from __future__ import annotations

from typing import Any

from app.models import metadata
from tests.samples import (
    REPORTS,
    report,
)
from tests.service import Service

STORED = [metadata.tables[name] for name in metadata.tables if name not in {"unit", "token", "grant"}]


def snapshot(service: Service) -> dict[str, list[dict[str, Any]]]:
    """Everything that a write could have left."""
    return {table.name: service.rows(table) for table in STORED}


def file(service: Service, *codes: str, period: str = "2015-04") -> None:
    for code in codes:
        assert service.post(REPORTS, report(code, period), by="everybody").status == 201


def without_ids(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem without what differs from request to request."""
    return {name: value for name, value in problem.items() if name not in {"instance", "request_id"}}
