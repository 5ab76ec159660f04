"""The words of pages: which language a reader gets, and how days, bars and differences are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.console.pages import HERE, Words, language_of, number, signed, width
from app.domain.period import Period
from tests.house.repository import ROOT

FILES = sorted(path for path in HERE.rglob("*") if path.suffix in {".html", ".css", ".svg"})


class Request:
    """As much of a request as the choice of a language looks at."""

    def __init__(self, accepted: str | None) -> None:
        self.headers = {} if accepted is None else {"accept-language": accepted}


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", None, "zh"),
        ("en", None, "en"),
        ("en", "zh-CN,zh;q=0.9", "en"),
        ("fr", "en", "en"),
        ("", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr,en;q=0.3", "en"),
        ("", "fr,en;q=0", "zh"),
        ("", "en;q=0.4,zh-TW;q=0.5", "zh"),
        ("", "EN-us", "en"),
        ("", "*", "zh"),
        ("", "en;q=nan", "zh"),
        ("", "en;q=٣", "zh"),
        ("", ";;,=,q", "zh"),
        ("", "", "zh"),
    ],
)
def test_the_reader_gets_the_language_that_suits_best(
    asked: str, accepted: str | None, language: str
) -> None:
    assert language_of(Request(accepted), asked) == language  # type: ignore[arg-type]


def test_the_end_of_a_day_is_written_as_the_day_it_ends() -> None:
    first_instant_of_the_26th = datetime(2015, 4, 25, 16, tzinfo=UTC)

    assert Words("zh").due(first_instant_of_the_26th) == "4月25日24时"
    assert Words("en").due(first_instant_of_the_26th) == "25 April, 24:00"


def test_days_and_moments_are_those_of_china() -> None:
    late = datetime(2015, 4, 25, 16, 5, tzinfo=UTC)

    assert [Words(language).moment(late) for language in ("zh", "en")] == ["4月26日 00:05", "26 Apr 00:05"]
    assert Words("zh").day(late.date()) == "4月25日（星期六）"
    assert Words("en").day(late.date()) == "Saturday 25 April"
    assert [Words(language).month(Period(2015, 4)) for language in ("zh", "en")] == [
        "2015年4月",
        "April 2015",
    ]


@pytest.mark.parametrize(
    ("numerator", "denominator", "length"),
    [
        (0, 22, 0),
        (11, 22, 100),
        (22, 22, 200),
        (30, 22, 200),
        (None, 22, 0),
        (1, 0, 0),
        (1, None, 0),
        (1, 400, 1),
    ],
)
def test_a_bar_is_the_share_and_never_longer_than_its_rail(
    numerator: int | None, denominator: int | None, length: int
) -> None:
    assert width(numerator, denominator, 200) == length


def test_numbers_are_readable_and_nothing_is_a_dash() -> None:
    assert [number(value) for value in (1234567, 0, None)] == ["1,234,567", "0", "—"]
    assert [signed(value) for value in (17, -6)] == ["+17", "−6"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_of_the_pages_needs_anything_inline_or_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    # An address of this service is written by a variable, so every literal one would be foreign.
    forbidden = re.compile(
        r"https?:|//[a-z]|<script|<style|\sstyle=|\son[a-z]+=|@import|@font-face|url\(", re.I
    )

    assert forbidden.findall(text) == []
