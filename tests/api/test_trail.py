"""What was done and what happened, over HTTP: numbered without gaps, within the caller's reach."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REPORTS, SHUNDE, at, report
from tests.service import Service


@pytest.fixture
def busy(service: Service) -> Service:
    """Reports of two provinces, one of them accepted."""
    for code in (GUANGZHOU, CHANGSHA, SHUNDE):
        service.post(REPORTS, report(code), by="everybody")
    service.post(at("/accept"), by="reviewer", x_request_id="acceptance-1")
    return service


def test_an_auditor_of_all_sees_a_chain_without_gaps(busy: Service) -> None:
    items = busy.get("/api/v1/audit?limit=1000", by="auditor").json["items"]

    assert [row["seq"] for row in items] == list(range(1, len(items) + 1))
    for row, following in pairwise(items):
        assert following["prev_hash"] == row["hash"]


def test_a_row_says_who_did_what_where_when_and_with_which_effect(busy: Service) -> None:
    last = busy.get("/api/v1/audit?limit=1000", by="auditor").json["items"][-1]

    filed = busy.get(at("")).json
    assert {
        name: last[name]
        for name in (
            "action",
            "object",
            "unit",
            "role",
            "version",
            "request_id",
            "address",
            "at",
            "after_hash",
        )
    } == {
        "action": "report.accept",
        "object": f"report:2015-04/{GUANGZHOU}",
        "unit": GUANGZHOU,
        "role": "reviewer",
        "version": 1,
        "request_id": "acceptance-1",
        "address": "192.0.2.1",
        "at": "2015-04-24T09:00:00+08:00",
        "after_hash": filed["content_hash"],
    }
    assert last["actor"].startswith("token:")


def test_no_secret_and_no_contact_is_in_the_trail(busy: Service) -> None:
    said = (
        busy.get("/api/v1/audit?limit=1000", by="auditor").body + busy.get("/api/v1/events", by="centre").body
    )

    for secret in ("13800000000", "示例甲", *(token.split("_", 2)[2] for token in busy.tokens.values())):
        assert secret.encode() not in said


def test_an_auditor_of_a_province_sees_its_units_only(busy: Service) -> None:
    items = busy.get("/api/v1/audit?limit=1000", by="guangdong_auditor").json["items"]

    units = {row["unit"] for row in items}
    assert {GUANGZHOU, SHUNDE, GUANGDONG} <= units
    assert not {CHANGSHA, "430000", "000000"} & units


@pytest.mark.parametrize(
    ("by", "expected"), [("reviewer", {GUANGZHOU, SHUNDE}), ("hunan", {CHANGSHA}), ("shunde", {SHUNDE})]
)
def test_events_are_of_the_units_within_reach(busy: Service, by: str, expected: set[str]) -> None:
    items = busy.get("/api/v1/events", by=by).json["items"]

    assert {event["unit"] for event in items} == expected


@pytest.mark.parametrize("path", ["audit", "events"])
def test_who_follows_reads_every_row_once(busy: Service, path: str) -> None:
    by = "auditor" if path == "audit" else "centre"
    seen: list[int] = []
    after = 0
    while True:
        page = busy.get(f"/api/v1/{path}?after={after}&limit=3", by=by).json
        if not page["items"]:
            break
        seen += [row["seq"] for row in page["items"]]
        after = page["next"]

    assert seen == sorted(set(seen))
    assert page["next"] == after == seen[-1]


def test_an_event_holds_what_a_follower_needs_to_fetch(busy: Service) -> None:
    event = busy.get("/api/v1/events", by="hunan").json["items"][0]

    assert (event["kind"], event["unit"]) == ("report.submitted", CHANGSHA)
    assert event["data"] == {"period": "2015-04", "unit": CHANGSHA, "version": 1}
    assert event["at"] == "2015-04-24T09:00:00+08:00"


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?after=99999999999999999999", "?limit=0"])
def test_a_place_that_means_nothing_is_refused(service: Service, query: str) -> None:
    assert service.get(f"/api/v1/audit{query}", by="auditor").status == 422
    assert service.get(f"/api/v1/events{query}", by="centre").status == 422


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("13800000000", ""),
        ('x"}\r\n{"forged":true}', ""),
        ("9" * 200, ""),
        ("fe80::1%13800000000", ""),
        ("", ""),
    ],
)
def test_an_address_that_a_proxy_passes_on_is_kept_only_if_it_is_one(
    service: Service, said: str, kept: str
) -> None:
    scope = service._scope

    def forwarded(*arguments: Any) -> dict[str, Any]:
        return {**scope(*arguments), "client": (said, 0)}

    service._scope = forwarded  # type: ignore[method-assign]
    assert service.post(REPORTS, report()).status == 201

    assert service.get("/api/v1/audit?limit=1000", by="auditor").json["items"][-1]["address"] == kept
