"""Shapes that several resources share."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from app.api.body import Body, Nothing
from app.api.schemas.problems import FindingOut, TextOut

__all__ = [
    "Body",
    "FindingOut",
    "FormCode",
    "FormNumber",
    "HealthOut",
    "Id",
    "IdInPath",
    "Nothing",
    "Out",
    "PeriodInPath",
    "PeriodText",
    "TextOut",
    "UnitCode",
    "UnitInPath",
]

REPORTING_MONTH = (
    "^(2015-(0[4-9]|1[0-2])|(201[6-9]|20[2-9][0-9]|2[1-9][0-9]{2}|[3-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
    "-(0[1-9]|1[0-2]))$"
)
"""A month that a report can be for, April 2015 (R30) to December 9998, as a pattern."""

PeriodText = Annotated[str, Field(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2015-04"])]
UnitCode = Annotated[str, Field(pattern="^([0-9]{6}|[0-9]{9})$", examples=["440100"])]

Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["0" * 32])]

IdInPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
PeriodInPath = Annotated[str, Path(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2015-04"])]
UnitInPath = Annotated[str, Path(pattern="^([0-9]{6}|[0-9]{9})$", examples=["440000"])]
FormCode = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,39}$", examples=["baixian-qianxiang"])]
FormNumber = Annotated[int, Path(ge=1, le=9999, examples=[1])]


class Out(BaseModel):
    """A part of an answer. It documents: answers are written from the services' own data."""

    model_config = ConfigDict(extra="allow")


class HealthOut(Out):
    """How the service is."""

    status: Literal["ok"]
