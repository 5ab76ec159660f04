"""What a cell may hold, what is tidied with a warning, and what is refused as what."""

from __future__ import annotations

from datetime import date

import pytest

from app.reconcile.cells import is_formula, read_code, read_date, read_figure, read_period


@pytest.mark.parametrize(
    ("text", "value", "notes"),
    [
        ("2015-04", "2015-04", ()),
        ("201504", "2015-04", ()),
        ("2015年4月", "2015-04", ()),
        ("2015年04月", "2015-04", ()),
        ("2015年12月", "2015-12", ()),
        ("２０１５－０４", "2015-04", ("full-width",)),
        (" 2015-04\u3000", "2015-04", ("stray-space",)),
        ("\ufeff2015-04", "2015-04", ("stray-space",)),
    ],
)
def test_periods_that_are_read(text: str, value: str, notes: tuple[str, ...]) -> None:
    assert read_period(text) == (value, None, notes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-period"),
        ("2015-4", "bad-period"),
        ("2015-13", "bad-period"),
        ("2015-00", "bad-period"),
        ("2015/4/1", "bad-period"),
        ("Apr-15", "bad-period"),
        ("２０１五-04", "bad-period"),
        ("1915-04", "bad-period"),
        ("42095", "serial-date"),
        ("42095.5", "serial-date"),
        ("2015-03", "period-too-early"),
        ("2014年12月", "period-too-early"),
        ("=A1", "formula"),
        ("#REF!", "formula"),
    ],
)
def test_periods_that_are_refused(text: str, code: str) -> None:
    assert read_period(text) == (None, code, ())


@pytest.mark.parametrize(
    ("text", "value", "notes"),
    [
        ("999900", "999900", ()),
        ("000000", "000000", ()),
        ("999901101", "999901101", ()),
        ("999901101000", "999901101", ()),
        ("999900000000", "999900", ()),
        ("999900000", "999900", ()),
        ("999901101001", "999901101001", ()),
        ("９９９９００", "999900", ("full-width",)),
        ("999900 ", "999900", ("stray-space",)),
    ],
)
def test_codes_that_are_read(text: str, value: str, notes: tuple[str, ...]) -> None:
    assert read_code(text) == (value, None, notes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-code"),
        ("abc", "bad-code"),
        ("9999000000001", "bad-code"),
        ("٩٩٩٩٠٠", "bad-code"),
        ("99900", "lost-zeros"),
        ("99990110", "lost-zeros"),
        ("99990110100", "lost-zeros"),
        ("4.40606E+08", "scientific-notation"),
        ("440606.0", "scientific-notation"),
        ('="440606"', "formula"),
    ],
)
def test_codes_that_are_refused(text: str, code: str) -> None:
    assert read_code(text) == (None, code, ())


@pytest.mark.parametrize(
    ("text", "value", "notes"),
    [
        ("0", 0, ()),
        ("1239", 1239, ()),
        ("9999999", 9_999_999, ()),
        ("", None, ()),
        ("  ", None, ("stray-space",)),
        ("１２３", 123, ("full-width",)),
        ("1,239", 1239, ("thousands-separator",)),
        ("1，239", 1239, ("full-width", "thousands-separator")),
        ("1,234,567", 1_234_567, ("thousands-separator",)),
        (" 12", 12, ("stray-space",)),
        ("007", 7, ("leading-zero",)),
        ("00", 0, ("leading-zero",)),
    ],
)
def test_figures_that_are_read(text: str, value: int | None, notes: tuple[str, ...]) -> None:
    assert read_figure(text) == (value, None, notes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "not-integer") for text in ("1.5", "1.0", "1e3", "0x10", "0b1", "1_000", "+5", "-3", "-0")),
        *(
            (text, "not-integer")
            for text in ("一", "-", "—", "/", "无", "12名", "12,34", ",123", "٣", "½", "1 2")
        ),
        ("4.40606E+08", "scientific-notation"),
        ("10000000", "out-of-range"),
        ("9" * 5000, "out-of-range"),
        ("=SUM(A1:A3)", "formula"),
        ("@SUM(A1)", "formula"),
        ("+A1+B1", "formula"),
        ("#DIV/0!", "formula"),
        ("#N/A", "formula"),
    ],
)
def test_figures_that_are_refused(text: str, code: str) -> None:
    assert read_figure(text) == (None, code, ())


def test_a_total_may_be_larger_than_a_figure() -> None:
    assert read_figure("10000000", 999_999_999_999).value == 10_000_000


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("2015-04-05", ()),
        ("2015-4-5", ("date-form",)),
        ("2015/4/5", ("date-form",)),
        ("2015.04.05", ("date-form",)),
        ("2015年4月5日", ("date-form",)),
        ("20150405", ("date-form",)),
        ("2015-04-05 00:00:00", ("date-form",)),
        ("2015/4/5 0:00", ("date-form",)),
        ("２０１５-04-05", ("full-width",)),
    ],
)
def test_dates_that_are_read(text: str, notes: tuple[str, ...]) -> None:
    assert read_date(text) == (date(2015, 4, 5), None, notes)


def test_a_blank_date_is_no_date_and_no_fault() -> None:
    assert read_date("") == (None, None, ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2015-02-30", "bad-date"),
        ("2015-04", "bad-date"),
        ("2015/4-5", "bad-date"),
        ("4/5/2015", "bad-date"),
        ("2015-04-05x", "bad-date"),
        ("2015-04-05 13:00:00", "bad-date"),
        ("42099", "serial-date"),
        ("=TODAY()", "formula"),
    ],
)
def test_dates_that_are_refused(text: str, code: str) -> None:
    assert read_date(text) == (None, code, ())


@pytest.mark.parametrize("text", ["=1+1", "@A1", " =1+1", "＝1+1", "#REF!", "+A1"])
def test_formulas_are_recognized(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize("text", ["示例市", "", "-", "+", "5", "-5", "#", "示例=市"])
def test_other_texts_are_no_formulas(text: str) -> None:
    assert not is_formula(text)
