"""Bad input on the real endpoints: a problem with every finding, nothing stored, no value ever repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.models import metadata
from tests.samples import CODES, GUANGZHOU, REPORTS, SHAOGUAN, at, report
from tests.service import Answer, Asked, Service

EMPTY_AT_FIRST = ("report", "report_version", "figures", "idempotency_key")
CANARY = "金丝雀Canary7391"
CANARY_NUMBER = 739173917391


def raw(**changes: Any) -> str:
    """A sound body as text, to be damaged."""
    return json.dumps(report(**changes), ensure_ascii=False)


def figure(text: str) -> bytes:
    """A body in which one figure is written like this."""
    return raw(figures={"members_total": 424242}).replace("424242", text).encode()


def narrative(text: str) -> bytes:
    """A body whose narrative is written like this."""
    return raw(narrative="424242").replace("424242", text).encode()


def send(service: Service, body: bytes, **headers: str) -> Answer:
    return service.ask(
        Asked("POST", REPORTS, "guangzhou", body, {k.replace("_", "-"): v for k, v in headers.items()})
    )


def nothing_is_stored(service: Service) -> bool:
    return not any(service.rows(metadata.tables[name]) for name in EMPTY_AT_FIRST)


BODIES = {
    "1 NaN": (figure("NaN"), 422, "number-not-finite"),
    "1 Infinity": (figure("-Infinity"), 422, "number-not-finite"),
    "1 1e999": (figure("1e999"), 422, "number-not-finite"),
    "2 lone surrogate": (narrative("\\ud800"), 422, "invalid-text"),
    "2 lone surrogate in a name": (
        raw(narrative="").replace("narrative", "\\udfff").encode(),
        422,
        "invalid-text",
    ),
    "3 NUL": (narrative("\\u0000"), 422, "invalid-text"),
    "3 escape": (narrative("\\u001b[31m"), 422, "invalid-text"),
    "3 bidi override": (narrative("\u202e"), 422, "invalid-text"),
    "3 NUL in a unit": (
        raw().replace(f'"{GUANGZHOU}"', f'"{GUANGZHOU}\\u0000"').encode(),
        422,
        "invalid-text",
    ),
    "4 twice": (raw().replace('"unit"', '"period": "2015-05", "unit"').encode(), 400, "duplicate-member"),
    "4 twice in figures": (figure('1, "members_total": 2'), 400, "duplicate-member"),
    "5 2**53": (figure(str(2**53)), 422, "number-out-of-range"),
    "5 2**63": (figure(str(2**63)), 422, "number-out-of-range"),
    "5 beyond the form": (figure("10000000"), 422, "number-out-of-range"),
    "5 below zero": (figure("-1"), 422, "number-out-of-range"),
    "6 5,000 digits": (figure("9" * 5000), 422, "number-out-of-range"),
    "6 a long text": (narrative("长" * 20_001), 422, "text-too-long"),
    "6 a megabyte": (narrative("x" * (1 << 20)), 413, "content-too-large"),
    "7 nested": (narrative("").replace(b'""', b"[" * 40 + b"]" * 40), 400, "json-too-deep"),
    "7 very nested": (b"[" * 200_000, 400, "json-too-deep"),
    "8 too large": (b" " * ((1 << 20) + 1), 413, "content-too-large"),
    "9 a string": (figure('"12"'), 422, "wrong-type"),
    "9 a boolean": (figure("true"), 422, "wrong-type"),
    "9 full width": (figure('"１２"'), 422, "wrong-type"),
    "9 a list": (figure("[12]"), 422, "wrong-type"),
    "9 figures as a list": (
        raw(figures={}).replace(json.dumps(report()["figures"]), "[]").encode(),
        422,
        "wrong-type",
    ),
    "10 a fraction": (figure("12.5"), 422, "too-precise"),
    "11 status": (raw(status="accepted").encode(), 422, "unknown-field"),
    "11 unit_id": (raw(unit_id=1).encode(), 422, "unknown-field"),
    "11 role": (raw(role="administrator").encode(), 422, "unknown-field"),
    "11 __proto__": (raw(**{"__proto__": {}}).encode(), 422, "unknown-field"),
    "11 nested": (
        raw(contact={"name": "示例甲", "phone": "13800000000", "id": 1}).encode(),
        422,
        "unknown-field",
    ),
    "12 UTF-16": (raw().encode("utf-16"), 415, "unsupported-media-type"),
    "12 UTF-16 without a mark": (raw().encode("utf-16-le"), 415, "unsupported-media-type"),
    "12 GB18030": (raw().encode("gb18030"), 415, "unsupported-media-type"),
    "12 a byte order mark": (raw().encode("utf-8-sig"), 415, "unsupported-media-type"),
    "13 no month": (raw().replace("2015-04", "2026-13").encode(), 422, "period-invalid"),
    "13 the future": (raw().replace("2015-04", "2015-05").encode(), 422, "period-invalid"),
    "- no JSON": (b"{", 400, "malformed-json"),
    "- nothing": (b"", 400, "malformed-json"),
    "- a list": (b"[]", 422, "wrong-type"),
    "- draft as text": (raw(draft="yes").encode(), 422, "wrong-type"),
    "- unit as number": (raw().replace(f'"{GUANGZHOU}"', GUANGZHOU).encode(), 422, "wrong-type"),
}


@pytest.mark.parametrize("row", BODIES)
def test_a_bad_body_is_refused_by_its_code_and_stores_nothing(service: Service, row: str) -> None:
    body, status, code = BODIES[row]

    refused = send(service, body)

    assert (refused.status, refused.code) == (status, code)
    assert refused.json["type"] == f"/problems/{code}"
    assert refused.json["request_id"]
    assert {"status", "title", "title_zh"} <= set(refused.json)
    assert all(set(error) == {"pointer", "code"} for error in refused.json.get("errors", []))
    assert nothing_is_stored(service)


@pytest.mark.parametrize("row", [row for row in BODIES if BODIES[row][1] == 422])
def test_a_bad_body_with_a_key_is_refused_alike(service: Service, row: str) -> None:
    body, status, code = BODIES[row]

    refused = send(service, body, idempotency_key="k")

    assert (refused.status, refused.code) == (status, code)
    assert nothing_is_stored(service)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=gb18030", "text/json", ""])
def test_only_json_in_utf_8_is_taken(service: Service, content_type: str) -> None:
    refused = send(service, raw().encode(), content_type=content_type)

    assert (refused.status, refused.code) == (415, "unsupported-media-type")
    assert nothing_is_stored(service)


def test_a_compressed_body_is_not_taken(service: Service) -> None:
    refused = send(service, raw().encode(), content_encoding="gzip")

    assert (refused.status, refused.code) == (415, "unsupported-content-encoding")


def test_who_is_not_known_is_told_nothing_else(service: Service) -> None:
    for by in (None, "unknown"):
        service.tokens["unknown"] = "yb_0123456789abcdef_0123456789"
        refused = service.ask(Asked("POST", REPORTS, by, b"[" * 200_000))
        assert refused.status == 401
    assert nothing_is_stored(service)


@pytest.mark.parametrize("path", ["", "/versions", "/draft", "/diff?from=1&to=1"])
def test_another_unit_s_report_reads_as_if_it_did_not_exist(service: Service, path: str) -> None:
    assert service.post(REPORTS, report()).status == 201

    theirs = service.get(at(path), by="shaoguan")
    nobodys = service.get(at(path, "449999"), by="shaoguan")

    assert theirs.status == nobodys.status == 404
    assert without_ids(theirs) == without_ids(nobodys)


def test_filing_for_another_unit_reads_as_if_it_did_not_exist(service: Service) -> None:
    theirs = service.post(REPORTS, report(SHAOGUAN))
    nobodys = service.post(REPORTS, {**report(), "unit": "449999"})

    assert theirs.status == nobodys.status == 404
    assert without_ids(theirs) == without_ids(nobodys)
    assert nothing_is_stored(service)


@pytest.mark.parametrize("path", ["2015-4", "2015-13", "2015-00", "2015-03", "201504", "x", "９９９９-01"])
def test_a_period_in_an_address_is_a_month_that_is_reported(service: Service, path: str) -> None:
    for answer in (
        service.get(f"{REPORTS}/{path}/{GUANGZHOU}"),
        service.put(f"{REPORTS}/{path}/{GUANGZHOU}", report(), if_match="*"),
        service.post(f"{REPORTS}/{path}/{GUANGZHOU}/submit"),
    ):
        assert (answer.status, answer.code) == (422, "period-invalid")


@pytest.mark.parametrize("code", ["44010", "4401000", "44010x", "４４０１００"])
def test_a_unit_in_an_address_is_a_code(service: Service, code: str) -> None:
    assert service.get(f"{REPORTS}/2015-04/{code}").status in {404, 422}


@pytest.mark.parametrize("key", ["", "x" * 256, "钥匙", "a\x07b"])
def test_a_key_is_visible_ascii_of_some_length(service: Service, key: str) -> None:
    refused = send(service, raw().encode(), idempotency_key=key.encode().decode("latin-1"))

    assert (refused.status, refused.code) == (400, "idempotency-key-invalid")
    assert nothing_is_stored(service)


def canaries() -> Iterator[tuple[str, dict[str, Any]]]:
    """A body per place where something can be written, with a canary there that makes it wrong."""
    yield "unit", report() | {"unit": CANARY}
    yield "period", report() | {"period": CANARY}
    yield "draft", report() | {"draft": CANARY}
    yield "contact", report() | {"contact": CANARY}
    yield "contact name", report(contact={"name": CANARY * 9, "phone": "13800000000"})
    yield "contact phone", report(contact={"name": "示例甲", "phone": CANARY})
    yield "contact phone number", report(contact={"name": "示例甲", "phone": CANARY_NUMBER})
    yield "narrative", report(narrative=CANARY + "\x00")
    yield "narrative number", report(narrative=CANARY_NUMBER)
    yield "activity", report(activities=[CANARY])
    yield "activity item", report(activities=[{"item": CANARY_NUMBER}])
    yield "activity done", report(activities=[{"item": 3, "done": CANARY}])
    yield "activity count", report(activities=[{"item": 3, "count": CANARY}])
    yield "activity text", report(activities=[{"item": 3, "text": CANARY * 200}])
    yield "explanation rule", report(explanations=[{"rule": CANARY, "category": "other", "text": CANARY}])
    yield "explanation category", report(explanations=[{"rule": "R10", "category": CANARY, "text": CANARY}])
    yield "explanation text", report(explanations=[{"rule": "R10", "category": "other", "text": [CANARY]}])
    yield "supplement", report(supplements={"coop_orgs_new": CANARY})
    yield "supplement number", report(supplements={"coop_orgs_new": CANARY_NUMBER})
    for code in CODES:
        yield f"{code}", report(figures={code: CANARY})
        yield f"{code} number", report(figures={code: CANARY_NUMBER})


def test_no_refusal_repeats_a_value_that_was_sent(service: Service) -> None:
    service.post(REPORTS, report(SHAOGUAN), by="shaoguan")

    for place, body in canaries():
        answers = [
            service.post(REPORTS, body),
            service.post(f"{REPORTS}?dry_run=true", body),
            service.put(at("", SHAOGUAN), body, by="shaoguan", if_match='"1"'),
        ]
        for answer in answers:
            said = answer.body.decode() + json.dumps(answer.headers)
            assert 400 <= answer.status < 500, place
            assert CANARY not in said, place
            assert str(CANARY_NUMBER) not in said, place
    assert not any(CANARY in line or str(CANARY_NUMBER) in line for line in service.log)


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("accept", {"content_hash": CANARY}),
        ("return", {"reasons": [{"pointer": 1, "text": CANARY * 90}]}),
        ("return", {"reasons": CANARY}),
        ("reopen", {"reason": CANARY, "expires_at": CANARY}),
    ],
)
def test_no_step_repeats_a_value_that_was_refused(service: Service, step: str, body: dict[str, Any]) -> None:
    service.post(REPORTS, report())

    refused = service.post(at(f"/{step}"), body, by="reviewer")

    assert refused.status == 422
    assert CANARY not in refused.body.decode()


def without_ids(answer: Answer) -> dict[str, Any]:
    """A problem without what differs from request to request, with its headers."""
    body = {name: value for name, value in answer.json.items() if name not in {"instance", "request_id"}}
    return body | {name: value for name, value in answer.headers.items() if name not in {"x-request-id"}}
