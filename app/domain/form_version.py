"""A form version: everything that one phase of the reporting system asks for, as data."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any

from pydantic import Field

from app.domain.deadline import Deadline, Override, Shift, deadline
from app.domain.expression import Vocabulary
from app.domain.form_parts import (
    Activity,
    Authority,
    Category,
    Group,
    Indicator,
    Item,
    Kind,
    Origin,
    Part,
    PeriodText,
    Ratio,
    Supplement,
    Timetable,
    Words,
)
from app.domain.period import Period, Window, start_of, window
from app.domain.rule import Rule
from app.domain.rulebook import COMMON_FACTS, Rulebook
from app.domain.values import Declared, Governed
from app.errors import Text

LEVELS = ("prefecture", "county", "township")
"""The levels at which evidence can be demanded."""

_ALL_LEVELS = frozenset(LEVELS)


class FormVersion(Part):
    """The definition as published: immutable, valid from a period until a later version takes over.

    Lists keep the order of the file, which is the order of the table. Whatever asks for an indicator by a
    code that this version does not have gets a KeyError: a series that has ended is null, never 0.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    version: int = Field(ge=1, le=9999)
    valid_from: PeriodText
    title: Words
    issuer: Words
    notes: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    blind_first: bool = True
    """Whether a unit reports before it is shown the ledger's figures."""
    largest_figure: int = Field(default=9_999_999, ge=1, le=9_999_999)
    timetable: Timetable
    groups: Annotated[tuple[Group, ...], Field(min_length=1, max_length=50)]
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1, max_length=200)]
    supplements: Annotated[tuple[Supplement, ...], Field(max_length=50)] = ()
    ratios: Annotated[tuple[Ratio, ...], Field(max_length=100)] = ()
    items: Annotated[tuple[Item, ...], Field(max_length=99)] = ()
    activities: Annotated[tuple[Activity, ...], Field(max_length=50)] = ()
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=50)]
    rules: Annotated[tuple[Rule, ...], Field(max_length=100)]

    @property
    def id(self) -> str:
        """Code and version as clients write them: baixian-qianxiang/1."""
        return f"{self.code}/{self.version}"

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the indicators, in the order of the columns."""
        return tuple(i.code for i in self.indicators)

    @cached_property
    def indicator(self) -> dict[str, Indicator]:
        """The indicators by code."""
        return {i.code: i for i in self.indicators}

    @cached_property
    def ledger_codes(self) -> tuple[str, ...]:
        """The indicators that the ledger decides."""
        return self._of(Authority.LEDGER)

    @cached_property
    def prefilled_codes(self) -> tuple[str, ...]:
        """The indicators that a new draft takes from the last accepted report."""
        return tuple(i.code for i in self.indicators if i.prefilled)

    @cached_property
    def flow_codes(self) -> tuple[str, ...]:
        """The indicators that add up over months."""
        return tuple(i.code for i in self.indicators if i.kind is Kind.FLOW)

    @cached_property
    def reported_supplements(self) -> tuple[str, ...]:
        """The supplements that a unit may enter."""
        return tuple(s.code for s in self.supplements if s.origin is Origin.REPORT)

    @cached_property
    def summed(self) -> tuple[Indicator | Supplement, ...]:
        """What is kept as figures and summed up the tree: the columns, then the supplements that units enter."""
        return (*self.indicators, *(s for s in self.supplements if s.origin is Origin.REPORT))

    def governed(self, levels: Collection[str] = LEVELS) -> tuple[Governed, ...]:
        """`summed`, where the unit's own word decides what evidence would decide at other levels than these."""
        demanded = self.evidence_codes(levels)
        if len(demanded) == len(self.evidence_codes()):
            return self.summed
        return tuple(
            Declared(figure.code)
            if figure.authority == "evidence" and figure.code not in demanded
            else figure
            for figure in self.summed
        )

    @cached_property
    def rule(self) -> dict[str, Rule]:
        """The whole catalogue of rules by id, those of other rooms included."""
        return {r.id: r for r in self.rules}

    @cached_property
    def entered_items(self) -> frozenset[int]:
        """The numbers of the items about which a unit may say something."""
        return frozenset(item.number for item in self.items if item.inputs)

    @cached_property
    def category_codes(self) -> dict[str, str]:
        """The code of each category, by its code and by its Chinese name: a body may hold either."""
        return {name: c.code for c in self.categories for name in (c.code, c.label.zh)}

    @cached_property
    def labels(self) -> dict[str, Text]:
        """The label of every indicator and supplement by code."""
        return {figure.code: figure.label.text for figure in (*self.indicators, *self.supplements)}

    @cached_property
    def headings(self) -> dict[str, Text]:
        """The label of every indicator with its group's, because 现有总数 alone says too little."""
        groups = {group.code: group.label.text for group in self.groups}
        return {
            i.code: Text(f"{groups[i.group].zh}·{i.label.text.zh}", i.label.text.en) for i in self.indicators
        }

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the rules of this form may name.

        c. this report's figures, p. those of the last accepted one, x. its supplements, e. the units that
        evidence covers, besides what every form has (app.domain.rulebook).
        """
        figures = {f"{root}.{code}": 0 for root in ("c", "p") for code in self.codes}
        supplements = {f"x.{code}": 0 for code in self.reported_supplements}
        covered = {f"e.{code}": 0 for code in self.evidence_codes()}
        return {**figures, **supplements, **covered, **COMMON_FACTS}

    @cached_property
    def rulebook(self) -> Rulebook:
        """The rules, compiled once; only for a form without defects."""
        return Rulebook(self.rules, self.vocabulary, self.labels)

    @property
    def shift(self) -> Shift:
        """What the form does about due days on which offices are closed."""
        return self.timetable.shift

    def evidence_codes(self, levels: Collection[str] = LEVELS) -> tuple[str, ...]:
        """The indicators that count only as far as evidence covers them, at the given levels."""
        return self.gated_codes[_ALL_LEVELS.intersection(levels)]

    @cached_property
    def gated_codes(self) -> dict[frozenset[str], tuple[str, ...]]:
        """The same for every choice of levels: filing a report asks six times."""
        gates = [gate for activity in self.activities for gate in activity.gates]
        choices = [frozenset(c) for size in range(len(LEVELS) + 1) for c in combinations(LEVELS, size)]
        gated = {levels: {gate.indicator for gate in gates if gate.level in levels} for levels in choices}
        return {levels: tuple(c for c in self.codes if c in found) for levels, found in gated.items()}

    @cached_property
    def judged(self) -> tuple[Activity, ...]:
        """The activities that need evidence and have no column."""
        return tuple(each for each in self.activities if each.required and not each.gates)

    def due_day(self, level: str) -> int:
        """The day of the month on which those are due who report to a unit of this level.

        KeyError for a level that the form gives no day: nothing is reported to it.
        """
        return self.timetable.due[level]

    def deadline(
        self, period: Period, level: str, *, shift: Shift | None = None, override: Override | None = None
    ) -> Deadline:
        """The deadline of those who report to a unit of this level; `shift` replaces the form's policy."""
        return deadline(period, self.due_day(level), shift or self.shift, override)

    def window(self, period: Period) -> Window:
        """The days that a report of the period covers. ValueError before the first period."""
        days = self.timetable
        return window(
            period, cut_off_day=days.cut_off_day, first=days.first_period, first_start=days.first_start
        )

    def opens_at(self, period: Period) -> datetime:
        """The instant from which the period can be reported; before it, the period is in the future."""
        return start_of(period.day(self.timetable.opens_on))

    def as_json(self) -> dict[str, Any]:
        """The definition as JSON, which `build_form` reads back to an equal one."""
        return self.model_dump(mode="json")

    def _of(self, authority: Authority) -> tuple[str, ...]:
        return tuple(i.code for i in self.indicators if i.authority is authority)
