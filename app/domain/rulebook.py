"""The rules of one form version, compiled: facts go in, findings come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.domain.expression import Program, Vocabulary
from app.domain.quick import Fact
from app.domain.ratio import format_quotient
from app.domain.rule import Check, Rule, checks_of
from app.errors import Finding, Severity, Text

UNKNOWN = "—"
"""What a message shows for a number that cannot be computed."""

COMMON_FACTS: Vocabulary = MappingProxyType(
    {
        "t.year": 0,
        "t.month": 0,
        "t.first": False,  # the form's first period
        "t.gap": False,  # a later period whose predecessor is not accepted
        "t.same_year": False,  # the last accepted period lies in this calendar year
        "t.unchanged": False,  # every figure equals that of the last accepted period
        "u.level": "",
        "u.counties": 0,  # what the register counts in the unit, without what reports separately
        "u.townships": 0,
        "l.flow": False,  # the ledger shows some flow in this period
    }
)
"""The facts that every form's rules may name, besides c., p., x. and e. with the form's own codes."""


class _Compiled(NamedTuple):
    check: Check
    needs: frozenset[str]
    values: Program | None
    fixed: Finding | None = None
    """What it says whenever it fails, if that rests on no number of the report."""


class Rulebook:
    """The checks of a form, evaluated in one pass; the values of a message only for what failed."""

    def __init__(self, rules: Iterable[Rule], vocabulary: Vocabulary, labels: Mapping[str, Text]) -> None:
        checks = [check for rule in rules for check in checks_of(rule)]
        self._labels = labels
        compiled = (_compile(check, vocabulary) for check in checks)
        self._compiled = [c if c.values else c._replace(fixed=self._finding(c, {})) for c in compiled]
        self._conditions = Program((check.condition for check in checks), vocabulary)

    def findings(self, facts: Mapping[str, Fact]) -> list[Finding]:
        """What the rules say, in the order of the form. A rule that needs an absent fact says nothing."""
        verdicts = zip(self._compiled, self._conditions.run(facts), strict=True)
        failed = [(c, holds) for c, holds in verdicts if not holds and facts.keys() >= c.needs]
        return [
            _undecidable(compiled.check)
            if holds is None
            else compiled.fixed or self._finding(compiled, facts)
            for compiled, holds in failed
        ]

    def _finding(self, compiled: _Compiled, facts: Mapping[str, Fact]) -> Finding:
        rule, pointer, bound, *_ = compiled.check
        values = _values(compiled, facts)
        shown = {name: UNKNOWN if value is None else value for name, value in values.items()}
        labels = {name: self._labels[code] for name, code in bound.items()}
        message = Text(
            rule.message.zh.format(**shown, **{name: label.zh for name, label in labels.items()}),
            rule.message.en.format(**shown, **{name: label.en for name, label in labels.items()}),
        )
        return Finding(rule.id, rule.id, rule.severity, pointer, message, {**bound, **values})


def _compile(check: Check, vocabulary: Vocabulary) -> _Compiled:
    needs = check.needs
    sources = [source for value in check.values.values() for source in value.sources]
    named = {name: vocabulary[name] for name in sorted(needs)}
    return _Compiled(check, needs, Program(sources, named) if sources else None)


def _values(compiled: _Compiled, facts: Mapping[str, Fact]) -> dict[str, Fact | None]:
    if compiled.values is None:
        return {}
    computed = iter(compiled.values.run(facts))
    values: dict[str, Fact | None] = {}
    for name, value in compiled.check.values.items():
        of = next(computed)
        values[name] = of if value.per is None else _quotient(of, next(computed), value.decimals)
    return values


def _quotient(of: Fact | None, per: Fact | None, decimals: int) -> str | None:
    if not isinstance(of, int) or not isinstance(per, int) or per <= 0:
        return None
    return format_quotient(of, per, decimals)


def _undecidable(check: Check) -> Finding:
    return Finding(
        rule=check.rule.id,
        code="rule-not-evaluated",
        severity=Severity.INFO,
        pointer=check.pointer,
        message=Text(
            "此项审核无法计算，请联系表式管理员",
            "This rule cannot be computed; tell the form's administrator",
        ),
    )
