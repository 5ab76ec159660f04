"""The register of the nation that comes with the product has the numbers that are known of it."""

from collections import Counter
from datetime import date

import pytest

from app.domain.register import (
    Level,
    UnitRow,
    counted_townships,
    denominators,
    report_paths,
    shipped_register,
)

APRIL_2015 = date(2015, 4, 25)


@pytest.fixture(scope="module")
def units() -> dict[str, UnitRow]:
    return {unit.code: unit for unit in shipped_register()}


def reporting_to(units: dict[str, UnitRow], parent: str) -> list[str]:
    return sorted(unit.code for unit in units.values() if unit.reports and unit.report_parent == parent)


def test_every_code_stands_once():
    codes = [unit.code for unit in shipped_register()]

    assert len(codes) == len(set(codes)) == 44_568


def test_numbers_of_each_level(units):
    assert Counter(unit.level for unit in units.values()) == {
        Level.CENTRE: 1,
        Level.PROVINCE: 31 + 1,  # and the XPCC
        Level.PREFECTURE: 333,  # 342 less 9 pseudo prefectures
        Level.COUNTY: 2_978 - 124 - 4,  # less zones and the counties that repeat their prefecture
        Level.TOWNSHIP: 41_352,
    }


def test_thirty_two_units_report_to_the_centre(units):
    assert sum(unit.report_parent == "000000" for unit in units.values()) == 32


def test_no_province_reports_for_itself_yet(units):
    assert not any(units[code].reports for code in ("000000", "110000", "440000", "660000"))


def test_townships_of_the_nation_and_of_guangdong(units):
    assert counted_townships(units.values()) == 29_575
    assert counted_townships(units.values(), "440000") == 1_128


def test_every_counted_township_is_in_the_area_of_a_reporting_unit(units):
    assert sum(unit.townships_count for unit in units.values() if unit.reports) == 29_575


def test_guangdong_has_21_prefectures_and_shunde(units):
    expected = [440100 + 100 * n for n in range(9)] + [441200 + 100 * n for n in range(7)]
    expected += [441900, 442000, 445100, 445200, 445300, 440606]

    assert reporting_to(units, "440000") == sorted(map(str, expected))
    assert len(expected) == 22


@pytest.mark.parametrize(
    ("code", "counties", "agri_counties", "townships"),
    [
        ("440100", 11, 7, 34),
        ("440300", 9, 0, 0),
        ("440400", 3, 3, 15),
        ("440600", 4, 4, 15),
        ("440606", 1, 1, 6),
        ("441400", 8, 8, 105),
        ("441900", 0, 0, 28),
        ("442000", 0, 0, 15),
        ("620200", 0, 0, 3),
    ],
)
def test_denominators_of_known_units(units, code, counties, agri_counties, townships):
    unit = units[code]

    stated = (unit.counties_count, unit.agri_counties_count, unit.townships_count)

    assert stated == (counties, agri_counties, townships)


def test_stated_counts_are_those_of_the_rows(units):
    counted = denominators(units.values())

    assert counted == {
        unit.code: (unit.counties_count, unit.agri_counties_count, unit.townships_count)
        for unit in units.values()
        if unit.reports
    }


def test_guangdong_has_122_counties_over_its_22_units_and_20_of_them_without_a_township(units):
    reporting = [units[code] for code in reporting_to(units, "440000")]

    assert sum(unit.counties_count for unit in reporting) == 122
    assert sum(unit.agri_counties_count for unit in reporting) == 122 - 20


def test_shunde_lies_in_foshan_and_reports_to_guangdong(units):
    paths = report_paths(units.values())

    assert units["440606"].admin_parent == "440600"
    assert paths["440606"] == "000000/440000/440606"
    assert paths["440600"] == "000000/440000/440600"


@pytest.mark.parametrize("code", ["441900", "442000", "460400", "620200"])
def test_prefecture_without_counties_keeps_its_code_and_its_towns(units, code):
    below = {unit.level for unit in units.values() if unit.report_parent == code}

    assert units[code].level is Level.PREFECTURE
    assert below == {Level.TOWNSHIP}
    assert "620201" not in units


@pytest.mark.parametrize(
    ("code", "districts"), [("110000", 16), ("120000", 16), ("310000", 16), ("500000", 38)]
)
def test_municipality_has_no_prefectures_and_its_districts_report_to_it(units, code, districts):
    below = [unit for unit in units.values() if unit.report_parent == code]

    assert {unit.level for unit in below} == {Level.COUNTY}
    assert len(reporting_to(units, code)) == len(below) == districts


@pytest.mark.parametrize("code", ["419001", "429004", "429005", "429006", "429021", "469001", "469030"])
def test_county_without_a_prefecture_reports_to_its_province(units, code):
    assert units[code].reports
    assert units[code].report_parent == units[code].admin_parent == code[:2] + "0000"


def test_hainan_has_fifteen_counties_that_report_for_themselves(units):
    assert len([code for code in reporting_to(units, "460000") if code.startswith("469")]) == 15


def test_no_zone_is_a_county_and_its_towns_hang_under_the_prefecture(units):
    assert not any(unit.level is Level.COUNTY and unit.code[4] == "7" for unit in units.values())
    assert units["620171101"].report_parent == "620100"
    assert units["410173108"].report_parent == units["410173108"].admin_parent == "410100"


def test_xpcc_has_its_twelve_cities_and_xinjiang_none_of_them(units):
    cities = reporting_to(units, "660000")

    assert cities == [f"6590{number:02}" for number in range(1, 13)]
    assert {units[code].admin_parent for code in cities} == {"650000"}
    assert not any(code.startswith("659") for code in reporting_to(units, "650000"))


def test_all_104_regiments_are_in_the_xpcc(units):
    paths = report_paths(units.values())
    regiments = [unit for unit in units.values() if unit.code[:2] == "65" and unit.township_kind == 5]

    assert len(regiments) == 104
    assert all(paths[unit.code].startswith("000000/660000/") for unit in regiments)
    assert units["650103501"].admin_parent == "650103"


def test_cities_of_the_xpcc_in_force_in_april_2015(units):
    in_force = [code for code in reporting_to(units, "660000") if units[code].is_in_force(APRIL_2015)]

    assert in_force == [f"65900{number}" for number in range(1, 9)]


def test_all_22_units_of_guangdong_are_in_force_in_april_2015(units):
    assert all(units[code].is_in_force(APRIL_2015) for code in reporting_to(units, "440000"))


@pytest.mark.parametrize("code", ["440309", "440310", "440311", "440309001"])
def test_districts_founded_later_and_their_townships_are_not(units, code):
    assert not units[code].is_in_force(APRIL_2015)
