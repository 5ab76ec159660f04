"""What can be wrong with a register: each defect has a reason, a line and a column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from app.domain.normal_form import normal
from app.domain.unit import DEPTH, Level, UnitRow, denominators
from app.errors import Finding, Severity, Text

REASONS: dict[str, Text] = {
    "unreadable": Text(
        "文件从此行起无法按 CSV 读取，请检查引号和换行",
        "Not CSV from this line on: check quotes and line ends",
    ),
    "wrong-header": Text(
        "表头与规定的列不一致，请使用导出的表头", "The header is not the register's: use the exported one"
    ),
    "wrong-columns": Text("本行列数与表头不一致", "This line has more or fewer fields than the header"),
    "bad-code": Text(
        "区划代码须为6位或9位半角数字，请检查是否被表格软件改动",
        "A code is 6 or 9 ASCII digits; check whether a spreadsheet changed it",
    ),
    "bad-name": Text(
        "名称须为1至80个字，首尾无空格，不得以 = + - @ 或引号开头",
        "A name has 1 to 80 characters, no space around it, and does not start with = + - @ or a quote",
    ),
    "invisible-character": Text(
        "名称含控制字符、零宽字符或方向控制符，请重新输入",
        "The name has control, zero-width or direction characters: type it again",
    ),
    "bad-level": Text(
        "级别须为 centre、province、prefecture、county 或 township",
        "The level is centre, province, prefecture, county or township",
    ),
    "bad-flag": Text("此列只能填0或1", "This column takes 0 or 1"),
    "bad-kind": Text("乡级类型须为0至5的一位数字", "The kind of township is one digit, 0 to 5"),
    "bad-date": Text("日期须写成2015-04-30的形式", "A date is written 2015-04-30"),
    "bad-count": Text("数量须为不超过6位的非负整数，或留空", "A count is at most 6 digits, or blank"),
    "duplicate-code": Text("区划代码与第{other}行重复", "The code repeats that of line {other}"),
    "code-not-of-level": Text("代码的形式与级别不符", "A code of this form does not belong to this level"),
    "missing-parent": Text("除全国外，每个单位都须填写上级", "Every unit but the centre names its parent"),
    "unexpected-parent": Text("全国没有上级，请留空", "The centre has no parent: leave it blank"),
    "unknown-parent": Text("上级代码不在登记册中", "The register has no unit of this code"),
    "level-above-parent": Text("级别须低于上级单位", "A unit stands lower than its parent"),
    "cycle": Text("上级关系成环", "Following the parents comes back to this unit"),
    "kind-not-of-level": Text(
        "乡级单位须填类型，其他级别留空", "A township has a kind; every other level leaves it blank"
    ),
    "agri-not-of-level": Text(
        "县级单位须填是否涉农，其他级别留空", "A county is marked 0 or 1; every other level leaves it blank"
    ),
    "centre-reports": Text("全国不填报，请填0", "The centre reports to nobody: enter 0"),
    "dates-reversed": Text("失效日期须晚于生效日期", "The last date lies after the first"),
    "same-name": Text(
        "与同一上级下的另一单位同名（全角、半角视为相同）",
        "Another unit under the same parent has this name (full width and half width are the same)",
    ),
    "count-differs": Text(
        "与登记册实际统计的{counted}不同，如属实可保留",
        "The register itself counts {counted}; keep it if it is right",
    ),
}


class Defect(NamedTuple):
    """One reason at one place; `values` fill the reason's text."""

    line: int
    column: str
    reason: str
    values: Mapping[str, int] = {}

    def as_finding(self) -> Finding:
        """The defect as every other finding; the pointer names the line, counted from 1, and the column."""
        text = REASONS[self.reason]
        return Finding(
            rule=self.reason,
            code=self.reason,
            severity=Severity.WARNING if self.reason == "count-differs" else Severity.ERROR,
            pointer=f"/lines/{self.line}/{self.column}" if self.column else f"/lines/{self.line}",
            message=Text(text.zh.format(**self.values), text.en.format(**self.values)),
            values=dict(self.values),
        )


_SHAPES = {
    Level.CENTRE: re.compile(r"000000"),
    Level.PROVINCE: re.compile(r"(?!00)[0-9]{2}0000"),
    Level.PREFECTURE: re.compile(r"(?!00)[0-9]{2}(?!00)[0-9]{2}00"),
    Level.COUNTY: re.compile(r"(?!00)[0-9]{4}(?!00)[0-9]{2}"),
    Level.TOWNSHIP: re.compile(r"(?!00)[0-9]{9}"),
}

ROW_RULES: tuple[tuple[str, str, Callable[[UnitRow], bool]], ...] = (
    ("level", "code-not-of-level", lambda u: not _SHAPES[u.level].fullmatch(u.code)),
    ("report_parent", "missing-parent", lambda u: u.report_parent is None and u.level != Level.CENTRE),
    ("admin_parent", "missing-parent", lambda u: u.admin_parent is None and u.level != Level.CENTRE),
    ("report_parent", "unexpected-parent", lambda u: u.report_parent is not None and u.level == Level.CENTRE),
    ("admin_parent", "unexpected-parent", lambda u: u.admin_parent is not None and u.level == Level.CENTRE),
    ("reports", "centre-reports", lambda u: u.reports and u.level == Level.CENTRE),
    ("agri_related", "agri-not-of-level", lambda u: (u.agri_related is None) == (u.level == Level.COUNTY)),
    (
        "township_kind",
        "kind-not-of-level",
        lambda u: (u.township_kind is None) == (u.level == Level.TOWNSHIP),
    ),
    ("valid_to", "dates-reversed", lambda u: u.valid_to is not None and u.valid_to <= u.valid_from),
)
"""Column, reason, and when a row by itself is wrong."""


class Tree(NamedTuple):
    """A file laid over the units that are already known.

    `units` are both, the file's row where both have one; `lines` tells where each readable code of the file
    stands. Known units are trusted: a defect between two of them is not looked for.
    """

    units: Mapping[str, UnitRow]
    lines: Mapping[str, int]


def row_defects(tree: Tree) -> Iterator[Defect]:
    """What is wrong with rows of the file by themselves, whatever the others say."""
    units = [unit for code, unit in tree.units.items() if code in tree.lines]
    for column, reason, is_wrong in ROW_RULES:
        yield from (Defect(tree.lines[unit.code], column, reason) for unit in units if is_wrong(unit))


def tree_defects(tree: Tree) -> list[Defect]:
    """What is wrong between the rows: parents, levels, cycles, and names that cannot be told apart."""
    return [
        *_parent_defects(tree, "report_parent"),
        *_parent_defects(tree, "admin_parent"),
        *_twin_defects(tree),
    ]


def _parent_defects(tree: Tree, column: str) -> list[Defect]:
    defects = list(_defects_of_steps(tree, column))
    if any(defect.reason == "level-above-parent" for defect in defects):
        # A cycle climbs somewhere, so it need not be looked for while every step goes down.
        above = {unit.code: getattr(unit, column) for unit in tree.units.values()}
        defects += [
            Defect(tree.lines[code], column, "cycle") for code in _on_cycles(above) if code in tree.lines
        ]
    return defects


def _defects_of_steps(tree: Tree, column: str) -> Iterator[Defect]:
    units, lines = tree
    parent_of = attrgetter(column)
    for unit in units.values():
        code = parent_of(unit)
        if code is None:
            continue
        parent = units.get(code)
        if parent is None:
            # A parent whose own row is unreadable has its own finding; its children need none.
            if unit.code in lines and code not in lines:
                yield Defect(lines[unit.code], column, "unknown-parent")
        elif DEPTH[parent.level] >= DEPTH[unit.level]:
            if unit.code in lines:
                yield Defect(lines[unit.code], column, "level-above-parent")
            elif code in lines:
                yield Defect(lines[code], "level", "level-above-parent")


def _on_cycles(above: Mapping[str, str | None]) -> list[str]:
    """The codes from which following `above` comes back to the start."""
    settled: set[str] = set()
    looping: list[str] = []
    for start in above:
        way: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in settled and code not in way:
            way[code] = None
            code = above.get(code)
        if code is not None and code in way:
            steps = list(way)
            looping += steps[steps.index(code) :]
        settled.update(way)
    return looping


_PLAIN = re.compile("[\u4e00-\u9fff]+")
_LOOKALIKES = str.maketrans(
    "авеѕіјкмнорстухԁ" + "αβεζηικμνορτυχ",  # Cyrillic and Greek letters, folded
    "abesijkmhopctyxd" + "abezhikmnoptyx",
)
"""Letters that look like a Latin one, small or capital. Han characters are never made equal: 未 is not 末."""


def folded(name: str) -> str:
    """The name as an eye takes it: compatibility forms, case, spaces and letters that look alike made equal."""
    if _PLAIN.fullmatch(name):
        return name  # nothing to fold, and four names in five are such
    return "".join(normal("NFKC", name).casefold().translate(_LOOKALIKES).split())


def _twin_defects(tree: Tree) -> Iterator[Defect]:
    places = {code: (unit.report_parent, folded(unit.name)) for code, unit in tree.units.items()}
    shared = {place for place, number in Counter(places.values()).items() if number > 1}
    namesakes: dict[tuple[str | None, str], list[UnitRow]] = {place: [] for place in shared}
    for code, place in places.items():
        if place in shared:
            unit, same = tree.units[code], namesakes[place]
            if code in tree.lines and any(_overlap(unit, other) for other in same):
                yield Defect(tree.lines[code], "name", "same-name")
            same.append(unit)


def _overlap(one: UnitRow, other: UnitRow) -> bool:
    return one.valid_from < (other.valid_to or date.max) and other.valid_from < (one.valid_to or date.max)


_COUNTS = ("counties_count", "agri_counties_count", "townships_count")


def count_defects(tree: Tree) -> Iterator[Defect]:
    """Where a stated count is not the register's own; to be asked only when nothing else is wrong."""
    for code, counted in denominators(tree.units.values()).items():
        if code in tree.lines:
            for column, number in zip(_COUNTS, counted, strict=True):
                stated = getattr(tree.units[code], column)
                if stated is not None and stated != number:
                    yield Defect(tree.lines[code], column, "count-differs", {"counted": number})


def findings_in_order(defects: Iterable[Defect], columns: Collection[str]) -> list[Finding]:
    """Findings from the top of the file to its end, and from left to right."""
    place = {column: index for index, column in enumerate(columns)}
    ordered = sorted(defects, key=lambda d: (d.line, place.get(d.column, -1), d.reason))
    return [defect.as_finding() for defect in ordered]
