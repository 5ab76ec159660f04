"""The whole job as a library: a ledger file and reports in, comparisons out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.reconcile import SEVEN, reconcile, run
from app.reconcile.compare import Figures
from app.reconcile.engine import Engine
from app.reconcile.export import cell as cell_of
from app.reconcile.export import csv_lines, mismatch_lines
from tests.reconcile.sample import CITY, DISTRICT, OTHER_TOWN, TOWN, UNITS, cell, lines

CITY_FIGURES: Figures = dict(zip(SEVEN, (120, 35, 1239, 60, 15, 25, 1980), strict=True))
DISTRICT_FIGURES: Figures = dict(zip(SEVEN, (8, 0, 96, 5, 0, 2, 131), strict=True))
REPORTED = {"2015-04": {"999900": CITY_FIGURES | {"members_total": 1246}, "999806": DISTRICT_FIGURES}}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv"
    path.write_text(lines(CITY, DISTRICT, CITY.replace("2015-04", "2015-05")), encoding="utf-8")
    return path


def test_figures_by_period_and_unit_are_compared(ledger: Path, engine: Engine) -> None:
    found = reconcile(ledger, REPORTED, UNITS, engine=engine)

    assert found.ok
    assert list(found.comparisons) == ["2015-04"]
    assert [m["difference"] for m in found.comparisons["2015-04"].mismatches] == [7]


def test_a_file_of_reports_is_compared_for_the_period_that_is_named(
    ledger: Path, engine: Engine, tmp_path: Path
) -> None:
    reports = tmp_path / "reports.json"
    reports.write_text(json.dumps(REPORTED["2015-04"]), encoding="utf-8")

    found = reconcile(ledger, reports, UNITS.values(), period="2015-04", engine=engine)

    assert found.comparisons["2015-04"].summary["mismatched"] == 1


def test_expected_units_that_kept_silent_are_counted(ledger: Path, engine: Engine) -> None:
    found = reconcile(ledger, REPORTED, UNITS, expected_units=["999900", "999806", "999700"], engine=engine)

    assert found.comparisons["2015-04"].summary["not_reported"] == 7


def test_a_nation_is_compared_in_the_engine_with_the_same_answer(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(lines(TOWN, OTHER_TOWN, cell(DISTRICT, 3, "")), encoding="utf-8")
    plain = reconcile(path, REPORTED, UNITS, engine=engine)
    monkeypatch.setattr(run, "LARGE", 0)

    in_engine = reconcile(path, REPORTED, UNITS, engine=engine)

    assert in_engine.comparisons == plain.comparisons
    assert in_engine.comparisons["2015-04"].summary["missing_in_ledger"] == 1


def test_an_indicator_that_the_ledger_lacks_is_missing(
    ledger: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LARGE", 0)
    reported = {"2015-04": {"999900": {"wechat_groups": 3}}}

    found = reconcile(ledger, reported, UNITS, indicators=("wechat_groups",), engine=engine)

    assert found.comparisons["2015-04"].summary["missing_in_ledger"] == 1


def test_nothing_is_compared_with_a_ledger_that_was_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(lines(cell(CITY, 3, "1.5")), encoding="utf-8")

    found = reconcile(path, REPORTED, UNITS)

    assert not found.ok
    assert found.comparisons == {}
    assert found.as_json()["comparisons"] == []


def test_a_report_of_a_unit_that_nobody_knows_is_refused(ledger: Path, engine: Engine) -> None:
    found = reconcile(ledger, {"2015-04": {"123456": CITY_FIGURES}}, UNITS, engine=engine)

    assert [(f.code, f.value) for f in found.report_findings] == [("unknown-unit", "123456")]
    assert found.comparisons == {}


def test_a_reconciliation_is_written_with_a_comparison_for_each_period(ledger: Path, engine: Engine) -> None:
    body = reconcile(ledger, REPORTED, UNITS, engine=engine).as_json()

    assert body["comparisons"][0]["period"] == "2015-04"
    assert body["comparisons"][0]["summary"]["compared"] == 14
    assert body["ledger"]["accepted"] == 3
    assert body["report_findings"] == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@a", "'@a"),
        (-3, -3),
        (None, ""),
        ("示例市", "示例市"),
    ],
)
def test_what_a_spreadsheet_would_compute_is_escaped_and_numbers_are_not(
    value: object, written: object
) -> None:
    assert cell_of(value) == written


def test_mismatches_are_written_as_csv(ledger: Path, engine: Engine) -> None:
    reported = {"2015-04": {"999900": CITY_FIGURES | {"members_total": 1200}}}
    found = reconcile(ledger, reported, UNITS, engine=engine)

    text = "".join(mismatch_lines(found.comparisons, {"999900": "=示例市"}))

    assert text == (
        "period,unit,unit_name,indicator,reported,ledger,difference,state\r\n"
        "2015-04,999900,'=示例市,members_total,1200,1239,-39,open\r\n"
    )


def test_cells_with_commas_and_quotes_are_quoted() -> None:
    assert list(csv_lines([["a,b", 'c"d']])) == ['"a,b","c""d"\r\n']
