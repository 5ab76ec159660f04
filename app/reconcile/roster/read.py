"""A roster file or data frame: read, checked as a whole, and kept in the engine as records that count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.reconcile.ahead import ReadAhead, reading_ahead
from app.reconcile.columns import Layout, read_header
from app.reconcile.encoding import Part, Transcript, first_line, transcribe
from app.reconcile.engine import Engine, load_columns
from app.reconcile.findings import LedgerFinding, finding
from app.reconcile.frame import laid_down
from app.reconcile.roster.columns import SHAPES, RosterKind, Shape
from app.reconcile.roster.crosscheck import check_totals, settle_repeated
from app.reconcile.roster.draft import RosterDraft
from app.reconcile.roster.settle import leave_out, make_records
from app.reconcile.roster.sheet import picked
from app.reconcile.roster.workbook import is_workbook, transcribe_workbook
from app.reconcile.sheet import UnreadableError, lines_of_sheet, load_records
from app.reconcile.units import LedgerUnit, Units, by_code
from app.reconcile.watch import Watch, nobody

BUFFER = 16 << 20
"""Bytes of a file that a thread takes at a time: a hundred thousand records, or they would be copied once more
to be kept together (DuckDB keeps 122,880, and copies what comes in less than half of that)."""

Source = Any
"""A path, or a data frame: see `write_frame`."""


@dataclass(frozen=True, slots=True)
class Roster:
    """What a roster says. With any error among the findings nothing of it is accepted.

    `rows` are the lines with data, `accepted` the records that count. The records lie in `engine`, as long as
    that is open, in tables whose names begin with `kind`; another roster of the kind takes their place.
    """

    kind: RosterKind
    encoding: str
    sha256: str
    rows: int
    accepted: int
    findings: tuple[LedgerFinding, ...]
    counts: Mapping[str, int]
    units: Units = field(repr=False)
    engine: Engine = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the file was accepted."""
        return self.counts["error"] == 0

    def as_json(self) -> dict[str, Any]:
        """The roster as the HTTP contract writes it, without its records."""
        return {
            "kind": self.kind.value,
            "encoding": self.encoding,
            "sha256": self.sha256,
            "rows": self.rows,
            "accepted": self.accepted,
            "findings": [found.as_json() for found in self.findings],
            "counts": dict(self.counts),
        }


def read_roster(
    source: Source,
    kind: RosterKind | str,
    units: Iterable[LedgerUnit] | Units,
    *,
    engine: Engine,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    today: date | None = None,
    watch: Watch = nobody,
) -> Roster:
    """Read a roster of members or organizations; everything wrong with it comes back as findings.

    `source` is a CSV or xlsx file or a data frame. `columns` maps headers to codes where they are called
    otherwise, `sheet` names that of a workbook (its first by default). A day after `today` is warned of.
    `watch` is called with a phase and the part done, perhaps from another thread; what it raises stops the
    reading and is raised here. ValueError for an encoding or a column that nobody knows.
    """
    shape = SHAPES[RosterKind(kind)]
    unknown = set((columns or {}).values()) - {column.code for column in shape.columns}
    if unknown:
        raise ValueError("not a column of this roster")
    job = _Job(shape, by_code(units), engine, columns, today, watch)
    with TemporaryDirectory(prefix="yuebao-") as name:
        folder = Path(name)
        path = laid_down(source, folder)
        if is_workbook(path):
            with job.reading_ahead() as ahead:
                return job.read(transcribe_workbook(path, folder, sheet=sheet, watch=watch), ahead)
        with suppress(UnicodeError, UnreadableError):
            return job.transcribe(path, folder, encoding, is_first=True)
        return job.transcribe(path, folder, encoding)


@dataclass(frozen=True)
class _Job:
    shape: Shape
    units: Units
    engine: Engine
    columns: Mapping[str, str] | None
    today: date | None
    watch: Watch

    def transcribe(self, path: Path, folder: Path, encoding: str | None, *, is_first: bool = False) -> Roster:
        """Check the bytes and read the text; the first time both trust each other."""
        with self.reading_ahead() as ahead:
            transcript = transcribe(
                path,
                folder,
                encoding=encoding,
                is_reader_strict=is_first,
                can_leave_out=True,
                reader=ahead,
                watch=self.watch,
            )
            return self.read(transcript, ahead, is_first=is_first)

    def reading_ahead(self) -> AbstractContextManager[ReadAhead[Layout]]:
        """What reads the parts of the text into the sheet."""
        return reading_ahead(self.engine, self._guess, self._load)

    def _guess(self, part: Path) -> Layout | None:
        with suppress(UnicodeError):
            return self._header(part)[0]
        # A header after a megabyte of blank lines has not been checked yet.
        return None

    def _load(self, part: Part, layout: Layout) -> list[int]:
        text = picked(layout, self.shape, self.today)
        sheet = f"{self.shape.kind}_sheet"
        return load_records(self.engine, sheet, part, layout, text, buffer=BUFFER)

    def read(self, transcript: Transcript, ahead: ReadAhead[Layout], *, is_first: bool = False) -> Roster:
        """Read the text. The first time, one that does not add up is an UnreadableError and not a finding."""
        layout = self._layout(transcript)
        if layout is None:
            return self._result(transcript)
        unread = transcript.findings.counts["error"] - len(transcript.refused)
        sheet = f"{self.shape.kind}_sheet"
        try:
            rejected = ahead.rejected(transcript, layout, watch=self.watch)
            lines = lines_of_sheet(
                self.engine, transcript.marks, layout, rejected, transcript.lines, sheet, transcript.emptied
            )
        except UnreadableError:
            if is_first:
                raise
            transcript.findings.add(finding("unreadable"))
            return self._result(transcript)
        draft = RosterDraft(
            self.engine, self.shape, layout, self.units, lines, transcript.findings, self.today, self.watch
        )
        load_columns(
            self.engine,
            f"{self.shape.kind}_gap",
            {
                "before": ("BIGINT", [before for before, _ in lines.gaps]),
                "added": ("BIGINT", [added for _, added in lines.gaps]),
            },
        )
        leave_out(draft, transcript.refused)
        make_records(draft, rejected)
        settle_repeated(draft)
        check_totals(draft)
        (records,) = draft.rows(f"SELECT count(*) FROM {sheet}")[0]
        rows = records + len(rejected) + unread - draft.blanks - len(draft.totals)
        if rows == 0 and not draft.findings.has_errors:
            draft.findings.add(finding("no-rows"))
        (left_out,) = draft.rows(f"SELECT count(*) FROM {draft.table('left_out')}")[0]
        return self._result(transcript, rows, rows - left_out)

    def _layout(self, transcript: Transcript) -> Layout | None:
        """The header, unless a bad line before the first good one may have been it."""
        findings = transcript.findings
        number, _ = first_line(transcript.path)
        if number == 0:
            if not findings.has_errors:
                findings.add(finding("empty-file"))
            return None
        if any(found.line is not None and found.line < number for found in findings.listed()):
            return None
        layout, wrong = self._header(transcript.path)
        findings.extend(wrong)
        for position, column in enumerate(layout.columns if layout else (), 1):
            if column not in self.shape.columns:
                findings.add(finding("column-ignored", number, position=position))
        return layout

    def _header(self, path: Path) -> tuple[Layout | None, list[LedgerFinding]]:
        number, text = first_line(path)
        return read_header(number, text, self.shape.columns, is_open=True, mapping=self.columns)

    def _result(self, transcript: Transcript, rows: int = 0, accepted: int = 0) -> Roster:
        findings = transcript.findings
        return Roster(
            kind=self.shape.kind,
            encoding=transcript.encoding,
            sha256=transcript.sha256,
            rows=rows,
            accepted=0 if findings.has_errors else accepted,
            findings=findings.listed(),
            counts=findings.counts,
            units=self.units,
            engine=self.engine,
        )
