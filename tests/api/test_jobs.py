"""Long work: taken, watched, cancelled, refused as the same request would be, and never half done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.api import desk
from app.api.desk import MOST
from app.domain.ids import new_id
from app.models import metadata
from tests.ledger import IMPORTS, imported, ledger, line
from tests.samples import CHANGSHA, REPORTS, report
from tests.service import Answer, Asked, Service

JOB, IMPORT = metadata.tables["job"], metadata.tables["ledger_import"]
LATER = {"content_type": "text/csv", "prefer": "respond-async"}


def started(service: Service, *lines: str, by: str = "reviewer", **headers: str) -> Answer:
    return service.post(IMPORTS, ledger(*lines), by=by, **LATER, **headers)


def ended(service: Service, answer: Answer, by: str = "reviewer") -> dict[str, Any]:
    """The job once nothing more happens to it."""

    async def wait() -> None:
        while service.app.state.desk._running:
            await asyncio.sleep(0.01)

    service.run(wait())
    return dict(service.get(answer.headers["location"], by=by).json)


def spooled(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.iterdir() if path.name.startswith("job-")]


def test_an_import_is_taken_and_done_later(service: Service, tmp_path: Path) -> None:
    answer = started(service, line())

    assert (answer.status, answer.json["state"]) == (202, "queued")
    assert answer.headers["preference-applied"] == "respond-async"
    job = ended(service, answer)
    assert (job["state"], job["percent"], job["rows"], job["problem"]) == ("done", 100, 1, None)
    stored = service.get(job["result"], by="reviewer").json
    assert (stored["accepted"], stored["is_in_force"]) == (1, True)
    assert spooled(tmp_path) == []


def test_a_file_with_an_error_is_refused_as_at_once(service: Service) -> None:
    job = ended(service, started(service, line(), line(CHANGSHA)))
    at_once = imported(service, line(), line(CHANGSHA)).json

    assert (job["state"], job["result"]) == ("failed", None)
    assert job["problem"] == {k: v for k, v in at_once.items() if k not in {"instance", "request_id"}}
    assert service.rows(IMPORT) == []


def test_jobs_are_done_one_after_another(service: Service) -> None:
    answers = [started(service, line(members_total=400 + i)) for i in range(3)]

    jobs = [ended(service, answer) for answer in answers]

    assert [job["state"] for job in jobs] == ["done"] * 3
    ranks = {row["id"]: row["rank"] for row in service.rows(IMPORT)}
    assert [ranks[job["result"].rpartition("/")[2]] for job in jobs] == [1, 2, 3]


def test_a_crash_ends_its_job_and_no_other(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the reader broke")

    with monkeypatch.context() as broken:
        broken.setattr(desk, "read_summary", crash)
        first = ended(service, started(service, line()))
    second = ended(service, started(service, line()))

    assert (first["state"], first["problem"]["code"]) == ("failed", "internal")
    assert "the reader broke" in capsys.readouterr().err
    assert second["state"] == "done"


def test_a_key_starts_one_job_however_often_it_is_sent(service: Service, tmp_path: Path) -> None:
    first = started(service, line(), idempotency_key="k")
    again = started(service, line(), idempotency_key="k")
    ended(service, first)

    assert first.body == again.body
    assert again.headers["idempotent-replayed"] == "true"
    assert len(service.rows(IMPORT)) == 1
    assert spooled(tmp_path) == []


def test_events_tell_every_change_until_the_end(service: Service) -> None:
    answer = started(service, line())

    stream = service.get(f"{answer.headers['location']}/events", by="reviewer")

    assert stream.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(part.partition("data: ")[2]) for part in stream.body.decode().strip().split("\n\n")]
    states = [event["state"] for event in events]
    assert states[-1] == "done"
    assert states == sorted(states, key=["queued", "running", "done"].index)


@pytest.fixture
def held(service: Service) -> Callable[[], Answer]:
    """Starts a job that waits for its turn, which another holds for ever."""

    async def hold() -> None:
        await service.app.state.desk._turn.acquire()

    service.run(hold())
    return lambda: started(service, line())


def delete(service: Service, answer: Answer, by: str = "reviewer") -> Answer:
    return service.ask(Asked("DELETE", answer.headers["location"], by))


def test_a_job_that_waits_can_be_cancelled_once(service: Service, held: Callable[[], Answer]) -> None:
    answer = held()

    cancelled, again = delete(service, answer), delete(service, answer)
    service.app.state.desk._turn.release()

    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert (again.status, again.code) == (409, "job-ended")
    assert ended(service, answer)["state"] == "cancelled"
    assert service.rows(IMPORT) == []


def test_too_many_jobs_are_asked_to_come_back(service: Service, held: Callable[[], Answer]) -> None:
    answers = [held() for _ in range(MOST + 1)]

    assert [answer.status for answer in answers] == [202] * MOST + [503]
    assert answers[-1].code == "jobs-full"
    assert answers[-1].headers["retry-after"] == "30"


def test_a_report_is_filed_while_jobs_wait(service: Service, held: Callable[[], Answer]) -> None:
    held()

    assert service.post(REPORTS, report()).status == 201


def test_stopping_interrupts_what_waits(service: Service, held: Callable[[], Answer], tmp_path: Path) -> None:
    answer = held()

    service.run(service.app.state.desk.stop())

    job = service.get(answer.headers["location"], by="reviewer").json
    assert (job["state"], job["problem"]["code"]) == ("failed", "interrupted")
    assert spooled(tmp_path) == []


def test_a_restart_says_that_what_ran_was_interrupted(
    service: Service, seeds: Any, engine_name: str, tmp_path: Path
) -> None:
    answer = started(service, line())
    ended(service, answer)
    lost = {**service.rows(JOB)[0], "id": new_id(service.clock.now()), "state": "running", "phase": "reading"}
    with service.app.state.database.transaction() as session:
        session.run(JOB.insert(), **lost)
    (tmp_path / f"job-{lost['id']}.csv").write_bytes(b"half")

    with Service(service.database_url, seeds(engine_name).tokens, data_dir=tmp_path) as again:
        # Where several processes serve one database, only silence tells that a worker is gone.
        again.clock.set("2015-04-24T09:03:00+08:00")
        again.run(again.app.state.desk.start())
        job = again.get(f"/api/v1/jobs/{lost['id']}", by="reviewer").json

    assert (job["state"], job["problem"]["code"]) == ("failed", "interrupted")
    assert spooled(tmp_path) == []


PEOPLE = {"reviewer": 200, "centre": 200, "hunan": 404, "guangzhou": 404, "integrator": 403, "auditor": 403}


@pytest.mark.parametrize("person", PEOPLE)
def test_a_job_is_seen_within_its_province_only(service: Service, person: str) -> None:
    answer = started(service, line())
    ended(service, answer)
    address, status = answer.headers["location"], PEOPLE[person]

    assert service.get(address, by=person).status == status
    assert service.get(f"{address}/events", by=person).status == status
    assert delete(service, answer, by=person).status == (409 if status == 200 else status)


def test_whoever_may_not_import_starts_nothing(service: Service, tmp_path: Path) -> None:
    assert started(service, line(), by="guangzhou").status == 403
    assert service.post(IMPORTS, b"{}", by="reviewer", prefer="respond-async").status == 415
    assert spooled(tmp_path) == []
    assert service.rows(JOB) == []


def test_a_dry_run_is_answered_at_once(service: Service) -> None:
    answer = service.post(f"{IMPORTS}?dry_run=true", ledger(line()), by="reviewer", **LATER)

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert service.rows(JOB) == []
