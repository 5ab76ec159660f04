"""Versions: the contents of a report that were saved, each as it was, and who may see which."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from app.db import Row, Session, prepared
from app.domain.content import masked
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import ReportVersion

_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_OF_REPORT: tuple[ColumnElement[bool], ...] = tuple(
    _VERSIONS.c[name] == bindparam(f"of_{name}") for name in ("form_code", "unit_code", "period")
)
"""The whole key of the report: without the form's code a database would read every version there is."""

_ONE = prepared(select(_VERSIONS).where(*_OF_REPORT, _VERSIONS.c.number == bindparam("number")))
_SUBMITTED = prepared(
    select(_VERSIONS).where(*_OF_REPORT, _VERSIONS.c.draft.is_(False)).order_by(_VERSIONS.c.number.desc())
)
_ALL = prepared(
    select(
        _VERSIONS.c.number,
        _VERSIONS.c.draft,
        _VERSIONS.c.content_hash,
        _VERSIONS.c.author,
        _VERSIONS.c.received_at,
    )
    .where(*_OF_REPORT)
    .order_by(_VERSIONS.c.number)
)


def find(session: Session, report: Row, number: int | None = None) -> Row | None:
    """One version of a report, the current one by default, whoever asks."""
    return session.one(_ONE, **_key(report), number=number or report["version"])


def current(session: Session, report: Row) -> Row:
    """The version that was saved last."""
    row = find(session, report)
    assert row is not None, "a report is stored with its version"
    return row


def is_own(report_path: str, by: Actor) -> bool:
    """Whether the caller belongs to the unit: only then are drafts and the contact shown."""
    return by.may(Action.READ_DRAFT, report_path)


def shown(session: Session, report: Row, report_path: str, by: Actor) -> Row:
    """The version that a caller sees as the current one.

    For the unit itself the one that was saved last, for all others the one that was submitted last, with its
    contact masked. Raises NotFound when nothing was submitted.
    """
    latest = current(session, report)
    if is_own(report_path, by):
        return latest
    row = session.one(_SUBMITTED, **_key(report)) if latest["draft"] else latest
    if row is None:
        raise NotFound()
    return {**row, "content": masked(row["content"])}


def get(session: Session, report: Row, report_path: str, number: int, *, by: Actor) -> Row:
    """One version by its number. Raises NotFound, also for a draft of another unit."""
    row = find(session, report, number)
    own = is_own(report_path, by)
    if row is None or (row["draft"] and not own):
        raise NotFound()
    return {**row, "content": seen(row["content"], report_path, by)}


def listed(session: Session, report: Row, report_path: str, *, by: Actor) -> list[Row]:
    """Every version that the caller may see, oldest first, without its content."""
    own = is_own(report_path, by)
    return [row for row in session.all(_ALL, **_key(report)) if own or not row["draft"]]


def seen(content: dict[str, Any], report_path: str, by: Actor) -> dict[str, Any]:
    """A content as the caller may see it: whole for the unit itself, for all others with the contact masked."""
    return content if is_own(report_path, by) else masked(content)


def as_of(report: Row, version: Row) -> Row:
    """A report as it stood with a version, for those who are shown no later one."""
    same = {name: version[name] for name in ("content_hash", "received_at")}
    return {**report, **same, "version": version["number"]}


def _key(report: Row) -> dict[str, Any]:
    return {f"of_{name}": report[name] for name in ("form_code", "unit_code", "period")}
