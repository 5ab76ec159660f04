"""`yuebao reconcile` on files of real units: what it prints, and the exit status."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from app.reconcile import SEVEN

HEADER = "period,unit_code,unit_name," + ",".join(SEVEN) + ",as_of\n"
GUANGZHOU = "2015-04,440100,广州市,120,35,1239,60,15,25,1980,2015-04-25\n"
SHUNDE = "2015-04,440606,顺德区,8,0,96,5,0,2,131,2015-04-25\n"
FIGURES = {
    "440100": dict(zip(SEVEN, (120, 35, 1239, 60, 15, 25, 1980), strict=True)),
    "440606": dict(zip(SEVEN, (8, 0, 96, 5, 0, 2, 131), strict=True)),
}
REGISTER = """\
code,name,level,report_parent,admin_parent,reports,agri_related,township_kind,valid_from,valid_to,counties_count,agri_counties_count,townships_count
000000,全国,centre,,,0,,,2015-01-01,,,,
440000,广东省,province,000000,000000,0,,,2015-01-01,,,,
440100,广州市,prefecture,440000,440000,1,,,2015-01-01,,0,0,0
440200,韶关市,prefecture,440000,440000,1,,,2015-01-01,,0,0,0
440600,佛山市,prefecture,440000,440000,1,,,2015-01-01,,0,0,0
440606,顺德区,county,440000,440600,1,0,,2015-01-01,,1,0,0
"""
"""A small one: the shipped register takes half a second to read, in every test."""


class Desk:
    """A folder with a ledger, reports and a register, and the command at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.register = self.write("register.csv", REGISTER)
        self.write("ledger.csv", HEADER + GUANGZHOU + SHUNDE)
        self.report()

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def report(self, **changes: dict[str, object]) -> None:
        reports = {unit: figures | changes.get(f"u{unit}", {}) for unit, figures in FIGURES.items()}
        self.write("reports.json", json.dumps(reports))

    def run(self, *options: str, period: str = "2015-04") -> Result:
        return self.run_with_shipped_register("--register", self.register, *options, period=period)

    def run_with_shipped_register(self, *options: str, period: str = "2015-04") -> Result:
        files = ["--ledger", str(self.folder / "ledger.csv"), "--reports", str(self.folder / "reports.json")]
        return CliRunner().invoke(app, ["reconcile", *files, "--period", period, *options])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_it_exits_0_when_all_match(desk: Desk) -> None:
    result = desk.run()

    assert result.exit_code == 0
    assert "一致 14" in result.stdout
    assert "14 cells compared" in result.stdout
    assert result.stderr == ""


def test_it_exits_1_and_prints_a_table_of_mismatches(desk: Desk) -> None:
    desk.report(u440100={"members_total": 1246})

    result = desk.run()

    assert result.exit_code == 1
    row = next(line for line in result.stdout.splitlines() if "440100" in line)
    for text in ("广州市", "现有团委委员总数", "1,246", "1,239", "+7"):
        assert text in row


def test_json_has_summary_mismatches_and_findings(desk: Desk) -> None:
    desk.report(u440100={"members_total": 1246}, u440606={"orgs_total": None})

    result = desk.run("--json")

    body = json.loads(result.stdout)
    assert result.exit_code == 1
    assert body["summary"] == {
        "compared": 13,
        "matched": 12,
        "mismatched": 1,
        "missing_in_ledger": 0,
        "not_reported": 1,
    }
    assert body["mismatches"][0]["difference"] == 7
    assert body["ledger"]["accepted"] == 2
    assert body["ok"] is True


def test_csv_has_a_line_for_each_mismatch(desk: Desk) -> None:
    desk.report(u440100={"members_total": 1230})

    result = desk.run("--csv")

    assert result.exit_code == 1
    assert list(csv.DictReader(io.StringIO(result.stdout))) == [
        {
            "period": "2015-04",
            "unit": "440100",
            "unit_name": "广州市",
            "indicator": "members_total",
            "reported": "1230",
            "ledger": "1239",
            "difference": "-9",
            "state": "open",
        }
    ]


def test_bad_input_exits_2_with_all_findings_and_their_lines(desk: Desk) -> None:
    desk.write("ledger.csv", HEADER + GUANGZHOU.replace("120", "1.5") + SHUNDE.replace("440606", "123456"))

    result = desk.run()

    assert result.exit_code == 2
    for text in ("not-integer", "1.5", "unknown-unit", "123456", "须为非负整数", "nothing was compared"):
        assert text in result.stderr
    assert result.stdout == ""


def test_bad_input_as_json_has_the_findings_and_no_summary(desk: Desk) -> None:
    desk.write("ledger.csv", HEADER + GUANGZHOU.replace("120", "1.5"))

    result = desk.run("--json")

    body = json.loads(result.stdout)
    assert result.exit_code == 2
    assert body["summary"] is None
    assert body["ok"] is False
    assert [(f["code"], f["line"]) for f in body["ledger"]["findings"]] == [("not-integer", 2)]


def test_bad_reports_exit_2(desk: Desk) -> None:
    desk.report(u440100={"members_total": 1.5})

    result = desk.run()

    assert result.exit_code == 2
    assert "/440100/figures/members_total" in result.stderr


def test_square_brackets_in_a_value_are_printed_and_not_obeyed(desk: Desk) -> None:
    desk.write("ledger.csv", HEADER + GUANGZHOU.replace("120", "[/red]"))

    result = desk.run()

    assert result.exit_code == 2
    assert "[/red]" in result.stderr


def test_nothing_to_compare_is_bad_input(desk: Desk) -> None:
    result = desk.run(period="2015-05")

    assert result.exit_code == 2
    assert "本期没有可比对的单元格" in result.stdout


@pytest.mark.parametrize("period", ["2015-13", "2015-03", "april"])
def test_a_period_that_is_none_is_refused(desk: Desk, period: str) -> None:
    assert desk.run(period=period).exit_code == 2


def test_a_file_that_does_not_exist_is_refused(desk: Desk) -> None:
    assert desk.run("--register", str(desk.folder / "absent.csv")).exit_code == 2


def test_missing_and_silent_units_are_named(desk: Desk) -> None:
    desk.write("ledger.csv", HEADER + SHUNDE + GUANGZHOU.replace("440100,广州市", "440200,韶关市"))

    result = desk.run()

    assert result.exit_code == 0
    assert "台账缺失 Missing in ledger: 440100广州市(7)" in result.stdout
    assert "未报 Not reported: 440200韶关市(7)" in result.stdout


def test_townships_of_the_shipped_register_add_up_to_their_city(desk: Desk) -> None:
    figures = "1,0,10,1,0,0,20"
    desk.write("ledger.csv", HEADER + f"2015-04,440111103,,{figures},\n2015-04,440606101000,,{figures},\n")

    body = json.loads(desk.run_with_shipped_register("--json").stdout)

    assert body["ledger"]["units"] == ["440100", "440606"]


def test_a_unit_that_only_the_reports_know_reports_for_itself(desk: Desk) -> None:
    desk.write("reports.json", json.dumps({"999900": FIGURES["440100"]}))
    desk.write("ledger.csv", HEADER + GUANGZHOU.replace("440100,广州市", "999900,"))

    assert desk.run().exit_code == 0


def test_a_name_that_does_not_fit_its_code_in_the_register_is_warned_of(desk: Desk) -> None:
    desk.write("ledger.csv", HEADER + GUANGZHOU.replace("广州市", "韶关市") + SHUNDE)

    result = desk.run()

    assert result.exit_code == 0
    assert "name-differs" in result.stderr


def test_a_damaged_register_is_refused_with_its_findings(desk: Desk) -> None:
    desk.write("register.csv", REGISTER.replace("prefecture", "city"))

    result = desk.run()

    assert result.exit_code == 2
    assert "bad-level" in result.stderr


def test_the_ledgers_encoding_can_be_named(desk: Desk) -> None:
    (desk.folder / "ledger.csv").write_bytes((HEADER + GUANGZHOU + SHUNDE).encode("gb18030"))

    assert desk.run("--encoding", "gb18030").exit_code == 0
    assert desk.run("--encoding", "utf-8").exit_code == 2
