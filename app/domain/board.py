"""What stands in a unit's way in a month, and who has to do what next."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from app.errors import Text


class Case(NamedTuple):
    """Where a unit stands. `status` is None without a report; the counts of cells are None where unknown."""

    status: str | None
    is_past_due: bool
    is_excused: bool = False
    """Missing with leave (免报)."""
    reasons: int = 0
    """Reasons with which it was returned."""
    unproved: int = 0
    """Figures that evidence does not cover yet."""
    open_mismatches: int | None = None
    unrecorded: int | None = None
    """Figures that the ledger should decide and has nothing about."""


class Next(StrEnum):
    """The next action, and below who takes it."""

    FILE = "file"
    URGE = "urge"
    SUBMIT = "submit"
    CORRECT = "correct"
    REVIEW = "review"
    SETTLE = "settle"
    PROVE = "prove"
    NONE = "none"


_WORDS: dict[Next, tuple[str | None, Text]] = {
    Next.FILE: ("reporter", Text("待报送", "to be filed")),
    Next.URGE: ("reviewer", Text("催报", "overdue: urge")),
    Next.SUBMIT: ("reporter", Text("草稿待提交", "submit the draft")),
    Next.CORRECT: ("reporter", Text("修改后重报", "correct and resend")),
    Next.REVIEW: ("reviewer", Text("待审核", "to be reviewed")),
    Next.SETTLE: ("reviewer", Text("核实台账差异", "settle the mismatches")),
    Next.PROVE: ("reporter", Text("补证明材料", "add evidence")),
    Next.NONE: (None, Text("已办结", "nothing left")),
}

SETTLED = frozenset({"confirmed", "resolved"})
"""States of a mismatch about which nobody has to do anything more."""


def next_action(case: Case) -> dict[str, Any]:
    """{code, by, zh, en}: the one thing that moves the unit on; a review comes before what it would judge."""
    code = _next(case)
    by, words = _WORDS[code]
    return {"code": code.value, "by": by, **words._asdict()}


def _next(case: Case) -> Next:
    if case.is_excused:
        return Next.NONE
    if case.status is None:
        return Next.URGE if case.is_past_due else Next.FILE
    waiting = {"draft": Next.SUBMIT, "returned": Next.CORRECT, "submitted": Next.REVIEW}
    if case.status in waiting:
        return waiting[case.status]
    if case.open_mismatches:
        return Next.SETTLE
    return Next.PROVE if case.unproved else Next.NONE


def blockers(case: Case) -> list[dict[str, Any]]:
    """Everything that keeps the unit from being done with, each with a count: {code, count, zh, en}."""
    if case.is_excused:
        return []
    if case.status in {None, "draft"}:
        return [_blocker("not_filed", 1, Text("未报", "not filed"))]
    found = [
        ("returned", case.reasons if case.status == "returned" else 0, Text("退回意见", "reasons to return")),
        ("mismatches", case.open_mismatches or 0, Text("台账不一致", "cells that differ from the ledger")),
        ("unrecorded", case.unrecorded or 0, Text("台账缺失", "cells missing in the ledger")),
        ("unproved", case.unproved, Text("证明材料不足", "figures without enough evidence")),
    ]
    return [_blocker(code, count, words) for code, count, words in found if count]


def _blocker(code: str, count: int, words: Text) -> dict[str, Any]:
    return {"code": code, "count": count, **words._asdict()}
