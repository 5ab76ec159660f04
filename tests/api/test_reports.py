"""Reports over HTTP: filed, corrected, read back, listed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.models import metadata
from tests.samples import (
    CHANGSHA,
    CODES,
    FOSHAN,
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

STORED = [metadata.tables[name] for name in metadata.tables if name not in {"unit", "token", "grant"}]


def snapshot(service: Service) -> dict[str, list[dict[str, Any]]]:
    """Everything that a write could have left."""
    return {table.name: service.rows(table) for table in STORED}


def file(service: Service, *codes: str, period: str = "2015-04") -> None:
    for code in codes:
        assert service.post(REPORTS, report(code, period), by="everybody").status == 201


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


class TestPrefill:
    def test_the_first_draft_takes_the_denominators_from_the_register(self, service: Service) -> None:
        body = service.get(at("/draft")).json

        assert body["figures"] == {"counties_agri_total": 7, "townships_total": 34}
        assert body["contact"] == {"name": "", "phone": ""}
        assert body["draft"] is True

    def test_a_later_one_takes_contact_and_denominators_from_the_last_report(self, service: Service) -> None:
        sent = report(
            contact={"name": "示例乙", "phone": "020-81234567"},
            figures={"townships_total": 33, "townships_mobilized": 33},
        )
        service.post(REPORTS, sent)
        service.clock.set("2015-05-20T09:00:00+08:00")

        body = service.get(at("/draft", period="2015-05")).json

        assert body["period"] == "2015-05"
        assert body["contact"] == sent["contact"]
        assert body["figures"] == {"counties_agri_total": 7, "townships_total": 33}

    def test_it_never_holds_the_figures_of_the_ledger(self, service: Service) -> None:
        ledger = (
            "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
            "orgs_rectified,orgs_total,as_of\n2015-04,440100,广州市,41,12,452,38,4,9,690,2015-04-25\n"
        )
        imported = service.post(
            f"/api/v1/reconciliations?period=2015-04&unit={GUANGDONG}",
            ledger.encode(),
            by="reviewer",
            content_type="text/csv",
        )
        assert imported.status == 201, imported.json

        prefilled = service.get(at("/draft")).json

        assert set(prefilled["figures"]) == {"counties_agri_total", "townships_total"}

    def test_it_can_be_sent_as_it_is_for_a_draft(self, service: Service) -> None:
        prefilled = service.get(at("/draft")).json

        assert service.post(REPORTS, prefilled).status == 201


class TestCorrections:
    def test_a_correction_is_a_new_version_and_the_old_one_stays(self, service: Service) -> None:
        file(service, GUANGZHOU)

        corrected = service.put(
            at(""), report(figures={"members_total": 411, "members_added": 4}), if_match='"1"'
        )

        assert (corrected.status, corrected.json["version"], corrected.etag) == (200, 2, '"2"')
        assert corrected.json["status"] == "submitted"
        versions = service.get(at("/versions")).json["items"]
        assert [v["number"] for v in versions] == [1, 2]
        assert service.get(at("/versions/1")).json["content"]["figures"] == figures()
        cells = service.get(at("/diff?from=1&to=2")).json["cells"]
        assert cells == [
            {"pointer": "/figures/members_added", "from": 3, "to": 4},
            {"pointer": "/figures/members_total", "from": 410, "to": 411},
        ]

    def test_it_must_say_which_version_was_read(self, service: Service) -> None:
        file(service, GUANGZHOU)

        refused = service.put(at(""), report())

        assert (refused.status, refused.code) == (428, "precondition-required")

    def test_a_stale_one_is_told_every_cell_that_differs(self, service: Service) -> None:
        file(service, GUANGZHOU)
        service.put(
            at(""), report(narrative="更正", figures={"wechat_groups": 300}), by="colleague", if_match='"1"'
        )

        stale = service.put(at(""), report(), if_match='"1"')

        assert (stale.status, stale.code) == (412, "version-conflict")
        assert (stale.json["your_version"], stale.json["current_version"]) == (1, 2)
        assert stale.json["diff"] == [
            {"pointer": "/figures/wechat_groups", "from": 306, "to": 300},
            {"pointer": "/narrative", "from": "", "to": "更正"},
        ]

    @pytest.mark.parametrize("tag", ['"99"', '"x"', 'W/"1"'])
    def test_a_tag_that_is_not_the_current_one_is_stale(self, service: Service, tag: str) -> None:
        file(service, GUANGZHOU)

        assert service.put(at(""), report(), if_match=tag).status == 412

    def test_a_star_means_whatever_is_there(self, service: Service) -> None:
        file(service, GUANGZHOU)

        assert service.put(at(""), report(), if_match="*").json["version"] == 2
        assert (
            service.put(
                at("", period="2015-04").replace(GUANGZHOU, SHAOGUAN),
                report(SHAOGUAN),
                by="shaoguan",
                if_match="*",
            ).status
            == 404
        )

    def test_the_address_says_whose_report_it_is(self, service: Service) -> None:
        file(service, GUANGZHOU)

        refused = service.put(at(""), {**report(), "unit": SHAOGUAN, "period": "2015-03"}, if_match='"1"')

        assert refused.errors == {"/unit": "unknown-value", "/period": "unknown-value"}

    def test_a_body_without_unit_and_period_takes_those_of_the_address(self, service: Service) -> None:
        file(service, GUANGZHOU)
        body = report()
        del body["unit"], body["period"]

        assert service.put(at(""), body, if_match='"1"').status == 200

    def test_a_submitted_report_takes_no_draft(self, service: Service) -> None:
        file(service, GUANGZHOU)

        refused = service.put(at(""), report(draft=True), if_match='"1"')

        assert (refused.status, refused.code) == (409, "wrong-status")
        assert "已报待审" in refused.json["title_zh"]

    def test_an_unknown_version_is_not_found(self, service: Service) -> None:
        file(service, GUANGZHOU)

        assert service.get(at("/versions/2")).status == 404
        assert service.get(at("/diff?from=1&to=2")).status == 404
        assert service.get(at("/diff?from=0&to=2")).status == 422


class TestContact:
    @pytest.mark.parametrize("by", ["reviewer", "centre", "integrator"])
    def test_it_is_masked_for_everybody_but_the_unit(self, service: Service, by: str) -> None:
        file(service, GUANGZHOU)

        whole, version = service.get(at(""), by=by), service.get(at("/versions/1"), by=by)

        assert whole.json["contact"] == {"name": "示**", "phone": "138****0000"}
        assert version.json["content"]["contact"] == {"name": "示**", "phone": "138****0000"}

    @pytest.mark.parametrize("step", ["accept", "return"])
    def test_it_is_masked_in_the_answers_to_a_reviewer(self, service: Service, step: str) -> None:
        file(service, GUANGZHOU)

        body = {"reasons": [{"pointer": "", "text": "请核实"}]} if step == "return" else {}
        answer = service.post(at(f"/{step}"), body, by="reviewer")

        assert answer.status == 200
        assert answer.json["contact"] == {"name": "示**", "phone": "138****0000"}

    @pytest.mark.parametrize("by", ["guangzhou", "reviewer"])
    def test_it_is_in_no_list(self, service: Service, by: str) -> None:
        file(service, GUANGZHOU)

        listed = service.get(REPORTS, by=by).body.decode()

        assert "13800000000" not in listed
        assert "示例甲" not in listed
        assert "contact" not in listed

    def test_the_unit_itself_sees_it_whole(self, service: Service) -> None:
        file(service, GUANGZHOU)

        assert service.get(at("")).json["contact"] == {"name": "示例甲", "phone": "13800000000"}

    @pytest.mark.parametrize(
        ("phone", "is_good"),
        [
            ("13800000000", True),
            ("020-81234567", True),
            ("0763 3366000-12", True),
            ("12800000000", False),
            ("1380000000", False),
            ("８１２３４５６７", False),
            ("+8613800000000", False),
        ],
    )
    def test_the_phone_is_one_that_can_be_called(self, service: Service, phone: str, is_good: bool) -> None:
        answer = service.post(REPORTS, report(contact={"name": "示例甲", "phone": phone}))

        assert answer.status == (201 if is_good else 422)
        assert is_good or answer.places["/contact/phone"] == "invalid-phone"


class TestLists:
    @pytest.fixture
    def month(self, service: Service) -> Service:
        file(service, GUANGZHOU, SHAOGUAN, SHUNDE, CHANGSHA)
        service.clock.set("2015-04-26T09:00:00+08:00")
        file(service, FOSHAN)
        service.post(at("/accept", SHAOGUAN), by="reviewer")
        return service

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", [GUANGZHOU, SHAOGUAN, FOSHAN, SHUNDE]),
            ("?period=2015-04", [GUANGZHOU, SHAOGUAN, FOSHAN, SHUNDE]),
            ("?period=2015-05", []),
            (f"?unit={SHUNDE}", [SHUNDE]),
            (f"?unit={CHANGSHA}", []),
            (f"?within={GUANGDONG}", [GUANGZHOU, SHAOGUAN, FOSHAN, SHUNDE]),
            (f"?within={FOSHAN}", [FOSHAN]),
            ("?status=accepted", [SHAOGUAN]),
            ("?timeliness=late", [FOSHAN]),
            ("?status=submitted&timeliness=on_time", [GUANGZHOU, SHUNDE]),
        ],
    )
    def test_filters(self, month: Service, query: str, expected: list[str]) -> None:
        answer = month.get(f"{REPORTS}{query}", by="reviewer")

        assert [row["unit"] for row in answer.json["items"]] == expected
        assert answer.json["next"] is None

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("?within=440999", 404),
            (f"?within={CHANGSHA}", 404),
            ("?period=2015-13", 422),
            ("?period=2015-03", 422),
            ("?status=lost", 422),
            ("?unit=x", 422),
            ("?limit=0", 422),
            ("?limit=1001", 422),
            ("?cursor=x", 422),
            ("?surprise=1", 422),
        ],
    )
    def test_a_filter_that_means_nothing_is_refused(self, month: Service, query: str, status: int) -> None:
        assert month.get(f"{REPORTS}{query}", by="reviewer").status == status

    def test_pages_hold_every_report_once(self, month: Service) -> None:
        seen, cursor = [], ""
        while True:
            page = month.get(f"{REPORTS}?limit=2{cursor}", by="centre").json
            assert len(page["items"]) <= 2
            seen += [row["unit"] for row in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"

        assert seen == [CHANGSHA, GUANGZHOU, SHAOGUAN, FOSHAN, SHUNDE]

    def test_a_reporter_sees_only_its_own(self, month: Service) -> None:
        assert [row["unit"] for row in month.get(REPORTS, by="foshan").json["items"]] == [FOSHAN]

    def test_rows_tell_the_instant_of_receipt_in_china(self, month: Service) -> None:
        row = month.get(f"{REPORTS}?unit={FOSHAN}", by="reviewer").json["items"][0]

        assert row["received_at"] == "2015-04-26T09:00:00+08:00"
        assert datetime.fromisoformat(row["received_at"]).utcoffset() is not None


def without_ids(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem without what differs from request to request."""
    return {name: value for name, value in problem.items() if name not in {"instance", "request_id"}}
