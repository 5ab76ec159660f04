"""Promises 1, 10 and 22: whenever the process is killed, what was answered is there, once, with its file and its row.

Eight writers send files and claims, each with a key; whatever got no answer is sent again with the same key until it
gets one. The power cut, which a kill does not show, is in tests/storage/test_power_cut.py.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import Database
from app.models import metadata
from app.services import audit
from app.services.sweep import broken
from app.storage import open_store
from tests.demonstration import environment, free_port
from tests.domain.files import PDF
from tests.office import Seeds
from tests.proofs.scale import scaled
from tests.samples import at

KILLS = {"sqlite": 140, "postgresql": 60}
"""In all 200; after a kill SQLite recovers its own file, PostgreSQL only loses a client."""

WRITERS = 8
LONGEST_START = 30.0
"""Seconds until it is ready again; 5 on an idle machine."""


class Reborn:
    """A server that can be killed and comes back on the same port."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.port = free_port()
        settings = environment(
            YUEBAO_ENV="test",
            YUEBAO_CLOCK="2015-04-24T09:00:00+08:00",
            YUEBAO_DATABASE_URL=database_url,
            YUEBAO_DATA_DIR=str(folder),
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.reborn", str(self.port)],
            env=settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"
        self.child = 0
        self.slowest_start = 0.0

    def start(self) -> None:
        """Begin a life and wait until it answers."""
        assert self.process.stdin is not None
        began = time.monotonic()
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.child = int(self._line())
        while not self._is_ready():
            assert time.monotonic() - began < LONGEST_START
            time.sleep(0.01)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End this life."""
        os.kill(self.child, how)
        self._line()

    def stop(self) -> None:
        """End it for good."""
        self.process.communicate()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@dataclass
class Writer:
    """A client that sends a file, then a claim on it, and writes down what was acknowledged."""

    number: int
    port: int
    token: str
    journal: list[tuple[str, str]] = field(default_factory=list)
    """The titles of claims and their ids, as answered."""
    is_over: threading.Event = field(default_factory=threading.Event)
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)

    def run(self) -> None:
        """Send until told to stop; what was begun is brought to its end."""
        turn = 0
        while not self.is_over.is_set():
            turn += 1
            title = f"示例{self.number}-{turn}"
            content = PDF + title.encode() + b"\n%%EOF\n"
            stored = self.insist("/api/v1/evidence?filename=a.pdf", content, f"file-{self.number}-{turn}")
            claim = {
                "activity": "mobilization_meeting",
                "level": "prefecture",
                "dated": "2015-04-10",
                "title": title,
                "evidence": [stored["id"]],
            }
            filed = self.insist(at("/claims"), json.dumps(claim).encode(), f"claim-{self.number}-{turn}")
            self.journal.append((title, filed["id"]))

    def insist(self, path: str, body: bytes, key: str) -> dict[str, Any]:
        """Send until there is an answer, always with the same key."""
        began = time.monotonic()
        while True:
            assert time.monotonic() - began < LONGEST_START, self.refused
            try:
                status, answer = self.post(path, body, key)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if status == 201:
                return answer
            self.refused[status, str(answer.get("code"))] += 1
            time.sleep(0.02)

    def post(self, path: str, body: bytes, key: str) -> tuple[int, dict[str, Any]]:
        """One request."""
        kind = "application/json" if path.endswith("claims") else "application/octet-stream"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "Idempotency-Key": key}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def server(seeded_url: str, tmp_path: Path) -> Iterator[Reborn]:
    """A server of this test's database."""
    made = Reborn(seeded_url, tmp_path)
    yield made
    made.stop()


def test_what_was_acknowledged_outlives_every_kill(
    server: Reborn, seeded_url: str, seeds: Seeds, engine_name: str, tmp_path: Path
) -> None:
    chance, token = random.Random(1), seeds(engine_name).tokens["guangzhou"]
    writers = [Writer(number, server.port, token) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run, daemon=True) for writer in writers]
    server.start()
    for thread in threads:
        thread.start()
    for _ in range(scaled(KILLS[engine_name])):
        time.sleep(chance.uniform(0.01, 0.5))
        server.kill()
        server.start()
    for writer in writers:
        writer.is_over.set()
    for thread in threads:
        thread.join(60)
    server.kill(signal.SIGTERM)

    journal = dict(each for writer in writers for each in writer.journal)
    with Database(seeded_url).transaction() as session:
        claims = session.all(select(metadata.tables["claim"]))
        files = session.all(select(metadata.tables["evidence"]))
        events = session.all(select(metadata.tables["audit_event"]))
        assert audit.broken(session) == []
    recorded = Counter(row["object"] for row in events if row["action"] in {"claim.filed", "evidence.upload"})
    refused = {status for writer in writers for status in writer.refused}
    assert {status for status, _ in refused} <= {409, 503}, refused
    assert len(journal) >= WRITERS
    assert {row["title"]: row["id"] for row in claims} == journal
    assert len(claims) == len(files) == len(journal)
    assert recorded == Counter(
        [*(f"claim:{row['id']}" for row in claims), *(f"evidence:{row['id']}" for row in files)]
    )
    store = open_store(str(tmp_path / "evidence"), data_dir=tmp_path)
    assert broken(Database(seeded_url), store) == []
    print(f"{len(journal)} acknowledged, slowest start {server.slowest_start:.1f} s")  # noqa: T201 a proof's result
