"""The close of a period over HTTP: what becomes final, what is refused afterwards, how it is restated."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.domain.files import PNG
from tests.samples import (
    GUANGDONG,
    GUANGDONG_UNITS,
    GUANGZHOU,
    REPORTS,
    RETURN,
    SHAOGUAN,
    at,
    figures,
    report,
)
from tests.service import Answer, Asked, Service

APRIL = f"/api/v1/periods/2015-04/{GUANGDONG}"
SUMS = f"/api/v1/aggregates/2015-04/{GUANGDONG}"
REASON = {"reason": "各市已报，按期关闭"}
AFTER = "2015-04-30T18:00:00+08:00"
WIDE = {"reason": "单位来函更正", "expires_at": "2015-05-03T00:00:00+08:00"}
NARROW = WIDE | {"pointers": ["/figures/wechat_groups"]}


def close(service: Service, *codes: str, accept: bool = True) -> Answer:
    """Guangdong's April with these reports, accepted and closed on the 30th."""
    for code in codes:
        assert service.post(REPORTS, report(code), by="everybody").status == 201
        if accept:
            assert service.post(at("/accept", code), by="reviewer").status == 200
    service.clock.set(AFTER)
    answer = service.post(f"{APRIL}/close", {}, by="reviewer")
    return answer


def ledger(service: Service, members_total: int) -> None:
    text = (
        "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
        f"orgs_rectified,orgs_total,as_of\n2015-04,440100,,3,1,{members_total},2,1,1,613,2015-04-25\n"
    )
    answer = service.post("/api/v1/ledger/imports", text.encode(), by="reviewer", content_type="text/csv")
    assert answer.status == 201, answer.json


def correct(service: Service, **cells: int) -> Answer:
    version = service.get(at("")).json["version"]
    return service.put(at(""), report(figures=cells), if_match=f'"{version}"')


def row(service: Service, code: str = GUANGZHOU) -> Any:
    return next(each for each in service.get(SUMS, by="reviewer").json["units"] if each["unit"] == code)


def test_a_close_judges_evidence_and_makes_figures_final(service: Service) -> None:
    answer = close(service, GUANGZHOU)

    assert answer.status == 200, answer.json
    assert (answer.json["state"], answer.json["vintage"]) == ("closed", 1)
    sums = service.get(SUMS, by="reviewer").json
    assert (sums["provisional"], sums["vintage"]) == (False, 1)
    guangzhou = row(service)
    assert guangzhou["reported"]["prefectures_mobilized"] == 1
    assert guangzhou["effective"]["prefectures_mobilized"] == 0
    assert guangzhou["flags"]["prefectures_mobilized"] == ["deemed_not_held"]
    assert sums["cells"]["prefectures_mobilized"]["units_deemed"] == [GUANGZHOU]
    assert sums["cells"]["prefectures_mobilized"]["effective_sum"] == 0


def test_the_activities_without_a_column_are_judged_too(service: Service) -> None:
    said = [{"item": 4, "done": True, "count": 1, "text": "示例"}]
    service.post(REPORTS, report(activities=said), by="guangzhou")
    service.post(at("/accept"), by="reviewer")
    close(service)

    judged = service.get(f"{APRIL}/vintages/1", by="reviewer").json["activities"][GUANGZHOU]
    shown = service.get(at("")).json["evidence"]["activities"]
    assert {each["activity"]: each["judgment"] for each in judged}["regular_circular"] == "deemed_not_held"
    assert [each["judgment"] for each in shown] == [each["judgment"] for each in judged]
    assert service.get(at("")).json["activities"][0]["done"] is True


@pytest.mark.parametrize(
    ("instant", "reviewed", "codes"),
    [
        ("2015-04-24T09:00:00+08:00", True, {"close-before-deadline"}),
        (AFTER, False, {"close-submitted"}),
        ("2015-04-25T23:59:59+08:00", False, {"close-before-deadline", "close-submitted"}),
    ],
)
def test_what_stands_against_a_close_is_told_and_can_be_explained(
    service: Service, instant: str, reviewed: bool, codes: set[str]
) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    if reviewed:
        service.post(at("/accept"), by="reviewer")
    service.clock.set(instant)

    plain = service.post(f"{APRIL}/close?dry_run=true", {}, by="reviewer")
    explained = service.post(f"{APRIL}/close", REASON, by="reviewer")

    early = "close-before-deadline" in codes
    assert (plain.status, plain.json.get("code")) == ((422, "close-blocked") if early else (200, None))
    assert {found["code"] for found in plain.json["findings"]} == codes
    assert explained.status == 200
    assert explained.json["closings"][0]["reason"] == REASON["reason"]


def test_a_returned_report_is_told_at_the_close(service: Service) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    service.post(at("/return"), RETURN, by="reviewer")
    service.clock.set(AFTER)

    answer = service.post(f"{APRIL}/close", {}, by="reviewer")

    assert answer.status == 200
    assert answer.places == {f"/units/{GUANGZHOU}": "close-returned"}


def test_a_period_is_closed_once_and_by_who_collects(service: Service) -> None:
    assert close(service, GUANGZHOU).status == 200

    again = service.post(f"{APRIL}/close", REASON, by="reviewer")
    city = service.post(f"/api/v1/periods/2015-04/{GUANGZHOU}/close", REASON, by="reviewer")
    future = service.post(f"/api/v1/periods/2016-01/{GUANGDONG}/close", REASON, by="reviewer")

    assert [(each.status, each.code) for each in (again, city, future)] == [
        (409, "already-closed"),
        (409, "nobody-reports"),
        (409, "period-not-begun"),
    ]


def test_after_the_close_nothing_is_taken(service: Service) -> None:
    close(service, GUANGZHOU)
    claim = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "示例",
    }
    deadline = {"due_on": "2015-05-02", "reason": "顺延"}

    answers = [
        service.post(REPORTS, report(SHAOGUAN), by="shaoguan"),
        service.post(REPORTS, report(SHAOGUAN, draft=True), by="shaoguan"),
        service.post(at("/claims"), claim | {"evidence": ["0" * 32]}),
        service.put(f"{APRIL}/deadline", deadline, by="reviewer"),
    ]

    assert [(each.status, each.code) for each in answers] == [(409, "period-closed")] * len(answers)
    assert service.post(REPORTS, report("430100"), by="changsha").status == 201


def test_an_unreviewed_report_is_no_more_reviewed_after_the_close(service: Service) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    service.clock.set(AFTER)
    service.post(f"{APRIL}/close", REASON, by="reviewer")

    steps = [
        service.post(at("/accept"), by="reviewer"),
        service.post(at("/return"), RETURN, by="reviewer"),
        service.post(at("/withdraw")),
    ]
    allowed = {line["action"]: line for line in service.get(at("")).json["allowed"]}

    assert [(each.status, each.code) for each in steps] == [(409, "period-closed")] * 3
    assert not any(line["ok"] for line in allowed.values())
    assert "本期已关闭" in allowed["withdraw"]["because"][0]["zh"]


def test_missing_units_stay_missing_and_enter_with_what_the_register_says(service: Service) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    service.post(at("/accept"), by="reviewer")
    open_sums = service.get(SUMS, by="reviewer").json
    close(service)

    closed = service.get(SUMS, by="reviewer").json
    snapshot = service.get(f"{APRIL}/vintages/1", by="reviewer").json

    assert snapshot["completeness"]["missing"] == len(GUANGDONG_UNITS) - 1
    assert GUANGZHOU not in snapshot["completeness"]["lists"]["missing"]
    for code, ratio in open_sums["ratios"].items():
        assert closed["ratios"][code]["all_units_denominator"] == ratio["all_units_denominator"]


def test_a_vintage_is_the_same_bytes_for_ever(service: Service) -> None:
    answer = close(service, GUANGZHOU, SHAOGUAN)
    first = service.get(f"{SUMS}?vintage=1", by="reviewer")
    centre = service.get(f"{SUMS}?vintage=1&view=centre", by="reviewer")
    snapshot = service.get(f"{APRIL}/vintages/1", by="reviewer")

    ledger(service, 999)
    assert service.post(f"{APRIL}/restate", {"reason": "台账更正后重述"}, by="reviewer").status == 200
    service.app.state.aggregates._kept.clear()

    assert sha256(snapshot.body).hexdigest() == answer.json["closings"][0]["sha256"]
    assert service.get(f"{APRIL}/vintages/1", by="reviewer").body == snapshot.body
    assert service.get(f"{SUMS}?vintage=1", by="reviewer").body == first.body
    assert service.get(f"{SUMS}?vintage=1&view=centre", by="reviewer").body == centre.body
    assert service.get(SUMS, by="reviewer").json["vintage"] == 2
    assert service.get(f"{SUMS}?vintage=3", by="reviewer").status == 404
    assert snapshot.json["aggregate"] == first.json
    assert centre.json["view"] == "centre"
    assert service.get(f"{APRIL}/vintages/1", by="reviewer", if_none_match=snapshot.etag).status == 304


def test_a_later_ledger_waits_as_a_restatement(service: Service) -> None:
    close(service, GUANGZHOU)
    before = service.get(SUMS, by="reviewer").body
    said = figures()["members_total"]

    ledger(service, said + 5)

    assert service.get(SUMS, by="reviewer").body == before
    waiting = service.get(APRIL, by="reviewer").json["pending_restatement"]
    assert {
        "unit": GUANGZHOU,
        "indicator": "members_total",
        "value": "effective",
        "old": said,
        "new": said + 5,
    } in waiting
    assert {cell["unit"] for cell in waiting} == {GUANGZHOU}


def test_a_restatement_lists_old_new_reason_and_approver(service: Service) -> None:
    close(service, GUANGZHOU)
    said = figures()["members_total"]
    ledger(service, said + 5)

    answer = service.post(f"{APRIL}/restate", {"reason": "台账更正后重述"}, by="second_reviewer")

    assert (answer.json["vintage"], answer.json["pending_restatement"]) == (2, [])
    found = service.get(f"{APRIL}/vintages/diff?from=1&to=2", by="reviewer").json["cells"]
    cell = next(c for c in found if (c["indicator"], c["value"]) == ("members_total", "effective"))
    assert (cell["old"], cell["new"], cell["reason"]) == (said, said + 5, "台账更正后重述")
    assert cell["approver"] == answer.json["closings"][1]["closed_by"]
    assert service.get(f"{APRIL}/vintages/2", by="reviewer").json["changes"] == found
    again = service.post(f"{APRIL}/restate", {"reason": "台账更正后重述"}, by="reviewer")
    assert (again.status, again.code) == (409, "unchanged")


def test_nothing_is_restated_before_the_close(service: Service) -> None:
    answer = service.post(f"{APRIL}/restate", {"reason": "台账更正后重述"}, by="reviewer")

    assert (answer.status, answer.code) == (409, "not-closed")


def test_one_unit_is_reopened_without_the_others(service: Service) -> None:
    close(service, GUANGZHOU, SHAOGUAN)
    before = service.get(SUMS, by="reviewer").body

    assert service.post(at("/reopen"), WIDE, by="reviewer").status == 200
    corrected = correct(service, wechat_groups=1)
    other = service.put(at("", SHAOGUAN), report(SHAOGUAN), by="shaoguan", if_match="*")

    assert corrected.status == 200, corrected.json
    assert (other.status, other.code) == (409, "wrong-status")
    assert service.get(SUMS, by="reviewer").body == before
    early = service.post(f"{APRIL}/restate", {"reason": "单位更正后重述"}, by="reviewer")
    assert (early.status, early.code) == (422, "restate-unreviewed")
    assert service.post(at("/accept"), by="reviewer").status == 200
    assert service.post(f"{APRIL}/restate", {"reason": "单位更正后重述"}, by="reviewer").status == 200
    assert row(service)["effective"]["wechat_groups"] == 1
    changed = service.get(f"{APRIL}/vintages/2", by="reviewer").json["changes"]
    assert {(c["unit"], c["indicator"]) for c in changed} == {(GUANGZHOU, "wechat_groups")}


def test_a_reopening_covers_the_cells_that_it_names(service: Service) -> None:
    close(service, GUANGZHOU)
    service.post(at("/reopen"), NARROW, by="reviewer")

    wider = correct(service, wechat_groups=1, townships_funded_20k=0)

    assert (wider.status, wider.code) == (422, "cell-not-reopened")
    assert wider.places == {"/figures/townships_funded_20k": "cell-not-reopened"}
    assert correct(service, wechat_groups=1).status == 200


def test_a_reopening_ends_by_itself_and_its_correction_can_still_be_reviewed(service: Service) -> None:
    close(service, GUANGZHOU)
    service.post(at("/reopen"), WIDE, by="reviewer")
    assert correct(service, wechat_groups=1).status == 200
    service.clock.set("2015-05-03T00:00:01+08:00")

    late = correct(service, wechat_groups=2)

    assert (late.status, late.code) == (409, "period-closed")
    assert service.post(at("/accept"), by="reviewer").status == 200


def test_evidence_after_the_close_waits_too(service: Service) -> None:
    sent = service.post("/api/v1/evidence?filename=a.png", PNG, content_type="image/png")
    assert sent.status == 201, sent.json
    claim = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "示例",
    }
    filed = service.post(at("/claims"), claim | {"evidence": [sent.json["id"]]})
    assert filed.status == 201, filed.json
    close(service, GUANGZHOU)
    before = service.get(SUMS, by="reviewer").body

    service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")

    assert service.get(SUMS, by="reviewer").body == before
    waiting = service.get(APRIL, by="reviewer").json["pending_restatement"]
    assert [(c["value"], c["old"], c["new"]) for c in waiting] == [("evidenced", 0, 1), ("effective", 0, 1)]


def test_a_dry_run_of_a_close_leaves_no_trace(service: Service) -> None:
    service.clock.set(AFTER)

    answer = service.post(f"{APRIL}/close?dry_run=true", {}, by="reviewer")

    assert (answer.status, answer.json["committed"], answer.json["vintage"]) == (200, False, 1)
    assert service.get(APRIL, by="reviewer").json["state"] == "open"
    assert service.get(f"{APRIL}/vintages", by="reviewer").json == {"items": []}


def test_the_centre_sums_what_provinces_closed_and_the_city_sees_that_it_is_closed(service: Service) -> None:
    close(service, GUANGZHOU)
    ledger(service, 999)

    everything = service.get("/api/v1/aggregates/2015-04/000000", by="centre").json
    city = service.get(f"/api/v1/aggregates/2015-04/{GUANGZHOU}").json
    period = service.get(f"/api/v1/periods/2015-04/{GUANGZHOU}").json

    assert everything["provisional"] is True
    assert everything["cells"]["members_total"]["effective_sum"] == figures()["members_total"]
    assert city["provisional"] is False
    assert (period["state"], period["closed_under"]) == ("closed", GUANGDONG)


@pytest.mark.parametrize("path", ["/close", "/restate"])
def test_only_a_reviewer_of_the_unit_closes(service: Service, path: str) -> None:
    statuses = {
        by: service.ask(Asked("POST", f"{APRIL}{path}?dry_run=true", by, REASON)).status
        for by in ("guangzhou", "hunan", "integrator", "auditor", "administrator")
    }

    assert statuses == {
        "guangzhou": 404,
        "hunan": 404,
        "integrator": 403,
        "auditor": 403,
        "administrator": 403,
    }


@pytest.mark.parametrize("path", ["/vintages", "/vintages/1", "/vintages/diff?from=1&to=1"])
def test_vintages_are_for_who_reads_sums(service: Service, path: str) -> None:
    close(service, GUANGZHOU)

    statuses = {by: service.get(f"{APRIL}{path}", by=by).status for by in ("reviewer", "hunan", "auditor")}

    assert statuses == {"reviewer": 200, "hunan": 404, "auditor": 403}


def test_a_resubmission_shows_what_differs_since_the_return(service: Service) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    assert service.get(at("/diff?since=return"), by="reviewer").status == 404
    service.post(at("/return"), RETURN, by="reviewer")
    assert correct(service, wechat_groups=1).status == 200
    assert correct(service, wechat_groups=2).status == 200

    found = service.get(at("/diff?since=return"), by="reviewer")

    assert (found.json["from"], found.json["to"]) == (1, 3)
    assert [(c["pointer"], c["to"]) for c in found.json["cells"]] == [("/figures/wechat_groups", 2)]
    assert service.get(at("/diff?from=1"), by="reviewer").places == {"/query/to": "missing-field"}


def test_a_report_that_is_returned_as_incomplete_loses_its_timeliness(service: Service) -> None:
    service.post(REPORTS, report(), by="guangzhou")
    service.post(at("/return"), RETURN | {"incomplete": True}, by="reviewer")
    service.clock.set("2015-04-26T08:00:00+08:00")

    assert correct(service, wechat_groups=1).json["timeliness"] == "late"


def test_an_acceptance_is_bound_to_the_content_that_was_read(service: Service) -> None:
    read = service.post(REPORTS, report(), by="guangzhou").json["content_hash"]
    correct(service, wechat_groups=1)

    assert service.post(at("/accept"), {"content_hash": read}, by="reviewer").status == 412
