"""A store gives back what it was given or nothing at all, in a folder and in a bucket alike."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import obstore
import pytest

from app.domain.clock import Clock
from app.errors import OutOfSpace, Unavailable
from app.storage import Blob, Corrupted, Store, open_store
from app.storage.blob import key_of
from app.storage.bucket import ONE_PIECE
from app.storage.disk import DiskStore

TEXT = "动员会新闻稿".encode()


def kept(store: Store, content: bytes) -> Blob:
    with store.receive() as incoming:
        for start in range(0, len(content), 1 << 20):
            incoming.write(content[start : start + (1 << 20)])
        blob = incoming.finish()
        store.keep(incoming, blob)
    return blob


@pytest.mark.parametrize("size", [1, 1 << 20, (1 << 20) + 1, ONE_PIECE + 1], ids=str)
def test_what_was_kept_reads_back_equal(store: Store, size: int) -> None:
    content = os.urandom(size)

    blob = kept(store, content)

    assert blob == Blob(hashlib.sha256(content).hexdigest(), size)
    assert b"".join(store.read(blob.sha256)) == content
    assert [stored.sha256 for stored in store.all()] == [blob.sha256]


@pytest.mark.parametrize("size", [9, ONE_PIECE + 1], ids=str)
def test_keeping_the_same_content_again_is_harmless(store: Store, size: int) -> None:
    content = os.urandom(size)

    assert kept(store, content) == kept(store, content)
    assert len(list(store.all())) == 1


def test_what_is_not_there_is_not_read(store: Store) -> None:
    assert not store.has("0" * 64)
    with pytest.raises(Corrupted):
        next(store.read("0" * 64))


@pytest.mark.parametrize("size", [9, (1 << 20) + 9], ids=str)
def test_a_changed_byte_keeps_the_last_piece_back(store: Store, size: int) -> None:
    content = os.urandom(size)
    blob = kept(store, content)
    obstore.put(store.objects, key_of(blob.sha256), content[:-1] + bytes([content[-1] ^ 1]))
    got: list[bytes] = []

    with pytest.raises(Corrupted):
        got.extend(store.read(blob.sha256))

    assert len(b"".join(got)) < size


def test_what_is_set_aside_can_be_read_restored_and_forgotten(store: Store) -> None:
    blob = kept(store, TEXT)

    store.set_aside(blob.sha256)

    assert not list(store.all())
    assert [stored.sha256 for stored in store.set_aside_ones()] == [blob.sha256]
    assert b"".join(store.read(blob.sha256)) == TEXT
    store.restore(blob.sha256)
    assert [stored.sha256 for stored in store.all()] == [blob.sha256]
    store.set_aside(blob.sha256)
    store.forget(blob.sha256)
    assert not store.has(blob.sha256)


def test_an_upload_that_is_not_kept_leaves_nothing(store: Store) -> None:
    with store.receive() as incoming:
        incoming.write(TEXT)

    assert not list(store.spool.iterdir())
    assert not list(store.all())


def test_what_a_dead_process_left_is_cleared_by_age(store: Store) -> None:
    now = Clock().now()
    store.receive().file.close()

    assert store.clear_spool(now - timedelta(hours=24)) == 0
    assert store.clear_spool(now + timedelta(minutes=1)) == 1


def test_the_second_digest_is_sm3_when_wanted(tmp_path: Path) -> None:
    blob = kept(open_store(str(tmp_path), data_dir=tmp_path, with_sm3=True), b"abc")

    # The first example of GM/T 0004-2012.
    assert blob.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_a_store_that_does_not_answer_is_told_within_ten_seconds(tmp_path: Path) -> None:
    store = open_store("s3://evidence/x?endpoint=http://127.0.0.1:9&region=us-east-1", data_dir=tmp_path)
    began = Clock().now()

    with pytest.raises(Unavailable):
        kept(store, TEXT)

    assert Clock().now() - began < timedelta(seconds=10)


def test_a_full_disk_is_a_refusal_and_leaves_nothing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    with store.receive() as incoming:
        incoming.file.close()
        incoming.file = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115  # the upload closes it

        with pytest.raises(OutOfSpace):
            incoming.write(TEXT)

    assert not list(store.spool.iterdir())


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", ""])
def test_a_place_that_is_no_store_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3://"):
        open_store(url, data_dir=tmp_path)
