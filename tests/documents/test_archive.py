"""Many files as one, handed on while it is made."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from app.documents.archive import safe_name, zipped

FILES = [("440100_广州市.xlsx", b"a" * 1000), ("440200_韶关市.xlsx", b"b" * 2000)]


def test_an_unpacker_finds_every_file_under_its_name() -> None:
    with ZipFile(BytesIO(b"".join(zipped(FILES)))) as file:
        assert [(name, file.read(name)) for name in file.namelist()] == FILES
        assert [info.flag_bits & 0x8 for info in file.infolist()] == [0, 0]
        assert {info.external_attr >> 16 for info in file.infolist()} == {0o644}


def test_a_file_is_handed_on_before_the_next_is_made() -> None:
    made: list[str] = []

    def files():
        for name, content in FILES:
            made.append(name)
            yield name, content

    pieces = zipped(files())

    assert len(next(pieces)) > 1000
    assert made == [FILES[0][0]]


def test_the_same_files_give_the_same_bytes() -> None:
    assert [*zipped(FILES)] == [*zipped(FILES)]


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a/b.xlsx", "a_b.xlsx"), ("..\\x", ".._x".strip(" .")), (" a. ", "a"), ("///", "_"), ("", "_")],
)
def test_a_name_leads_into_no_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe
