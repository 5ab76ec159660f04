"""What the operator sees of every request: one JSON line on standard output, and two metrics."""

from __future__ import annotations

import asyncio
import json
import re
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from io import TextIOWrapper
from typing import Any, TextIO

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import Scope

from app.api.context import headers_of, request_id_of, state_of

CLIENT_LEFT = 499
"""The status under which a request is counted whose client left before the answer began."""

_HARMLESS = re.compile(r"[a-z_-]{1,40}(?:\.[a-z]{2,5})?|[0-9]{4}-[0-9]{2}|[0-9]{1,6}|[0-9]{9}|v[0-9]")
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# ASCII only: a line feed, an escape sequence or a bidi override in a path cannot change what a reader sees.
_ENCODE = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


class BufferedLines:
    """Writes lines to a stream and flushes within `delay` seconds: one system call for many requests."""

    def __init__(self, stream: TextIO, delay: float = 0.2) -> None:
        if isinstance(stream, TextIOWrapper):
            # PYTHONUNBUFFERED, as containers set it, would make a system call of each line.
            stream.reconfigure(line_buffering=False, write_through=False)
        self.stream = stream
        self.delay = delay
        self._due: asyncio.TimerHandle | None = None

    def __call__(self, line: str) -> None:
        self.stream.write(line + "\n")
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self.delay, self._flush)

    def _flush(self) -> None:
        self._due = None
        self.stream.flush()


class AccessLog:
    """One JSON object a line. Never in it: query values, credentials, bodies, and path parts that are neither
    words, periods nor unit codes, so that a phone or identity number in a wrong address is not kept.

    `is_verbose` adds the messages of crashes, which may quote what was sent: for development only.
    """

    def __init__(self, write: Callable[[str], object], *, is_verbose: bool = False) -> None:
        self.write = write
        self.is_verbose = is_verbose

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Write the line of one finished request; times in UTC, durations in milliseconds."""
        state = scope["state"]
        declared = headers_of(scope).get(b"content-length", b"")
        # By hand, because it runs for every request; each part is quoted, a number, or checked before.
        self.write(
            f'{{"event":"request","at":{orjson.dumps(state["received_at"]).decode()},"request_id":"{request_id_of(scope)}",'
            f'"method":{_quoted(scope["method"])},"route":{_quoted(route_of(scope))},'
            f'"path":{_quoted_path(scope["path"])},"status":{status},"ms":{seconds * 1000:.2f},'
            f'"declared":{int(declared) if declared.isdigit() else 0},'
            f'"actor":{_quoted(str(getattr(state.get("actor"), "id", "")))},'
            f'"client":{_quoted((scope.get("client") or ("",))[0])}}}'
        )

    def crash(self, scope: Scope, error: Exception) -> None:
        """Write what broke: the types and the places."""
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        line: dict[str, Any] = {
            "event": "crash",
            "at": state_of(scope)["received_at"].isoformat(),
            "request_id": request_id_of(scope),
            "route": route_of(scope),
            "error": [f"{type(link).__module__}.{type(link).__qualname__}" for link in _chain(error)],
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if self.is_verbose:
            line["message"] = str(error)
        self.write(_ENCODE(line))


def task_line(task: str, error: Exception, at: datetime) -> str:
    """The line of something that failed on the side: which task, the types and the place, no message."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return _ENCODE(
        {
            "event": "task-failed",
            "at": at.isoformat(),
            "task": task,
            "error": [f"{type(link).__module__}.{type(link).__qualname__}" for link in _chain(error)],
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
    )


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < 5:
        chain.append(cause)
    return chain


def route_of(scope: Scope) -> str:
    """The path template of the route that was chosen, or `unmatched`."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def masked(path: str) -> str:
    """A path with every part starred out that could be personal or secret."""
    parts = [part if not part or _HARMLESS.fullmatch(part) else "*" for part in path.split("/", 12)]
    return "/".join(parts)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return _ENCODE(text)


@lru_cache(maxsize=4096)
def _quoted_path(path: str) -> str:
    return _ENCODE(masked(path))


class Metrics:
    """Counts and times by route template, so that the number of series is bounded by the code."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._requests = Counter(
            "yuebao_http_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "yuebao_http_request_seconds",
            "Time from head to last byte of the answer",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        # `labels` builds a key and takes a lock each time; the children live as long as the process.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one finished request."""
        key = (scope["method"], route_of(scope), status)
        children = self._children.get(key)
        if children is None:
            method, route, _ = key
            children = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._children[key] = children
        counter, histogram = children
        counter.inc()
        histogram.observe(seconds)

    def response(self) -> Response:
        """The answer of /metrics."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)
