"""The invented month as files: the ledger that the demo reconciles, and the reports as bodies of the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

from app.cli.demo_month import LEFT_TO_THE_READER, PERIOD, Filing

LEDGER_FILE = "examples/ledger-2015-04.csv"
REPORTS_FILE = "examples/reports-2015-04.json"
REPORT_FILE = f"examples/report-{LEFT_TO_THE_READER}.json"

_NOT_IN_THE_LEDGER = "440400"
_BLANK = ("441900", "orgs_rectified")
_AS_OF = "2015-04-25"

LEDGER_COLUMNS = {
    "members_added": "新增团委委员数量",
    "members_left": "退出团委委员数量",
    "members_total": "现有团委委员总数",
    "orgs_new": "新建直属团组织数量",
    "orgs_dissolved": "撤销直属团组织数量",
    "orgs_rectified": "整顿直属团组织数量",
    "orgs_total": "现有直属团组织总数",
}
"""The seven figures that the ledger decides, with their headings (domain.md 4.2)."""


class Difference(NamedTuple):
    """A cell in which a report and the ledger differ; `difference` = reported − ledger."""

    unit: str
    indicator: str
    reported: int
    ledger: int
    difference: int


def files(filings: Sequence[Filing]) -> dict[str, str]:
    """The text of each file under examples/, by its path from the root of the repository."""
    reported = [filing.body for filing in filings if filing.is_reported]
    left = next(filing.body for filing in filings if filing.unit == LEFT_TO_THE_READER)
    return {
        LEDGER_FILE: ledger_text(filings),
        REPORTS_FILE: _json(reported),
        REPORT_FILE: _json(left),
    }


def ledger_text(filings: Sequence[Filing]) -> str:
    """The summary ledger: every unit but one, whether it reported or not, and one cell left blank."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(["期别", "单位代码", "单位名称", *LEDGER_COLUMNS.values(), "数据截止日期"])
    for filing in filings:
        if filing.unit != _NOT_IN_THE_LEDGER:
            cells = ["" if (filing.unit, code) == _BLANK else filing.ledger[code] for code in LEDGER_COLUMNS]
            writer.writerow([PERIOD, filing.unit, filing.name, *cells, _AS_OF])
    return page.getvalue()


def planted(filings: Sequence[Filing]) -> list[Difference]:
    """Every mismatch that reconciling this month must find, by unit and then in the order of the columns."""
    return [
        Difference(filing.unit, code, said, known, said - known)
        for filing in filings
        if filing.is_reported and filing.unit != _NOT_IN_THE_LEDGER
        for code in LEDGER_COLUMNS
        if (filing.unit, code) != _BLANK
        and (said := filing.body["figures"][code]) != (known := filing.ledger[code])
    ]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
