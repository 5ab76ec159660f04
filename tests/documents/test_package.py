"""Files that are no workbooks, or more than that: refused before anything in them is read."""

from __future__ import annotations

import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest

from app.documents.form_book import form_book
from app.documents.opened import open_book
from app.errors import Invalid
from tests.documents.sample import filled, repacked, sheet

SOUND = form_book(sheet())
SHEET = "xl/worksheets/sheet1.xml"
MEBI = 1024 * 1024


def with_part(name: str, content: bytes) -> bytes:
    """A sound workbook with one part more, or another."""
    return repacked(lambda parts: parts.update({name: content}), SOUND)


def replaced(old: bytes, new: bytes, name: str = SHEET) -> bytes:
    """A sound workbook with something else in one of its parts."""

    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return repacked(change, SOUND)


def many_parts(count: int) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for number in range(count):
            file.writestr(f"p{number}", b"")
    return made.getvalue()


def lying_sizes() -> bytes:
    """The directory says 100 bytes, the part unpacks to 20 MiB."""
    data = bytearray(with_part("xl/media/a.bin", bytes(20 * MEBI)))
    at = data.rfind(b"xl/media/a.bin") - 46
    struct.pack_into("<L", data, at + 24, 100)
    return bytes(data)


def repeated_part() -> bytes:
    made = BytesIO(SOUND)
    with zipfile.ZipFile(made, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(SHEET, b"<worksheet/>")
    return made.getvalue()


def encrypted() -> bytes:
    data = bytearray(SOUND)
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def huge_directory() -> bytes:
    """An end record that claims a directory of 100,000 parts."""
    data = bytearray(SOUND)
    at = data.rfind(b"PK\x05\x06")
    struct.pack_into("<HH", data, at + 8, 100_000 & 0xFFFF, 100_000 & 0xFFFF)
    return bytes(data)


def zip64() -> bytes:
    at = SOUND.rfind(b"PK\x05\x06")
    return SOUND[:at] + b"PK\x06\x07" + bytes(16) + SOUND[at:]


DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("not-a-workbook", lambda: b""),
    "text": ("not-a-workbook", lambda: b"a,b\n1,2\n"),
    "old or encrypted Office": ("not-a-workbook", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "another zip": ("not-a-workbook", lambda: many_parts(3)),
    "encrypted zip": ("not-a-workbook", encrypted),
    "cut off": ("workbook-damaged", lambda: SOUND[:5000]),
    "without its end": ("workbook-damaged", lambda: b"PK\x03\x04"),
    "flipped": ("workbook-damaged", lambda: SOUND[:900] + b"\0\0\0" + SOUND[903:]),
    "lying sizes": ("workbook-damaged", lying_sizes),
    "the same part twice": ("workbook-damaged", repeated_part),
    "zip64": ("workbook-damaged", zip64),
    "not XML": ("workbook-damaged", lambda: with_part(SHEET, b"<worksheet><")),
    "too many parts": ("workbook-too-large", lambda: many_parts(5_000)),
    "a directory of 100,000 parts": ("workbook-too-large", huge_directory),
    "a thousand to one": ("workbook-too-large", lambda: with_part("xl/media/a.bin", bytes(3 * MEBI))),
    "too much in all": ("workbook-too-large", lambda: with_part("xl/media/a.bin", bytes(200 * MEBI))),
    "a million columns": ("workbook-too-large", lambda: replaced(b'r="O5"', b'r="XFD5"')),
    "a million rows": ("workbook-too-large", lambda: replaced(b'<c r="A9"', b'<c r="A1048576"')),
    "cells without end": (
        "workbook-too-large",
        lambda: replaced(b"</sheetData>", b'<row r="50">' + b'<c s="1"/>' * 30_000 + b"</row></sheetData>"),
    ),
    "one cell merged over everything": (
        "workbook-too-large",
        lambda: replaced(b"</mergeCells>", b'<mergeCell ref="A20:XFD1048576"/></mergeCells>'),
    ),
    "arrays without end": (
        "workbook-too-large",
        lambda: replaced(
            b"</sheetData>",
            b'<row r="50">' + b'<c><f t="array" ref="A1:B2">1</f></c>' * 600 + b"</row></sheetData>",
        ),
    ),
    "sheets without end": (
        "workbook-too-large",
        lambda: replaced(
            b"</sheets>", b'<sheet name="a" sheetId="9"/>' * 30 + b"</sheets>", "xl/workbook.xml"
        ),
    ),
    "a document type": ("unsafe-document", lambda: with_part(SHEET, DTD)),
    "an entity in a relation": ("unsafe-document", lambda: with_part("xl/_rels/workbook.xml.rels", DTD)),
    "a document type in UTF-16": (
        "unsafe-document",
        lambda: with_part(
            "docProps/app.xml", DTD.decode().replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")
        ),
    ),
    "an external entity": (
        "unsafe-document",
        lambda: with_part(
            "docProps/app.xml", b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'
        ),
    ),
    "a billion laughs": (
        "unsafe-document",
        lambda: with_part(
            "xl/sharedStrings.xml",
            b"<!DOCTYPE a ["
            + b"".join(
                b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha") for n in range(12)
            )
            + b"]><a>&e11;</a>",
        ),
    ),
    "macros": ("unsafe-document", lambda: with_part("xl/vbaProject.bin", b"\0")),
    "a sheet of old macros": ("unsafe-document", lambda: with_part("xl/macrosheets/sheet1.xml", b"<a/>")),
    "an embedded object": ("unsafe-document", lambda: with_part("xl/embeddings/oleObject1.bin", b"\0")),
    "the type of a macro workbook": (
        "unsafe-document",
        lambda: replaced(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            "[Content_Types].xml",
        ),
    ),
}


@pytest.mark.parametrize(("code", "made"), BOMBS.values(), ids=[*BOMBS])
def test_a_dangerous_file_is_refused_quickly_and_cheaply(code: str, made: Callable[[], bytes]) -> None:
    data = made()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()

    with pytest.raises(Invalid) as refused:
        open_book(data)

    assert refused.value.code == code
    assert [f.code for f in refused.value.findings] == [code]
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 64 * 1024


def test_a_lying_extent_costs_nothing() -> None:
    data = replaced(b'<dimension ref="A1:O9"/>', b'<dimension ref="A1:XFD1048576"/>')

    assert filled(data).content == filled(SOUND).content


def test_cells_that_do_not_say_where_they_are_come_one_after_the_other() -> None:
    def change(parts: dict[str, bytes]) -> None:
        for column in "ABCDEFGHIJKLMNO":
            parts[SHEET] = parts[SHEET].replace(f'<c r="{column}5"'.encode(), b"<c")
        parts[SHEET] = parts[SHEET].replace(b"<v>202</v>", b"<f>1</f><v>202</v>")

    assert [(f.code, f.values["cell"]) for f in filled(repacked(change, SOUND)).findings] == [
        ("formula-refused", "I5")
    ]


def strict(parts: dict[str, bytes]) -> None:
    """The strict variant of the format: other names of the same things."""
    names = {
        b"schemas.openxmlformats.org/spreadsheetml/2006/main": b"purl.oclc.org/ooxml/spreadsheetml/main",
        b"schemas.openxmlformats.org/officeDocument/2006/relationships": (
            b"purl.oclc.org/ooxml/officeDocument/relationships"
        ),
    }
    for part in parts:
        for name, other in names.items():
            parts[part] = parts[part].replace(name, other)


def test_the_strict_variant_of_the_format_is_read_too() -> None:
    assert filled(repacked(strict, SOUND)).content == filled(SOUND).content


def test_what_is_read_is_what_was_checked() -> None:
    assert zlib.crc32(open_book(SOUND).data) == zlib.crc32(open_book(SOUND).data)
    with zipfile.ZipFile(BytesIO(open_book(SOUND).data)) as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
