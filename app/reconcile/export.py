"""Mismatches and findings as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.reconcile.compare import Comparison
from app.reconcile.findings import LedgerFinding

HEADER = ("period", "unit", "unit_name", "indicator", "reported", "ledger", "difference", "state")
FINDING_HEADER = ("severity", "line", "column", "code", "value", "message_zh", "message_en")
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """A value as a cell: text that a spreadsheet would compute gets an apostrophe before it; numbers stay."""
    if isinstance(value, str) and value.startswith(_RUNS):
        return f"'{value}"
    return "" if value is None else value


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as lines of CSV that end in CR LF."""
    page = io.StringIO()
    writer = csv.writer(page)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield page.getvalue()
        page.seek(0)
        page.truncate()


def mismatch_lines(comparisons: Mapping[str, Comparison], names: Mapping[str, str]) -> Iterator[str]:
    """A header and a line for each mismatch, by period; `names` are those of the units."""
    return csv_lines([HEADER, *_mismatch_rows(comparisons, names)])


def finding_lines(findings: Iterable[LedgerFinding]) -> Iterator[str]:
    """A header and a line for each finding, in their order."""
    return csv_lines(
        [
            FINDING_HEADER,
            *(
                (f.severity.value, f.line, f.column, f.code, f.value, f.message.zh, f.message.en)
                for f in findings
            ),
        ]
    )


def _mismatch_rows(
    comparisons: Mapping[str, Comparison], names: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    for period, comparison in comparisons.items():
        for found in comparison.mismatches:
            named = {"period": period, "unit_name": names.get(found["unit"], ""), **found}
            yield tuple(named[column] for column in HEADER)
