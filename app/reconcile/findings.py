"""What is wrong with a ledger: findings with a line, as values, every code and its message in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from app.errors import Severity, Text
from app.reconcile.roster_codes import ROSTER_CODES

LISTED = 1_000
"""So many findings are listed, errors first; all are counted."""
LONGEST_VALUE = 40

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, tuple[Severity, Text]] = {
    # Bytes.
    "undecodable": (
        _E,
        Text(
            "本行含有无法按 {encoding} 识别的字符，请重新导出，或指明编码",
            "This line cannot be read as {encoding}; export again or name the encoding",
        ),
    ),
    "control-character": (
        _E,
        Text("本行含有不可见的控制字符，请删除后重新导出", "This line holds a control character; remove it"),
    ),
    "lone-cr": (
        _E,
        Text(
            "本行内有单独的回车符，请以 LF 或 CRLF 换行", "A bare carriage return; end lines with LF or CRLF"
        ),
    ),
    "line-too-long": (
        _E,
        Text("本行超过 {limit} 字节，不是台账数据", "The line exceeds {limit} bytes and is no ledger row"),
    ),
    "broken-quotes": (
        _E,
        Text(
            "引号不成对，或单元格内有换行，请改为一行一条记录",
            "Quotes are not in pairs, or a cell holds a line break; write one record in one line",
        ),
    ),
    "unreadable": (
        _E,
        Text(
            "无法按一行一条记录读取，请检查引号和空行后重新导出",
            "Cannot be read as one record a line; check quotes and blank lines, and export again",
        ),
    ),
    # Header.
    "empty-file": (_E, Text("文件没有内容", "The file is empty")),
    "no-rows": (_E, Text("文件只有表头，没有数据", "The file has a header and no rows")),
    "unknown-column": (
        _E,
        Text(
            "表头第 {position} 列不是台账的栏目，请按模板填写",
            "Column {position} of the header is not a ledger column; keep to the template",
        ),
    ),
    "duplicate-column": (
        _E,
        Text("表头中“{zh}”出现了不止一次", 'The header names "{en}" more than once'),
    ),
    "missing-column": (_E, Text("表头缺少“{zh}”", 'The header lacks "{en}"')),
    "mixed-header": (
        _E,
        Text("表头不得中英文混用", "The header must be in one language, Chinese or English"),
    ),
    # Rows and cells.
    "ragged": (
        _E,
        Text("本行有 {found} 列，表头有 {expected} 列", "The row has {found} cells, the header {expected}"),
    ),
    "formula": (
        _E,
        Text(
            "“{zh}”是公式或公式错误，请粘贴为数值后再导出",
            '"{en}" holds a formula; paste it as a value and export again',
        ),
    ),
    "bad-period": (
        _E,
        Text(
            "“{zh}”须写作 2015-04、201504 或 2015年4月",
            '"{en}" must be written 2015-04, 201504 or 2015年4月',
        ),
    ),
    "period-too-early": (
        _E,
        Text(
            "月报自 2015 年 4 月起，此前的期别不接收", "The first period is 2015-04; earlier ones are refused"
        ),
    ),
    "serial-date": (
        _E,
        Text(
            "“{zh}”被表格软件变成了日期序号，请设为文本后重填",
            '"{en}" became a spreadsheet\'s serial number; format the cell as text and enter it again',
        ),
    ),
    "scientific-notation": (
        _E,
        Text(
            "“{zh}”被表格软件变成了科学计数法或小数，请设为文本后重填",
            '"{en}" was turned into scientific notation or a decimal by a spreadsheet; format it as text',
        ),
    ),
    "lost-zeros": (
        _E,
        Text(
            "“{zh}”位数不足，首位的0可能已丢失，请设为文本后重填",
            '"{en}" has too few digits, leading zeros may be lost; format the cell as text',
        ),
    ),
    "bad-code": (
        _E,
        Text("“{zh}”须为 6 位、9 位或 12 位数字", '"{en}" must have 6, 9 or 12 digits'),
    ),
    "bad-date": (_E, Text("“{zh}”不是日期，应写作 2015-04-25", '"{en}" is no date; write 2015-04-25')),
    "not-integer": (
        _E,
        Text(
            "“{zh}”须为非负整数；没有发生填0，缺数留空",
            '"{en}" must be a non-negative integer; 0 if none, blank if missing',
        ),
    ),
    "out-of-range": (
        _E,
        Text("“{zh}”不得大于 {limit}", '"{en}" must not exceed {limit}'),
    ),
    "full-width": (
        _W,
        Text("“{zh}”含全角字符，已按半角读取", '"{en}" holds full-width characters; read as plain ones'),
    ),
    "stray-space": (
        _W,
        Text("“{zh}”前后有空格，已忽略", '"{en}" has blanks around it; they were ignored'),
    ),
    "thousands-separator": (
        _W,
        Text("“{zh}”含千分位分隔符，已忽略", '"{en}" has thousands separators; they were ignored'),
    ),
    "leading-zero": (_W, Text("“{zh}”以0开头，已按数值读取", '"{en}" starts with 0; read as a number')),
    "date-form": (
        _W,
        Text("“{zh}”不是 2015-04-25 的写法，已换算", '"{en}" is not written like 2015-04-25; converted'),
    ),
    # Units and the file as a whole.
    "unknown-unit": (
        _E,
        Text(
            "单位名录中没有这个单位代码，或不在您的范围内",
            "This unit code is not in the register, or outside your units",
        ),
    ),
    "unit-not-reporting": (
        _W,
        Text(
            "该单位及其上级都不是填报单位，本行未计入",
            "Neither this unit nor one above it reports; the row was not counted",
        ),
    ),
    "name-differs": (
        _W,
        Text(
            "单位名称与代码不符，名录中 {unit} 是“{name}”；已按代码计入",
            'The name does not fit the code; {unit} is "{name}" in the register; counted by code',
        ),
    ),
    "duplicate-same": (
        _W,
        Text("与第 {other} 行完全重复，只计一次", "The same as line {other}; counted once"),
    ),
    "duplicate-differs": (
        _E,
        Text(
            "与第 {other} 行是同一期别、同一单位，数值却不同，请只保留一行",
            "The same period and unit as line {other}, with other figures; keep one of them",
        ),
    ),
    "above-skipped": (
        _I,
        Text(
            "本行的下级单位也在表中，按合计行处理，不重复计入",
            "Units below this one are in the file too; treated as a total and not counted",
        ),
    ),
    "above-differs": (
        _E,
        Text(
            "“{zh}”为 {found}，所列下级之和为 {expected}",
            '"{en}" is {found}, the units listed below it add up to {expected}',
        ),
    ),
    "total-skipped": (_I, Text("合计行，已核对，不计入", "A row of totals; checked and not counted")),
    "total-differs": (
        _E,
        Text(
            "合计行“{zh}”为 {found}，各行之和为 {expected}",
            '"{en}" of this total row is {found}, the rows add up to {expected}',
        ),
    ),
    "missing-figure": (
        _W,
        Text(
            "“{zh}”留空，{unit} 这一期的该项按缺数处理",
            '"{en}" is blank; the figure of {unit} counts as missing in this period',
        ),
    ),
    "as-of-differs": (
        _W,
        Text(
            "{period} 期内数据截止日期不一致，以最晚的为准",
            "Cut-off dates differ within {period}; the latest one is kept",
        ),
    ),
    # Reports that are compared with a ledger.
    "bad-json": (_E, Text("不是有效的 JSON", "Not valid JSON")),
    "bad-shape": (
        _E,
        Text(
            "应为报表的数组，或以单位代码为键、指标为值的对象",
            "Expected an array of reports, or an object of figures by unit code",
        ),
    ),
    "no-period": (_E, Text("没有期别，请在命令中指明", "No period is given; name one in the command")),
    "duplicate-report": (
        _E,
        Text("同一期别、同一单位有不止一份报表", "More than one report of the same period and unit"),
    ),
    **ROSTER_CODES,
}
"""Severity and message of every code; messages are filled with numbers, codes and register names only."""


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """One thing found in a file.

    `line` is the physical line, counted from 1 as an editor counts, None for the file as a whole. `column`
    is the canonical code of the column. `value` is what was read, at most 40 characters, only for figures,
    periods, codes and dates, never a name.
    """

    severity: Severity
    code: str
    line: int | None
    column: str | None
    value: str | None
    message: Text

    def as_json(self) -> dict[str, Any]:
        """The finding as the HTTP contract writes it."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "message": self.message._asdict(),
        }


def finding(
    code: str,
    line: int | None = None,
    *,
    column: str | None = None,
    value: str | None = None,
    **known: object,
) -> LedgerFinding:
    """A finding of a code in `CODES`; `known` fills its message and must not come from names in the file."""
    severity, message = CODES[code]
    text = Text(message.zh.format_map(known), message.en.format_map(known))
    return LedgerFinding(severity, code, line, column, shown(value or "") or None, text)


def shown(value: str) -> str:
    """A value that is safe to show: without control and invisible characters, at most 40 of the rest."""
    visible = "".join(c for c in value[: 4 * LONGEST_VALUE] if category(c)[0] != "C")
    return visible if len(visible) <= LONGEST_VALUE else visible[: LONGEST_VALUE - 1] + "…"


class Findings:
    """The findings of one file as they come: the first 1,000 of each severity kept, all counted."""

    def __init__(self) -> None:
        self._kept: dict[Severity, list[LedgerFinding]] = {severity: [] for severity in Severity}
        self._counts: Counter[Severity] = Counter()

    def add(self, found: LedgerFinding) -> None:
        """Count it, and keep it while there is room."""
        self._counts[found.severity] += 1
        if len(self._kept[found.severity]) < LISTED:
            self._kept[found.severity].append(found)

    def extend(self, found: Iterable[LedgerFinding]) -> None:
        """Add them in their order."""
        for one in found:
            self.add(one)

    @property
    def has_errors(self) -> bool:
        """Whether anything found refuses the file."""
        return self._counts[Severity.ERROR] > 0

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each severity, listed or not."""
        return {severity.value: self._counts[severity] for severity in Severity}

    def listed(self) -> tuple[LedgerFinding, ...]:
        """At most 1,000 findings, errors before warnings when there is no room for all, by line."""
        first = [one for severity in Severity for one in self._kept[severity]][:LISTED]
        return tuple(sorted(first, key=lambda one: one.line or 0))
