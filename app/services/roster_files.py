"""Records of rosters as files: kept by content hash beside the evidence, and at hand for the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import NamedTuple

from app.storage import Store

AT_HAND = 8
"""Files that are kept for the engine to read in; the ones read last."""

PIECE = 1 << 20
WORK = "work-"


class Shelf(NamedTuple):
    """Where records are kept, and the folder of this machine in which the engine reads them."""

    store: Store
    folder: Path


def keep(shelf: Shelf, path: Path) -> str:
    """Make a file durable in the store, and say under which hash. Raises Unavailable, OutOfSpace."""
    with shelf.store.receive() as incoming:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                incoming.write(piece)
        blob = incoming.finish()
        shelf.store.keep(incoming, blob)
    return blob.sha256


def at_hand(shelf: Shelf, sha256: str) -> Path:
    """The file of a hash for the engine to read; fetched, and checked against the hash, when it is not there.

    Raises Corrupted, Unavailable.
    """
    path = shelf.folder / f"{sha256}.parquet"
    if not path.exists():
        _fetch(shelf, sha256, path)
    os.utime(path)
    return path


def clear(shelf: Shelf) -> None:
    """Delete the copies at hand: what is still named by a row is fetched again when it is needed."""
    for path in shelf.folder.glob("*.parquet"):
        path.unlink(missing_ok=True)


@contextmanager
def workplace(shelf: Shelf) -> Iterator[Path]:
    """A folder for the engine to work in, gone afterwards."""
    shelf.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=WORK, dir=shelf.folder) as name:
        yield Path(name)


def clear_leftovers(shelf: Shelf, before: datetime) -> None:
    """Delete what was left where a process was killed at work before this instant."""
    for path in (*shelf.folder.glob(f"{WORK}*"), *shelf.folder.glob("*.part")):
        if _age(path) < before.timestamp():
            if path.is_dir():
                rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _fetch(shelf: Shelf, sha256: str, path: Path) -> None:
    shelf.folder.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(f"{token_hex(8)}.part")
    try:
        with coming.open("wb") as file:
            for piece in shelf.store.read(sha256):
                file.write(piece)
        coming.replace(path)
    finally:
        coming.unlink(missing_ok=True)
    for old in sorted(shelf.folder.glob("*.parquet"), key=_age)[:-AT_HAND]:
        # Whoever reads it has it open.
        old.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
