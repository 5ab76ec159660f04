"""A report that goes on: prefilled, corrected, masked for others, listed."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.filing import file
from tests.api.test_reports_review import bring, take
from tests.samples import (
    CHANGSHA,
    FOSHAN,
    GUANGDONG,
    GUANGZHOU,
    REPORTS,
    SHAOGUAN,
    SHUNDE,
    at,
    figures,
    report,
)
from tests.service import Service


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


def test_every_step_is_told_as_an_event(service: Service) -> None:
    bring(service, "submitted")
    for step in ("withdraw", "submit", "return", "submit", "accept", "reopen"):
        assert take(service, step).status == 200

    events = service.get("/api/v1/events", by="reviewer").json["items"]

    assert [event["kind"] for event in events if event["unit"] == GUANGZHOU] == [
        "report.submitted",
        "report.withdrawn",
        "report.submitted",
        "report.returned",
        "report.submitted",
        "report.accepted",
        "report.reopened",
    ]
