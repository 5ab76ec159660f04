"""GB18030 is read as one text, by the C library and by Python, whatever year their tables are of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reconcile import gb18030
from app.reconcile.gb18030 import to_utf8
from tests.absent import refuse

TODAY = "ḿ︐︑︒︓︔︕︖︗︘︙龴龵龶龷龸龹龺龻𠂇𠂉𠃌𡗗𢦏𤇾"
TWO_BYTES = (
    "A8BC A6D9 A6DB A6DA A6DC A6DD A6DE A6DF A6EC A6ED A6F3 FE59 FE61 FE66 FE67 FE6D FE7E FE90 FEA0"
    " FE51 FE52 FE53 FE6C FE76 FE91"
)
LIBRARY = "iconv with GB18030: libc6 has it, from Debian 13 on libc-gconv-modules-extra"


@pytest.fixture(params=["library", "python"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], bytes]:
    """`to_utf8` with the C library, and without."""
    if request.param == "python":
        monkeypatch.setattr(gb18030, "_trusted", lambda: None)
    elif gb18030._trusted() is None:
        refuse(LIBRARY)
    return to_utf8


def test_every_character_is_read(read: Callable[[bytes], bytes]) -> None:
    then = bytes.fromhex(TWO_BYTES).decode("gb18030")
    text = "".join(set(map(chr, [*range(0xD800), *range(0xE000, 0x110000)])) - set(TODAY + then))

    assert read(text.encode("gb18030")) == text.encode()


def test_what_unicode_had_not_yet_is_what_it_is_today(read: Callable[[bytes], bytes]) -> None:
    assert read(bytes.fromhex(TWO_BYTES)) == TODAY.encode()


@pytest.mark.parametrize("character", TODAY)
def test_its_newer_four_bytes_are_the_same_character(read: Callable[[bytes], bytes], character: str) -> None:
    assert read(character.encode("gb18030")) == character.encode()


def test_a_broken_character_keeps_its_line_and_the_others(read: Callable[[bytes], bytes]) -> None:
    text = "示例\n".encode("gb18030") + b"a\x81\nb\n\xff\nc\n\x81\x30\xff\n" + "龴\n".encode("gb18030")

    assert read(text).decode() == "示例\na\ufffd\nb\n\ufffd\nc\n\ufffd\n龴\n"


@pytest.mark.parametrize(
    "text",
    [b"", b"a", b"\n" * 1000, b"\x95\x32\x82\x36" * 9],
    ids=["nothing", "a letter", "blank lines", "four bytes"],
)
def test_any_length_will_do(read: Callable[[bytes], bytes], text: bytes) -> None:
    assert read(text) == text.decode("gb18030").encode()


@pytest.mark.parametrize(
    "text", ["示例" * 1000, "\u0080" * 1000, "\ue816" * 1000], ids=["two", "four", "rare"]
)
def test_the_library_has_room_for_any_text(text: str) -> None:
    library = gb18030._trusted() or refuse(LIBRARY)

    assert library.convert(text.encode("gb18030"))


@given(
    st.lists(
        st.sampled_from(
            [b"\n", b"0", b"9", b"a", b"\x7f", b"\x80", b"\x81", b"\x84", b"\xa1", b"\xfe", b"\xff"]
        )
        | st.characters(codec="gb18030").map(lambda character: character.encode("gb18030"))
    ).map(b"".join)
)
def test_the_library_and_python_read_the_same(text: bytes) -> None:
    assert gb18030._trusted() or refuse(LIBRARY)
    assert to_utf8(text) == gb18030._renewed(gb18030._by_codec(text))


def test_a_machine_without_the_converter_reads_by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: None) -> None:
        raise OSError

    monkeypatch.setattr("ctypes.CDLL", missing)

    assert gb18030._trusted.__wrapped__() is None


def replacing(text: bytes) -> bytes:
    return text.decode("gb18030", "replace").encode()


def misreading(text: bytes) -> bytes | None:
    return None if len(text) == 2 else text.decode("gb18030").replace("示", "例").encode()


def refusing(_: bytes) -> None:
    return None


@pytest.mark.parametrize("convert", [replacing, misreading, refusing])
def test_a_library_that_reads_otherwise_is_not_used(
    monkeypatch: pytest.MonkeyPatch, convert: Callable[[bytes], bytes | None]
) -> None:
    monkeypatch.setattr(gb18030._Iconv, "convert", lambda _, text: convert(text))

    assert gb18030._trusted.__wrapped__() is None
