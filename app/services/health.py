"""Health: can the database answer, and is its schema ours."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, String, Table, select

from app.db import Session, prepared

_VERSIONS = Table("alembic_version", MetaData(), Column("version_num", String(32)))
_REVISION = prepared(select(_VERSIONS.c.version_num))


def schema_revision(session: Session) -> str | None:
    """The migration that the database is at; None for one that was never made."""
    try:
        row = session.one(_REVISION)
    except session.dialect.loaded_dbapi.Error:
        return None
    return str(row["version_num"]) if row else None
