"""The parts of a form definition: what a form asks for, who decides it, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from app.domain.deadline import Shift
from app.domain.period import Period
from app.errors import Text

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name that clients, tables and expressions use; it never changes its meaning."""

Sentence = Annotated[str, Field(min_length=1, max_length=1000)]


def _read_period(value: object) -> Period:
    return value if isinstance(value, Period) else Period.parse(str(value))


PeriodText = Annotated[
    Period,
    PlainValidator(_read_period),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}),
]


class Part(BaseModel):
    """A piece of a definition: unknown members are refused, and nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """The same words in Chinese and in English."""

    zh: Sentence
    en: Sentence

    @property
    def text(self) -> Text:
        """As messages carry it."""
        return Text(self.zh, self.en)


class Kind(StrEnum):
    """How a figure behaves over time."""

    STOCK = "stock"
    """What there is at the cut-off: the last value counts, months are never added up."""
    FLOW = "flow"
    """What happened in the window: months add up."""


class Authority(StrEnum):
    """Who decides what counts (注 1 to 3 of the table)."""

    DECLARED = "declared"
    """The unit's own word."""
    EVIDENCE = "evidence"
    """无证明材料，视为未开展: only what evidence covers counts after the close."""
    LEDGER = "ledger"
    """以数据库为准: the ledger's figure counts wherever it has one."""
    BUDGET = "budget"
    """以列入预算为准: the unit's word about a budget, open to spot checks."""


class Group(Part):
    """A heading over neighbouring columns of the table."""

    code: Code
    label: Words


class Figure(Part):
    """What an indicator and a supplement have in common: the explanation (指标解释) of a number."""

    code: Code
    label: Words
    definition: Words
    scope: Words
    source: Words
    unit: Words
    kind: Kind


class Indicator(Figure):
    """A column of the table."""

    column: int = Field(ge=1, le=999)
    group: Code
    authority: Authority
    cumulative: bool = False
    """Counts since the first period and so must not fall."""
    prefilled: bool = False
    """Carried from the last accepted report into the next draft."""


class Origin(StrEnum):
    """Where a supplement's number comes from."""

    REPORT = "report"
    """The unit may enter it; leaving it out is allowed."""
    REGISTER = "register"
    """The register of units holds it; a report cannot."""


class Supplement(Figure):
    """A number that the notice wants and the table has no column for."""

    origin: Origin

    @property
    def authority(self) -> Authority:
        """A unit's own word: neither evidence nor a ledger decides a supplement."""
        return Authority.DECLARED


class Ratio(Part):
    """A percentage of two figures, always the ratio of their sums."""

    code: Code
    label: Words
    numerator: Code
    denominator: Code
    demanded: bool
    """Whether the notice asks for it; the others are shown because they help."""


class Input(StrEnum):
    """What a unit may enter for an item of the narrative."""

    DONE = "done"
    COUNT = "count"
    TEXT = "text"


class Item(Part):
    """One of the numbered items of the narrative (报送内容). Without inputs it is written by the system."""

    number: int = Field(ge=1, le=99)
    label: Words
    content: Words
    inputs: tuple[Input, ...] = ()
    attachment: Words | None = None
    """What belongs to it besides evidence: the original text (原文) or a note (说明)."""
    figures: tuple[Code, ...] = ()
    ratios: tuple[Code, ...] = ()


class Gate(Part):
    """An indicator that counts only as far as evidence covers units of one level."""

    indicator: Code
    level: Annotated[str, Field(pattern="^(prefecture|county|township)$")]


class Activity(Part):
    """Something that evidence can prove, and what rests on the proof."""

    code: Code
    label: Words
    note: Words
    """The note of the table that asks for it."""
    documents: Words
    """What to attach."""
    required: bool
    """Whether a report that says it was done needs the evidence; if not, it is for spot checks."""
    recurring: bool
    """Whether each window needs new evidence; if not, accepted evidence holds from then on."""
    items: tuple[int, ...] = ()
    gates: tuple[Gate, ...] = ()


class Category(Part):
    """A kind of reason that an explanation gives."""

    code: Code
    label: Words


class Timetable(Part):
    """The days of a month on which a period opens, is cut off and is due."""

    opens_on: int = Field(ge=1, le=31)
    cut_off_day: int = Field(ge=1, le=31)
    first_period: PeriodText
    first_start: date
    """The day at whose end the first window begins."""
    shift: Shift = Shift.NONE
    due: Mapping[str, Annotated[int, Field(ge=1, le=31)]]
    """Day by the level of the unit that is reported to; a shorter month ends earlier."""
