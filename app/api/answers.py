"""From a request to a service and back: one way to write, one way to read, answers rendered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Annotated, Any

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditional import reply
from app.api.context import actor_of, headers_of, received_at, request_id_of
from app.api.paging import encode_cursor
from app.db import Database, Question, Session
from app.domain.period import SHANGHAI
from app.domain.permission import Actor
from app.errors import Malformed, Text
from app.services.idempotency import Answer, Key, fingerprint, once
from app.services.idempotency import asked as keys_asked

DryRun = Annotated[
    bool, Query(description="Run exactly the path of the write and roll it back: 200, `committed: false`.")
]

LONGEST_KEY = 255

Render = Callable[[Any, bool], Answer]
"""Takes a service's result and whether it will be committed; gives what the client is told."""


def caller(request: Request) -> Actor:
    """Who asks, with the request's id and address for the audit."""
    actor: Actor = actor_of(request)
    client = request.scope.get("client")
    return actor.calling(request_id_of(request.scope), client[0] if client else "")


def database_of(request: Request) -> Database:
    """The database of this application."""
    database: Database = request.app.state.database
    return database


async def write(
    request: Request,
    service: Callable[..., Any],
    render: Render,
    *,
    body: object = None,
    dry_run: bool = False,
    is_long: bool = False,
    asked: Sequence[Question] = (),
    **arguments: Any,
) -> Response:
    """Run a service on the writer and answer after the commit; `body` is what an Idempotency-Key covers.

    A dry run goes the same way, is rolled back, and answers 200 whatever the write would answer. `is_long` is for
    services that write more than some rows, `asked` what the service will ask in any case (`Database.write_asking`).
    """
    actor, now = caller(request), received_at(request)

    def work(session: Session) -> Answer:
        return render(service(session, by=actor, now=now, **arguments), not dry_run)

    key = _key(request, body)
    if dry_run:
        answer = await database_of(request).rehearse(work)
        return response_of(replace(answer, status=200))
    job = partial(once, key=key, work=work, actor=actor.id, now=now)
    database = database_of(request)
    if is_long:
        return response_of(await database.write_long(job))
    return response_of(
        await database.write_asking([*keys_asked(key, actor.id), *asked] if asked else [], job)
    )


async def read(request: Request, service: Callable[..., Any], **arguments: Any) -> Any:
    """Run a service on a reader, for the caller."""
    return await database_of(request).read(partial(service, by=caller(request), **arguments))


def response_of(answer: Answer) -> Response:
    """The HTTP response of an answer."""
    return reply(answer.body, status=answer.status, headers=answer.headers)


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is this value as JSON."""
    return Answer(status, encode(value), headers or {})


def answer_with_secret(value: dict[str, Any], secret: str, status: int = 200, **headers: str) -> Answer:
    """An answer of which one member is shown this once: under an Idempotency-Key it is stored as null."""
    return Answer(status, encode(value), headers, kept=encode({**value, secret: None}))


def json_response(value: object, headers: Mapping[str, str] | None = None) -> Response:
    """The same, for answers that are only read."""
    return response_of(json_answer(value, headers=headers))


def encode(value: object) -> bytes:
    """JSON in UTF-8; instants in China's offset, dates as ISO."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


@lru_cache(maxsize=256)
def instant(value: datetime) -> str:
    """An instant as people in China read it, for example 2015-04-26T00:00:00+08:00."""
    return orjson.dumps(value.astimezone(SHANGHAI))[1:-1].decode()  # as isoformat(), in a third of its time


def utc(value: datetime) -> str:
    """An instant in UTC."""
    return value.astimezone(UTC).isoformat()


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return str(value)


def _key(request: Request, body: object) -> Key | None:
    sent = headers_of(request.scope).get(b"idempotency-key")
    if sent is None:
        return None
    text = sent.decode("latin-1")
    if not (0 < len(text) <= LONGEST_KEY and text.isascii() and text.isprintable()):
        raise Malformed(
            Text(
                "Idempotency-Key 须为1到255个可见ASCII字符",
                "Idempotency-Key takes 1 to 255 visible ASCII characters",
            ),
            code="idempotency-key-invalid",
        )
    return Key(text, fingerprint(request.method, request.url.path, _fixed(body)))


def _fixed(body: object) -> bytes:
    """One text for one body. A value that was refused on reading stands in it by its name: nothing is stored."""
    return orjson.dumps(body, default=repr, option=orjson.OPT_SORT_KEYS)


def page_of(rows: list[dict[str, Any]], limit: int, *key: str) -> dict[str, Any]:
    """A page of at most `limit` of the rows, of which one more was asked for to see whether a page follows."""
    items = rows[:limit]
    more = len(rows) > limit
    return {"items": items, "next": encode_cursor([items[-1][name] for name in key]) if more else None}
