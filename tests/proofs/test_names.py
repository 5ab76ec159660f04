"""Promise 36: no second name that looks like the first is accepted; who is who is decided by codes alone."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

import pytest

from app.domain.file_name import checked_filename
from app.domain.register import read_register, register_text
from app.errors import Invalid
from tests.samples import GUANGZHOU, SHAOGUAN, unit
from tests.seed import register

UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u200e\u200f\u202a\u202c\u202d\u202e\u2066\u2069\u061c\u0000\u007f"
SPACES = "\u0020\u00a0\u2002\u2003\u2009\u202f\u205f\u3000"
WIDE = [
    ("A区", "Ａ区"),
    ("(B)镇", "（B）镇"),
    ("1号园", "１号园"),
    ("X-Y区", "X－Y区"),
    ("c区", "C区"),
    ("k区", "\u212a区"),
]
COMPATIBLE = [
    ("金市", "\uf90a市"),
    ("車市", "\uf902市"),
    ("广市", "\u2f34市"),
    ("山市", "\u2f2d市"),
    ("水市", "\u2f54市"),
    ("2区", "\u00b2区"),
    ("2区", "\u2461区"),
    ("IV区", "\u2163区"),
    ("ﬁ区", "fi区"),
    ("é区", "e\u0301区"),
    ("ガ区", "カ\u3099区"),
    ("ガ区", "ｶﾞ区"),
]
LETTERS = [
    ("PA区", "P\u0410区"),
    ("OK区", "\u041eK区"),
    ("Mo区", "M\u03bf区"),
    ("HB区", "\u041dB区"),
    ("AX区", "\u0391X区"),
]
"""Cyrillic and Greek letters that look like Latin ones."""

TWINS = [
    *(("示例市", f"示{unseen}例市") for unseen in UNSEEN),
    *(("示例 市", f"示例{space}市") for space in SPACES),
    ("示例市", "示例市\t"),
    *WIDE,
    *COMPATIBLE,
    *LETTERS,
]


def accepted(one: str, other: str) -> bool:
    """Whether two units of a province may have these names."""
    rows = [row for row in register() if row.code in {"000000", "440000"}]
    rows += [replace(unit(GUANGZHOU), name=one), replace(unit(SHAOGUAN), name=other)]
    rows = [replace(row, counties_count=None, agri_counties_count=None, townships_count=None) for row in rows]
    read, findings = read_register(register_text(rows).splitlines(keepends=True))
    names = [row.name for row in read if row.code in {GUANGZHOU, SHAOGUAN}]
    return not any(found.severity == "error" for found in findings) and len(names) == 2


@pytest.mark.parametrize(("one", "other"), TWINS, ids=[ascii(twin) for _, twin in TWINS])
def test_no_twin_of_a_units_name_is_accepted(one: str, other: str) -> None:
    assert accepted("甲市", "乙市")
    assert not accepted(one, other)


@pytest.mark.parametrize("unseen", [*UNSEEN, "\t"], ids=ascii)
def test_a_files_name_hides_nothing(unseen: str) -> None:
    with pytest.raises(Invalid):
        checked_filename(f"示{unseen}例.pdf")


@pytest.mark.parametrize("name", [name for pair in (*WIDE, *COMPATIBLE) for name in pair], ids=ascii)
def test_a_files_name_is_kept_in_one_normal_form(name: str) -> None:
    assert checked_filename(f"{name}.pdf") == normalize("NFC", f"{name}.pdf")


def test_there_are_fifty_pairs() -> None:
    assert len(TWINS) >= 50
