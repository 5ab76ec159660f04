"""Rules as a form states them, and the checks they turn into: one rule may look at several figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from string import Template
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from app.domain.expression import LONGEST, names_in
from app.domain.form_parts import Code, Part, Words
from app.errors import Severity

Source = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,19}$")]
NO_BINDING: Mapping[str, str] = MappingProxyType({})


class Where(StrEnum):
    """The room that applies a rule; the catalogue lists all of them."""

    REPORT = "report"
    """Its expression, to the figures of one report."""
    CONTENT = "content"
    """The reader of a body (app.domain.content)."""
    PERIOD = "period"
    """The reader of a period, and the key of the report."""
    CLAIM = "claim"
    """The reader of an evidence claim."""
    RECONCILIATION = "reconciliation"
    """The comparison with the ledger, after submission."""
    CONSOLIDATION = "consolidation"
    """The sums of a higher level."""


class Value(Part):
    """A number in a message: an expression, or the quotient of two, shown half-up as a decimal.

    An expression alone may be written in place of {of = …}.
    """

    of: Source
    per: Source | None = None
    decimals: int = Field(default=1, ge=0, le=6)

    @model_validator(mode="before")
    @classmethod
    def _from_expression(cls, data: Any) -> Any:
        return {"of": data} if isinstance(data, str) else data

    @property
    def sources(self) -> tuple[str, ...]:
        """Its expressions, in the order in which they are evaluated."""
        return (self.of,) if self.per is None else (self.of, self.per)


def _from_code(binding: object) -> object:
    return {"code": binding} if isinstance(binding, str) else binding


class Rule(Part):
    """One line of the catalogue.

    `over` repeats the rule, each time with other codes in place of the `$names` in `at` and in the
    expressions; a plain code stands for {code = …}. `holds` must be true wherever `when` is. `values` are
    computed when the rule has failed. The message may name them, and the names that `over` binds: it shows
    their labels.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2,3}$")]
    severity: Severity
    where: Where = Where.REPORT
    at: str = Field(default="", pattern=r"^(/[a-z0-9_$]+)*$", max_length=120)
    over: Annotated[
        tuple[Annotated[Mapping[Name, Code], BeforeValidator(_from_code)], ...], Field(max_length=50)
    ] = ()
    when: Source | None = None
    holds: Source | None = None
    values: Mapping[Name, Value] = Field(default_factory=dict, max_length=10)
    message: Words


class Check(NamedTuple):
    """A rule over certain figures."""

    rule: Rule
    pointer: str
    bound: Mapping[str, str]
    when: str | None
    holds: str
    values: Mapping[str, Value]

    @property
    def condition(self) -> str:
        """False exactly where the rule applies and does not hold."""
        return f"!({self.when}) || ({self.holds})" if self.when else self.holds

    @property
    def sources(self) -> list[str]:
        """Every expression of the check."""
        conditions = [self.when, self.holds] if self.when else [self.holds]
        return [*conditions, *(source for value in self.values.values() for source in value.sources)]

    @property
    def needs(self) -> frozenset[str]:
        """The facts without which the rule says nothing."""
        return frozenset().union(*map(names_in, self.sources))


def checks_of(rule: Rule) -> Iterator[Check]:
    """The checks of a rule with an expression, in the order of `over`; none for another room's rule."""
    if rule.holds is not None:
        for bound in rule.over or (NO_BINDING,):
            yield _bound(rule, rule.holds, bound)


def _bound(rule: Rule, holds: str, bound: Mapping[str, str]) -> Check:
    def bind(source: str) -> str:
        return Template(source).safe_substitute(bound)

    values = {
        name: Value(of=bind(value.of), per=value.per and bind(value.per), decimals=value.decimals)
        for name, value in rule.values.items()
    }
    return Check(rule, bind(rule.at), bound, rule.when and bind(rule.when), bind(holds), values)
