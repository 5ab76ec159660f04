"""The invented roster of committee members of Foshan and Shunde, whose figures are those of the demo's ledger.

It explains two of the mismatches: Shunde counts a member who left on the very day before the window, and Foshan the
members of Shunde, which answers for itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from app.cli.demo_month import PERIOD, Filing
from app.domain.period import window
from app.domain.register import UnitRow
from app.reconcile import LedgerUnit, ledger_units

MEMBERS_FILE = f"examples/members-{PERIOD}.csv"

_UNITS = ("440600", "440606")
_LEFT_ON_THE_DAY_BEFORE = "440606"
_STEMS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
_SOURCES = ("党政干部", "大学生村官", "教师", "农技人员", "致富带头人", "企业负责人", "民警")
_HEADER = (
    *("委员编号", "乡镇代码", "乡镇名称", "姓名", "职务", "专兼职", "来源类别"),
    *("任职日期", "退出日期", "退出原因", "更新时间"),
)
_UPDATED = "2015-04-25"

Term = tuple[date, date | None]


def members_text(filings: Sequence[Filing], register: Iterable[UnitRow]) -> str:
    """The roster as a CSV file."""
    places = ledger_units(register)
    known = {filing.unit: filing.ledger for filing in filings}
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(_HEADER)
    number = 0
    for unit in _UNITS:
        towns = _towns(unit, places)
        for place, (start, end) in enumerate(_terms(unit, known[unit])):
            number += 1
            writer.writerow(_row(number, towns[place % len(towns)], place // len(towns), start, end))
    return page.getvalue()


def _towns(unit: str, places: Mapping[str, LedgerUnit]) -> list[LedgerUnit]:
    """Towns and streets, without farms and prisons."""
    found = [place for place in places.values() if len(place.code) == 9 and place.reporting_unit == unit]
    return [place for place in found if place.name.endswith(("镇", "街道"))]


def _terms(unit: str, figures: Mapping[str, int]) -> Iterator[Term]:
    """When each member began and left: as many as the ledger says were added, left and are there."""
    start, end = window(PERIOD)
    days = (end - start).days
    added, left, total = (figures[f"members_{part}"] for part in ("added", "left", "total"))
    for i in range(total - added):
        yield date(2013, 3, 1) + timedelta(7 * (i % 96)), None
    for i in range(added):
        yield start + timedelta(1 + i * 5 % days), None
    for i in range(left):
        yield date(2012, 3, 1) + timedelta(i), start + timedelta(3 + i * 7 % (days - 3))
    if unit == _LEFT_ON_THE_DAY_BEFORE:
        yield date(2012, 9, 1), start


def _row(number: int, town: LedgerUnit, place: int, start: date, end: date | None) -> list[str]:
    return [
        f"SL{number:05}",
        town.code,
        town.name,
        f"示例{_STEMS[number % len(_STEMS)]}",
        ("书记", "副书记", "副书记")[place] if place < 3 else "委员",
        "专职" if place == 0 else "兼职",
        _SOURCES[number % len(_SOURCES)],
        start.isoformat(),
        end.isoformat() if end else "",
        "工作调动" if end else "",
        _UPDATED,
    ]
