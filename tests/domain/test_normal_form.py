"""Normal forms: what every language writes is normalised; a run of marks costs no more than reading it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.claim import parted, spellings
from app.domain.file_name import checked_filename
from app.domain.normal_form import TOO_MANY_MARKS, normal
from app.domain.reading import Defect, text
from app.domain.register import read_register
from app.domain.register_checks import folded
from app.errors import Invalid
from app.reconcile.cleaner import LONGEST_LINE
from app.reconcile.columns import read_header

MILLION = 1 << 20
RUNS = {
    "two accents in turn": "e" + "\u0301\u0323" * (MILLION // 4),
    "a vowel sign that is taken apart": "\u0f40" + "\u0f73" * (MILLION // 3),
    "a half-width mark that becomes one": "\u30ab" + "\u0f73\uff9e" * (MILLION // 6),
}


def _file_name(name: str) -> None:
    with pytest.raises(Invalid):
        checked_filename(name)


def _register(name: str) -> None:
    header = "code,name,level,report_parent,admin_parent,reports,agri_related,township_kind"
    assert read_register([header + "\n", f"440000,{name},province,000000,000000,0,,\n"])[1]


READERS: dict[str, Callable[[str], object]] = {
    # Longer lines are refused before a header is looked for.
    "header of a ledger": lambda run: read_header(1, run[:LONGEST_LINE]),
    "names of a claim": parted,
    "codes of a claim": spellings,
    "name of a file": _file_name,
    "cell of a text": lambda run: text(run, 80),
    "row of a register": _register,
    "name of a register": folded,
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_megabyte_of_marks_is_read_at_once(read: Callable[[str], object], run: str) -> None:
    start = perf_counter()
    read(run)

    assert perf_counter() - start < 1


def test_a_run_of_marks_is_no_text_and_no_column() -> None:
    run = "e" + "\u0301" * 31

    assert text(run, 80) == Defect("invalid-text")
    assert read_header(1, run)[0] is None


@given(st.text())
def test_everything_else_is_normalised_as_the_standard_says(sent: str) -> None:
    if not TOO_MANY_MARKS.search(sent):
        assert normal("NFKC", sent) == normalize("NFKC", sent)
        assert normal("NFC", sent) == normalize("NFC", sent)
