"""A file is what its content is; what could harm its reader is refused before anybody opens it."""

from __future__ import annotations

import io
import os
import struct
import time
import tracemalloc
import zipfile

import pytest

from app.domain.file_name import LONGEST, checked_filename, disposition
from app.domain.file_type import check_content, check_start, promised_kind
from app.errors import Problem
from tests.domain.files import EVERY_KIND, JPEG, PDF, PNG, TYPES, WORD, archive, compound, docx, ofd, xlsx


def verdict(name: str, content: bytes) -> str:
    """The code of the refusal, or the media type."""
    try:
        kind = promised_kind(name)
        check_start(kind, content[:8])
        check_content(kind, io.BytesIO(content))
    except Problem as problem:
        return problem.code
    return kind.value


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind_on_the_list_is_taken(name: str) -> None:
    assert "/" in verdict(name, EVERY_KIND[name])


HTML = b"<html><script>alert(1)</script></html>"

MISMATCHES = {
    "html in a pdf": ("a.pdf", HTML),
    "svg in a png": ("a.png", b"<svg onload='alert(1)'/>"),
    "program in a pdf": ("a.pdf", b"MZ\x90\x00" + b"\0" * 60),
    "pdf behind other bytes": ("a.pdf", b"<html>" + PDF),
    "pdf cut short": ("a.pdf", PDF[:20]),
    "png with a page behind it": ("a.png", PNG + HTML),
    "jpeg cut short": ("a.jpg", JPEG[:-2]),
    "png called jpg": ("a.jpg", PNG),
    "bare archive": ("a.docx", archive({"setup.exe": b"MZ"})),
    "workbook called docx": ("a.docx", xlsx()),
    "document called ofd": ("a.ofd", docx()),
    "ofd called xlsx": ("a.xlsx", ofd()),
    "archive cut short": ("a.docx", docx()[:-30]),
    "archive with a damaged part": (
        "a.docx",
        docx(word__x=os.urandom(999)).replace(b"PK\x03\x04", b"PK\x03\x05"),
    ),
    "installer": ("a.doc", compound("Installer")),
    "text called xls": ("a.xls", compound("WordDocument")),
    "compound file cut short": ("a.doc", compound("WordDocument")[:600]),
    "empty": ("a.pdf", b""),
    "html": ("a.html", HTML),
    "heic": ("a.heic", b"\0\0\0\x18ftypheic"),
    "archive": ("a.zip", archive({"a": b"b"})),
    "no ending": ("news", PDF),
    "another ending behind": ("a.pdf.exe", PDF),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_content_that_is_not_what_its_name_says_is_refused(case: str) -> None:
    assert verdict(*MISMATCHES[case]) == "file-type-mismatch"


DTD = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'

UNSAFE = {
    "dtd": docx(word__styles_xml=DTD),
    "dtd in utf-16": docx(word__styles_xml=DTD.decode().replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")),
    "dtd behind spaces": docx(word__styles_xml=b" " * 600_000 + b"<!DOCTYPE d><d/>"),
    "dtd behind a long comment": docx(word__a=b"<!--" + os.urandom(60_000).hex().encode() + b"--><!DOCTYPE d><d/>"),
    "dtd in a part with another ending": docx(word__styles_bin=DTD),
    "dtd in the list of parts": archive({"[Content_Types].xml": DTD, "word/document.xml": WORD}),
    "macros": docx(word__vbaProject_bin=b"x").replace(b"vbaProject_bin", b"vbaProject.bin"),
    "macros by type": archive({"[Content_Types].xml": TYPES.replace(b"/>", b" a='macroEnabled'/>")}),
    "climbing name": archive({"[Content_Types].xml": TYPES, "word/document.xml": WORD, "../../x": b""}),
    "unknown compression": archive({"word/document.xml": WORD}, zipfile.ZIP_LZMA),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSAFE)
def test_a_document_that_could_act_is_refused(case: str) -> None:
    assert verdict("a.docx", UNSAFE[case]) == "unsafe-document"


@pytest.mark.parametrize("name", ["Macros", "_VBA_PROJECT_CUR", "EncryptedPackage"])
def test_an_old_document_with_macros_or_a_password_is_refused(name: str) -> None:
    assert verdict("a.doc", compound("WordDocument", name)) == "unsafe-document"


def changed_directory(content: bytes, field: int, value: bytes) -> bytes:
    """The archive with a field of its last directory entry changed."""
    at = content.rindex(b"PK\x01\x02") + field
    return content[:at] + value + content[at + len(value) :]


def test_a_link_inside_an_archive_is_refused() -> None:
    link = changed_directory(docx(word__a=b"target"), 38, struct.pack("<L", 0o120777 << 16))

    assert verdict("a.docx", link) == "unsafe-document"


def test_entries_that_overlap_are_refused() -> None:
    content = docx(word__a=b"first" * 9, word__b=b"second" * 9)

    assert verdict("a.docx", changed_directory(content, 42, struct.pack("<L", 1))) in {
        "unsafe-document",
        "file-type-mismatch",
    }


def test_an_encrypted_entry_is_refused() -> None:
    assert verdict("a.docx", changed_directory(docx(), 8, b"\x01")) == "unsafe-document"


def nested(depth: int) -> bytes:
    """Documents inside documents."""
    content = docx()
    for _ in range(depth):
        content = docx(word__embeddings__book_xlsx=content)
    return content


def test_a_workbook_embedded_in_a_document_is_taken() -> None:
    assert "/" in verdict("a.docx", nested(1))


ZEROS = bytes(1 << 20)

BOMBS = {
    "ratio of a thousand": lambda: docx(word__x=ZEROS * 64),
    "ratio of one part": lambda: docx(word__x=ZEROS * 4, word__y=os.urandom(1 << 20)),
    "more than is unpacked": lambda: archive({"word/document.xml": WORD, **{str(i): ZEROS * 50 for i in range(5)}}),
    "stored and large": lambda: archive({"word/document.xml": ZEROS * 201}, zipfile.ZIP_STORED),
    "a hundred thousand entries": lambda: archive({str(i): b"" for i in range(100_000)}, zipfile.ZIP_STORED),
    "archives inside archives": lambda: nested(2),
    "an archive that is no document inside": lambda: docx(word__x=archive({"a": b"b"})),
    "a packed file inside": lambda: docx(word__x=b"\x1f\x8b\x08" + os.urandom(99)),
    "a size that lies": lambda: changed_directory(docx(word__x=ZEROS * 90), 24, struct.pack("<L", 99)),
    "another size that lies": lambda: changed_directory(docx(word__x=os.urandom(5_000)), 24, struct.pack("<L", 4_999)),
    "zip64 directory": lambda: docx()[:-12] + struct.pack("<HLLH", 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_within_a_second_and_64_mebibytes(case: str) -> None:
    content = BOMBS[case]()
    tracemalloc.start()
    began = time.process_time()

    found = verdict("a.docx", content)

    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == "archive-too-large"
    assert spent <= 1
    assert peak <= len(content) + (64 << 20)


NAMES = [
    "../../x.pdf", "a/b.pdf", "a\\b.pdf", "a\x00.pdf", "a\r\n.pdf", "fdp.\u202exe", "a\u200b.pdf", ".pdf", "",
    " a.pdf", "a.pdf.", "界" * 90 + ".pdf", "a?.pdf", "a\ufffd.pdf", "a\u2028.pdf", "\ud800.pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_or_hides_something_is_refused(name: str) -> None:
    with pytest.raises(Problem) as refused:
        checked_filename(name)

    assert refused.value.code == "invalid-filename"
    assert refused.value.status == 422


@pytest.mark.parametrize("name", ["4月动员会 新闻稿（终稿）.pdf", "a.b.pdf", "a" * (LONGEST - 4) + ".pdf"])
def test_an_ordinary_name_is_kept(name: str) -> None:
    assert checked_filename(name) == name


def test_a_name_is_kept_in_its_normal_form() -> None:
    assert checked_filename("e\u0301.pdf") == "é.pdf"


def test_a_name_is_announced_in_ascii_and_in_full() -> None:
    assert disposition("4月 100%.pdf") == (
        "attachment; filename=\"4_ 100_.pdf\"; filename*=UTF-8''4%E6%9C%88%20100%25.pdf"
    )
