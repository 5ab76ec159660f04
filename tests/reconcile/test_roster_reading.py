"""Reading a roster: what is accepted, and each defect with its line, column and severity."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.reconcile.encoding import BLOCK
from app.reconcile.engine import Engine
from app.reconcile.findings import LISTED
from app.reconcile.roster.columns import MEMBERS, ORGS
from tests.reconcile.roster_sample import (
    FARMER,
    FRUIT,
    MEMBERS_EN,
    MEMBERS_ZH,
    ORGS_ZH,
    SECRETARY,
    STREET,
    TEACHER,
    found,
    members,
    orgs,
    read,
)
from tests.reconcile.sample import cell

CLEAN = members(SECRETARY, FARMER, TEACHER)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CLEAN.encode(), "utf-8"),
        (CLEAN.encode("utf-8-sig"), "utf-8-sig"),
        (CLEAN.encode("gb18030"), "gb18030"),
        (CLEAN.encode("utf-16"), "utf-16-le"),
        (CLEAN.replace("\n", "\r\n").encode(), "utf-8"),
        (CLEAN.replace(",", "\t").encode(), "utf-8"),
        (members(SECRETARY, FARMER, TEACHER, header=MEMBERS_ZH).encode(), "utf-8"),
    ],
    ids=["utf-8", "mark", "gb18030", "utf-16", "crlf", "tabs", "chinese header"],
)
def test_members_are_read(engine: Engine, tmp_path: Path, data: bytes, encoding: str) -> None:
    roster = read(engine, tmp_path, data)

    assert (roster.encoding, roster.rows, roster.accepted, roster.findings) == (encoding, 3, 3, ())


@pytest.mark.parametrize("header", [None, ORGS_ZH])
def test_organizations_are_read(engine: Engine, tmp_path: Path, header: str | None) -> None:
    text = orgs(FRUIT, STREET) if header is None else orgs(FRUIT, STREET, header=header)

    roster = read(engine, tmp_path, text, "orgs")

    assert (roster.rows, roster.accepted, roster.findings) == (2, 2, ())


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("start_date", "2025-13-01", "bad-date"),
        ("start_date", "2015-02-29", "bad-date"),
        ("start_date", "2015-04", "half-date"),
        ("start_date", "2015年4月", "half-date"),
        ("start_date", "2015", "half-date"),
        ("start_date", "42095", "serial-date"),
        ("start_date", "0015-04-01", "bad-date"),
        ("start_date", "1e3", "bad-date"),
        ("start_date", "", "missing-start"),
        ("start_date", "=TODAY()", "formula"),
        ("end_date", "2013-11-01", "ends-before-start"),
        ("end_date", "2015-04-25x", "bad-date"),
        ("end_date", "infinity", "bad-date"),
        ("township_code", "999901", "not-township"),
        ("township_code", "999901199", "unknown-township"),
        ("township_code", "9.99901E+08", "scientific-notation"),
        ("township_code", "99990110", "lost-zeros"),
        ("township_code", "+99990110", "bad-code"),
        ("member_id", "", "missing-id"),
        ("member_id", "1.2E+17", "scientific-notation"),
        ("member_id", "=1", "formula"),
        ("member_id", "M" * 33, "bad-id"),
        ("role", "=A1", "formula"),
        ("township_name", "=A1", "formula"),
    ],
)
def test_a_cell_of_a_member_is_refused(
    engine: Engine, tmp_path: Path, column: str, text: str, code: str
) -> None:
    place = [c.code for c in MEMBERS].index(column)

    roster = read(engine, tmp_path, members(TEACHER, cell(SECRETARY, place, text), FARMER))

    assert [(c, n, where) for c, n, where in found(roster) if c != "bad-date" or code == "bad-date"] == [
        (code, 3, column)
    ]
    assert not roster.ok
    assert roster.accepted == 0


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("start_date", "2013/11/2", "date-form"),
        ("start_date", "20131102", "date-form"),
        ("start_date", "2013-11-2", "date-form"),
        ("start_date", "２０１３-11-02", "full-width"),
        ("start_date", " 2013-11-02", "stray-space"),
        ("start_date", "2015-06-02", "future-date"),
        ("end_date", "2015-06-02", "future-date"),
        ("township_name", "样本镇", "name-differs"),
        ("role", "主任", "unknown-term"),
        ("end_reason", "上调", "unknown-term"),
        ("member_id", " M0001", "stray-space"),
        ("member_id", "Ｍ0001", "full-width"),
    ],
)
def test_a_cell_of_a_member_is_warned_of(
    engine: Engine, tmp_path: Path, column: str, text: str, code: str
) -> None:
    place = [c.code for c in MEMBERS].index(column)

    roster = read(engine, tmp_path, members(TEACHER, cell(SECRETARY, place, text), FARMER))

    assert found(roster) == [(code, 3, column)]
    assert (roster.counts["warning"], roster.accepted) == (1, 3)


@pytest.mark.parametrize("text", ["1.5", "1e3", "0x10", "1_000", "+5", "-3", "无"])
def test_a_number_of_an_organization_is_an_integer(engine: Engine, tmp_path: Path, text: str) -> None:
    place = [c.code for c in ORGS].index("wechat_groups")

    roster = read(engine, tmp_path, orgs(FRUIT, cell(STREET, place, text)), "orgs")

    assert [(n, where) for _, n, where in found(roster)] == [(3, "wechat_groups")]
    assert not roster.ok


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2015-04-09;2015-04-01", []),
        ("2015-04-01;2015-04-09;2015-04-10", []),
        ("2015-04-01；2015-04-09", ["full-width"]),
        ("2015-04-01;2015-04", ["half-date"]),
        ("2015-04-01;", ["bad-date"]),
        ("2015-04-01;2015/4/9", ["date-form"]),
    ],
)
def test_several_days_of_rectification_are_read(
    engine: Engine, tmp_path: Path, text: str, codes: list[str]
) -> None:
    place = [c.code for c in ORGS].index("rectified_on")

    roster = read(engine, tmp_path, orgs(cell(FRUIT, place, text), STREET), "orgs")

    assert [code for code, _, _ in found(roster)] == codes


def test_a_code_of_twelve_digits_is_that_of_the_township(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, members(cell(SECRETARY, 1, "999901101000"), TEACHER))

    assert roster.findings == ()


def test_a_village_organization_is_left_out_with_a_warning(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, orgs(FRUIT, cell(STREET, 4, "村团组织")), "orgs")

    assert found(roster) == [("village-organization", 3, "org_type")]
    assert (roster.rows, roster.accepted) == (2, 1)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (SECRETARY, "duplicate-same"),
        (cell(SECRETARY, 10, "2015-05-01"), "duplicate-same"),
        (cell(SECRETARY, 4, "委员"), "duplicate-record"),
        (cell(SECRETARY, 8, "2015-04-01"), "duplicate-record"),
    ],
    ids=["identical", "updated later", "another role", "another end"],
)
def test_a_second_record_of_one_key(engine: Engine, tmp_path: Path, second: str, code: str) -> None:
    roster = read(engine, tmp_path, members(SECRETARY, FARMER, second))

    assert [(c, n) for c, n, _ in found(roster)] == [(code, 4)]
    assert roster.ok is (code == "duplicate-same")


def test_an_organization_is_in_one_township(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, orgs(FRUIT, cell(FRUIT, 1, "999901102")), "orgs")

    assert ("duplicate-record", 3, "org_id") in found(roster)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("M9,999901101", "ragged"),
        (SECRETARY + ",x", "ragged"),
        (SECRETARY.replace("示例甲", '"示例甲'), "broken-quotes"),
        (SECRETARY.replace("示例甲", "示\0例"), "control-character"),
        (SECRETARY.replace("示例甲", "示\x01例"), "control-character"),
        (SECRETARY.replace("示例甲", '"示\n例"'), "broken-quotes"),
    ],
    ids=["short", "long", "open quote", "NUL", "control", "line break"],
)
def test_a_line_that_is_no_record_is_refused_with_its_number(
    engine: Engine, tmp_path: Path, line: str, code: str
) -> None:
    roster = read(engine, tmp_path, members(TEACHER, line, cell(FARMER, 7, "1.5")))

    assert (code, 3, None) in found(roster)
    assert ("bad-date", 4 + line.count("\n"), "start_date") in found(roster)


def test_lines_of_another_encoding_are_named(engine: Engine, tmp_path: Path) -> None:
    data = CLEAN.encode() + cell(TEACHER, 0, "M8").encode("gb18030") + b"\n" + cell(TEACHER, 0, "M9").encode()

    roster = read(engine, tmp_path, data)

    assert found(roster) == [("undecodable", 5, None)]


@pytest.mark.parametrize("column", range(len(MEMBERS_EN.split(","))))
def test_a_name_in_another_encoding_is_found_in_every_column(
    engine: Engine, tmp_path: Path, column: int
) -> None:
    # Far below what tells the encoding, and in a file without any other fault: nothing is copied.
    cells = [cell.encode() for cell in FARMER.split(",")]
    cells[column] += "示例".encode("gb18030")
    rows = [SECRETARY.replace("M0001", f"M{i:06}").encode() for i in range(2 * BLOCK // len(SECRETARY))]

    roster = read(engine, tmp_path, b"\n".join([MEMBERS_EN.encode(), *rows, b",".join(cells), b""]))

    assert found(roster) == [("undecodable", len(rows) + 2, None)]
    assert roster.rows == len(rows) + 1


def test_more_lines_in_another_encoding_than_are_listed_are_counted(engine: Engine, tmp_path: Path) -> None:
    rows = [FARMER.encode("gb18030")] * (LISTED + 1) + [FARMER.encode()] * (LISTED + 2)

    roster = read(engine, tmp_path, b"\n".join([MEMBERS_EN.encode(), *rows, b""]))

    assert roster.counts["error"] == LISTED + 1


def test_blank_lines_do_not_shift_numbers(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, members(SECRETARY, "", "", cell(TEACHER, 7, "x"), "", FARMER))

    assert found(roster) == [("bad-date", 5, "start_date")]
    assert roster.rows == 3


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([FRUIT, STREET, "合计,,,,,,,,,10,65,3,"], ["total-skipped"]),
        ([FRUIT, STREET, "合计,,,,,,,,,10,65,4,"], ["total-skipped", "total-differs"]),
        ([FRUIT, "小计,,,,,,,,,6,40,1,", STREET, "小计,,,,,,,,,4,25,2,"], ["total-skipped"] * 2),
    ],
    ids=["right", "wrong", "subtotals"],
)
def test_totals_of_organizations_are_checked(
    engine: Engine, tmp_path: Path, rows: list[str], codes: list[str]
) -> None:
    roster = read(engine, tmp_path, orgs(*rows), "orgs")

    assert sorted(code for code, _, _ in found(roster)) == sorted(codes)
    assert roster.rows == 2


@pytest.mark.parametrize(("stated", "ok"), [("2", True), ("共2人", True), ("3", False)])
def test_a_total_of_members_is_their_number(engine: Engine, tmp_path: Path, stated: str, ok: bool) -> None:
    roster = read(engine, tmp_path, members(SECRETARY, TEACHER, f"合计,,,{stated},,,,,,,"))

    assert roster.ok is ok


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        (MEMBERS_EN.replace("start_date", "since"), ["missing-column"]),
        (MEMBERS_EN.replace("updated_at", "id_number"), ["column-ignored"]),
        (MEMBERS_EN.replace("role", "职务"), ["mixed-header"]),
        (MEMBERS_EN.replace("name,role", "role,role"), ["duplicate-column"]),
    ],
)
def test_headers_are_checked(engine: Engine, tmp_path: Path, header: str, codes: list[str]) -> None:
    roster = read(engine, tmp_path, members(SECRETARY, header=header))

    assert [code for code, _, _ in found(roster) if code != "unknown-term"] == codes


def test_columns_may_be_mapped(engine: Engine, tmp_path: Path) -> None:
    text = members(SECRETARY, header=MEMBERS_ZH.replace("任职日期", "何时上任"))

    roster = read(engine, tmp_path, text, columns={"何时上任": "start_date"})

    assert roster.findings == ()


def test_a_mapping_to_no_column_is_a_mistake_of_the_caller(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column"):
        read(engine, tmp_path, CLEAN, columns={"何时上任": "began"})


@pytest.mark.parametrize("data", [b"", b"\n\n", MEMBERS_EN.encode(), MEMBERS_EN.encode() + b"\n\n"])
def test_a_file_without_rows_is_refused(engine: Engine, tmp_path: Path, data: bytes) -> None:
    assert not read(engine, tmp_path, data).ok


@pytest.mark.parametrize("order", ["aab", "aba", "baa", "abac", "bab"])
def test_a_record_given_twice_is_found_in_any_order(engine: Engine, tmp_path: Path, order: str) -> None:
    rows = {"a": SECRETARY, "b": cell(TEACHER, 0, "M0009"), "c": cell(TEACHER, 0, "M0010")}
    twice = "b" if order == "bab" else "a"

    roster = read(engine, tmp_path, members(*[rows[name] for name in order]))

    assert found(roster) == [("duplicate-same", order.rindex(twice) + 2, None)]
    assert roster.accepted == len(set(order))


def test_a_repetition_of_an_odd_record_is_found(engine: Engine, tmp_path: Path) -> None:
    odd = cell(SECRETARY, 7, "2013/11/2")

    roster = read(engine, tmp_path, members(odd, TEACHER, SECRETARY))

    assert ("duplicate-same", 4, None) in found(roster)
