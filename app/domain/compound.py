"""OLE compound files (doc, xls): the names of their streams, read from the directory inside."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from app.domain.archive import damaged, unsafe

_HEADER = struct.Struct("<8s16s5H6s9L")
_IN_HEADER = 109
_LAST = 0xFFFFFFFA
"""Sector numbers from here on are marks, not places."""

MOST_SECTORS = 1 << 12
"""A directory longer than this (half a million entries and more) belongs to no document."""

_MACROS = frozenset({"Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"})
_ENCRYPTED = "EncryptedPackage"


def stream_names(file: BinaryIO) -> frozenset[str]:
    """The names of the streams and storages in a compound file.

    Raises Invalid (`unsafe-document`) for macros and for encryption, UnsupportedMedia for a damaged file.
    """
    try:
        names = frozenset(_Compound(file).names())
    except (struct.error, IndexError, UnicodeDecodeError):
        raise damaged() from None
    if names & _MACROS or _ENCRYPTED in names:
        raise unsafe()
    return names


class _Compound:
    """Follows the chains of sectors; every step is bounded, because chains may be made to run in circles."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        file.seek(0)
        fields = _HEADER.unpack(file.read(_HEADER.size))
        shift = fields[5]
        if shift not in (9, 12):
            raise damaged()
        self.sector_size = 1 << shift
        self.per_sector = self.sector_size // 4
        self.first_directory: int = fields[10]
        self.first_list: int = fields[15]
        self.table: list[int] = list(struct.unpack(f"<{_IN_HEADER}L", file.read(4 * _IN_HEADER)))

    def names(self) -> Iterator[str]:
        """Every name in the directory."""
        for sector in self._chain(self.first_directory):
            content = self._sector(sector)
            for start in range(0, len(content), 128):
                length, kind = struct.unpack_from("<HB", content, start + 64)
                if kind and 2 <= length <= 64:
                    yield content[start : start + length - 2].decode("utf-16-le")

    def _chain(self, first: int) -> Iterator[int]:
        sector = first
        for _ in range(MOST_SECTORS):
            if sector >= _LAST:
                return
            yield sector
            sector = self._next(sector)
        raise damaged()

    def _next(self, sector: int) -> int:
        page, place = divmod(sector, self.per_sector)
        found: int = self._numbers(self._table_sector(page))[place]
        return found

    def _table_sector(self, page: int) -> int:
        """The sector that holds a page of the allocation table: 109 in the header, more in a chain of lists."""
        while page >= len(self.table):
            if self.first_list >= _LAST or len(self.table) > MOST_SECTORS * self.per_sector:
                raise damaged()
            *numbers, self.first_list = self._numbers(self.first_list)
            self.table += numbers
        return self.table[page]

    def _numbers(self, sector: int) -> tuple[int, ...]:
        return struct.unpack(f"<{self.per_sector}L", self._sector(sector))

    def _sector(self, number: int) -> bytes:
        self.file.seek((number + 1) * self.sector_size)
        return self.file.read(self.sector_size)
