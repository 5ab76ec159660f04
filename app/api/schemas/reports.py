"""The bodies of `/reports`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from app.api.schemas.shapes import Body, FindingOut, Out, PeriodText, TextOut, UnitCode

Status = Literal["draft", "submitted", "returned", "accepted"]
Timeliness = Literal["on_time", "late"]


class ContactIn(Body):
    """联系人、联系电话."""

    name: str = Field(min_length=1, max_length=40, examples=["示例甲"])
    phone: str = Field(examples=["13800000000"])


class ActivityIn(Body):
    """What was done under one of the narrative items (1) to (9)."""

    item: int = Field(ge=1, le=9)
    done: bool | None = None
    count: int | None = Field(default=None, ge=0)
    text: str | None = None


class ExplanationIn(Body):
    """Why a warning is right all the same: five characters or more."""

    rule: str = Field(examples=["R10"])
    category: str = Field(examples=["correction"])
    text: str = Field(min_length=5, max_length=2000)


class ReportIn(Body):
    """A month of one unit. `figures` holds every code of the form version in force; 0 is typed, blank is not 0."""

    period: PeriodText
    unit: UnitCode
    contact: ContactIn
    figures: dict[str, int]
    supplements: dict[str, int] | None = None
    activities: list[ActivityIn] | None = None
    narrative: str | None = None
    explanations: list[ExplanationIn] | None = None
    draft: bool = False


class AllowedOut(Out):
    """Whether the caller may do this now, and if not, why."""

    action: str
    ok: bool
    because: list[TextOut]


class ReportOut(Out):
    """A report as it stands. The contact is shown in full only to the unit itself."""

    period: PeriodText
    unit: UnitCode
    form: str = Field(examples=["baixian-qianxiang/1"])
    status: Status
    version: int
    content_hash: str
    received_at: datetime
    timeliness: Timeliness | None
    deadline: datetime
    figures: dict[str, int]
    findings: list[FindingOut]
    allowed: list[AllowedOut]
    evidence: ProofOut
    committed: bool


class ReopenedOut(ReportOut):
    """A report that was opened again, or `absent` with version 0 where a closed period was opened to a unit that
    had sent none."""

    # Here alone an answer about a report may have none behind it.
    status: Status | Literal["absent"]  # type: ignore[assignment]
    content_hash: str | None  # type: ignore[assignment]
    received_at: datetime | None  # type: ignore[assignment]


class CoveredOut(Out):
    """Distinct units that claims cover: those that count, and those that may come to count."""

    accepted: int
    claimed: int


class JudgedOut(Out):
    """What counts of an activity that needs evidence and has no column. The report's own words stay."""

    activity: str
    items: list[int]
    judgment: Literal["held", "pending", "deemed_not_held", "not_reported"]
    claimed: bool


class ProofOut(Out):
    """What claims prove for a report."""

    covered: dict[str, CoveredOut]
    activities: list[JudgedOut]


class ReportRow(Out):
    """A report in a list: no contact, no figures."""

    period: PeriodText
    unit: UnitCode
    name: str
    form: str
    status: Status
    version: int
    received_at: datetime
    timeliness: Timeliness | None


class ReportPage(Out):
    """Reports by period and unit; `next` is the cursor of the following page, null on the last."""

    items: list[ReportRow]
    next: str | None


class VersionRow(Out):
    """One saved content."""

    number: int
    draft: bool
    content_hash: str
    author: str
    received_at: datetime


class VersionOut(VersionRow):
    """A saved content, whole."""

    content: dict[str, Any]
    findings: list[FindingOut]


class VersionList(Out):
    """Every saved content, oldest first."""

    items: list[VersionRow]


class ChangedCellOut(Out):
    """One cell that differs; an absent one reads as null."""

    pointer: str
    from_: Any = Field(alias="from")
    to: Any


class DiffOut(Out):
    """The cells in which two versions differ."""

    from_: int = Field(alias="from")
    to: int
    cells: list[ChangedCellOut]


class ReportContentOut(Out):
    """A body to start from."""

    period: PeriodText
    unit: UnitCode
    contact: dict[str, str]
    figures: dict[str, int]
    draft: bool


class AcceptIn(Body):
    """Which content is accepted; whatever is current, when it is not said."""

    content_hash: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class CellReasonIn(Body):
    """What is wrong with one cell, in words that its author can act on."""

    pointer: str = Field(examples=["/figures/members_total"], max_length=200)
    text: str = Field(min_length=2, max_length=500)


class ReturnIn(Body):
    """Why a report goes back: a reason per cell, at least one."""

    reasons: list[CellReasonIn] = Field(min_length=1, max_length=100)
    incomplete: bool = False
    """Whether it was blank or unfinished, and so does not count as submitted."""


class ReopenIn(Body):
    """Why an accepted report is opened again, and until when."""

    reason: str = Field(min_length=2, max_length=500)
    expires_at: AwareDatetime
    pointers: list[Annotated[str, Field(pattern="^(/[A-Za-z0-9_]{1,60}){1,4}$")]] = Field(
        default=[], max_length=50, examples=[["/figures/members_total"]]
    )
    """The cells that may be changed; none names all."""
