"""The engine's road and the specification agree on every row: same entries, same refused lines."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import Severity
from app.reconcile import LedgerUnit, read_summary
from app.reconcile.columns import read_header
from app.reconcile.draft import Draft
from app.reconcile.encoding import Part, first_line, transcribe
from app.reconcile.engine import Engine, open_engine
from app.reconcile.rows import judge
from app.reconcile.settle import make_entries
from app.reconcile.sheet import lines_of_sheet, load_sheet
from tests.reconcile.sample import EN, UNITS, ZH

FIGURES = st.one_of(
    st.integers(0, 10**7 + 5).map(str),
    st.sampled_from(
        [
            "",
            "0",
            "00",
            "007",
            "10",
            "99",
            "100",
            "1.5",
            "1.0",
            "9.",
            ".9",
            "9.6",
            "99.9",
            "1e2",
            "1e3",
            "1E1",
            "9e0",
            "1e-1",
            "0x10",
            "0xFFFFF",
            "0b11",
            "0o7",
            "1_0",
            "1_000",
            "+5",
            "-3",
            "-0",
            " 1",
            "1 ",
            "１２",
            "1,239",
            ",1",
            "1,23",
            "9999999",
            "10000000",
            "4294967296",
            "18446744073709551616",
            "=1",
            "#N/A",
            "一",
            "\u3000",
            "\ufeff5",
            "٣",
            "inf",
            "nan",
            "NULL",
            "true",
            "1e",
            "e1",
            "0x",
            "1__0",
            "--1",
            "1-2",
            "1:2",
            "½",
        ]
    ),
    st.text("0123456789eExX._+- ,", max_size=7),
)
PERIODS = st.sampled_from(
    [
        "2015-04",
        "2015-05",
        "201504",
        "2015年4月",
        "2015年04月",
        "２０１５-04",
        " 2015-04",
        "2015-4",
        "2015-13",
        "2015-03",
        "42095",
        "",
        "Apr-15",
        "合计",
        "2015-04x",
    ]
)
CODES = st.one_of(
    st.sampled_from(
        [
            "999900",
            "999806",
            "999901101",
            "999901101000",
            "999900000000",
            "999900000",
            "９９９９００",
            "999900 ",
            "000000",
            "990000",
            "123456",
            "99900",
            "4.40606E+08",
            "999900.0",
            "",
            "abc",
            "小计",
            "999901101001",
            "999900000001",
            "9999000000",
        ]
    ),
    st.text("09", min_size=5, max_size=13),
)
NAMES = st.sampled_from(
    [
        "示例市",
        "示例一镇",
        "",
        "样本",
        "=A1",
        "合计",
        "全省合计",
        "会计区",
        "示,例",
        "示\t例",
        " 示例市",
        'a"b',
    ]
)
DATES = st.sampled_from(
    [
        "2015-04-25",
        "",
        "2015/4/25",
        "2015年4月25日",
        "20150425",
        "42119",
        "2015-02-30",
        "x",
        "2015-4-5",
        "2015-04-25 00:00:00",
    ]
)
ROWS = st.tuples(PERIODS, CODES, NAMES, *[FIGURES] * 7, DATES).map(list)
PLAIN = st.tuples(
    st.just("2015-04"), st.sampled_from(sorted(UNITS)), st.just(""), *[FIGURES] * 7, st.just("")
).map(list)
SHORT_OR_LONG = st.lists(st.sampled_from(["", "1", "2015-04"]), max_size=14)
SHEETS = st.lists(st.one_of(PLAIN, ROWS, SHORT_OR_LONG), max_size=60)


def written(rows: list[list[str]], header: str, line_end: str) -> bytes:
    page = io.StringIO()
    page.write(header + line_end)
    csv.writer(page, lineterminator=line_end).writerows(rows)
    return page.getvalue().encode()


Entries = dict[int, tuple[object, ...]]


def by_the_engine(engine: Engine, path: Path, header: str) -> tuple[Entries, set[int | None]]:
    transcript = transcribe(path, path.parent, is_reader_strict=True)
    layout, _ = read_header(*first_line(transcript.path))
    assert layout is not None
    rejected = load_sheet(engine, Part(transcript.path), layout, counts_digits=not transcript.has_letters)
    lines = lines_of_sheet(engine, transcript.marks, layout, rejected, transcript.lines)
    draft = Draft(engine, layout, UNITS, lines, transcript.findings)
    make_entries(draft, rejected)
    entries: Entries = {lines.of(record): tuple(rest) for record, *rest in draft.rows("SELECT * FROM entry")}
    return entries, {f.line for f in draft.findings.listed() if f.severity is Severity.ERROR}


def by_the_specification(path: Path) -> tuple[Entries, set[int | None]]:
    text = path.read_bytes().decode().split("\n")
    layout, _ = read_header(1, text[0].rstrip("\r"))
    assert layout is not None
    entries: Entries = {}
    refused: set[int | None] = set()
    for number, line in enumerate(text[1:], 2):
        judged = judge(line.rstrip("\r"), number, layout)
        is_unknown = judged.entry is not None and judged.entry.unit not in UNITS
        if is_unknown or any(f.severity is Severity.ERROR for f in judged.findings):
            refused.add(number)
        elif judged.entry:
            entries[number] = (judged.entry.period, judged.entry.unit, *judged.entry.figures)
    return entries, refused


@settings(max_examples=25, deadline=None)
@given(rows=SHEETS, header=st.sampled_from([EN, ZH]), line_end=st.sampled_from(["\n", "\r\n"]))
@example(rows=[["2015-04", "999900", "", "1e2", *["0"] * 6, ""]], header=ZH, line_end="\n")
@example(rows=[["2015-04", "999900", "", "0xFFFFF", *["0"] * 6, ""]], header=ZH, line_end="\n")
@example(rows=[["2015-04", "999900", "", *["1"] * 7, "", "", ""]], header=ZH, line_end="\n")
def test_both_roads_give_the_same_entries_and_refuse_the_same_lines(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    header: str,
    line_end: str,
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "ledger.csv"
    path.write_bytes(written(rows, header, line_end))

    entries, refused = by_the_engine(engine, path, header)

    expected, expected_refused = by_the_specification(path)
    assert entries == expected
    assert refused == expected_refused


def test_lines_are_exact_in_a_large_file_read_by_several_threads(tmp_path: Path) -> None:
    planted = {10_000 * i + 7: bad for i, bad in enumerate(["x", "1.5", "1e3", "-1", "=1"], 1)}
    ragged, blank = {33_333, 61_234}, {5_000, 44_444, 70_000}
    path = tmp_path / "ledger.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(ZH + "\n")
        for number in range(2, 120_001):
            figure = planted.get(number, "3")
            row = f"2015-04,{code(number)},示例镇,{figure},1,12,3,0,1,20,2015-04-25"
            file.write(("" if number in blank else "2015-04,1" if number in ragged else row) + "\n")

    found = read_large(path)

    assert found == {**dict.fromkeys(planted, "cell"), **dict.fromkeys(ragged, "ragged")}


def code(number: int) -> str:
    """A township's code that no other number has, and that does not end in 000."""
    return f"{100_000 + number // 900}{number % 900 + 1:03d}"


def read_large(path: Path) -> dict[int | None, str]:
    units = [LedgerUnit(code(number), "示例镇", "100000") for number in range(2, 120_001)]
    with open_engine(threads=4, memory="64MB") as engine:
        ledger = read_summary(path, units, engine=engine)
    return {f.line: "ragged" if f.code == "ragged" else "cell" for f in ledger.findings}
