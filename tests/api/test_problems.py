"""Refusals: one body for all of them, every finding at once, and never a word of what was sent."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from pydantic_core import core_schema

from app.api.findings import MESSAGES
from app.api.shape import code_of
from tests.api.asgi import JSON, Answer, call
from tests.api.small_app import EXAMPLE, small_app

SECRET = "13800000000"


def post(content: object, path: str = "/api/v1/reports") -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return call(small_app(), "POST", path, JSON, body=body)


def test_a_good_report_is_taken() -> None:
    answer = post(EXAMPLE)

    assert answer.status == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.json == {"period": "2015-04", "received_at": "2015-04-25T15:59:59Z"}


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"figures": {"a": "12"}}, {"/figures/a": "wrong-type"}),
        ({"figures": {"a": "１２"}}, {"/figures/a": "wrong-type"}),
        ({"figures": {"a": True}}, {"/figures/a": "wrong-type"}),
        ({"figures": {"a": None}}, {"/figures/a": "wrong-type"}),
        ({"figures": [1]}, {"/figures": "wrong-type"}),
        ({"draft": "true"}, {"/draft": "wrong-type"}),
        ({"draft": 1}, {"/draft": "wrong-type"}),
        ({"dated": 20150401}, {"/dated": "wrong-type"}),
    ],
)
def test_row_09_nothing_is_coerced_into_another_type(change: dict, places: dict) -> None:
    answer = post(EXAMPLE | change)

    assert (answer.status, answer.code) == (422, "wrong-type")
    assert answer.places == places


@pytest.mark.parametrize("name", ["status", "unit_id", "role", "__proto__", "received_at", "a/b~c"])
def test_row_11_unknown_fields_are_refused_by_name(name: str) -> None:
    answer = post(EXAMPLE | {name: SECRET})

    assert (answer.status, answer.code) == (422, "unknown-field")
    assert answer.places == {"/" + name.replace("~", "~0").replace("/", "~1"): "unknown-field"}


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"figures": {"a": -1}}, "/figures/a", "number-out-of-range"),
        ({"figures": {"a": 1_000_001}}, "/figures/a", "number-out-of-range"),
        ({"figures": {"a": 1.5}}, "/figures/a", "too-precise"),
        ({"figures": {"a": 2**60}}, "/figures/a", "number-out-of-range"),
        ({"figures": {"a": float("nan")}}, "/figures/a", "number-not-finite"),
        ({"contact": {"name": "", "phone": "1"}}, "/contact/name", "text-too-short"),
        ({"contact": {"name": "x" * 11, "phone": "1"}}, "/contact/name", "text-too-long"),
        ({"contact": {"name": "x"}}, "/contact/phone", "missing-field"),
        ({"contact": {"name": "x", "phone": "\x00"}}, "/contact/phone", "invalid-text"),
        ({"period": "2015/04"}, "/period", "invalid-format"),
        ({"dated": "2015-02-30"}, "/dated", "invalid-date"),
        ({"category": "other"}, "/category", "unknown-value"),
        ({"units": ["440100", "44"]}, "/units/1", "invalid-format"),
        ({"units": ["440100", 5]}, "/units/1", "wrong-type"),
        ({"units": ["440100"] * 4}, "/units", "too-many-items"),
    ],
)
def test_each_fault_has_its_code_and_its_pointer(change: dict, place: str, code: str) -> None:
    answer = post(EXAMPLE | change)

    assert (answer.status, answer.code) == (422, code)
    assert answer.places == {place: code}


def test_all_findings_come_in_one_answer() -> None:
    answer = post(
        {"period": 5, "contact": {"name": "a\u0000"}, "figures": {"a": 1.5, "b": float("inf")}, "x": 1}
    )

    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.places == {
        "/period": "wrong-type",
        "/contact/name": "invalid-text",
        "/contact/phone": "missing-field",
        "/figures/a": "too-precise",
        "/figures/b": "number-not-finite",
        "/x": "unknown-field",
    }


@pytest.mark.parametrize("content", [[], "x", 5, None, True])
def test_a_body_that_is_no_object_is_refused(content: object) -> None:
    for path in ("/api/v1/reports", "/api/v1/trees"):
        assert post(content, path).places == {"": "wrong-type"}


def test_a_large_body_of_faults_gives_a_bounded_answer() -> None:
    answer = post(EXAMPLE | {"figures": {str(number): "x" for number in range(20_000)}})

    assert (answer.status, answer.code) == (422, "wrong-type")
    assert len(answer.json["findings"]) == 1000
    assert answer.json["truncated"] is True


def test_a_limit_is_named_but_the_value_is_not() -> None:
    answer = post(EXAMPLE | {"figures": {"a": int(SECRET)}, SECRET: SECRET, "period": SECRET})

    values = {found["pointer"]: found["values"] for found in answer.json["findings"]}
    assert values["/figures/a"] == {"le": 1_000_000}
    assert SECRET not in answer.body.decode().replace(f"/{SECRET}", "")


def test_a_body_with_nfd_text_is_read_in_nfc() -> None:
    decomposed = EXAMPLE | {"contact": {"name": "e\u0301" * 10, "phone": "1"}}

    assert post(decomposed).status == 201


def test_a_tree_keeps_the_marks_for_the_domain_to_name() -> None:
    answer = post(b'{"period":"2015-04","a":NaN,"b":99999999999999999,"c":"\\u0000"}', "/api/v1/trees")

    assert answer.status == 200
    assert answer.json["unusable"] == {
        "a": "number-not-finite",
        "b": "number-out-of-range",
        "c": "invalid-text",
    }
    assert {found["pointer"] for found in answer.json["findings"]} == {"/a", "/b", "/c"}


@pytest.mark.parametrize("headers", [(), (JSON,)])
def test_an_action_takes_an_empty_object_or_no_body_at_all(headers: tuple) -> None:
    path = "/api/v1/reports/2015-04/440100/accept"

    for body in (b"", b"{}"):
        answer = call(small_app(), "POST", path, *(headers or ((JSON,) if body else ())), body=body)

        assert (answer.status, answer.code) == (409, "conflict")
        assert answer.headers["location"] == "/api/v1/reports/2015-04/440100"
    assert post({"x": 1}, path).places == {"/x": "unknown-field"}


def test_a_report_without_a_body_is_told_so() -> None:
    answer = call(small_app(), "POST", "/api/v1/reports")

    assert (answer.status, answer.code) == (400, "malformed-json")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "",
        "application/json; charset=gbk",
        "application/jsonp",
        "multipart/form-data",
    ],
)
def test_row_12_other_media_types_are_unsupported(content_type: str) -> None:
    answer = call(small_app(), "POST", "/api/v1/reports", ("content-type", content_type), body=b"{}")

    assert (answer.status, answer.code) == (415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["Application/JSON", 'application/json; charset="UTF-8"'])
def test_the_media_type_is_compared_as_the_standard_says(content_type: str) -> None:
    body = json.dumps(EXAMPLE).encode()

    assert (
        call(small_app(), "POST", "/api/v1/reports", ("content-type", content_type), body=body).status == 201
    )


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, identity"])
def test_row_21_a_compressed_body_is_unsupported(coding: str) -> None:
    answer = call(
        small_app(), "POST", "/api/v1/reports", JSON, ("content-encoding", coding), body=b"\x1f\x8b"
    )

    assert (answer.status, answer.code) == (415, "unsupported-content-encoding")


@pytest.mark.parametrize("limit", ["0", "1001", "1000000000", "-1", "ten", "", "%EF%BC%91%EF%BC%90", "1.5"])
def test_row_24_a_page_size_outside_its_bounds_is_refused(limit: str) -> None:
    answer = call(small_app(), "GET", f"/api/v1/reports?limit={limit}")

    assert (answer.status, answer.code) == (422, "limit-out-of-range")
    assert answer.places == {"/query/limit": "limit-out-of-range"}


def test_row_24_an_evil_sort_key_is_refused_without_being_repeated() -> None:
    answer = call(small_app(), "GET", "/api/v1/reports?sort=unit;drop+table+report")

    assert (answer.status, answer.code) == (422, "unknown-sort")
    assert b"drop" not in answer.body


def test_row_24_a_digest_that_does_not_match_is_refused() -> None:
    wrong = ("content-digest", "sha-256=:" + "A" * 43 + "=:")
    answer = call(small_app(), "POST", "/api/v1/evidence", wrong, body=b"abc")
    right = ("repr-digest", "sha-512=:x:, sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:")

    assert (answer.status, answer.code) == (422, "digest-mismatch")
    assert call(small_app(), "POST", "/api/v1/evidence", right, body=b"abc").status == 201


def test_row_24_a_thousand_ranges_cannot_be_served() -> None:
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(1000))
    answer = call(small_app(), "GET", "/api/v1/evidence/1", ("range", ranges))

    assert (answer.status, answer.code) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == "bytes */100"


def test_unknown_and_repeated_parameters_are_refused_together() -> None:
    answer = call(small_app(), "GET", "/api/v1/reports?limit=5&limit=6&foo=1&unit=a&unit=b&sort=%00&%00=1")

    assert answer.code == "invalid"
    assert answer.places == {
        "/query/limit": "repeated-parameter",
        "/query/foo": "unknown-parameter",
        "/query/sort": "invalid-text",
        "/query": "invalid-text",
    }


def test_too_many_parameters_are_not_even_counted() -> None:
    answer = call(small_app(), "GET", "/api/v1/reports?" + "a=1&" * 200)

    assert (answer.status, answer.code) == (400, "bad-request")


def test_a_parameter_that_is_no_period_has_the_code_of_periods() -> None:
    answer = call(small_app(), "GET", "/api/v1/reports/201504/440100")

    assert (answer.status, answer.code) == (422, "period-invalid")
    assert answer.places == {"/path/period": "period-invalid"}


def test_an_unknown_path_and_a_wrong_method_are_problems_too() -> None:
    unknown = call(small_app(), "GET", "/api/v1/nothing")
    wrong = call(small_app(), "DELETE", "/api/v1/reports/2015-04/440100")

    assert (unknown.status, unknown.code) == (404, "not-found")
    assert (wrong.status, wrong.code) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET, HEAD, PUT"


def test_a_crash_is_answered_without_details_and_logged_with_its_id() -> None:
    lines: list[str] = []
    answer = call(small_app(lines), "GET", "/api/v1/crash")
    crash, request = map(json.loads, lines)

    assert (answer.status, answer.code) == (500, "internal")
    assert "x-content-type-options" in answer.headers
    assert crash["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert crash["error"] == ["builtins.ValueError"]
    assert any("small_app.py" in frame for frame in crash["frames"])
    assert SECRET not in answer.body.decode() + "".join(lines)


def test_a_verbose_log_says_what_broke() -> None:
    lines: list[str] = []
    call(small_app(lines, is_verbose=True), "GET", "/api/v1/crash")

    assert json.loads(lines[0])["message"] == SECRET


@pytest.mark.parametrize("kind", get_args(core_schema.ErrorType))
def test_whatever_pydantic_refuses_has_a_sentence(kind: str) -> None:
    assert code_of(kind) in MESSAGES


def test_a_check_of_our_own_may_name_one_of_our_codes() -> None:
    assert code_of("period-invalid") == "period-invalid"
    assert code_of("something_new") == "invalid-value"
