"""Versions, preferences, ranges and pages in headers and parameters."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.requests import Request

from app.api.conditional import (
    byte_range,
    check_if_match,
    etag_of,
    is_unchanged,
    prefers_minimal,
    reply,
)
from app.api.paging import decode_cursor, encode_cursor, next_link
from app.errors import Invalid, Problem
from tests.api.asgi import call, scope_of
from tests.api.small_app import small_app

REPORT = "/api/v1/reports/2015-04/440100"


def request(*headers: tuple[str, str], target: str = "/x") -> Request:
    return Request(scope_of("GET", target, [("host", "a"), *headers]))


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 428),
        ('"3"', None),
        ('"1", "3"', None),
        ("*", None),
        ('"2"', 412),
        ('W/"3"', 412),
        ("3", 400),
        ('"3', 400),
        ('"3",,', 400),
        ("", 400),
    ],
)
def test_an_update_needs_the_version_of_now(header: str | None, status: int | None) -> None:
    asked = request(*([("if-match", header)] if header is not None else []))
    if status is None:
        check_if_match(asked, etag_of(3))
        return

    with pytest.raises(Problem) as refused:
        check_if_match(asked, etag_of(3))
    assert refused.value.status == status
    assert refused.value.headers.get("ETag") == ('"3"' if status == 412 else None)


def test_nothing_matches_what_does_not_exist_yet() -> None:
    for header in ("*", '"3"'):
        with pytest.raises(Problem) as refused:
            check_if_match(request(("if-match", header)), None)
        assert refused.value.status == 412


@pytest.mark.parametrize(
    ("header", "status", "version"),
    [
        ('"7"', 200, 7),
        ("*", 200, None),
        ("", 428, None),
        ('"x"', 412, None),
        ('"\u00b2"', 400, None),
        ('"1", "2"', 412, None),
        ("7", 400, None),
        ('W/"7"', 412, None),
        ('"99999999999"', 412, None),
    ],
)
def test_row_15_the_version_in_if_match_is_read_for_a_compare_and_set(
    header: str, status: int, version: int | None
) -> None:
    answer = call(small_app(), "PUT", REPORT, ("if-match", header))

    assert answer.status == status
    assert answer.json.get("version") == version
    if status != 200:
        expected = {428: "precondition-required", 412: "version-conflict", 400: "bad-request"}
        assert answer.code == expected[status]


@pytest.mark.parametrize(
    ("header", "expected"),
    [('"3"', True), ('W/"3"', True), ('"1", "3"', True), ("*", True), ('"4"', False), ("3", False)],
)
def test_an_unchanged_version_is_not_sent_again(header: str, expected: bool) -> None:
    assert is_unchanged(request(("if-none-match", header)), etag_of(3)) is expected
    answer = call(small_app(), "GET", REPORT, ("if-none-match", header))
    assert (answer.status, answer.headers["etag"]) == (304 if expected else 200, '"3"')
    assert (answer.body == b"") is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("return=minimal", True),
        ("respond-async, Return=Minimal; x=1", True),
        ("return=representation", False),
        ("", False),
    ],
)
def test_a_preference_for_little_is_heard(header: str, expected: bool) -> None:
    assert prefers_minimal(request(("prefer", header))) is expected


class Out(BaseModel):
    name: str


@pytest.mark.parametrize("body", [Out(name="广州"), {"name": "广州"}, '{"name":"广州"}'.encode()])
def test_an_answer_is_written_as_json_whatever_it_is_made_from(body: object) -> None:
    answer = reply(body, status=201, etag='"1"', headers={"Location": "/x"})  # type: ignore[arg-type]

    assert json.loads(answer.body) == {"name": "广州"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["location"] == "/x"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", range(10)),
        ("bytes=90-", range(90, 100)),
        ("bytes=90-500", range(90, 100)),
        ("bytes=-5", range(95, 100)),
        ("bytes=-500", range(100)),
        ("items=0-5", None),
    ],
)
def test_one_range_of_bytes_is_given(header: str | None, expected: range | None) -> None:
    assert byte_range(request(*([("range", header)] if header else [])), 100) == expected


@pytest.mark.parametrize(
    "header", ["bytes=100-", "bytes=5-4", "bytes=0-1,3-4", "bytes=", "bytes=-0", "bytes=a-b"]
)
def test_any_other_range_of_bytes_is_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        byte_range(request(("range", header)), 100)
    assert (refused.value.status, refused.value.headers) == (416, {"Content-Range": "bytes */100"})


KEYS = st.lists(
    st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(min_codepoint=32, max_codepoint=126))
)


@given(KEYS)
def test_a_cursor_leads_back_to_its_key(key: list) -> None:
    cursor = encode_cursor(key)

    assert decode_cursor(cursor, [type(part) for part in key]) == tuple(key)
    assert cursor.isascii()
    assert "=" not in cursor


def cursor_of(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "A" * 513,
        "x",
        "!!!",
        "\u00e9",
        *map(cursor_of, ["[]", "{}", '["a"]', '["a",1.0]', '["a",true]', '["a",1,2]', "[" * 300]),
    ],
)
def test_a_cursor_of_another_shape_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor, (str, int))
    assert refused.value.code == "cursor-invalid"


@pytest.mark.parametrize("key", ['["\\u0000",1]', '["\\ud800",1]', '["a",9007199254740992]', '["a",NaN]'])
def test_a_forged_cursor_cannot_carry_what_a_database_would_choke_on(key: str) -> None:
    answer = call(small_app(), "GET", f"/api/v1/reports?cursor={cursor_of(key)}")

    assert (answer.status, answer.code) == (422, "cursor-invalid")


def test_a_page_gives_the_cursor_of_the_next() -> None:
    first = call(small_app(), "GET", "/api/v1/reports?limit=5")
    second = call(small_app(), "GET", f"/api/v1/reports?limit=5&cursor={first.json['next']}")

    assert (first.json["limit"], first.json["after"]) == (5, None)
    assert second.json["after"] == ["440100", 2]


def test_the_link_to_the_next_page_keeps_the_other_parameters() -> None:
    link = next_link(request(target="/api/v1/reports?limit=5&cursor=old"), "new")

    assert link == '</api/v1/reports?limit=5&cursor=new>; rel="next"'
