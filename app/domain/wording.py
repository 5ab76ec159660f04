"""How a circular says numbers in Chinese: amounts, changes against last month, and lists of names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.ratio import NO_RATIO, Ratio, format_points, points

WEEKDAYS = "一二三四五六日"
UNKNOWN = "无数据"


def month(period: Period) -> str:
    """2015年4月."""
    return f"{period.year}年{period.month}月"


def day(on: date) -> str:
    """2015年4月5日: no padded zeros (GB/T 9704)."""
    return f"{on.year}年{on.month}月{on.day}日"


def day_and_weekday(on: date) -> str:
    """2015年5月25日（星期一）."""
    return f"{day(on)}（星期{WEEKDAYS[on.weekday()]}）"


def amount(value: int | None, unit: str) -> str:
    """1239名; a sum over nothing is said to be unknown, never 0."""
    return UNKNOWN if value is None else f"{value}{unit}"


def moved(now: Ratio, before: Ratio | None) -> str:
    """The change between two ratios in percentage points beside last month's, or "" where one does not exist.

    As `points` takes it, from the unrounded ratios; one that rounds to 0.0 is none.
    """
    told = format_points(points(before, now)) if before else None
    if before is None or told is None:
        return ""
    last = f"上月（{before.display}）"
    if told == "0.0":
        return f"与{last}持平"
    return f"比{last}{'提高' if told[0] == '+' else '下降'}{told[1:]}个百分点"


def change(now: int | None, before: int | None, unit: str) -> str:
    """The change of an amount: 比上月（1236名）增加3名, or "" where one of the two is not known."""
    if now is None or before is None:
        return ""
    last = f"上月（{before}{unit}）"
    if now == before:
        return f"与{last}持平"
    return f"比{last}{'增加' if now > before else '减少'}{abs(now - before)}{unit}"


def share(ratio: Ratio) -> str:
    """72.7%（16/22）, or the dash of a ratio over nothing."""
    if ratio.display == NO_RATIO:
        return NO_RATIO
    return f"{ratio.display}（{ratio.numerator}/{ratio.denominator}）"


def names(of: Iterable[str]) -> str:
    """广州市、汕尾市, or 无."""
    return "、".join(of) or "无"


def clause(*parts: str) -> str:
    """The parts that say something, joined to one sentence."""
    return "，".join(part for part in parts if part) + "。"


def full_label(form: FormVersion, code: str) -> str:
    """A column's label with its heading: 直属团组织新建数量, where 新建数量 alone says too little."""
    indicator = form.indicator[code]
    group = next(group for group in form.groups if group.code == indicator.group)
    return f"{group.label.zh}{indicator.label.zh}"
