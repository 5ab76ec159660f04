"""The table of a province: sums and rows, in a workbook and in CSV, and nothing in it that computes."""

from __future__ import annotations

import csv
import time
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.documents.cells import marks_by_sheet
from app.documents.layout import TABLE_SHEET
from app.documents.package import open_package
from app.documents.summary import (
    BOM,
    Summary,
    SummaryRow,
    csv_line,
    summary_book,
    summary_csv,
    summary_of,
    without_apostrophe,
)
from tests.documents.sample import APRIL
from tests.domain.sample import FORM, NOW

PREFIXES = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\0",
    "＝",
    "＋",
    "－",
    "＠",
    "'",
    " =",
    "\u3000=",
    "\ufeff=",
]


def summary(names: list[str], **changes: Any) -> Summary:
    """A province of units with these names, each with the same figures."""
    rows = [SummaryRow(f"44{number:02}00", name, NOW) for number, name in enumerate(names, start=1)]
    total = {code: value * len(names) for code, value in NOW.items()}
    given = {"form": FORM, "period": APRIL, "unit": "440000", "name": "广东省", "rows": rows, "total": total}
    return Summary(**{**given, **changes})


def cells(made: Summary) -> list[list[Any]]:
    table = load_workbook(BytesIO(summary_book(made)))[TABLE_SHEET]
    return [[cell.value for cell in row] for row in table.rows]


def lines(made: Summary) -> list[list[str]]:
    return list(csv.reader(StringIO("".join(summary_csv(made)), newline="")))


def test_the_workbook_has_a_row_per_unit_and_one_of_sums_in_the_official_layout() -> None:
    rows = cells(summary(["广州市", "韶关市"]))

    assert rows[0][0] == "“百县千乡”分类示范创建活动进展情况统计表（2015年4月）"
    assert rows[2][:4] == ["单位代码", "单位名称", "地市团委", "县级团委"]
    assert rows[3][2:] == [i.label.zh for i in FORM.indicators]
    assert rows[4] == ["440100", "广州市", *NOW.values()]
    assert rows[6] == ["合计", None, *(2 * value for value in NOW.values())]
    assert rows[10][0] == "4.此表于每月25日上报团省委农青部。"


def test_the_csv_holds_the_same_with_one_line_of_headings_and_a_mark_for_excel() -> None:
    text = "".join(summary_csv(summary(["广州市"])))
    rows = lines(summary(["广州市"]))

    assert text.startswith(BOM)
    assert text.count("\r\n") == len(rows) == 3
    assert rows[0][1:4] == ["单位名称", "地市团委·召开动员会的地市数量", "县级团委·涉农县（区、市）数量"]
    assert rows[1] == ["440100", "广州市", *map(str, NOW.values())]
    assert rows[2][:2] == ["", "合计"]


def test_what_nobody_knows_is_blank_and_not_zero() -> None:
    made = summary([], rows=[SummaryRow("440100", "广州市", dict.fromkeys(FORM.codes))], total={})

    assert cells(made)[4][2:] == [None] * 15
    assert lines(made)[1][2:] == [""] * 15


def test_units_shown_separately_follow_the_sums() -> None:
    unit = {"unit": "440606", "name": "顺德区", "effective": NOW}
    found = {
        "period": "2015-04",
        "unit": "440000",
        "name": "广东省",
        "units": [],
        "separate": [unit],
        "cells": {code: {"effective_sum": None} for code in FORM.codes},
    }

    assert [row[1] for row in lines(summary_of(FORM, found))] == ["单位名称", "合计", "顺德区（单列）"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_name_becomes_a_formula(prefix: str) -> None:
    name = f"{prefix}1+1"
    made = summary([name])

    written = next(csv.reader(StringIO("".join(csv_line(["440100", name])), newline="")))
    marks = marks_by_sheet(open_package(summary_book(made)))

    assert written[1] == f"'{name}"
    assert without_apostrophe(written[1]) == name
    assert marks[TABLE_SHEET].computed == set()


@pytest.mark.parametrize("name", ["广州市", "1=1", "a-b", "（示例）", "广州市'"])
def test_an_ordinary_name_is_left_alone(name: str) -> None:
    assert next(csv.reader([csv_line([name])]))[0] == without_apostrophe(name) == name


def test_negative_numbers_stay_numbers() -> None:
    made = summary(["广州市"], total=dict.fromkeys(FORM.codes, -3))

    assert lines(made)[2][2] == "-3"
    assert cells(made)[5][2] == -3


def test_the_same_summary_gives_the_same_bytes() -> None:
    assert summary_book(summary(["广州市"])) == summary_book(summary(["广州市"]))


def test_a_province_takes_less_than_half_a_second() -> None:
    made = summary([f"示例{number}市" for number in range(22)])
    started = time.process_time()

    summary_book(made)

    assert time.process_time() - started < 0.5
