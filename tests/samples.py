"""Bodies that pass every rule, for tests to bend."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.domain.period import Period
from app.domain.unit import UnitRow
from tests.seed import register

GUANGZHOU = "440100"
SHAOGUAN = "440200"
SHENZHEN = "440300"
FOSHAN = "440600"
SHUNDE = "440606"
GUANGDONG = "440000"
CHANGSHA = "430100"
HUNAN = "430000"
CENTRE = "000000"

GUANGDONG_UNITS = [
    *("440100", "440200", "440300", "440400", "440500", "440600", "440606", "440700", "440800", "440900"),
    *("441200", "441300", "441400", "441500", "441600", "441700", "441800", "441900", "442000"),
    *("445100", "445200", "445300"),
]
"""The 22 that report to the province: 21 cities and Shunde."""

CODES = (
    "prefectures_mobilized",
    "counties_agri_total",
    "counties_mobilized",
    "county_work_committees",
    "townships_total",
    "townships_mobilized",
    "members_added",
    "members_left",
    "members_total",
    "townships_funded_20k",
    "orgs_new",
    "orgs_dissolved",
    "orgs_rectified",
    "orgs_total",
    "wechat_groups",
)

REASON = "区划调整后重新核实，数据属实"


@cache
def unit(code: str) -> UnitRow:
    """A unit of the tests' register."""
    return next(row for row in register() if row.code == code)


def figures(code: str = GUANGZHOU, period: str = "2015-04") -> dict[str, int]:
    """The fifteen figures of a unit: every month balances with the one before, and no rule warns."""
    months = (Period.parse(period).year - 2015) * 12 + Period.parse(period).month - 3
    counties, townships = unit(code).agri_counties_count or 0, unit(code).townships_count or 0
    some = int(townships > 0)
    return {
        "prefectures_mobilized": 1,
        "counties_agri_total": counties,
        "counties_mobilized": counties,
        "county_work_committees": counties,
        "townships_total": townships,
        "townships_mobilized": townships,
        "members_added": 3 * some,
        "members_left": some,
        "members_total": (12 * townships + 2 * months) * some,
        "townships_funded_20k": townships // 2,
        "orgs_new": 2 * some,
        "orgs_dissolved": some,
        "orgs_rectified": some,
        "orgs_total": (18 * townships + months) * some,
        "wechat_groups": 9 * townships,
    }


def report(code: str = GUANGZHOU, period: str = "2015-04", **changes: Any) -> dict[str, Any]:
    """A whole report. `figures` replaces single cells, and one of None is left out; other members as a whole."""
    cells = {**figures(code, period), **changes.pop("figures", {})}
    body: dict[str, Any] = {
        "period": period,
        "unit": code,
        "contact": {"name": "示例甲", "phone": "13800000000"},
        "figures": {name: value for name, value in cells.items() if value is not None},
    }
    return body | changes


def explained(*rules: str, text: str = REASON) -> list[dict[str, str]]:
    """Explanations for warnings."""
    return [{"rule": rule, "category": "correction", "text": text} for rule in rules]


def at(path: str, code: str = GUANGZHOU, period: str = "2015-04") -> str:
    """The address of a report, or of something of it."""
    return f"/api/v1/reports/{period}/{code}{path}"


REPORTS = "/api/v1/reports"
RETURN = {"reasons": [{"pointer": "/figures/members_total", "text": "与上期相差较大，请核实"}]}
REOPEN = {"reason": "单位来函更正", "expires_at": "2015-05-05T00:00:00+08:00"}
