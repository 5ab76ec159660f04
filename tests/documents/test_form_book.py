"""The table that is downloaded: that of annex 1, with fields that take nothing wrong."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.documents.form_book import form_book
from app.documents.layout import PAGES_SHEET, TABLE_SHEET, Layout
from app.documents.stamp import SHEET, read_stamp
from app.domain.form import FormVersion
from app.domain.form_parts import Indicator
from tests.documents.sample import CONTENT, ROW, filled, sheet
from tests.domain.sample import FORM

LABELS = [
    "召开动员会的地市数量",
    "涉农县（区、市）数量",
    "召开动员会县数量",
    "县域团工委数量",
    "乡镇数量",
    "召开动员会乡镇数",
    "新增团委委员数量",
    "退出团委委员数量",
    "现有团委委员总数",
    "落实2万元经费数量",
    "新建数量",
    "撤销数量",
    "整顿数量",
    "现有总数",
    "建立微信群总数",
]


@pytest.fixture(scope="module")
def book() -> Any:
    return load_workbook(BytesIO(form_book(sheet(version=3))))


@pytest.fixture(scope="module")
def table(book: Any) -> Any:
    return book[TABLE_SHEET]


def test_the_title_names_the_form_and_the_month_with_its_year(table: Any) -> None:
    assert table["A1"].value == "“百县千乡”分类示范创建活动进展情况统计表（2015年4月）"


def test_the_line_under_the_title_has_the_three_fields_of_the_paper(table: Any) -> None:
    texts = [cell.value for cell in table[2] if cell.value]

    assert texts == ["市（区）：", "广州市", "联系人：", "示例甲", "联系电话：", "020-12345678"]


def test_the_groups_span_one_three_six_and_five_columns(table: Any) -> None:
    headings = [(cell.column, cell.value) for cell in table[3] if cell.value]
    merged = {str(area) for area in table.merged_cells.ranges if area.min_row == 3}

    assert headings == [(1, "地市团委"), (2, "县级团委"), (5, "乡镇团委"), (11, "直属团组织")]
    assert merged == {"B3:D3", "E3:J3", "K3:O3"}


def test_the_columns_are_the_fifteen_of_the_notice_in_order(table: Any) -> None:
    assert [cell.value for cell in table[4]] == LABELS


def test_the_four_notes_follow_the_table(table: Any) -> None:
    notes = [table.cell(row, 1).value for row in range(6, 10)]

    assert notes[0].startswith("注：1.召开示范创建对标整改动员会")
    assert notes[3] == "4.此表于每月25日上报团省委农青部。"
    assert [note.replace("注：", "")[0] for note in notes] == [*"1234"]


def test_only_the_fields_take_input(table: Any) -> None:
    unlocked = {cell.coordinate for row in table.rows for cell in row if not cell.protection.locked}
    inputs = {f"{letter}{ROW}" for letter in "ABCDEFGHIJKLMNO"}

    assert table.protection.sheet
    assert unlocked - inputs == {"H2", "I2", "J2", "M2", "N2", "O2"}
    assert inputs <= unlocked


def test_every_figure_takes_whole_numbers_up_to_the_forms_largest(table: Any) -> None:
    checks = {str(v.sqref): v for v in table.data_validations.dataValidation}
    figures = [checks[f"{letter}{ROW}"] for letter in "ABCDEFGHIJKLMNO"]

    assert {(v.type, v.operator, v.formula1, v.formula2) for v in figures} == {
        ("whole", None, "0", str(FORM.largest_figure))
    }
    assert figures[8].promptTitle == "现有团委委员总数"


def test_the_stamp_is_hidden_twice(book: Any) -> None:
    stamp = "yuebao/1 baixian-qianxiang/1 2015-04 440100 3"

    assert book[SHEET].sheet_state == "veryHidden"
    assert book[SHEET]["A1"].value == stamp
    assert [prop.value for prop in book.custom_doc_props.props] == [stamp]
    assert read_stamp(stamp) == ("baixian-qianxiang/1", "2015-04", "440100", 3)


@pytest.mark.parametrize(
    "text", ["", "yuebao/1", "yuebao/2 a/1 2015-04 440100 0", "yuebao/1 a/1 2015-13 440100 0"]
)
def test_another_text_is_no_stamp(text: str) -> None:
    assert read_stamp(text) is None


def test_the_second_sheet_asks_for_what_the_table_has_no_column_for(book: Any) -> None:
    first = [cell.value for cell in book[PAGES_SHEET]["A"] if cell.value is not None]

    assert [text for text in first if "、" in str(text)] == [
        "一、补充指标",
        "二、报送内容",
        "三、文字材料",
        "四、情况说明",
    ]
    assert {1, 3, 9} <= set(first)


def test_the_same_contents_give_the_same_bytes() -> None:
    assert form_book(sheet()) == form_book(sheet())


def test_nothing_in_the_file_computes(book: Any) -> None:
    assert [c for s in book for row in s.rows for c in row if c.data_type == "f"] == []


def form_with(indicators: Iterable[Indicator]) -> FormVersion:
    """The shipped form with other columns."""
    return FormVersion.model_validate({**FORM.as_json(), "indicators": [i.model_dump() for i in indicators]})


@pytest.mark.parametrize(
    "codes",
    [
        ("orgs_total",),
        ("prefectures_mobilized", "townships_total", "townships_mobilized", "orgs_new"),
        FORM.codes[1:],
    ],
)
def test_the_next_phases_form_gets_its_table_without_code(codes: tuple[str, ...]) -> None:
    form = form_with(i for i in FORM.indicators if i.code in codes)
    figures = {code: number for number, code in enumerate(codes)}

    found = filled(form_book(sheet({**CONTENT, "figures": figures}, form)), form)

    assert found.content["figures"] == figures
    assert sum(span.last - span.first + 1 for span in Layout(form).groups) == len(codes)


def test_equal_labels_are_told_apart_by_the_heading_above() -> None:
    same = FORM.indicator["orgs_new"].label
    alike = [
        i.model_copy(update={"label": same}) if i.code == "members_added" else i for i in FORM.indicators
    ]
    form = form_with(alike)

    assert filled(form_book(sheet(form=form)), form).content["figures"] == CONTENT["figures"]


@pytest.mark.parametrize(
    ("level", "label"), [("province", "省（区、市）："), ("county", "市（区）："), ("township", "乡（镇）：")]
)
def test_each_level_has_its_own_word_for_itself(level: str, label: str) -> None:
    assert Layout(FORM).header_fields(level)[0][0].text == label
