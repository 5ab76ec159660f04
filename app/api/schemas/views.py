"""The answers of `/aggregates`, `/completeness`, `/units`, `/forms`, `/periods`, `/events` and `/audit`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.api.schemas.shapes import Body, FindingOut, Out, PeriodText, UnitCode
from app.api.strict_json import TEXT_PATTERN


class CellOut(Out):
    """The sum of one indicator with the units it consists of. A sum over no value is null, never 0."""

    reported_sum: int | None
    effective_sum: int | None
    units_expected: int
    units_with_value: int
    units_missing: list[UnitCode]
    units_unverified: list[UnitCode]
    units_deemed: list[UnitCode]
    units_ledger_corrected: list[UnitCode]


class RatioOut(Out):
    """A ratio of sums, from integers; `display` is half-up to one decimal, 0/0 is null."""

    numerator: int | None
    denominator: int | None
    ratio: str | None
    display: str
    all_units_display: str


class UnitFiguresOut(Out):
    """The four values of one unit."""

    unit: UnitCode
    name: str
    status: str | None
    timeliness: str | None
    reported: dict[str, int | None]
    evidenced: dict[str, int | None]
    ledger: dict[str, int | None]
    effective: dict[str, int | None]
    sources: dict[str, str | None]
    flags: dict[str, list[str]]


class AggregateOut(Out):
    """A period's sums over the reporting units below a unit."""

    period: PeriodText
    unit: UnitCode
    form: str
    provisional: bool
    vintage: int | None
    cells: dict[str, CellOut]
    ratios: dict[str, RatioOut]
    units: list[UnitFiguresOut]


class OmissionOut(Out):
    """A unit that has not reported, and how many months directly before it left out as well."""

    unit: UnitCode
    name: str
    last_reported: PeriodText | None
    omitted_before: int


class CompletenessOut(Out):
    """Who reported, when, and who did not; `rates` are exact and leave the excused out, `submitted` is 报送率 and
    `on_time` 及时率."""

    period: PeriodText
    unit: UnitCode
    deadline: datetime
    expected: int
    submitted: int
    on_time: int
    late: int
    missing: int
    excused: int
    returned: int
    accepted: int
    lists: dict[str, list[UnitCode]]
    rates: dict[str, Any]
    omissions: list[OmissionOut]


class UnitOut(Out):
    """A unit of the register."""

    code: UnitCode
    name: str
    level: Literal["centre", "province", "prefecture", "county", "township"]
    report_parent: UnitCode | None
    admin_parent: UnitCode | None
    reports: bool
    agri_related: bool | None
    township_kind: int | None
    valid_from: date
    valid_to: date | None
    counties_count: int | None
    agri_counties_count: int | None
    townships_count: int | None


class UnitPage(Out):
    """Units by code."""

    items: list[UnitOut]
    next: str | None


class FormRow(Out):
    """A published form version."""

    form: str
    code: str
    version: int
    valid_from: PeriodText
    sha256: str
    published_at: datetime


class FormList(Out):
    """Every published version, by code and version."""

    items: list[FormRow]


_NEVER = TEXT_PATTERN.removeprefix("^[^").removesuffix("]*$")
DEFINITION = rf"^[^\S{_NEVER}]*[^{{\s{_NEVER}][^{_NEVER}]*$"
"""Text that is not blank and no JSON."""


class FormIn(Body):
    """A definition in TOML (docs/forms.md), or in place of `definition` the members of one as JSON."""

    model_config = ConfigDict(extra="allow")

    definition: str = Field(default="", pattern=DEFINITION, examples=['code = "example"\nversion = 1\n'])


class FormPublished(Out):
    """A new version, or one that a dry run has only checked."""

    form: str
    valid_from: PeriodText
    committed: bool


class FormOut(Out):
    """A version, whole: docs/forms.md explains each member."""

    form: str
    code: str
    version: int
    valid_from: PeriodText
    title: dict[str, str]
    timetable: dict[str, Any]
    indicators: list[dict[str, Any]]
    ratios: list[dict[str, Any]]
    rules: list[dict[str, Any]]


class FormDiff(Out):
    """What changed between two versions."""

    from_: str = Field(alias="from")
    to: str
    changes: list[dict[str, Any]]


class FormSchema(Out):
    """A JSON Schema, dialect 2020-12."""

    title: str
    type: str
    properties: dict[str, Any]


class DeadlineIn(Body):
    """A deadline moved for one period, with its reason."""

    due_on: date = Field(examples=["2015-04-27"])
    reason: str = Field(min_length=2, max_length=500)


class PeriodOut(Out):
    """A period as it stands for the units that report to a unit."""

    period: PeriodText
    unit: UnitCode
    form: str
    window: dict[str, date]
    opens_at: datetime
    deadline: datetime
    due_on: date
    own_deadline: datetime | None
    reason: str | None
    findings: list[FindingOut]


class CloseIn(Body):
    """A close; the reason explains what stands against it."""

    reason: Annotated[str, Field(min_length=5, max_length=500)] | None = None


class RestateIn(Body):
    """Why published figures change."""

    reason: str = Field(min_length=5, max_length=500)


class VintageOut(Out):
    """One vintage of a closed period; `sha256` is that of the bytes of `/vintages/{n}`."""

    vintage: int
    form: str
    closed_at: datetime
    closed_by: str
    reason: str | None
    ledger_import: str | None
    sha256: str


class VintageList(Out):
    """Every vintage, oldest first."""

    items: list[VintageOut]


class ChangeOut(Out):
    """A cell in which figures differ; `value` is one of reported, evidenced, ledger, effective."""

    unit: UnitCode
    indicator: str
    value: str
    old: int | None
    new: int | None


class ReasonedChangeOut(ChangeOut):
    """The same with who approved it, and why."""

    reason: str | None
    approver: str


class VintageDiffOut(Out):
    """What changed between two vintages."""

    first: int = Field(alias="from")
    second: int = Field(alias="to")
    cells: list[ReasonedChangeOut]


class ExcuseIn(Body):
    """Why a unit need not report this month."""

    reason: str = Field(min_length=2, max_length=500)


class ExcusedOut(Out):
    """Why a unit need not report, by whom and since when."""

    reason: str
    set_at: datetime
    set_by: str


class ExcuseOut(ExcusedOut):
    """An excuse (免报) as it was set, or as it was before it was taken back."""

    period: PeriodText
    unit: UnitCode
    committed: bool


class PeriodStateOut(PeriodOut):
    """A period with its closings, and what changed since the last one without being published."""

    state: Literal["open", "closed"]
    closed_under: UnitCode | None
    excuse: ExcusedOut | None
    vintage: int | None
    closings: list[VintageOut]
    reopening: dict[str, Any] | None
    pending_restatement: list[ChangeOut]


class SnapshotOut(Out):
    """What a period was when it was closed or restated: canonical JSON, the same bytes for ever."""

    period: PeriodText
    unit: UnitCode
    name: str
    form: str
    vintage: int
    closed_at: datetime
    closed_by: str
    reason: str | None
    ledger_import: str | None
    aggregate: AggregateOut
    centre: AggregateOut
    completeness: CompletenessOut
    reconciliation: dict[str, Any] | None
    activities: dict[str, list[dict[str, Any]]]
    claims: list[str]
    changes: list[ReasonedChangeOut]


class EventPage(Out):
    """Events after a number, oldest first."""

    items: list[dict[str, Any]]
    next: int


class AuditPage(Out):
    """Audit rows after a number, oldest first."""

    items: list[dict[str, Any]]
    next: int
