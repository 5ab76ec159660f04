"""Rosters over time: superseded, taken back, compared, corrected after a close, refused, done later."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from app.domain.permission import Actor, Grant, Role
from app.models import metadata
from app.services import ledger_versions, rosters
from tests.ledger import IMPORTS, imported, line
from tests.rosters import MEMBERS, OTHER_TOWN, TOWN, effective, member, org, sent
from tests.samples import GUANGDONG, SHUNDE
from tests.service import Answer, Asked, Service

AFTER = "2015-04-26T09:00:00+08:00"
MAY = "2015-05-26T09:00:00+08:00"
STAFF = [member(1, "2014-01-01"), member(2, "2015-04-02")]
OTHER = Actor("other", "示例", "test", (Grant(Role.REVIEWER, GUANGDONG, f"000000/{GUANGDONG}"),))
GROUPS = [org(1, "2014-01-01"), org(2, "2015-04-02")]


@pytest.fixture
def office(service: Service) -> Service:
    """The service after April's cut-off."""
    service.clock.set(AFTER)
    return service


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "evidence").rglob("*") if len(path.name) == 64)


def act(service: Service, answer: Answer, step: str, body: Any = None) -> Answer:
    return service.post(f"{IMPORTS}/{answer.json['id']}/{step}", body, by="reviewer")


def test_a_roster_taken_back_gives_way_to_what_decided_before(office: Service) -> None:
    imported(office, line(SHUNDE, members_total=90, orgs_total=80))
    sent(office, *GROUPS, kind="orgs")
    members = sent(office, *STAFF)

    assert (effective(office)["members_total"], effective(office)["orgs_total"]) == (2, 2)
    back = act(office, members, "rollback")

    assert (back.status, back.json["in_force"]) == (200, None)
    assert (effective(office)["members_total"], effective(office)["orgs_total"]) == (90, 2)


def test_a_later_summary_decides_all_and_a_promoted_roster_its_side(office: Service) -> None:
    first = sent(office, *STAFF)
    sent(office, *GROUPS, kind="orgs")
    imported(office, line(SHUNDE, members_total=90, orgs_total=80))
    assert (effective(office)["members_total"], effective(office)["orgs_total"]) == (90, 80)

    second = sent(office, *STAFF, member(3, "2015-04-03"))
    assert (effective(office)["members_total"], effective(office)["orgs_total"]) == (3, 80)
    promoted = act(office, first, "promote", {"in_force": second.json["id"]})

    assert promoted.json["changes"] == {"added": 0, "changed": 2, "removed": 0}
    assert effective(office)["members_total"] == 2


def test_a_roster_equal_to_what_is_in_force_changes_nothing(office: Service) -> None:
    first = sent(office, *STAFF)
    again = sent(office, *STAFF)

    assert again.json["changes"] == {"added": 0, "changed": 0, "removed": 0}
    assert again.json["records"] == {"added": 0, "changed": 0, "removed": 0, "back_entries": 0}
    assert office.get(f"{IMPORTS}/{again.json['id']}", by="reviewer").json["supersedes"] == first.json["id"]


def test_a_diff_names_the_records_by_masked_keys_page_by_page(office: Service) -> None:
    sent(office, *STAFF, member(3, "2015-04-03"))
    second = sent(
        office, STAFF[0], member(2, "2015-04-02", "2015-04-20"), member(4, "2015-04-04", town=OTHER_TOWN)
    )
    address = f"{IMPORTS}/{second.json['id']}/diff?limit=2"

    first = office.get(address, by="reviewer").json["records"]
    rest = office.get(f"{address}&cursor={first['next']}", by="reviewer").json["records"]

    assert {name: first[name] for name in ("added", "changed", "removed")} == {
        "added": 1,
        "changed": 1,
        "removed": 1,
    }
    assert [
        (each["change"], each["identity"], each["township"], each["line"], each["earlier_line"])
        for each in (*first["items"], *rest["items"])
    ] == [
        ("changed", "M0…02", TOWN, 3, 3),
        ("removed", "M0…03", TOWN, None, 4),
        ("added", "M0…04", OTHER_TOWN, 4, None),
    ]
    assert rest["next"] is None


def test_organizations_are_compared_by_their_numbers(office: Service) -> None:
    first = sent(office, *GROUPS, kind="orgs")
    second = sent(office, GROUPS[0], org(2, "2015-04-03"), kind="orgs")

    against = office.get(
        f"{IMPORTS}/{first.json['id']}/diff?against={second.json['id']}", by="reviewer"
    ).json["records"]

    assert (against["changed"], against["items"][0]["identity"]) == (1, "D0002")


def close_april(service: Service) -> None:
    """The province's April is final, and May's cut-off has passed."""
    service.clock.set("2015-04-30T18:00:00+08:00")
    answer = service.post(
        f"/api/v1/periods/2015-04/{GUANGDONG}/close", {"reason": "示例：按期关闭"}, by="reviewer"
    )
    assert answer.status == 200, answer.json
    service.clock.set(MAY)


def test_what_is_entered_after_a_close_counts_in_the_first_open_period(office: Service) -> None:
    sent(office, *STAFF)
    close_april(office)

    late = sent(office, *STAFF, member(3, "2015-04-10"))

    assert late.json["records"] == {"added": 1, "changed": 0, "removed": 0, "back_entries": 1}
    assert late.json["closed"] == []
    assert effective(office)["members_total"] == 2
    may = effective(office, "2015-05")
    assert (may["members_added"], may["members_total"]) == (1, 3)


def test_the_first_roster_moves_nothing_and_leaves_what_is_closed(office: Service) -> None:
    close_april(office)

    answer = sent(office, *STAFF)

    assert answer.json["closed"] == [{"period": "2015-04", "unit": SHUNDE}]
    assert answer.json["records"]["back_entries"] == 0
    assert effective(office, "2015-05")["members_total"] == 2


def test_a_day_decides_which_periods_there_are(office: Service) -> None:
    assert sent(office, *STAFF, query="&as_of=2015-04-24").json["periods"] == []
    assert sent(office, *STAFF, query="&as_of=2015-04-25").json["periods"] == ["2015-04"]
    tomorrow = sent(office, *STAFF, query="&as_of=2015-04-27")
    assert (tomorrow.status, tomorrow.places) == (422, {"/query/as_of": "as-of-in-the-future"})


def test_a_refused_roster_stores_nothing_and_its_findings_are_a_file(office: Service, tmp_path: Path) -> None:
    answer = sent(office, *STAFF, "M9,440606101,示例某,委员,2015-13-01,\n", "M8,1,示例某,委员,2015-04-01,\n")

    assert (answer.status, answer.code, answer.json["kind"]) == (422, "import-rejected", "members")
    assert answer.json["counts"]["error"] == 2
    assert {(f["line"], f["column"]) for f in answer.json["findings"]} == {
        (4, "start_date"),
        (5, "township_code"),
    }
    assert (office.rows(metadata.tables["ledger_import"]), kept(tmp_path)) == ([], [])


def test_a_dry_run_of_a_roster_leaves_no_trace(office: Service, tmp_path: Path) -> None:
    before = office.stored()

    answer = sent(office, *STAFF, query="&dry_run=true")

    assert (answer.status, answer.json["committed"], answer.json["changes"]["added"]) == (200, False, 3)
    assert office.stored() == before
    assert kept(tmp_path) == []
    assert not list((tmp_path / "rosters").glob("work-*"))


def test_a_workbook_is_a_roster_too(office: Service) -> None:
    page = io.BytesIO()
    with Workbook(page, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, text in enumerate([MEMBERS, *STAFF]):
            sheet.write_row(row, 0, text.strip("\n").split(","))

    answer = office.post(
        f"{IMPORTS}?kind=members",
        page.getvalue(),
        by="reviewer",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )

    assert (answer.status, effective(office)["members_total"]) == (201, 2), answer.json


def test_names_are_not_kept(office: Service, tmp_path: Path) -> None:
    sent(office, member(1, "2014-01-01", name="示例不该留下"))

    assert len(kept(tmp_path)) == 1
    assert all(
        "示例不该留下".encode() not in path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix != ".sqlite3-shm"
    )


def ended(service: Service, answer: Answer) -> dict[str, Any]:
    async def wait() -> None:
        while service.app.state.desk._running:
            await asyncio.sleep(0.01)

    service.run(wait())
    return dict(service.get(answer.headers["location"], by="reviewer").json)


def test_a_roster_is_taken_and_done_later(office: Service) -> None:
    job = ended(office, sent(office, *STAFF, prefer="respond-async"))

    assert (job["state"], job["percent"], job["rows"]) == ("done", 100, 2), job
    assert office.get(job["result"], by="reviewer").json["kind"] == "members"


def test_the_findings_of_a_refused_job_are_a_file(office: Service) -> None:
    job = ended(office, sent(office, "M9,440606101,示例某,委员,2015-13-01,\n", prefer="respond-async"))
    assert job["state"] == "failed"

    answer = office.get(f"{IMPORTS}/{job['id']}/findings", by="reviewer")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    lines = answer.body.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("错误 error,2,start_date,bad-date,2015-13-01,")
    assert lines[-1].startswith("合计 total,,,,,")
    assert "示例某" not in answer.body.decode()
    assert office.get(f"{IMPORTS}/{job['id']}/findings", by="hunan").status == 404
    assert office.get(f"{IMPORTS}/{'0' * 32}/findings", by="reviewer").status == 404


def test_a_cancelled_job_stops_reading_and_leaves_nothing(
    office: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read, begun = rosters.read, asyncio.Event()
    loop = office._runner.get_loop()

    def slowly(*args: Any, watch: Any, **more: Any) -> Any:
        loop.call_soon_threadsafe(begun.set)
        while True:
            watch("reading", 0.5)
            if office is None:
                return read(*args, watch=watch, **more)

    monkeypatch.setattr(rosters, "read", slowly)
    monkeypatch.setattr("app.api.progress.LOOK", 0.01)
    answer = sent(office, *STAFF, prefer="respond-async")
    office.run(asyncio.wait_for(begun.wait(), 5))
    seen = office.get(answer.headers["location"], by="reviewer").json

    cancelled = office.ask(Asked("DELETE", answer.headers["location"], "reviewer"))
    job = ended(office, answer)

    assert (seen["state"], cancelled.status, job["state"]) == ("running", 200, "cancelled")
    assert office.rows(metadata.tables["ledger_import"]) == []
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(("job-", "work-"))]


def test_of_two_rosters_read_at_once_the_second_is_told(
    office: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = rosters.read

    def overtaken(*args: Any, **more: Any) -> Any:
        found = read(*args, **more)
        monkeypatch.setattr(rosters, "read", read)
        with office.app.state.database.transaction() as session:
            rosters.store(session, found, by=OTHER, now=office.clock.now(), policy=office.app.state.policy)
        return found

    monkeypatch.setattr(rosters, "read", overtaken)
    answer = sent(office, *STAFF)

    assert (answer.status, answer.code) == (409, "ledger-overtaken")


def test_a_purged_roster_keeps_counts_and_gives_up_its_records(office: Service) -> None:
    first = sent(office, *STAFF)
    office.clock.set(MAY)
    sent(office, *STAFF, member(3, "2015-05-01"))
    with office.app.state.database.transaction() as session:
        purged, _ = ledger_versions.purge(
            session, days=1, by=OTHER, now=office.clock.now(), policy=office.app.state.policy
        )

    assert purged == [first.json["id"]]
    row = next(r for r in office.rows(metadata.tables["ledger_import"]) if r["id"] == first.json["id"])
    assert (row["records"], row["rows"]) == (None, 2)
