"""`yuebao reconcile` on rosters: the figures are derived first; exit status and findings as for summaries."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from app.cli import app, bar
from app.reconcile import SEVEN
from tests.reconcile.roster_sample import FARMER, FRUIT, SECRETARY, STREET, TEACHER, members, orgs
from tests.reconcile.sample import cell

REGISTER = """\
code,name,level,report_parent,admin_parent,reports,agri_related,township_kind,valid_from,valid_to,counties_count,agri_counties_count,townships_count
000000,全国,centre,,,0,,,2015-01-01,,,,
990000,示例省,province,000000,000000,0,,,2015-01-01,,,,
999900,示例市,prefecture,990000,990000,1,,,2015-01-01,,0,0,0
999901,示例县,county,999900,999900,0,0,,2015-01-01,,,,
999901101,示例一镇,township,999901,999901,0,,1,2015-01-01,,,,
999806,示例区,county,990000,990000,1,0,,2015-01-01,,1,0,0
999806101,示例三镇,township,999806,999806,0,,1,2015-01-01,,,,
"""
CITY = dict(zip(SEVEN, (1, 1, 1, 1, 0, 1, 2), strict=True))
DISTRICT = dict(zip(SEVEN, (1, 0, 1, 0, 0, 0, 0), strict=True))


class Desk:
    """A folder with two rosters, reports and a register."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("register.csv", REGISTER)
        self.write("members.csv", members(SECRETARY, FARMER, TEACHER))
        self.write("orgs.csv", orgs(FRUIT, STREET))
        self.write("reports.json", json.dumps({"999900": CITY, "999806": DISTRICT}))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *options: str, rosters: tuple[str, ...] = ("members", "orgs")) -> Result:
        given = [part for name in rosters for part in (f"--{name}", str(self.folder / f"{name}.csv"))]
        files = [
            "--reports",
            str(self.folder / "reports.json"),
            "--register",
            str(self.folder / "register.csv"),
        ]
        return CliRunner().invoke(app, ["reconcile", *given, *files, "--period", "2015-04", *options])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_it_exits_0_when_all_match(desk: Desk) -> None:
    result = desk.run()

    assert (result.exit_code, "14 cells compared: 14 match" in result.stdout) == (0, True), result.output


def test_it_exits_1_on_a_mismatch(desk: Desk) -> None:
    desk.write("reports.json", json.dumps({"999900": CITY | {"members_total": 8}, "999806": DISTRICT}))

    result = desk.run("--json")

    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert [(m["unit"], m["difference"]) for m in answer["mismatches"]] == [("999900", 7)]
    assert [roster["rows"] for roster in answer["rosters"]] == [3, 2]


def test_it_exits_2_on_a_bad_roster_and_writes_the_findings_down(desk: Desk) -> None:
    desk.write("members.csv", members(SECRETARY, cell(FARMER, 7, "2015-04")))

    result = desk.run("--findings", str(desk.folder / "findings.csv"))

    assert result.exit_code == 2
    assert "half-date" in result.stderr
    (row,) = csv.DictReader(io.StringIO((desk.folder / "findings.csv").read_text(encoding="utf-8-sig")))
    assert (row["line"], row["column"], row["code"], row["value"]) == (
        "3",
        "start_date",
        "half-date",
        "2015-04",
    )


def test_one_roster_decides_its_own_figures_only(desk: Desk) -> None:
    result = desk.run("--json", rosters=("orgs",))

    assert result.exit_code == 0
    assert json.loads(result.stdout)["summary"]["compared"] == 8


def test_a_summary_and_rosters_together_are_refused(desk: Desk) -> None:
    assert desk.run("--ledger", str(desk.folder / "orgs.csv")).exit_code == 2


def test_neither_summary_nor_roster_is_refused(desk: Desk) -> None:
    assert desk.run(rosters=()).exit_code == 2


def test_the_bar_shows_each_phase_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.StringIO()
    monkeypatch.setattr(bar, "Console", lambda stderr: Console(file=page, force_terminal=True, width=100))

    with bar.progress() as watch:
        watch("members reading", 0.5)
        watch("members reading", 1.0)

    assert "读取 Reading" in page.getvalue()
