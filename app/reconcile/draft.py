"""A ledger while it is being read: the tables made so far, the units, and what was found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.reconcile.columns import Column, Kind, Layout
from app.reconcile.engine import Engine
from app.reconcile.findings import Findings, finding
from app.reconcile.rows import Total
from app.reconcile.sheet import Lines
from app.reconcile.units import Units


@dataclass(slots=True)
class PlacedTotal:
    """A row of totals and the record that it is."""

    record: int
    line: int
    total: Total


@dataclass
class Draft:
    """What the steps of reading share.

    Tables: `sheet` (every record, see sheet.py), `unit` (code, name, reporting, "" where nobody answers),
    `glance` (sums of `sheet` by period, as_of and reporting unit, and how many rows are doubtful), `entry`
    (record, period, unit_code, figures: what may count), `skipped` (records of `entry` that do not), `rolled`
    (period, unit, figures: what counts, by reporting unit). `is_plain` says that all of `sheet` may count.
    """

    engine: Engine
    layout: Layout
    units: Units
    lines: Lines
    findings: Findings
    totals: list[PlacedTotal] = field(default_factory=list)
    cut_offs: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    blanks: int = 0
    is_plain: bool = False
    has_skipped: bool = False

    @cached_property
    def figures(self) -> tuple[Column, ...]:
        """The columns of figures in the file's order."""
        return self.layout.of(Kind.FIGURE)

    def note(
        self,
        code: str,
        record: int,
        column: Column | None = None,
        value: str | None = None,
        **known: object,
    ) -> None:
        """Add a finding about a record, or one of its cells."""
        labels = column.labels if column else {}
        where = column.code if column else None
        line = self.lines.of(record)
        self.findings.add(finding(code, line, column=where, value=value, **labels, **known))

    @property
    def sums(self) -> str:
        """The figures of a group added up, each NULL if any part is blank."""
        return ", ".join(
            f"CASE WHEN count({column.code}) = count(*) THEN sum({column.code})::BIGINT END AS {column.code}"
            for column in self.figures
        )

    @property
    def counted(self) -> str:
        """The condition on `entry` that keeps the records that count."""
        return "record NOT IN (SELECT record FROM skipped)" if self.has_skipped else "true"

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.engine.execute(statement, values or None).fetchall()
