"""Claims over HTTP: what they cover, who decides, and what counts in the end."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.examples import FIGURES
from app.models import AuditEvent, Claim, Figures
from tests.api.test_evidence import upload
from tests.domain.files import PDF, PNG
from tests.service import Answer, Asked, Service

APRIL = "/api/v1/reports/2015-04"


def claim(
    service: Service, by: str = "guangzhou", unit: str = "440100", period: str = "2015-04", **body: Any
) -> Answer:
    """File a claim; a file of its own is sent first unless one is named."""
    said: dict[str, Any] = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "全市动员会",
        **body,
    }
    if "evidence" not in said:
        said["evidence"] = [upload(service, PDF + unit.encode() + b"%%EOF", by=by).json["id"]]
    return service.post(f"/api/v1/reports/{period}/{unit}/claims", said, by=by)


def report(
    service: Service, by: str = "guangzhou", unit: str = "440100", period: str = "2015-04", **more: Any
) -> Answer:
    body = {
        "period": period,
        "unit": unit,
        "contact": {"name": "示例甲", "phone": "13800000000"},
        "figures": {**FIGURES, **more.pop("figures", {})},
        "explanations": [
            {"rule": f"R{n:02}", "category": "other", "text": "已经核实无误"} for n in range(7, 34)
        ],
        **more,
    }
    return service.post("/api/v1/reports", body, by=by)


def figures(service: Service, unit: str = "440100", period: str = "2015-04") -> dict[str, Any]:
    rows = service.rows(Figures.__table__)
    return next(row for row in rows if (row["unit_code"], row["period"]) == (unit, period))


def codes(answer: Answer) -> dict[str, str]:
    return {found["pointer"]: found["code"] for found in answer.json["findings"]}


COUNTIES = ["440103", "440104", "440105"]


def test_a_claim_is_filed_for_the_unit_itself(service: Service) -> None:
    answer = claim(service)

    assert answer.status == 201, answer.body
    assert answer.headers["location"] == f"/api/v1/claims/{answer.json['id']}"
    assert (answer.json["status"], answer.json["units"], answer.json["findings"]) == (
        "pending",
        ["440100"],
        [],
    )
    assert service.get(f"{APRIL}/440100/claims").json["items"] == [answer.json]
    assert service.rows(AuditEvent.__table__)[-1]["action"] == "claim.filed"


def test_an_accepted_claim_counts_and_a_pending_one_does_not(service: Service) -> None:
    report(service)
    filed = claim(service).json["id"]
    before = figures(service)["evidenced"]["prefectures_mobilized"], figures(service)["flags"]

    answer = service.post(f"/api/v1/claims/{filed}/accept", by="reviewer")

    assert (answer.status, answer.json["status"]) == (200, "accepted")
    assert before[0] == 0
    assert before[1]["prefectures_mobilized"] == ["pending"]
    assert figures(service)["evidenced"]["prefectures_mobilized"] == 1
    assert "prefectures_mobilized" not in figures(service)["flags"]


def test_a_rejected_claim_counts_no_more_and_tells_why(service: Service) -> None:
    report(service)
    filed = claim(service).json["id"]
    service.post(f"/api/v1/claims/{filed}/accept", by="reviewer")

    answer = service.post(f"/api/v1/claims/{filed}/reject", {"reason": "新闻稿未写明会议日期"}, by="reviewer")

    assert (answer.json["status"], answer.json["reason"]) == ("rejected", "新闻稿未写明会议日期")
    assert figures(service)["evidenced"]["prefectures_mobilized"] == 0


def test_distinct_units_count_once_however_many_claims_name_them(service: Service) -> None:
    report(service)
    for units in (["440111", "440112"], ["440112", "440113"]):
        filed = claim(service, level="county", units=units)
        assert filed.status == 201, filed.body
        service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")

    assert figures(service)["evidenced"]["counties_mobilized"] == len({"440111", "440112", "440113"})


def test_units_outside_the_area_are_left_out_and_the_others_kept(service: Service) -> None:
    answer = claim(
        service, by="foshan", unit="440600", level="county", units=["440604", "440606", "440103", "999999"]
    )

    assert answer.status == 201, answer.body
    assert answer.json["units"] == ["440604"]
    assert codes(answer) == {
        "/units/1": "unit-outside",
        "/units/2": "unit-outside",
        "/units/3": "unit-unknown",
    }
    assert {found["rule"] for found in answer.json["findings"]} == {"R27"}


def test_a_claim_of_only_foreign_units_is_refused(service: Service) -> None:
    answer = claim(service, by="foshan", unit="440600", level="county", units=["440606"])

    assert (answer.status, answer.code) == (422, "claim-refused")
    assert codes(answer) == {"/units": "units-missing", "/units/0": "unit-outside"}
    assert service.rows(Claim.__table__) == []


def test_shunde_covers_itself_as_a_prefecture_would_and_as_a_county(service: Service) -> None:
    report(service, by="shunde", unit="440606", figures={"counties_agri_total": 1, "counties_mobilized": 1})
    for level in ("prefecture", "county"):
        filed = claim(service, by="shunde", unit="440606", level=level, units=["440606"])
        service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")

    found = figures(service, "440606")["evidenced"]
    assert (found["prefectures_mobilized"], found["counties_mobilized"]) == (1, 1)


def test_streets_are_no_townships_and_names_are_read_from_a_pasted_list(service: Service) -> None:
    answer = claim(
        service,
        by="shunde",
        unit="440606",
        level="township",
        pasted="陈村镇、北滘镇\n大良街道；440606102000\t无名镇",
    )

    assert answer.status == 201, answer.body
    assert answer.json["units"] == ["440606101", "440606102"]
    assert codes(answer) == {"/pasted/2": "unit-not-eligible", "/pasted/4": "unit-unknown"}


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"dated": "2015-02-27"}, "/dated", "date-out-of-range"),
        ({"dated": "2015-04-26"}, "/dated", "date-out-of-range"),
        ({"activity": "no_such"}, "/activity", "activity-unknown"),
        ({"evidence": ["0" * 32]}, "/evidence/0", "evidence-unknown"),
        ({"level": "county"}, "/units", "units-missing"),
        ({"title": ""}, "/title", "text-too-short"),
        ({"evidence": []}, "/evidence", "too-few-items"),
        ({"dated": "2015-04-31"}, "/dated", "invalid-date"),
        ({"status": "accepted"}, "/status", "unknown-field"),
    ],
)
def test_a_claim_that_cannot_be_true_is_refused(
    service: Service, body: dict[str, Any], place: str, code: str
) -> None:
    answer = claim(service, **body)

    assert answer.status == 422
    assert codes(answer) == {place: code}


@pytest.mark.parametrize("dated", ["2015-02-28", "2015-04-25"])
def test_the_first_and_the_last_day_are_within_range(service: Service, dated: str) -> None:
    assert claim(service, dated=dated).status == 201


def test_what_is_done_regularly_needs_evidence_of_the_window(service: Service) -> None:
    service.clock.set("2015-05-20T09:00:00+08:00")

    old = claim(service, period="2015-05", activity="bulletin", dated="2015-04-25")
    new = claim(service, period="2015-05", activity="bulletin", dated="2015-04-26")

    assert codes(old) == {"/dated": "date-out-of-window"}
    assert new.status == 201


def test_coverage_carries_on_to_the_next_month_without_a_new_upload(service: Service) -> None:
    filed = claim(service)
    service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")
    service.clock.set("2015-05-20T09:00:00+08:00")

    answer = report(service, period="2015-05")

    assert answer.status == 201, answer.body
    assert figures(service, period="2015-05")["evidenced"]["prefectures_mobilized"] == 1


def test_late_evidence_counts_in_every_open_month_from_its_date_on(service: Service) -> None:
    report(service)
    service.clock.set("2015-05-20T09:00:00+08:00")
    report(service, period="2015-05")

    filed = claim(service, period="2015-05", dated="2015-04-26")
    service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")

    assert figures(service, period="2015-04")["evidenced"]["prefectures_mobilized"] == 0
    assert figures(service, period="2015-05")["evidenced"]["prefectures_mobilized"] == 1


def rules(answer: Answer) -> dict[str, str]:
    return {
        found["pointer"]: found["rule"]
        for found in answer.json["findings"]
        if found["rule"] in ("R25", "R26")
    }


def test_a_report_is_told_where_evidence_is_missing_and_where_there_is_more_than_reported(
    service: Service,
) -> None:
    claim(service)
    claim(service, level="county", units=["440111", "440112"])

    answer = report(service, figures={"counties_mobilized": 1})

    assert rules(answer) == {"/figures/townships_mobilized": "R25", "/figures/counties_mobilized": "R26"}
    assert answer.json["evidence"]["covered"]["counties_mobilized"] == {"accepted": 0, "claimed": 2}


ACTIVITIES = [
    {"item": 3, "done": True, "count": 2, "text": ""},
    {"item": 5, "done": True, "count": 1, "text": ""},
]


def judged(answer: Answer) -> dict[str, str]:
    return {each["activity"]: each["judgment"] for each in answer.json["evidence"]["activities"]}


def test_the_activities_without_a_column_are_judged_beside_the_table(service: Service) -> None:
    report(service, activities=ACTIVITIES)
    filed = claim(service, activity="leader_supervision")
    service.post(f"/api/v1/claims/{filed.json['id']}/accept", by="reviewer")

    answer = service.get(f"{APRIL}/440100")

    assert judged(answer) == {
        "leader_supervision": "held",
        "regular_circular": "not_reported",
        "bulletin": "pending",
        "innovation_contest": "not_reported",
    }
    assert answer.json["activities"] == ACTIVITIES


def test_a_file_that_another_unit_uses_is_flagged_and_only_the_reviewer_is_told_whose(
    service: Service,
) -> None:
    first = claim(service, evidence=[upload(service, PNG, "a.png").json["id"]])

    second = claim(
        service,
        by="shaoguan",
        unit="440200",
        evidence=[upload(service, PNG, "b.png", by="shaoguan").json["id"]],
    )

    assert first.json["findings"] == []
    assert (second.status, codes(second)) == (201, {"/evidence": "file-shared"})
    assert second.json["shared_with"] == []
    seen = service.get(f"/api/v1/claims/{second.json['id']}", by="reviewer").json
    assert seen["shared_with"] == ["440100"]
    assert service.get(f"/api/v1/claims/{first.json['id']}", by="reviewer").json["shared_with"] == ["440200"]


def test_a_file_of_another_unit_cannot_be_claimed(service: Service) -> None:
    evidence = upload(service).json["id"]

    answer = claim(service, by="shaoguan", unit="440200", evidence=[evidence])

    assert codes(answer) == {"/evidence/0": "evidence-unknown"}


def test_a_claimed_file_is_open_to_the_reviewer_and_to_nobody_else(service: Service) -> None:
    evidence = claim(service).json["evidence"][0]
    path = f"/api/v1/evidence/{evidence}/content"

    assert service.get(path, by="reviewer").status == 200
    assert service.get(path, by="hunan").status == 404
    assert service.get(path, by="shaoguan").status == 404
    assert service.get(path, by="auditor").status == 403


@pytest.mark.parametrize(
    ("by", "status"), [("guangzhou", 403), ("shaoguan", 404), ("hunan", 404), ("auditor", 403)]
)
def test_only_the_reviewer_above_decides(service: Service, by: str, status: int) -> None:
    filed = claim(service).json["id"]

    assert service.post(f"/api/v1/claims/{filed}/accept", by=by).status == status
    assert service.post(f"/api/v1/claims/{filed}/reject", {"reason": "不符"}, by=by).status == status
    assert service.rows(Claim.__table__)[0]["status"] == "pending"


@pytest.mark.parametrize(("by", "status"), [("shaoguan", 404), ("reviewer", 403), ("integrator", 403)])
def test_only_the_unit_files_claims(service: Service, by: str, status: int) -> None:
    evidence = upload(service).json["id"]

    assert claim(service, by=by, evidence=[evidence]).status == status


def test_of_two_reviewers_exactly_one_decides(service: Service) -> None:
    filed = claim(service).json["id"]
    path = f"/api/v1/claims/{filed}/accept"

    answers = service.together([Asked("POST", path, by, {}) for by in ("reviewer", "second_reviewer")])

    assert sorted(answer.status for answer in answers) == [200, 409]


def test_a_dry_run_of_a_claim_and_of_a_decision_leaves_nothing(service: Service) -> None:
    filed = claim(service).json
    said = {name: filed[name] for name in ("activity", "level", "dated", "title", "units", "evidence")}
    before = service.rows(Claim.__table__), service.rows(AuditEvent.__table__)

    once = service.post(f"{APRIL}/440100/claims?dry_run=true", said)
    decided = service.post(f"/api/v1/claims/{filed['id']}/accept?dry_run=true", by="reviewer")

    assert (once.status, once.json["committed"], once.json["id"]) == (200, False, None)
    assert (decided.status, decided.json["status"], decided.json["committed"]) == (200, "accepted", False)
    assert (service.rows(Claim.__table__), service.rows(AuditEvent.__table__)) == before


def test_a_claim_sent_again_with_its_key_is_filed_once(service: Service) -> None:
    evidence = [upload(service).json["id"]]
    said = {"activity": "bulletin", "dated": "2015-04-10", "title": "简报", "evidence": evidence}

    answers = [service.post(f"{APRIL}/440100/claims", said, idempotency_key="k") for _ in range(2)]

    assert answers[0].body == answers[1].body
    assert len(service.rows(Claim.__table__)) == 1


def test_levels_that_need_no_evidence_count_by_the_units_own_word(service: Service) -> None:
    policy = service.app.state.policy
    service.app.state.policy = type(policy)(shift=policy.shift, evidence_levels=frozenset({"prefecture"}))

    answer = report(service)

    assert rules(answer) == {"/figures/prefectures_mobilized": "R25"}
    assert figures(service)["evidenced"] == {"prefectures_mobilized": 0}
    assert figures(service)["flags"].keys() & {"counties_mobilized", "townships_mobilized"} == set()
