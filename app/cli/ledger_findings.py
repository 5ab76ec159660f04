"""What was found in files of ledgers and reports, as a table on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.errors import Severity
from app.reconcile.findings import LedgerFinding

WIDTH = 120
"""Of tables that go into a file or a pipe."""

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def wide_console(*, is_error: bool = False) -> Console:
    """A terminal as wide as it is, anything else in a fixed width."""
    found = Console(stderr=is_error, highlight=False)
    return found if found.is_terminal else Console(stderr=is_error, highlight=False, width=WIDTH)


def show_findings(sides: Mapping[str, Iterable[LedgerFinding]], counts: Mapping[str, int]) -> None:
    """All errors and warnings by file and line, and how many the ledger has; nothing when there are none."""
    rows = [
        (side, finding)
        for side, findings in sides.items()
        for finding in findings
        if finding.severity is not Severity.INFO
    ]
    if not rows:
        return
    table = Table("文件 File", "行 Line", "栏 Column", "值 Value", "说明 What to do")
    for side, finding in rows:
        message = (
            f"[{_COLOURS[finding.severity]}]{finding.code}[/]\n{finding.message.zh}\n{finding.message.en}"
        )
        line = "" if finding.line is None else str(finding.line)
        table.add_row(side, line, escape(finding.column or ""), escape(finding.value or ""), message)
    terminal = wide_console(is_error=True)
    terminal.print(table)
    terminal.print(f"台账 Ledger: 错误 errors {counts['error']}, 警告 warnings {counts['warning']}")
