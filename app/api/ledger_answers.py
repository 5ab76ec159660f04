"""A ledger file between a service and an answer: accepted, or refused with every finding."""

from __future__ import annotations

from typing import Any

from app.db import Row
from app.errors import Invalid, Text
from app.services.ledger import Brought


def rejected(found: Brought, kind: str = "summary") -> Invalid:
    """The refusal of a file: the body of an import, with its findings, and nothing stored."""
    title = Text(
        "台账文件有误，未导入任何数据，请按行号修改后重新上传",
        "The ledger file has errors; nothing was imported",
    )
    body = ledger_json(found, None, kind=kind, committed=False)
    # Findings of a file have a line and a column instead of a pointer, so they are a member like any other.
    listed = body.pop("findings")
    refusal = Invalid(title, code="import-rejected", **body)
    refusal.members["findings"] = listed
    return refusal


def ledger_json(found: Brought, row: Row | None, *, kind: str = "summary", committed: bool) -> dict[str, Any]:
    """A ledger file as the contract writes it; `row` is what was stored of it."""
    nothing = {"added": 0, "changed": 0, "removed": 0}
    return {
        "id": row["id"] if row and committed else None,
        "kind": kind,
        "encoding": found.encoding,
        "rows": found.rows,
        "accepted": 0 if found.counts["error"] else found.accepted,
        "periods": found.periods,
        "units": found.units,
        "sha256": found.sha256,
        "as_of": found.as_of and found.as_of.isoformat(),
        "findings": [finding.as_json() for finding in found.findings],
        "changes": row["summary"]["changes"] if row else nothing,
        "closed": row["summary"]["closed"] if row else [],
        "counts": dict(found.counts),
        "records": row["summary"].get("records") if row else None,
        "committed": committed,
    }
