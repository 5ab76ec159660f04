"""Excused units (免报): let off a month with a reason, neither missing nor reminded, and left out of the rates."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import Database
from app.services import reminders
from app.services.periods import Policy
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REPORTS, SHAOGUAN, at, report
from tests.service import Answer, Asked, Service

WHY = {"reason": "因灾停工，本月免报"}


def place(unit: str = GUANGZHOU, period: str = "2015-04") -> str:
    return f"/api/v1/periods/{period}/{unit}/excuse"


def excuse(service: Service, unit: str = GUANGZHOU, period: str = "2015-04", **given: Any) -> Answer:
    return service.put(place(unit, period), WHY, **({"by": "reviewer"} | given))


def lift(service: Service, by: str = "reviewer") -> Answer:
    return service.ask(Asked("DELETE", place(), by))


def asked(service: Service, what: str, period: str = "2015-04") -> Any:
    answer = service.get(f"/api/v1/{what}/{period}/{GUANGDONG}", by="reviewer")
    assert answer.status == 200, answer.json
    return answer.json


def test_an_excused_unit_is_not_missing_and_not_in_the_rates(service: Service) -> None:
    service.post(REPORTS, report(SHAOGUAN), by="shaoguan")

    answer = excuse(service)

    assert (answer.status, answer.json["reason"], answer.json["committed"]) == (200, WHY["reason"], True)
    found = asked(service, "completeness")
    assert (found["expected"], found["submitted"], found["missing"], found["excused"]) == (22, 1, 20, 1)
    assert found["lists"]["excused"] == [GUANGZHOU]
    assert found["rates"]["submitted"]["denominator"] == 21
    assert GUANGZHOU not in {each["unit"] for each in found["omissions"]}
    assert service.get(f"/api/v1/periods/2015-04/{GUANGZHOU}").json["excuse"]["reason"] == WHY["reason"]


def test_sums_still_list_it_as_missing(service: Service) -> None:
    before = asked(service, "aggregates")
    excuse(service)

    assert asked(service, "aggregates") == before
    assert GUANGZHOU in before["cells"]["members_total"]["units_missing"]


def test_the_board_shows_it_and_waits_for_nobody(service: Service) -> None:
    excuse(service)
    service.clock.set("2015-04-29T09:00:00+08:00")

    found = asked(service, "board")
    line = next(each for each in found["items"] if each["unit"] == GUANGZHOU)

    assert (line["state"], line["blockers"], line["next_action"]["code"]) == ("excused", [], "none")
    assert (line["age_days"], line["omitted_before"]) == (0, None)
    assert found["states"]["excused"] == 1
    table = service.get(f"/api/v1/board/2015-04/{GUANGDONG}", by="reviewer", accept="text/csv")
    assert "免报" in table.body.decode()


def test_it_is_not_reminded(service: Service) -> None:
    excuse(service)
    service.clock.set("2015-04-24T09:00:00+08:00")

    with Database(service.database_url).transaction() as session:
        due = {each.unit for each in reminders.due(session, now=service.clock.now(), policy=Policy())}

    assert GUANGZHOU not in due
    assert SHAOGUAN in due


def test_an_excused_month_is_no_omission_afterwards(service: Service) -> None:
    excuse(service, period="2015-05")
    service.clock.set("2015-07-20T09:00:00+08:00")

    omitted = {
        each["unit"]: each["omitted_before"]
        for each in asked(service, "completeness", "2015-07")["omissions"]
    }

    assert (omitted[GUANGZHOU], omitted[SHAOGUAN]) == (2, 3)


def test_a_report_that_is_sent_all_the_same_counts(service: Service) -> None:
    excuse(service)
    assert service.post(REPORTS, report(), by="guangzhou").status == 201

    found = asked(service, "completeness")

    assert (found["submitted"], found["excused"]) == (1, 0)
    assert found["rates"]["submitted"]["denominator"] == 22


def test_an_excuse_is_taken_back(service: Service) -> None:
    assert lift(service).status == 404
    excuse(service)

    answer = lift(service)

    assert (answer.status, answer.json["reason"]) == (200, WHY["reason"])
    assert asked(service, "completeness")["excused"] == 0
    assert lift(service).status == 404


def test_each_step_leaves_an_audit_row_and_an_event_without_the_reason(service: Service) -> None:
    excuse(service)
    excuse(service, period="2015-04")
    lift(service)

    kinds = ["excuse.set", "excuse.set", "excuse.lifted"]
    assert [row["kind"] for row in service.rows_of("outbox_event")][-3:] == kinds
    trail = service.rows_of("audit_event")[-3:]
    assert [(row["action"], row["object"]) for row in trail] == [
        (kind, f"excuse:2015-04/{GUANGZHOU}") for kind in kinds
    ]
    assert WHY["reason"] not in str(trail)


def test_a_dry_run_excuses_nobody(service: Service) -> None:
    answer = service.put(f"{place()}?dry_run=true", WHY, by="reviewer")

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert service.rows_of("excuse") == []


@pytest.mark.parametrize(
    ("person", "status"),
    [("guangzhou", 403), ("auditor", 403), ("hunan", 404), ("shaoguan", 404), ("centre", 200)],
)
def test_only_a_reviewer_of_the_unit_above_excuses(service: Service, person: str, status: int) -> None:
    assert excuse(service, by=person).status == status


def test_nobody_excuses_the_unit_at_which_they_stand(service: Service) -> None:
    """The reviewer of the province is below the centre, which collects from it."""
    assert excuse(service, GUANGDONG).status == 403
    assert service.ask(Asked("DELETE", place(GUANGDONG), "reviewer")).status == 403


def test_who_has_reported_is_not_excused(service: Service) -> None:
    service.post(REPORTS, report())

    assert excuse(service).json["code"] == "already-reported"
    service.post(at("/withdraw"), {})
    assert excuse(service).status == 200


def test_who_is_not_expected_is_not_excused(service: Service) -> None:
    answer = excuse(service, "440103")

    assert (answer.status, answer.json["code"]) == (409, "not-expected")


def test_after_the_close_excuses_stay_as_they_are(service: Service) -> None:
    excuse(service)
    close = f"/api/v1/periods/2015-04/{GUANGDONG}/close"
    assert service.post(close, {"reason": "提前关闭示例"}, by="reviewer").status == 200

    assert excuse(service, SHAOGUAN).json["code"] == "period-closed"
    assert lift(service).json["code"] == "period-closed"
    whole = service.get(f"/api/v1/periods/2015-04/{GUANGDONG}/vintages/1", by="reviewer").json
    assert whole["completeness"]["lists"]["excused"] == [GUANGZHOU]


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "a\u0000b"}, {"reason": 1}]
)
def test_an_excuse_needs_a_reason(service: Service, body: Any) -> None:
    answer = service.put(place(), body, by="reviewer")

    assert (answer.status, list(answer.places)) == (422, ["/reason"])


def test_the_unit_of_another_province_is_as_absent(service: Service) -> None:
    assert excuse(service, CHANGSHA).status == excuse(service, "999999").status == 404
