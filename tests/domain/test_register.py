"""The register's file: what is read, and what is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.register import COLUMNS, Level, UnitRow, read_register, report_paths
from app.domain.register_checks import REASONS, ROW_RULES
from app.errors import Severity

FILE = """\
code,name,level,report_parent,admin_parent,reports,agri_related,township_kind,valid_from,valid_to,\
counties_count,agri_counties_count,townships_count
000000,全国,centre,,,0,,,2015-01-01,,,,
990000,示例省,province,000000,000000,0,,,2015-01-01,,,,
999800,示例市,prefecture,990000,990000,1,,,2015-01-01,,2,1,1
999801,示例一区,county,999800,999800,0,1,,2015-01-01,,,,
999802,示例二区,county,999800,999800,0,0,,2015-01-01,,,,
999806,示例直报区,county,990000,999800,1,1,,2015-01-01,,1,1,2
999801001,示例街道,township,999801,999801,0,,0,2015-01-01,,,,
999801101,示例一镇,township,999801,999801,0,,1,2015-01-01,,,,
999806101,示例二镇,township,999806,999806,0,,1,2015-01-01,,,,
999806201,示例三乡,township,999806,999806,0,,2,2015-01-01,,,,
999806400,示例农场,township,999806,999806,0,,4,2015-01-01,,,,
"""
LINES = FILE.splitlines()
LINE_OF = {line.split(",")[0]: number for number, line in enumerate(LINES, 1)}


def edited(unit: str, /, **fields: str) -> list[str]:
    """The file with some fields of one unit replaced; quotes in a field are the caller's."""
    line = LINE_OF[unit]
    row = dict(zip(COLUMNS, LINES[line - 1].split(","), strict=True)) | fields
    return [*LINES[: line - 1], ",".join(row.values()), *LINES[line:]]


def found(lines: list[str], known: list[UnitRow] | None = None) -> list[tuple[str, str]]:
    return [(finding.pointer, finding.code) for finding in read_register(lines, known or [])[1]]


def units_of(lines: list[str]) -> dict[str, UnitRow]:
    return {unit.code: unit for unit in read_register(lines)[0]}


# Reading


def test_sound_file_is_read_in_its_order_without_findings():
    units, findings = read_register(LINES)

    assert findings == []
    assert [unit.code for unit in units] == [line.split(",")[0] for line in LINES[1:]]
    assert units[5] == UnitRow(
        code="999806",
        name="示例直报区",
        level=Level.COUNTY,
        report_parent="990000",
        admin_parent="999800",
        reports=True,
        agri_related=True,
        township_kind=None,
        valid_from=date(2015, 1, 1),
        valid_to=None,
        counties_count=1,
        agri_counties_count=1,
        townships_count=2,
    )


def test_columns_are_the_fields_of_a_unit():
    assert tuple(UnitRow.__slots__) == COLUMNS


@pytest.mark.parametrize(
    "lines", [["\ufeff" + LINES[0], *LINES[1:]], FILE.replace("\n", "\r\n").splitlines(True)]
)
def test_byte_order_mark_and_windows_line_ends_do_no_harm(lines):
    units, findings = read_register(lines)

    assert findings == []
    assert len(units) == 11


def test_empty_lines_are_passed_over_but_counted():
    assert found([LINES[0], "", *LINES[1:5], "", "x"]) == [("/lines/8", "wrong-columns")]


CASES = [
    ("999801", {"code": "99980"}, "code", "bad-code"),
    ("999801", {"code": "９９９８０１"}, "code", "bad-code"),
    ("999801", {"code": "٩٩٩٨٠١"}, "code", "bad-code"),
    ("999801", {"code": "999801\t"}, "code", "bad-code"),
    ("999801101", {"code": "999801101000"}, "code", "bad-code"),
    ("999801", {"name": ""}, "name", "bad-name"),
    ("999801", {"name": " 示例"}, "name", "bad-name"),
    ("999801", {"name": "示例\u3000"}, "name", "bad-name"),
    ("999801", {"name": "示" * 81}, "name", "bad-name"),
    ("999801", {"name": "=1+1"}, "name", "bad-name"),
    ("999801", {"name": "＝1+1"}, "name", "bad-name"),
    ("999801", {"name": "@示例"}, "name", "bad-name"),
    ("999801", {"name": "示\x00例"}, "name", "invisible-character"),
    ("999801", {"name": '"示\n例"'}, "name", "invisible-character"),
    ("999801", {"name": "示\u200b例"}, "name", "invisible-character"),
    ("999801", {"name": "示\u202e例"}, "name", "invisible-character"),
    ("999801", {"name": "示\u2066例"}, "name", "invisible-character"),
    ("999801", {"name": "示\ufe0f例"}, "name", "invisible-character"),
    ("999801", {"name": "示\u3164例"}, "name", "invisible-character"),
    ("999801", {"name": "示\ue000例"}, "name", "invisible-character"),
    ("999801", {"name": "示\ud800例"}, "name", "invisible-character"),
    ("999801", {"name": "示\uffff例"}, "name", "invisible-character"),
    ("999801", {"level": "district"}, "level", "bad-level"),
    ("999801", {"level": "COUNTY"}, "level", "bad-level"),
    ("999801", {"report_parent": "9998"}, "report_parent", "bad-code"),
    ("999801", {"admin_parent": "9998OO"}, "admin_parent", "bad-code"),
    ("999801", {"reports": "TRUE"}, "reports", "bad-flag"),
    ("999801", {"reports": ""}, "reports", "bad-flag"),
    ("999801", {"agri_related": "2"}, "agri_related", "bad-flag"),
    ("999801101", {"township_kind": "6"}, "township_kind", "bad-kind"),
    ("999801101", {"township_kind": "１"}, "township_kind", "bad-kind"),
    ("999801", {"valid_from": ""}, "valid_from", "bad-date"),
    ("999801", {"valid_from": "20150101"}, "valid_from", "bad-date"),
    ("999801", {"valid_from": "2015-W01-4"}, "valid_from", "bad-date"),
    ("999801", {"valid_from": "2015/1/1"}, "valid_from", "bad-date"),
    ("999801", {"valid_to": "2015-02-29"}, "valid_to", "bad-date"),
    ("999800", {"counties_count": "-1"}, "counties_count", "bad-count"),
    ("999800", {"agri_counties_count": "1.0"}, "agri_counties_count", "bad-count"),
    ("999800", {"townships_count": "1234567"}, "townships_count", "bad-count"),
    ("999802", {"code": "999801"}, "code", "duplicate-code"),
    ("999802", {"level": "prefecture"}, "level", "code-not-of-level"),
    ("999802", {"report_parent": ""}, "report_parent", "missing-parent"),
    ("999802", {"admin_parent": ""}, "admin_parent", "missing-parent"),
    ("000000", {"report_parent": "990000"}, "report_parent", "unexpected-parent"),
    ("000000", {"admin_parent": "990000"}, "admin_parent", "unexpected-parent"),
    ("000000", {"reports": "1"}, "reports", "centre-reports"),
    ("999802", {"agri_related": ""}, "agri_related", "agri-not-of-level"),
    ("999800", {"agri_related": "0"}, "agri_related", "agri-not-of-level"),
    ("999801101", {"township_kind": ""}, "township_kind", "kind-not-of-level"),
    ("999802", {"township_kind": "1"}, "township_kind", "kind-not-of-level"),
    ("999802", {"valid_to": "2014-12-31"}, "valid_to", "dates-reversed"),
    ("999802", {"valid_to": "2015-01-01"}, "valid_to", "dates-reversed"),
    ("999802", {"report_parent": "999700"}, "report_parent", "unknown-parent"),
    ("999802", {"admin_parent": "999700"}, "admin_parent", "unknown-parent"),
    ("999802", {"report_parent": "999801"}, "report_parent", "level-above-parent"),
    ("999802", {"admin_parent": "999801101"}, "admin_parent", "level-above-parent"),
    ("999802", {"report_parent": "999802"}, "report_parent", "cycle"),
    ("999802", {"name": "示例一区"}, "name", "same-name"),
]


@pytest.mark.parametrize(("code", "fields", "column", "reason"), CASES)
def test_defect_is_found_at_its_line_and_column(code, fields, column, reason):
    findings = read_register(edited(code, **fields))[1]

    assert (f"/lines/{LINE_OF[code]}/{column}", reason) in [(f.pointer, f.code) for f in findings]
    assert all(finding.severity is Severity.ERROR for finding in findings)


def test_every_reason_and_every_rule_has_a_case():
    elsewhere = {"unreadable", "wrong-header", "wrong-columns", "count-differs"}

    assert {reason for _, _, _, reason in CASES} | elsewhere == set(REASONS)
    assert {(column, reason) for column, reason, _ in ROW_RULES} <= {(case[2], case[3]) for case in CASES}


def test_no_finding_repeats_what_the_file_said():
    secret = "机密\u202e某"

    findings = read_register(edited("999801", name=secret, valid_from=secret))[1]

    assert len(findings) == 2
    assert not any("机密" in str(finding.as_json()) for finding in findings)


@pytest.mark.parametrize(
    "name", ["湖㳇镇", "（工业园区）城南街道", "\U0002a6d6镇", "\U00031350镇", "Example 1", "示·例"]
)
def test_rare_characters_brackets_and_latin_names_are_accepted(name):
    assert found(edited("999801", name=name)) == []


def test_quoted_name_with_comma_is_one_field():
    lines = edited("999801", name='"示例,一区"')

    assert found(lines) == []
    assert units_of(lines)["999801"].name == "示例,一区"


def test_all_defects_come_at_once_in_the_order_of_the_file():
    lines = edited("999801", name="", valid_from="x", reports="x")
    lines[LINE_OF["999806"] - 1] = "short,line"

    assert found(lines) == [
        ("/lines/5/name", "bad-name"),
        ("/lines/5/reports", "bad-flag"),
        ("/lines/5/valid_from", "bad-date"),
        ("/lines/7", "wrong-columns"),
        ("/lines/10/report_parent", "unknown-parent"),
        ("/lines/10/admin_parent", "unknown-parent"),
        ("/lines/11/report_parent", "unknown-parent"),
        ("/lines/11/admin_parent", "unknown-parent"),
        ("/lines/12/report_parent", "unknown-parent"),
        ("/lines/12/admin_parent", "unknown-parent"),
    ]


def test_children_of_an_unreadable_row_are_not_blamed_for_it():
    assert found(edited("999806", valid_from="")) == [("/lines/7/valid_from", "bad-date")]
    assert found(edited("999806", valid_to=",")) == [("/lines/7", "wrong-columns")]


def test_duplicate_names_the_first_line_and_keeps_its_row():
    units, findings = read_register([*LINES, LINES[4].replace("示例一区", "示例九区")])

    assert [(f.pointer, f.code, dict(f.values)) for f in findings] == [
        ("/lines/13/code", "duplicate-code", {"other": 5})
    ]
    assert "第5行" in findings[0].message.zh
    assert {unit.name for unit in units if unit.code == "999801"} == {"示例一区"}


@pytest.mark.parametrize("header", [[], [""], ["code,name"], [LINES[0].upper()], [LINES[0] + ",extra"]])
def test_file_with_another_header_is_refused_as_a_whole(header):
    units, findings = read_register([*header, *LINES[1:]] if header else [])

    assert units == []
    assert [finding.code for finding in findings] == ["wrong-header"]


@pytest.mark.parametrize("broken", ['"999803,示例', '"999803"x,示例', "a\rb", "x" * 200_000])
def test_line_that_is_no_csv_ends_the_reading_with_a_finding(broken):
    units, findings = read_register([*LINES, broken + "\n"])

    assert findings[-1].code == "unreadable"
    assert findings[-1].pointer == "/lines/13"
    assert len(units) == 11


@given(st.lists(st.text(max_size=40)))
def test_no_text_makes_the_reader_raise(lines):
    read_register(lines)
    read_register([LINES[0], *lines])


VALUES_SEEN = [sorted(set(column)) for column in zip(*(line.split(",") for line in LINES[1:]), strict=True)]


@given(st.lists(st.tuples(*map(st.sampled_from, VALUES_SEEN)), max_size=12))
def test_no_mixture_of_sound_fields_makes_the_reader_raise(rows):
    lines = [LINES[0], *(",".join(row) for row in rows)]

    units, findings = read_register(lines)

    assert findings or report_paths(units).keys() == {unit.code for unit in units}


# Relations


def test_ring_of_parents_is_reported_at_every_unit_on_it():
    lines = edited("990000", report_parent="999801")

    assert found(lines) == [
        ("/lines/3/report_parent", "cycle"),
        ("/lines/3/report_parent", "level-above-parent"),
        ("/lines/4/report_parent", "cycle"),
        ("/lines/5/report_parent", "cycle"),
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("示例A区", "示例Ａ区"), ("示例(一)区", "示例（一）区"), ("示例 区", "示例区")]
)
def test_names_that_look_the_same_under_one_parent_are_twins(one, other):
    lines = [line.replace("示例一区", one).replace("示例二区", other) for line in LINES]

    assert found(lines) == [("/lines/6/name", "same-name")]


def test_same_name_under_another_parent_is_no_twin():
    assert found(edited("999806101", name="示例一镇")) == []


def test_successor_may_take_the_name_of_the_unit_that_ended():
    ended = edited("999801", valid_to="2016-05-01", name="示例二区")

    assert ("/lines/6/name", "same-name") in found(ended)

    ended[5] = ended[5].replace("2015-01-01", "2016-05-01")

    assert "same-name" not in [code for _, code in found(ended)]


def test_count_that_differs_from_the_register_is_a_warning():
    findings = read_register(edited("999800", townships_count="2"))[1]

    assert [(f.pointer, f.code, f.severity, dict(f.values)) for f in findings] == [
        ("/lines/4/townships_count", "count-differs", Severity.WARNING, {"counted": 1})
    ]
    assert "1" in findings[0].message.zh


def test_blank_count_is_not_compared():
    assert found(edited("999800", townships_count="")) == []


# Corrections, laid over the units that exist


def correction(*codes: str) -> list[str]:
    return [LINES[0], *(LINES[LINE_OF[code] - 1] for code in codes)]


def test_correction_needs_only_the_changed_lines():
    known = read_register(LINES)[0]
    lines = [line.replace("示例一镇", "示例新镇") for line in correction("999801101")]

    units, findings = read_register(lines, known)

    assert findings == []
    assert [unit.name for unit in units] == ["示例新镇"]


def test_correction_without_the_register_lacks_its_parents():
    assert [code for _, code in found(correction("999801101"))] == ["unknown-parent", "unknown-parent"]


def test_correction_is_compared_with_the_names_that_stand():
    known = read_register(LINES)[0]
    lines = [line.replace("示例一镇", "示例街道") for line in correction("999801101")]

    assert found(lines, known) == [("/lines/2/name", "same-name")]


def test_correction_that_sinks_a_parent_below_its_children_is_found_at_the_parent():
    known = read_register(LINES)[0]
    lines = [
        line.replace("county,999800,999800,0,1,", "township,999800,999800,0,,1")
        for line in correction("999801")
    ]

    assert ("/lines/2/level", "level-above-parent") in found(lines, known)


def test_known_units_are_trusted():
    known = read_register(edited("999802", name="示例一区", report_parent="999801"))[0]

    assert found(correction("999806101"), known) == []


def test_ring_through_known_units_is_found_in_the_file():
    known = read_register(LINES)[0]
    lines = [line.replace("province,000000", "province,999801") for line in correction("990000")]

    assert ("/lines/2/report_parent", "cycle") in found(lines, known)
