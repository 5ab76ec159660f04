"""Many files as one ZIP that is sent while it is being made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_UNNAMEABLE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What Windows does not take in the name of a file."""


class _Pipe:
    """A file of which only the last piece can still be changed: the rest was handed on.

    It can seek within that piece, so that heads of files hold their sizes and every unpacker can read them.
    """

    def __init__(self) -> None:
        self._piece = BytesIO()
        self._handed_on = 0

    def write(self, data: bytes) -> int:
        return self._piece.write(data)

    def tell(self) -> int:
        return self._handed_on + self._piece.tell()

    def seek(self, position: int, whence: int = 0) -> int:
        return self._handed_on + self._piece.seek(position - (0 if whence else self._handed_on), whence)

    def flush(self) -> None:
        return None

    def close(self) -> None:
        return None

    def taken(self) -> bytes:
        """What was written since the last call."""
        piece = self._piece.getvalue()
        self._piece = BytesIO()
        self._handed_on += len(piece)
        return piece


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The ZIP piece by piece, one file after the other; the same files give the same bytes."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_STORED) as archive:
        for name, content in files:
            entry = ZipInfo(safe_name(name))
            entry.external_attr = 0o644 << 16  # else nobody may read what is unpacked on Unix
            archive.writestr(entry, content)
            yield pipe.taken()
    yield pipe.taken()


def safe_name(name: str) -> str:
    """A name that every system takes, without folders."""
    return _UNNAMEABLE.sub("_", name).strip(" .") or "_"
