"""Ledger files for tests to bend: what a unit's ledger says, as a file that an office sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.samples import GUANGDONG, GUANGZHOU, figures
from tests.service import Answer, Service

SEVEN = (
    "members_added",
    "members_left",
    "members_total",
    "orgs_new",
    "orgs_dissolved",
    "orgs_rectified",
    "orgs_total",
)
HEADER = f"period,unit_code,unit_name,{','.join(SEVEN)},as_of\n"
IMPORTS = "/api/v1/ledger/imports"
RUNS = "/api/v1/reconciliations"
MISMATCHES = "/api/v1/mismatches"


def line(code: str = GUANGZHOU, period: str = "2015-04", **changes: int | None) -> str:
    """A row that agrees with the sample report but for `changes`; None is a blank."""
    known: Mapping[str, Any] = {**figures(code, period), **changes}
    cells = ["" if known[name] is None else str(known[name]) for name in SEVEN]
    return f"{period},{code},,{','.join(cells)},{period}-25\n"


def ledger(*lines: str) -> bytes:
    """A ledger file of these rows."""
    return (HEADER + "".join(lines)).encode()


def imported(service: Service, *lines: str, by: str = "reviewer", query: str = "") -> Answer:
    """Send a ledger file."""
    return service.post(f"{IMPORTS}{query}", ledger(*lines), by=by, content_type="text/csv")


def reconciled(service: Service, *, unit: str = GUANGDONG, by: str = "reviewer", **body: Any) -> Answer:
    """Reconcile April with the figures in force."""
    return service.post(RUNS, {"period": "2015-04", "unit": unit, **body}, by=by)
