"""Answers with the same workbook: wrong cells coloured and commented, and every finding on a sheet of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.workbook.workbook import Workbook

from app.documents.opened import OpenedBook, Place
from app.errors import Finding, Severity

RESULT_SHEET = "审核结果"
AUTHOR = "月报"
TITLES = ("工作表", "单元格", "性质", "审核关系", "说明")
WIDTHS = (12, 10, 8, 20, 90)
KINDS = {Severity.ERROR: "错误", Severity.WARNING: "需说明", Severity.INFO: "提示"}
FILLS = {
    Severity.ERROR: PatternFill("solid", fgColor="FFFFC7CE"),
    Severity.WARNING: PatternFill("solid", fgColor="FFFFE08A"),
}
FIELD = PatternFill("solid", fgColor="FFFFFBE6")
"""The tint of a field that nothing is wrong with, as app.documents.styles gives it."""

LARGEST_MARKED, LARGEST_STYLES = 768 * 1024, 256 * 1024
"""Bytes that openpyxl reads in about a second; a filled form has a tenth."""

_SPARE = 20
"""Points of a comment's box per line, and twice over for its frame."""

Located = Sequence[tuple[Finding, Place | None]]


def marked_book(book: OpenedBook, located: Located) -> bytes | None:
    """The received workbook with its findings, each with the cell it is about, if any.

    Marks of an earlier round are taken away first. Nothing else is changed, formulas included. None for a file
    that holds too much else, or that the library which writes it back does not understand.
    """
    if not _is_plain(book):
        return None
    try:
        return _marked(book, located)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # What was read may still be odd: openpyxl fails on it in as many ways as there are programs.
        return None


def _is_plain(book: OpenedBook) -> bool:
    with ZipFile(BytesIO(book.data)) as file:
        sizes = {info.filename: info.file_size for info in file.infolist()}
    return sum(sizes.values()) <= LARGEST_MARKED and sizes.get("xl/styles.xml", 0) <= LARGEST_STYLES


def _marked(book: OpenedBook, located: Located) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that are not written back
        file = load_workbook(BytesIO(book.data), keep_links=False)
    _clear(file)
    for place, findings in _by_cell(located).items():
        _mark(file[place.sheet][place.address], findings)
    _write_results(file, located)
    made = BytesIO()
    file.save(made)
    return made.getvalue()


def _by_cell(located: Located) -> Mapping[Place, list[Finding]]:
    found: dict[Place, list[Finding]] = {}
    for finding, place in located:
        if place is not None and finding.severity in FILLS:
            found.setdefault(place, []).append(finding)
    return found


def _clear(file: Workbook) -> None:
    if RESULT_SHEET in file.sheetnames:
        del file[RESULT_SHEET]
    for sheet in file.worksheets:
        # Only cells that exist: walking over rows would make all those in between.
        for cell in sheet._cells.values():
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment = None
                cell.fill = PatternFill() if cell.protection.locked else copy(FIELD)


def _mark(cell: Cell | MergedCell, findings: Sequence[Finding]) -> None:
    if isinstance(cell, MergedCell):
        return
    gravest = Severity.ERROR if any(f.severity is Severity.ERROR for f in findings) else Severity.WARNING
    text = "\n".join(_line(finding) for finding in findings)
    cell.fill = copy(FILLS[gravest])
    cell.comment = Comment(text, AUTHOR, height=_SPARE * (2 + len(text) // 14), width=260)


def _line(finding: Finding) -> str:
    number = f"〔{finding.rule}〕" if finding.rule != finding.code or finding.rule.startswith("R") else ""
    return f"{KINDS[finding.severity]}{number}：{finding.message.zh}"


def _write_results(file: Workbook, located: Located) -> None:
    sheet: Any = file.create_sheet(RESULT_SHEET)
    for column, (title, width) in enumerate(zip(TITLES, WIDTHS, strict=True), start=1):
        cell = sheet.cell(1, column, title)
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = width
    for row, texts in enumerate(_results(located), start=2):
        for column, text in enumerate(texts, start=1):
            cell = sheet.cell(row, column)
            # A text, whatever it begins with: the names of sheets are the sender's own.
            cell.value, cell.data_type = text, "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.protection = Protection(locked=True)


def _results(located: Located) -> Iterable[tuple[str, ...]]:
    for finding, place in located:
        where = (place.sheet, place.address) if place else ("", "")
        yield (*where, KINDS[finding.severity], finding.rule, finding.message.zh)
