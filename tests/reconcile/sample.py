"""A province of invented units, and ledgers of them."""

from __future__ import annotations

from collections.abc import Sequence

from app.reconcile import Ledger, LedgerUnit

UNITS = {
    code: LedgerUnit(code, name, reporting, parent)
    for code, name, reporting, parent in [
        ("000000", "全国", None, None),
        ("990000", "示例省", None, "000000"),
        ("999900", "示例市", "999900", "990000"),
        ("999901", "示例县", "999900", "999900"),
        ("999901101", "示例一镇", "999900", "999901"),
        ("999901102", "示例二镇", "999900", "999901"),
        ("999902", "示例乙县", "999900", "999900"),
        ("999806", "示例区", "999806", "990000"),
        ("999806101", "示例三镇", "999806", "999806"),
        ("999700", "样本市", "999700", "990000"),
    ]
}

ZH = (
    "期别,单位代码,单位名称,新增团委委员数量,退出团委委员数量,现有团委委员总数,"
    "新建直属团组织数量,撤销直属团组织数量,整顿直属团组织数量,现有直属团组织总数,数据截止日期"
)
EN = (
    "period,unit_code,unit_name,members_added,members_left,members_total,"
    "orgs_new,orgs_dissolved,orgs_rectified,orgs_total,as_of"
)
CITY = "2015-04,999900,示例市,120,35,1239,60,15,25,1980,2015-04-25"
DISTRICT = "2015-04,999806,示例区,8,0,96,5,0,2,131,2015-04-25"
TOWN = "2015-04,999901101,示例一镇,2,1,12,3,0,1,20,2015-04-25"
OTHER_TOWN = "2015-04,999901102,示例二镇,1,0,11,0,0,0,18,2015-04-25"


def lines(*rows: str, header: str = EN) -> str:
    """A ledger of these rows."""
    return "\n".join([header, *rows]) + "\n"


def cell(row: str, position: int, text: str) -> str:
    """The row with another text in one cell, counted from 0."""
    cells = row.split(",")
    cells[position] = text
    return ",".join(cells)


def found(ledger: Ledger, *severities: str) -> list[tuple[str, int | None, str | None]]:
    """Code, line and column of the findings of some severities, all when none is named."""
    return [
        (f.code, f.line, f.column)
        for f in ledger.findings
        if not severities or f.severity.value in severities
    ]


def codes(ledger: Ledger) -> list[str]:
    """The codes of the findings."""
    return [f.code for f in ledger.findings]


def figures(ledger: Ledger, unit: str, period: str = "2015-04") -> Sequence[int | None]:
    """The seven figures of a unit."""
    return tuple(ledger.figures[period, unit].values())
