"""ZIP containers (docx, xlsx, OFD): read before anybody opens them, so that none is a bomb or runs anything.

Sizes that an archive states are not believed: every member is unpacked up to its stated size and one byte
more, piece by piece, and forgotten.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from app.domain.markup import PrologCheck
from app.errors import Invalid, Text, UnsupportedMedia

MOST_ENTRIES = 10_000
LARGEST_DIRECTORY = 2 << 20
LARGEST_UNPACKED = 200 << 20
HIGHEST_RATIO = 100
RATIO_MATTERS_FROM = 1 << 20
"""Below a mebibyte no ratio is a bomb: an empty sheet of a new workbook shrinks to a hundredth."""

LARGEST_EMBEDDED = 16 << 20
"""A chart in a document carries its workbook: one archive inside another, of this size at most."""

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_MACROS = ("vbaproject.bin", "vbadata.xml", "/macrosheets/", "vbaprojectsignature.bin")
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_PIECE = 1 << 18


def member_names(file: BinaryIO) -> frozenset[str]:
    """The names inside an archive that holds no danger.

    Raises Invalid with `archive-too-large` (entries, ratio, unpacked size, archives inside) or
    `unsafe-document` (macros, DTD, encryption, overlapping or linked entries), UnsupportedMedia when damaged.
    """
    return _Inspection(LARGEST_UNPACKED).names(file, may_embed=True)


class _Inspection:
    """One file and what is embedded in it, with the bytes that may still be unpacked."""

    def __init__(self, budget: int) -> None:
        self.budget = budget

    def names(self, file: BinaryIO, *, may_embed: bool) -> frozenset[str]:
        _check_directory_size(file)
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
            raise damaged() from None
        _check_directory(members)
        self.budget -= sum(member.file_size for member in members)
        if self.budget < 0:
            raise too_large()
        for member, start in _places(file, members):
            self._check_member(file, member, start, may_embed=may_embed)
        return frozenset(member.filename for member in members)

    def _check_member(self, file: BinaryIO, member: zipfile.ZipInfo, start: int, *, may_embed: bool) -> None:
        markup, embedded, first = PrologCheck(), io.BytesIO(), b""
        is_list = member.filename == "[Content_Types].xml"
        for piece in _unpacked(file, member, start):
            first = first or piece[:8]
            if first.startswith(_ARCHIVES):
                raise too_large()
            if first.startswith(b"PK\x03\x04") or is_list:
                if not (may_embed or is_list) or member.file_size > LARGEST_EMBEDDED:
                    raise too_large()
                embedded.write(piece)
            elif not markup.is_over and not markup.feed(piece):
                raise unsafe()
        self._check_held(embedded, is_list)

    def _check_held(self, held: io.BytesIO, is_list: bool) -> None:
        content = held.getvalue()
        if is_list:
            if not PrologCheck().feed(content) or b"macroenabled" in content.replace(b"\0", b"").lower():
                raise unsafe()
        elif content:
            held.seek(0)
            names = self.names(held, may_embed=False)
            if "[Content_Types].xml" not in names:
                raise too_large()


def _check_directory_size(file: BinaryIO) -> None:
    """Refuse a directory too long to be read, by what the end of the archive says of it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 0xFFFF - _END.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise damaged()
    _, _, _, _, entries, length, _, _ = _END.unpack_from(tail, at)
    # 0xFFFF and 0xFFFFFFFF announce a ZIP64 directory, which no document of this size needs.
    if entries > MOST_ENTRIES or length > LARGEST_DIRECTORY:
        raise too_large()


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_ENTRIES:
        raise too_large()
    names = [member.filename for member in members]
    if len(set(names)) != len(names) or any(map(_is_unsafe, members)):
        raise unsafe()
    packed = sum(member.compress_size for member in members)
    if _is_bomb(sum(member.file_size for member in members), packed):
        raise too_large()
    if any(_is_bomb(member.file_size, member.compress_size) for member in members):
        raise too_large()


def _is_unsafe(member: zipfile.ZipInfo) -> bool:
    name = member.filename.lower()
    return (
        bool(member.flag_bits & 0x1)
        or member.compress_type not in (_STORED, _DEFLATED)
        or stat.S_ISLNK(member.external_attr >> 16)
        or ".." in name.split("/")
        or any(macro in f"/{name}" for macro in _MACROS)
    )


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_MATTERS_FROM and unpacked > HIGHEST_RATIO * packed


def _places(file: BinaryIO, members: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, int]]:
    """Each member with the place of its bytes, in the order of the file; none may begin inside another."""
    free = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.header_offset < free:
            raise unsafe()
        file.seek(member.header_offset)
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            raise damaged()
        start = member.header_offset + _LOCAL.size + sum(_LOCAL.unpack(head)[-2:])
        free = start + member.compress_size
        yield member, start


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo, start: int) -> Iterator[bytes]:
    """The member's bytes in pieces. Raises when there are more or fewer than the directory states."""
    file.seek(start)
    left, seen = member.compress_size, 0
    inflate = zlib.decompressobj(-15) if member.compress_type == _DEFLATED else None
    while left:
        raw = file.read(min(left, _PIECE))
        if not raw:
            raise damaged()
        left -= len(raw)
        for piece in _inflated(inflate, raw) if inflate else (raw,):
            seen += len(piece)
            if seen > member.file_size:
                raise too_large()
            yield piece
    if seen != member.file_size:
        raise damaged()


def _inflated(inflate: zlib._Decompress, raw: bytes) -> Iterator[bytes]:
    while raw:
        try:
            piece = inflate.decompress(raw, _PIECE)
        except zlib.error:
            raise damaged() from None
        if piece:
            yield piece
        raw = inflate.unconsumed_tail


def too_large() -> Invalid:
    """422 for what would fill a disk or a memory when it is unpacked."""
    return Invalid(
        Text(
            "文档解压后过大或内含压缩包，请另存为 PDF 后上传",
            "The document unpacks to too much or holds archives; save it as PDF and send it again",
        ),
        code="archive-too-large",
    )


def unsafe() -> Invalid:
    """422 for what could act on the machine of who opens it, or cannot be looked into."""
    return Invalid(
        Text(
            "文档含宏、外部实体或已加密，请另存为不含宏的文档或 PDF 后上传",
            "The document holds macros or entities, or is encrypted; save it without them or as PDF",
        ),
        code="unsafe-document",
    )


def damaged() -> UnsupportedMedia:
    """415 for a container that cannot be read."""
    return UnsupportedMedia(
        Text(
            "文件已损坏或不完整，请重新保存后上传",
            "The file is damaged or cut short; save it again and send it",
        ),
        code="file-type-mismatch",
    )
