"""A roster while it is being read: its tables, its units, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.reconcile.columns import Layout
from app.reconcile.engine import Engine
from app.reconcile.findings import Findings, finding
from app.reconcile.roster.columns import Shape
from app.reconcile.roster.rows import RosterTotal
from app.reconcile.sheet import Lines
from app.reconcile.units import Units
from app.reconcile.watch import Watch, nobody


@dataclass
class RosterDraft:
    """What the steps of reading share.

    Tables, each with the kind before it: `_sheet` (every record, see sheet.py), `_judged` (the odd ones among
    them, as judged one by one), `_left_out` (record, reason: rows that do not count), `_spell` (rows that
    stand for several, or for other days than they say), and the view `_entry` of all records.
    """

    engine: Engine
    shape: Shape
    layout: Layout
    units: Units
    lines: Lines
    findings: Findings
    today: date | None = None
    watch: Watch = nobody
    totals: list[tuple[int, RosterTotal]] = field(default_factory=list)
    blanks: int = 0
    refused: frozenset[int] = frozenset()

    def table(self, name: str) -> str:
        """The full name of one of its tables."""
        return f"{self.shape.kind}_{name}"

    def note(
        self, code: str, record: int, column: str | None = None, value: str | None = None, **known: object
    ) -> None:
        """Add a finding about a record, or one of its cells."""
        labels = self.shape.column(column).labels if column else {}
        line = self.lines.of(record)
        self.findings.add(finding(code, line, column=column, value=value, **labels, **known))

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.engine.execute(statement, list(values) or None).fetchall()

    def run(self, statements: Iterable[str]) -> None:
        """Execute statements."""
        for statement in statements:
            self.engine.execute(statement)
