"""Reading bodies: JSON into a model or a tree, files as a stream; counted, timed, never before sign-in."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import lru_cache, partial
from hashlib import sha256
from time import monotonic
from typing import Any, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from app.api.context import has_body, headers_of
from app.api.findings import MAX_FINDINGS, finding, refusal
from app.api.head import too_large
from app.api.problems import RequestTimeout
from app.api.shape import body_findings
from app.api.strict_json import Loaded, load, rewrite
from app.errors import Invalid, Text, UnsupportedMedia, merge

IDLE = 10.0
"""Seconds between two pieces of a body before the client is cut off."""

GRACE = 10.0
MIN_RATE = 4096
"""After GRACE seconds a body must have kept this many bytes a second on average."""

SMALL = 65_536
"""Bodies up to this many bytes are parsed where they are read; larger ones in a thread."""

_DIGESTS = (b"content-digest", b"repr-digest")
_SHA256 = re.compile(rb"sha-256=:([A-Za-z0-9+/]{43}=):")

Example = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")


class Body(BaseModel):
    """Base of all request bodies: no coercion of types, no unknown fields, no change afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Nothing(Body):
    """The body of an action that needs nothing: `{}`, or no body at all."""


class BodySource:
    """What a route declared with `json_body` or `json_tree`; the OpenAPI document is made from it."""

    def __init__(self, model: type[BaseModel], examples: Mapping[str, Example], is_optional: bool) -> None:
        self.model = model
        self.examples = examples
        self.is_optional = is_optional


def json_body(model: type[Model], *, examples: Mapping[str, Example] | None = None) -> Any:
    """A route parameter filled from the JSON body: `report: Annotated[ReportIn, json_body(ReportIn)]`.

    All findings come at once, in one problem (422). A model without required fields also takes no body.
    `examples` (by name) are printed in the OpenAPI document. Declare permission checks before it.
    """
    is_optional = not any(field.is_required() for field in model.model_fields.values())

    async def read_model(request: Request) -> Model:
        body = await read_json(request, is_optional=is_optional)
        return await _aside(body, partial(load_model, model))

    return _depends(read_model, BodySource(model, examples or {}, is_optional))


def json_tree(model: type[BaseModel], *, examples: Mapping[str, Example] | None = None) -> Any:
    """A route parameter filled with the body as `Loaded`, for a body that the domain checks itself.

    The model only documents it. The value is an object; refused values stand in it as `Unusable`, and
    `findings` says what is wrong with them, for the domain's findings to be merged with (`merge`).
    """

    async def read_tree(request: Request) -> Loaded:
        loaded = await _aside(await read_json(request, is_optional=False), load)
        if not isinstance(loaded.value, dict):
            raise refusal([finding("wrong-type", "")])
        return loaded

    return _depends(read_tree, BodySource(model, examples or {}, False))


def _depends(reader: Callable[[Request], Awaitable[Any]], source: BodySource) -> Any:
    reader.source = source  # type: ignore[attr-defined]  # where app.api.openapi finds the model
    return Depends(reader)


async def _aside(body: bytes, work: Callable[[bytes], Result]) -> Result:
    # A megabyte of JSON takes long enough to be felt by everyone else on this loop; a report never does.
    return work(body) if len(body) <= SMALL else await asyncio.to_thread(work, body)


def load_model(model: type[Model], body: bytes) -> Model:
    """Make the model from a JSON body, or raise Invalid with every finding, one per place."""
    loaded = load(body)
    errors = []
    try:
        value = model.model_validate_json(rewrite(loaded) if loaded.is_changed else body)
        if not loaded.findings:
            return value
    except ValidationError as refused:
        errors = refused.errors(include_url=False, include_input=False)
    raise refusal(merge(loaded.findings, body_findings(errors[: MAX_FINDINGS + 1], loaded.value)))


async def read_json(request: Request, *, is_optional: bool) -> bytes:
    """The bytes of a JSON body of the right type and within the limit; `{}` for an absent optional one."""
    headers = headers_of(request.scope)
    if not has_body(request.scope):
        return b"{}" if is_optional else b""
    check_encoding(headers)
    if not is_json(headers.get(b"content-type", b"")):
        raise UnsupportedMedia
    body = await read_all(request)
    check_digest(headers, body)
    return b"{}" if is_optional and not body else body


async def read_all(request: Request) -> bytes:
    """The whole body, within the limit of its path."""
    meter = Meter(request)
    body = await meter.next()
    if meter.is_over:
        return body
    pieces = [body]
    while not meter.is_over:
        pieces.append(await meter.next())
    return b"".join(pieces)


async def stream(request: Request) -> AsyncIterator[bytes]:
    """The body piece by piece, within the limit of its path."""
    meter = Meter(request)
    while not meter.is_over:
        piece = await meter.next()
        if piece:
            yield piece


class Meter:
    """Takes a body piece by piece, counting bytes and the time spent waiting for the client."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.state = request.scope["state"]
        self.limit: int = self.state["body_limit"]
        self.total = 0
        self.waited = 0.0
        self.is_over = False

    async def next(self) -> bytes:
        """The next piece. Raises TooLarge (413) one byte past the limit, RequestTimeout (408) for a client
        that pauses too long or is too slow, ClientDisconnect for one that left."""
        asked = monotonic()
        message = await self._receive(min(IDLE, GRACE + self.total / MIN_RATE - self.waited))
        self.waited += monotonic() - asked
        piece: bytes = message.get("body", b"")
        self.total += len(piece)
        if self.total > self.limit:
            raise too_large(self.limit)
        self.is_over = self.state["is_body_read"] = not message.get("more_body", False)
        return piece

    async def _receive(self, seconds: float) -> Message:
        try:
            async with asyncio.timeout(seconds):
                message = await self.request.receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message


def declared_sha256(headers: Mapping[bytes, bytes]) -> bytes | None:
    """The SHA-256 that the client announces for its body in Content-Digest or Repr-Digest (RFC 9530)."""
    for name in _DIGESTS:
        match = _SHA256.search(headers.get(name, b""))
        if match:
            return b64decode(match[1])
    return None


def check_digest(headers: Mapping[bytes, bytes], body: bytes) -> None:
    """Refuse a body that is not the one the client announced."""
    if headers.keys() & _DIGESTS:
        check_sha256(headers, sha256(body).hexdigest())


def check_sha256(headers: Mapping[bytes, bytes], found: str) -> None:
    """The same for a body whose SHA-256, in hexadecimal, is known."""
    announced = declared_sha256(headers)
    if announced is not None and announced.hex() != found:
        raise digest_mismatch()


def digest_mismatch() -> Invalid:
    """422 for a body whose SHA-256 is not the announced one."""
    title = Text("收到的内容与所声明的摘要不符，请重新上传", "The body does not match its announced digest")
    return Invalid(title, code="digest-mismatch")


def check_encoding(headers: Mapping[bytes, bytes]) -> None:
    """Refuse compressed bodies: their real size is unknown until it is too late."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia(
            Text("不接受压缩的请求内容", "Compressed bodies are not accepted"),
            code="unsupported-content-encoding",
        )


@lru_cache(maxsize=64)
def is_json(content_type: bytes) -> bool:
    """Whether a media type is application/json, with no charset or with UTF-8."""
    kind, *parameters = content_type.decode("latin-1").lower().split(";")
    charsets = {part.strip() for part in parameters if part.strip().startswith("charset")}
    return kind.strip() == "application/json" and charsets <= {"charset=utf-8", 'charset="utf-8"'}
