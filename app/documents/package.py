"""Opens the ZIP of a workbook that a stranger sent: counted, bounded and free of traps before anything reads it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from app.errors import Finding, Invalid, Severity, Text

MOST_PARTS = 400
LARGEST_DIRECTORY = 64 * 1024
LARGEST_CONTENT = 4 * 1024 * 1024
LARGEST_RATIO = 200
RATIO_COUNTS_FROM = 1024 * 1024
"""Bytes of a part from which its ratio is looked at: tiny parts of blanks are harmless."""

_END = b"PK\x05\x06"
_ZIP64 = b"PK\x06\x07"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = 0x1
_LIVE_PARTS = ("vbaproject", "/macrosheets/", "/activex/", "/embeddings/", "/dialogsheets/", "/ctrlprops/")
_LIVE_TYPES = (b"macroenabled", b"vnd.ms-office.vbaproject", b"vnd.ms-excel.sheet.binary")

_MESSAGES: Mapping[str, Text] = {
    "not-a-workbook": Text(
        "不是 .xlsx 工作簿；.xls、.et 或加密的文件请另存为不加密的 .xlsx 后再上传",
        "Not an .xlsx workbook; save .xls, .et or encrypted files as plain .xlsx",
    ),
    "workbook-damaged": Text(
        "工作簿已损坏，请重新保存后再上传", "The workbook is damaged; save it again and send it once more"
    ),
    "workbook-too-large": Text(
        "工作簿内容过大，请在下载的表格上填报，不要加入其他数据",
        "The workbook holds too much; fill in the downloaded table without adding other data",
    ),
    "unsafe-document": Text(
        "工作簿中含有宏、嵌入对象或外部实体，请删除后另存为 .xlsx 再上传",
        "The workbook holds macros, embedded objects or entities; save it as .xlsx without them",
    ),
}


class _Nothing:
    """Takes no notice of what is parsed: the parser refuses what is forbidden."""

    def close(self) -> None:
        return None


def refused(code: str) -> Invalid:
    """The refusal of a file as a whole."""
    message = _MESSAGES[code]
    return Invalid(message, code=code, findings=[Finding(code, code, Severity.ERROR, "", message)])


def open_package(data: bytes) -> dict[str, bytes]:
    """The parts of a workbook by name, each read whole. Raises Invalid when the file is not safe to open.

    Nothing is unpacked before the directory was read: at most MOST_PARTS parts, LARGEST_CONTENT bytes in all,
    no ratio above LARGEST_RATIO. What the directory says of sizes is not believed but enforced. XML holds no
    document type and no entities, and no part can run.
    """
    if data.startswith(_OLE) or not data.startswith(b"PK"):
        raise refused("not-a-workbook")
    _check_directory(data)
    try:
        with ZipFile(BytesIO(data)) as file:
            _check_sizes(file.infolist())
            parts = {info.filename: file.read(info) for info in file.infolist() if not info.is_dir()}
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        raise refused("workbook-damaged") from None
    if "[Content_Types].xml" not in parts or "xl/workbook.xml" not in parts:
        raise refused("not-a-workbook")
    _check_harmless(parts)
    return parts


def packed(parts: Mapping[str, bytes]) -> bytes:
    """The checked parts as a ZIP that says the truth about itself, for libraries that open files themselves."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(ZipInfo(name), content, ZIP_STORED)
    return made.getvalue()


def _check_directory(data: bytes) -> None:
    """Refuse a directory that would take long to read; ZIP64 is for files larger than any of these."""
    at = data.rfind(_END, max(0, len(data) - 65_557))
    if at < 0 or len(data) < at + 22 or data[max(0, at - 20) :].startswith(_ZIP64):
        raise refused("workbook-damaged")
    _, _, entries, size = struct.unpack("<HHxxHL", data[at + 4 : at + 16])
    if entries > MOST_PARTS or size > LARGEST_DIRECTORY:
        raise refused("workbook-too-large")


def _check_sizes(infos: list[ZipInfo]) -> None:
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > LARGEST_CONTENT:
        raise refused("workbook-too-large")
    if len({info.filename for info in infos}) != len(infos):
        raise refused("workbook-damaged")
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise refused("not-a-workbook")
    for info in infos:
        if info.file_size > RATIO_COUNTS_FROM and info.file_size > LARGEST_RATIO * info.compress_size:
            raise refused("workbook-too-large")


def _check_harmless(parts: Mapping[str, bytes]) -> None:
    types = parts["[Content_Types].xml"].lower().replace(b"\0", b"")
    if any(mark in f"/{name.lower()}" for name in parts for mark in _LIVE_PARTS):
        raise refused("unsafe-document")
    if any(mark in types for mark in _LIVE_TYPES):
        raise refused("unsafe-document")
    for name, content in parts.items():
        if name.lower().endswith((".xml", ".rels", ".vml")):
            _check_xml(content)


def _check_xml(content: bytes) -> None:
    parser = DefusedXMLParser(target=_Nothing(), forbid_dtd=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException:
        raise refused("unsafe-document") from None
    except (ParseError, ValueError, LookupError):
        raise refused("workbook-damaged") from None
