"""After the close only by reopening (domain.md A19): every unit, also one that never sent a report or whose report
was not reviewed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REPORTS, SHAOGUAN, at, figures, report
from tests.service import Answer, Service

APRIL = f"/api/v1/periods/2015-04/{GUANGDONG}"
SUMS = f"/api/v1/aggregates/2015-04/{GUANGDONG}"
WIDE = {"reason": "补报上月报表", "expires_at": "2015-05-03T00:00:00+08:00"}


def bring(service: Service, status: str) -> None:
    """Guangzhou's April in a status, and closed."""
    if status != "absent":
        assert service.post(REPORTS, report(draft=status == "draft")).status == 201
    service.clock.set("2015-04-30T18:00:00+08:00")
    assert service.post(f"{APRIL}/close", {"reason": "按期关闭示例"}, by="reviewer").status == 200


def reopen(service: Service, by: str = "reviewer", **given: Any) -> Answer:
    return service.post(at("/reopen"), WIDE | given, by=by)


def restated(service: Service) -> Any:
    answer = service.post(f"{APRIL}/restate", {"reason": "补报后重述"}, by="reviewer")
    assert answer.status == 200, answer.json
    return next(unit for unit in service.get(SUMS, by="reviewer").json["units"] if unit["unit"] == GUANGZHOU)


@pytest.mark.parametrize("status", ["absent", "draft"])
def test_a_unit_that_sent_nothing_files_late_after_the_close(service: Service, status: str) -> None:
    bring(service, status)
    before = service.get(SUMS, by="reviewer").body

    answer = reopen(service)
    sent = service.post(REPORTS, report()) if status == "absent" else service.post(at("/submit"), {})

    assert (answer.status, answer.json["status"], answer.json["version"]) == (200, "absent", 0)
    assert "etag" not in answer.headers
    assert answer.json["reasons"][0]["text"] == WIDE["reason"]
    assert (sent.status, sent.json["timeliness"]) == (201 if status == "absent" else 200, "late")
    assert service.get(SUMS, by="reviewer").body == before
    assert service.post(at("/accept"), {}, by="reviewer").status == 200
    assert restated(service)["reported"]["members_total"] == figures()["members_total"]


def test_an_unreviewed_report_goes_back_to_its_unit(service: Service) -> None:
    bring(service, "submitted")
    assert service.post(at("/accept"), {}, by="reviewer").code == "period-closed"

    answer = reopen(service, pointers=["/figures/wechat_groups"])

    assert (answer.status, answer.json["status"]) == (200, "returned")
    wider = service.put(at(""), report(figures={"townships_funded_20k": 0}), if_match="*")
    assert wider.code == "cell-not-reopened"
    assert service.post(at("/submit"), {}).status == 200
    assert service.post(at("/accept"), {}, by="reviewer").status == 200


@pytest.mark.parametrize("status", ["absent", "draft", "submitted"])
def test_before_the_close_there_is_nothing_to_reopen(service: Service, status: str) -> None:
    if status != "absent":
        service.post(REPORTS, report(draft=status == "draft"))

    answer = reopen(service)

    expected = (409, "wrong-status") if status == "submitted" else (404, "not-found")
    assert (answer.status, answer.code) == expected


def test_nobody_above_learns_of_a_draft(service: Service) -> None:
    bring(service, "draft")
    drafted = reopen(service).json
    other = service.post(at("/reopen", SHAOGUAN), WIDE, by="reviewer").json

    differing = {name for name in drafted if drafted[name] != other[name]}
    assert differing == {"unit", "name"}
    assert service.rows_of("outbox_event")[-2]["data"]["version"] == 0


def test_the_leave_ends_and_is_given_anew(service: Service) -> None:
    bring(service, "absent")
    reopen(service)
    service.clock.set("2015-05-03T00:00:01+08:00")

    assert service.post(REPORTS, report()).code == "period-closed"
    assert reopen(service).code == "expiry-past"
    assert reopen(service, expires_at="2015-05-05T00:00:00+08:00").status == 200
    assert service.post(REPORTS, report()).status == 201


def test_only_the_unit_that_was_reopened_files(service: Service) -> None:
    bring(service, "absent")
    reopen(service)

    assert service.post(REPORTS, report(SHAOGUAN), by="shaoguan").code == "period-closed"
    assert service.get(f"/api/v1/periods/2015-04/{GUANGZHOU}").json["reopening"]["reason"] == WIDE["reason"]


@pytest.mark.parametrize(("person", "status"), [("guangzhou", 403), ("auditor", 403), ("hunan", 404)])
def test_only_a_reviewer_reopens(service: Service, person: str, status: int) -> None:
    bring(service, "absent")

    assert reopen(service, by=person).status == status
    assert service.post(at("/reopen", CHANGSHA), WIDE, by="reviewer").status == 404


def test_a_dry_run_opens_nothing(service: Service) -> None:
    bring(service, "absent")

    answer = service.post(at("/reopen?dry_run=true"), WIDE, by="reviewer")

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert service.post(REPORTS, report()).code == "period-closed"


def test_it_is_in_the_trail_and_told(service: Service) -> None:
    bring(service, "absent")
    reopen(service)

    last = service.rows_of("audit_event")[-1]
    assert (last["action"], last["object"]) == ("report.reopen", f"report:2015-04/{GUANGZHOU}")
    assert service.rows_of("outbox_event")[-1]["kind"] == "report.reopened"
