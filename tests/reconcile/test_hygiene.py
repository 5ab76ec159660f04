"""Planted defects are found at exactly their lines, in every encoding, and nothing of the file is accepted."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.reconcile import read_summary
from app.reconcile.encoding import BLOCK
from app.reconcile.engine import Engine
from app.reconcile.findings import LISTED
from tests.reconcile.conftest import ReadBytes, ReadText
from tests.reconcile.sample import CITY, DISTRICT, EN, UNITS, ZH, cell, codes, found, lines

OTHER = "2015-05,999900,示例市,10,5,1244,6,1,2,1985,2015-05-25"

ROWS = {
    "fraction": (cell(OTHER, 5, "1.5"), "not-integer", "members_total"),
    "exponent": (cell(OTHER, 5, "1e3"), "not-integer", "members_total"),
    "exponent of as many digits": (cell(OTHER, 5, "1e2"), "not-integer", "members_total"),
    "hexadecimal": (cell(OTHER, 5, "0x10"), "not-integer", "members_total"),
    "underscore": (cell(OTHER, 5, "1_000"), "not-integer", "members_total"),
    "plus": (cell(OTHER, 5, "+5"), "not-integer", "members_total"),
    "negative": (cell(OTHER, 5, "-3"), "not-integer", "members_total"),
    "text": (cell(OTHER, 3, "无"), "not-integer", "members_added"),
    "too large": (cell(OTHER, 9, "10000000"), "out-of-range", "orgs_total"),
    "much too large": (cell(OTHER, 9, "9" * 30), "out-of-range", "orgs_total"),
    "formula": (cell(OTHER, 9, "=SUM(A1)"), "formula", "orgs_total"),
    "formula error": (cell(OTHER, 9, "#REF!"), "formula", "orgs_total"),
    "formula as a name": (cell(OTHER, 2, "=A1"), "formula", "unit_name"),
    "code in scientific notation": (cell(OTHER, 1, "4.40606E+08"), "scientific-notation", "unit_code"),
    "code with a fraction": (cell(OTHER, 1, "999900.0"), "scientific-notation", "unit_code"),
    "code without its zeros": (cell(OTHER, 1, "99900"), "lost-zeros", "unit_code"),
    "no code": (cell(OTHER, 1, ""), "bad-code", "unit_code"),
    "unknown unit": (cell(OTHER, 1, "123456"), "unknown-unit", "unit_code"),
    "unknown unit in full width": (cell(OTHER, 1, "１２３４５６"), "unknown-unit", "unit_code"),
    "village": (cell(OTHER, 1, "999901101001"), "unknown-unit", "unit_code"),
    "period as a serial": (cell(OTHER, 0, "42095"), "serial-date", "period"),
    "period as a date": (cell(OTHER, 0, "2015/5/1"), "bad-period", "period"),
    "thirteenth month": (cell(OTHER, 0, "2015-13"), "bad-period", "period"),
    "before the first period": (cell(OTHER, 0, "2015-03"), "period-too-early", "period"),
    "no period": (cell(OTHER, 0, ""), "bad-period", "period"),
    "date as a serial": (cell(OTHER, 10, "42149"), "serial-date", "as_of"),
    "no such day": (cell(OTHER, 10, "2015-02-30"), "bad-date", "as_of"),
    "too few cells": ("2015-05,999900,示例市", "ragged", None),
    "too many cells": (OTHER + ",1", "ragged", None),
    "unclosed quote": (cell(OTHER, 2, '"示例市'), "broken-quotes", None),
    "quote inside": (cell(OTHER, 2, '示"例"市'), "broken-quotes", None),
    "NUL": (cell(OTHER, 2, "示\0例"), "control-character", None),
    "bare carriage return": (cell(OTHER, 2, "示\r例"), "lone-cr", None),
    "same key, other figures": (cell(CITY, 3, "121"), "duplicate-differs", None),
}

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "gb18030": lambda text: text.encode("gb18030"),
    "utf-16-le": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
}


@pytest.mark.parametrize(("row", "code", "column"), ROWS.values(), ids=ROWS)
def test_a_planted_defect_is_found_at_its_line_and_nothing_is_accepted(
    read_text: ReadText, row: str, code: str, column: str | None
) -> None:
    ledger = read_text(lines(CITY, "", DISTRICT, row, cell(OTHER, 1, "999806"), header=ZH))

    assert found(ledger, "error") == [(code, 5, column)]
    assert not ledger.ok
    assert (ledger.rows, ledger.accepted) == (4, 0)
    assert not ledger.figures
    assert ledger.counts["error"] == 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_defects_of_one_file_are_found_at_once_in_every_encoding(
    read_bytes: ReadBytes, encoding: str, line_end: str
) -> None:
    planted = [found for found in ROWS.values() if found[1] != "duplicate-differs"]
    rows = [line for row, _, _ in planted for line in (row, CITY)]

    ledger = read_bytes(ENCODINGS[encoding](lines(*rows, header=ZH).replace("\n", line_end)))

    assert found(ledger, "error") == [(code, 2 * i, column) for i, (_, code, column) in enumerate(planted, 1)]
    assert codes(ledger).count("duplicate-same") == len(planted) - 1


@pytest.mark.parametrize("tail", ["", "\n", "\n\n  \n", ",,,,,,,,,,\n"])
def test_blank_lines_count_for_nothing_but_line_numbers(read_text: ReadText, tail: str) -> None:
    text = f"\n{EN}\n\n{CITY}\n,,,,,,,,,,\n  \n{cell(DISTRICT, 3, 'x')}\n{tail}"

    ledger = read_text(text)

    assert found(ledger) == [("not-integer", 7, "members_added")]
    assert ledger.rows == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"\n\n  \n", "empty-file"),
        (EN.encode(), "no-rows"),
        (EN.encode() + b"\n\n,,,,,,,,,,\n", "no-rows"),
        (b"\xef\xbb\xbf", "empty-file"),
        (b"\xff\xfe", "empty-file"),
    ],
)
def test_a_file_without_rows_is_refused(read_bytes: ReadBytes, data: bytes, code: str) -> None:
    ledger = read_bytes(data)

    assert codes(ledger) == [code]
    assert ledger.rows == 0


def test_a_bad_line_before_the_header_leaves_no_doubt_about_the_header(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, header=EN.replace("period", "per\0iod")))

    assert found(ledger) == [("control-character", 1, None)]


def test_binary_rubbish_is_refused(read_bytes: ReadBytes) -> None:
    ledger = read_bytes(bytes(range(256)) * 40)

    assert not ledger.ok
    assert ledger.rows == 0


def test_a_workbook_is_refused(read_bytes: ReadBytes) -> None:
    assert not read_bytes(b"PK\x03\x04" + b"\x00\x14\n" * 400).ok


def test_bad_utf8_after_the_part_that_tells_the_encoding_is_found(read_bytes: ReadBytes) -> None:
    blank = b"\n" * (BLOCK + 10)

    ledger = read_bytes(ZH.encode() + blank + CITY.encode() + b"\n2015-04,999806,\xb9\xe3,,,,,,,,\n")

    assert found(ledger, "error") == [("undecodable", len(blank) + 2, None)]
    assert (ledger.encoding, ledger.rows) == ("utf-8", 2)


def test_millions_of_blank_lines_are_refused_and_not_miscounted(read_bytes: ReadBytes) -> None:
    ledger = read_bytes(EN.encode() + b"\n" * (2 * BLOCK) + CITY.encode() + b"\n")

    assert [code for code, *_ in found(ledger, "error")] == ["unreadable"]


def test_values_are_shown_short_and_names_never(read_text: ReadText) -> None:
    long = cell(CITY, 3, "x" * 200)
    name = cell(DISTRICT, 2, "=示例人名")

    ledger = read_text(lines(long, name))

    assert ledger.findings[0].value == "x" * 39 + "…"
    assert ledger.findings[1].value is None
    assert "示例人名" not in str([f.as_json() for f in ledger.findings])


def test_the_first_thousand_findings_are_listed_and_all_counted(read_text: ReadText) -> None:
    bad = cell(CITY, 3, "1.5")

    ledger = read_text(lines(*[cell(CITY, 9, "007")] * 900, *[bad] * 1500))

    assert len(ledger.findings) == LISTED
    assert ledger.counts == {"error": 1500, "warning": 900 + 899, "info": 0}
    assert {f.code for f in ledger.findings} == {"not-integer"}
    assert ledger.findings[0].line == 902


def test_a_file_whose_name_is_a_pattern_is_itself(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "ledger1.csv").write_text(lines(DISTRICT), encoding="utf-8")
    (tmp_path / "ledger[1].csv").write_text(lines(CITY), encoding="utf-8")

    ledger = read_summary(tmp_path / "ledger[1].csv", UNITS, engine=engine)

    assert ledger.units == ("999900",)


def test_a_ledger_needs_no_engine_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text(lines(CITY), encoding="utf-8")

    assert read_summary(str(tmp_path / "ledger.csv"), UNITS.values()).ok


def test_a_named_encoding_reaches_the_reader(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "ledger.csv").write_bytes(lines(CITY).encode("gb18030"))

    ledger = read_summary(tmp_path / "ledger.csv", UNITS, encoding="utf-8", engine=engine)

    assert codes(ledger) == ["undecodable"]


def test_a_ledger_is_written_as_the_contract_says(read_text: ReadText) -> None:
    body = read_text(lines(CITY, cell(DISTRICT, 3, "")))
    written = body.as_json()

    assert written["as_of"] == "2015-04-25"
    assert written["findings"] == [
        {
            "severity": "warning",
            "code": "missing-figure",
            "line": 3,
            "column": "members_added",
            "value": None,
            "message": {
                "zh": "“新增团委委员数量”留空，999806 这一期的该项按缺数处理",
                "en": '"members_added" is blank; the figure of 999806 counts as missing in this period',
            },
        }
    ]
    assert {k: written[k] for k in ("rows", "accepted", "periods", "units")} == {
        "rows": 2,
        "accepted": 2,
        "periods": ["2015-04"],
        "units": ["999806", "999900"],
    }


PIECES = [
    *(
        piece.encode()
        for piece in (EN, ZH, CITY, DISTRICT, "\n", "\r\n", "\r", ",", "\t", '"', '""', "合计", " ", "=1")
    ),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x81",
        b"\xb9\xe3",
        b"\xed\xa0\x80",
        b"2015-04,999900,",
        b"9" * 40,
    ),
]


@settings(max_examples=40, deadline=None)
@given(
    start=st.sampled_from([b"", EN.encode() + b"\n", ZH.encode() + b"\r\n", ZH.encode("gb18030") + b"\n"]),
    rest=st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join),
)
def test_no_bytes_make_the_reader_raise(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "ledger.csv"
    path.write_bytes(start + rest)

    ledger = read_summary(path, UNITS, engine=engine)

    assert ledger.sha256 == sha256(start + rest).hexdigest()
    assert ledger.ok or ledger.counts["error"] > 0
    assert ledger.accepted == 0 or ledger.ok
