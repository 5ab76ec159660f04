"""Our files in another office program: saved again, printed, and looked through for anything that computes."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.documents.cells import SheetMarks, marks_by_sheet
from app.documents.form_book import form_book
from app.documents.layout import PAGES_SHEET, TABLE_SHEET
from app.documents.marked import marked_book
from app.documents.opened import open_book
from app.documents.package import open_package
from app.documents.summary import BOM, csv_line, summary_book
from app.domain.content import parse_content
from app.errors import Finding, Severity, Text
from tests.documents.sample import CONTENT, filled, sheet
from tests.documents.test_summary import PREFIXES, summary
from tests.domain.sample import FORM
from tests.libreoffice import Office, office

pytestmark = pytest.mark.office

NASTY = [
    f"{prefix}1+1"
    for prefix in PREFIXES
    if prefix not in ("\r", "\0", "\t", "\n", "\ufeff=", " =", "\u3000=")
]
WILD = {
    **CONTENT,
    "contact": {"name": "=1+1", "phone": "020-12345678"},
    "narrative": '=HYPERLINK("x")\n第二行\n\n末行',
    "activities": [
        {"item": item, "done": True, "count": item, "text": text}
        for item, text in zip(sorted(FORM.entered_items), NASTY, strict=False)
    ],
    "explanations": [{"rule": "R10", "category": "other", "text": text} for text in NASTY],
}
CSV_NAMES = ["安全", *(f"{prefix}1+1" for prefix in PREFIXES if prefix != "\0")]
COMPUTING = "--infilter=CSV:44,34,76,1,,0,false,true"
"""Commas, UTF-8, special numbers and formulas recognized: as a person opens the file."""
UNSAFE = "=1+1"
"""What the CSV test would find if nothing were escaped."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def saved(program: Office) -> dict[str, bytes]:
    """Each of our files as LibreOffice saves it."""
    book = form_book(sheet(WILD))
    place = filled(book).place_of("/figures/orgs_new")
    finding = Finding("R04", "R04", Severity.ERROR, "/figures/orgs_new", Text("示例", "example"))
    files = {
        "form.xlsx": book,
        "marked.xlsx": marked_book(open_book(book), [(finding, place)]) or b"",
        "summary.xlsx": summary_book(summary(CSV_NAMES)),
    }
    tables = {
        "safe.csv": (BOM + "".join(csv_line([name, -3]) for name in CSV_NAMES)).encode(),
        "unsafe.csv": f"{BOM}{UNSAFE},-3\r\n".encode(),
    }
    return program.saved(files) | program.saved(tables, "xlsx", COMPUTING)


def marks(data: bytes) -> dict[str, SheetMarks]:
    return marks_by_sheet(open_package(data))


@pytest.mark.parametrize("name", ["form.xlsx", "marked.xlsx"])
def test_a_form_that_was_saved_again_says_what_it_said(name: str, saved: dict[str, bytes]) -> None:
    before, _ = parse_content(FORM, WILD)

    found = filled(saved[name])
    after, findings = parse_content(FORM, found.content)

    assert (findings, found.findings) == ([], [])
    assert after == before
    assert open_book(saved[name]).stamp == sheet().stamp


def test_a_form_that_was_saved_again_is_still_protected_and_checked(saved: dict[str, bytes]) -> None:
    book = load_workbook(BytesIO(saved["form.xlsx"]))
    table = book[TABLE_SHEET]

    assert table.protection.sheet
    assert book[PAGES_SHEET].protection.sheet
    assert not table["A5"].protection.locked
    assert table["A4"].protection.locked
    checked = {v.formula2 for v in table.data_validations.dataValidation if "A5" in v.sqref}
    assert checked == {str(FORM.largest_figure)}


@pytest.mark.parametrize("name", ["form.xlsx", "marked.xlsx", "summary.xlsx", "safe.csv"])
def test_no_cell_of_ours_computes(name: str, saved: dict[str, bytes]) -> None:
    assert {sheet: found.computed for sheet, found in marks(saved[name]).items() if found.computed} == {}


def test_a_csv_that_is_not_made_safe_would_compute(saved: dict[str, bytes]) -> None:
    assert marks(saved["unsafe.csv"])["unsafe"].computed


def test_negative_numbers_of_a_csv_are_numbers(saved: dict[str, bytes]) -> None:
    table = load_workbook(BytesIO(saved["safe.csv"])).worksheets[0]

    assert {cell.value for cell in table["B"] if cell.value is not None} == {-3}


def test_the_official_table_prints_on_one_page(program: Office) -> None:
    form = form_book(sheet())
    pages = program.saved({"one.xlsx": form, "summary.xlsx": summary_book(summary(["广州市"] * 22))}, "pdf")

    counts = {name: len(re.findall(rb"/Type\s*/Page[^s]", content)) for name, content in pages.items()}

    assert counts["summary.xlsx"] == 1
    assert counts["one.xlsx"] <= 3
