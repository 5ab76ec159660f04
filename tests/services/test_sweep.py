"""A sweep takes only what nobody names, whatever arrives meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from app.db import Database, prepared
from app.domain.clock import Clock
from app.domain.ids import new_id
from app.models import Evidence
from app.services.sweep import ASIDE, GRACE, Swept, broken, sweep
from app.storage import Blob, Store, open_store
from tests.proofs.scale import scaled

ROW = prepared(insert(Evidence.__table__))
RACES = scaled(1_000)


@pytest.fixture
def database(seeded_url: str) -> Database:
    """A first day, of which this test needs only the unit."""
    return Database(seeded_url)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty folder."""
    return open_store(str(tmp_path / "evidence"), data_dir=tmp_path)


def keep(store: Store, content: bytes) -> Blob:
    with store.receive() as incoming:
        incoming.write(content)
        blob = incoming.finish()
        store.keep(incoming, blob)
    return blob


def name(database: Database, blob: Blob) -> None:
    now = Clock().now()
    with database.transaction() as session:
        session.run(
            ROW,
            id=new_id(now),
            unit_code="440100",
            **blob._asdict(),
            media_type="application/pdf",
            filename="a.pdf",
            uploaded_at=now,
            uploaded_by="test",
        )


def test_what_no_row_names_goes_in_two_steps(database: Database, store: Store) -> None:
    named, unnamed = keep(store, b"named"), keep(store, b"unnamed")
    name(database, named)
    now = Clock().now()

    young = sweep(database, store, now=now)
    first = sweep(database, store, now=now + GRACE + timedelta(hours=1))
    between = store.has(unnamed.sha256)
    second = sweep(database, store, now=now + ASIDE + timedelta(hours=1))

    assert young == Swept(0, 0, 0, 0)
    assert first == Swept(0, 1, 0, 0)
    assert between
    assert second == Swept(0, 0, 0, 1)
    assert not store.has(unnamed.sha256)
    assert broken(database, store) == []


def test_what_is_named_while_it_lies_aside_comes_back(database: Database, store: Store) -> None:
    blob = keep(store, b"late")
    store.set_aside(blob.sha256)
    name(database, blob)
    readable = broken(database, store)

    done = sweep(database, store, now=Clock().now() + ASIDE + timedelta(hours=1))

    assert readable == []
    assert done.restored == 1
    assert [stored.sha256 for stored in store.all()] == [blob.sha256]


def test_a_row_without_its_file_or_with_another_is_found(
    database: Database, store: Store, tmp_path: Path
) -> None:
    gone, changed, whole = (keep(store, content) for content in (b"gone", b"changed", b"whole"))
    for blob in (gone, changed, whole):
        name(database, blob)
    next(tmp_path.rglob(gone.sha256)).unlink()
    next(tmp_path.rglob(changed.sha256)).write_bytes(b"another")

    assert broken(database, store) == sorted([gone.sha256, changed.sha256])


def test_no_file_that_a_row_names_is_lost_to_a_sweep_beside_it(database: Database, store: Store) -> None:
    def upload() -> None:
        for i in range(RACES):
            name(database, keep(store, b"content %d" % (i % 7)))
            keep(store, b"nobody's %d" % i)

    sweeps = 0
    with ThreadPoolExecutor(1) as pool:
        uploads = pool.submit(upload)
        while not uploads.done():
            sweep(database, store, now=Clock().now() + timedelta(seconds=1), grace=timedelta(0), aside=ASIDE)
            sweeps += 1
        uploads.result()
    sweep(database, store, now=Clock().now(), grace=timedelta(0))

    assert sweeps > 0
    assert broken(database, store) == []
