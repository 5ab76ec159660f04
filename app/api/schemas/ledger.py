"""The bodies of `/ledger/imports` and `/reconciliations`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from app.api.schemas.problems import RefusalOut
from app.api.schemas.shapes import Body, Id, Out, PeriodText, TextOut, UnitCode


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


class RecordsOut(Out):
    """Records of a roster against the one that it superseded, and those that count later than dated (补录)."""

    added: int
    changed: int
    removed: int
    back_entries: int


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
    closed: list[dict[str, str]]
    counts: dict[Literal["error", "warning", "info"], int] | None = None
    """All findings; at most 1,000 are listed."""
    records: RecordsOut | None = None
    committed: bool


class RefusedLedgerOut(LedgerImportOut, RefusalOut):
    """A file with errors (`import-rejected`): as it was read, where it is wrong, and nothing of it is stored."""


class ClosedOut(Out):
    """A unit's period that is closed: its figures stayed as they were."""

    period: PeriodText
    unit: UnitCode


class LedgerVersionOut(LedgerImportOut):
    """An import as a version: where it came from, what it superseded, whether it can still be used."""

    unit: UnitCode
    source: str = Field(examples=["upload"])
    supersedes: str | None
    is_in_force: bool
    imported_at: datetime
    imported_by: str
    purged_at: datetime | None


class LedgerImportPage(Out):
    """Imports, newest first."""

    items: list[LedgerVersionOut]
    next: str | None


class FigureChangeOut(Out):
    """A figure that differs between two imports; null where one of them has none."""

    period: PeriodText
    unit: UnitCode
    indicator: str
    change: Literal["added", "changed", "removed"]
    from_: int | None = Field(alias="from")
    to: int | None


class RecordChangeOut(Out):
    """A record of a roster that differs between two imports, by its key and its line in each file."""

    identity: str
    township: str
    begun: date
    change: Literal["added", "changed", "removed"]
    line: int | None
    earlier_line: int | None


class RecordChangesOut(ChangesOut):
    """How many records came, changed and went, and a page of them."""

    items: list[RecordChangeOut]
    next: str | None


class LedgerDiffOut(Out):
    """What differs between two imports; `records` is null for a summary."""

    id: str
    against: str | None
    changes: ChangesOut
    figures: list[FigureChangeOut]
    truncated: bool
    records: RecordChangesOut | None


class PromoteIn(Body):
    """The import that the caller takes for the one in force; null for none."""

    in_force: Id | None


class RollBackIn(Body):
    """Nothing is needed."""


class InForceOut(Out):
    """The import that was moved, the one in force now, and what changed in open periods."""

    id: str
    in_force: str | None
    changes: ChangesOut
    closed: list[ClosedOut]
    committed: bool


class ReconcileIn(Body):
    """Reconcile with the ledger in force, or with one import."""

    period: PeriodText
    unit: UnitCode
    ledger_import: Id | None = None


class SummaryOut(Out):
    """Cells (unit × indicator): both sides, equal, different, and those that only one side has."""

    compared: int
    matched: int
    mismatched: int
    missing_in_ledger: int
    not_reported: int


class MismatchOut(Out):
    """Reported and ledger differ; difference = reported − ledger (positive: 多报).

    `id` is that of the mismatch itself (`/mismatches/{id}`), the same in every run; null in a run that compared
    with an import that was not in force.
    """

    id: str | None
    unit: UnitCode
    indicator: str
    reported: int
    ledger: int
    difference: int
    state: str


class LedgerCellOut(Out):
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
    missing_in_ledger: list[LedgerCellOut]
    not_reported: list[LedgerCellOut]
    created_at: datetime
    committed: bool
    findings: list[LedgerFindingOut] | None = None


class SideOut(Out):
    """Cells that differ to one side, and the sum of their differences."""

    cells: int
    sum: int


class FigureSumsOut(Out):
    """多报 and 少报 of one figure; never netted against each other."""

    over: SideOut
    under: SideOut


class NamedUnitOut(Out):
    """A unit."""

    unit: UnitCode
    name: str


class SumsOut(Out):
    """Per figure, the largest differences, and who is missing on which side."""

    figures: dict[str, FigureSumsOut]
    top: list[MismatchOut]
    missing_in_ledger: list[NamedUnitOut]
    not_reported: list[NamedUnitOut]


class ProvinceSumsOut(SumsOut):
    """The same for one province."""

    province: UnitCode


class RunSummaryOut(SumsOut):
    """What a run comes to."""

    id: str
    period: PeriodText
    unit: UnitCode
    ledger_import: str | None
    summary: SummaryOut
    provinces: list[ProvinceSumsOut]


class MismatchPage(Out):
    """Mismatches by unit and indicator."""

    items: list[MismatchOut]
    next: str | None


Figures = dict[str, Any]
