"""Idempotency keys: a repeated request gets the stored answer, byte for byte, and has no second effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from app.db import Question, Session, prepared, question
from app.errors import Invalid, Text
from app.models import IdempotencyKey

_KEYS = IdempotencyKey.__table__  # type: ignore[attr-defined]
_GET = prepared(
    select(_KEYS.c.fingerprint, _KEYS.c.status, _KEYS.c.headers, _KEYS.c.body).where(
        _KEYS.c.actor == bindparam("who"), _KEYS.c.key == bindparam("key")
    )
)
_KEEP = prepared(insert(_KEYS))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told, ready to be sent and to be stored."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: bytes | None = None
    """What is stored in place of a body that shows a secret once; a replay shows this."""


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key with the fingerprint of the request that carries it."""

    text: str
    fingerprint: str


def fingerprint(method: str, target: str, body: bytes) -> str:
    """SHA-256 over method, path with query, and body: another request under the same key is refused."""
    head = f"{method} {target}\n".encode("utf-8", "surrogateescape")
    return hashlib.sha256(head + body).hexdigest()


def asked(key: Key | None, actor: str) -> list[Question]:
    """The question that `once` asks."""
    return [question(_GET, who=actor, key=key.text)] if key else []


def once(
    session: Session, key: Key | None, work: Callable[[Session], Answer], *, actor: str, now: datetime
) -> Answer:
    """Do the work, or give back the answer that this key already has, with `Idempotent-Replayed: true`.

    The key is stored in the transaction of the effect, so there are both or neither; a refused request stores
    nothing and may be tried again. Writers take turns, so a twin in flight is answered after its first.
    Raises Invalid when the key was used for another request.
    """
    if key is None:
        return work(session)
    stored = session.one(_GET, who=actor, key=key.text)
    if stored is None:
        return _keep(session, key, work(session), actor, now)
    if stored["fingerprint"] != key.fingerprint:
        raise Invalid(
            Text(
                "该 Idempotency-Key 已用于另一请求，请换用新的键",
                "This Idempotency-Key was used for another request; use a new one",
            ),
            code="idempotency-key-reused",
        )
    headers = {**stored["headers"], "Idempotent-Replayed": "true"}
    return Answer(stored["status"], bytes(stored["body"]), headers)


def _keep(session: Session, key: Key, answer: Answer, actor: str, now: datetime) -> Answer:
    session.defer(
        _KEEP,
        actor=actor,
        key=key.text,
        fingerprint=key.fingerprint,
        status=answer.status,
        headers=dict(answer.headers),
        body=answer.body if answer.kept is None else answer.kept,
        created_at=now,
    )
    return answer
