"""When a report counts as on time, which periods are open, and what moves a deadline."""

from __future__ import annotations

import pytest

from tests.samples import GUANGDONG, GUANGZHOU, HUNAN, REPORTS, SHAOGUAN, at, report
from tests.service import Service


@pytest.mark.parametrize(
    ("received", "timeliness"),
    [
        ("2015-04-25T23:59:59.999+08:00", "on_time"),
        ("2015-04-26T00:00:00.000+08:00", "on_time"),
        ("2015-04-26T00:00:00.001+08:00", "late"),
        ("2015-04-25T16:00:00.000+00:00", "on_time"),
        ("2015-04-25T16:00:00.001+00:00", "late"),
    ],
)
def test_the_last_millisecond_of_the_twenty_fifth_in_china_decides(
    service: Service, received: str, timeliness: str
) -> None:
    service.clock.set(received)

    filed = service.post(REPORTS, report())

    assert (filed.status, filed.json["timeliness"]) == (201, timeliness)


def test_a_late_report_is_accepted_and_flagged(service: Service) -> None:
    service.clock.set("2015-04-28T09:00:00+08:00")

    filed = service.post(REPORTS, report())

    assert (filed.status, filed.json["status"], filed.json["timeliness"]) == (201, "submitted", "late")


def test_a_correction_is_judged_by_the_first_submission(service: Service) -> None:
    service.post(REPORTS, report())
    service.clock.set("2015-04-28T09:00:00+08:00")

    corrected = service.put(at(""), report(), if_match='"1"')

    assert corrected.json["timeliness"] == "on_time"
    assert corrected.json["received_at"] == "2015-04-28T09:00:00+08:00"


def test_a_draft_saved_in_time_is_late_when_it_is_sent_late(service: Service) -> None:
    service.post(REPORTS, report(draft=True))
    service.clock.set("2015-04-26T00:00:00.001+08:00")

    assert service.post(at("/submit")).json["timeliness"] == "late"


@pytest.mark.parametrize(
    "period", ["2015-03", "2014-12", "2015-05", "2016-04", "2015-13", "9999-12", "x", 201504]
)
def test_periods_before_the_first_and_after_today_are_refused(service: Service, period: object) -> None:
    refused = service.post(REPORTS, {**report(), "period": period})

    assert (refused.status, refused.code) == (422, "period-invalid")
    assert [f["rule"] for f in refused.json["findings"] if f["severity"] == "error"] == ["R30"]


def test_a_period_opens_with_the_first_instant_of_its_month_in_china(service: Service) -> None:
    service.clock.set("2015-05-01T00:00:00+08:00")
    opened = service.post(f"{REPORTS}?dry_run=true", report(period="2015-05"))
    service.clock.set("2015-04-30T23:59:59.999+08:00")
    early = service.post(f"{REPORTS}?dry_run=true", report(period="2015-05"))

    assert (opened.status, early.status) == (200, 422)


def test_february_is_due_with_the_others_of_its_month(service: Service) -> None:
    service.clock.set("2016-02-25T23:00:00+08:00")

    assert service.post(REPORTS, report(period="2016-02")).json["deadline"] == "2016-02-26T00:00:00+08:00"


class TestMovedDeadlines:
    @pytest.fixture
    def moved(self, service: Service) -> Service:
        body = {"due_on": "2015-04-27", "reason": "25日为周六，顺延至周一"}
        answer = service.put(f"/api/v1/periods/2015-04/{GUANGDONG}/deadline", body, by="reviewer")
        assert answer.status == 200, answer.json
        return service

    def test_a_report_is_judged_by_the_day_that_was_set(self, moved: Service) -> None:
        moved.clock.set("2015-04-28T00:00:00+08:00")

        filed = moved.post(REPORTS, report())

        assert (filed.json["timeliness"], filed.json["deadline"]) == ("on_time", "2015-04-28T00:00:00+08:00")

    def test_other_provinces_and_other_months_keep_theirs(self, moved: Service) -> None:
        hunan = moved.get(f"/api/v1/periods/2015-04/{HUNAN}", by="centre").json
        may = moved.get(f"/api/v1/periods/2015-05/{GUANGDONG}", by="reviewer").json

        assert (hunan["due_on"], may["due_on"]) == ("2015-04-25", "2015-05-25")

    def test_what_was_sent_before_is_judged_by_the_new_day(self, service: Service) -> None:
        service.clock.set("2015-04-26T09:00:00+08:00")
        service.post(REPORTS, report())
        service.post(REPORTS, report(SHAOGUAN, draft=True), by="shaoguan")
        assert service.get(at("")).json["timeliness"] == "late"

        body = {"due_on": "2015-04-27", "reason": "顺延至周一"}
        service.put(f"/api/v1/periods/2015-04/{GUANGDONG}/deadline", body, by="reviewer")

        assert service.get(at("")).json["timeliness"] == "on_time"
        assert service.get(at("", SHAOGUAN), by="shaoguan").json["timeliness"] is None
        counts = service.get(f"/api/v1/completeness/2015-04/{GUANGDONG}", by="reviewer").json
        assert (counts["on_time"], counts["late"]) == (1, 0)
        back = {"due_on": "2015-04-25", "reason": "恢复原定日期"}
        service.put(f"/api/v1/periods/2015-04/{GUANGDONG}/deadline", back, by="reviewer")
        assert service.get(at("")).json["timeliness"] == "late"


def test_the_shift_of_the_settings_replaces_that_of_the_form(
    seeded_url: str, seeds, engine_name: str, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    tokens = seeds(engine_name).tokens
    with Service(seeded_url, tokens, data_dir=tmp_path, deadline_shift="next_workday") as service:
        service.clock.set("2015-04-27T23:59:59+08:00")

        filed = service.post(REPORTS, report())
        own = service.get(f"/api/v1/periods/2015-04/{GUANGZHOU}").json

    # 25 April 2015 is a Saturday.
    assert (filed.json["deadline"], filed.json["timeliness"]) == ("2015-04-28T00:00:00+08:00", "on_time")
    assert own["due_on"] == "2015-04-27"
