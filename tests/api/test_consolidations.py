"""The chain: cities to the province to the centre, counties to a city, by one mechanism (domain.md 1.6, R32, R33)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.cli.context import OPERATOR
from app.domain.register import shipped_register
from app.services import units
from tests.samples import (
    CENTRE,
    CODES,
    GUANGDONG,
    GUANGDONG_UNITS,
    GUANGZHOU,
    REPORTS,
    SHUNDE,
    at,
    explained,
    figures,
    report,
)
from tests.seed import OPENED, register
from tests.service import Answer, Service

PROVINCES = [row for row in shipped_register() if row.level == "province"]
COLUMNS = "period,unit_code,members_added,members_left,members_total,orgs_new,orgs_dissolved,orgs_rectified,orgs_total"


def correct_register(service: Service, **reporting: bool) -> None:
    """Units of a level that report of their own, as `yuebao unit import` sets them."""
    rows = [
        replace(
            row,
            reports=reporting[row.level],
            counties_count=None,
            agri_counties_count=None,
            townships_count=None,
        )
        if row.level in reporting and (row.level == "province" or row.report_parent == GUANGZHOU)
        else row
        for row in register()
    ]
    changed = [row for row, old in zip(rows, register(), strict=True) if row != old]
    if "province" in reporting:
        known = {row.code for row in register()}
        changed += [replace(row, reports=True) for row in PROVINCES if row.code not in known]
    with service.app.state.database.transaction() as session:
        units.load(session, changed, by=OPERATOR, now=OPENED)


def accepted(service: Service, *codes: str) -> None:
    for code in codes:
        texts = [{"item": 3, "done": True, "count": 2, "text": f"示例：{code}督导两次"}]
        filed = service.post(
            REPORTS,
            report(code, activities=texts, supplements={"coop_orgs_new": int(code != "440300")}),
            by="everybody",
        )
        assert filed.status == 201, filed.json
        assert service.post(at("/accept", code), by="centre").status == 200


def hand_up(service: Service, code: str, **changes: Any) -> Answer:
    """File what the draft of a collecting unit says."""
    body = service.get(at("/draft", code), by="everybody").json | {"draft": False}
    body["contact"] = {"name": "示例乙", "phone": "020-12345678"}
    body["figures"] |= changes.pop("figures", {})
    return service.post(REPORTS, body | changes, by="everybody")


def test_a_province_starts_from_the_sums_of_what_it_accepted(service: Service) -> None:
    correct_register(service, province=True)
    accepted(service, GUANGZHOU, SHUNDE)
    service.post(REPORTS, report("440200"), by="shaoguan")

    draft = service.get(at("/draft", GUANGDONG), by="everybody").json

    both = (figures(GUANGZHOU), figures(SHUNDE))
    assert draft["figures"] == {code: sum(row[code] for row in both) for code in CODES}
    assert draft["supplements"] == {"coop_orgs_new": 2}
    assert draft["activities"] == [
        {
            "item": 3,
            "done": True,
            "count": 4,
            "text": "广州市：示例：440100督导两次\n顺德区：示例：440606督导两次",
        }
    ]


def test_items_ten_to_thirteen_are_written_from_effective_values(service: Service) -> None:
    correct_register(service, province=True)
    accepted(service, *GUANGDONG_UNITS)
    service.post(
        "/api/v1/ledger/imports?kind=summary",
        f"{COLUMNS}\n2015-04,{GUANGZHOU},3,1,500,2,1,1,700\n".encode(),
        by="reviewer",
        content_type="text/csv",
    )

    narrative = service.get(at("/draft", GUANGDONG), by="everybody").json["narrative"]

    members = sum(figures(code)["members_total"] for code in GUANGDONG_UNITS if code != GUANGZHOU) + 500
    assert [line.partition("：")[0] for line in narrative.split("\n")] == [
        "覆盖面",
        "团工委",
        "乡镇团委",
        "直属团组织",
    ]
    assert f"现有团委委员总数{members}名" in narrative
    assert "召开动员会的地市数量22个（100.0%（22/22））" in narrative


def test_a_total_that_is_not_the_sum_of_its_parts_is_refused_at_its_column(service: Service) -> None:
    """R32 passes with the sum and fails with one more."""
    correct_register(service, province=True)
    accepted(service, GUANGZHOU, SHUNDE)
    total = figures(GUANGZHOU)["orgs_total"] + figures(SHUNDE)["orgs_total"]

    refused = hand_up(service, GUANGDONG, figures={"orgs_total": total + 1})
    filed = hand_up(service, GUANGDONG)

    found = [f for f in refused.json["findings"] if f["rule"] == "R32"]
    assert (refused.status, filed.status) == (422, 201), filed.json
    assert [(f["pointer"], f["severity"], f["values"]) for f in found] == [
        ("/figures/orgs_total", "error", {"said": total + 1, "sum": total, "difference": 1})
    ]


def test_what_comes_after_the_report_shows_as_a_difference(service: Service) -> None:
    correct_register(service, province=True)
    accepted(service, GUANGZHOU)
    assert hand_up(service, GUANGDONG).status == 201
    accepted(service, SHUNDE)

    found = service.get(at("/consolidation", GUANGDONG), by="reviewer").json

    included = {line["unit"] for line in found["units"] if line["included"]}
    assert included == {GUANGZHOU, SHUNDE}
    assert found["rule"] == "R32"
    assert {d["indicator"] for d in found["differences"]} >= {"members_total", "orgs_total"}
    assert {(item["unit"], item["item"]) for item in found["items"]} == {(GUANGZHOU, 3), (SHUNDE, 3)}


def test_the_centre_sums_thirty_two_provinces_and_each_its_own_units(service: Service) -> None:
    """Three levels: 22 units to Guangdong, Guangdong and the other provinces to the centre."""
    correct_register(service, province=True)
    accepted(service, *GUANGDONG_UNITS)
    service.clock.set("2015-04-28T09:00:00+08:00")

    filed = hand_up(service, GUANGDONG)
    service.post(at("/accept", GUANGDONG), by="centre")
    whole = service.get(f"/api/v1/aggregates/2015-04/{CENTRE}", by="centre").json
    province = service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}", by="centre").json

    assert filed.status == 201, filed.json
    assert filed.json["timeliness"] == "on_time"
    assert filed.json["deadline"] == "2015-05-01T00:00:00+08:00"
    provinces = [unit["unit"] for unit in whole["units"]]
    assert len(provinces) == len(PROVINCES) == 32
    assert {"660000", "110000", "120000", "310000", "500000"} <= set(provinces)
    for code in CODES:
        assert whole["cells"][code]["effective_sum"] == province["cells"][code]["effective_sum"], code
    assert province["units_expected"] == 22


def test_what_the_ledger_and_evidence_say_of_a_province_is_what_they_say_of_its_units(
    service: Service,
) -> None:
    correct_register(service, province=True)
    accepted(service, GUANGZHOU, SHUNDE)
    assert hand_up(service, GUANGDONG).status == 201
    rows = "".join(f"2015-04,{code},3,1,100,2,1,1,200\n" for code in (GUANGZHOU, SHUNDE))

    service.post(
        "/api/v1/ledger/imports?kind=summary",
        f"{COLUMNS}\n{rows}".encode(),
        by="centre",
        content_type="text/csv",
    )
    run = service.post("/api/v1/reconciliations", {"period": "2015-04", "unit": CENTRE}, by="centre").json

    found = {
        m["indicator"]: (m["reported"], m["ledger"]) for m in run["mismatches"] if m["unit"] == GUANGDONG
    }
    said = figures(GUANGZHOU)["members_total"] + figures(SHUNDE)["members_total"]
    assert found["members_total"] == (said, 200)


def test_a_city_may_collect_its_counties_and_its_row_is_held_against_theirs(service: Service) -> None:
    """R33 warns where the counties do not add up to the city, and column 1 is the city's own."""
    correct_register(service, county=True)
    counties = [row.code for row in register() if row.report_parent == GUANGZHOU and row.level == "county"][
        :2
    ]
    for code in counties:
        body = report(code, figures=county_figures(), explanations=explained("R19", "R20", "R23", "R24"))
        filed = service.post(REPORTS, body, by="everybody")
        assert filed.status == 201, filed.json
        assert service.post(at("/accept", code), by="centre").status == 200

    draft = service.get(at("/draft"), by="guangzhou").json
    sums = {code: 2 * value for code, value in county_figures().items() if code != "prefectures_mobilized"}
    other = service.post(
        f"{REPORTS}?dry_run=true", report(figures={**sums, "wechat_groups": 1}), by="guangzhou"
    )
    same = service.post(
        f"{REPORTS}?dry_run=true", report(figures={**sums, "prefectures_mobilized": 1}), by="guangzhou"
    )

    assert "prefectures_mobilized" not in draft["figures"]
    assert draft["figures"] == sums
    assert "R33" not in {f["rule"] for f in same.json["findings"]}
    assert [(f["pointer"], f["severity"]) for f in other.json["findings"] if f["rule"] == "R33"] == [
        ("/figures/wechat_groups", "warning")
    ]


def county_figures() -> dict[str, int]:
    return {
        "prefectures_mobilized": 0,
        "counties_agri_total": 1,
        "counties_mobilized": 0,
        "county_work_committees": 1,
        "townships_total": 2,
        "townships_mobilized": 0,
        "members_added": 1,
        "members_left": 1,
        "members_total": 24,
        "townships_funded_20k": 1,
        "orgs_new": 1,
        "orgs_dissolved": 1,
        "orgs_rectified": 0,
        "orgs_total": 40,
        "wechat_groups": 20,
    }


def test_a_city_runs_its_own_circular_over_its_counties(service: Service) -> None:
    """各地建立相应总结、分析和通报制度: the same machinery one level down."""
    correct_register(service, county=True)

    answer = service.post("/api/v1/circulars", {"period": "2015-04", "unit": GUANGZHOU}, by="reviewer")

    assert answer.status == 201, answer.json
    assert answer.json["content"]["recipients"] == "各县（市、区）团委"
    assert "应报单位11个" in answer.json["content"]["blocks"][0]["paragraphs"][0]


def test_a_unit_that_collects_from_nobody_has_nothing_to_sum(service: Service) -> None:
    answer = service.get(at("/consolidation"), by="guangzhou")

    assert (answer.status, answer.code) == (409, "nobody-reports")


@pytest.mark.parametrize("person", ["guangzhou", "hunan"])
def test_the_parts_of_a_province_are_not_shown_to_others(service: Service, person: str) -> None:
    assert service.get(at("/consolidation", GUANGDONG), by=person).status == 404
