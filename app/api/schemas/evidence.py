"""The bodies of `/evidence` and of claims."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.shapes import Body, FindingOut, Id, Out, PeriodText, UnitCode

LevelName = Literal["prefecture", "county", "township"]


class EvidenceOut(Out):
    """A stored file. `media_type` is what its content is; `sm3` is there when the service keeps it."""

    id: Id | None
    sha256: str
    sm3: str | None
    size: int
    media_type: str
    filename: str
    unit: UnitCode
    uploaded_at: datetime
    committed: bool


class ClaimIn(Body):
    """What files are to prove. Units are codes or names within the reporter's own area.

    `units` may be left out for what concerns the reporting unit itself. `pasted` takes a list as it comes out
    of a document: codes or names parted by lines, commas, semicolons, 、 or tabs.
    """

    activity: str = Field(pattern="^[a-z][a-z0-9_]{0,39}$", examples=["mobilization_meeting"])
    level: LevelName = "prefecture"
    dated: date = Field(examples=["2015-04-10"])
    title: str = Field(min_length=1, max_length=200)
    units: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(default=[], max_length=5000)
    pasted: str = Field(default="", max_length=200_000)
    evidence: list[Id] = Field(min_length=1, max_length=50)


class ClaimOut(Out):
    """A claim as it stands. `findings` tells what was refused of it, and files that other units use too."""

    id: Id | None
    period: PeriodText
    unit: UnitCode
    activity: str
    level: LevelName
    dated: date
    title: str
    units: list[UnitCode]
    evidence: list[Id]
    status: Literal["pending", "accepted", "rejected"]
    findings: list[FindingOut]
    filed_at: datetime
    decided_at: datetime | None
    reason: str | None
    committed: bool


class ClaimList(Out):
    """The claims of a report, oldest first."""

    items: list[ClaimOut]


class AcceptClaimIn(Body):
    """A word on the acceptance, if there is one."""

    reason: str | None = Field(default=None, min_length=2, max_length=500)


class RejectClaimIn(Body):
    """Why a claim does not prove what it is to prove, in words that its author can act on."""

    reason: str = Field(min_length=2, max_length=500)
