"""Reports from JSON and CSV, and everything wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.reconcile import SEVEN, Reports, read_reports
from app.reconcile.compare import Figures

FIGURES = dict(zip(SEVEN, (120, 35, 1239, 60, 15, 25, 1980), strict=True))


def body(**changes: Any) -> dict[str, Any]:
    return {"period": "2015-04", "unit": "999900", "figures": FIGURES | {"townships_total": 30}} | changes


def read(folder: Path, text: str | bytes, period: str | None = None) -> Reports:
    path = folder / "reports"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_reports(path, period=period)


def found(reports: Reports) -> list[tuple[str, int | None, str | None]]:
    return [(f.code, f.line, f.column) for f in reports.findings]


@pytest.mark.parametrize(
    "document",
    [
        [body()],
        body(),
        {"999900": FIGURES},
        [body(unit="999900", period="2015-04"), body(unit="999806", draft=True)],
    ],
    ids=["bodies", "one body", "figures by unit", "a draft is no report"],
)
def test_json_comes_as_bodies_or_as_figures_by_unit(tmp_path: Path, document: object) -> None:
    reports = read(tmp_path, json.dumps(document), "2015-04")

    assert reports == Reports({"2015-04": {"999900": FIGURES}})
    assert reports.ok


def test_a_byte_order_mark_before_json_is_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + json.dumps([body()]).encode()).ok


def test_an_absent_or_null_figure_is_blank(tmp_path: Path) -> None:
    reports = read(tmp_path, json.dumps([body(figures={"members_added": None, "orgs_total": 0})]))

    assert reports.figures["2015-04"]["999900"] == dict.fromkeys(SEVEN) | {"orgs_total": 0}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([body(period="2015-13")], ("bad-period", None, "/0/period")),
        ([body(period=None)], ("no-period", None, "/0")),
        ([body(period=201504)], ("bad-period", None, "/0/period")),
        ([body(unit="99900")], ("lost-zeros", None, "/0/unit")),
        ([body(unit=999900)], ("bad-code", None, "/0/unit")),
        ([body(), body()], ("duplicate-report", None, "/1")),
        ([body(figures=[1])], ("bad-shape", None, "/0")),
        ([7], ("bad-shape", None, "/0")),
        ([], ("bad-shape", None, None)),
        ({"示例人名": FIGURES}, ("bad-code", None, "//unit")),
        *(
            ([body(figures={"orgs_new": value})], ("not-integer", None, "/0/figures/orgs_new"))
            for value in (1.5, 1.0, "12", True, -1, [1], {})
        ),
        ([body(figures={"orgs_new": 10_000_000})], ("out-of-range", None, "/0/figures/orgs_new")),
    ],
)
def test_wrong_json_is_found_at_its_pointer(
    tmp_path: Path, document: object, problem: tuple[str, int | None, str | None]
) -> None:
    reports = read(tmp_path, json.dumps(document))

    assert problem in found(reports)
    assert not reports.ok
    assert reports.figures == {}


@pytest.mark.parametrize(
    "text",
    [
        "[",
        '[{"unit": 1, "unit": 2}]',
        "[NaN]",
        "[Infinity]",
        "[" * 100_000,
        b"[\xff]",
        "[1" + "0" * 9000 + "]",
    ],
    ids=["cut off", "twice a member", "NaN", "infinity", "deep", "no UTF-8", "huge number"],
)
def test_what_is_no_json_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert found(read(tmp_path, text)) == [("bad-json", None, None)]


CSV = "unit_code,unit_name,contact," + ",".join(SEVEN) + "\n"
ROW = "999900,示例市,示例甲,120,35,1239,60,15,25,1980\n"


@pytest.mark.parametrize(
    "text",
    [
        CSV + ROW,
        (CSV + ROW).replace(",", "\t"),
        (CSV + ROW).encode("gb18030"),
        "period," + CSV + "2015-04," + ROW,
        "period," + CSV + "," + ROW,
        CSV + "\n" + ROW + ",合计,,120,35,1239,60,15,25,1980\n,,,,,,,,,\n",
        (CSV + ROW).replace("\n", "\r\n"),
    ],
    ids=["comma", "tab", "gb18030", "period", "blank period", "total and blanks", "crlf"],
)
def test_csv_has_a_unit_and_figures_and_any_other_column(tmp_path: Path, text: str | bytes) -> None:
    reports = read(tmp_path, text, "2015-04")

    assert found(reports) == []
    assert reports.figures == {"2015-04": {"999900": FIGURES}}


def test_a_column_that_a_csv_does_not_have_is_blank(tmp_path: Path) -> None:
    reports = read(tmp_path, "单位代码,现有团委委员总数\n999900,12\n", "2015-04")

    expected: Figures = dict.fromkeys(SEVEN) | {"members_total": 12}
    assert reports.figures["2015-04"]["999900"] == expected


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (CSV + ROW.replace("120", "1.5"), [("not-integer", 2, "members_added")]),
        (CSV + ROW + ROW, [("duplicate-report", 3, "unit_code")]),
        (CSV + "999900\n", [("ragged", 2, None)]),
        (CSV + ROW.replace("示例市", '"示例市'), [("broken-quotes", 2, None)]),
        (CSV + '"a"\t999900,,,,,,,,,\n', [("ragged", 2, None)]),
        ("unit_code,a\n1,2\n", [("missing-column", 1, "members_added")]),
        ("a,b\n", [("missing-column", 1, "unit_code")]),
        ("", [("empty-file", None, None)]),
    ],
    ids=["figure", "twice", "ragged", "unclosed", "quotes", "no figures", "no unit", "empty"],
)
def test_wrong_csv_is_found_at_its_line(
    tmp_path: Path, text: str, problems: list[tuple[str, int | None, str | None]]
) -> None:
    assert found(read(tmp_path, text, "2015-04")) == problems


def test_csv_without_any_period_is_refused(tmp_path: Path) -> None:
    assert found(read(tmp_path, CSV + ROW)) == [("no-period", 2, "period")]
