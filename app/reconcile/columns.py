"""The columns of a ledger file: their codes, what their headers may be called, and a header that is read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.normal_form import normal
from app.reconcile.findings import LedgerFinding, finding


class Kind(StrEnum):
    """How the cells of a column are read."""

    PERIOD = "period"
    CODE = "code"
    NAME = "name"
    FIGURE = "figure"
    DATE = "date"
    ID = "id"
    TOWNSHIP = "township"
    TERM = "term"
    DATES = "dates"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its code is its English header, `zh` its Chinese one; aliases are read like them."""

    code: str
    zh: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    is_required: bool = True

    @property
    def labels(self) -> dict[str, str]:
        """What messages call it."""
        return {"zh": self.zh, "en": self.code}


SUMMARY = (
    Column("period", "期别", Kind.PERIOD, ("报告期", "所属期", "月份", "month")),
    Column("unit_code", "单位代码", Kind.CODE, ("行政区划代码", "区划代码", "代码", "unit", "code")),
    Column("unit_name", "单位名称", Kind.NAME, ("单位", "名称", "name"), is_required=False),
    Column(
        "members_added", "新增团委委员数量", Kind.FIGURE, ("新增团委委员数", "新增委员数量", "新增委员数")
    ),
    Column("members_left", "退出团委委员数量", Kind.FIGURE, ("退出团委委员数", "退出委员数量", "退出委员数")),
    Column("members_total", "现有团委委员总数", Kind.FIGURE, ("现有团委委员数量", "现有委员总数")),
    Column("orgs_new", "新建直属团组织数量", Kind.FIGURE, ("新建直属团组织数",)),
    Column("orgs_dissolved", "撤销直属团组织数量", Kind.FIGURE, ("撤销直属团组织数",)),
    Column("orgs_rectified", "整顿直属团组织数量", Kind.FIGURE, ("整顿直属团组织数",)),
    Column("orgs_total", "现有直属团组织总数", Kind.FIGURE, ("现有直属团组织数量",)),
    Column("wechat_groups", "微信群数量", Kind.FIGURE, ("微信群总数", "建立微信群总数"), is_required=False),
    Column("as_of", "数据截止日期", Kind.DATE, ("截止日期", "数据截止日"), is_required=False),
)
"""The summary ledger (domain.md 4.2), in the form's order of figures."""

SEVEN = tuple(c.code for c in SUMMARY if c.kind is Kind.FIGURE and c.is_required)
"""The indicators that the ledger decides (note 2), in the order of the form's columns."""

_UNIT_OF_MEASURE = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """A header that was read: the columns in the file's order, and the line it stands in."""

    columns: tuple[Column, ...]
    delimiter: str
    line: int

    def of(self, kind: Kind) -> tuple[Column, ...]:
        """The columns of one kind, in the file's order."""
        return tuple(c for c in self.columns if c.kind is kind)


def read_header(
    line: int,
    text: str,
    known: Sequence[Column] = SUMMARY,
    *,
    is_open: bool = False,
    mapping: Mapping[str, str] | None = None,
) -> tuple[Layout | None, list[LedgerFinding]]:
    """The layout that a header line describes, or everything that is wrong with it.

    The delimiter is a tab if the line has one, else a comma. Headers are compared without blanks, width,
    case and a unit of measure in brackets; they may come in any order, in Chinese or in English, not both.
    With `is_open`, columns that are not known are passed over: their place in the layout is None-like, a
    column of kind NAME whose code is its position. `mapping` gives the codes of headers that are called
    otherwise, in any language.
    """
    delimiter = "\t" if "\t" in text else ","
    cells = next(csv.reader([text], delimiter=delimiter), [])
    names = {key: (column, language) for column in known for key, language in _names(column)}
    names |= {_key(cell): (c, "") for cell, code in (mapping or {}).items() for c in known if c.code == code}
    found = [names.get(_key(cell)) for cell in cells]
    columns = [pair[0] for pair in found if pair]
    findings = [] if is_open else _unknown(line, found)
    findings += _repeated_or_absent(line, columns, known)
    if len({pair[1] for pair in found if pair and pair[1]}) > 1:
        findings.append(finding("mixed-header", line))
    if findings:
        return None, findings
    places = enumerate(found, 1)
    return Layout(tuple(p[0] if p else _passed_over(i) for i, p in places), delimiter, line), []


def _names(column: Column) -> Iterable[tuple[str, str]]:
    for name in (column.code, column.zh, *column.aliases):
        yield _key(name), "en" if name.isascii() else "zh"


def _key(cell: str) -> str:
    narrow = "".join(normal("NFKC", cell).casefold().split()).strip("\ufeff\u200b")
    return _UNIT_OF_MEASURE.sub("", narrow)


def _passed_over(position: int) -> Column:
    return Column(f"#{position}", "", Kind.NAME)


def _unknown(line: int, found: list[tuple[Column, str] | None]) -> list[LedgerFinding]:
    return [finding("unknown-column", line, position=i) for i, pair in enumerate(found, 1) if pair is None]


def _repeated_or_absent(line: int, columns: list[Column], known: Sequence[Column]) -> list[LedgerFinding]:
    repeated = [c for c in known if columns.count(c) > 1]
    absent = [c for c in known if c.is_required and c not in columns]
    return [finding("duplicate-column", line, column=c.code, **c.labels) for c in repeated] + [
        finding("missing-column", line, column=c.code, **c.labels) for c in absent
    ]
