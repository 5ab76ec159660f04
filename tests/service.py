"""The whole service in this process: the real application, sign-in and database, at a time that a test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Table, select
from starlette.types import Message

from app.api.edge import Edge
from app.db import Row
from app.domain.clock import Clock
from app.main import create_app
from app.models import metadata
from app.services.jobs import ALIVE
from app.settings import Settings

T = TypeVar("T")

_AS_WRITTEN = "=&%?/:,;+!'()*-"
"""Characters of a query that a test writes as they are to be sent."""

OUR_PAGE = {"sec-fetch-site": "same-origin", "x-yuebao-request": "1"}
"""What a script of our own pages sends with a cookie."""

APRIL_24 = "2015-04-24T09:00:00+08:00"


class SetClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self, instant: str = APRIL_24) -> None:
        super().__init__()
        self.set(instant)

    def set(self, instant: str) -> None:
        """Make it this instant, which names its zone."""
        self._now = datetime.fromisoformat(instant).astimezone(UTC)

    def now(self) -> datetime:
        """The instant that was set last."""
        return self._now


@dataclass
class Answer:
    """What the service answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: list[str] = field(default_factory=list)

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem that it is."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        return str(self.json["code"])

    @property
    def places(self) -> dict[str, str]:
        """The codes of the findings of a problem by pointer."""
        return {found["pointer"]: found["code"] for found in self.json["findings"]}

    @property
    def errors(self) -> dict[str, str]:
        """The same, of errors only."""
        return {f["pointer"]: f["code"] for f in self.json["findings"] if f["severity"] == "error"}

    @property
    def etag(self) -> str:
        """The entity tag."""
        return self.headers["etag"]


@dataclass(frozen=True)
class Asked:
    """A request: `body` is sent as it is when it is bytes, else as JSON; `by` names a token or a cookie."""

    method: str
    path: str
    by: str | None = "guangzhou"
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Service:
    """A running application, and the tokens and cookies of the people who use it."""

    def __init__(self, database_url: str, tokens: Mapping[str, str], **settings: Any) -> None:
        self.clock = SetClock()
        self.tokens = dict(tokens)
        self.cookies: dict[str, str] = {}
        self.client = "192.0.2.1"
        self.database_url = database_url
        self.app: Edge = create_app(
            Settings(**{"env": "test", "database_url": database_url, "worker": False} | settings),
            clock=self.clock,
        )
        self.log: list[str] = []
        self.app.log.write = self.log.append
        self.app.log.is_verbose = True
        self._runner = asyncio.Runner()
        self._life: AbstractAsyncContextManager[Any] = self.app.router.lifespan_context(self.app)

    def __enter__(self) -> Service:
        self.run(self._life.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._life.__aexit__(None, None, None))
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the service's own loop."""
        return self._runner.run(work)

    def get(self, path: str, by: str | None = "guangzhou", **headers: str) -> Answer:
        """GET. Headers are named with underscores."""
        return self.ask(Asked("GET", path, by, None, _headers(headers)))

    def post(self, path: str, body: object = None, by: str | None = "guangzhou", **headers: str) -> Answer:
        """POST; without a body an empty object."""
        return self.ask(Asked("POST", path, by, {} if body is None else body, _headers(headers)))

    def put(self, path: str, body: object, by: str | None = "guangzhou", **headers: str) -> Answer:
        """PUT."""
        return self.ask(Asked("PUT", path, by, body, _headers(headers)))

    def ask(self, asked: Asked) -> Answer:
        """One request. A crash of the service fails the test at once."""
        return self.run(self.exchange(asked))

    def together(self, asked: Iterable[Asked]) -> list[Answer]:
        """All of them at the same time; answers in their order."""

        async def at_once() -> list[Answer]:
            return await asyncio.gather(*(self.exchange(each) for each in asked))

        return self.run(at_once())

    def rows(self, table: Table) -> list[Row]:
        """What a table holds."""
        session = self.app.state.database.connect()
        try:
            return session.all(select(table).order_by(*table.primary_key.columns))
        finally:
            session.connection.close()

    def rows_of(self, name: str) -> list[Row]:
        """What the table of a name holds."""
        return self.rows(metadata.tables[name])

    def settle(self) -> None:
        """Wait until no job runs any more."""
        while any(row["state"] in ALIVE for row in self.rows_of("job")):
            self.run(asyncio.sleep(0.01))

    def stored(self) -> dict[str, list[Row]]:
        """What all tables hold, but for when a token was used last, which is noted now and then."""
        found = {name: self.rows(table) for name, table in metadata.tables.items()}
        return found | {"token": [{**row, "last_used_at": None} for row in found["token"]]}

    async def exchange(self, asked: Asked) -> Answer:
        """One request, for those who run a loop of their own."""
        body = asked.body if isinstance(asked.body, bytes) else _encoded(asked.body)
        answer, waiting = Answer(), [body]

        async def receive() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                pairs = [(k.decode(), v.decode("latin-1")) for k, v in message["headers"]]
                answer.headers = dict(pairs)
                answer.cookies = [value for name, value in pairs if name == "set-cookie"]
            else:
                answer.body += message.get("body", b"")

        await self.app(self._scope(asked, len(body)), receive, send)
        assert answer.status != 500, [line for line in self.log if '"event":"crash"' in line]
        return answer

    def _scope(self, asked: Asked, length: int) -> dict[str, Any]:
        path, _, query = asked.path.partition("?")
        headers = {"host": "yuebao.test", "content-type": "application/json"}
        if length:
            headers["content-length"] = str(length)
        if asked.by is not None and asked.by in self.cookies:
            headers |= {"cookie": f"yuebao={self.cookies[asked.by]}"} | OUR_PAGE
        elif asked.by is not None:
            headers["authorization"] = f"Bearer {self.tokens[asked.by]}"
        headers |= asked.headers
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": quote(query, safe=_AS_WRITTEN).encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": (self.client, 50_000),
            "server": ("192.0.2.9", 80),
            "state": {},
        }


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


def _encoded(body: object) -> bytes:
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
