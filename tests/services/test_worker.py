"""What a server does on the side: again and again, whatever fails, until it is stopped; and in a real server."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from app.api.observation import task_line
from app.services import anchors
from app.services.worker import Task, Worker
from tests.office import Seeds
from tests.proofs.server import serving
from tests.receiver import receiving
from tests.samples import GUANGDONG, REPORTS, report

SOON = 0.01


@contextmanager
def working(*tasks: Task, report: object = None) -> Iterator[Worker]:
    worker = Worker(tasks, report or (lambda name, error: None))  # type: ignore[arg-type]
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        assert not worker.is_alive()


def test_a_task_that_fails_is_reported_and_tried_again() -> None:
    failures: list[tuple[str, str]] = []
    done = threading.Semaphore(0)

    def fail() -> None:
        raise OSError("secret")

    with working(
        Task("fails", SOON, fail),
        Task("works", SOON, done.release),
        report=lambda name, error: failures.append((name, type(error).__name__)),
    ):
        for _ in range(3):
            assert done.acquire(timeout=5)

    assert len(failures) >= 2
    assert set(failures) == {("fails", "OSError")}


def test_a_worker_that_is_stopped_at_once_does_nothing() -> None:
    done: list[int] = []

    with working(Task("once", 60.0, lambda: done.append(1))):
        pass

    assert done == []


def test_a_failure_is_a_line_of_json_without_its_text() -> None:
    try:
        raise OSError("13800000000\n")
    except OSError as error:
        line = task_line("deliver", error, datetime.fromisoformat("2015-04-24T09:00:00+08:00"))

    assert json.loads(line)["error"] == ["builtins.OSError"]
    assert "138" not in line


@pytest.fixture
def engine_name() -> str:
    """The thread is the same on both databases."""
    return "sqlite"


def test_a_server_delivers_and_anchors_by_itself(seeded_url: str, seeds: Seeds, tmp_path: Path) -> None:
    tokens, anchor = seeds("sqlite").tokens, tmp_path / "anchors"

    def post(port: int, path: str, body: object, by: str) -> None:
        headers = {"Authorization": f"Bearer {tokens[by]}", "Content-Type": "application/json"}
        sent = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers, method="POST"
        )
        with urllib.request.urlopen(sent, timeout=10) as answer:
            assert answer.status == 201

    settings = {"YUEBAO_WEBHOOK_HOSTS": "127.0.0.1", "YUEBAO_AUDIT_ANCHOR": str(anchor)}
    with receiving() as receiver, serving(seeded_url, tmp_path, **settings) as port:
        url = f"http://127.0.0.1:{receiver.port}/in"
        post(port, "/api/v1/webhooks", {"unit": GUANGDONG, "url": url, "kinds": ["report.*"]}, "integrator")
        post(port, REPORTS, report(), "guangzhou")
        waiting = threading.Event()
        for _ in range(200):
            if receiver.got and anchor.exists():
                break
            waiting.wait(0.1)

    assert json.loads(receiver.got[0][1])["type"] == "report.submitted"
    assert anchors.parse_anchors(anchor.read_bytes())
