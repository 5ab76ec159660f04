"""The board over HTTP: where every unit stands, and what has to happen next."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.api.test_aggregates import file, reconcile
from tests.api.test_series import XLSX
from tests.samples import (
    FOSHAN,
    GUANGDONG,
    GUANGZHOU,
    REPORTS,
    RETURN,
    SHAOGUAN,
    SHENZHEN,
    SHUNDE,
    at,
    report,
)
from tests.service import Service

ADDRESS = f"/api/v1/board/2015-04/{GUANGDONG}"


@pytest.fixture
def month(service: Service) -> Service:
    """One of each: accepted, submitted, returned, a draft, and eighteen that did not report by the 28th."""
    file(service, GUANGZHOU, SHAOGUAN, SHUNDE)
    service.post(at("/accept"), by="reviewer")
    service.post(at("/return", SHUNDE), RETURN, by="reviewer")
    assert service.post(REPORTS, report(FOSHAN, draft=True), by="foshan").status == 201
    service.clock.set("2015-04-28T09:00:00+08:00")
    return service


def lines(service: Service, by: str = "reviewer", address: str = ADDRESS) -> dict[str, Any]:
    answer = service.get(address, by=by)
    assert answer.status == 200, answer.json
    return {line["unit"]: line for line in answer.json["items"]}


def test_every_unit_has_a_state_an_age_and_a_next_action(month: Service) -> None:
    found = lines(month)

    assert {code: (found[code]["state"], found[code]["next_action"]["code"]) for code in found} == {
        **dict.fromkeys(found, ("absent", "urge")),
        GUANGZHOU: ("accepted", "prove"),
        SHAOGUAN: ("submitted", "review"),
        SHUNDE: ("returned", "correct"),
    }
    assert found[SHENZHEN]["age_days"] == 2, "since the 25th at 24:00"
    assert found[SHAOGUAN]["age_days"] == 4
    assert found[SHUNDE]["blockers"][0]["code"] == "returned"


def test_a_draft_shows_to_nobody_but_its_unit(month: Service) -> None:
    assert lines(month)[FOSHAN]["state"] == "absent"
    own = lines(month, "foshan", ADDRESS.replace(GUANGDONG, FOSHAN))
    assert (own[FOSHAN]["state"], own[FOSHAN]["next_action"]["code"]) == ("draft", "submit")


def test_open_mismatches_come_from_the_last_reconciliation(month: Service) -> None:
    assert lines(month)[GUANGZHOU]["open_mismatches"] is None
    reconcile(month, f"{GUANGZHOU},,3,1,400,2,1,1,613")
    body = {"period": "2015-04", "unit": GUANGDONG}
    assert month.post("/api/v1/reconciliations", body, by="scoped").status == 201

    found = lines(month)

    assert found[GUANGZHOU]["open_mismatches"] == 1
    assert found[GUANGZHOU]["next_action"]["zh"] == "核实台账差异"
    assert found[SHAOGUAN]["unrecorded"] == 7
    assert found[SHENZHEN]["open_mismatches"] is None


def test_omissions_are_counted_back_over_months(month: Service) -> None:
    month.clock.set("2015-06-28T09:00:00+08:00")
    file(month, GUANGZHOU, period="2015-06")

    found = lines(month, address=ADDRESS.replace("2015-04", "2015-06"))

    assert found[GUANGZHOU]["omitted_before"] is None
    assert found[SHAOGUAN]["omitted_before"] == 1
    assert found[SHENZHEN]["omitted_before"] == 2
    assert found[FOSHAN]["omitted_before"] == 2, "a draft is no report"
    told = month.get(f"/api/v1/completeness/2015-06/{GUANGDONG}", by="reviewer").json["omissions"]
    assert {each["unit"]: each["last_reported"] for each in told}[SHAOGUAN] == "2015-04"


def test_it_is_a_table_too(month: Service) -> None:
    text = month.get(ADDRESS, by="reviewer", accept="text/csv")
    book = month.get(ADDRESS, by="reviewer", accept=XLSX)

    rows = list(csv.reader(StringIO(text.body.decode("utf-8-sig"))))
    assert rows[1][:3] == [GUANGZHOU, "广州市", "已审"]
    assert len(rows) == 23
    assert load_workbook(BytesIO(book.body)).active["A1"].value == "广东省2015年4月报送进度"
    assert "示例" not in text.body.decode()


def test_its_tag_changes_with_the_day_and_with_a_report(month: Service) -> None:
    first = month.get(ADDRESS, by="reviewer").etag

    assert month.get(ADDRESS, by="reviewer", if_none_match=first).status == 304
    month.clock.set("2015-04-29T09:00:00+08:00")
    assert month.get(ADDRESS, by="reviewer", if_none_match=first).status == 200
