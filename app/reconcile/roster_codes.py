"""Findings about rosters: severity and message of each code that summary ledgers do not have."""

from __future__ import annotations

from app.errors import Severity, Text

_E, _W = Severity.ERROR, Severity.WARNING

ROSTER_CODES: dict[str, tuple[Severity, Text]] = {
    # Workbooks.
    "workbook-damaged": (
        _E,
        Text(
            "工作簿无法读取，请重新另存为 xlsx 或 CSV",
            "The workbook cannot be read; save it anew as xlsx or CSV",
        ),
    ),
    "workbook-too-large": (
        _E,
        Text("工作簿过大，请另存为 CSV", "The workbook is too large; save it as CSV"),
    ),
    "old-workbook": (
        _E,
        Text("不接收旧版 xls，请另存为 xlsx 或 CSV", "An old xls file is not read; save it as xlsx or CSV"),
    ),
    "no-sheet": (_E, Text("工作簿中没有所指的工作表", "The workbook has no sheet of that name")),
    "computed-cell": (
        _E,
        Text(
            "本行第 {position} 列是公式，请粘贴为数值",
            "Column {position} of this row holds a formula; paste it as a value",
        ),
    ),
    "line-break": (
        _E,
        Text("单元格内有换行，请删除", "A cell holds a line break; remove it"),
    ),
    # Cells.
    "column-ignored": (
        _W,
        Text(
            "表头第 {position} 列不是名册的栏目，未读取，也不保存",
            "Column {position} of the header is no roster column; it is neither read nor kept",
        ),
    ),
    "missing-id": (_E, Text("“{zh}”不得为空", '"{en}" must not be blank')),
    "bad-id": (_E, Text("“{zh}”不得超过 32 个字符", '"{en}" must not exceed 32 characters')),
    "not-township": (
        _E,
        Text(
            "“{zh}”须为乡镇代码，9 位或以 000 结尾的 12 位",
            '"{en}" must be a township\'s code of 9 or 12 digits',
        ),
    ),
    "unknown-township": (
        _E,
        Text(
            "单位名录中没有这个乡镇代码，或不在您的范围内",
            "This township is not in the register, or outside your units",
        ),
    ),
    "missing-start": (
        _E,
        Text("“{zh}”不得为空，无法判断何时计入", '"{en}" must not be blank; nobody could say when it counts'),
    ),
    "half-date": (
        _E,
        Text(
            "“{zh}”只有年份或月份，请补到日，如 2015-04-25", '"{en}" lacks the day; write it like 2015-04-25'
        ),
    ),
    "ends-before-start": (
        _E,
        Text("“{zh}”早于开始日期，请核对两个日期", '"{en}" is before the start; check both dates'),
    ),
    "future-date": (
        _W,
        Text("“{zh}”晚于今天，暂不计入", '"{en}" is in the future; it does not count yet'),
    ),
    "unknown-term": (
        _W,
        Text("“{zh}”不是规定的用语，已照收", '"{en}" is none of the words that are provided; kept as it is'),
    ),
    "village-organization": (
        _W,
        Text(
            "村团组织不是直属团组织，本行未计入",
            "A village organization is no direct organization; the row was not counted",
        ),
    ),
    # Records against each other.
    "duplicate-record": (
        _E,
        Text(
            "“{zh}”与第 {other} 行相同，内容却不同，请只保留一行",
            'The same "{en}" as line {other} with other content; keep one of them',
        ),
    ),
}
