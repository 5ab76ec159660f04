"""Evidence over HTTP: what is stored, for whom, and how it comes back."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from urllib.parse import quote

import pytest

from app.models import AuditEvent, Evidence, OutboxEvent
from tests.domain.files import PDF, PNG, docx
from tests.service import Answer, Asked, Service

RAW = {"content-type": "application/octet-stream"}


def upload(
    service: Service,
    content: bytes = PDF,
    name: str = "新闻稿.pdf",
    by: str | None = "guangzhou",
    **headers: str,
) -> Answer:
    path = f"/api/v1/evidence?filename={quote(name)}"
    return service.ask(Asked("POST", path, by, content, {**RAW, **headers}))


def files(folder: Path) -> list[Path]:
    """Whatever lies under the folder of evidence."""
    return [path for path in (folder / "evidence").rglob("*") if path.is_file()]


def test_a_file_is_stored_under_its_hash_and_named_by_a_row(service: Service, tmp_path: Path) -> None:
    answer = upload(service)

    sha256 = hashlib.sha256(PDF).hexdigest()
    assert answer.status == 201
    assert answer.headers["location"] == f"/api/v1/evidence/{answer.json['id']}"
    assert {k: answer.json[k] for k in ("sha256", "size", "media_type", "filename", "unit")} == {
        "sha256": sha256,
        "size": len(PDF),
        "media_type": "application/pdf",
        "filename": "新闻稿.pdf",
        "unit": "440100",
    }
    assert files(tmp_path) == [tmp_path / "evidence" / sha256[:2] / sha256[2:4] / sha256]
    assert service.rows(AuditEvent.__table__)[-1]["action"] == "evidence.upload"
    assert service.rows(OutboxEvent.__table__)[-1]["kind"] == "evidence.uploaded"


def test_a_file_comes_back_as_it_was_and_only_ever_as_an_attachment(service: Service) -> None:
    evidence = upload(service).json["id"]

    answer = service.get(f"/api/v1/evidence/{evidence}/content")

    assert (answer.status, answer.body) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


RANGES = [("bytes=0-3", 206, PDF[:4]), ("bytes=5-", 206, PDF[5:]), ("bytes=-6", 206, PDF[-6:])]


@pytest.mark.parametrize(("asked", "status", "expected"), RANGES)
def test_one_range_of_a_file_can_be_asked_for(
    service: Service, asked: str, status: int, expected: bytes
) -> None:
    evidence = upload(service).json["id"]

    answer = service.get(f"/api/v1/evidence/{evidence}/content", range=asked)

    assert (answer.status, answer.body) == (status, expected)
    assert answer.headers["content-range"].endswith(f"/{len(PDF)}")


def test_a_range_outside_the_file_is_refused(service: Service) -> None:
    evidence = upload(service).json["id"]

    assert service.get(f"/api/v1/evidence/{evidence}/content", range="bytes=9999-").status == 416


def test_a_file_that_changed_on_the_disk_is_given_to_nobody(service: Service, tmp_path: Path) -> None:
    evidence = upload(service).json["id"]
    (stored,) = files(tmp_path)
    stored.write_bytes(PDF[:-2] + b"!\n")

    with pytest.raises(AssertionError, match='"status":500'):  # which a test may not see
        service.get(f"/api/v1/evidence/{evidence}/content")


REFUSED = {
    "a page called pdf": (b"<html><script>alert(1)</script></html>", "a.pdf", 415, "file-type-mismatch"),
    "a page": (b"<html></html>", "a.html", 415, "file-type-mismatch"),
    "nothing": (b"", "a.pdf", 415, "file-type-mismatch"),
    "a path as name": (PDF, "../../x.pdf", 422, "invalid-filename"),
    "a name with a line break": (PDF, "a\r\n.pdf", 422, "invalid-filename"),
    "a name with NUL": (PDF, "a\x00.pdf", 422, "invalid-filename"),
    "a name written backwards": (PDF, "fdp.\u202eexe.pdf", 422, "invalid-filename"),
    "a name of 256 bytes": (PDF, "a" * 252 + ".pdf", 422, "invalid-filename"),
    "macros": (docx(xl__macrosheets__a=b"x"), "a.docx", 422, "unsafe-document"),
    "a bomb": (docx(word__x=bytes(4 << 20)), "a.docx", 422, "archive-too-large"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_file_leaves_nothing(service: Service, tmp_path: Path, case: str) -> None:
    content, name, status, code = REFUSED[case]

    answer = upload(service, content, name)

    assert (answer.status, answer.code) == (status, code)
    assert files(tmp_path) == []
    assert service.rows(Evidence.__table__) == []


def test_a_file_that_is_not_the_announced_one_is_refused(service: Service, tmp_path: Path) -> None:
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    same = base64.b64encode(hashlib.sha256(PDF).digest()).decode()

    refused = upload(service, **{"repr-digest": f"sha-256=:{other}:"})

    assert (refused.status, refused.code) == (422, "digest-mismatch")
    assert files(tmp_path) == []
    assert upload(service, **{"repr-digest": f"sha-256=:{same}:"}).status == 201


def test_a_dry_run_judges_the_file_and_keeps_nothing(service: Service, tmp_path: Path) -> None:
    path = "/api/v1/evidence?filename=a.pdf&dry_run=true"

    answer = service.ask(Asked("POST", path, "guangzhou", PDF, RAW))

    assert (answer.status, answer.json["committed"], answer.json["id"]) == (200, False, None)
    assert files(tmp_path) == []
    assert service.rows(Evidence.__table__) == []


def test_a_repeated_upload_with_a_key_makes_one_row(service: Service) -> None:
    first = upload(service, **{"idempotency-key": "one"})

    again = upload(service, **{"idempotency-key": "one"})
    other = upload(service, PNG, "a.png", **{"idempotency-key": "one"})

    assert again.body == first.body
    assert again.headers["idempotent-replayed"] == "true"
    assert other.code == "idempotency-key-reused"
    assert len(service.rows(Evidence.__table__)) == 1


@pytest.mark.parametrize("by", ["shaoguan", "changsha", "reviewer", "hunan", "colleague_of_nobody"])
def test_an_unclaimed_file_is_absent_for_all_but_its_unit(service: Service, by: str) -> None:
    evidence = upload(service).json["id"]
    service.tokens["colleague_of_nobody"] = service.tokens["shunde"]

    absent = service.get("/api/v1/evidence/" + "0" * 32, by=by)
    for path in (f"/api/v1/evidence/{evidence}", f"/api/v1/evidence/{evidence}/content"):
        answer = service.get(path, by=by)

        assert answer.status == 404
        assert {**answer.json, "instance": 0, "request_id": 0} == {
            **absent.json,
            "instance": 0,
            "request_id": 0,
        }


@pytest.mark.parametrize("by", ["reviewer", "integrator", "auditor", "administrator"])
def test_only_reporters_send_files(service: Service, tmp_path: Path, by: str) -> None:
    answer = upload(service, by=by)

    assert (answer.status, answer.code) == (403, "forbidden")
    assert files(tmp_path) == []


def test_a_colleague_of_the_unit_reads_the_file(service: Service) -> None:
    evidence = upload(service).json["id"]

    assert service.get(f"/api/v1/evidence/{evidence}", by="colleague").status == 200


def test_a_token_for_reports_does_not_send_files(service: Service) -> None:
    assert upload(service, by="scoped").code == "forbidden"


def test_a_unit_may_store_no_more_than_its_quota(service: Service, tmp_path: Path) -> None:
    service.app.state.evidence_quota = len(PDF) + 1
    upload(service)

    answer = upload(service, PNG, "a.png")

    assert (answer.status, answer.code) == (413, "evidence-quota")
    assert len(files(tmp_path)) == 1
    assert upload(service, PNG, "a.png", by="shaoguan").status == 201
