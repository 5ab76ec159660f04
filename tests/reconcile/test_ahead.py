"""A long file is read while it is checked, and what is found is what a slow reader finds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from app.reconcile import encoding as encoding_module
from app.reconcile import read_summary
from app.reconcile.ahead import ReadAhead
from app.reconcile.columns import SUMMARY, Layout, read_header
from app.reconcile.encoding import BLOCK, Part, Transcript, transcribe
from app.reconcile.engine import Engine
from app.reconcile.findings import LISTED
from app.reconcile.sheet import load_sheet
from app.reconcile.summary import SHORT, _guess, _load, _Plan
from tests.reconcile.conftest import ReadBytes
from tests.reconcile.sample import CITY, DISTRICT, EN, UNITS, cell, found, lines
from tests.reconcile.test_hygiene import ENCODINGS, ROWS

WIDE = cell(CITY, 2, "示例市" * 700)
MANY = BLOCK * 3 // 2 // len(WIDE.encode())
LONG = [*[WIDE] * MANY, *[""] * SHORT]
"""Rows for one block and a half, and as many lines as it takes to count digits."""

_read, _ = read_header(1, EN, SUMMARY)
assert _read
LAYOUT: Layout = _read


def long_file(folder: Path, *last: str) -> Path:
    path = folder / "ledger.csv"
    path.write_text(lines(*LONG, *last), encoding="utf-8")
    return path


@pytest.mark.parametrize(("row", "code", "column"), ROWS.values(), ids=ROWS)
def test_a_defect_beyond_what_was_read_ahead_is_found_at_its_line(
    engine: Engine, tmp_path: Path, row: str, code: str, column: str | None
) -> None:
    ledger = read_summary(long_file(tmp_path, row, cell(CITY, 1, "999806")), UNITS, engine=engine)

    assert found(ledger, "error") == [(code, len(LONG) + 2, column)]
    assert (ledger.rows, ledger.accepted) == (MANY + 2, 0)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_long_clean_file_gives_its_figures_in_every_encoding(
    read_bytes: ReadBytes, encoding: str, line_end: str
) -> None:
    text = lines(*LONG).replace("\n", line_end)

    ledger = read_bytes(ENCODINGS[encoding](text))

    assert ledger.ok
    assert (ledger.encoding, ledger.rows, ledger.accepted) == (encoding, MANY, 1)
    assert ledger.counts == {"error": 0, "warning": MANY - 1, "info": 0}


def ahead_of(engine: Engine, source: Path) -> ReadAhead[_Plan]:
    return ReadAhead(engine, partial(_guess, source), partial(_load, engine))


@pytest.mark.parametrize("last", [[], [cell(CITY, 1, "999806")]], ids=["as begun", "one more unit"])
def test_what_was_read_ahead_is_not_read_again(engine: Engine, tmp_path: Path, last: list[str]) -> None:
    source = long_file(tmp_path, *last)
    ahead = ahead_of(engine, source)
    transcript = transcribe(source, tmp_path, is_reader_strict=True, reader=ahead)
    begun = ahead._reading

    assert ahead.rejected(transcript, _Plan(LAYOUT, not transcript.has_letters), _Plan(LAYOUT)) == []

    assert ahead._reading is begun
    assert engine.execute("SELECT count(*) FROM sheet").fetchall() == [(MANY + len(last),)]


def test_letters_that_come_late_make_it_read_again(engine: Engine, tmp_path: Path) -> None:
    ahead = ahead_of(engine, source := long_file(tmp_path, cell(CITY, 9, "1e3")))
    transcript = transcribe(source, tmp_path, is_reader_strict=True, reader=ahead)
    begun = ahead._reading
    assert transcript.has_letters

    ahead.rejected(transcript, _Plan(LAYOUT))

    assert ahead._reading is not begun
    assert engine.execute("SELECT count(*) FROM sheet WHERE is_odd").fetchall() == [(1,)]


def test_the_engine_is_free_once_it_was_stopped(engine: Engine, tmp_path: Path) -> None:
    source = long_file(tmp_path)
    ahead = ahead_of(engine, source)
    ahead.take(Part(source))

    ahead.stop()

    assert load_sheet(engine, Part(source), LAYOUT) == []


@pytest.mark.parametrize("start", [b"\n" * BLOCK, b"no,header\n" * BLOCK], ids=["blank", "no header"])
def test_nothing_is_read_ahead_of_a_file_without_a_header(
    engine: Engine, tmp_path: Path, start: bytes
) -> None:
    (tmp_path / "ledger.csv").write_bytes(start)
    ahead = ahead_of(engine, tmp_path / "ledger.csv")

    ahead.take(Part(tmp_path / "ledger.csv"))

    assert ahead._reading is None


def test_an_error_of_the_reader_is_raised_where_the_sheet_is_asked_for(
    engine: Engine, tmp_path: Path
) -> None:
    source = long_file(tmp_path)
    with source.open("ab") as file:
        file.write(b"\xff\n" * (LISTED + 1))
    ahead = ahead_of(engine, source)
    ahead.take(Part(source))

    with pytest.raises(UnicodeError):
        ahead.rejected(
            Transcript(source, "utf-8", "", len(LONG) + 2 + LISTED), _Plan(LAYOUT, counts_digits=True)
        )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_copy_in_parts_is_read_as_the_whole_is(
    read_bytes: ReadBytes, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    data = ENCODINGS[encoding](lines(CITY, cell(CITY, 9, "1.5"), *[DISTRICT] * 40, cell(CITY, 1, "9"), "x"))
    whole = read_bytes(data)
    for name, size in {"BLOCK": 300, "PIECE": 200, "PART": 900}.items():
        monkeypatch.setattr(encoding_module, name, size)

    assert read_bytes(data).as_json() == whole.as_json()
    assert found(whole, "error")
