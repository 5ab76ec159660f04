"""A summary ledger: read, checked as a whole, and rolled up to the units that report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from app.reconcile.ahead import ReadAhead, reading_ahead
from app.reconcile.columns import SUMMARY, Layout, read_header
from app.reconcile.crosscheck import check_totals, skip_duplicates, skip_units_above
from app.reconcile.draft import Draft
from app.reconcile.encoding import BLOCK, Part, Transcript, first_line, transcribe
from app.reconcile.engine import Engine, open_engine, threads_for
from app.reconcile.findings import LedgerFinding, finding
from app.reconcile.rollup import Figures, roll_up, rolled_rows
from app.reconcile.settle import make_entries
from app.reconcile.sheet import UnreadableError, lines_of_sheet, load_sheet
from app.reconcile.units import LedgerUnit, Units, by_code

SHORT = 10_000
"""Lines of a file that is read in any way before one could tell."""

_LETTER = re.compile(rb"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a ledger file says. With any error among the findings nothing is accepted and no figure is kept.

    `rows` are the lines with data, `accepted` those that count in `figures`, which are keyed by period
    ("2015-04") and reporting unit: sums over the rows of its subtree, None where one of them is blank.
    `periods` and `units` are those of `figures`, in order. `as_of` is the latest cut-off date.
    """

    encoding: str
    sha256: str
    rows: int
    accepted: int
    periods: tuple[str, ...]
    units: tuple[str, ...]
    as_of: date | None
    findings: tuple[LedgerFinding, ...]
    counts: Mapping[str, int]
    figures: Mapping[tuple[str, str], Figures] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the file was accepted."""
        return self.counts["error"] == 0

    def of(self, period: str) -> dict[str, Figures]:
        """The figures of one period by reporting unit."""
        return {unit: figures for (month, unit), figures in self.figures.items() if month == period}

    def as_json(self) -> dict[str, Any]:
        """The ledger as the HTTP contract writes it, without the figures."""
        return {
            "encoding": self.encoding,
            "sha256": self.sha256,
            "rows": self.rows,
            "accepted": self.accepted,
            "periods": list(self.periods),
            "units": list(self.units),
            "as_of": self.as_of and self.as_of.isoformat(),
            "findings": [found.as_json() for found in self.findings],
            "counts": dict(self.counts),
        }


def read_summary(
    path: str | PathLike[str],
    units: Iterable[LedgerUnit] | Units,
    *,
    encoding: str | None = None,
    engine: Engine | None = None,
) -> Ledger:
    """Read a summary ledger of the given units; everything wrong with the file comes back as findings.

    A unit that is not among `units` is an error. `encoding` overrules what the bytes say (see
    `transcribe`, which raises ValueError for a name it does not know). With `engine` its temporary
    tables are used, and `rolled` stays there: one thread at a time.
    """
    known = by_code(units)
    with ExitStack() as closing:
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="yuebao-")))
        threads = threads_for(Path(path))
        engine = engine or closing.enter_context(open_engine(str(folder), threads=threads))
        # DuckDB would expand * and [ in a name, and unpack by its ending.
        source = folder / "ledger.csv"
        source.symlink_to(Path(path).resolve(strict=True))
        with suppress(UnicodeError):
            return _transcribed(engine, source, known, encoding, is_reader_strict=True)
        return _transcribed(engine, source, known, encoding)


def _transcribed(
    engine: Engine, source: Path, units: Units, encoding: str | None, *, is_reader_strict: bool = False
) -> Ledger:
    with reading_ahead(engine, partial(_guess, source), partial(_load, engine)) as ahead:
        transcript = transcribe(
            source, source.parent, encoding=encoding, is_reader_strict=is_reader_strict, reader=ahead
        )
        return _read(engine, transcript, units, ahead)


class _Plan(NamedTuple):
    """How a sheet is read. Not to count digits is right for every text, to count them only for one without letters."""

    layout: Layout
    counts_digits: bool = False


def _guess(source: Path, part: Path) -> _Plan | None:
    with part.open("rb") as file:
        start = file.read(BLOCK)
    if not start.strip():
        return None
    number, text = first_line(part)
    layout, _ = read_header(number, text, SUMMARY)
    if layout is None:
        return None
    # Of a copy nobody knows whether there are letters.
    is_bare = part == source and _LETTER.search(start.split(b"\n", number)[-1]) is None
    return _Plan(layout, is_bare)


def _load(engine: Engine, part: Part, plan: _Plan) -> list[int]:
    return load_sheet(engine, part, plan.layout, counts_digits=plan.counts_digits)


def _read(engine: Engine, transcript: Transcript, units: Units, ahead: ReadAhead[_Plan]) -> Ledger:
    layout = _layout(transcript)
    if layout is None:
        return _result(transcript)
    unread = transcript.findings.counts["error"]
    # To plan the counting of digits takes longer than to read a short file.
    counts_digits = transcript.lines > SHORT and not transcript.has_letters
    try:
        rejected = ahead.rejected(transcript, _Plan(layout, counts_digits), _Plan(layout))
        lines = lines_of_sheet(engine, transcript.marks, layout, rejected, transcript.lines)
    except UnreadableError:
        transcript.findings.add(finding("unreadable"))
        return _result(transcript)
    draft = Draft(engine, layout, units, lines, transcript.findings)
    make_entries(draft, rejected)
    skip_duplicates(draft)
    skip_units_above(draft)
    check_totals(draft)
    roll_up(draft)
    (records,) = draft.rows("SELECT count(*) FROM sheet")[0]
    rows = records + len(rejected) + unread - draft.blanks
    if rows == 0 and not draft.findings.has_errors:
        draft.findings.add(finding("no-rows"))
    return _result(transcript, draft, rows)


def _layout(transcript: Transcript) -> Layout | None:
    """The header, unless a bad line before the first good one may have been it."""
    findings = transcript.findings
    number, text = first_line(transcript.path)
    if number == 0:
        if not findings.has_errors:
            findings.add(finding("empty-file"))
        return None
    if any(found.line is not None and found.line < number for found in findings.listed()):
        return None
    layout, wrong = read_header(number, text, SUMMARY)
    findings.extend(wrong)
    return layout


def _result(transcript: Transcript, draft: Draft | None = None, rows: int = 0) -> Ledger:
    findings = transcript.findings
    rolled = [] if draft is None or findings.has_errors else rolled_rows(draft)
    days = [day for period in (draft.cut_offs.values() if draft else ()) for day in period]
    return Ledger(
        encoding=transcript.encoding,
        sha256=transcript.sha256,
        rows=rows,
        accepted=sum(row.parts for row in rolled),
        periods=tuple(sorted({row.period for row in rolled})),
        units=tuple(sorted({row.unit for row in rolled})),
        as_of=date.fromisoformat(max(days)) if days else None,
        findings=findings.listed(),
        counts=findings.counts,
        figures={(row.period, row.unit): row.figures for row in rolled},
    )
