"""The interface to stored contents, over obstore: one for a folder and for an S3-compatible store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import NamedTuple

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from app.errors import Text, Unavailable
from app.storage.blob import KEY, SET_ASIDE, Blob, Corrupted, aside_key_of, key_of
from app.storage.incoming import SUFFIX, Incoming

CHUNK = 1 << 20
"""Bytes that are asked for at a time: a request that always ends soon, and little memory."""


class Stored(NamedTuple):
    """A stored content and when it was stored last."""

    sha256: str
    modified: datetime


class _Found(NamedTuple):
    key: str
    size: int


class Store(ABC):
    """Contents by hash. Every call may block on a disk or a network: it belongs on a thread.

    Raises Unavailable (503) when the store does not answer, OutOfSpace (507) when it is full.
    """

    def __init__(self, spool: Path, *, with_sm3: bool = False) -> None:
        self.spool = spool
        self.with_sm3 = with_sm3

    @cached_property
    @abstractmethod
    def objects(self) -> ObjectStore:
        """Where the contents lie."""

    @abstractmethod
    def keep(self, incoming: Incoming, blob: Blob) -> None:
        """Make a received and finished file durable under its hash; again is harmless."""

    def receive(self) -> Incoming:
        """A file on its way in, on the disk from which `keep` takes it."""
        return Incoming(self.spool, with_sm3=self.with_sm3)

    def has(self, sha256: str) -> bool:
        """Whether the content is there, set aside or not."""
        return self._find(sha256) is not None

    def read(self, sha256: str) -> Iterator[bytes]:
        """The content in pieces. The last piece comes only when the whole matches the hash.

        Raises Corrupted otherwise, so that nobody ever holds a complete file that is not the one stored.
        """
        found = self._find(sha256)
        if found is None:
            raise Corrupted
        seen, held = new_sha256(), b""
        for start in range(0, found.size, CHUNK):
            if held:
                yield held
            held = self._range(found.key, start, min(start + CHUNK, found.size))
            seen.update(held)
        if seen.hexdigest() != sha256:
            raise Corrupted
        yield held

    def all(self) -> Iterator[Stored]:
        """Every content that is not set aside."""
        yield from self._listed(None)

    def set_aside_ones(self) -> Iterator[Stored]:
        """Every content that is set aside, with the moment at which it was."""
        yield from self._listed(SET_ASIDE)

    def set_aside(self, sha256: str) -> None:
        """Move a content out of the way; it can still be read and restored."""
        self._move(key_of(sha256), aside_key_of(sha256))

    def restore(self, sha256: str) -> None:
        """Take a content back into use."""
        self._move(aside_key_of(sha256), key_of(sha256))

    def forget(self, sha256: str) -> None:
        """Delete a content that was set aside."""
        with outage_is_a_problem():
            obstore.delete(self.objects, aside_key_of(sha256))

    def clear_spool(self, before: datetime) -> int:
        """Delete what was left of uploads that ended before this instant; how many there were."""
        cleared = 0
        for path in self.spool.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # an upload came to its end meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    cleared += 1
        return cleared

    def _move(self, source: str, target: str) -> None:
        with outage_is_a_problem():
            obstore.rename(self.objects, source, target)

    def _find(self, sha256: str) -> _Found | None:
        """Where the content lies now. What was set aside a moment ago is still there for who needs it."""
        for key in (key_of(sha256), aside_key_of(sha256)):
            try:
                with outage_is_a_problem():
                    return _Found(key, obstore.head(self.objects, key)["size"])
            except FileNotFoundError:
                continue
        return None

    def _range(self, key: str, start: int, end: int) -> bytes:
        try:
            with outage_is_a_problem():
                return bytes(obstore.get_range(self.objects, key, start=start, end=end))
        except FileNotFoundError:
            raise Corrupted from None

    def _listed(self, prefix: str | None) -> Iterator[Stored]:
        with outage_is_a_problem():
            for page in obstore.list(self.objects, prefix=prefix):
                for found in page:
                    path = found["path"].removeprefix(f"{SET_ASIDE}/")
                    aside = path != found["path"]
                    if aside == (prefix is not None) and (aside or KEY.fullmatch(path)):
                        yield Stored(path.rpartition("/")[2], found["last_modified"])


@contextmanager
def outage_is_a_problem() -> Iterator[None]:
    """Turn what a store says of its own troubles into 503; "there is no such thing" passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except BaseError as error:
        raise unreachable() from error


def unreachable() -> Unavailable:
    """503 for a store that does not answer or answers with an error."""
    return Unavailable(
        Text("材料存储暂不可用，请稍后重试", "The store of evidence does not answer, try again later"),
        code="storage-unavailable",
        headers={"Retry-After": "10"},
    )
