"""The life of a mismatch: found, answered, closed by itself or by the reviewer, and opened again."""

from __future__ import annotations

from typing import Any

import pytest

from app.services import forms
from tests.ledger import MISMATCHES, RUNS, imported, line, reconciled
from tests.samples import GUANGZHOU, REPORTS, SHAOGUAN, at, figures, report
from tests.service import Answer, Asked, Service

TOTAL = figures()["members_total"]
WHY = {"text": "台账尚未录入4月下旬的变动"}


@pytest.fixture
def differing(service: Service) -> Service:
    """Guangzhou's report is 7 above the ledger in one figure, and April is reconciled."""
    service.post(REPORTS, report())
    imported(service, line(members_total=TOTAL - 7))
    reconciled(service)
    return service


def only(service: Service, by: str = "reviewer", query: str = "") -> dict[str, Any]:
    (found,) = service.get(f"{MISMATCHES}{query}", by=by).json["items"]
    return dict(found)


def whole(service: Service) -> dict[str, Any]:
    return dict(service.get(f"{MISMATCHES}/{only(service)['id']}", by="reviewer").json)


def act(service: Service, step: str, body: Any = WHY, by: str = "guangzhou", **headers: str) -> Answer:
    return service.post(f"{MISMATCHES}/{only(service)['id']}/{step}", body, by=by, **headers)


def correct(service: Service, **cells: int) -> Answer:
    return service.put(at(""), report(figures=cells), by="guangzhou", if_match="*")


def test_a_mismatch_keeps_its_identity_over_runs(differing: Service) -> None:
    first = only(differing)

    run = reconciled(differing).json
    imported(differing, line(members_total=TOTAL - 9))

    assert run["mismatches"][0]["id"] == first["id"] == only(differing)["id"]
    assert (first["difference"], only(differing)["difference"]) == (7, 9)
    again = differing.get(f"{RUNS}/{run['id']}", by="reviewer").json
    assert (again["mismatches"][0]["difference"], again["mismatches"][0]["state"]) == (7, "open")


def test_a_run_with_an_import_that_is_not_in_force_moves_nothing(service: Service) -> None:
    service.post(REPORTS, report())
    old = imported(service, line(members_total=1)).json["id"]
    imported(service, line())

    run = reconciled(service, ledger_import=old).json

    assert [(m["id"], m["difference"]) for m in run["mismatches"]] == [(None, TOTAL - 1)]
    assert service.get(MISMATCHES, by="reviewer").json["items"] == []


def test_the_unit_explains_and_the_reviewer_lets_it_stand(differing: Service) -> None:
    explained = act(differing, "explain")
    resolved = act(differing, "resolve", {"text": "原因属实，以台账为准"}, by="reviewer")

    assert (explained.status, explained.json["state"]) == (200, "explained")
    assert (resolved.json["state"], resolved.json["resolution"]) == ("closed", "accepted")
    thread = [(e["step"], e["state"], e["text"], e["role"]) for e in resolved.json["thread"]]
    assert thread == [
        ("found", "open", "", "reviewer"),
        ("explain", "explained", WHY["text"], "reporter"),
        ("resolve", "closed", "原因属实，以台账为准", "reviewer"),
    ]


@pytest.mark.parametrize(
    ("step", "state"), [("explain", "explained"), ("confirm", "confirmed"), ("dispute", "disputed")]
)
def test_the_unit_may_change_its_answer_until_it_is_closed(differing: Service, step: str, state: str) -> None:
    act(differing, "dispute")

    assert act(differing, step).json["state"] == state
    act(differing, "resolve", by="reviewer")
    refused = act(differing, step)
    assert (refused.status, refused.code, refused.json["status_now"]) == (409, "wrong-status", "closed")


def test_an_answer_without_words_is_refused(differing: Service) -> None:
    for step, by in (("explain", "guangzhou"), ("dispute", "guangzhou"), ("resolve", "reviewer")):
        answer = act(differing, step, {"text": "  不知道  "}, by=by)
        assert (answer.status, answer.places) == (422, {"/text": "text-too-short"})
    assert act(differing, "confirm", {}).status == 200


def test_a_corrected_report_closes_it(differing: Service) -> None:
    act(differing, "confirm", {})

    correct(differing, members_total=TOTAL - 7)

    found = whole(differing)
    assert (found["state"], found["resolution"], found["difference"]) == ("closed", "report_corrected", 0)
    assert found["thread"][-1]["step"] == "report_corrected"


def test_a_corrected_ledger_closes_it_and_a_rollback_opens_it_again(differing: Service) -> None:
    act(differing, "dispute")

    later = imported(differing, line()).json["id"]
    closed = whole(differing)
    differing.post(f"/api/v1/ledger/imports/{later}/rollback", by="reviewer")
    opened = whole(differing)

    assert (closed["state"], closed["resolution"]) == ("closed", "ledger_corrected")
    assert (opened["state"], opened["resolution"], opened["difference"]) == ("open", None, 7)
    assert [e["step"] for e in opened["thread"]] == ["found", "dispute", "ledger_corrected", "reopen"]


def test_another_difference_opens_it_again_and_keeps_what_was_said(differing: Service) -> None:
    act(differing, "explain")
    act(differing, "resolve", by="reviewer")

    imported(differing, line(members_total=TOTAL - 8))

    found = whole(differing)
    assert (found["state"], found["difference"]) == ("open", 8)
    assert [e["text"] for e in found["thread"]] == ["", WHY["text"], WHY["text"], ""]


def test_figures_that_move_together_keep_the_answer(differing: Service) -> None:
    act(differing, "explain")

    imported(differing, line(members_total=TOTAL - 8, orgs_total=1))
    act(differing, "explain")
    correct(differing, members_total=TOTAL - 1, members_added=2)

    found = whole(differing)
    assert (found["reported"], found["ledger"], found["difference"]) == (TOTAL - 1, TOTAL - 8, 7)


def test_a_figure_that_goes_away_moves_nothing(differing: Service) -> None:
    act(differing, "explain")

    differing.post(at("/withdraw"), by="guangzhou")

    assert (whole(differing)["state"], whole(differing)["difference"]) == ("explained", 7)


def test_only_the_revision_that_was_read_is_answered(differing: Service) -> None:
    tag = differing.get(f"{MISMATCHES}/{only(differing)['id']}", by="guangzhou").etag
    act(differing, "explain")

    stale = act(differing, "confirm", {}, if_match=tag)

    assert (stale.status, stale.json["current_version"]) == (412, 2)


def test_a_dry_run_of_an_answer_stores_nothing(differing: Service) -> None:
    answer = differing.post(f"{MISMATCHES}/{only(differing)['id']}/explain?dry_run=true", WHY)

    assert (answer.json["state"], answer.json["committed"]) == ("explained", False)
    assert only(differing)["state"] == "open"


def test_of_two_who_close_it_together_one_wins(differing: Service) -> None:
    address = f"{MISMATCHES}/{only(differing)['id']}/resolve"
    asked = [Asked("POST", address, name, WHY) for name in ("reviewer", "second_reviewer")]

    answers = differing.together(asked)

    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(whole(differing)["thread"]) == 2


ODD_BODIES = [
    b'{"text": "\\ud800\\ud800\\ud800\\ud800\\ud800"}',
    b'{"text": "a\\u0000bcdef"}',
    b'{"text": NaN}',
    b'{"text": 5}',
    b'{"text": null}',
    b'{"text": "abcdef", "state": "closed"}',
    b'{"text": "' + b"x" * 2001 + b'"}',
    b"[]",
    b"{",
    b"",
]


@pytest.mark.parametrize("body", ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_no_body_breaks_an_answer(differing: Service, body: bytes) -> None:
    for step in ("explain", "confirm", "dispute", "resolve"):
        answer = differing.post(f"{MISMATCHES}/{only(differing)['id']}/{step}", body, by="reviewer")
        assert answer.status in {400, 422} or (step, body) == ("confirm", b""), answer.json


def test_every_move_is_an_event(differing: Service) -> None:
    act(differing, "explain")
    correct(differing, members_total=TOTAL - 7)

    found = [
        e for e in differing.get("/api/v1/events", by="reviewer").json["items"] if "mismatch" in e["kind"]
    ]
    assert [(e["unit"], e["data"]["step"], e["data"]["state"]) for e in found] == [
        (GUANGZHOU, "explain", "explained"),
        (GUANGZHOU, "report_corrected", "closed"),
    ]


PEOPLE = {
    "guangzhou": (200, 200, 403),
    "shaoguan": (404, 404, 404),
    "reviewer": (200, 200, 200),
    "hunan": (404, 404, 404),
    "integrator": (200, 403, 403),
    "auditor": (403, 403, 403),
    "administrator": (403, 403, 403),
}


@pytest.mark.parametrize("person", PEOPLE)
def test_the_table_of_permissions_decides(differing: Service, person: str) -> None:
    address = f"{MISMATCHES}/{only(differing)['id']}"

    asked = [
        differing.get(address, by=person).status,
        *(
            differing.post(f"{address}/{step}?dry_run=true", WHY, by=person).status
            for step in ("explain", "resolve")
        ),
    ]

    assert tuple(asked) == PEOPLE[person]
    seen = differing.get(MISMATCHES, by=person)
    assert seen.status == (403 if person in {"auditor", "administrator"} else 200)
    if seen.status == 200:
        assert len(seen.json["items"]) == (0 if asked[0] == 404 else 1)


class TestBlindFirst:
    """Before a unit has reported, nobody shows its reporter what the ledger says."""

    @pytest.fixture
    def withdrawn(self, differing: Service) -> Service:
        differing.post(at("/withdraw"), by="guangzhou")
        return differing

    def test_a_mismatch_is_seen_once_the_report_is_sent(self, withdrawn: Service) -> None:
        found = only(withdrawn)["id"]

        assert withdrawn.get(MISMATCHES, by="guangzhou").json["items"] == []
        assert withdrawn.get(f"{MISMATCHES}/{found}", by="guangzhou").status == 404
        withdrawn.post(at("/submit"), by="guangzhou")
        assert only(withdrawn, by="guangzhou")["ledger"] == TOTAL - 7

    def test_no_sum_tells_the_figure_either(self, service: Service) -> None:
        imported(service, line(members_total=777), line(SHAOGUAN))
        address = f"/api/v1/aggregates/2015-04/{GUANGZHOU}"

        blind, seeing = service.get(address), service.get(address, by="reviewer")

        assert b":777" in seeing.body
        assert b":777" not in blind.body
        service.post(REPORTS, report(explanations=[]))
        assert b":777" in service.get(address).body

    def test_no_run_tells_it(self, service: Service) -> None:
        imported(service, line(members_total=777))
        run = reconciled(service).json["id"]

        assert b'"ledger":777' in service.get(f"{RUNS}/{run}", by="reviewer").body
        assert b'"ledger":777' not in service.get(f"{RUNS}/{run}", by="everybody").body

    def test_a_form_may_let_units_look_before(self, withdrawn: Service) -> None:
        open_form = (
            forms.builtin_forms()[0]
            .replace("version = 1\n", "version = 2\n", 1)
            .replace("blind_first = true", "blind_first = false")
        )
        published = withdrawn.post("/api/v1/forms", {"definition": open_form}, by="administrator")
        assert published.status == 201, published.json
        imported(withdrawn, line(members_total=TOTAL - 7, orgs_new=1))

        assert only(withdrawn, by="guangzhou")["ledger"] == TOTAL - 7
