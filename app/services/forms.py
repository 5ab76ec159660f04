"""Forms as published: immutable, chosen by period, parsed once per process."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from app.db import Question, Row, Session, prepared, question
from app.domain.form import FormVersion, builtin_forms, load_form
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import Conflict, Finding, Invalid, NotFound, Severity, Text
from app.models import FormVersion as FormVersionRow
from app.services import audit, events, revisions

_FORMS = FormVersionRow.__table__  # type: ignore[attr-defined]
_SUMMARY = (_FORMS.c.code, _FORMS.c.version, _FORMS.c.valid_from, _FORMS.c.sha256, _FORMS.c.published_at)
_ADD = prepared(insert(_FORMS))
_IN_FORCE = prepared(
    select(_FORMS.c.code, _FORMS.c.version, _FORMS.c.sha256)
    .where(_FORMS.c.valid_from <= bindparam("period"))
    .order_by(_FORMS.c.valid_from.desc(), _FORMS.c.version.desc())
)
_KEY = (_FORMS.c.code == bindparam("code"), _FORMS.c.version == bindparam("version"))
_ONE = prepared(select(*_SUMMARY).where(*_KEY))
_TEXT = prepared(select(_FORMS.c.definition).where(*_KEY))
_LIST = prepared(select(*_SUMMARY).order_by(_FORMS.c.code, _FORMS.c.version))

_by_hash: dict[str, FormVersion] = {}
"""Parsed definitions by the hash of their text: what is published never changes, so this never ages."""


def in_force(session: Session, period: Period) -> FormVersion:
    """The version that is valid for a period: the newest whose first period is not after it.

    Raises Invalid (R30) when no form reaches back that far.
    """
    month = str(period)
    found = session.kept.get((_IN_FORCE, month)) or session.one(_IN_FORCE, period=month)
    if found is None:
        raise Invalid(code="period-invalid", findings=[_no_form()])
    session.kept[_IN_FORCE, month] = found
    return _parsed(session, found["code"], found["version"], found["sha256"])


def asked(period: str) -> Question:
    """The question that `in_force` asks, once in a group."""
    return question(_IN_FORCE, period=period)


def get(session: Session, code: str, version: int) -> FormVersion:
    """One published version. Raises NotFound."""
    row = session.one(_ONE, code=code, version=version)
    if row is None:
        raise NotFound()
    return _parsed(session, code, version, row["sha256"])


def listed(session: Session) -> list[Row]:
    """Every published version, without its text, by code and version."""
    return session.all(_LIST)


def parse_all(session: Session) -> list[FormVersion]:
    """Every published version. Called before the first report comes: to parse one takes a tenth of a second."""
    return [_parsed(session, row["code"], row["version"], row["sha256"]) for row in listed(session)]


def text(session: Session, code: str, version: int) -> str:
    """The definition as it was published. Raises NotFound."""
    row = session.one(_TEXT, code=code, version=version)
    if row is None:
        raise NotFound()
    return str(row["definition"])


def publish(session: Session, definition: str, *, by: Actor, now: datetime) -> FormVersion:
    """Publish a new version; every defect of the definition is refused at once.

    Raises Forbidden, Invalid with the findings, Conflict when that code and version exist.
    """
    by.check_role(Action.PUBLISH_FORM)
    form, findings = load_form(definition)
    if form is None:
        raise Invalid(code="form-invalid", findings=findings)
    return _store(session, form, definition, by=by, now=now)


def publish_builtin(session: Session, *, by: Actor, now: datetime) -> list[str]:
    """Publish the forms that ship with the product and are not there yet; their ids."""
    known = {(row["code"], row["version"]) for row in listed(session)}
    published = []
    for definition in builtin_forms():
        form, _ = load_form(definition)
        if form is not None and (form.code, form.version) not in known:
            published.append(_store(session, form, definition, by=by, now=now).id)
    return published


def _store(session: Session, form: FormVersion, definition: str, *, by: Actor, now: datetime) -> FormVersion:
    if session.one(_ONE, code=form.code, version=form.version) is not None:
        raise Conflict(
            Text(
                "该表式版本已发布，已发布的版本不可更改",
                "This form version is published and cannot be changed",
            ),
            code="form-published",
        )
    sha256 = hashlib.sha256(definition.encode()).hexdigest()
    session.run(
        _ADD,
        code=form.code,
        version=form.version,
        valid_from=str(form.valid_from),
        definition=definition,
        sha256=sha256,
        published_at=now,
        published_by=by.id,
    )
    session.kept.clear()
    audit.record(session, by=by, action="form.publish", path="000000", thing=form.id, now=now, after=sha256)
    events.emit(session, "form.published", unit="000000", data={"form": form.id}, now=now)
    revisions.bump(session, revisions.FORMS)
    return form


def _parsed(session: Session, code: str, version: int, sha256: str) -> FormVersion:
    form = _by_hash.get(sha256)
    if form is None:
        form, findings = load_form(text(session, code, version))
        if form is None:
            raise Invalid(code="form-invalid", findings=findings)
        _by_hash[sha256] = form
    return form


def _no_form() -> Finding:
    return Finding(
        "R30",
        "period-invalid",
        Severity.ERROR,
        "/period",
        Text("该报告期没有适用的表式", "No form is valid for this period"),
    )
