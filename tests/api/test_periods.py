"""Periods over HTTP: windows, deadlines, and days moved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import metadata
from tests.samples import CENTRE, GUANGDONG, GUANGZHOU, SHUNDE
from tests.service import Answer, Service

OVERRIDES = metadata.tables["deadline_override"]


def period(service: Service, month: str, unit: str = GUANGZHOU, by: str = "everybody") -> dict[str, Any]:
    answer = service.get(f"/api/v1/periods/{month}/{unit}", by=by)
    assert answer.status == 200, answer.json
    return dict(answer.json)


def move(
    service: Service, body: object, month: str = "2015-04", unit: str = GUANGDONG, by: str = "reviewer"
) -> Answer:
    return service.put(f"/api/v1/periods/{month}/{unit}/deadline", body, by=by)


@pytest.mark.parametrize(
    ("month", "after", "through", "opens"),
    [
        ("2015-04", "2015-02-28", "2015-04-25", "2015-04-01T00:00:00+08:00"),
        ("2015-05", "2015-04-25", "2015-05-25", "2015-05-01T00:00:00+08:00"),
        ("2016-03", "2016-02-25", "2016-03-25", "2016-03-01T00:00:00+08:00"),
    ],
)
def test_windows_touch_and_the_first_begins_with_the_work(
    service: Service, month: str, after: str, through: str, opens: str
) -> None:
    found = period(service, month)

    assert found["window"] == {"after": after, "through": through}
    assert found["opens_at"] == opens


@pytest.mark.parametrize(
    ("month", "unit", "due_on", "instant", "own"),
    [
        ("2015-04", GUANGZHOU, "2015-04-25", "2015-04-26T00:00:00+08:00", "2015-04-26T00:00:00+08:00"),
        ("2015-04", SHUNDE, "2015-04-25", "2015-04-26T00:00:00+08:00", "2015-04-26T00:00:00+08:00"),
        ("2015-04", GUANGDONG, "2015-04-25", "2015-04-26T00:00:00+08:00", "2015-05-01T00:00:00+08:00"),
        ("2015-04", CENTRE, "2015-04-30", "2015-05-01T00:00:00+08:00", None),
        ("2015-02", "", "", "", ""),
        ("2016-02", CENTRE, "2016-02-29", "2016-03-01T00:00:00+08:00", None),
        ("2017-02", CENTRE, "2017-02-28", "2017-03-01T00:00:00+08:00", None),
        ("2016-02", GUANGZHOU, "2016-02-25", "2016-02-26T00:00:00+08:00", "2016-02-26T00:00:00+08:00"),
    ],
)
def test_deadlines_are_the_end_of_a_day_in_china(
    service: Service, month: str, unit: str, due_on: str, instant: str, own: str | None
) -> None:
    if not unit:
        assert service.get(f"/api/v1/periods/{month}/{GUANGZHOU}").status == 422
        return

    found = period(service, month, unit)

    assert (found["due_on"], found["deadline"], found["own_deadline"]) == (due_on, instant, own)


@pytest.mark.parametrize("month", ["2015-03", "0001-01", "9999-12", "2015-13", "2015-00", "2015-4"])
def test_other_months_are_none(service: Service, month: str) -> None:
    answer = service.get(f"/api/v1/periods/{month}/{GUANGZHOU}")

    assert (answer.status, answer.code) == (422, "period-invalid")


def test_far_months_have_deadlines_too(service: Service) -> None:
    assert period(service, "9998-12")["due_on"] == "9998-12-25"


class TestMoving:
    def test_the_day_is_moved_with_a_reason_that_is_shown(self, service: Service) -> None:
        moved = move(service, {"due_on": "2015-04-27", "reason": "25日为周六，顺延至周一"})

        assert (moved.status, moved.json["committed"]) == (200, True)
        for unit in (GUANGZHOU, GUANGDONG, SHUNDE):
            found = period(service, "2015-04", unit)
            assert (found["due_on"], found["deadline"]) == ("2015-04-27", "2015-04-28T00:00:00+08:00")
            assert found["reason"] == "25日为周六，顺延至周一"
        assert period(service, "2015-05")["reason"] is None

    def test_a_day_that_leaves_no_time_to_review_is_found(self, service: Service) -> None:
        moved = move(service, {"due_on": "2015-04-30", "reason": "节后报送"})

        findings = moved.json["findings"]
        assert [f["rule"] for f in findings] == ["deadline-collision"]
        assert findings[0]["values"] == {"due": "2015-04-30", "own_due": "2015-04-30"}
        assert period(service, "2015-04", GUANGDONG)["findings"] == findings
        assert period(service, "2015-04")["findings"] == []

    def test_it_can_be_moved_again(self, service: Service) -> None:
        move(service, {"due_on": "2015-04-27", "reason": "第一次"})
        move(service, {"due_on": "2015-04-28", "reason": "第二次"})

        assert [(row["due_on"], row["reason"]) for row in service.rows(OVERRIDES)] == [
            ("2015-04-28", "第二次")
        ]

    def test_a_dry_run_moves_nothing(self, service: Service) -> None:
        body = {"due_on": "2015-04-27", "reason": "顺延至周一"}

        rehearsed = service.put(
            f"/api/v1/periods/2015-04/{GUANGDONG}/deadline?dry_run=true", body, by="reviewer"
        )

        assert (rehearsed.json["due_on"], rehearsed.json["committed"]) == ("2015-04-27", False)
        assert service.rows(OVERRIDES) == []

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ({"due_on": "2015-02-30", "reason": "没有这一天"}, "/due_on"),
            ({"due_on": "2015-03-31", "reason": "太早"}, "/due_on"),
            ({"due_on": "2015-06-01", "reason": "太晚"}, "/due_on"),
            ({"due_on": "9999-12-31", "reason": "太晚"}, "/due_on"),
            ({"due_on": 20150427, "reason": "数字"}, "/due_on"),
            ({"due_on": "2015-04-27"}, "/reason"),
            ({"due_on": "2015-04-27", "reason": ""}, "/reason"),
            ({"due_on": "2015-04-27", "reason": "x" * 501}, "/reason"),
            ({"due_on": "2015-04-27", "reason": "顺延", "unit": "x"}, "/unit"),
        ],
    )
    def test_a_day_elsewhere_and_one_without_reason_are_refused(
        self, service: Service, body: dict[str, Any], place: str
    ) -> None:
        refused = move(service, body)

        assert refused.status == 422
        assert set(refused.places) == {place}
        assert service.rows(OVERRIDES) == []

    @pytest.mark.parametrize("day", ["2015-04-01", "2015-05-31"])
    def test_any_day_of_the_month_and_the_next_will_do(self, service: Service, day: str) -> None:
        assert move(service, {"due_on": day, "reason": "顺延"}).status == 200

    def test_where_nobody_reports_there_is_nothing_to_move(self, service: Service) -> None:
        refused = move(service, {"due_on": "2015-04-27", "reason": "顺延"}, unit=GUANGZHOU)

        assert (refused.status, refused.code) == (409, "nobody-reports")

    def test_it_is_audited_and_told(self, service: Service) -> None:
        move(service, {"due_on": "2015-04-27", "reason": "顺延"})

        last = service.rows(metadata.tables["audit_event"])[-1]
        assert (last["action"], last["object"], last["unit"]) == (
            "deadline.set",
            f"deadline:2015-04/{GUANGDONG}",
            GUANGDONG,
        )
        assert service.get("/api/v1/events", by="reviewer").json["items"][-1]["kind"] == "deadline.set"


@pytest.mark.parametrize(
    ("shift", "month", "due_on"),
    [
        ("none", "2015-04", "2015-04-25"),
        ("next_workday", "2015-04", "2015-04-27"),
        ("holidays_only", "2015-04", "2015-04-25"),
        ("previous_workday", "2015-04", "2015-04-24"),
        ("next_workday", "2020-01", "2020-02-03"),
        ("holidays_only", "2020-01", "2020-02-03"),
    ],
)
def test_the_policy_of_the_settings_shifts_days_off(
    seeded_url: str, seeds: Any, engine_name: str, tmp_path: Any, shift: str, month: str, due_on: str
) -> None:
    tokens = seeds(engine_name).tokens
    with Service(seeded_url, tokens, data_dir=tmp_path, deadline_shift=shift) as service:
        found = period(service, month, GUANGDONG)

    assert found["due_on"] == due_on
    collides = due_on == "2020-02-03"
    assert [f["rule"] for f in found["findings"]] == (["deadline-collision"] if collides else [])
