"""Reads a filled workbook back as the content of a report, with the cell of everything it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.documents.layout import BLOCKS, HEADINGS, PAGES_SHEET, SUPPLEMENTS, TABLE_SHEET, Layout, plain
from app.documents.layout import EXPLANATIONS as OF_EXPLANATIONS
from app.documents.layout import ITEMS as OF_ITEMS
from app.documents.layout import NARRATIVE as OF_NARRATIVE
from app.documents.opened import Computed, OpenedBook, OpenedSheet, Place, Value
from app.documents.stamp import Stamp
from app.documents.table import Table, tables
from app.documents.written import Read, choice, number, phone, rule_number, words
from app.domain.form import FormVersion
from app.domain.pointer import pointer
from app.errors import Finding, Severity, Text

MESSAGES: Mapping[str, Text] = {
    "table-missing": Text(
        "未找到统计表，请使用从系统下载的表格填报", "The table was not found; fill in the downloaded workbook"
    ),
    "several-tables": Text(
        "工作簿中有多张统计表，请只保留一张", "The workbook holds several tables; keep one"
    ),
    "several-rows": Text("统计表中填了多行，请只保留一行", "Several rows are filled; keep one"),
    "column-missing": Text(
        "统计表中缺少此栏，请重新下载表格", "This column is missing; download the form again"
    ),
    "sheet-missing": Text(
        "未找到附页，补充指标、报送内容和说明按未填处理",
        "The second sheet was not found; what it asks for counts as blank",
    ),
    "stamp-missing": Text(
        "工作簿中没有表格标识，请重新下载表格，或在上传时注明单位和期别",
        "The workbook lost its stamp; download the form again, or name unit and period when sending it",
    ),
    "unit-mismatch": Text("表中的单位与所报单位不一致", "The unit in the table is not the one reported for"),
    "period-mismatch": Text(
        "表中的月份与所报期别不一致", "The month in the table is not the period reported"
    ),
    "form-mismatch": Text(
        "表格版本与本期表式不一致，请重新下载", "The workbook was made from another form; download it again"
    ),
    "formula-refused": Text(
        "此处为公式或其错误值，请改填数值（复制后选择性粘贴为数值）",
        "This is a formula or its error; enter the value itself",
    ),
    "cell-tidied": Text(
        "已将全角数字、空格或千分位转换为数字，请核对",
        "Full-width digits, blanks or separators were read as a plain number",
    ),
}

_HEADINGS = tuple(plain(block) for block in BLOCKS)
_ON_TABLE = ("/figures", "/contact", "/unit", "/period")


@dataclass
class Filled:
    """What a workbook says: the members of a report's body, findings, and the cell of each pointer."""

    content: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def find(self, code: str, at: str, severity: Severity = Severity.ERROR) -> None:
        """Add a finding of MESSAGES, unless the place has it already (stamp and title may both be wrong)."""
        if any(found.code == code and found.pointer == at for found in self.findings):
            return
        self.findings.append(self.located(Finding(code, code, severity, at, MESSAGES[code])))

    def located(self, finding: Finding) -> Finding:
        """The finding with the sheet and the cell that it is about, if there is one."""
        place = self.place_of(finding.pointer)
        if place is None:
            return finding
        is_table = finding.pointer.startswith(_ON_TABLE)
        # Our own names of the sheets: the sender's may be anything.
        where = {"sheet": TABLE_SHEET if is_table else PAGES_SHEET, "cell": place.address}
        return replace(finding, values={**finding.values, **where})

    def take(self, read: Callable[[Value], Read], value: Value, place: Place, *at: str | int) -> object:
        """The value of a cell as the content holds it; its place is kept and what was tidied is said."""
        found, here = read(value), pointer(*at)
        self.places[here] = place
        if isinstance(value, Computed):
            self.find("formula-refused", here)
        elif found.is_tidied:
            self.find("cell-tidied", here, Severity.INFO)
        return found.value

    def place_of(self, at: str) -> Place | None:
        """The cell of a pointer, or of what it lies in."""
        while at and at not in self.places:
            at = at.rpartition("/")[0]
        return self.places.get(at)


def read_form(book: OpenedBook, form: FormVersion, *, period: str, unit: str, unit_name: str) -> Filled:
    """Read the report of a unit and period. What is wrong collects in `findings`; nothing is guessed.

    A blank cell is missing, not 0. Stamp, title and unit must be those of the report.
    """
    filled = Filled()
    _compare_stamp(filled, book.stamp, form, period, unit)
    found = tables(book, Layout(form))
    if len(found) != 1:
        filled.find("several-tables" if found else "table-missing", "/figures")
    if found:
        _read_figures(filled, found[0], form)
        _read_header(filled, found[0], period, unit_name)
    _read_pages(filled, book, form)
    return filled


def _compare_stamp(filled: Filled, stamp: Stamp | None, form: FormVersion, period: str, unit: str) -> None:
    if stamp is None:
        return
    if stamp.unit != unit:
        filled.find("unit-mismatch", "/unit")
    if stamp.period != period:
        filled.find("period-mismatch", "/period")
    if stamp.form != form.id:
        filled.find("form-mismatch", "")


def _read_figures(filled: Filled, table: Table, form: FormVersion) -> None:
    rows = table.data_rows() or [table.labels_row + 1]
    figures: dict[str, object] = {}
    for code in form.codes:
        at = pointer("figures", code)
        if code not in table.columns:
            filled.find("column-missing", at)
            continue
        place = table.place(rows[0], code)
        value = table.sheet.at(place.row, place.column)
        filled.places[at] = place
        if value is not None:
            figures[code] = filled.take(number, value, place, "figures", code)
    filled.content["figures"] = figures
    if len(rows) > 1:
        filled.places["/figures"] = Place(table.sheet.name, rows[1], min(table.columns.values()))
        filled.find("several-rows", "/figures")


def _read_header(filled: Filled, table: Table, period: str, unit_name: str) -> None:
    header = table.header()
    contact = {}
    for name, read in (("name", words), ("phone", phone)):
        if name in header:
            value, place = header[name]
            contact[name] = filled.take(read, value, place, "contact", name)
    filled.content["contact"] = contact
    if "unit" in header:
        value, filled.places["/unit"] = header["unit"]
        if value is not None and plain(value) != plain(unit_name):
            filled.find("unit-mismatch", "/unit")
    if table.month() not in (None, period):
        filled.find("period-mismatch", "/period")


def _read_pages(filled: Filled, book: OpenedBook, form: FormVersion) -> None:
    pages = _Pages(filled, form)
    is_found = [pages.read(sheet) for sheet in book.sheets if sheet.is_visible]
    if not any(is_found):
        filled.find("sheet-missing", "", Severity.INFO)
    filled.content |= pages.content


class _Pages:
    """Follows the second sheet from heading to heading; rows are known by their first cells."""

    def __init__(self, filled: Filled, form: FormVersion) -> None:
        self._filled = filled
        self._supplement = {
            plain(s.label.zh): s.code for s in form.supplements if s.code in form.reported_supplements
        }
        self._category = form.category_codes
        self._sheet: OpenedSheet
        self.content: dict[str, Any] = {
            "supplements": {},
            "activities": [],
            "narrative": "",
            "explanations": [],
        }
        self._readers = {
            plain(SUPPLEMENTS): self._read_supplement,
            plain(OF_ITEMS): self._read_item,
            plain(OF_NARRATIVE): self._read_narrative,
            plain(OF_EXPLANATIONS): self._read_explanation,
        }
        self._titles = {tuple(map(plain, titles)) for titles in HEADINGS.values()}

    def read(self, sheet: OpenedSheet) -> bool:
        """Take what a sheet says below our headings; whether it has any."""
        self._sheet = sheet
        block = ""
        for row in range(len(sheet.rows)):
            first = sheet.at(row, 0)
            if isinstance(first, str) and plain(first) in _after(block):
                block = plain(first)
            elif block and not self._is_titles(row):
                self._readers[block](row)
        return bool(block)

    def _is_titles(self, row: int) -> bool:
        texts = tuple(plain(value) for value in self._sheet.rows[row] if value not in (None, ""))
        return texts in self._titles

    def _take(self, read: Callable[[Value], Read], row: int, column: int, *at: str | int) -> object:
        place = Place(self._sheet.name, row, column)
        return self._filled.take(read, self._sheet.at(row, column), place, *at)

    def _has(self, row: int, *columns: int) -> bool:
        return any(self._sheet.at(row, column) is not None for column in columns)

    def _read_supplement(self, row: int) -> None:
        code = self._supplement.get(plain(self._sheet.at(row, 1)))
        if code:
            self._filled.places[pointer("supplements", code)] = Place(self._sheet.name, row, 2)
        if code and self._has(row, 2):
            self.content["supplements"][code] = self._take(number, row, 2, "supplements", code)

    def _read_item(self, row: int) -> None:
        if not self._has(row, 2, 3, 4):
            return
        index = len(self.content["activities"])
        at = ("activities", index)
        self._filled.places[pointer(*at)] = Place(self._sheet.name, row, 0)
        entry = {"item": self._take(_item_number, row, 0, *at, "item")}
        if self._has(row, 2):
            entry["done"] = self._take(choice, row, 2, *at, "done")
        if self._has(row, 3):
            entry["count"] = self._take(number, row, 3, *at, "count")
        if self._has(row, 4):
            entry["text"] = self._take(words, row, 4, *at, "text")
        self.content["activities"].append(entry)

    def _read_narrative(self, row: int) -> None:
        if self._has(row, 0) and not self.content["narrative"]:
            self.content["narrative"] = self._take(words, row, 0, "narrative")

    def _read_explanation(self, row: int) -> None:
        if not self._has(row, 0, 1, 2):
            return
        at = ("explanations", len(self.content["explanations"]))
        self._filled.places[pointer(*at)] = Place(self._sheet.name, row, 0)
        entry = {}
        for column, (name, read) in enumerate(
            (("rule", rule_number), ("category", self._category_code), ("text", words))
        ):
            if self._has(row, column) or name == "text":
                entry[name] = self._take(read, row, column, *at, name)
        self.content["explanations"].append(entry)

    def _category_code(self, value: Value) -> Read:
        text = words(value).value
        known = {plain(name): code for name, code in self._category.items()}
        return Read(known.get(plain(text), text) if isinstance(text, str) else text)


def _after(block: str) -> tuple[str, ...]:
    """The headings that may still follow one: a text that happens to read like an earlier one is a text."""
    return _HEADINGS[_HEADINGS.index(block) + 1 :] if block else _HEADINGS


def _item_number(value: Value) -> Read:
    """The number of an item, with or without brackets."""
    return number(plain(value).strip("()")) if isinstance(value, str) else number(value)
