"""Small files of every kind that evidence may be, made by hand, and what can be wrong with them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    b"\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"

TYPES = b'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="t"/>'
WORD = b'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"/>'


def archive(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def docx(**more: bytes) -> bytes:
    """A document, with further parts whose names have `__` for `/`."""
    parts = {name.replace("__", "/"): content for name, content in more.items()}
    return archive({"[Content_Types].xml": TYPES, "word/document.xml": WORD, **parts})


def xlsx() -> bytes:
    """A workbook."""
    return archive({"[Content_Types].xml": TYPES, "xl/workbook.xml": b"<workbook/>"})


def ofd() -> bytes:
    """An OFD document (GB/T 33190)."""
    return archive({"OFD.xml": b'<?xml version="1.0"?><ofd:OFD xmlns:ofd="o"/>'})


def compound(*names: str) -> bytes:
    """An OLE compound file whose directory holds these names."""
    header = struct.pack(
        "<8s16s5H6s9L", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 62, 3, 0xFFFE, 9, 6, b"",
        0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    entries = b"".join(_entry(name) for name in ("Root Entry", *names))
    sectors = -(-len(entries) // 512)
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<128L", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    return header + struct.pack("<109L", 0, *[0xFFFFFFFF] * 108) + table + entries.ljust(sectors * 512, b"\0")


def _entry(name: str) -> bytes:
    text = name.encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HB", len(text) + 2, 2) + b"\0" * 61


EVERY_KIND = {
    "新闻稿.pdf": PDF,
    "照片.PNG": PNG,
    "照片.jpg": JPEG,
    "通报.docx": docx(),
    "表.xlsx": xlsx(),
    "公文.ofd": ofd(),
    "旧.doc": compound("WordDocument", "1Table"),
    "旧.wps": compound("WordDocument"),
    "旧.xls": compound("Workbook"),
}
