"""Invented figures that pass every check, and the requests that carry them: the same for every contender."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

REGISTER = Path("app/domain/register.csv")
UNITS = 340
MONTHS = 120

CONTACT = {"name": "示例甲", "phone": "13800000000"}


@dataclass(frozen=True)
class ReportingUnit:
    """A reporting unit with what the register counts in it."""

    code: str
    parent: str
    counties: int
    townships: int


def reporting_units(number: int = UNITS) -> list[ReportingUnit]:
    """The first `number` reporting units of the shipped register that existed in 2015, prefectures first."""
    with REGISTER.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["reports"] == "1" and row["valid_from"] <= "2015-04-01" and not row["valid_to"]
        ]
    rows.sort(key=lambda row: (row["report_parent"] != "440000", row["level"] != "prefecture", row["code"]))
    return [
        ReportingUnit(
            row["code"],
            row["report_parent"],
            int(row["agri_counties_count"] or 0),
            int(row["townships_count"] or 0),
        )
        for row in rows[:number]
    ]


def months(number: int = MONTHS) -> list[str]:
    """Periods from 2015-04 on, YYYY-MM."""
    return [f"{2015 + (3 + i) // 12}-{(3 + i) % 12 + 1:02}" for i in range(number)]


def figures(unit: ReportingUnit, month: int) -> dict[str, int]:
    """The fifteen figures of a unit in the month with this number (0 is 2015-04); no check finds anything.

    Stocks stand still and flows cancel out, so that accepting a month disturbs no later one.
    """
    counties, townships = unit.counties, unit.townships
    flow = (month + int(unit.code) // 100) % 5 if townships else 0
    return {
        "prefectures_mobilized": 1,
        "counties_agri_total": counties,
        "counties_mobilized": counties,
        "county_work_committees": counties // 2,
        "townships_total": townships,
        "townships_mobilized": townships,
        "members_added": flow,
        "members_left": flow,
        "members_total": 12 * townships,
        "townships_funded_20k": townships // 3,
        "orgs_new": flow,
        "orgs_dissolved": flow,
        "orgs_rectified": flow,
        "orgs_total": 18 * townships,
        "wechat_groups": 9 * townships,
    }


def service_posts(units: Sequence[ReportingUnit], periods: Sequence[str]) -> Iterator[str]:
    """One line per new report for `POST /api/v1/reports`, month by month."""
    for (month, period), unit in product(enumerate(periods), units):
        body = {
            "period": period,
            "unit": unit.code,
            "contact": CONTACT,
            "figures": figures(unit, month),
            "supplements": {},
            "activities": [],
            "narrative": "",
            "explanations": [],
        }
        yield f"/api/v1/reports\t{_compact(body)}"


def tutorial_posts(units: Sequence[ReportingUnit], periods: Sequence[str]) -> Iterator[str]:
    """The same reports, flat, for the tutorial's endpoint."""
    for (month, period), unit in product(enumerate(periods), units):
        body = {
            "unit": unit.code,
            "period": period,
            "contact_name": CONTACT["name"],
            "contact_phone": CONTACT["phone"],
            **figures(unit, month),
        }
        yield f"/reports/\t{_compact(body)}"


def questions(template: str, parents: Sequence[str], periods: Sequence[str]) -> Iterator[str]:
    """One line per sum: every parent in every period; `template` holds {unit} and {period}."""
    for period, parent in product(periods, parents):
        yield template.format(unit=parent, period=period)


def write_lines(path: Path, lines: Iterable[str], limit: int | None = None) -> Path:
    """The lines as a file that `bench.load` reads."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in islice(lines, limit))
    return path


def _compact(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
