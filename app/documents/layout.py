"""Where everything stands in the official table, computed from the form version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from app.domain.form import FormVersion
from app.domain.form_parts import Indicator
from app.domain.normal_form import normal
from app.domain.period import Period

TABLE_SHEET = "统计表"
PAGES_SHEET = "附页"

TITLE_ROW, HEADER_ROW, GROUP_ROW, LABEL_ROW, DATA_ROW, NOTES_ROW = range(6)
"""Rows of the table, counted from 0."""

NARROWEST = 6
"""Columns that the line under the title needs: three labels, each with its field."""

CONTACT_LABELS = {"name": "联系人", "phone": "联系电话"}
UNIT_LABELS = {"province": "省（区、市）", "township": "乡（镇）"}
"""What the field of the unit is called, by level; everybody else fills 市（区）, as in annex 1."""

SUPPLEMENTS, ITEMS, NARRATIVE, EXPLANATIONS = "一、补充指标", "二、报送内容", "三、文字材料", "四、情况说明"
BLOCKS = (SUPPLEMENTS, ITEMS, NARRATIVE, EXPLANATIONS)
"""The headings of the second sheet, by which its parts are found again."""

HEADINGS = {
    SUPPLEMENTS: ("序号", "指标", "数值", "单位", "口径"),
    ITEMS: ("序号", "内容", "是否开展", "次数", "文字说明"),
    EXPLANATIONS: ("审核关系", "类别", "说明"),
}
YES, NO = "是", "否"


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring columns, first to last, under one text."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Layout:
    """The columns of a form's table. A new phase's form gets its table from its own groups and indicators."""

    form: FormVersion

    @property
    def width(self) -> int:
        """Columns of the table."""
        return max(len(self.form.indicators), NARROWEST)

    @cached_property
    def groups(self) -> tuple[Span, ...]:
        """The headings over neighbouring columns of one group, in the order of the columns."""
        label = {group.code: group.label.zh for group in self.form.groups}
        numbered = groupby(enumerate(self.form.indicators), key=lambda pair: pair[1].group)
        return tuple(_span(label[code], [column for column, _ in pairs]) for code, pairs in numbered)

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The heading over each indicator."""
        return {self.form.codes[column]: span.text for span in self.groups for column in _columns(span)}

    def header_fields(self, level: str) -> tuple[tuple[Span, Span], ...]:
        """The line under the title: label and field of the unit, the contact's name and phone."""
        texts = (UNIT_LABELS.get(level, "市（区）"), *CONTACT_LABELS.values())
        edges = [self.width * third // 3 for third in range(4)]
        return tuple(_field(text, *edges[i : i + 2]) for i, text in enumerate(texts))

    def title(self, period: Period) -> str:
        """The title with its month; the year, which the paper form leaves out, is added."""
        return f"{self.form.title.zh}（{period.year}年{period.month}月）"

    def notes(self) -> Iterator[str]:
        """The notes below the table, numbered as on paper."""
        for number, note in enumerate(self.form.notes, start=1):
            yield f"{'注：' if number == 1 else ''}{number}.{note.zh}"


def plain(text: object) -> str:
    """A text as it is compared: full-width letters and brackets as narrow ones, no white space."""
    return "".join(normal("NFKC", str(text)).split())


def heading_of(indicator: Indicator, group: str) -> str:
    """An indicator in one line, for tables with a single line of headings."""
    return f"{group}·{indicator.label.zh}"


def _span(text: str, columns: list[int]) -> Span:
    return Span(columns[0], columns[-1], text)


def _columns(span: Span) -> range:
    return range(span.first, span.last + 1)


def _field(text: str, start: int, end: int) -> tuple[Span, Span]:
    """A label and its field between two edges; the label takes two fifths."""
    middle = start + max(1, (end - start) * 2 // 5)
    return Span(start, middle - 1, f"{text}："), Span(middle, end - 1, "")
