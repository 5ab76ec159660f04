"""`yuebao reconcile`: a ledger file against a file of reports, without server and database."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.bar import progress
from app.cli.context import BAD_INPUT, print_json, problems_end_the_command
from app.cli.ledger_findings import show_findings, wide_console
from app.domain.clock import Clock
from app.domain.period import china_date
from app.domain.register import UnitRow, read_register, shipped_register
from app.errors import Invalid, Severity
from app.reconcile import (
    KINDS,
    SEVEN,
    Comparison,
    Ledger,
    LedgerFinding,
    Reconciliation,
    Roster,
    RosterKind,
    RosterOptions,
    RosterReconciliation,
    Rosters,
    finding_lines,
    ledger_units,
    read_reports,
    reconcile,
)
from app.reconcile.cells import read_period
from app.reconcile.columns import SUMMARY
from app.reconcile.compare import Cell
from app.reconcile.export import mismatch_lines

MISMATCHES = 1
Found = Reconciliation | RosterReconciliation
_SIDES = {RosterKind.MEMBERS: "委员花名册 members", RosterKind.ORGS: "团组织名册 orgs"}
_LABELS = {column.code: column.zh for column in SUMMARY}


class Encoding(StrEnum):
    """What a ledger may be said to be written in."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    UTF_16 = "utf-16"


LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", exists=True, dir_okay=False, help="台账汇总表 / summary ledger, CSV"),
]
MembersFile = Annotated[
    Path | None,
    typer.Option(
        "--members", exists=True, dir_okay=False, help="委员花名册 / roster of members, CSV or xlsx"
    ),
]
OrgsFile = Annotated[
    Path | None,
    typer.Option(
        "--orgs", exists=True, dir_okay=False, help="直属团组织名册 / roster of organizations, CSV or xlsx"
    ),
]
ReportsFile = Annotated[
    Path, typer.Option("--reports", exists=True, dir_okay=False, help="报表 / reports, JSON or CSV")
]
Month = Annotated[str, typer.Option("--period", help="期别 / period, as in 2015-04")]
RegisterFile = Annotated[
    Path | None,
    typer.Option(
        "--register",
        exists=True,
        dir_okay=False,
        help="单位名录，默认为自带的 / register, if not the shipped one",
    ),
]
LedgerEncoding = Annotated[
    Encoding | None,
    typer.Option("--encoding", help="台账编码，默认自动识别 / of the ledger, if not to be found out"),
]
FindingsFile = Annotated[
    Path | None,
    typer.Option(
        "--findings", dir_okay=False, help="把发现的问题写入 CSV / write the findings to a CSV file"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
AsCsv = Annotated[bool, typer.Option("--csv", help="输出差异清单 CSV / print the mismatches as CSV")]


def command(
    reports: ReportsFile,
    period: Month,
    ledger: LedgerFile = None,
    members: MembersFile = None,
    orgs: OrgsFile = None,
    register: RegisterFile = None,
    encoding: LedgerEncoding = None,
    findings: FindingsFile = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """比对报表与台账（汇总表，或名册） / Compare reports with a ledger: a summary, or rosters.

    退出码：0 一致，1 有差异，2 输入有误。Exit status: 0 all match, 1 mismatches, 2 bad input.
    """
    month = read_period(period).value
    if (ledger is None) == (members is None and orgs is None):
        raise typer.BadParameter(
            "台账汇总表与名册二者择一 / give either a summary ledger or rosters", param_hint="--ledger"
        )
    if month is None:
        raise typer.BadParameter("YYYY-MM, 2015-04 起 / from 2015-04 on", param_hint="--period")
    said = read_reports(reports, period=month)
    with problems_end_the_command():
        units = ledger_units(_register(register), also_reporting=said.figures.get(month, {}))
    found: Found
    if ledger is not None:
        found = reconcile(ledger, said, units, period=month, encoding=encoding)
    else:
        with progress(is_shown=not as_json) as watch:
            today = china_date(Clock().now())
            options = RosterOptions(encoding=encoding, today=today, watch=watch)
            rosters = Rosters(members, orgs)
            found = reconcile(
                rosters, said, units, period=month, indicators=_decided_by(rosters), options=options
            )
    comparison = found.comparisons.get(month)
    if findings is not None:
        findings.write_text("".join(finding_lines(_all_findings(found))), encoding="utf-8-sig")
    if as_json:
        print_json(_as_json(month, found, comparison))
    else:
        _print_findings(found)
        _print(month, comparison, {code: unit.name for code, unit in units.items()}, as_csv=as_csv)
    raise typer.Exit(_status(comparison))


def _decided_by(rosters: Rosters) -> tuple[str, ...]:
    """The figures that the given rosters decide; those of one that is not given are not missing in it."""
    given = {RosterKind.MEMBERS: rosters.members, RosterKind.ORGS: rosters.orgs}
    return tuple(code for code in SEVEN if given[KINDS[code]] is not None)


def _all_findings(found: Found) -> list[LedgerFinding]:
    ledgers = [finding for source in _read(found).values() for finding in source.findings]
    return [*ledgers, *found.report_findings]


def _register(path: Path | None) -> list[UnitRow]:
    if path is None:
        return shipped_register()
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows, findings = read_register(lines)
    if any(found.severity is Severity.ERROR for found in findings):
        raise Invalid(code="register-invalid", findings=findings)
    return rows


def _status(comparison: Comparison | None) -> int:
    if comparison is None or comparison.summary["compared"] == 0:
        return BAD_INPUT
    return MISMATCHES if comparison.mismatches else 0


def _as_json(month: str, found: Found, comparison: Comparison | None) -> dict[str, Any]:
    cells = comparison.as_json() if comparison else {"summary": None, "mismatches": []}
    return {
        "period": month,
        "ok": found.ok,
        **cells,
        **(
            {"rosters": [roster.as_json() for roster in found.rosters]}
            if isinstance(found, RosterReconciliation)
            else {"ledger": found.ledger.as_json()}
        ),
        "report_findings": [finding.as_json() for finding in found.report_findings],
    }


def _read(found: Found) -> dict[str, Ledger | Roster]:
    """What was read as the ledger, by what people call it."""
    if isinstance(found, RosterReconciliation):
        return {_SIDES[roster.kind]: roster for roster in found.rosters}
    return {"台账 ledger": found.ledger}


def _print_findings(found: Found) -> None:
    read = _read(found)
    sides = {name: source.findings for name, source in read.items()}
    counts = {level.value: sum(source.counts[level.value] for source in read.values()) for level in Severity}
    show_findings({**sides, "报表 reports": found.report_findings}, counts)


def _print(month: str, comparison: Comparison | None, names: Mapping[str, str], *, as_csv: bool) -> None:
    if comparison is None:
        wide_console(is_error=True).print(
            "[bold red]✗[/] 输入有误，未比对\n  Bad input, nothing was compared"
        )
    elif as_csv:
        sys.stdout.writelines(mismatch_lines({month: comparison}, names))
    else:
        _print_comparison(month, comparison, names)


def _print_comparison(month: str, comparison: Comparison, names: Mapping[str, str]) -> None:
    console = wide_console()
    if comparison.mismatches:
        table = Table(title=f"{month} 差异 Mismatches")
        for heading in ("单位 Unit", "名称 Name", "指标 Indicator"):
            table.add_column(heading)
        for heading in ("填报 Reported", "台账 Ledger", "差额 Difference"):
            table.add_column(heading, justify="right")
        for item in comparison.mismatches:
            numbers = f"{item['reported']:,}", f"{item['ledger']:,}", f"{item['difference']:+,}"
            label = _LABELS.get(item["indicator"], item["indicator"])
            table.add_row(item["unit"], names.get(item["unit"], ""), label, *numbers)
        console.print(table)
    _print_absent(console, "台账缺失 Missing in ledger", comparison.missing_in_ledger, names)
    _print_absent(console, "未报 Not reported", comparison.not_reported, names)
    _print_summary(console, month, comparison.summary)


def _print_absent(console: Console, title: str, cells: Iterable[Cell], names: Mapping[str, str]) -> None:
    counts = Counter(cell["unit"] for cell in cells)
    if counts:
        units = "、".join(f"{code}{names.get(code, '')}({count})" for code, count in counts.items())
        console.print(f"{title}: {units}")


def _print_summary(console: Console, month: str, summary: Mapping[str, int]) -> None:
    """One line in each language; a period in which nothing could be compared is bad input."""
    mark = "[bold red]✗[/]" if summary["compared"] == 0 or summary["mismatched"] else "[bold green]✓[/]"
    console.print(
        f"{mark} {month} 比对 {summary['compared']:,} 格：一致 {summary['matched']:,}，"
        f"不一致 {summary['mismatched']:,}，台账缺失 {summary['missing_in_ledger']:,}，"
        f"未报 {summary['not_reported']:,}"
    )
    console.print(
        f"  {summary['compared']:,} cells compared: {summary['matched']:,} match,"
        f" {summary['mismatched']:,} do not, {summary['missing_in_ledger']:,} missing in the ledger,"
        f" {summary['not_reported']:,} not reported"
    )
    if summary["compared"] == 0:
        console.print(
            "  本期没有可比对的单元格，请检查期别和文件\n  Nothing to compare: check period and files"
        )
