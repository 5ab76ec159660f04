"""The circular as a Word document in the official layout, from its frozen content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from docx.document import Document as Paper
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length
from docx.table import Table, _Cell

from app.documents import official
from app.documents.official import BODY, HEADING, HEI, SMALL, TITLE, Face
from app.domain.wording import day

NUMERALS = "一二三四五六七八九十"
NO_NUMBER = "（发文字号）"
NO_DATE = "（成文日期）"
SEAL = "（印章）"
WIDE = 8
"""A table of more columns is printed sideways."""

LEAST = 5
"""Letters that every column has room for."""

Content = Mapping[str, Any]
Cell = str | int | None
Row = Sequence[Cell]


def circular_docx(content: Content) -> bytes:
    """The document; the same content gives the same bytes.

    Number, date and seal have placeholders until they are there. Attachments follow on pages of their own.
    """
    document = official.paper(content["title"])
    _write_head(document, content)
    for position, block in enumerate(content["blocks"]):
        official.line(document, numbered(position, block["heading"]), HEADING, indent=2)
        for paragraph in block["paragraphs"]:
            official.line(document, paragraph, indent=2)
    _write_foot(document, content)
    for position, attachment in enumerate(content["attachments"], start=1):
        _write_attachment(document, position, attachment)
    return official.closed(document)


def numbered(position: int, heading: str) -> str:
    """一、总体情况, from position 0."""
    return f"{NUMERALS[position]}、{heading}"


def marks(content: Content) -> dict[str, str]:
    """Number, date, seal and note as they are printed: placeholders until they are there."""
    dated = content["dated"]
    return {
        "number": content["number"] or NO_NUMBER,
        "dated": day(date.fromisoformat(dated)) if dated else NO_DATE,
        "seal": "" if dated else SEAL,
        "note": f"（联系人：{content['contact']}）" if content["contact"] else "",
    }


def _write_head(document: Paper, content: Content) -> None:
    official.centred(document, marks(content)["number"], BODY)
    official.line(document, "")
    official.centred(document, content["title"], TITLE)
    official.line(document, "")
    official.line(document, f"{content['recipients']}：")
    official.line(document, content["opening"], indent=2)


def _write_foot(document: Paper, content: Content) -> None:
    """附件说明, signature, date and note below it (GB/T 9704-2012, 7.3.4 to 7.3.6)."""
    start = len(document.paragraphs) - 1
    _write_titles(document, [attachment["title"] for attachment in content["attachments"]])
    official.line(document, "")
    said = marks(content)
    if said["seal"]:
        official.to_the_right(document, said["seal"], gap=6)
    official.to_the_right(document, content["signature"], gap=4)
    official.to_the_right(document, said["dated"], gap=4)
    if said["note"]:
        official.line(document, said["note"], indent=2)
    for paragraph in document.paragraphs[start:-1]:
        paragraph.paragraph_format.keep_with_next = True  # else the seal may stand on a page without text


def _write_titles(document: Paper, titles: Sequence[str]) -> None:
    if titles:
        official.line(document, "")
    for position, title in enumerate(titles, start=1):
        lead = "附件：" if position == 1 else ""
        official.line(document, f"{lead}{position}.{title}", indent=2 if lead else 5)


def _write_attachment(document: Paper, position: int, attachment: Content) -> None:
    columns: Sequence[str] = attachment["columns"]
    rows = attachment["rows"] or [["无", *[""] * (len(columns) - 1)]]
    width = official.next_section(document, is_wide=len(columns) > WIDE)
    official.line(document, f"附件{position}", HEADING)
    official.centred(document, attachment["title"], TITLE)
    _write_table(document, columns, rows, width)


def _write_table(document: Paper, columns: Sequence[str], rows: Sequence[Row], width: Length) -> None:
    table = document.add_table(rows=0, cols=len(columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = _widths(rows, width)
    for column, share in zip(table.columns, widths, strict=True):
        column.width = share
    _add_row(table, columns, widths, Face(HEI, SMALL.size), is_heading=True)
    for row in rows:
        _add_row(table, row, widths, SMALL)


def _widths(rows: Sequence[Row], width: Length) -> list[Length]:
    parts = shares(rows)
    return [Length(width * part // sum(parts)) for part in parts]


def shares(rows: Sequence[Row]) -> list[int]:
    """How wide each column is beside the others: its longest text, where a Chinese character counts as two."""
    return [max(LEAST, *(_length(value) for value in column)) for column in zip(*rows, strict=True)]


def _length(value: Cell) -> int:
    return sum(2 if character > "\u2e7f" else 1 for character in shown(value)) + 2


def _add_row(
    table: Table, values: Row, widths: Sequence[Length], face: Face, *, is_heading: bool = False
) -> None:
    row = table.add_row()  # type: ignore[no-untyped-call]  # the library left this one out
    whole = row._tr.get_or_add_trPr()
    whole.append(OxmlElement("w:cantSplit"))
    if is_heading:
        whole.append(OxmlElement("w:tblHeader"))
    for cell, value, width in zip(row.cells, values, widths, strict=True):
        cell.width = width
        _set(cell, value, face)


def _set(cell: _Cell, value: Cell, face: Face) -> None:
    paragraph = cell.paragraphs[0]
    official.write(paragraph, shown(value), face)
    is_number = isinstance(value, int)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if is_number else WD_ALIGN_PARAGRAPH.CENTER
    loose = OxmlElement("w:snapToGrid")
    loose.set(qn("w:val"), "0")
    paragraph._p.get_or_add_pPr().append(loose)


def shown(value: Cell) -> str:
    """A cell as text; what nobody knows is a dash."""
    return "—" if value is None else str(value)
