"""Shapes that several resources share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

PeriodText = Annotated[str, Field(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2015-04"])]
UnitCode = Annotated[str, Field(pattern="^([0-9]{6}|[0-9]{9})$", examples=["440100"])]

PeriodInPath = Annotated[str, Path(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2015-04"])]
UnitInPath = Annotated[str, Path(pattern="^([0-9]{6}|[0-9]{9})$", examples=["440100"])]


class Body(BaseModel):
    """A request body: every member is known, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Out(BaseModel):
    """A part of an answer. It documents; answers are written by the services' own data."""

    model_config = ConfigDict(extra="allow")


class TextOut(Out):
    """A sentence in both languages."""

    zh: str
    en: str


class FindingOut(Out):
    """One thing found, at an RFC 6901 pointer into the request's body."""

    rule: str = Field(examples=["R04"])
    code: str = Field(examples=["R04"])
    severity: Literal["error", "warning", "info"]
    pointer: str = Field(examples=["/figures/counties_mobilized"])
    message: TextOut
    values: dict[str, Any]


class ErrorOut(Out):
    """Where something is wrong, by a stable code."""

    pointer: str
    code: str


class ProblemOut(Out):
    """A refusal (RFC 9457). No value of the request is repeated in it."""

    type: str = Field(examples=["/problems/version-conflict"])
    title: str
    title_zh: str
    status: int
    code: str
    request_id: str | None = None
    errors: list[ErrorOut] | None = None
    findings: list[FindingOut] | None = None


class Nothing(Body):
    """An action that needs nothing takes an empty object."""
