"""Evidence behind a virus scanner: clean files pass, infected ones are refused, and without it nothing is taken."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.models import metadata
from app.storage import parse_scanner
from app.storage.scanner import Scanner
from tests.api.test_evidence import RAW, files, upload
from tests.domain.files import PDF
from tests.scanner import VIRUS, Clam, scanning
from tests.service import Asked, Service

EVIDENCE = metadata.tables["evidence"]


@pytest.fixture
def clam(service: Service) -> Iterator[Clam]:
    with scanning() as found:
        service.app.state.scanner = parse_scanner(found.url)
        yield found


def test_a_clean_file_is_read_whole_and_stored(service: Service, clam: Clam) -> None:
    large = PDF + b"\n%" + b"x" * 700_000 + b"\n%%EOF\n"

    assert upload(service, large).status == 201
    assert clam.scanned == [large]


def test_an_infected_file_is_refused_and_not_kept(service: Service, clam: Clam, tmp_path: Path) -> None:
    answer = upload(service, PDF + VIRUS)

    assert (answer.status, answer.code, answer.places) == (422, "file-infected", {"": "file-infected"})
    assert "Eicar" not in answer.body.decode()
    assert service.rows(EVIDENCE) == files(tmp_path) == []


def test_a_dry_run_is_scanned_too(service: Service, clam: Clam) -> None:
    path = "/api/v1/evidence?filename=a.pdf&dry_run=true"

    assert service.ask(Asked("POST", path, "guangzhou", PDF + VIRUS, RAW)).status == 422


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"ERROR\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: OK and more\0",
        b"OK" * 4000,
    ],
)
def test_without_a_verdict_nothing_is_taken(
    service: Service, clam: Clam, answer: bytes, tmp_path: Path
) -> None:
    clam.answer = answer

    refused = upload(service)

    assert (refused.status, refused.code) == (503, "unavailable")
    assert "retry-after" in refused.headers
    assert service.rows(EVIDENCE) == files(tmp_path) == []


def test_a_scanner_that_is_down_closes_the_way(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service.app.state.scanner = Scanner("127.0.0.1", taken.getsockname()[1])
    assert upload(service).status == 503
    service.app.state.scanner = Scanner("/nowhere/clamd.ctl", None)
    assert upload(service).status == 503


def test_a_scanner_that_hangs_up_closes_the_way(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            connection, _ = listening.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        service.app.state.scanner = Scanner("127.0.0.1", listening.getsockname()[1])
        assert upload(service).status == 503
        thread.join()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tcp://clamav:3310", Scanner("clamav", 3310)),
        ("tcp://[::1]:3310", Scanner("::1", 3310)),
        ("unix:/run/clamav/clamd.ctl", Scanner("/run/clamav/clamd.ctl", None)),
    ],
)
def test_a_scanner_is_named_by_an_address_or_a_socket(url: str, expected: Any) -> None:
    assert parse_scanner(url) == expected


@pytest.mark.parametrize(
    "url", ["", "clamav:3310", "http://clamav:3310", "tcp://clamav", "unix:clamd", "tcp://:1"]
)
def test_anything_else_is_no_scanner(url: str) -> None:
    with pytest.raises(ValueError, match="tcp"):
        parse_scanner(url)
