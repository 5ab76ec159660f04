"""A range of months over HTTP: the months' own sums, as JSON, arrays, CSV and a workbook."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.api.test_aggregates import file, reconcile, sums
from tests.samples import GUANGDONG, GUANGZHOU, SHAOGUAN, figures
from tests.service import Service

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAY_24 = "2015-05-24T09:00:00+08:00"


def trend(service: Service, query: str = "", place: str = GUANGDONG, by: str = "reviewer") -> Any:
    answer = service.get(f"/api/v1/aggregates/{place}{query}", by=by)
    assert answer.status == 200, answer.json
    return answer.json


@pytest.fixture
def months(service: Service) -> Service:
    """Two cities in April, one of them in May."""
    file(service, GUANGZHOU, SHAOGUAN)
    service.clock.set(MAY_24)
    file(service, GUANGZHOU, period="2015-05")
    return service


def test_each_month_says_what_the_month_itself_says(months: Service) -> None:
    found = trend(months, "?from=2015-04&to=2015-05")

    for item in found["items"]:
        alone = sums(months, period=item["period"])
        for code, cell in item["cells"].items():
            assert {name: alone["cells"][code][name] for name in cell if name in alone["cells"][code]} == {
                name: value for name, value in cell.items() if name in alone["cells"][code]
            }
        for code, ratio in item["ratios"].items():
            assert ratio["display"] == alone["ratios"][code]["display"]
            assert ratio["all_units_display"] == alone["ratios"][code]["all_units_display"]


def test_flows_add_up_and_stocks_are_the_last(months: Service) -> None:
    found = trend(months)

    assert (found["from"], found["to"]) == ("2015-04", "2015-05")
    assert found["range"]["members_added"]["value"] == 9
    assert found["range"]["members_total"]["value"] == figures(GUANGZHOU, "2015-05")["members_total"]
    assert found["range"]["members_total"]["incomplete"] == ["2015-05"]
    may = found["items"][1]["cells"]
    assert may["members_added"]["cumulative"] == 9


def test_a_range_that_begins_later_still_accumulates_from_the_first_month(months: Service) -> None:
    found = trend(months, "?from=2015-05&to=2015-05")

    assert [item["period"] for item in found["items"]] == ["2015-05"]
    assert found["items"][0]["cells"]["members_added"]["cumulative"] == 9
    assert found["items"][0]["cells"]["members_added"]["change"] == -3


def test_arrays_are_as_long_as_the_months(months: Service) -> None:
    found = trend(months, "?from=2015-04&to=2015-06&format=columns")

    assert found["periods"] == ["2015-04", "2015-05", "2015-06"]
    assert found["codes"]["members_added"]["effective_sum"] == [6, 3, None]
    assert found["codes"]["members_added"]["label"]["zh"] == "新增团委委员数量"
    assert len(found["ratios"]["townships_mobilized_rate"]["display"]) == 3
    assert "items" not in found


def test_the_ledger_is_held_against_the_month_before(months: Service) -> None:
    reconcile(months, f"{GUANGZHOU},,3,1,400,2,1,1,613")
    reconcile(months, f"{GUANGZHOU},,3,1,403,2,1,1,614", period="2015-05")

    may = trend(months)["items"][1]["balances"]

    members = next(b for b in may if b["stock"] == "members_total" and b["basis"] == "ledger")
    assert members["unbalanced"] == [{"unit": GUANGZHOU, "difference": 1}]


def test_it_is_a_table_too(months: Service) -> None:
    address = f"/api/v1/aggregates/{GUANGDONG}"

    text = months.get(address, by="reviewer", accept="text/csv")
    book = months.get(address, by="reviewer", accept=XLSX)

    rows = list(csv.reader(StringIO(text.body.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["期别", "2015-04", "2015-05"]
    assert rows[1][rows[0].index("乡镇团委·新增团委委员数量")] == "6"
    assert rows[2][rows[0].index("乡镇团委·新增团委委员数量（累计）")] == "9"
    sheet = load_workbook(BytesIO(book.body)).active
    assert sheet["A4"].value == "2015-05"
    assert "filename" in text.headers["content-disposition"]
    assert len({text.etag, book.etag, months.get(address, by="reviewer").etag}) == 3


def test_an_unchanged_answer_is_not_sent_again(months: Service) -> None:
    address = f"/api/v1/aggregates/{GUANGDONG}"
    first = months.get(address, by="reviewer")

    again = months.get(address, by="centre", if_none_match=first.etag)
    file(months, SHAOGUAN, period="2015-05")
    changed = months.get(address, by="reviewer", if_none_match=first.etag)

    assert (again.status, again.body) == (304, b"")
    assert changed.status == 200


def test_a_new_form_version_is_marked_where_it_begins(months: Service) -> None:
    definition = Path("examples/forms/baixian-qianxiang-2.toml").read_text(encoding="utf-8")
    body = {"definition": definition}
    assert months.post("/api/v1/forms", body, by="administrator").status == 201

    found = trend(months, "?from=2015-06&to=2015-07")

    july = found["items"][1]
    assert "townships_mobilized" in {each["code"] for each in july["breaks"]}
    assert july["cells"]["townships_mobilized"] is None
    assert found["range"]["townships_mobilized"]["value"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?from=2015-05&to=2015-04", "range-backwards"),
        ("?from=2015-04&to=2099-12", "range-too-long"),
        ("?from=2015-03", "period-invalid"),
        ("?to=2015-13", "period-invalid"),
        ("?to=9999-12", "period-invalid"),
        ("?format=rows", "unknown-value"),
        ("?until=2015-04", "unknown-parameter"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(service: Service, query: str, code: str) -> None:
    answer = service.get(f"/api/v1/aggregates/{GUANGDONG}{query}", by="reviewer")

    assert (answer.status, answer.code) == (422, code)


def test_the_worked_example_of_the_documentation_is_what_the_service_says(service: Service) -> None:
    file(service, GUANGZHOU)
    file(service, SHAOGUAN, figures={"townships_mobilized": 47})
    reconcile(service, f"{GUANGZHOU},,3,1,400,2,1,1,613")
    service.clock.set(MAY_24)
    file(service, GUANGZHOU, period="2015-05")
    page = Path("docs/aggregates.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    told = {row[0].strip("`"): row[1:3] for row in rows if len(row) == 4 and row[0].startswith("`example")}

    april, may = trend(service)["items"]

    def of(name: str, item: Any) -> str:
        part, code, member = name.removeprefix("example.").split(".")
        value = item[part][code][member]
        return "null" if value is None else str(value)

    assert len(told) >= 8
    assert told == {name: [of(name, april), of(name, may)] for name in told}


@pytest.mark.parametrize(
    "path", [f"aggregates/{GUANGZHOU}", f"rankings/2015-04/{GUANGZHOU}?ratio=wechat_groups_rate"]
)
def test_a_reporter_learns_the_ledger_only_after_the_report(service: Service, path: str) -> None:
    file(service, SHAOGUAN)
    reconcile(service, "440100,,3,1,2010,2,1,1,613")

    before = service.get(f"/api/v1/{path}", by="guangzhou")
    told = service.get(f"/api/v1/{path}", by="reviewer")

    assert before.status == told.status == 200, before.json
    assert before.json != told.json
