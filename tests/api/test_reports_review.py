"""The life of a report over HTTP: withdrawn, accepted, returned, opened again; by whom, and from which state."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from app.db import Database
from app.models import Grant
from tests.samples import (
    GUANGDONG,
    GUANGZHOU,
    REOPEN,
    REPORTS,
    RETURN,
    SHAOGUAN,
    at,
    explained,
    figures,
    report,
)
from tests.service import Answer, Service

BODIES: dict[str, Any] = {"submit": {}, "withdraw": {}, "accept": {}, "return": RETURN, "reopen": REOPEN}
BY = {"submit": "guangzhou", "withdraw": "guangzhou"}


def take(service: Service, step: str, by: str | None = None, period: str = "2015-04", **body: Any) -> Answer:
    """One step of Guangzhou's report."""
    return service.post(at(f"/{step}", period=period), BODIES[step] | body, by=by or BY.get(step, "reviewer"))


def bring(service: Service, status: str) -> None:
    """Bring Guangzhou's report of April into a state."""
    if status == "absent":
        return
    assert service.post(REPORTS, report(draft=status == "draft")).status == 201
    steps = {"returned": ["return"], "accepted": ["accept"]}.get(status, [])
    for step in steps:
        assert take(service, step).status == 200


def month_passes(service: Service, instant: str = "2015-05-20T09:00:00+08:00") -> None:
    service.clock.set(instant)


LEADS_TO = {
    ("draft", "submit"): "submitted",
    ("returned", "submit"): "submitted",
    ("submitted", "withdraw"): "draft",
    ("submitted", "accept"): "accepted",
    ("submitted", "return"): "returned",
    ("accepted", "reopen"): "returned",
    ("returned", "reopen"): "returned",
}
HIDDEN = {("draft", step) for step in ("accept", "return", "reopen")}


@pytest.mark.parametrize("status", ["absent", "draft", "submitted", "returned", "accepted"])
@pytest.mark.parametrize("step", list(BODIES))
def test_a_step_is_possible_in_exactly_the_states_of_the_table(
    service: Service, status: str, step: str
) -> None:
    bring(service, status)

    answer = take(service, step)

    target = LEADS_TO.get((status, step))
    if target is not None:
        assert (answer.status, answer.json["status"]) == (200, target)
    elif status == "absent" or (status, step) in HIDDEN:
        assert answer.status == 404
    else:
        assert (answer.status, answer.code) == (409, "wrong-status")
        assert answer.json["status_now"] == status
        assert "，" in answer.json["title_zh"]


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "accepted"])
@pytest.mark.parametrize("by", ["guangzhou", "reviewer"])
def test_what_is_said_to_be_allowed_is_what_works(service: Service, status: str, by: str) -> None:
    bring(service, status)
    if status == "draft" and by == "reviewer":
        return
    lines = service.get(at(""), by=by).json["allowed"]

    for line in lines:
        if line["action"] == "save":
            answer = service.put(at("?dry_run=true"), report(draft=True), by=by, if_match="*")
        elif line["action"] == "submit":
            answer = service.put(at("?dry_run=true"), report(), by=by, if_match="*")
        else:
            answer = service.post(at(f"/{line['action']}?dry_run=true"), BODIES[line["action"]], by=by)
        assert line["ok"] == (answer.status == 200), (line, answer.json)
        assert line["ok"] != bool(line["because"])


@pytest.mark.parametrize(
    ("step", "by", "status"),
    [
        ("withdraw", "reviewer", 403),
        ("withdraw", "integrator", 403),
        ("withdraw", "shaoguan", 404),
        ("accept", "guangzhou", 403),
        ("accept", "integrator", 403),
        ("accept", "scoped", 403),
        ("accept", "auditor", 403),
        ("accept", "administrator", 403),
        ("accept", "hunan", 404),
        ("accept", "centre", 200),
        ("return", "guangzhou", 403),
        ("reopen", "guangzhou", 403),
        ("submit", "reviewer", 403),
    ],
)
def test_whose_hands_a_step_is_in(service: Service, step: str, by: str, status: int) -> None:
    bring(service, "accepted" if step == "reopen" else "submitted")

    assert take(service, step, by=by).status == status


def test_whoever_submitted_does_not_review(service: Service) -> None:
    both = service.tokens["guangzhou"].split("_")[1]
    with Database(service.database_url).transaction() as session:
        session.run(
            insert(Grant.__table__).values(holder=both, token_id=both, role="reviewer", unit_code=GUANGDONG)
        )
    bring(service, "submitted")

    refused = take(service, "accept", by="guangzhou")

    assert (refused.status, refused.code) == (403, "own-report")
    shown = {line["action"]: line for line in service.get(at("")).json["allowed"]}
    assert not shown["accept"]["ok"]
    assert "自己" in shown["accept"]["because"][0]["zh"]


class TestAccepting:
    def test_an_accepted_report_is_closed_to_its_unit(self, service: Service) -> None:
        bring(service, "accepted")

        refused = service.put(at(""), report(), if_match='"1"')

        assert (refused.status, refused.code) == (409, "wrong-status")

    def test_only_the_content_that_was_read_is_accepted(self, service: Service) -> None:
        bring(service, "submitted")
        read = service.get(at(""), by="reviewer").json["content_hash"]
        service.put(at(""), report(figures={"wechat_groups": 300}), if_match='"1"')

        stale = take(service, "accept", content_hash=read)

        assert (stale.status, stale.code) == (412, "content-changed")
        assert stale.json["current_version"] == 2
        now = service.get(at(""), by="reviewer").json["content_hash"]
        assert take(service, "accept", content_hash=now).status == 200

    @pytest.mark.parametrize("content_hash", ["", "x", "A" * 64, 1])
    def test_a_hash_that_is_none_is_refused(self, service: Service, content_hash: Any) -> None:
        bring(service, "submitted")

        assert take(service, "accept", content_hash=content_hash).places.keys() == {"/content_hash"}

    def test_the_month_after_is_measured_against_it(self, service: Service) -> None:
        bring(service, "accepted")
        month_passes(service)

        refused = service.post(REPORTS, report(period="2015-05", figures={"members_total": 500}))

        assert refused.places["/figures/members_total"] == "R10"
        message = next(f for f in refused.json["findings"] if f["rule"] == "R10")
        assert message["values"] == {"a": 410, "b": 3, "c": 1, "d": 500, "e": 88}

    def test_what_is_only_submitted_measures_nothing(self, service: Service) -> None:
        bring(service, "submitted")
        month_passes(service)

        filed = service.post(REPORTS, report(period="2015-05", figures={"members_total": 500}))

        assert filed.status == 201
        assert "R12" in {f["rule"] for f in filed.json["findings"]}

    def test_accepting_a_correction_checks_the_month_after_anew(self, service: Service) -> None:
        bring(service, "accepted")
        month_passes(service)
        assert service.post(REPORTS, report(period="2015-05")).status == 201
        before = service.get(at("", period="2015-05")).json
        assert "R10" not in {f["rule"] for f in before["findings"]}

        assert take(service, "reopen", expires_at="2015-06-01T00:00:00+08:00").status == 200
        corrected = report(figures={"members_total": 400})
        assert service.put(at(""), corrected, if_match='"1"').status == 200
        assert take(service, "accept").status == 200

        after = service.get(at("", period="2015-05"), by="reviewer").json
        assert "R10" in {f["rule"] for f in after["findings"]}
        assert {k: after[k] for k in ("status", "version", "content_hash", "timeliness")} == {
            k: before[k] for k in ("status", "version", "content_hash", "timeliness")
        }
        assert service.get(at("/versions/1", period="2015-05")).json["findings"] == before["findings"]

    def test_a_draft_of_the_month_after_is_left_alone(self, service: Service) -> None:
        bring(service, "submitted")
        month_passes(service)
        service.post(REPORTS, {"period": "2015-05", "unit": GUANGZHOU, "draft": True, "figures": {}})
        before = service.get(at("", period="2015-05")).json

        assert take(service, "accept").status == 200

        assert service.get(at("", period="2015-05")).json == before


class TestReturning:
    def test_the_reasons_reach_the_unit_cell_by_cell(self, service: Service) -> None:
        bring(service, "returned")

        assert service.get(at("")).json["reasons"] == RETURN["reasons"]

    def test_a_return_needs_a_reason(self, service: Service) -> None:
        bring(service, "submitted")

        for body in ({}, {"reasons": []}, {"reasons": [{"pointer": "/figures/members_total"}]}):
            refused = service.post(at("/return"), body, by="reviewer")
            assert (refused.status, len(refused.places)) == (422, 1)

    def test_the_unit_corrects_and_sends_it_again(self, service: Service) -> None:
        bring(service, "returned")

        sent = service.put(at(""), report(figures={"wechat_groups": 300}), if_match='"1"')

        assert (sent.status, sent.json["status"], sent.json["reasons"]) == (200, "submitted", None)

    def test_while_the_unit_works_on_it_others_see_what_was_sent(self, service: Service) -> None:
        bring(service, "returned")
        sent = service.get(at(""), by="reviewer").json
        service.clock.set("2015-04-24T10:00:00+08:00")

        draft = report(draft=True, figures={"wechat_groups": 300, "members_total": None})
        assert service.put(at(""), draft, if_match='"1"').status == 200

        assert service.get(at(""), by="reviewer").json == sent
        assert service.get(at("")).json["version"] == 2
        row = service.get(f"{REPORTS}?unit={GUANGZHOU}", by="reviewer").json["items"][0]
        assert (row["version"], row["received_at"]) == (1, "2015-04-24T09:00:00+08:00")
        assert [v["number"] for v in service.get(at("/versions"), by="reviewer").json["items"]] == [1]
        assert service.get(at("/versions/2"), by="reviewer").status == 404
        assert service.get(at("/diff?from=1&to=2"), by="reviewer").status == 404
        assert service.get(at("")).json["reasons"] == RETURN["reasons"]

    def test_a_returned_report_still_counts_as_it_was_sent(self, service: Service) -> None:
        bring(service, "returned")
        sums = f"/api/v1/aggregates/2015-04/{GUANGDONG}"
        before = service.get(sums, by="reviewer").json["cells"]

        service.put(at(""), report(draft=True, figures={"members_total": 1}), if_match='"1"')

        assert service.get(sums, by="reviewer").json["cells"] == before
        assert before["members_total"]["reported_sum"] == figures()["members_total"]

    def test_one_returned_as_incomplete_does_not_count_as_submitted(self, service: Service) -> None:
        bring(service, "submitted")

        returned = take(service, "return", incomplete=True)

        assert returned.json["timeliness"] is None
        counts = service.get(f"/api/v1/completeness/2015-04/{GUANGDONG}", by="reviewer").json
        assert (counts["submitted"], counts["returned"]) == (0, 1)
        service.clock.set("2015-04-27T09:00:00+08:00")
        assert service.put(at(""), report(), if_match='"1"').json["timeliness"] == "late"


class TestWithdrawing:
    def test_a_withdrawn_report_counts_no_more(self, service: Service) -> None:
        bring(service, "submitted")

        withdrawn = take(service, "withdraw")

        assert withdrawn.json["status"] == "draft"
        assert withdrawn.json["timeliness"] is None
        sums = service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}", by="reviewer").json
        assert sums["cells"]["members_total"]["reported_sum"] is None
        assert service.get(at(""), by="reviewer").status == 404

    def test_sent_again_it_is_judged_by_its_first_submission(self, service: Service) -> None:
        bring(service, "submitted")
        take(service, "withdraw")
        service.clock.set("2015-04-28T09:00:00+08:00")

        saved = service.put(at(""), report(draft=True), if_match='"1"')
        assert saved.json["timeliness"] is None
        assert service.post(at("/submit")).json["timeliness"] == "on_time"

    def test_the_ledger_s_figures_of_a_withdrawn_report_stay(self, service: Service) -> None:
        ledger = (
            "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
            "orgs_rectified,orgs_total,as_of\n2015-04,440100,广州市,3,1,409,2,1,1,613,2015-04-25\n"
        )
        bring(service, "submitted")
        address = f"/api/v1/reconciliations?period=2015-04&unit={GUANGDONG}"
        assert service.post(address, ledger.encode(), by="reviewer", content_type="text/csv").status == 201

        take(service, "withdraw")

        cell = service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}", by="reviewer").json["cells"][
            "members_total"
        ]
        assert (cell["reported_sum"], cell["effective_sum"], cell["units_ledger_only"]) == (
            None,
            409,
            [GUANGZHOU],
        )


class TestReopening:
    def test_an_accepted_report_is_opened_with_reason_and_end(self, service: Service) -> None:
        bring(service, "accepted")

        opened = take(service, "reopen")

        assert (opened.status, opened.json["status"]) == (200, "returned")
        assert opened.json["reasons"][0]["text"] == REOPEN["reason"]
        assert opened.json["reasons"][0]["expires_at"] == REOPEN["expires_at"]
        assert service.put(at(""), report(), if_match='"1"').status == 200

    def test_only_that_report_is_open(self, service: Service) -> None:
        bring(service, "accepted")
        service.post(REPORTS, report(SHAOGUAN), by="shaoguan")
        service.post(at("/accept", SHAOGUAN), by="reviewer")

        take(service, "reopen")

        assert service.get(at("", SHAOGUAN), by="shaoguan").json["status"] == "accepted"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"reason": "单位来函更正"},
            {"expires_at": "2015-05-05T00:00:00+08:00"},
            {"reason": "单位来函更正", "expires_at": "2015-05-05T00:00:00"},
            {"reason": "单位来函更正", "expires_at": "5 May"},
            {"reason": "", "expires_at": "2015-05-05T00:00:00+08:00"},
        ],
    )
    def test_it_needs_a_reason_and_an_end_in_some_zone(self, service: Service, body: dict[str, str]) -> None:
        bring(service, "accepted")

        assert service.post(at("/reopen"), body, by="reviewer").status == 422

    def test_its_end_lies_in_the_future(self, service: Service) -> None:
        bring(service, "accepted")

        refused = take(service, "reopen", expires_at="2015-04-24T09:00:00+08:00")

        assert (refused.status, refused.code) == (409, "expiry-past")

    def test_after_its_end_nothing_is_written_until_it_is_opened_again(self, service: Service) -> None:
        bring(service, "accepted")
        take(service, "reopen", expires_at="2015-05-01T00:00:00+08:00")
        service.clock.set("2015-05-01T00:00:00.001+08:00")

        refused = service.put(at(""), report(), if_match='"1"')
        assert (refused.status, refused.code) == (409, "reopening-expired")
        assert service.post(at("/submit")).status == 409

        assert take(service, "reopen").status == 200
        assert service.put(at(""), report(), if_match='"1"').status == 200

    def test_a_returned_report_keeps_its_reasons_when_it_gets_an_end(self, service: Service) -> None:
        bring(service, "returned")

        reasons = take(service, "reopen").json["reasons"]

        assert [r["text"] for r in reasons] == [RETURN["reasons"][0]["text"], REOPEN["reason"]]

    def test_while_it_is_open_the_month_after_has_no_basis(self, service: Service) -> None:
        bring(service, "accepted")
        month_passes(service)
        take(service, "reopen", expires_at="2015-06-01T00:00:00+08:00")

        filed = service.post(
            REPORTS, report(period="2015-05", figures={"members_total": 500}, explanations=explained("R19"))
        )

        assert filed.status == 201
        assert "R12" in {f["rule"] for f in filed.json["findings"]}
