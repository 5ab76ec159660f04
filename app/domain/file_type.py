"""What a file is, judged by its content: an allow-list, because everything else is refused by name.

No library knows OFD, and several call any ZIP an Office document (docs/evidence.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import BinaryIO

from app.domain.archive import member_names
from app.domain.compound import stream_names
from app.errors import Text, UnsupportedMedia


class Kind(StrEnum):
    """A kind of file that evidence may be; the value is its media type."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    OFD = "application/ofd"
    DOC = "application/msword"
    XLS = "application/vnd.ms-excel"


EXTENSIONS: Mapping[str, Kind] = MappingProxyType(
    {
        "pdf": Kind.PDF,
        "png": Kind.PNG,
        "jpg": Kind.JPEG,
        "jpeg": Kind.JPEG,
        "docx": Kind.DOCX,
        "xlsx": Kind.XLSX,
        "ofd": Kind.OFD,
        "doc": Kind.DOC,
        "wps": Kind.DOC,
        "xls": Kind.XLS,
        "et": Kind.XLS,
    }
)
"""The kind that each ending promises; WPS writes the same containers as Word and Excel."""

_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STARTS: Mapping[Kind, bytes] = {
    Kind.PDF: b"%PDF-",
    Kind.PNG: b"\x89PNG\r\n\x1a\n",
    Kind.JPEG: b"\xff\xd8\xff",
    Kind.DOCX: _ZIP,
    Kind.XLSX: _ZIP,
    Kind.OFD: _ZIP,
    Kind.DOC: _COMPOUND,
    Kind.XLS: _COMPOUND,
}
LONGEST_START = max(len(start) for start in _STARTS.values())
"""Bytes of a file that decide whether the rest of it is worth receiving."""

_ENDS: Mapping[Kind, tuple[bytes, int]] = {
    Kind.PDF: (b"%%EOF", 2048),
    Kind.PNG: (b"\x00\x00\x00\x00IEND\xaeB`\x82", 12),
    Kind.JPEG: (b"\xff\xd9", 1 << 16),
}
"""What the last bytes of a whole file hold. A photograph may carry its camera's notes after its end."""

_PARTS: Mapping[Kind, str] = {
    Kind.DOCX: "word/document.xml",
    Kind.XLSX: "xl/workbook.xml",
    Kind.OFD: "OFD.xml",
}
_STREAMS: Mapping[Kind, frozenset[str]] = {
    Kind.DOC: frozenset({"WordDocument"}),
    Kind.XLS: frozenset({"Workbook", "Book"}),
}


def promised_kind(filename: str) -> Kind:
    """The kind that a name's ending promises. Raises UnsupportedMedia (`file-type-mismatch`) for all others."""
    kind = EXTENSIONS.get(filename.rpartition(".")[2].lower())
    if kind is None:
        raise not_taken()
    return kind


def check_start(kind: Kind, start: bytes) -> None:
    """Refuse a file by its first bytes, before the rest is received. Raises UnsupportedMedia."""
    if not start.startswith(_STARTS[kind]):
        raise mismatch()


def check_content(kind: Kind, file: BinaryIO) -> None:
    """Refuse a whole file that is not of this kind, is cut short, or could harm who opens it.

    Raises UnsupportedMedia (`file-type-mismatch`), and Invalid (`archive-too-large`, `unsafe-document`).
    """
    file.seek(0)
    check_start(kind, file.read(LONGEST_START))
    if kind in _ENDS:
        ending, within = _ENDS[kind]
        if ending not in _tail(file, within):
            raise mismatch()
    elif kind in _PARTS:
        if _PARTS[kind] not in member_names(file):
            raise mismatch()
    elif not _STREAMS[kind] & stream_names(file):
        raise mismatch()


def _tail(file: BinaryIO, length: int) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - length))
    return file.read(length)


def mismatch() -> UnsupportedMedia:
    """415 for a content that is not what its name says."""
    return UnsupportedMedia(
        Text(
            "文件内容与扩展名不符，或文件已损坏；请重新导出为 PDF 后上传",
            "The content is not what the name says, or it is damaged; export it as PDF and send it again",
        ),
        code="file-type-mismatch",
    )


def not_taken() -> UnsupportedMedia:
    """415 for an ending that is not on the list."""
    return UnsupportedMedia(
        Text(
            "只接受 PDF、PNG、JPEG、Word、Excel、WPS 和 OFD 文件；网页、压缩包、HEIC 图片请转为 PDF",
            "Only PDF, PNG, JPEG, Word, Excel, WPS and OFD are taken; "
            "turn web pages, archives and HEIC pictures into PDF",
        ),
        code="file-type-mismatch",
    )
