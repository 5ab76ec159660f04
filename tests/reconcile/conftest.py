"""One engine for all tests of this room, and ledgers written as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.reconcile import Ledger, read_summary
from app.reconcile.engine import Engine, open_engine
from tests.reconcile.sample import UNITS

ReadBytes = Callable[[bytes], Ledger]
ReadText = Callable[[str], Ledger]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as opened:
        yield opened


@pytest.fixture
def read_bytes(engine: Engine, tmp_path: Path) -> ReadBytes:
    def read(data: bytes) -> Ledger:
        path = tmp_path / "ledger.csv"
        path.write_bytes(data)
        return read_summary(path, UNITS, engine=engine)

    return read


@pytest.fixture
def read_text(read_bytes: ReadBytes) -> ReadText:
    return lambda text: read_bytes(text.encode())
