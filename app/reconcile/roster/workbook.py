"""A sheet of an xlsx file as the same text that a CSV of it would hold; computed cells are refused."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from python_calamine import CalamineError, CalamineWorkbook

from app.reconcile.cleaner import LONGEST_LINE, line_fault
from app.reconcile.encoding import BLOCK, Transcript
from app.reconcile.findings import Findings, finding
from app.reconcile.frame import text_of
from app.reconcile.watch import Watch, nobody

MOST_PARTS = 1_000
MOST_BYTES = 1 << 31
"""Unpacked; a sheet of a million rows has half as much."""
MOST_TIMES = 400
"""So many times as large as its packed form no honest sheet is."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_TAG = re.compile(rb"<(?:\w+:)?(row|c|f)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb'\sr="([A-Z]{0,3})([0-9]{1,7})"')
_AREA = re.compile(rb'\sref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')


class _DamagedError(Exception):
    """It is no workbook that can be read; the only argument is the code of the finding."""


def is_workbook(path: Path) -> bool:
    """Whether the file begins like one of a spreadsheet program."""
    with path.open("rb") as file:
        return file.read(8).startswith((_ZIP, _OLE))


def transcribe_workbook(
    path: Path, folder: Path, *, sheet: str | None = None, watch: Watch = nobody
) -> Transcript:
    """The named sheet, or the first one, as CSV in `folder`, line for row; bad rows are empty lines with findings."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    findings, target = Findings(), folder / "workbook.csv"
    lines = 0
    target.write_bytes(b"")
    try:
        name, part = _find_sheet(path, sheet)
        computed = _Computed(path, part)
        with target.open("wb") as copy:
            for line in _lines(path, name, computed, findings, watch):
                copy.write(line)
                lines += 1
    except _DamagedError as error:
        findings.add(finding(str(error)))
    except (CalamineError, BadZipFile, ParseError, DefusedXmlException, ValueError, OSError, KeyError):
        findings.add(finding("workbook-damaged"))
    return Transcript(target, "xlsx", sha256, lines, findings=findings, is_utf8=True)


def _find_sheet(path: Path, wanted: str | None) -> tuple[str, str]:
    """The name of the sheet and that of its part in the package."""
    with path.open("rb") as file:
        if file.read(8).startswith(_OLE):
            raise _DamagedError("old-workbook")
    with ZipFile(path) as package:
        _check_size(package)
        relations = fromstring(package.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
        targets = {node.get("Id"): str(node.get("Target")) for node in relations}
        book = fromstring(package.read("xl/workbook.xml"), forbid_dtd=True)
        for node in book.iter():
            if node.tag.rpartition("}")[2] == "sheet" and wanted in (None, node.get("name")):
                target = targets[node.get(_RELATION) or node.get(_STRICT_RELATION)]
                return str(node.get("name")), target[1:] if target.startswith("/") else f"xl/{target}"
    raise _DamagedError("no-sheet")


def _check_size(package: ZipFile) -> None:
    parts = package.infolist()
    size, packed = (
        sum(sizes) for sizes in zip(*((p.file_size, p.compress_size) for p in parts), strict=True)
    )
    if len(parts) > MOST_PARTS or size > MOST_BYTES or size > MOST_TIMES * packed + BLOCK:
        raise _DamagedError("workbook-too-large")


class _Computed:
    """Where a sheet has formulas, row by row, or the results of one that fills an area."""

    def __init__(self, path: Path, part: str) -> None:
        self._cells: dict[int, set[int]] = {}
        self._areas: list[tuple[int, int, int, int]] = []
        with ZipFile(path) as package, package.open(part) as content:
            self._walk(_tags(iter(lambda: content.read(BLOCK), b"")))

    def columns(self, row: int) -> set[int]:
        """The columns, counted from 0, of a row, counted from 1."""
        areas = (range(left, right + 1) for top, left, bottom, right in self._areas if top <= row <= bottom)
        return self._cells.get(row, set()).union(*areas)

    def _walk(self, tags: Iterator[tuple[bytes, bytes]]) -> None:
        row = column = -1
        for tag, attributes in tags:
            place = _PLACE.search(attributes)
            if tag == b"row":
                row, column = int(place[2]) if place else max(row, 0) + 1, -1
            elif tag == b"c":
                column = _number(place[1]) if place else column + 1
                row = int(place[2]) if place else row
            else:
                self._cells.setdefault(row, set()).add(column)
                area = _AREA.search(attributes)
                if area and b'"shared"' not in attributes:
                    self._areas.append((int(area[2]), _number(area[1]), int(area[4]), _number(area[3])))


def _tags(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The tags of rows, cells and formulas, with their attributes."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = text.rfind(b"<")
        yield from ((found[1], found[2]) for found in _TAG.finditer(text[:end]))
        rest = text[end:]
    yield from ((found[1], found[2]) for found in _TAG.finditer(rest))


def _number(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column - 1


def _lines(path: Path, name: str, computed: _Computed, findings: Findings, watch: Watch) -> Iterator[bytes]:
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name)
    rows = sheet.to_python(skip_empty_area=False)
    for number, row in enumerate(rows, 1):
        if number % 1000 == 0:
            watch("unpacking", number / len(rows))
        yield _line(number, row, computed.columns(number), findings)


def _line(number: int, row: Sequence[object], computed: set[int], findings: Findings) -> bytes:
    """A row as a line of CSV, which is empty if the row has a finding or nothing else."""
    if computed:
        findings.add(finding("computed-cell", number, position=min(computed) + 1))
        return b"\n"
    texts = [text_of(value) for value in row]
    if not any(texts):
        return b"\n"
    if any("\n" in text or "\r" in text for text in texts):
        findings.add(finding("line-break", number))
        return b"\n"
    page = io.StringIO()
    csv.writer(page, lineterminator="").writerow(texts)
    line = page.getvalue().encode("utf-8", "replace")
    fault = line_fault(line)
    if fault is not None:
        findings.add(finding(fault, number, encoding="XLSX", limit=LONGEST_LINE))
        return b"\n"
    return line + b"\n"
