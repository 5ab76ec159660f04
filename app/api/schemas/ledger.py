"""The bodies of `/ledger/imports` and `/reconciliations`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from app.api.schemas.shapes import Body, Out, PeriodText, TextOut, UnitCode


class LedgerFindingOut(Out):
    """One thing found in a ledger file, at a line and column."""

    severity: Literal["error", "warning", "info"]
    code: str = Field(examples=["unknown-unit"])
    line: int | None
    column: str | None
    value: str | None
    message: TextOut


class ChangesOut(Out):
    """Figures against the import that was in force."""

    added: int
    changed: int
    removed: int


class LedgerImportOut(Out):
    """A ledger file as it was read."""

    id: str | None
    kind: Literal["summary", "members", "orgs"]
    encoding: str
    rows: int
    accepted: int
    periods: list[PeriodText]
    units: list[UnitCode]
    sha256: str
    as_of: date | None
    findings: list[LedgerFindingOut]
    changes: ChangesOut
    committed: bool


class ReconcileIn(Body):
    """Reconcile with the ledger in force, or with one import."""

    period: PeriodText
    unit: UnitCode
    ledger_import: str | None = None


class SummaryOut(Out):
    """Cells (unit × indicator): both sides, equal, different, and those that only one side has."""

    compared: int
    matched: int
    mismatched: int
    missing_in_ledger: int
    not_reported: int


class MismatchOut(Out):
    """Reported and ledger differ; difference = reported − ledger (positive: 多报)."""

    id: str
    unit: UnitCode
    indicator: str
    reported: int
    ledger: int
    difference: int
    state: str


class CellOut(Out):
    """A figure that only one side has."""

    unit: UnitCode
    indicator: str
    reported: int | None
    ledger: int | None


class ReconciliationOut(Out):
    """A run and everything it found."""

    id: str | None
    period: PeriodText
    unit: UnitCode
    ledger_import: str | None
    summary: SummaryOut
    mismatches: list[MismatchOut]
    missing_in_ledger: list[CellOut]
    not_reported: list[CellOut]
    created_at: datetime
    committed: bool
    findings: list[LedgerFindingOut] | None = None


class MismatchPage(Out):
    """Mismatches by unit and indicator."""

    items: list[MismatchOut]
    next: str | None


Figures = dict[str, Any]
