"""The official layout of GB/T 9704-2012 in Word's terms: page, grid, fonts and kinds of paragraphs."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section
from docx.shared import Length, Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

SONG_TITLE = "方正小标宋简体"
FANGSONG = "仿宋_GB2312"
KAI = "楷体_GB2312"
HEI = "黑体"
LATIN = "Times New Roman"

LINES, CHARACTERS = 22, 28
TOP, LEFT, WIDTH, HEIGHT = 37, 28, 156, 225
"""Millimetres: 天头, 订口 and the text area (版心) of an A4 page."""

_LINE_PITCH = 579
"""Twips: 225 mm by 22 lines, rounded down so that the 22nd line still fits."""
_TIGHTER = -0.25
"""Points between characters of the text: 28 of 15.75 pt fit into 156 mm, and 29 do not.

A grid of characters would say the same, but LibreOffice gives a character that is wider than its cell two."""


class Face(NamedTuple):
    """A font for Chinese and a size in points (三号 is 16, 二号 is 22)."""

    font: str
    size: float


TITLE = Face(SONG_TITLE, 22)
BODY = Face(FANGSONG, 16)
HEADING = Face(HEI, 16)
SMALL = Face(FANGSONG, 9)
FOLIO = Face("宋体", 14)


def paper(title: str) -> Paper:
    """An empty document of one upright section, with page numbers and without traces of who made it."""
    document = Document()
    core = document.core_properties
    core.title, core.author, core.comments = title, "", ""
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY.size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY.font)
    shape = style.paragraph_format
    shape.space_after, shape.line_spacing, shape.widow_control = Pt(0), 1.0, False
    upright(document.sections[0])
    _number_pages(document.sections[0])
    return document


def upright(section: Section) -> None:
    """The text area of the standard, with its grid of 22 lines by 28 characters."""
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(297 - TOP - HEIGHT)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(210 - LEFT - WIDTH)
    section.footer_distance = Mm(28)
    _set_grid(section)


def sideways(section: Section) -> None:
    """The same page turned, for a wide table: the binding edge comes to lie above."""
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin, section.bottom_margin = Mm(LEFT), Mm(210 - LEFT - WIDTH)
    section.left_margin, section.right_margin = Mm(297 - TOP - HEIGHT), Mm(TOP)


def next_section(document: Paper, *, is_wide: bool) -> Length:
    """Begin a page of the other or the same direction; how wide its text area is."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    (sideways if is_wide else upright)(section)
    return Mm(HEIGHT if is_wide else WIDTH)


def line(document: Paper, text: str, face: Face = BODY, *, indent: int = 0, hanging: int = 0) -> Paragraph:
    """A paragraph; `indent` and `hanging` count characters, of the first line and of the others."""
    paragraph = document.add_paragraph()
    write(paragraph, text, face)
    if indent or hanging:
        found = paragraph._p.get_or_add_pPr()
        element = OxmlElement("w:ind")
        if hanging:
            element.set(qn("w:leftChars"), str(100 * (indent + hanging)))
            element.set(qn("w:hangingChars"), str(100 * hanging))
        else:
            element.set(qn("w:firstLineChars"), str(100 * indent))
            element.set(qn("w:firstLine"), str(int(20 * face.size * indent)))
        found.append(element)
    return paragraph


def centred(document: Paper, text: str, face: Face) -> Paragraph:
    """A paragraph in the middle."""
    paragraph = line(document, text, face)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def to_the_right(document: Paper, text: str, *, gap: int) -> Paragraph:
    """A paragraph that ends so many characters before the right edge."""
    paragraph = line(document, text)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    element = OxmlElement("w:ind")
    element.set(qn("w:rightChars"), str(100 * gap))
    element.set(qn("w:right"), str(int(20 * BODY.size * gap)))
    paragraph._p.get_or_add_pPr().append(element)
    return paragraph


def write(paragraph: Paragraph, text: str, face: Face) -> Run:
    """Text with the font for Chinese named beside that for Latin letters and digits."""
    run = paragraph.add_run(text)
    run.font.name, run.font.size = LATIN, Pt(face.size)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face.font)
    if face.size == BODY.size:
        _tighten(run)
    return run


def closed(document: Paper) -> bytes:
    """The file; the same document gives the same bytes, whatever the clock says."""
    made, settled = BytesIO(), BytesIO()
    document.save(made)
    with ZipFile(made) as parts, ZipFile(settled, "w", ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            archive.writestr(ZipInfo(name), parts.read(name), ZIP_DEFLATED)
    return settled.getvalue()


def _tighten(run: Run) -> None:
    element = OxmlElement("w:spacing")
    element.set(qn("w:val"), str(int(20 * _TIGHTER)))
    run._r.get_or_add_rPr().append(element)


def _set_grid(section: Section) -> None:
    properties = section._sectPr
    for old in properties.findall(qn("w:docGrid")):
        properties.remove(old)
    grid = OxmlElement("w:docGrid")
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(_LINE_PITCH))
    properties.append(grid)


def _number_pages(section: Section) -> None:
    """— 1 — below the text area; later sections carry it on."""
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(paragraph, "— ", FOLIO)
    run = write(paragraph, "", FOLIO)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run._r.append(_field_part(kind, text))
    write(paragraph, " —", FOLIO)


def _field_part(kind: str, text: str) -> BaseOxmlElement:
    if kind:
        element = OxmlElement("w:fldChar")
        element.set(qn("w:fldCharType"), kind)
        return element
    element = OxmlElement("w:instrText")
    element.text = text
    return element
