"""Headers: two languages, aliases, any order; and everything wrong with one."""

from __future__ import annotations

import pytest

from app.reconcile.columns import SEVEN, read_header
from tests.reconcile.sample import EN, ZH


def codes(text: str) -> list[str]:
    layout, findings = read_header(1, text)
    assert findings == []
    assert layout is not None
    return [column.code for column in layout.columns]


def problems(text: str) -> list[tuple[str, str | None]]:
    layout, findings = read_header(1, text)
    assert layout is None
    return [(found.code, found.column) for found in findings]


def test_the_seven_are_the_ledger_columns_of_the_form_in_its_order() -> None:
    assert SEVEN == (
        "members_added",
        "members_left",
        "members_total",
        "orgs_new",
        "orgs_dissolved",
        "orgs_rectified",
        "orgs_total",
    )


def test_both_headers_of_the_notice_name_the_same_columns() -> None:
    assert codes(ZH) == codes(EN) == EN.split(",")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("期别", "报告期"),
        ("单位代码", "行政区划代码"),
        ("单位名称", " 单 位 名 称 "),
        ("新增团委委员数量", "新增团委委员数量（名）"),
        ("现有团委委员总数", "现有委员总数"),
        ("数据截止日期", "截止日期"),
    ],
)
def test_a_header_is_read_by_its_aliases_blanks_and_units_of_measure(old: str, new: str) -> None:
    assert codes(ZH.replace(old, new)) == EN.split(",")


def test_an_english_header_is_read_in_any_case_and_width() -> None:
    assert codes(EN.replace("period", "ＰＥＲＩＯＤ").replace("as_of", "As_Of")) == EN.split(",")


def test_columns_come_in_any_order_and_the_optional_ones_may_be_absent() -> None:
    columns = ["orgs_total", *SEVEN[:-1], "unit_code", "period"]

    assert codes(",".join(columns)) == columns


def test_wechat_groups_may_be_an_eighth_figure() -> None:
    assert "wechat_groups" in codes(ZH + ",微信群数量")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (EN.replace("orgs_new", "新建直属团组织数量"), [("mixed-header", None)]),
        (EN.replace("orgs_new,", ""), [("missing-column", "orgs_new")]),
        (EN + ",remarks", [("unknown-column", None)]),
        (EN + ",", [("unknown-column", None)]),
        (EN + ",period", [("duplicate-column", "period")]),
        (
            "a;b",
            [("unknown-column", None), *(("missing-column", c) for c in ("period", "unit_code", *SEVEN))],
        ),
    ],
    ids=["mixed", "missing", "unknown", "empty", "twice", "no header at all"],
)
def test_everything_wrong_with_a_header_is_found(header: str, found: list[tuple[str, str | None]]) -> None:
    assert problems(header) == found


def test_an_open_layout_passes_over_columns_it_does_not_know() -> None:
    layout, findings = read_header(1, EN + ",remarks", is_open=True)

    assert findings == []
    assert layout is not None
    assert layout.columns[-1].code == "#12"
