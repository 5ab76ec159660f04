"""Forms as published: immutable definitions, valid from a period."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class FormVersion(SQLModel, table=True):
    """The text of a definition and its hash; a trigger refuses any change to it."""

    __tablename__ = "form_version"

    code: str = Field(primary_key=True, max_length=40)
    version: int = Field(primary_key=True)
    valid_from: str = Field(max_length=7)
    sha256: str = Field(max_length=64)
    """Stands before the text, so that SQLite need not page through 40 KB to reach it on every request."""
    definition: str = Field(sa_column=Column(Text, nullable=False))
    published_at: datetime = Field(sa_type=Instant)
    published_by: str = Field(max_length=64)
