"""Anchors and the archive: a cut end or a chain sealed anew shows, old rows leave, and the chain stays whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.cli.context import OPERATOR
from app.db import Database, Session
from app.domain.address import Outgoing
from app.errors import Conflict, Invalid, Problem
from app.models import metadata
from app.services import anchors, audit, events, retention
from app.services.anchors import Anchor
from tests.receiver import receiving
from tests.samples import GUANGZHOU, REPORTS, at, report
from tests.service import Service
from tests.services.test_audit import as_owner

EVENTS = metadata.tables["audit_event"]
SEGMENTS = metadata.tables["audit_segment"]
NOBODY = Outgoing()
JUNE_2016 = datetime.fromisoformat("2016-06-01T00:00:00+08:00")


@pytest.fixture
def busy(service: Service) -> Service:
    service.post(REPORTS, report())
    service.post(at("/accept"), by="reviewer")
    return service


def kept(service: Service, path: Path) -> list[Anchor]:
    anchors.anchor(Database(service.database_url), str(path), now=service.clock.now(), allowed=NOBODY)
    return anchors.parse_anchors(path.read_bytes())


def denied(service: Service, heads: list[Anchor]) -> list[int]:
    with Database(service.database_url).transaction() as session:
        assert audit.broken(session) == []
        return anchors.denied(session, heads)


def test_a_head_is_kept_line_by_line_and_borne_out(busy: Service, tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    kept(busy, path)
    busy.post(
        at("/reopen"), {"reason": "单位来函更正", "expires_at": "2015-05-05T00:00:00+08:00"}, by="reviewer"
    )
    heads = kept(busy, path)

    assert [each.seq for each in heads] == sorted({each.seq for each in heads})
    assert len(heads) == 2
    assert denied(busy, heads) == []


def test_a_cut_end_shows_against_the_anchor_only(busy: Service, tmp_path: Path) -> None:
    heads = kept(busy, tmp_path / "anchors")
    with as_owner(busy) as session:
        session.run(delete(EVENTS).where(EVENTS.c.seq > heads[-1].seq - 2))

    assert denied(busy, heads) == [heads[-1].seq]


def test_a_chain_sealed_anew_shows_against_the_anchor_only(busy: Service, tmp_path: Path) -> None:
    heads = kept(busy, tmp_path / "anchors")
    with as_owner(busy) as session:
        reseal(session, from_row=3)

    assert denied(busy, heads) == [heads[-1].seq]


def reseal(session: Session, *, from_row: int) -> None:
    """Change a row and every hash from it on, as one who owns the database and knows the algorithm."""
    rows = session.all(select(EVENTS).order_by(EVENTS.c.seq))
    previous = rows[from_row - 2]["hash"]
    for row in rows[from_row - 1 :]:
        row["actor"] = "token:somebody" if row["seq"] == from_row else row["actor"]
        row["prev_hash"] = previous
        previous = row["hash"] = audit.seal(row)
        session.run(EVENTS.update().where(EVENTS.c.seq == row["seq"]).values(**row))


@pytest.mark.parametrize("text", [b"", b"\n", b"x", b"[]", b'{"seq":1}', b'{"seq":"x","hash":"","at":""}'])
def test_what_holds_no_anchor_is_not_taken_for_one(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the word differs by what is wrong
        anchors.parse_anchors(text)


def test_a_head_can_be_sent_to_an_address(busy: Service) -> None:
    database = Database(busy.database_url)
    with receiving() as receiver:
        place = f"http://127.0.0.1:{receiver.port}/heads"
        allowed = Outgoing(allows_http=True, inside=frozenset({"127.0.0.1"}))
        head = anchors.anchor(database, place, now=busy.clock.now(), allowed=allowed)
        receiver.answers = [500]
        with pytest.raises(Problem):
            anchors.anchor(database, place, now=busy.clock.now(), allowed=allowed)

    assert head is not None
    assert receiver.got[0][1] == head.line()


def test_it_is_anchored_once_a_day_and_after_a_closing(busy: Service, tmp_path: Path) -> None:
    path, database = tmp_path / "anchors", Database(busy.database_url)
    keeper = anchors.Keeper(str(path), NOBODY)

    def lines() -> int:
        keeper.keep(database, now=busy.clock.now())
        return len(path.read_bytes().splitlines())

    assert (lines(), lines()) == (1, 1)
    busy.clock.set("2015-04-25T00:00:01+08:00")
    assert (lines(), lines()) == (2, 2)
    busy.clock.set("2015-04-25T12:00:00+08:00")
    with database.transaction() as session:
        events.emit(session, "period.closed", unit=GUANGZHOU, data={}, now=busy.clock.now())
    busy.clock.set("2015-04-25T12:00:01+08:00")
    assert (lines(), lines()) == (3, 3)


def archive(service: Service, to: Path, before: str, now: datetime = JUNE_2016) -> Any:
    with Database(service.database_url).transaction() as session:
        instant = datetime.fromisoformat(before)
        return retention.archive(session, before=instant, to=to, by=OPERATOR, now=now)


def test_old_rows_move_to_a_file_and_the_chain_stays_whole(busy: Service, tmp_path: Path) -> None:
    path, heads = tmp_path / "2015.jsonl", kept(busy, tmp_path / "anchors")
    before = busy.rows(EVENTS)

    segment = archive(busy, path, "2015-10-01T00:00:00+08:00")

    rows = busy.rows(EVENTS)
    assert segment["last_seq"] == before[-2]["seq"]
    assert [row["seq"] for row in rows] == [before[-1]["seq"], before[-1]["seq"] + 1]
    assert rows[-1]["action"] == "audit.archive"
    assert len(path.read_bytes().splitlines()) == len(before) - 1
    assert denied(busy, heads) == []
    with Database(busy.database_url).transaction() as session:
        assert retention.broken(session, path) == []
    busy.clock.set("2015-04-25T10:00:00+08:00")
    assert busy.post(REPORTS, report("440600"), by="foshan").status == 201
    assert denied(busy, heads) == []


def test_a_changed_archive_shows(busy: Service, tmp_path: Path) -> None:
    path = tmp_path / "2015.jsonl"
    archive(busy, path, "2015-10-01T00:00:00+08:00")
    path.write_bytes(path.read_bytes().replace(b"token.create", b"token.revoke", 1))

    with Database(busy.database_url).transaction() as session:
        assert retention.broken(session, path) == [0]


def test_rows_of_the_last_six_months_stay(busy: Service, tmp_path: Path) -> None:
    newest = busy.clock.now()
    for now, days in ((newest + timedelta(days=183), 0), (JUNE_2016, 184 - 1)):
        with pytest.raises(Invalid):
            archive(busy, tmp_path / "x", (now - timedelta(days=days)).isoformat(), now)
    assert not (tmp_path / "x").exists()


def test_nothing_is_archived_twice_or_over_a_file(busy: Service, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(FileExistsError):
        archive(busy, tmp_path / "there", "2015-10-01T00:00:00+08:00")
    archive(busy, tmp_path / "a", "2015-04-24T00:00:00+08:00")
    with pytest.raises(Conflict):
        archive(busy, tmp_path / "b", "2015-04-24T00:00:00+08:00")


GUARDED = {
    "audit_event": "action",
    "outbox_event": "kind",
    "audit_segment": "sha256",
    "form_version": "sha256",
    "report_version": "author",
}


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_database_itself_refuses(busy: Service, tmp_path: Path, table: str, verb: str) -> None:
    archive(busy, tmp_path / "a", "2015-04-24T00:00:00+08:00")
    if verb == "TRUNCATE" and busy.database_url.startswith("sqlite"):
        verb = "DELETE"
    said = {
        "UPDATE": f"UPDATE {table} SET {GUARDED[table]} = 'x'",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }[verb]
    before = busy.rows(metadata.tables[table])

    with Database(busy.database_url).transaction() as session, pytest.raises(Exception, match="immutable"):
        session.connection.execute(said)

    assert before
    assert busy.rows(metadata.tables[table]) == before


def test_the_database_itself_refuses_a_segment_over_young_rows(busy: Service) -> None:
    """By its own clock: here the rows are of 2015, so one of today is made."""
    today = datetime.now().astimezone()
    with Database(busy.database_url).transaction() as session:
        audit.record(session, by=OPERATOR, action="x", path="000000", thing="x", now=today)
        last = session.all(select(EVENTS).order_by(EVENTS.c.seq))[-1]
    segment = {"first_seq": 1, "last_seq": last["seq"], "last_at": last["at"], "last_hash": last["hash"]}
    more = {"sha256": "0" * 64, "archived_at": today, "archived_by": "x"}

    with Database(busy.database_url).transaction() as session, pytest.raises(Conflict):
        session.run(SEGMENTS.insert().values(**segment, **more))


def test_the_chain_holds_when_a_person_is_forgotten(busy: Service) -> None:
    """Tokens and addresses go; the audit knows their owners by an id only."""
    busy.put(f"/api/v1/subscriptions/{GUANGZHOU}", {"emails": ["zhang@office.example"]})
    busy.put(f"/api/v1/subscriptions/{GUANGZHOU}", {"emails": []})
    with Database(busy.database_url).transaction() as session:
        for name in ("grant", "token"):
            session.run(delete(metadata.tables[name]))

    assert denied(busy, []) == []
    said = str(busy.rows(EVENTS))
    for personal in ("zhang", "示例甲", "13800000000", "guangzhou"):
        assert personal not in said
