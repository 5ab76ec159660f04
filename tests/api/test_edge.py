"""The layers: who is asking, how much may come, how many at once, and what every answer carries."""

from __future__ import annotations

import asyncio
import json

import pytest

from app.api import authentication
from app.api import body as bodies
from app.api.authentication import MAX_AGE
from app.api.exchange import CLOSED, PAGE
from app.api.head import name_of
from tests.api.asgi import HOST, JSON, TOKEN, call, exchange, scope_of
from tests.api.slow_client import trickle
from tests.api.small_app import EXAMPLE, Caller, small_app

MIB = 1 << 20
REPORTS = "/api/v1/reports"
REPORT = "/api/v1/reports/2015-04/440100"
GOOD = json.dumps(EXAMPLE).encode()


def test_the_clients_own_id_is_echoed_only_when_it_is_harmless() -> None:
    for sent in ("abc-123", "A" * 64, "5f0c1c1e-8a1f-4d55-9d7e-138123456789", "1448500000000"):
        assert call(small_app(), "GET", REPORT, ("x-request-id", sent)).headers["x-request-id"] == sent
    for sent in ("13812345678", "id-8613812345678", "110101199003070011", "a-11010119900307001X-b"):
        assert call(small_app(), "GET", REPORT, ("x-request-id", sent)).headers["x-request-id"] != sent
    for sent in ("a b", "A" * 65, "a\x1b[31m", "\u00e9", "a;b"):
        made = call(small_app(), "GET", REPORT, ("x-request-id", sent)).headers["x-request-id"]
        assert made != sent
        assert len(made) == 32


def test_the_receipt_is_the_arrival_of_the_head() -> None:
    assert call(small_app(), "POST", REPORTS, JSON, body=GOOD).json["received_at"] == "2015-04-25T15:59:59Z"


def test_every_answer_carries_the_security_headers() -> None:
    app = small_app()
    for answer in (call(app, "GET", REPORT), call(app, "GET", "/x"), call(app, "GET", REPORT, ("host", ""))):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"] == CLOSED
        assert "server" not in answer.headers


def test_pages_get_the_policy_for_pages_and_no_policy_allows_anything_unsafe() -> None:
    assert call(small_app(), "GET", "/docs").headers["content-security-policy"] == PAGE
    assert "unsafe" not in PAGE + CLOSED


def test_private_answers_are_not_stored_unless_they_carry_a_version() -> None:
    assert call(small_app(), "GET", REPORTS).headers["cache-control"] == "no-store"
    assert call(small_app(), "GET", REPORT).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("host", ["", "a b", "a/b", "exa\u00e9mple", "a:b", "[::1"])
def test_row_25_a_missing_or_malformed_host_is_a_bad_request(host: str) -> None:
    answer = call(small_app(), "GET", "/health/live", ("host", host))

    assert (answer.status, answer.code) == (400, "bad-request")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("name", ["host", "authorization", "content-length", "content-type", "if-match"])
def test_row_25_a_doubled_header_that_must_be_single_is_a_bad_request(name: str) -> None:
    doubled = [HOST, TOKEN, (name, "1"), (name, "1")]
    answer = asyncio.run(exchange(small_app(), "GET", REPORT, doubled))

    assert (answer.status, answer.code) == (400, "bad-request")


def test_headers_that_may_repeat_may_repeat() -> None:
    accepted = [HOST, TOKEN, ("accept", "text/html"), ("accept", "*/*")]

    assert asyncio.run(exchange(small_app(), "GET", REPORT, accepted)).status == 200


def test_a_transfer_coding_other_than_chunked_is_a_bad_request() -> None:
    coded = ("transfer-encoding", "gzip, chunked")

    assert call(small_app(), "POST", REPORTS, JSON, coded, body=[b"{}"]).status == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("yuebao.gov.cn", 200),
        ("YUEBAO.gov.cn:8443", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("[::2]", 400),
    ],
)
def test_only_the_allowed_names_are_served(host: str, status: int) -> None:
    app = small_app(allowed_hosts=frozenset({"yuebao.gov.cn", "[::1]"}))

    assert call(app, "GET", "/health/live", ("host", host)).status == status
    assert name_of(b"[::1]") == "[::1]"


@pytest.mark.parametrize(
    "path", ["/docs/\x00", "/docs/../api", "/docs/..", "/./docs", "/a\nb", "/.git/config", "/\x7f"]
)
def test_row_25_escapes_that_leave_the_tree_or_hide_controls_are_not_found(path: str) -> None:
    answer = call(small_app(), "GET", path)

    assert (answer.status, answer.code) == (404, "not-found")


def test_row_25_trace_is_not_allowed_and_a_method_override_is_ignored() -> None:
    trace = call(small_app(), "TRACE", REPORT)
    override = call(
        small_app(), "GET", REPORT, ("x-http-method-override", "PUT"), ("x-method-override", "PUT")
    )

    assert (trace.status, trace.code) == (405, "method-not-allowed")
    assert trace.headers["allow"] == "GET, HEAD, PUT"
    assert override.json["actor"] == "广州"


def test_head_answers_as_get_without_a_body() -> None:
    get, head = call(small_app(), "GET", REPORT), call(small_app(), "HEAD", REPORT)

    assert head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ([("authorization", "")], 'Bearer realm="yuebao"'),
        ([("authorization", "Basic eHg6eHg=")], 'Bearer realm="yuebao", error="invalid_request"'),
        ([("authorization", "Bearer a b c d e f")], 'Bearer realm="yuebao", error="invalid_request"'),
        ([("authorization", "Bearer " + "x" * 5000)], 'Bearer realm="yuebao", error="invalid_request"'),
        ([("authorization", "Bearer yb_bad_0123456789")], 'Bearer realm="yuebao", error="invalid_token"'),
        ([("authorization", ""), ("cookie", "other=good")], 'Bearer realm="yuebao"'),
        (
            [("authorization", ""), ("cookie", "__Host-yuebao=unknown-0123")],
            'Bearer realm="yuebao", error="invalid_token"',
        ),
    ],
)
def test_without_a_good_credential_nothing_is_answered(headers: list, detail: str) -> None:
    for path in (REPORT, "/api/v1/nothing", "/metrics"):
        answer = call(small_app(), "GET", path, *headers)

        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == detail


def test_a_token_and_a_session_together_are_refused() -> None:
    answer = call(small_app(), "GET", REPORT, ("cookie", "a=b; __Host-yuebao=session-0123456789"))

    assert (answer.status, answer.code) == (400, "bad-request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("sec-fetch-site", "same-origin")], 409),
        ([("origin", "http://yuebao.test")], 409),
        ([("sec-fetch-site", "cross-site")], 403),
        ([("sec-fetch-site", "same-site"), ("origin", "http://yuebao.test")], 403),
        ([("origin", "http://evil.example")], 403),
        ([("origin", "null")], 403),
        ([], 403),
    ],
)
def test_a_session_writes_only_from_our_own_pages(headers: list, status: int) -> None:
    session = [("authorization", ""), ("cookie", "__Host-yuebao=session-0123456789")]

    assert call(small_app(), "GET", REPORT, *session).status == 200
    ours = ("x-yuebao-request", "1")
    assert call(small_app(), "POST", f"{REPORT}/accept", *session, *headers, ours).status == status
    assert call(small_app(), "POST", f"{REPORT}/accept", *session, *headers).status == 403


@pytest.mark.parametrize("path", [REPORTS, "/api/v1/evidence", "/api/v1/nothing"])
def test_row_08_an_unauthenticated_body_is_not_read_at_all(path: str) -> None:
    pieces = [b"x" * MIB] * 96
    for extra in (("content-length", str(MIB)), ("transfer-encoding", "chunked")):
        answer = call(small_app(), "POST", path, ("authorization", ""), JSON, extra, body=pieces)

        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.bytes_read == 0
        assert answer.headers["connection"] == "close"


def test_permission_is_checked_before_the_body_is_read() -> None:
    answer = call(small_app(), "POST", "/api/v1/forbidden", JSON, body=GOOD)

    assert (answer.status, answer.code) == (403, "forbidden")
    assert answer.bytes_read == 0
    assert answer.headers["connection"] == "close"


def test_row_08_a_body_declared_too_long_is_refused_unread() -> None:
    answer = call(small_app(), "POST", REPORTS, JSON, ("content-length", str(MIB + 1)), body=[b"x"])

    assert (answer.status, answer.code) == (413, "content-too-large")
    assert answer.json["limit"] == MIB
    assert answer.bytes_read == 0
    assert answer.headers["connection"] == "close"


def test_row_08_a_body_in_endless_chunks_is_cut_at_the_limit() -> None:
    chunked = ("transfer-encoding", "chunked")
    answer = call(small_app(), "POST", REPORTS, JSON, chunked, body=[b" " * 65_536] * 1000)

    assert (answer.status, answer.code) == (413, "content-too-large")
    assert answer.bytes_read == MIB + 65_536
    assert answer.headers["connection"] == "close"


def test_row_06_a_megabyte_of_text_is_too_large() -> None:
    body = json.dumps(EXAMPLE | {"narrative": "x" * MIB}).encode()

    assert call(small_app(), "POST", REPORTS, JSON, body=body).code == "content-too-large"


@pytest.mark.parametrize("length", ["abc", "-1", "1" * 30, "\u00b2", "0x10"])
def test_a_length_that_is_no_number_is_a_bad_request(length: str) -> None:
    assert call(small_app(), "POST", REPORTS, JSON, ("content-length", length), body=[b"{}"]).status == 400


def test_a_lane_takes_larger_bodies_but_never_larger_json() -> None:
    length = ("content-length", str(2 * MIB))
    pieces = [b"x" * MIB] * 2

    taken = call(small_app(), "POST", "/api/v1/evidence", length, body=pieces)
    assert (taken.status, taken.json["size"]) == (201, 2 * MIB)
    assert call(small_app(), "POST", "/api/v1/evidence", JSON, length, body=pieces).status == 413


def test_a_body_in_pieces_is_put_together() -> None:
    pieces = [GOOD[:10], b"", GOOD[10:]]
    chunked = ("transfer-encoding", "chunked")

    assert call(small_app(), "POST", REPORTS, JSON, chunked, body=pieces).status == 201
    taken = call(small_app(), "POST", "/api/v1/evidence", chunked, body=pieces)
    assert taken.json["size"] == len(GOOD)


def test_a_body_read_to_its_end_keeps_the_connection() -> None:
    assert "connection" not in call(small_app(), "POST", REPORTS, JSON, body=GOOD).headers
    assert "connection" not in call(small_app(), "GET", "/api/v1/nothing").headers


def test_a_client_that_leaves_in_the_middle_gets_no_answer_and_is_counted() -> None:
    lines: list[str] = []
    answer = call(small_app(lines), "POST", REPORTS, JSON, ("content-length", "50"), body=[b"{", None])

    assert answer.status == 0
    assert json.loads(lines[0])["status"] == 499


def test_a_body_that_pauses_too_long_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE", 0.02)

    answer = asyncio.run(trickle(small_app(), [b"{"], pause=1.0))

    assert answer[:2] == (408, "request-timeout")


def test_a_body_that_trickles_times_out_although_it_never_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE", 0.05)

    answer = asyncio.run(trickle(small_app(), [b" "] * 100, pause=0.005))

    assert answer[:2] == (408, "request-timeout")


def test_a_known_credential_is_remembered_for_half_a_second_and_no_longer() -> None:
    asked: list[str] = []
    known = {"yb_good_0123456789"}

    async def authenticate(kind: str, secret: str) -> Caller | None:
        asked.append(kind)
        return Caller() if secret in known else None

    async def visit() -> list[int]:
        app = small_app(authenticate=authenticate)
        statuses = [(await exchange(app, "GET", REPORT, [HOST, TOKEN])).status for _ in range(3)]
        known.clear()
        await asyncio.sleep(MAX_AGE + 0.05)
        return [*statuses, (await exchange(app, "GET", REPORT, [HOST, TOKEN])).status]

    assert asyncio.run(visit()) == [200, 200, 200, 401]
    assert asked == ["bearer", "bearer"]
    assert MAX_AGE <= 0.5


def test_only_so_many_callers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def authenticate(kind: str, secret: str) -> Caller:
        asked.append(secret)
        return Caller()

    monkeypatch.setattr(authentication, "REMEMBERED", 2)
    app = small_app(authenticate=authenticate)
    for number in (1, 2, 3, 1):
        assert call(app, "GET", REPORT, ("authorization", f"Bearer secret-{number}-0123")).status == 200
    assert len(asked) == 4


def test_a_bad_credential_is_never_remembered() -> None:
    asked: list[str] = []

    async def authenticate(kind: str, secret: str) -> None:
        asked.append(secret)

    app = small_app(authenticate=authenticate)
    for _ in range(3):
        assert call(app, "GET", REPORT).status == 401
    assert len(asked) == 3


def test_a_prefix_that_a_proxy_serves_us_below_is_not_part_of_any_path() -> None:
    async def visit() -> int:
        app, sent = small_app(), []
        scope = scope_of("GET", "/yuebao/health/live", [HOST]) | {"root_path": "/yuebao"}

        async def send(message: dict) -> None:
            sent.append(message)

        await app(scope, None, send)
        return sent[0]["status"]

    assert asyncio.run(visit()) == 200
