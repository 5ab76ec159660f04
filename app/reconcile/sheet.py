"""A ledger file as a DuckDB table read in one pass, and the physical line of each of its records."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fileinput import FileInput
from itertools import islice
from operator import attrgetter

import duckdb

from app.reconcile.cells import LARGEST_FIGURE
from app.reconcile.columns import Kind, Layout
from app.reconcile.encoding import Mark, Part
from app.reconcile.engine import Engine
from app.reconcile.findings import LISTED

UNDECODED = "\ufffd"
"""Stands in the text of a line that is no UTF-8; any other line that has it was refused before."""
_CELL = re.compile(r"\bc\d+\b")
_MOST_DIGITS = len(str(LARGEST_FIGURE))


class UnreadableError(Exception):
    """The file is no table of one record a line, in a way that no single line shows."""


class Lines:
    """Which line a record stands in, and the text of lines. A record is a row's place in the table."""

    def __init__(self, marks: Sequence[Mark], header: int, skipped: Sequence[int] = ()) -> None:
        self._marks = marks
        self._header = header
        self._skipped = skipped
        self._records_before = [line - header - 1 - i for i, line in enumerate(skipped)]

    def of(self, record: int) -> int:
        """The number of the record's line, as an editor counts."""
        return self._header + 1 + record + bisect_right(self._records_before, record)

    def records(self, lines: Iterable[int]) -> Iterator[int]:
        """The records that stand in these lines, below the header; some have none."""
        skipped = set(self._skipped)
        for line in lines:
            if line not in skipped:
                yield line - self._header - 1 - bisect_left(self._skipped, line)

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """From which record on a line's number is how much larger than the record's, in ascending order."""
        first = self._header + 1
        return [(0, first), *((before, first + i) for i, before in enumerate(self._records_before, 1))]

    def read(self, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Number and text, without the line's end, of the lines with these ascending numbers.

        A line that is no UTF-8 has U+FFFD in its text, as no other has.
        """
        at, file = 0, self._marks[0].path.open("rb")
        try:
            for number in numbers:
                mark = self._marks[bisect_left(self._marks, number, key=attrgetter("before")) - 1]
                if mark.before >= at:
                    if file.name != str(mark.path):
                        file.close()
                        file = mark.path.open("rb")
                    at = mark.before
                    file.seek(mark.offset)
                line = next(islice(file, number - at - 1, None))
                at = number
                yield number, line.decode(errors="replace").rstrip("\r\n")
        finally:
            file.close()


def load_sheet(engine: Engine, part: Part, layout: Layout, *, counts_digits: bool = False) -> list[int]:
    """Read all records into the table `sheet`; give the lines that are none (see `load_records`).

    `sheet` has period, unit_code, unit_name and as_of as written, the figures as integers, and `is_odd`. A
    figure is plain if it reads the same when it is written back, which DuckDB's own reading of integers does
    not ask for: it takes 1.5, 1e3, 0x10, 1_000 and +5 too. A row with any other figure, or one that is too
    large, is odd. `counts_digits` is faster, and right only if there is no Latin letter below the header.
    """
    picked = _picked(layout, counts_digits=counts_digits)
    return load_records(engine, "sheet", part, layout, picked)


def load_records(
    engine: Engine,
    table: str,
    part: Part,
    layout: Layout,
    picked: str,
    *,
    buffer: int | None = None,
) -> list[int]:
    """Read what is `picked` of all records into a table; give the lines that are no UTF-8, or have too few or
    too many cells.

    The table is made anew, unless there are lines before the part: then it holds more of the same.

    The cells are c0, c1, … and texts. A cast of a cell whose text is not picked too would be done by the
    reader itself, which takes more for a number or a date than the cast does, and rejects the rest. Threads
    share a file in parts of `buffer` bytes, by default 32 MB, unless another is busy writing more of the text:
    three of them on two processors are slower than two.
    Raises UnreadableError for what is no CSV, UnicodeError for more lines in another encoding than are listed.
    """
    engine.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    more = ", parallel = false" if part.has_more else ""
    more += f", buffer_size = {buffer}, max_line_size = {buffer // 8}" if buffer else ""
    # Records stay in the order of lines only while nothing is joined in this statement.
    start = f"INSERT INTO {table}" if part.before else f"CREATE OR REPLACE TEMP TABLE {table} AS"
    source = _source(layout, 0 if part.before else layout.line, '"' if part.has_quotes else "", more)
    condition = "" if part.is_utf8 else _each_is_read(layout, picked)
    try:
        engine.execute(f"{start} SELECT {picked} FROM {source}{condition}", [str(part.path)])
    except duckdb.InvalidInputException as error:
        raise UnreadableError from error
    rejected = engine.execute("SELECT DISTINCT line, error_type FROM reject_errors ORDER BY line").fetchall()
    if sum(error == "INVALID ENCODING" for _, error in rejected) > LISTED:
        # One by one they would take long.
        raise UnicodeError("not UTF-8 to its end")
    return sorted({line for line, _ in rejected})


def _each_is_read(layout: Layout, picked: str) -> str:
    """A condition that is true, and makes the reader look into cells that nobody picks: is each UTF-8?"""
    unread = sorted({f"c{i}" for i in range(len(layout.columns))} - set(_CELL.findall(picked)))
    return " WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in unread) if unread else ""


def lines_of_sheet(
    engine: Engine,
    marks: Sequence[Mark],
    layout: Layout,
    rejected: list[int],
    lines: int,
    table: str = "sheet",
    emptied: Sequence[int] = (),
) -> Lines:
    """Where the records of a table stand, in a text of so many lines, of which some are known to be blank.

    Raises UnreadableError if not every line is a record, rejected or blank: then no number could be trusted.
    """
    count = engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    blank = lines - layout.line - len(rejected) - count
    known = [line for line in emptied if line > layout.line]
    if blank == len(known):
        skipped = sorted([*rejected, *known])
    else:
        skipped = sorted([*rejected, *_blank_lines(marks, layout.line)])
    if layout.line + len(skipped) + count != lines:
        raise UnreadableError
    return Lines(marks, layout.line, skipped)


def _blank_lines(marks: Sequence[Mark], header: int) -> list[int]:
    paths = dict.fromkeys(mark.path for mark in marks)
    with FileInput(paths, mode="rb") as lines:
        return [
            number for number, line in enumerate(lines, 1) if number > header and line in (b"\n", b"\r\n")
        ]


def _picked(layout: Layout, *, counts_digits: bool) -> str:
    names = {column.code: f"c{i}" for i, column in enumerate(layout.columns)}
    texts = ("period", "unit_code", "unit_name", "as_of")
    parts = [f"{names[code]} AS {code}" if code in names else f"'' AS {code}" for code in texts]
    figures = {column.code: names[column.code] for column in layout.of(Kind.FIGURE)}
    parts += [f"{_integer(name)} AS {code}" for code, name in figures.items()]
    test = _has_as_many_digits if counts_digits else _reads_back
    plain = " AND ".join(map(test, figures.values()))
    return ", ".join([*parts, f"NOT ({plain}) AS is_odd"])


def _reads_back(name: str) -> str:
    value = _integer(name)
    return f"coalesce({value}::VARCHAR, '') = {name} AND coalesce({value}, 0) <= {LARGEST_FIGURE}"


def _has_as_many_digits(name: str) -> str:
    """The same in a quarter of the time, where no letter can make an exponent or a hexadecimal number.

    Signs, blanks, points and underscores take a place that no digit of the value fills.
    """
    value = _integer(name)
    digits = " ".join(f"WHEN {value} < {10**i} THEN {i}" for i in range(1, _MOST_DIGITS + 1))
    return f"strlen({name}) = CASE {digits} WHEN {value} IS NULL THEN 0 ELSE -1 END"


def _integer(name: str) -> str:
    return f"TRY_CAST({name} AS UINTEGER)"


def _source(layout: Layout, skip: int, quote: str, more: str) -> str:
    names = [f"c{i}" for i in range(len(layout.columns))]
    kinds = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    delimiter = "\\t" if layout.delimiter == "\t" else layout.delimiter
    return (
        f"read_csv(?, auto_detect = false, header = false, skip = {skip}, compression = 'none',"
        f" delim = '{delimiter}', quote = '{quote}', escape = '{quote}', columns = {{{kinds}}},"
        f" force_not_null = [{', '.join(names)}], store_rejects = true, rejects_limit = 0{more})"
    )
