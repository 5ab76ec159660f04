"""The received workbook, sent back with its wrong cells coloured and commented."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.documents.form_book import form_book
from app.documents.layout import PAGES_SHEET, TABLE_SHEET
from app.documents.marked import AUTHOR, RESULT_SHEET, marked_book
from app.documents.opened import open_book
from app.errors import Finding, Severity, Text
from tests.documents.sample import edited, filled, repacked, sheet, typed

RED, YELLOW, FIELD = "FFFFC7CE", "FFFFE08A", "FFFFFBE6"


def about(pointer: str, severity: Severity = Severity.ERROR, rule: str = "R04") -> Finding:
    return Finding(rule, rule, severity, pointer, Text(f"示例：{rule}", rule))


def marked(*findings: Finding, data: bytes | None = None) -> bytes:
    """A file with its findings marked."""
    data = data or form_book(sheet())
    places = filled(data)
    made = marked_book(open_book(data), [(f, places.place_of(f.pointer)) for f in findings])
    assert made is not None
    return made


def opened(data: bytes) -> Any:
    return load_workbook(BytesIO(data))


@pytest.mark.parametrize(
    ("pointer", "sheet_name", "address"),
    [
        ("/figures/members_total", TABLE_SHEET, "I5"),
        ("/contact/phone", TABLE_SHEET, "M2"),
        ("/supplements/coop_orgs_new", PAGES_SHEET, "C3"),
        ("/activities/1/count", PAGES_SHEET, "D8"),
        ("/activities/1/unknown", PAGES_SHEET, "A8"),
        ("/explanations/0/text", PAGES_SHEET, "C19"),
        ("/narrative", PAGES_SHEET, "A16"),
    ],
)
def test_the_cell_of_a_finding_is_coloured_and_commented(pointer: str, sheet_name: str, address: str) -> None:
    cell = opened(marked(about(pointer)))[sheet_name][address]

    assert cell.fill.fgColor.rgb == RED
    assert (cell.comment.author, cell.comment.text) == (AUTHOR, "错误〔R04〕：示例：R04")
    assert cell.protection.locked == opened(form_book(sheet()))[sheet_name][address].protection.locked


def test_a_cell_tells_all_its_findings_in_the_colour_of_the_gravest() -> None:
    place = "/figures/orgs_total"
    table = opened(
        marked(
            about(place, Severity.WARNING, "R18"), about(place), about("/figures/orgs_new", Severity.WARNING)
        )
    )[TABLE_SHEET]

    assert (table["N5"].fill.fgColor.rgb, table["K5"].fill.fgColor.rgb) == (RED, YELLOW)
    assert table["N5"].comment.text.split("\n") == ["需说明〔R18〕：示例：R18", "错误〔R04〕：示例：R04"]


def test_all_findings_stand_on_a_sheet_of_their_own_those_without_a_cell_too() -> None:
    found = [about(""), about("/figures/orgs_new"), about("/figures/orgs_total", Severity.INFO)]

    rows = [[cell.value for cell in row] for row in opened(marked(*found))[RESULT_SHEET].rows]

    assert rows[1:] == [
        [None, None, "错误", "R04", "示例：R04"],
        [TABLE_SHEET, "K5", "错误", "R04", "示例：R04"],
        [TABLE_SHEET, "N5", "提示", "R04", "示例：R04"],
    ]


def test_a_hint_colours_nothing() -> None:
    assert opened(marked(about("/figures/orgs_new", Severity.INFO)))[TABLE_SHEET]["K5"].comment is None


def test_the_marks_of_the_last_round_are_gone_in_the_next() -> None:
    first = marked(about("/figures/orgs_new"), about("/contact/name"))

    second = opened(marked(about("/figures/orgs_total"), data=first))
    table = second[TABLE_SHEET]

    assert [table[a].fill.fgColor.rgb for a in ("K5", "H2", "N5")] == [FIELD, FIELD, RED]
    assert [bool(table[a].comment) for a in ("K5", "H2", "N5")] == [False, False, True]
    assert second.sheetnames.count(RESULT_SHEET) == 1


def test_marking_changes_nothing_that_is_read() -> None:
    before, data = filled(form_book(sheet())), marked(about("/figures/orgs_new"))

    assert filled(data).content == before.content
    assert open_book(data).stamp == sheet().stamp
    assert opened(data)[TABLE_SHEET].protection.sheet
    assert len(opened(data)[TABLE_SHEET].data_validations.dataValidation) == 17


def test_the_clerks_own_comments_stay() -> None:
    def change(book: Any) -> None:
        marked_by_hand = opened(marked(about("/figures/orgs_new")))[TABLE_SHEET]["K5"].comment
        book[TABLE_SHEET]["B5"].comment = type(marked_by_hand)("问过县里", "示例甲")

    table = opened(marked(about("/figures/orgs_new"), data=edited(change)))[TABLE_SHEET]

    assert table["B5"].comment.text == "问过县里"


def test_a_sheet_with_the_name_of_a_formula_stays_a_text() -> None:
    def change(book: Any) -> None:
        book[TABLE_SHEET].title = "=1+1"

    result = opened(marked(about("/figures/orgs_new"), data=edited(change)))[RESULT_SHEET]

    assert (result["A2"].value, result["A2"].data_type) == ("=1+1", "s")


def test_a_refused_formula_goes_back_as_it_came() -> None:
    data = marked(about("/figures/members_total"), data=typed("members_total", "=1+1"))

    assert opened(data)[TABLE_SHEET]["I5"].value == "=1+1"


def in_part(name: str, old: bytes, new: bytes) -> bytes:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return repacked(change)


@pytest.mark.parametrize(
    "data",
    [
        in_part("xl/styles.xml", b"</fonts>", b'<font><sz val="11"/></font>' * 20_000 + b"</fonts>"),
        in_part("xl/worksheets/sheet1.xml", b'<c r="A5" s="', b'<c r="A5" s="99'),
        repacked(lambda parts: parts.update({"xl/media/a.png": bytes(range(256)) * 4_000})),
    ],
    ids=["many fonts", "a format that is not there", "a picture"],
)
def test_what_cannot_be_written_back_is_not_marked(data: bytes) -> None:
    started = time.process_time()

    assert marked_book(open_book(data), []) is None
    assert time.process_time() - started < 1
