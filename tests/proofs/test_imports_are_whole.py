"""Promise 9: a killed import is there as a whole or not at all, and the next one is as if nothing had happened.

A tenth of the kills by default; `make prove` runs all.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from app.db import Database
from app.models import metadata
from app.services import audit, sweep
from app.storage import open_store
from tests.ledger import ledger, line
from tests.proofs.scale import scaled
from tests.rosters import member, roster
from tests.samples import GUANGDONG_UNITS

KILLS = max(5, scaled(200))
PERIODS = [f"2015-{month:02}" for month in range(4, 13)]
COUNTED = ("ledger_import", "ledger_figure", "figures", "audit_event", "outbox_event")


class Importer:
    """The process that forks imports."""

    def __init__(self, url: str, file: Path, *folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.importer", url, str(file), *map(str, folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def run(self, kill_after: float | None = None) -> tuple[bool, float]:
        """One import, killed after so many seconds; whether it got to its end, and how long it took."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        child, begun = int(self._line()), monotonic()
        if kill_after is not None:
            sleep(kill_after)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._line()) == 0, monotonic() - begun

    def stop(self) -> None:
        """End it and its pipes."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def importer(seeded_url: str, tmp_path: Path) -> Iterator[Importer]:
    """Imports a ledger of 22 units and nine months into the test's database."""
    file = tmp_path / "ledger.csv"
    file.write_bytes(ledger(*(line(code, period) for period in PERIODS for code in GUANGDONG_UNITS)))
    made = Importer(seeded_url, file)
    yield made
    made.stop()


def counts(url: str) -> dict[str, int]:
    """How many rows each of the tables has that an import writes to."""
    session = Database(url).connect()
    try:
        return {name: len(session.all(select(metadata.tables[name]))) for name in COUNTED}
    finally:
        session.connection.close()


def test_a_killed_import_is_there_as_a_whole_or_not_at_all(seeded_url: str, importer: Importer) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    before = counts(seeded_url)
    _, length = importer.run()
    once = counts(seeded_url)
    added = {name: once[name] - before[name] for name in COUNTED}
    per_import = len(PERIODS) * len(GUANGDONG_UNITS)
    done, ends = 1, set()

    for _ in range(KILLS):
        finished, _ = importer.run(chance.uniform(0, length * 1.1))
        ends.add(finished)
        now = counts(seeded_url)
        # A process may be killed between its commit and its end.
        assert now["ledger_import"] - done in ({1} if finished else {0, 1}), seed
        done = now["ledger_import"]
        assert now["ledger_figure"] == done * per_import, seed
        for name in ("audit_event", "outbox_event"):
            assert now[name] == before[name] + done * added[name], seed
        assert now["figures"] == once["figures"], seed

    assert False in ends, "no import was killed under way"
    assert importer.run()[0]
    assert counts(seeded_url)["ledger_import"] == done + 1
    with Database(seeded_url).transaction() as session:
        assert audit.broken(session) == []


def test_a_killed_import_of_a_roster_is_there_with_its_records_or_not_at_all(
    seeded_url: str, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    file = tmp_path / "members.csv"
    file.write_bytes(roster(*(member(i, f"2014-01-{1 + i % 28:02}") for i in range(3000))))
    importer = Importer(seeded_url, file, tmp_path)
    _, length = importer.run()
    audited = counts(seeded_url)["audit_event"]
    done, ends = 1, set()

    for _ in range(KILLS // 2):
        finished, _ = importer.run(chance.uniform(0, length * 1.1))
        ends.add(finished)
        now = counts(seeded_url)
        assert now["ledger_import"] - done in ({1} if finished else {0, 1}), seed
        done = now["ledger_import"]
        assert (now["ledger_figure"], now["audit_event"] - audited) == (done, done - 1), seed

    assert importer.run()[0]
    importer.stop()
    assert False in ends, "no import was killed under way"
    store = open_store(str(tmp_path / "ledger"), data_dir=tmp_path)
    assert sweep.broken(Database(seeded_url), store, sweep.ROSTERS) == []
