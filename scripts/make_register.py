"""Derives app/domain/register.csv from a folder of division tables.

`python -m scripts.make_register FOLDER` reads provinces.csv, cities.csv, areas.csv and streets.csv, with
codes of 2, 4, 6 and 9 digits and the parents in columns. The same folder always gives the same bytes: rows
stand by level, then by code.

Columns are the fields of `app.domain.unit.UnitRow`. The three counts stand at reporting units only and are
those of `app.domain.unit.denominators`: over the unit and all that reports to it, directly or not, except
other reporting units and what is below them,
  counties_count       rows of level county, the unit itself included if it is one;
  agri_counties_count  those of them with agri_related = 1;
  townships_count      townships of kind 1, 2 or 3 (镇, 乡), not streets (0) nor similar units (4, 5).
agri_related proposes 1 for a county to which at least one 镇 or 乡 reports. docs/register.md tells the traps.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from app.domain.register import (
    CENTRE,
    Level,
    UnitRow,
    in_tree_order,
    read_register,
    register_text,
    with_counts,
)

OUTPUT = Path("app/domain/register.csv")

PSEUDO_PREFECTURES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names of rows that only fill the level of prefectures; what lies below belongs to the province."""
ZONE_DIGIT = "7"
"""Fifth digit of a development zone: an office of the prefecture, not a county."""
XPCC = "660000"
XINJIANG = "650000"
XPCC_CITIES = "6590"
"""The pseudo prefecture of Xinjiang whose cities are run by the XPCC."""
REGIMENT_KIND = 5
"""Kind of township in Xinjiang that is a 团场 of the XPCC."""
SHUNDE = "440606"
GUANGDONG = "440000"

BEFORE_FIRST_PERIOD = date(2015, 1, 1)
"""Stands for "before the first period"; the tables give no dates."""
YOUNGER = {
    "440309": date(2016, 9, 14),  # 龙华区, approved
    "440310": date(2016, 9, 14),  # 坪山区, approved
    "440311": date(2018, 5, 24),  # 光明区, approved
    "659009": date(2016, 1, 7),  # 昆玉市, approved
    "659010": date(2019, 12, 6),  # 胡杨河市, proclaimed
    "659011": date(2021, 2, 4),  # 新星市, proclaimed
    "659012": date(2022, 12, 19),  # 白杨市, approved
}
"""Counties that would be looked for in 2015 in vain; their townships take the same date."""


class Division(NamedTuple):
    """One row of a table as given: its code of 2, 4, 6 or 9 digits, its name, and the code of its parent."""

    code: str
    name: str
    parent: str


def make_register(folder: Path) -> list[UnitRow]:
    """All units of the register in tree order, with `agri_related` and the counts filled in."""
    provinces = _divisions(folder / "provinces.csv")
    prefectures = _divisions(folder / "cities.csv", "provinceCode")
    areas = _divisions(folder / "areas.csv", "cityCode")
    streets = _divisions(folder / "streets.csv", "areaCode")

    # Two maps, not one: padded to six digits, 4419 and its pseudo county 441900 are the same word.
    of_prefecture = {row.code: _stands_for(row) for row in prefectures}
    city_names = {row.code: row.name for row in prefectures}
    counties = [row for row in areas if not _is_no_county(row, city_names[row.parent])]
    of_area = {row.code: of_prefecture[row.parent] for row in areas}
    of_area.update((row.code, row.code) for row in counties)

    units = [
        _unit(CENTRE, "全国", Level.CENTRE, None),
        _unit(XPCC, "新疆生产建设兵团", Level.PROVINCE, CENTRE),
        *(_unit(_padded(row.code), row.name, Level.PROVINCE, CENTRE) for row in provinces),
        *(_prefecture(row) for row in prefectures if not _is_pseudo(row)),
        *(_county(row, of_prefecture[row.parent]) for row in counties),
        *(_township(row, of_area[row.parent]) for row in _told_apart(streets, areas, of_area)),
    ]
    return in_tree_order(with_counts(_marked(units)))


def _divisions(path: Path, parent: str = "") -> list[Division]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [Division(row["code"], row["name"], row.get(parent, "")) for row in csv.DictReader(lines)]


def _padded(code: str) -> str:
    return code.ljust(6, "0")


def _is_pseudo(prefecture: Division) -> bool:
    return prefecture.name in PSEUDO_PREFECTURES


def _stands_for(prefecture: Division) -> str:
    """The register's code for a row of cities.csv: a pseudo prefecture is its province."""
    return _padded(prefecture.parent if _is_pseudo(prefecture) else prefecture.code)


def _is_no_county(area: Division, prefecture_name: str) -> bool:
    """A zone, or a pseudo county: it repeats the name of a prefecture that has no counties (东莞市)."""
    return area.code[4] == ZONE_DIGIT or area.name == prefecture_name


def _told_apart(
    streets: Collection[Division], areas: Collection[Division], of_area: Mapping[str, str]
) -> list[Division]:
    """The townships; if two zones of a prefecture name one alike, each takes its zone's name along."""
    namesakes = Counter((of_area[row.parent], row.name) for row in streets)
    area_names = {row.code: row.name for row in areas}
    return [
        row._replace(name=f"{row.name}（{area_names[row.parent]}）")
        if namesakes[of_area[row.parent], row.name] > 1
        else row
        for row in streets
    ]


def _unit(code: str, name: str, level: Level, parent: str | None) -> UnitRow:
    return UnitRow(
        code=code,
        name=name,
        level=level,
        report_parent=parent,
        admin_parent=parent,
        reports=False,
        agri_related=None,
        township_kind=None,
        valid_from=YOUNGER.get(code[:6], BEFORE_FIRST_PERIOD),
        valid_to=None,
        counties_count=None,
        agri_counties_count=None,
        townships_count=None,
    )


def _prefecture(row: Division) -> UnitRow:
    return replace(_unit(_padded(row.code), row.name, Level.PREFECTURE, _padded(row.parent)), reports=True)


def _county(row: Division, parent: str) -> UnitRow:
    """A county below its prefecture, or one that reports for itself because it has none, or is Shunde."""
    unit = _unit(row.code, row.name, Level.COUNTY, parent)
    if row.code == SHUNDE:
        return replace(unit, report_parent=GUANGDONG, reports=True)
    if row.parent == XPCC_CITIES:
        return replace(unit, report_parent=XPCC, reports=True)
    return replace(unit, reports=parent.endswith("0000"))


def _township(row: Division, parent: str) -> UnitRow:
    """A township below its county, or below what stands for it; a 团场 reports to the XPCC.

    A 团场 inside a city of the XPCC stays below that city, which reports to the XPCC itself.
    """
    kind = int(row.code[6])
    unit = replace(_unit(row.code, row.name, Level.TOWNSHIP, parent), township_kind=kind)
    is_regiment = _padded(row.code[:2]) == XINJIANG and kind == REGIMENT_KIND
    return replace(unit, report_parent=XPCC) if is_regiment and row.code[:4] != XPCC_CITIES else unit


def _marked(units: Collection[UnitRow]) -> list[UnitRow]:
    """The units with every county proposed as related to farming or not."""
    rural = {unit.report_parent for unit in units if unit.is_counted_township}
    return [
        replace(unit, agri_related=unit.code in rural) if unit.level is Level.COUNTY else unit
        for unit in units
    ]


def main() -> int:
    """Write the file; a defect is printed instead, and exits 1."""
    arguments = argparse.ArgumentParser(description="Make the register from a folder of division tables")
    arguments.add_argument("folder", type=Path, help="of the four tables")
    arguments.add_argument("output", type=Path, nargs="?", default=OUTPUT, help=f"default: {OUTPUT}")
    chosen = arguments.parse_args()

    text = register_text(make_register(chosen.folder))
    units, findings = read_register(text.splitlines())
    for finding in findings:
        print(finding.pointer, finding.message.en)
    if not findings:
        chosen.output.write_bytes(text.encode())
        print(f"{len(units)} units written to {chosen.output}")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
