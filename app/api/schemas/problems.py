"""The bodies of refusals."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TextOut(BaseModel):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class FindingOut(BaseModel):
    """One thing found, at an RFC 6901 pointer; `/query/…` and `/path/…` point at parameters."""

    rule: str
    code: str
    severity: str
    pointer: str
    message: TextOut
    values: dict[str, int | str | None]


class PlaceOut(BaseModel):
    """Where and what, for clients that only mark a field."""

    pointer: str
    code: str


class RefusalOut(BaseModel):
    """What every refusal says (RFC 9457). `code` is stable."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    title_zh: str
    status: int
    code: str
    instance: str
    request_id: str


class ProblemOut(RefusalOut):
    """A refusal (RFC 9457). `code` is stable; `findings` lists everything found, not only the first."""

    errors: list[PlaceOut] = []
    findings: list[FindingOut] = []
