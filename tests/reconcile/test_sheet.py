"""What makes a file no table of one record a line, seen by the reader itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from app.reconcile.ahead import ReadAhead
from app.reconcile.columns import Layout, read_header
from app.reconcile.encoding import Mark, Part, Transcript
from app.reconcile.engine import Engine, load_texts
from app.reconcile.findings import LISTED
from app.reconcile.sheet import Lines, UnreadableError, lines_of_sheet, load_sheet
from app.reconcile.summary import _guess, _load, _read
from tests.reconcile.sample import CITY, DISTRICT, EN, UNITS, codes, lines


@pytest.fixture
def layout() -> Layout:
    read, _ = read_header(1, EN)
    assert read is not None
    return read


def test_a_file_of_both_line_ends_is_unreadable_as_it_lies(
    engine: Engine, tmp_path: Path, layout: Layout
) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(f"{EN}\r\n{CITY}\n{DISTRICT}\r\n".encode())

    with pytest.raises(UnreadableError):
        load_sheet(engine, Part(path), layout)


def test_lines_that_are_no_utf8_are_told_by_the_reader(
    engine: Engine, tmp_path: Path, layout: Layout
) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(b"\n".join([EN.encode(), CITY.encode(), CITY.encode("gb18030"), CITY.encode()]))

    assert load_sheet(engine, Part(path), layout) == [3]


def test_a_file_in_another_encoding_is_told_by_the_reader(
    engine: Engine, tmp_path: Path, layout: Layout
) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(lines(*[CITY] * (LISTED + 1)).encode("gb18030"))

    with pytest.raises(UnicodeError):
        load_sheet(engine, Part(path), layout)


def test_records_that_are_not_all_lines_are_never_numbered(
    engine: Engine, tmp_path: Path, layout: Layout
) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(lines(CITY, DISTRICT), encoding="utf-8")
    rejected = load_sheet(engine, Part(path), layout)

    with pytest.raises(UnreadableError):
        lines_of_sheet(engine, [Mark(0, path, 0)], layout, rejected, lines=4)


def test_a_ledger_whose_lines_cannot_be_numbered_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(lines(CITY, DISTRICT), encoding="utf-8")

    ahead = ReadAhead(engine, partial(_guess, path), partial(_load, engine))
    ledger = _read(engine, Transcript(path, "utf-8", "", lines=4), UNITS, ahead)

    assert codes(ledger) == ["unreadable"]


@pytest.mark.parametrize(
    ("skipped", "numbers"),
    [
        ([], [2, 3, 4, 5]),
        ([2], [3, 4, 5, 6]),
        ([3, 4], [2, 5, 6, 7]),
        ([2, 4, 6], [3, 5, 7, 8]),
        ([9], [2, 3, 4, 5]),
    ],
)
def test_records_stand_in_the_lines_that_are_left(skipped: list[int], numbers: list[int]) -> None:
    where = Lines([], 1, skipped)

    assert [where.of(record) for record in range(4)] == numbers
    assert list(where.records([*skipped, *numbers])) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["示例\n市", "示例\x1f市"])
def test_a_unit_whose_name_holds_a_separator_is_refused(engine: Engine, name: str) -> None:
    with pytest.raises(ValueError, match="separator"):
        load_texts(engine, "unit", ("code", "name"), [("999900", name)])
