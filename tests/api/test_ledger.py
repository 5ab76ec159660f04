"""Ledger imports as versions: what came in, what differs, and which one is in force."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import metadata
from tests.ledger import IMPORTS, imported, ledger, line
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REPORTS, SHAOGUAN, report
from tests.service import Answer, Service

FIGURES = metadata.tables["figures"]


def effective(service: Service, code: str = GUANGZHOU, indicator: str = "members_total") -> Any:
    answer = service.get(f"/api/v1/aggregates/2015-04/{code}", by="reviewer")
    return answer.json["units"][0]["effective"][indicator]


def act(service: Service, imported: Answer, step: str, body: Any = None, by: str = "reviewer") -> Answer:
    return service.post(f"{IMPORTS}/{imported.json['id']}/{step}", body, by=by)


def test_an_import_is_a_version_that_names_what_it_superseded(service: Service) -> None:
    first = imported(service, line())
    service.clock.set("2015-04-25T09:00:00+08:00")
    second = imported(service, line(members_total=500))

    listed = service.get(IMPORTS, by="reviewer").json["items"]

    assert [each["id"] for each in listed] == [second.json["id"], first.json["id"]]
    assert [each["supersedes"] for each in listed] == [first.json["id"], None]
    assert listed[0]["unit"] == GUANGDONG
    assert listed[0]["changes"] == {"added": 0, "changed": 1, "removed": 0}
    assert [service.get(f"{IMPORTS}/{each['id']}", by="reviewer").json["is_in_force"] for each in listed] == [
        True,
        False,
    ]


def test_pages_of_imports_follow_one_another(service: Service) -> None:
    made = []
    for day in (21, 22, 23):
        service.clock.set(f"2015-04-{day}T09:00:00+08:00")
        made.append(imported(service, line(members_total=400 + day)).json["id"])

    first = service.get(f"{IMPORTS}?limit=2", by="reviewer").json
    second = service.get(f"{IMPORTS}?limit=2&cursor={first['next']}", by="reviewer").json

    assert [each["id"] for each in (*first["items"], *second["items"])] == made[::-1]
    assert second["next"] is None


def test_a_diff_lists_what_was_added_changed_and_removed(service: Service) -> None:
    first = imported(service, line(), line(SHAOGUAN, members_left=None))
    second = imported(service, line(members_total=500, orgs_new=None), line(SHAOGUAN))

    answer = service.get(f"{IMPORTS}/{second.json['id']}/diff", by="reviewer").json
    back = service.get(f"{IMPORTS}/{first.json['id']}/diff?against={second.json['id']}", by="reviewer").json

    assert answer["changes"] == {"added": 1, "changed": 1, "removed": 1}
    assert [(f["unit"], f["indicator"], f["change"], f["to"]) for f in answer["figures"]] == [
        (GUANGZHOU, "members_total", "changed", 500),
        (GUANGZHOU, "orgs_new", "removed", None),
        (SHAOGUAN, "members_left", "added", 1),
    ]
    assert (answer["against"], answer["records"], answer["truncated"]) == (first.json["id"], None, False)
    assert back["changes"] == {"added": 1, "changed": 1, "removed": 1}


def test_the_first_import_differs_from_nothing_by_all_it_has(service: Service) -> None:
    first = imported(service, line())

    answer = service.get(f"{IMPORTS}/{first.json['id']}/diff", by="reviewer").json

    assert (answer["against"], answer["changes"]["added"]) == (None, 7)


def test_a_rollback_puts_in_force_what_was_before(service: Service) -> None:
    first = imported(service, line(members_total=500))
    second = imported(service, line(members_total=600), line(SHAOGUAN))

    answer = act(service, second, "rollback")

    assert answer.status == 200, answer.json
    assert answer.json["in_force"] == first.json["id"]
    assert answer.json["changes"] == {"added": 0, "changed": 1, "removed": 7}
    assert effective(service) == 500
    assert effective(service, SHAOGUAN) is None
    again = act(service, first, "rollback")
    assert (again.status, again.json["in_force"], effective(service)) == (200, None, None)


def test_a_promotion_puts_an_older_one_in_force_again(service: Service) -> None:
    first = imported(service, line(members_total=500))
    second = imported(service, line(members_total=600))

    answer = act(service, first, "promote", {"in_force": second.json["id"]})

    assert (answer.status, answer.json["in_force"]) == (200, first.json["id"])
    assert effective(service) == 500
    assert act(service, first, "rollback").json["in_force"] == second.json["id"]
    assert effective(service) == 600


def test_whoever_has_not_seen_the_version_in_force_moves_nothing(service: Service) -> None:
    first = imported(service, line(members_total=500))
    second = imported(service, line(members_total=600))
    third = imported(service, line(members_total=700))

    stale = act(service, first, "promote", {"in_force": second.json["id"]})
    old = act(service, second, "rollback")
    same = act(service, third, "promote", {"in_force": third.json["id"]})

    assert [(each.status, each.code) for each in (stale, old, same)] == [
        (409, "not-in-force"),
        (409, "not-in-force"),
        (409, "already-in-force"),
    ]
    assert stale.json["in_force"] == third.json["id"]
    assert effective(service) == 700


def test_a_dry_run_of_a_move_leaves_all_as_it_was(service: Service) -> None:
    imported(service, line(members_total=500))
    second = imported(service, line(members_total=600))
    before = service.stored()

    answer = service.post(f"{IMPORTS}/{second.json['id']}/rollback?dry_run=true", by="reviewer")

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert service.stored() == before


def test_closed_periods_stay_and_are_named(service: Service) -> None:
    imported(service, line(members_total=500))
    close = f"/api/v1/periods/2015-04/{GUANGDONG}/close"
    assert service.post(close, {"reason": "测试用，提前关闭"}, by="reviewer").status == 200

    second = imported(service, line(members_total=600), line(SHAOGUAN))
    back = act(service, second, "rollback")

    named = [{"period": "2015-04", "unit": code} for code in (GUANGZHOU, SHAOGUAN)]
    assert second.json["closed"] == named
    assert back.json["closed"] == named
    assert back.json["changes"] == {"added": 0, "changed": 0, "removed": 0}
    assert effective(service) == 500


def test_a_promotion_recomputes_what_counts_for_the_report(service: Service) -> None:
    service.post(REPORTS, report())
    first = imported(service, line(members_total=500))
    second = imported(service, line())

    act(service, first, "promote", {"in_force": second.json["id"]})

    row = next(r for r in service.rows(FIGURES) if r["unit_code"] == GUANGZHOU)
    assert row["flags"]["members_total"] == ["ledger_corrected"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/diff"), ("POST", "/promote"), ("POST", "/rollback")]
)
def test_an_import_of_another_province_is_not_there(service: Service, method: str, path: str) -> None:
    made = imported(service, line())
    absent = "0" * 32

    def ask(import_id: str, by: str) -> Answer:
        address = f"{IMPORTS}/{import_id}{path}"
        body = {"in_force": None} if path == "/promote" else None
        return service.get(address, by=by) if method == "GET" else service.post(address, body, by=by)

    assert [ask(made.json["id"], by).status for by in ("hunan", "guangzhou", "auditor")] == [404, 404, 403]
    assert ask(absent, "reviewer").status == 404
    assert service.get(IMPORTS, by="hunan").json["items"] == []
    assert service.get(IMPORTS, by="guangzhou").status == 403


def test_each_province_has_a_line_of_versions_of_its_own(service: Service) -> None:
    first = imported(service, line(members_total=500))
    imported(service, line(CHANGSHA), by="hunan")

    assert act(service, first, "rollback").status == 200
    assert service.get("/api/v1/events", by="reviewer").json["items"][-1]["kind"] == "ledger.rolled_back"


def test_a_file_of_other_units_is_refused_whole(service: Service) -> None:
    answer = imported(service, line(), line(CHANGSHA))

    assert (answer.status, answer.code) == (422, "import-rejected")
    assert [f["code"] for f in answer.json["findings"]] == ["unknown-unit"]
    assert service.get(IMPORTS, by="reviewer").json["items"] == []


def test_an_import_takes_who_may_write_the_ledger(service: Service) -> None:
    people = ("scoped", "reviewer", "guangzhou", "integrator", "auditor", "administrator")

    assert [imported(service, line(), by=name, query="?dry_run=true").status for name in people] == [
        200,
        200,
        403,
        403,
        403,
        403,
    ]
    assert service.post(IMPORTS, ledger(line()), by=None, content_type="text/csv").status == 401


ODD_BODIES = [
    {},
    {"in_force": 5},
    {"in_force": "x"},
    {"in_force": "\x00" * 32},
    {"in_force": None, "rank": 1},
    [],
]


@pytest.mark.parametrize("body", ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_no_body_breaks_a_move(service: Service, body: Any) -> None:
    made = imported(service, line())

    assert act(service, made, "promote", body).status == 422
    assert act(service, made, "rollback", body).status == (200 if body == {} else 422)


@pytest.mark.parametrize(
    "path",
    [
        "?kind=rumour",
        "?limit=0",
        "?cursor=WzFd",
        "?cursor=x",
        "/nonsense",
        "/nonsense/diff",
        "?kind=summary&kind=summary",
    ],
)
def test_no_address_breaks_a_list(service: Service, path: str) -> None:
    assert service.get(f"{IMPORTS}{path}", by="reviewer").status == 422


def test_a_diff_takes_only_imports_within_reach(service: Service) -> None:
    mine, theirs = imported(service, line()), imported(service, line(CHANGSHA), by="hunan")
    address = f"{IMPORTS}/{mine.json['id']}/diff?against="

    assert service.get(address + theirs.json["id"], by="reviewer").status == 404
    assert service.get(address + theirs.json["id"], by="centre").json["changes"] == {
        "added": 7,
        "changed": 0,
        "removed": 7,
    }
