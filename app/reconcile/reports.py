"""Reports to compare with a ledger, from a JSON or a CSV file, with everything wrong with it as findings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from app.errors import Severity
from app.reconcile.cells import LARGEST_FIGURE, read_code, read_figure, read_period, tidy
from app.reconcile.columns import SEVEN, SUMMARY, Column, Kind, Layout, read_header
from app.reconcile.compare import Figures
from app.reconcile.encoding import Transcript, first_line, transcribe
from app.reconcile.findings import Findings, LedgerFinding, finding
from app.reconcile.rows import Row, split, total_label

COLUMNS = tuple(
    Column(c.code, c.zh, c.kind, c.aliases, is_required=c.kind is Kind.CODE)
    for c in SUMMARY
    if c.kind is not Kind.DATE
)
"""The columns that are read; any other is passed over, since a report has more than the ledger's figures."""
_LABELS = {c.code: c.labels for c in COLUMNS}


@dataclass(frozen=True, slots=True)
class Reports:
    """Figures by period ("2015-04") and unit; none at all if there is an error among the findings."""

    figures: Mapping[str, Mapping[str, Figures]]
    findings: tuple[LedgerFinding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the file could be read."""
        return not any(found.severity is Severity.ERROR for found in self.findings)


class _Report(NamedTuple):
    period: str
    unit: str
    figures: Figures
    line: int | None
    pointer: str | None


def read_reports(
    path: str | PathLike[str], *, period: str | None = None, encoding: str | None = None
) -> Reports:
    """Read reports; `period` is that of reports which do not name one.

    JSON is an array of bodies as `POST /reports` takes them (drafts are passed over), one such body, or an
    object of figures by unit code. CSV has a column unit_code, perhaps period, and columns of figures. A
    blank or absent figure is None. Raises ValueError for an encoding that is not known.
    """
    path = Path(path)
    if _is_json(path):
        findings = Findings()
        reports = list(_from_json(path, period, findings))
    else:
        with TemporaryDirectory(prefix="yuebao-") as folder:
            transcript = transcribe(path, Path(folder), encoding=encoding)
            findings = transcript.findings
            reports = list(_from_csv(transcript, period))
    figures = _by_period(reports, findings)
    return Reports({} if findings.has_errors else figures, findings.listed())


def _by_period(reports: list[_Report], findings: Findings) -> dict[str, dict[str, Figures]]:
    figures: dict[str, dict[str, Figures]] = {}
    for report in reports:
        units = figures.setdefault(report.period, {})
        if report.unit in units:
            findings.add(finding("duplicate-report", report.line, column=report.pointer, value=report.unit))
        units[report.unit] = report.figures
    return figures


def _is_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")


def _from_json(path: Path, period: str | None, findings: Findings) -> Iterator[_Report]:
    try:
        document = json.loads(
            path.read_bytes().decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError):
        findings.add(finding("bad-json"))
        return
    bodies = list(_bodies(document))
    if not bodies:
        findings.add(finding("bad-shape"))
    for pointer, body in bodies:
        report = _from_body(pointer, body, period, findings)
        if report is not None:
            yield report


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _bodies(document: Any) -> Iterator[tuple[str, Any]]:
    """The reports in a document, each with a JSON pointer to it."""
    if isinstance(document, list):
        yield from ((f"/{i}", body) for i, body in enumerate(document))
    elif "figures" in document:
        yield "", document
    else:
        for code, figures in document.items():
            # A key that is no code is free text, which no finding repeats.
            pointer = f"/{code}" if read_code(code).value == code else "/"
            yield pointer, {"unit": code, "figures": figures}


def _from_body(pointer: str, body: Any, period: str | None, findings: Findings) -> _Report | None:
    figures = body.get("figures") if isinstance(body, dict) else None
    if not isinstance(figures, dict):
        findings.add(finding("bad-shape", column=pointer))
        return None
    if body.get("draft") is True:
        return None
    month = _text(body.get("period", period), "period", pointer, findings)
    unit = _text(body.get("unit"), "unit_code", pointer, findings)
    read = {code: _figure(figures.get(code), code, f"{pointer}/figures/{code}", findings) for code in SEVEN}
    return _Report(month, unit, read, None, pointer) if month and unit else None


def _text(value: Any, code: str, pointer: str, findings: Findings) -> str | None:
    """A period or a unit's code."""
    if value is None and code == "period":
        findings.add(finding("no-period", None, column=pointer))
        return None
    reader = read_period if code == "period" else read_code
    reading = reader(value if isinstance(value, str) else "")
    if reading.refused:
        where = f"{pointer}/{'period' if code == 'period' else 'unit'}"
        findings.add(finding(reading.refused, None, column=where, **_LABELS[code]))
    return reading.value


def _figure(value: Any, code: str, pointer: str, findings: Findings) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        findings.add(finding("not-integer", None, column=pointer, **_LABELS[code]))
        return None
    if value > LARGEST_FIGURE:
        findings.add(finding("out-of-range", None, column=pointer, limit=LARGEST_FIGURE, **_LABELS[code]))
        return None
    return value


def _from_csv(transcript: Transcript, period: str | None) -> Iterator[_Report]:
    findings = transcript.findings
    number, text = first_line(transcript.path)
    if number == 0:
        findings.add(finding("empty-file"))
        return
    layout, wrong = read_header(number, text, COLUMNS, is_open=True)
    if layout is not None and not layout.of(Kind.FIGURE):
        wrong = [finding("missing-column", number, column=SEVEN[0], **_LABELS[SEVEN[0]])]
    findings.extend(wrong)
    if layout is None or wrong:
        return
    with transcript.path.open(encoding="utf-8-sig", newline="\n") as file:
        for line_number, line in enumerate(file, 1):
            if line_number > number and line.strip():
                yield from _from_line(line.rstrip("\r\n"), line_number, layout, period, findings)


def _from_line(
    line: str, number: int, layout: Layout, period: str | None, findings: Findings
) -> Iterator[_Report]:
    cells = split(line, layout.delimiter)
    width = len(layout.columns)
    if cells is None or len(cells) < width or any(cells[width:]):
        findings.add(finding("ragged", number, found=len(cells or ()), expected=width))
        return
    row = Row(layout, cells[:width], number)
    texts = row.text("period"), row.text("unit_code"), row.text("unit_name")
    if not any(tidy(cell)[0] for cell in cells) or total_label(*texts):
        return
    month = row.read("period", read_period) if tidy(texts[0])[0] else period
    unit = row.read("unit_code", read_code)
    figures = {code: row.read(code, read_figure) for code in SEVEN}
    findings.extend(row.findings)
    if month is None and not row.findings:
        findings.add(finding("no-period", number, column="period"))
    if month is not None and unit is not None:
        yield _Report(month, unit, figures, number, "unit_code")
