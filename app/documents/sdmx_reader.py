"""Reads a table in SDMX-CSV 2.0, from us or from a statistics office: every fault at once, with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from app.documents.sdmx import AGENCY, MEASURE, MONTHLY, STRUCTURES, Observation, Valuation
from app.domain.period import Period
from app.errors import Finding, Severity, Text

_Fields = Callable[[str], str]
"""What a line holds in a column, by the column's id; empty where there is none."""

MOST_FINDINGS = 200
"""Faults that are told; a file with more is not the table it should be."""

_FIRST = re.compile(r"STRUCTURE(?:\[(.)[^\]]*\])?([,;\t|])STRUCTURE_ID\b")
"""The first header field; the character after it separates the fields (SDMX-CSV 2.0, design principles)."""
_ID = re.compile(rf"{AGENCY}:([A-Z][A-Z0-9_]*)\(([1-9][0-9]{{0,3}})\.0\.0\)")
_NUMBER = re.compile(r"[0-9]{1,9}")
_UNIT = re.compile(r"[0-9]{6}(?:[0-9]{3})?")
_REQUIRED = ("STRUCTURE_ID", "REF_AREA", "INDICATOR", "TIME_PERIOD", MEASURE)

_MESSAGES: Mapping[str, Text] = {
    "sdmx-not-text": Text("文件须为UTF-8编码的文本", "The file must be text in UTF-8"),
    "sdmx-no-header": Text(
        "首行须以 STRUCTURE 和 STRUCTURE_ID 两列开头（SDMX-CSV 2.0）",
        "The first line must begin with the columns STRUCTURE and STRUCTURE_ID (SDMX-CSV 2.0)",
    ),
    "sdmx-column-missing": Text("缺少此列", "This column is missing"),
    "sdmx-column-twice": Text("此列出现两次", "This column occurs twice"),
    "sdmx-fields": Text("本行的字段数与首行不同", "This line has not as many fields as the header"),
    "sdmx-structure": Text(
        "STRUCTURE 须为 dataflow、datastructure 或 dataprovision",
        "STRUCTURE is dataflow, datastructure or dataprovision",
    ),
    "sdmx-structure-id": Text(
        f"STRUCTURE_ID 须为 {AGENCY}:表式代码(版本.0.0)，且全文件相同",
        f"STRUCTURE_ID is {AGENCY}:FORM(VERSION.0.0), the same on every line",
    ),
    "sdmx-action": Text(
        "ACTION 须为 I、A 或 R；不能用文件删除数据",
        "ACTION is I, A or R; a file cannot delete anything",
    ),
    "sdmx-freq": Text("FREQ 须为 M（月）", "FREQ is M (monthly)"),
    "sdmx-unit": Text("单位代码须为6位或9位数字", "A unit code has six or nine digits"),
    "sdmx-period": Text("期别须为年-月，例如 2015-04", "A period is year-month, such as 2015-04"),
    "sdmx-valuation": Text(
        "VALUATION 须为 reported、evidenced、ledger 或 effective",
        "VALUATION is reported, evidenced, ledger or effective",
    ),
    "sdmx-value": Text(
        "数值须为非负整数，缺失留空", "A value is a whole number from 0, or blank when missing"
    ),
    "sdmx-twice": Text(
        "同一单位、指标、期别的数值出现两次且不同", "The same observation occurs twice with different values"
    ),
    "sdmx-empty": Text("文件中没有数据行", "The file holds no observation"),
}


@dataclass
class SdmxTable:
    """What a message holds: observations in its order without repetitions, and all that is wrong with it.

    `form` is the form's code and version as (code, version); None when no line names one.
    """

    form: tuple[str, int] | None = None
    observations: list[Observation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, place: str) -> None:
        """Note a fault; `place` is a line and a column, never a value."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, code, Severity.ERROR, place, _MESSAGES[code]))


def read_sdmx(data: bytes) -> SdmxTable:
    """The observations of a message. With any finding the table is not to be used.

    Columns may stand in any order, names may stand beside codes (`labels=name` and `labels=both`), custom
    columns are passed over, ACTION may be left out. Where VALUATION is left out, the values are reported ones.
    """
    table = SdmxTable()
    text = _decoded(data)
    if text is None:
        table.add("sdmx-not-text", "/lines/1")
        return table
    first = _FIRST.match(text)
    if first is None:
        table.add("sdmx-no-header", "/lines/1")
        return table
    try:
        lines = list(csv.reader(StringIO(text, newline=""), delimiter=first[2], strict=True))
    except csv.Error:
        table.add("sdmx-not-text", "/lines/1")
        return table
    _Reader(table, lines[0], first[1] or "").read(lines[1:])
    return table


def _decoded(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


class _Reader:
    def __init__(self, table: SdmxTable, header: Sequence[str], sub_fields: str) -> None:
        self.table = table
        self.width = len(header)
        self.sub_fields = sub_fields
        self.at: dict[str, int] = {}
        self.seen: dict[tuple[str, str, str, str], int | None] = {}
        for place, title in enumerate(header):
            name = _code(title) if place else "STRUCTURE"
            if name in self.at:
                table.add("sdmx-column-twice", f"/lines/1/{place + 1}")
            self.at.setdefault(name, place)
        for name in _REQUIRED:
            if name not in self.at:
                table.add("sdmx-column-missing", f"/lines/1/{name}")

    def read(self, lines: Sequence[Sequence[str]]) -> None:
        """Every line, unless the header is no help."""
        if self.table.findings:
            return
        for number, fields in enumerate(lines, start=2):
            if not fields:
                continue
            if len(fields) != self.width:
                self.table.add("sdmx-fields", f"/lines/{number}")
                continue
            self._line(number, fields)
        if not self.seen and not self.table.findings:
            self.table.add("sdmx-empty", "/lines/2")

    def _line(self, number: int, fields: Sequence[str]) -> None:
        def of(name: str) -> str:
            return _code(fields[self.at[name]]) if name in self.at else ""

        wrong = [*self._wrong_structure(of), *_wrong_values(of)]
        for code, name in wrong:
            self.table.add(code, f"/lines/{number}/{name}")
        if not wrong:
            self._keep(number, self._observation(of))

    def _wrong_structure(self, of: _Fields) -> list[tuple[str, str]]:
        found = [] if of("STRUCTURE") in STRUCTURES else [("sdmx-structure", "STRUCTURE")]
        named = _ID.fullmatch(of("STRUCTURE_ID"))
        form = (named[1].lower().replace("_", "-"), int(named[2])) if named else None
        if form is None or self.table.form not in {None, form}:
            return [*found, ("sdmx-structure-id", "STRUCTURE_ID")]
        self.table.form = form
        return found

    def _observation(self, of: _Fields) -> Observation:
        value, flags = of(MEASURE), of("FLAGS[]")
        split = flags.split(self.sub_fields) if self.sub_fields else [flags]
        return Observation(
            unit=of("REF_AREA"),
            indicator=of("INDICATOR"),
            valuation=of("VALUATION") or Valuation.REPORTED.value,
            period=of("TIME_PERIOD"),
            value=int(value) if value else None,
            status=of("OBS_STATUS") or ("A" if value else "O"),
            measure=of("UNIT_MEASURE"),
            source=of("SOURCE"),
            flags=tuple(flag for flag in split if flag),
        )

    def _keep(self, number: int, row: Observation) -> None:
        key = row[:4]
        if key not in self.seen:
            self.seen[key] = row.value
            self.table.observations.append(row)
        elif self.seen[key] != row.value:
            self.table.add("sdmx-twice", f"/lines/{number}/{MEASURE}")


def _code(text: str) -> str:
    """The id of a field that may carry its name as well: `A: Value A` is A (labels=both)."""
    return text.partition(": ")[0]


def _wrong_values(of: _Fields) -> list[tuple[str, str]]:
    checks = (
        ("sdmx-action", "ACTION", of("ACTION") in {"", "I", "A", "R"}),
        ("sdmx-freq", "FREQ", of("FREQ") in {"", MONTHLY}),
        ("sdmx-unit", "REF_AREA", _UNIT.fullmatch(of("REF_AREA")) is not None),
        ("sdmx-valuation", "VALUATION", of("VALUATION") in {"", *Valuation}),
        ("sdmx-period", "TIME_PERIOD", _is_period(of("TIME_PERIOD"))),
        ("sdmx-value", MEASURE, not of(MEASURE) or _NUMBER.fullmatch(of(MEASURE)) is not None),
    )
    return [(code, name) for code, name, is_right in checks if not is_right]


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except ValueError:
        return False
    return True
