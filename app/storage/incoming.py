"""A file on its way in: a temporary file that is hashed while it is written, and gone if it is not kept."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import BinaryIO

from app.errors import OutOfSpace
from app.storage.blob import Blob

SUFFIX = ".part"


class Incoming:
    """Receives one file. As a context manager it leaves nothing behind but what was kept.

    `file` may be read between the writes; it is always at its end when `write` is called.
    """

    def __init__(self, folder: Path, *, with_sm3: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{token_hex(16)}{SUFFIX}"
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sm3 = hashlib.new("sm3") if with_sm3 else None
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        with no_space_is_a_problem():
            self.file: BinaryIO = os.fdopen(os.open(self.path, flags, 0o600), "w+b")

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        # Closing writes what is still buffered, and fails again where the disk is full; nobody needs it any more.
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self.file.close()

    def write(self, piece: bytes) -> None:
        """Append a piece and take it into the hash. Raises OutOfSpace."""
        self._sha256.update(piece)
        if self._sm3 is not None:
            self._sm3.update(piece)
        self.size += len(piece)
        with no_space_is_a_problem():
            self.file.write(piece)

    def finish(self) -> Blob:
        """Bring the content to the disk itself, and say what it is. Raises OutOfSpace."""
        with no_space_is_a_problem():
            self.file.flush()
            os.fsync(self.file.fileno())
        sm3 = self._sm3.hexdigest() if self._sm3 is not None else None
        return Blob(self._sha256.hexdigest(), self.size, sm3)


@contextmanager
def no_space_is_a_problem() -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" of the operating system into a refusal (507)."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace from error
        raise
