"""The script that makes the register, run on a small folder that has every trap of the real tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.register import COLUMNS, UnitRow, read_register
from app.domain.register_checks import REASONS

ROOT = Path(__file__).parents[2]

PROVINCES = """\
code,name
11,"示例直辖市"
44,"示例广东省"
46,"示例海南省"
65,"示例新疆区"
"""

CITIES = """\
code,name,provinceCode
1101,"市辖区",11
1102,"县",11
4401,"示例广州市",44
4406,"示例佛山市",44
4419,"示例东莞市",44
4420,"示例中山市",44
4604,"示例儋州市",46
4690,"省直辖县级行政区划",46
6501,"示例乌市",65
6590,"自治区直辖县级行政区划",65
"""

AREAS = """\
code,name,cityCode,provinceCode
110101,"示例城区",1101,11
110228,"示例郊县",1102,11
440103,"示例老城区",4401,44
440118,"示例乡间区",4401,44
440171,"示例开发区",4401,44
440172,"示例高新区",4401,44
440309,"示例后设区",4401,44
440604,"示例禅城区",4406,44
440606,"示例顺德区",4406,44
441900,"示例东莞市",4419,44
442000,"示例中山市",4420,44
460400,"示例儋州市",4604,46
469021,"示例直管县",4690,46
650103,"示例沙区",6501,65
659001,"示例石市",6590,65
"""

STREETS = """\
code,name,areaCode,provinceCode,cityCode
110101001,"示例街道",110101,11,1101
110228100,"示例镇",110228,11,1102
440103001,"示例街道",440103,44,4401
440118100,"示例甲镇",440118,44,4401
440118200,"示例乙乡",440118,44,4401
440118300,"示例丙乡",440118,44,4401
440118400,"示例园区",440118,44,4401
440171100,"示例开发镇",440171,44,4401
440171400,"直属乡镇",440171,44,4401
440172400,"直属乡镇",440172,44,4401
440309001,"示例街道",440309,44,4401
440604100,"示例镇",440604,44,4406
440606100,"示例一镇",440606,44,4406
440606101,"示例二镇",440606,44,4406
441900003,"示例街道",441900,44,4419
441900101,"示例镇",441900,44,4419
442000100,"示例镇",442000,44,4420
460400100,"示例镇",460400,46,4604
469021100,"示例镇",469021,46,4690
650103100,"示例镇",650103,65,6501
650103501,"兵团示例团",650103,65,6501
659001100,"示例镇",659001,65,6590
659001500,"兵团示例二团",659001,65,6590
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("divisions")
    for name, text in zip(
        ("provinces", "cities", "areas", "streets"), (PROVINCES, CITIES, AREAS, STREETS), strict=True
    ):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.make_register", str(folder), str(output)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def output(folder, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("made") / "register.csv"

    assert run(folder, output).returncode == 0

    return output


@pytest.fixture(scope="module")
def units(output) -> dict[str, UnitRow]:
    units, findings = read_register(output.read_text(encoding="utf-8").splitlines())

    assert findings == []

    return {unit.code: unit for unit in units}


def parents(unit: UnitRow) -> tuple[str | None, str | None]:
    return unit.report_parent, unit.admin_parent


def counts(unit: UnitRow) -> tuple[int | None, int | None, int | None]:
    return unit.counties_count, unit.agri_counties_count, unit.townships_count


def test_same_folder_gives_the_same_bytes(folder, output, tmp_path):
    run(folder, tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == output.read_bytes()


def test_rows_stand_by_level_and_code(units):
    assert list(units)[:6] == ["000000", "110000", "440000", "460000", "650000", "660000"]
    assert list(units)[-1] == "659001500"


def test_every_township_of_the_tables_is_kept(units):
    assert len([code for code in units if len(code) == 9]) == STREETS.count("\n") - 1


def test_pseudo_prefectures_are_left_out(units):
    assert not {"110100", "110200", "469000", "659000"} & set(units)


def test_county_of_a_municipality_reports_to_it(units):
    assert parents(units["110101"]) == parents(units["110228"]) == ("110000", "110000")
    assert units["110101"].reports
    assert counts(units["110101"]) == (1, 0, 0)
    assert counts(units["110228"]) == (1, 1, 1)


def test_county_right_below_its_province_reports_to_it(units):
    assert parents(units["469021"]) == ("460000", "460000")
    assert units["469021"].reports


@pytest.mark.parametrize("code", ["441900", "442000", "460400"])
def test_pseudo_county_gives_its_code_and_its_towns_to_the_prefecture(units, code):
    assert units[code].level == "prefecture"
    assert units[code].reports
    assert parents(units[f"{code}10{1 if code == '441900' else 0}"]) == (code, code)
    assert counts(units[code]) == (0, 0, 1)


def test_zone_is_no_county_and_its_towns_count_in_the_prefecture(units):
    assert "440171" not in units
    assert parents(units["440171100"]) == ("440100", "440100")
    assert counts(units["440100"]) == (3, 1, 4)


def test_townships_of_two_zones_with_one_name_are_told_apart(units):
    assert units["440171400"].name == "直属乡镇（示例开发区）"
    assert units["440172400"].name == "直属乡镇（示例高新区）"
    assert units["440171100"].name == "示例开发镇"


def test_shunde_reports_to_the_province_and_foshan_counts_without_it(units):
    assert parents(units["440606"]) == ("440000", "440600")
    assert units["440606"].reports
    assert counts(units["440606"]) == (1, 1, 2)
    assert counts(units["440600"]) == (1, 1, 1)


def test_xpcc_has_its_cities_and_regiments_and_xinjiang_keeps_its_own(units):
    assert parents(units["660000"]) == ("000000", "000000")
    assert parents(units["659001"]) == ("660000", "650000")
    assert parents(units["659001500"]) == ("659001", "659001")
    assert parents(units["650103501"]) == ("660000", "650103")
    assert parents(units["650103100"]) == ("650103", "650103")
    assert units["659001"].reports


def test_only_counties_with_a_town_or_township_are_proposed_as_agricultural(units):
    marked = {code for code, unit in units.items() if unit.agri_related}

    assert marked == {"110228", "440118", "440604", "440606", "469021", "650103", "659001"}


def test_county_founded_after_2015_and_its_townships_begin_then(units):
    assert str(units["440309"].valid_from) == str(units["440309001"].valid_from) == "2016-09-14"
    assert str(units["440103"].valid_from) == "2015-01-01"


def test_defect_of_the_tables_is_printed_and_nothing_is_written(folder, tmp_path):
    for table in folder.iterdir():
        (tmp_path / table.name).write_bytes(table.read_bytes())
    with (tmp_path / "streets.csv").open("a", encoding="utf-8") as streets:
        streets.write('440118101,"示例甲镇",440118,44,4401\n')

    done = run(tmp_path, tmp_path / "register.csv")

    assert done.returncode == 1
    assert "/name" in done.stdout
    assert not (tmp_path / "register.csv").exists()


def test_manual_names_every_column_and_every_reason():
    manual = (ROOT / "docs" / "register.md").read_text(encoding="utf-8")

    assert [name for name in [*COLUMNS, *REASONS] if f"`{name}`" not in manual] == []
