"""Passwords: one text for every keyboard, and none that others would think of."""

from __future__ import annotations

import pytest

from app.domain.password import canonical_password, password_findings

ABOUT = ["li.example", "示例李", "440100"]


@pytest.mark.parametrize(
    "password", ["示例 长江 算盘 四月 4711", "kqzw vmtr hnbx", "9f2c7a1be0d34", "x9" + "q7w2e" * 25]
)
def test_a_good_one_has_nothing_wrong(password: str) -> None:
    assert password_findings(password, about=ABOUT, pointer="/new") == []


@pytest.mark.parametrize(
    "password", ["li.example", "li.example1", "Password123!", "abcdefghijk", "1qaz2wsx3edc", "2015-04-25"]
)
def test_one_that_others_would_think_of_is_weak(password: str) -> None:
    assert [found.code for found in password_findings(password, about=ABOUT, pointer="/new")] == [
        "password-weak"
    ]


@pytest.mark.parametrize("password", ["", "a b c", "x" * 129])
def test_the_length_is_told_first(password: str) -> None:
    [found] = password_findings(password, about=ABOUT, pointer="/new")

    assert (found.code, found.pointer) == ("password-length", "/new")


def test_one_password_however_it_was_typed() -> None:
    assert canonical_password("ｐａｓｓ①") == canonical_password("pass1")
    assert canonical_password("e\u0301") == canonical_password("\u00e9")
