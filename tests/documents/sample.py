"""A filled table of the shipped form, and ways to change the file as people and programs do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from app.documents.form_book import FormSheet, form_book
from app.documents.form_reader import Filled, read_form
from app.documents.layout import TABLE_SHEET
from app.documents.opened import open_book
from app.domain.form import FormVersion
from app.domain.period import Period
from tests.domain.sample import FORM, NOW

APRIL = Period(2015, 4)
CONTENT: Mapping[str, Any] = {
    "contact": {"name": "示例甲", "phone": "020-12345678"},
    "figures": dict(NOW),
    "supplements": {"coop_orgs_new": 6},
    "activities": [
        {"item": 1, "done": False, "count": None, "text": ""},
        {"item": 3, "done": True, "count": 2, "text": "示例：赴两个县督导"},
    ],
    "narrative": "示例：四月召开全市动员会。\n第二段。",
    "explanations": [{"rule": "R10", "category": "correction", "text": "示例：更正上月数"}],
}
DATA = {code: column for column, code in enumerate(FORM.codes, start=1)}
"""The column of each indicator as openpyxl counts; its row is 5."""
ROW = 5


def sheet(content: Mapping[str, Any] = CONTENT, form: FormVersion = FORM, version: int = 0) -> FormSheet:
    """Guangzhou's table of April 2015."""
    return FormSheet(form, APRIL, "440100", "广州市", "prefecture", content, version)


def filled(data: bytes, form: FormVersion = FORM, unit: str = "440100", period: str = "2015-04") -> Filled:
    """What is read from a file that is to be Guangzhou's."""
    return read_form(open_book(data), form, period=period, unit=unit, unit_name="广州市")


def edited(change: Callable[[Any], None], data: bytes | None = None) -> bytes:
    """A file after somebody changed the workbook; `change` gets it from openpyxl."""
    book = load_workbook(BytesIO(data or form_book(sheet())))
    change(book)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def typed(code: str, value: object) -> bytes:
    """A file in which one figure was replaced."""

    def change(book: Any) -> None:
        book[TABLE_SHEET].cell(ROW, DATA[code]).value = value

    return edited(change)


def repacked(change: Callable[[dict[str, bytes]], None], data: bytes | None = None) -> bytes:
    """A file whose parts were changed."""
    with ZipFile(BytesIO(data or form_book(sheet()))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    made = BytesIO()
    with ZipFile(made, "w", 8) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()
