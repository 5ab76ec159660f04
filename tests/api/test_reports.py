"""Reports over HTTP: filed, corrected, read back, listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.filing import file, snapshot, without_ids
from tests.samples import (
    CODES,
    GUANGDONG,
    GUANGZHOU,
    REPORTS,
    SHAOGUAN,
    SHUNDE,
    at,
    explained,
    figures,
    report,
)
from tests.service import Service


def test_a_report_is_filed_with_its_location_tag_and_receipt(service: Service) -> None:
    answer = service.post(REPORTS, report(supplements={"coop_orgs_new": 1}))

    body = answer.json
    assert answer.status == 201
    assert answer.headers["location"] == at("")
    assert answer.etag == '"1"'
    assert {name: body[name] for name in ("period", "unit", "form", "status", "version", "timeliness")} == {
        "period": "2015-04",
        "unit": GUANGZHOU,
        "form": "baixian-qianxiang/1",
        "status": "submitted",
        "version": 1,
        "timeliness": "on_time",
    }
    assert body["received_at"] == "2015-04-24T09:00:00+08:00"
    assert body["deadline"] == "2015-04-26T00:00:00+08:00"
    assert body["figures"] == figures()
    assert body["supplements"] == {"coop_orgs_new": 1}
    assert body["contact"] == {"name": "示例甲", "phone": "13800000000"}
    assert body["committed"] is True
    assert len(body["content_hash"]) == 64
    assert {line["action"]: line["ok"] for line in body["allowed"]} == {
        "save": False,
        "submit": True,
        "withdraw": True,
        "return": False,
        "accept": False,
        "reopen": False,
    }
    assert all(line["because"] for line in body["allowed"] if not line["ok"])


def test_what_was_filed_can_be_read_where_it_says(service: Service) -> None:
    filed = service.post(REPORTS, report())

    read = service.get(filed.headers["location"])

    assert read.status == 200
    assert read.etag == filed.etag
    assert read.json == filed.json


def test_every_finding_has_the_shape_of_the_contract(service: Service) -> None:
    findings = service.post(REPORTS, report()).json["findings"]

    assert [f["rule"] for f in findings] == ["R25", "R25", "R25"]
    for finding in findings:
        assert set(finding) >= {"rule", "severity", "pointer", "message", "values"}
        assert finding["severity"] == "info"
        assert finding["message"]["zh"]
        assert finding["message"]["en"]


def test_a_second_report_is_refused_with_the_address_of_the_first(service: Service) -> None:
    service.post(REPORTS, report())

    again = service.post(REPORTS, report(), by="colleague")

    assert (again.status, again.code) == (409, "report-exists")
    assert again.headers["location"] == at("")
    assert again.json["location"] == at("")


def test_a_draft_is_in_the_way_of_a_second_report_as_well(service: Service) -> None:
    service.post(REPORTS, report(draft=True))

    assert service.post(REPORTS, report()).status == 409


def test_a_dry_run_answers_as_the_write_would_and_leaves_nothing(service: Service) -> None:
    before = snapshot(service)

    rehearsed = service.post(f"{REPORTS}?dry_run=true", report())

    assert snapshot(service) == before
    assert rehearsed.status == 200
    assert "location" not in rehearsed.headers
    assert "etag" not in rehearsed.headers
    committed = service.post(REPORTS, report())
    assert rehearsed.json == {**committed.json, "committed": False}


def test_a_dry_run_finds_exactly_what_the_write_finds(service: Service) -> None:
    body = report(figures={"members_total": 0, "townships_total": None, "counties_mobilized": 99})
    before = snapshot(service)

    rehearsed, refused = service.post(f"{REPORTS}?dry_run=true", body), service.post(REPORTS, body)

    assert rehearsed.status == refused.status == 422
    assert rehearsed.json["findings"] == refused.json["findings"]
    assert snapshot(service) == before


@pytest.mark.parametrize(
    ("method", "path", "by", "body"),
    [
        ("PUT", "", "guangzhou", report()),
        ("POST", "/withdraw", "guangzhou", {}),
        ("POST", "/accept", "reviewer", {}),
        ("POST", "/return", "reviewer", {"reasons": [{"pointer": "", "text": "请核实"}]}),
    ],
)
def test_every_step_can_be_rehearsed(
    service: Service, method: str, path: str, by: str, body: dict[str, Any]
) -> None:
    file(service, GUANGZHOU)
    before = snapshot(service)

    if method == "PUT":
        rehearsed = service.put(at("?dry_run=true"), body, by=by, if_match='"1"')
    else:
        rehearsed = service.post(at(f"{path}?dry_run=true"), body, by=by)

    assert rehearsed.status == 200
    assert rehearsed.json["committed"] is False
    assert "etag" not in rehearsed.headers
    assert snapshot(service) == before


class TestBlanksAndZeros:
    def test_a_blank_is_refused_by_the_name_of_its_cell(self, service: Service) -> None:
        refused = service.post(REPORTS, report(figures={"members_left": None}))

        assert refused.status == 422
        assert refused.places["/figures/members_left"] == "missing-field"

    def test_null_is_a_blank_and_not_zero(self, service: Service) -> None:
        body = report()
        body["figures"]["members_left"] = None

        refused = service.post(REPORTS, body)

        assert refused.status == 422
        assert "/figures/members_left" in refused.places

    def test_an_explicit_zero_is_a_figure(self, service: Service) -> None:
        zeros = dict.fromkeys(CODES, 0)

        filed = service.post(
            REPORTS,
            report(
                figures=zeros | {"counties_agri_total": 7, "townships_total": 34},
                explanations=explained("R19", "R20"),
            ),
        )

        assert filed.status == 201
        assert filed.json["figures"]["members_total"] == 0

    def test_an_unknown_figure_is_refused(self, service: Service) -> None:
        refused = service.post(REPORTS, report(figures={"members": 1}))

        assert refused.places["/figures/members"] == "unknown-field"


class TestFindings:
    def test_all_of_them_come_at_once(self, service: Service) -> None:
        body = report(
            contact={"name": "", "phone": "123"},
            figures={
                "prefectures_mobilized": 2,
                "counties_mobilized": 99,
                "townships_funded_20k": None,
                "members_total": "12",
                "orgs_rectified": 9_999,
                "wechat_groups": -1,
            },
            activities=[{"item": 12, "done": True}],
            explanations=[{"rule": "R99", "category": "other", "text": "一二三四五"}],
            surprise=1,
        )

        refused = service.post(REPORTS, body)

        assert (refused.status, refused.code) == (422, "report-refused")
        assert refused.errors == {
            "/contact/name": "invalid-contact",
            "/contact/phone": "invalid-phone",
            "/figures/prefectures_mobilized": "R03",
            "/figures/counties_mobilized": "R04",
            "/figures/townships_funded_20k": "missing-field",
            "/figures/members_total": "wrong-type",
            "/figures/orgs_rectified": "R13",
            "/figures/wechat_groups": "number-out-of-range",
            "/activities/0/item": "unknown-item",
            "/explanations/0/rule": "unknown-rule",
            "/surprise": "unknown-field",
        }
        assert all(f["message"]["zh"] and f["message"]["en"] for f in refused.json["findings"])

    def test_a_wrong_period_hides_nothing_else(self, service: Service) -> None:
        refused = service.post(
            REPORTS, report(contact={"name": "示例甲", "phone": "1"}) | {"period": "2015-13"}
        )

        assert refused.places == {"/period": "period-invalid", "/contact/phone": "invalid-phone"}

    @pytest.mark.parametrize("member", ["unit", "period"])
    def test_a_body_that_names_no_unit_or_period_is_told_so(self, service: Service, member: str) -> None:
        body = report()
        del body[member]

        refused = service.post(REPORTS, body)

        assert refused.status == 422
        assert f"/{member}" in refused.places

    @pytest.mark.parametrize("text", [None, "", "1234", "   一 二 三 四   "])
    def test_a_warning_without_five_characters_of_explanation_refuses(
        self, service: Service, text: str | None
    ) -> None:
        explanations = explained("R21", text=text) if text is not None else []

        refused = service.post(REPORTS, report(figures={"wechat_groups": 700}, explanations=explanations))

        assert refused.status == 422
        assert refused.places["/figures/wechat_groups"] == "R21"

    def test_a_warning_with_an_explanation_passes_and_is_kept_with_it(self, service: Service) -> None:
        filed = service.post(REPORTS, report(figures={"wechat_groups": 700}, explanations=explained("R21")))

        assert filed.status == 201
        assert "R21" in {f["rule"] for f in filed.json["findings"]}
        assert filed.json["explanations"] == explained("R21")

    def test_an_explanation_needs_a_category(self, service: Service) -> None:
        explanation = {"rule": "R21", "text": "一二三四五六"}

        refused = service.post(REPORTS, report(figures={"wechat_groups": 700}, explanations=[explanation]))

        assert refused.places["/explanations/0/category"] == "missing-field"

    def test_a_category_may_be_named_in_chinese(self, service: Service) -> None:
        explanation = {"rule": "R21", "category": "台账补录", "text": "一二三四五六"}

        filed = service.post(REPORTS, report(figures={"wechat_groups": 700}, explanations=[explanation]))

        assert filed.json["explanations"][0]["category"] == "ledger_entry"

    def test_an_error_cannot_be_explained_away(self, service: Service) -> None:
        refused = service.post(
            REPORTS, report(figures={"counties_mobilized": 8}, explanations=explained("R04"))
        )

        assert refused.errors == {"/figures/counties_mobilized": "R04"}

    def test_a_unit_that_does_not_report_is_refused(self, service: Service) -> None:
        refused = service.post(REPORTS, {**report(), "unit": "440103"})

        assert (refused.status, refused.places["/unit"]) == (422, "unit-not-reporting")


class TestDrafts:
    def test_a_draft_may_hold_anything_that_is_sound(self, service: Service) -> None:
        draft = {"period": "2015-04", "unit": GUANGZHOU, "draft": True, "figures": {"townships_total": 30}}

        saved = service.post(REPORTS, draft)

        assert saved.status == 201
        assert saved.json["status"] == "draft"
        assert saved.json["timeliness"] is None
        assert saved.json["figures"] == {"townships_total": 30}
        assert {f["severity"] for f in saved.json["findings"]} == {"info"}

    def test_a_draft_may_not_hold_what_is_no_figure(self, service: Service) -> None:
        refused = service.post(REPORTS, report(draft=True, figures={"members_total": "12"}))

        assert refused.places["/figures/members_total"] == "wrong-type"

    @pytest.mark.parametrize("by", ["reviewer", "centre", "integrator", "shaoguan"])
    @pytest.mark.parametrize("path", ["", "/versions", "/versions/1", "/diff?from=1&to=1"])
    def test_nobody_else_sees_a_draft(self, service: Service, by: str, path: str) -> None:
        service.post(REPORTS, report(draft=True))

        hidden, absent = service.get(at(path), by=by), service.get(at(path, SHUNDE), by=by)

        assert hidden.status == absent.status == 404
        assert without_ids(hidden.json) == without_ids(absent.json)

    def test_a_colleague_sees_and_finishes_it(self, service: Service) -> None:
        service.post(REPORTS, report(draft=True, figures={"members_left": None}))

        assert service.get(at(""), by="colleague").json["status"] == "draft"
        sent = service.put(at(""), report(), by="colleague", if_match='"1"')
        assert (sent.status, sent.json["status"], sent.json["version"]) == (200, "submitted", 2)

    def test_a_draft_is_in_no_list_sum_or_count_of_others(self, service: Service) -> None:
        file(service, SHAOGUAN)
        service.post(REPORTS, report(draft=True))

        listed = service.get(f"{REPORTS}?period=2015-04", by="reviewer").json["items"]
        sums = service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}", by="reviewer").json
        counts = service.get(f"/api/v1/completeness/2015-04/{GUANGDONG}", by="reviewer").json

        assert [row["unit"] for row in listed] == [SHAOGUAN]
        assert sums["cells"]["members_total"]["reported_sum"] == figures(SHAOGUAN)["members_total"]
        assert {row["unit"]: row["status"] for row in sums["units"]}[GUANGZHOU] is None
        assert counts["submitted"] == 1
        assert GUANGZHOU in counts["lists"]["missing"]

    def test_its_own_list_shows_it(self, service: Service) -> None:
        service.post(REPORTS, report(draft=True))

        items = service.get(f"{REPORTS}?status=draft").json["items"]

        assert [(row["unit"], row["status"]) for row in items] == [(GUANGZHOU, "draft")]

    def test_a_draft_tells_no_event(self, service: Service) -> None:
        before = service.get("/api/v1/events", by="centre").json["items"]

        service.post(REPORTS, report(draft=True))

        assert service.get("/api/v1/events", by="centre").json["items"] == before

    def test_a_saved_draft_is_submitted_by_one_call(self, service: Service) -> None:
        service.post(REPORTS, report(draft=True))

        sent = service.post(at("/submit"))

        assert (sent.status, sent.json["status"], sent.json["version"]) == (200, "submitted", 2)
        assert sent.json["figures"] == figures()

    def test_an_unfinished_draft_is_refused_when_it_is_submitted(self, service: Service) -> None:
        service.post(REPORTS, {"period": "2015-04", "unit": GUANGZHOU, "draft": True, "figures": {}})

        refused = service.post(at("/submit"))

        assert refused.status == 422
        assert set(refused.places) >= {f"/figures/{code}" for code in CODES}
        assert {"/contact/name", "/contact/phone"} <= set(refused.places)
