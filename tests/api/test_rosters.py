"""Rosters as imports: what they decide, what they leave, and how they are refused."""

from __future__ import annotations

from tests.ledger import RUNS, imported, line, reconciled
from tests.rosters import TOWN, effective, member, org, sent
from tests.samples import REPORTS, SHUNDE, figures, report
from tests.service import Answer, Service

AFTER = "2015-04-26T09:00:00+08:00"


def test_a_pair_of_rosters_decides_the_seven_figures(service: Service) -> None:
    service.clock.set(AFTER)

    members = sent(
        service, member(1, "2014-01-01"), member(2, "2015-04-02"), member(3, "2014-01-01", "2015-04-03")
    )
    orgs = sent(
        service,
        org(1, "2014-01-01"),
        org(2, "2015-04-02"),
        org(3, "2014-01-01", "2015-04-03", "2015-04-01"),
        kind="orgs",
    )

    assert members.status == 201, members.json
    assert orgs.status == 201, orgs.json
    assert (members.json["kind"], members.json["periods"], members.json["units"]) == (
        "members",
        ["2015-04"],
        [SHUNDE],
    )
    assert members.json["records"] == {"added": 3, "changed": 0, "removed": 0, "back_entries": 0}
    assert effective(service) == {
        "members_added": 1,
        "members_left": 1,
        "members_total": 2,
        "orgs_new": 1,
        "orgs_dissolved": 1,
        "orgs_rectified": 1,
        "orgs_total": 2,
    }


def asked(
    service: Service, indicator: str, unit: str = SHUNDE, *, by: str = "reviewer", run: str = ""
) -> Answer:
    run = run or reconciled(service).json["id"]
    return service.get(f"{RUNS}/{run}/figures/{unit}/{indicator}", by=by)


def test_a_figure_is_explained_down_to_its_records(service: Service) -> None:
    assert service.post(REPORTS, report(SHUNDE), by="shunde").status == 201
    service.clock.set("2015-05-02T09:00:00+08:00")
    sent(
        service,
        member(12345, "2015-04-02"),
        member(2, "2015-04-26"),
        member(3, "2015-04-30"),
        member(4, "2014-01-01", "2015-04-03"),
        member(4, "2014-01-01", "2015-04-03"),
    )

    answer = asked(service, "members_added")

    assert answer.status == 200, answer.json
    found = answer.json
    assert (found["kind"], found["has_records"]) == ("members", True)
    assert (found["reported"], found["ledger"], found["difference"]) == (3, 1, 2)
    assert [(r["line"], r["identity"], r["township"]) for r in found["counted"]["records"]] == [
        (2, "M1…45", TOWN)
    ]
    assert found["excluded"]["counts"] == {"duplicate": 1, "not-yet-started": 2, "outside-window": 1}
    assert found["identity"]["ledger"] == {"opening": 1, "added": 1, "left": 1, "total": 1, "holds": True}
    assert found["identity"]["reported"]["opening"] is None
    assert found["hints"][0]["code"] == "calendar-month"
    assert "示例某" not in answer.body.decode()


def test_a_summary_explains_what_it_can_without_records(service: Service) -> None:
    assert service.post(REPORTS, report(SHUNDE), by="shunde").status == 201
    imported(service, line(SHUNDE, members_total=figures(SHUNDE)["members_total"] + 9))

    found = asked(service, "members_total").json

    assert (found["kind"], found["has_records"], found["difference"]) == ("summary", False, -9)
    assert found["counted"]["records"] is None
    assert found["identity"]["ledger"]["holds"] is None
    assert [hint["code"] for hint in found["hints"]] == []


def test_a_reporter_is_told_why_only_after_its_report(service: Service) -> None:
    imported(service, line(SHUNDE, members_left=5))
    run = reconciled(service).json["id"]

    before = asked(service, "members_left", by="shunde", run=run)
    service.post(REPORTS, report(SHUNDE), by="shunde")
    after = asked(service, "members_left", by="shunde", run=run)

    assert (before.status, after.status) == (404, 200)
    assert after.json["difference"] == -4


def test_what_is_out_of_reach_reads_as_absent(service: Service) -> None:
    imported(service, line(SHUNDE))
    run = reconciled(service).json["id"]

    refused = [
        asked(service, "members_left", by="hunan", run=run),
        asked(service, "members_left", by="foshan", run=run),
        asked(service, "members_left", "430100", run=run, by="centre"),
        asked(service, "townships_total", run=run),
        asked(service, "members_left", run="0" * 32),
        asked(service, "members_left", "999999", run=run),
    ]

    assert {answer.status for answer in refused} == {404}
    assert asked(service, "members_left", by="auditor", run=run).status == 403
