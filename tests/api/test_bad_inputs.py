"""The 25 bad inputs (promise 13), row by row, where claims, ledgers, files and lists take them, on both databases.

One line a case, each with the status that both databases must give. What the rows mean for reports is in
test_reports_refusals.py, for the loader in test_strict_json.py, for frames on the wire in test_protocol.py;
ELSEWHERE names them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from app.models import metadata
from tests.api.test_evidence import upload
from tests.domain.files import PDF, docx
from tests.house.repository import ROOT
from tests.ledger import HEADER, IMPORTS, RUNS, line
from tests.samples import GUANGDONG, GUANGZHOU, REPORTS, at, report
from tests.service import Answer, Asked, Service

Case = Callable[[Service], Answer]

MEBIBYTE = 1 << 20
CLAIMS = at("/claims")
CLAIM: Mapping[str, Any] = {
    "activity": "mobilization_meeting",
    "level": "prefecture",
    "dated": "2015-04-10",
    "title": "全市动员会",
    "evidence": ["0" * 32],
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, BYTES, JSON = "text/csv", "application/octet-stream", "application/json"
DTD = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
ROW = line().rstrip("\n")


def sent(path: str, body: bytes | str, kind: str, by: str, **headers: str) -> Case:
    """A POST of these bytes."""
    data = body.encode() if isinstance(body, str) else body
    named = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda service: service.ask(Asked("POST", path, by, data, named))


def claim(old: str = "", new: str = "", **headers: str) -> Case:
    """A claim in which one text is written otherwise."""
    text = json.dumps(CLAIM, ensure_ascii=False)
    assert old in text
    return sent(CLAIMS, text.replace(old, new, 1) if old else text, JSON, "guangzhou", **headers)


def title(text: str) -> Case:
    """A claim whose title is written like this, quotes included."""
    return claim('"全市动员会"', text)


def import_of(text: bytes | str, kind: str = CSV, **headers: str) -> Case:
    """A ledger file."""
    return sent(IMPORTS, text, kind, "reviewer", **headers)


def run(text: str) -> Case:
    """A reconciliation asked for in JSON."""
    return sent(RUNS, text, JSON, "reviewer")


def file(content: bytes, name: str = "a.pdf", **headers: str) -> Case:
    """An upload."""
    return lambda service: upload(
        service, content, name, **{k.replace("_", "-"): v for k, v in headers.items()}
    )


def got(path: str, by: str = "reviewer", **headers: str) -> Case:
    """A GET."""
    return lambda service: service.get(path, by, **headers)


def cells(*columns: str) -> str:
    """A ledger of one row in which these cells are replaced: `members_total=…`."""
    known = dict(zip(HEADER.strip().split(","), ROW.split(","), strict=True))
    known |= dict(each.split("=", 1) for each in columns)
    return HEADER + ",".join(known.values()) + "\n"


ROWS: dict[str, tuple[Case, int, str]] = {
    "1 NaN in a claim": (title("NaN"), 422, "number-not-finite"),
    "1 1e999 in a run": (run('{"period": 1e999, "unit": "440000"}'), 422, "number-not-finite"),
    "2 lone surrogate in a claim": (title('"\\ud800"'), 422, "invalid-text"),
    "2 lone surrogate in a name": (run('{"\\udfff": 1, "period": "2015-04", "unit": "440000"}'), 422, "invalid-text"),
    "3 NUL in a claim": (title('"a\\u0000"'), 422, "invalid-text"),
    "3 override in a claim": (title('"a\u202eb"'), 422, "invalid-text"),
    "3 NUL in a search": (got("/api/v1/units?q=%00"), 422, "invalid-text"),
    "3 NUL in a filter": (got(f"{REPORTS}?unit=%00"), 422, "invalid-text"),
    "4 twice in a claim": (claim('"level"', '"title": "x", "level"'), 400, "duplicate-member"),
    "4 twice in a run": (run('{"period": "2015-04", "period": "2015-05"}'), 400, "duplicate-member"),
    "5 2**63 in a claim": (title(str(2**63)), 422, "number-out-of-range"),
    "5 2**63 as a version": (got(at(f"/versions/{2**63}")), 422, "number-out-of-range"),
    "5 2**63 as a cursor of events": (got(f"/api/v1/events?after={2**63}"), 422, "number-out-of-range"),
    "5 a figure beyond a ledger's range": (import_of(cells("members_total=10000000")), 422, "import-rejected"),
    "6 5,000 digits in a claim": (title("9" * 5000), 422, "number-out-of-range"),
    "6 5,000 digits in a ledger": (import_of(cells("members_total=" + "9" * 5000)), 422, "import-rejected"),
    "6 a megabyte in a claim": (title(json.dumps("x" * MEBIBYTE)), 413, "content-too-large"),
    "7 nested": (title("[" * 40 + "]" * 40), 400, "json-too-deep"),
    "7 very nested": (run("[" * 200_000), 400, "json-too-deep"),
    "8 too large": (run(" " * (MEBIBYTE + 1)), 413, "content-too-large"),
    "9 a number as title": (title("12"), 422, "wrong-type"),
    "9 a full-width figure in a ledger": (import_of(cells("members_total=１x")), 422, "import-rejected"),
    "9 a boolean as unit": (run('{"period": "2015-04", "unit": true}'), 422, "wrong-type"),
    "10 decimals in a ledger": (import_of(cells("members_total=1.5")), 422, "import-rejected"),
    "11 status of a claim": (claim('"level"', '"status": "accepted", "level"'), 422, "unknown-field"),
    "11 __proto__ of a run": (run('{"period": "2015-04", "unit": "440000", "__proto__": {}}'), 422, "unknown-field"),
    "12 UTF-16 in a claim": (
        sent(CLAIMS, json.dumps(CLAIM).encode("utf-16"), JSON, "guangzhou"), 415, "unsupported-media-type"
    ),
    "12 a mark before a claim": (
        sent(CLAIMS, json.dumps(CLAIM).encode("utf-8-sig"), JSON, "guangzhou"), 415, "unsupported-media-type"
    ),
    "12 a claim as text": (claim(content_type="text/plain"), 415, "unsupported-media-type"),
    "12 a ledger as JSON": (import_of("{}", JSON), 415, "unsupported-media-type"),
    "13 no month": (
        sent(f"{REPORTS}/2026-13/{GUANGZHOU}/claims", json.dumps(CLAIM), JSON, "guangzhou"), 422, "period-invalid"
    ),
    "13 a run of no month": (run('{"period": "2026-13", "unit": "440000"}'), 422, "invalid-format"),
    "13 a ledger of no month": (import_of(cells("period=2015-13")), 422, "import-rejected"),
    "14 no claim": (got(f"/api/v1/claims/{'0' * 32}"), 404, "not-found"),
    "14 no file": (got(f"/api/v1/evidence/{'0' * 32}/content"), 404, "not-found"),
    "14 no import": (got(f"{IMPORTS}/{'0' * 32}"), 404, "not-found"),
    "14 no job": (got(f"/api/v1/jobs/{'0' * 32}"), 404, "not-found"),
    "17 a path": (file(PDF, "../../x.pdf"), 422, "invalid-filename"),
    "17 NUL": (file(PDF, "a\0.pdf"), 422, "invalid-filename"),
    "17 a line break": (file(PDF, "a\r\nX: y.pdf"), 422, "invalid-filename"),
    "17 an override": (file(PDF, "a\u202efdp.exe.pdf"), 422, "invalid-filename"),
    "17 256 bytes": (file(PDF, "a" * 252 + ".pdf"), 422, "invalid-filename"),
    "18 a page": (file(b"<html><script>1</script></html>"), 415, "file-type-mismatch"),
    "18 a drawing": (file(b"<svg onload='1'/>", "a.png"), 415, "file-type-mismatch"),
    "18 a program": (file(b"MZ\x90\x00" + bytes(60)), 415, "file-type-mismatch"),
    "19 an entity in a document": (file(docx(word__styles_xml=DTD), "a.docx"), 422, "unsafe-document"),
    "19 macros in a document": (file(docx(xl__macrosheets__a=b"x"), "a.docx"), 422, "unsafe-document"),
    "19 a workbook as ledger": (import_of(docx(xl__workbook_xml=DTD), XLSX), 415, "unsupported-media-type"),
    "20 a bomb": (file(docx(word__x=bytes(4 << 20)), "a.docx"), 422, "archive-too-large"),
    "20 an archive inside": (file(docx(word__x=b"7z\xbc\xaf'\x1c"), "a.docx"), 422, "archive-too-large"),
    "21 a compressed claim": (claim(content_encoding="gzip"), 415, "unsupported-content-encoding"),
    "21 a compressed ledger": (import_of(HEADER, content_encoding="gzip"), 415, "unsupported-content-encoding"),
    "21 a compressed file": (file(PDF, content_encoding="br"), 415, "unsupported-content-encoding"),
    "22 parts instead of a ledger": (
        import_of("--x\r\n" * 10_001, "multipart/form-data; boundary=x"), 415, "unsupported-media-type"
    ),
    "22 parts instead of a file": (
        file(b"--x\r\n" * 10_001, content_type="multipart/form-data"), 415, "file-type-mismatch"
    ),
    "22 a bad charset": (claim(content_type="application/json; charset=x"), 415, "unsupported-media-type"),
    "23 NUL": (import_of(cells("unit_name=a\0b")), 422, "import-rejected"),
    "23 a long field": (import_of(cells("unit_name=" + "x" * (129 << 10))), 422, "import-rejected"),
    "23 bytes of no encoding": (import_of(HEADER.encode() + b"\xff\xfe\x81\n"), 422, "import-rejected"),
    "23 a ragged row": (import_of(f"{HEADER}2015-04,440100\n"), 422, "import-rejected"),
    "23 a key twice": (
        import_of(cells() + cells("members_total=1").splitlines()[1] + "\n"), 422, "import-rejected"
    ),
    "23 a formula": (import_of(cells("unit_name==cmd|x!A1")), 422, "import-rejected"),
    "23 a lone CR": (import_of(cells("unit_name=a\rb")), 422, "import-rejected"),
    "24 another digest": (file(PDF, repr_digest="sha-256=:" + "A" * 43 + "=:"), 422, "digest-mismatch"),
    "24 another digest of a ledger": (
        import_of(cells(), repr_digest="sha-256=:" + "A" * 43 + "=:"), 422, "digest-mismatch"
    ),
    "24 another digest of a ledger for later": (
        import_of(cells(), repr_digest="sha-256=:" + "A" * 43 + "=:", prefer="respond-async"), 422, "digest-mismatch"
    ),
    "24 a page of 10^9": (got(f"{IMPORTS}?limit=1000000000"), 422, "limit-out-of-range"),
    "24 a page of 10^9 reports": (got(f"{REPORTS}?limit=1000000000"), 422, "limit-out-of-range"),
    "24 an evil sort": (got("/api/v1/mismatches?sort=(SELECT+1)"), 422, "unknown-sort"),
    "24 no cursor": (got("/api/v1/mismatches?cursor=x"), 422, "cursor-invalid"),
    "25 an unknown parameter": (got("/api/v1/units?_method=DELETE"), 422, "unknown-parameter"),
}  # fmt: skip

ELSEWHERE = {
    14: "tests/api/test_authorization.py::test_the_table_of_permissions_decides",
    15: "tests/api/test_reports_later.py",
    16: "tests/api/test_idempotency.py",
    25: "tests/api/test_protocol.py::test_row_25_bare_line_feeds_and_a_missing_host_are_refused",
}
"""Rows, or the rest of rows, that need more than one request or a socket."""

KEPT = ("claim", "evidence", "ledger_import", "ledger_figure", "reconciliation", "report", "idempotency_key")


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_input_has_its_status_and_leaves_nothing(service: Service, case: str) -> None:
    ask, status, code = ROWS[case]

    answer = ask(service)

    assert (answer.status, answer.code) == (status, code), answer.body[:500]
    assert answer.json["type"] == f"/problems/{code}"
    assert answer.json["request_id"]
    assert not any(service.rows(metadata.tables[name]) for name in KEPT)


def test_a_refused_ledger_says_where(service: Service) -> None:
    answer = import_of(cells("members_total=1.5"))(service)

    assert [(f["line"], f["column"]) for f in answer.json["findings"]] == [(2, "members_total")]


def test_row_15_a_stale_or_missing_version_is_refused(service: Service) -> None:
    service.post(REPORTS, report())

    assert service.put(at(""), report()).code == "precondition-required"
    assert service.put(at(""), report(), if_match='"9"').status == 412
    assert service.put(at(""), report(), if_match='"9').status in {400, 412, 422}


def test_row_16_a_key_is_for_one_request(service: Service) -> None:
    other = {"period": "2015-04", "unit": GUANGDONG}
    service.post(IMPORTS, cells().encode(), by="reviewer", content_type=CSV, idempotency_key="k")

    assert service.post(RUNS, other, by="reviewer", idempotency_key="k").code == "idempotency-key-reused"


def names_in(path: str) -> set[str]:
    """The tests of a module."""
    return {
        node.name
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef)
    }


def test_every_row_has_its_case() -> None:
    assert {int(case.split()[0]) for case in ROWS} | ELSEWHERE.keys() == set(range(1, 26))
    for test in ELSEWHERE.values():
        path, _, name = test.partition("::")
        assert not name or name in names_in(path)
