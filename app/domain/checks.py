"""Checks of one report against its form's rules, and what keeps it from being accepted for filing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.domain.content import Explanation
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.quick import Fact
from app.errors import Finding, Severity

SHORTEST_EXPLANATION = 5
"""Characters of an explanation, spaces not counted, that let a warning pass (核实性审核)."""

Figures = Mapping[str, int | None]
"""Numbers by code. A blank (absent or None) is not zero: a rule that needs it says nothing."""


_NONE: Figures = MappingProxyType({})


class UnitFacts(NamedTuple):
    """What the register says of the unit: its level, and counts without what reports separately."""

    level: str
    counties: int | None = None
    townships: int | None = None


class Previous(NamedTuple):
    """The last accepted report before this period: figures of another form version only where comparable."""

    period: Period
    figures: Figures


class Facts(NamedTuple):
    """All that the rules may look at.

    `figures` holds the sound ones only. `ledger_flow` says whether the ledger in force shows any flow in
    this period, None without a ledger. `coverage` holds, for each indicator whose evidence is judged, how
    many distinct eligible units the accepted and pending claims cover: 0 where there are none.
    """

    period: Period
    unit: UnitFacts
    figures: Figures
    supplements: Figures = _NONE
    previous: Previous | None = None
    ledger_flow: bool | None = None
    coverage: Figures = _NONE


def check(form: FormVersion, facts: Facts) -> list[Finding]:
    """What the form's rules find, in the order of its catalogue; never raises, whatever the numbers are."""
    return form.rulebook.findings(_named(form, facts))


def blocking(findings: Iterable[Finding], explanations: Iterable[Explanation]) -> list[Finding]:
    """The findings that stand in the way of a submission: errors, and warnings that nobody explained."""
    explained = {e.rule for e in explanations if _length(e.text) >= SHORTEST_EXPLANATION}
    return [f for f in findings if _blocks(f, explained)]


def _blocks(finding: Finding, explained: set[str]) -> bool:
    return finding.severity is Severity.ERROR or (
        finding.severity is Severity.WARNING and finding.rule not in explained
    )


def _length(text: str) -> int:
    return len("".join(text.split()))


def _named(form: FormVersion, facts: Facts) -> dict[str, Fact]:
    """The facts that are known, by the names that expressions use."""
    is_first = facts.period == form.timetable.first_period
    previous = None if is_first else facts.previous
    before: Figures = previous.figures if previous else {}
    known: dict[str, Fact | None] = {
        **{f"c.{code}": value for code, value in facts.figures.items()},
        **{f"p.{code}": value for code, value in before.items()},
        **{f"x.{code}": value for code, value in facts.supplements.items()},
        **{f"e.{code}": value for code, value in facts.coverage.items()},
        "u.level": facts.unit.level,
        "u.counties": facts.unit.counties,
        "u.townships": facts.unit.townships,
        "l.flow": facts.ledger_flow,
        "t.year": facts.period.year,
        "t.month": facts.period.month,
        "t.first": is_first,
        "t.gap": not is_first and (previous is None or previous.period.next != facts.period),
        "t.same_year": previous is not None and previous.period.year == facts.period.year,
        "t.unchanged": _unchanged(form, facts.figures, before),
    }
    return {name: value for name, value in known.items() if value is not None}


def _unchanged(form: FormVersion, now: Figures, before: Figures) -> bool | None:
    """Whether every figure is the same as before; None while one of them is blank."""
    if not before:
        return None
    pairs = [(now.get(code), before.get(code)) for code in form.codes]
    if any(value is None for pair in pairs for value in pair):
        return None
    return all(value == was for value, was in pairs)
