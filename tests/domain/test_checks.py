"""What keeps a report from being filed."""

from __future__ import annotations

import pytest

from app.domain.checks import blocking, check
from app.domain.content import Explanation
from tests.domain.sample import FORM, facts


def explained(text: str, rule: str = "R10") -> list[Explanation]:
    return [Explanation(rule, "other", text)]


def rules(explanations: list[Explanation], **figures: int) -> list[str]:
    return [f.rule for f in blocking(check(FORM, facts(figures)), explanations)]


@pytest.mark.parametrize(
    ("text", "blocks"), [("台账补录两", False), ("台账补录", True), ("台 账 补 录", True), ("", True)]
)
def test_a_warning_passes_with_an_explanation_of_five_characters(text: str, blocks: bool) -> None:
    assert rules(explained(text), members_total=203) == ["R10"] * blocks


def test_an_explanation_speaks_for_its_own_rule_only() -> None:
    assert rules(explained("台账补录两名", rule="R11"), members_total=203) == ["R10"]


def test_no_explanation_lifts_an_error() -> None:
    assert "R05" in rules(explained("实际就是如此", rule="R05"), townships_mobilized=16)


def test_hints_never_block() -> None:
    findings = check(FORM, facts(e={"townships_mobilized": 0}))

    assert [f.rule for f in findings] == ["R25"]
    assert blocking(findings, []) == []
