"""An invented month of Guangdong: what each of its 22 reporting units filed for 2015-04, when, and what became of it.

Only the places are real. Every figure is drawn from the unit's name and code, so each run makes the same month.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from app.domain.period import FIRST, SHANGHAI
from app.domain.unit import UnitRow

PERIOD = FIRST
PROVINCE = "440000"
START = datetime(2015, 4, 27, 9, tzinfo=SHANGHAI)
"""A Monday: the cities' day has passed, the province has until the 30th."""
INSTALLED = datetime(2015, 4, 21, 9, tzinfo=SHANGHAI)
"""The day of the notice."""
REVIEWED = datetime(2015, 4, 26, 15, tzinfo=SHANGHAI)


class Outcome(StrEnum):
    """What became of a unit's report by the morning of the demo."""

    MISSING = "missing"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


_MISSING, _DRAFT, _SUBMITTED, _RETURNED, _ACCEPTED = Outcome
_PLAN: Mapping[str, tuple[Outcome, str]] = MappingProxyType(
    {
        "440100": (_MISSING, ""),
        "440200": (_ACCEPTED, "23T16:42"),
        "440300": (_ACCEPTED, "22T10:05"),
        "440400": (_ACCEPTED, "24T09:31"),
        "440500": (_RETURNED, "24T17:48"),
        "440600": (_SUBMITTED, "25T11:20"),
        "440606": (_ACCEPTED, "24T14:26"),
        "440700": (_SUBMITTED, "25T15:03"),
        "440800": (_SUBMITTED, "26T10:17"),
        "440900": (_ACCEPTED, "25T09:12"),
        "441200": (_DRAFT, "25T22:51"),
        "441300": (_ACCEPTED, "23T08:55"),
        "441400": (_SUBMITTED, "25T23:58"),
        "441500": (_MISSING, ""),
        "441600": (_ACCEPTED, "24T11:40"),
        "441700": (_SUBMITTED, "25T16:30"),
        "441800": (_ACCEPTED, "22T15:09"),
        "441900": (_SUBMITTED, "25T10:44"),
        "442000": (_ACCEPTED, "23T13:37"),
        "445100": (_SUBMITTED, "25T20:15"),
        "445200": (_MISSING, ""),
        "445300": (_SUBMITTED, "26T18:06"),
    }
)
"""Each unit's outcome, and the day and minute in China at which its report arrived."""

LEFT_TO_THE_READER = "440100"
"""The missing report that the demo's first command files."""

_STEMS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
"""As many as there are units: nobody's name."""

_NO_MEETING_OF_ITS_OWN = frozenset({"441700", "445300"})

_MISTAKES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "440606": {"members_left": 1},
        "440900": {"members_added": -6, "members_total": -6},
        "441300": {"orgs_rectified": -3},
        "441400": {"orgs_new": 17, "orgs_total": 17},
        "441800": {"orgs_dissolved": -5, "orgs_total": 5},
    }
)
"""Where a report differs from the ledger, and by how much (reported − ledger): too many and too few."""

_COUNTED_TWICE = ("440600", "440606", "members_total")
"""Foshan adds the members of Shunde, which reports for itself: the mistake that the register warns of."""

_OTHER = "other"
_EXPLAINED: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "440700": ("R22", _OTHER, "示例说明：部分合作社团组织由县级团委直接管理，不属乡镇直属团组织。"),
        "441700": ("R24", "division_change", "示例说明：本年新增一个涉农区，登记册尚未更正。"),
        "441900": ("R07", _OTHER, "示例说明：本市不设县，团工委设在市级农村合作组织联合会。"),
        "445100": ("R21", _OTHER, "示例说明：部分直属团组织按村组分建两个微信群，均由直属团组织建立。"),
    }
)
"""The one rule that each of these reports runs into, and what the unit says to it."""

REASONS = (
    {"pointer": "/figures/wechat_groups", "text": "示例退回意见：请核实是否误计村团组织和公众号。"},
    {"pointer": "/narrative", "text": "示例退回意见：请补充动员会的时间和参会范围。"},
)
"""Why the reviewer returned the one report."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One unit's month: the body it posts, what became of it, and what the ledger records.

    `body` is what the API takes, `received_at` None when nothing arrived. `ledger` holds all fifteen figures
    as an office without mistakes would report them.
    """

    unit: str
    name: str
    outcome: Outcome
    received_at: datetime | None
    body: Mapping[str, Any]
    ledger: Mapping[str, int]

    @property
    def is_reported(self) -> bool:
        """Whether the unit counts as having reported."""
        return self.outcome not in (Outcome.MISSING, Outcome.DRAFT)


def month(register: Iterable[UnitRow]) -> list[Filing]:
    """The filings of the units that report to Guangdong, by code; needs their denominators."""
    rows = sorted((row for row in register if row.code in _PLAN), key=lambda row: row.code)
    truths = {row.code: _truth(row) for row in rows}
    return [_filing(number, row, truths) for number, row in enumerate(rows, 1)]


def _filing(number: int, row: UnitRow, truths: Mapping[str, Mapping[str, int]]) -> Filing:
    outcome, arrived = _PLAN[row.code]
    return Filing(
        unit=row.code,
        name=row.name,
        outcome=outcome,
        received_at=_instant(arrived) if arrived else None,
        body=_body(number, row, _reported(row.code, truths), is_draft=outcome is Outcome.DRAFT),
        ledger=truths[row.code],
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{PERIOD}-{text}").replace(tzinfo=SHANGHAI)


def _draw(code: str, what: str, low: int, high: int) -> int:
    """A number from low to high, always the same for the same code and word."""
    drawn = int.from_bytes(hashlib.sha256(f"{code} {what}".encode()).digest()[:6])
    return low + drawn % (high - low + 1)


def _truth(row: UnitRow) -> dict[str, int]:
    """The figures of an office that counts right, in the form's order (magnitudes of the notice's time).

    9 to 21 members and about 20 direct organizations per township; shares are percentages, rounded half up.
    """
    counties, townships = row.agri_counties_count or 0, row.townships_count or 0

    def share(total: int, what: str, low: int, high: int) -> int:
        return (total * _draw(row.code, what, low, high) + 50) // 100

    members = townships * _draw(row.code, "members per ten townships", 115, 165) // 10
    orgs = townships * _draw(row.code, "organizations per ten townships", 165, 240) // 10
    return {
        "prefectures_mobilized": int(row.code not in _NO_MEETING_OF_ITS_OWN),
        "counties_agri_total": counties,
        "counties_mobilized": share(counties, "counties mobilized", 55, 100),
        "county_work_committees": share(counties, "work committees", 30, 90),
        "townships_total": townships,
        "townships_mobilized": share(townships, "townships mobilized", 40, 98),
        "members_added": share(members, "added", 4, 9),
        "members_left": share(members, "left", 2, 6),
        "members_total": members,
        "townships_funded_20k": share(townships, "funded", 25, 85),
        "orgs_new": share(orgs, "founded", 3, 7),
        "orgs_dissolved": share(orgs, "dissolved", 1, 2),
        "orgs_rectified": share(orgs, "rectified", 2, 6),
        "orgs_total": orgs,
        "wechat_groups": share(orgs, "groups", 55, 95),
    }


def _reported(code: str, truths: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The truth with the unit's mistakes, and with what it has to explain."""
    figures = dict(truths[code])
    for indicator, by in _MISTAKES.get(code, {}).items():
        figures[indicator] += by
    unit, twice, indicator = _COUNTED_TWICE
    if code == unit:
        figures[indicator] += truths[twice][indicator]
    match _EXPLAINED.get(code, ("",))[0]:
        case "R07":
            figures["county_work_committees"] = figures["counties_agri_total"] + 1
        case "R21":
            figures["wechat_groups"] = figures["orgs_total"] + 9
        case "R24":
            figures["counties_agri_total"] += 1
    return figures


def _body(number: int, row: UnitRow, figures: dict[str, int], *, is_draft: bool) -> dict[str, Any]:
    """What the unit posts; a draft leaves the last columns blank."""
    rule, category, text = _EXPLAINED.get(row.code, ("", "", ""))
    coop = figures["orgs_new"] * _draw(row.code, "cooperatives", 20, 60) // 100
    return {
        "period": str(PERIOD),
        "unit": row.code,
        "contact": {"name": f"示例{_STEMS[number - 1]}", "phone": f"1380000{number:04d}"},
        "figures": dict(list(figures.items())[:9]) if is_draft else figures,
        "supplements": {"coop_orgs_new": figures["orgs_new"] + 4 if rule == "R22" else coop},
        "activities": _activities(row.code),
        "narrative": f"示例（虚构数据）：{row.name}四月按计划推进示范创建工作。",
        "explanations": [{"rule": rule, "category": category, "text": text}] if rule else [],
        "draft": is_draft,
    }


def _activities(code: str) -> list[dict[str, Any]]:
    return [
        {"item": 1, "done": code not in _NO_MEETING_OF_ITS_OWN, "count": 1, "text": "示例：召开动员会"},
        {"item": 3, "done": True, "count": _draw(code, "visits", 1, 5), "text": "示例：班子成员现场督导"},
        {"item": 4, "done": True, "count": 1},
        {"item": 5, "done": True, "count": _draw(code, "bulletins", 1, 4)},
        {"item": 7, "done": _draw(code, "contest", 0, 2) > 0, "text": "示例：基层项目创新竞赛"},
    ]
