"""The bodies of `/circulars`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.api.schemas.reports import AllowedOut
from app.api.schemas.shapes import Body, Id, Out, PeriodText, UnitCode
from app.domain.circular_number import NUMBER, is_number


def _check_number(text: str) -> str:
    if not is_number(text):
        raise ValueError("written as 机关代字〔2015〕3号")
    return text


class CircularIn(Body):
    """Which unit's circular of which month."""

    period: PeriodText
    unit: UnitCode


class BlockIn(Body):
    """The paragraphs of one section as they are to read; its heading stays."""

    code: str = Field(pattern="^[a-z_]{1,40}$", examples=["problems"])
    paragraphs: list[Annotated[str, Field(min_length=1, max_length=2000)]] = Field(max_length=40)


class EditCircularIn(Body):
    """The sections that are worded anew, and whom to call; sections that are not named stay."""

    blocks: list[BlockIn] = Field(default=[], max_length=40)
    contact: str | None = Field(default=None, min_length=1, max_length=100)


class ApproveCircularIn(Body):
    """The leader who signed, where somebody else enters it, and the content that was read."""

    approver: str | None = Field(default=None, min_length=1, max_length=100)
    content_hash: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class PublishIn(Body):
    """Number (发文字号) and day (成文日期); without them the next number of the year and today."""

    number: (
        Annotated[
            str,
            Field(examples=["示农青〔2015〕3号"], json_schema_extra={"pattern": f"^{NUMBER}$"}),
            AfterValidator(_check_number),
        ]
        | None
    ) = None
    dated: date | None = Field(default=None, examples=["2015-04-30"])


class CircularReasonIn(Body):
    """Why."""

    reason: str = Field(min_length=2, max_length=500)


class BlockOut(Out):
    """A section."""

    code: str
    heading: str
    paragraphs: list[str]


class TableOut(Out):
    """An attachment; a row is as long as the columns, null is unknown."""

    code: str
    title: str
    columns: list[str]
    rows: list[list[str | int | None]]


class ContentOut(Out):
    """What the circular says; frozen when it was approved, hashed as canonical JSON."""

    title: str
    number: str | None
    recipients: str
    opening: str
    blocks: list[BlockOut]
    signature: str
    dated: date | None
    contact: str | None
    attachments: list[TableOut]
    vintage: int | None


class CircularLine(Out):
    """A circular without its content."""

    id: Id | None
    period: PeriodText
    unit: UnitCode
    status: Literal["draft", "submitted", "approved", "published", "corrected"]
    edition: int
    version: int
    vintage: int | None
    content_hash: str
    corrects: str | None
    reason: str | None
    number: str | None
    dated: date | None
    created_at: datetime
    approved_at: datetime | None
    approver: str | None
    published_at: datetime | None
    allowed: list[AllowedOut]


class CircularOut(CircularLine):
    """A circular as it stands, with what can be done with it now."""

    title: str
    content: ContentOut
    committed: bool


class CircularPage(Out):
    """Circulars, newest first."""

    items: list[CircularLine]
    next: str | None
