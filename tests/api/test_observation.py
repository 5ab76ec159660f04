"""What the operator sees: one line of JSON a request, two metrics, and nothing secret in either."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.api.observation import BufferedLines, masked
from tests.api.asgi import JSON, call
from tests.api.small_app import EXAMPLE, NOW, small_app

REPORTS = "/api/v1/reports"
REPORT = "/api/v1/reports/2015-04/440100"
GOOD = json.dumps(EXAMPLE).encode()


def test_each_request_is_one_line_of_json_without_secrets() -> None:
    lines: list[str] = []
    app = small_app(lines)
    call(app, "GET", f"{REPORT}?token=yb_secret", ("x-request-id", "r-1"))
    call(app, "GET", "/api/v1/x/13800000000/\u001b[31m/110101199003070000/Yb7secret")
    call(app, "POST", REPORTS, JSON, body=GOOD)
    first, second, third = map(json.loads, lines)

    assert first["request_id"] == "r-1"
    assert first["path"] == REPORT
    assert first["route"] == "/api/v1/reports/{period}/{unit}"
    assert (first["status"], first["actor"], first["client"]) == (422, "token-1", "192.0.2.1")
    assert first["at"] == NOW.isoformat()
    assert second["path"] == "/api/v1/x/*/*/*/*"
    assert second["route"] == "unmatched"
    assert (third["status"], third["declared"]) == (201, len(GOOD))
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        assert "secret" not in line
        assert "yb_good" not in line


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/v1/reports/2015-04/440100/form.xlsx", "/api/v1/reports/2015-04/440100/form.xlsx"),
        ("/api/v1/units/440606001", "/api/v1/units/440606001"),
        ("/api/v1/units/12345678", "/api/v1/units/*"),
        ("/a/\u5f20\u4e09", "/a/*"),
        ("/", "/"),
        ("/a" * 40, "/a" * 11 + "/*"),
    ],
)
def test_a_logged_path_shows_words_periods_and_codes_only(path: str, shown: str) -> None:
    assert masked(path) == shown


def test_lines_are_flushed_soon_and_together(tmp_path: Any) -> None:
    async def write(stream: Any) -> tuple[str, str]:
        lines = BufferedLines(stream, delay=0.02)
        lines("one")
        lines("two")
        before = path.read_text()
        await asyncio.sleep(0.1)
        return before, path.read_text()

    path = tmp_path / "log"
    with path.open("w") as stream:
        assert asyncio.run(write(stream)) == ("", "one\ntwo\n")


def test_metrics_count_by_route_template_and_never_by_path() -> None:
    app = small_app()
    call(app, "GET", REPORT)
    call(app, "GET", REPORT)
    call(app, "GET", "/api/v1/13800000000")
    text = app.metrics.response().body.decode()

    assert (
        'yuebao_http_requests_total{method="GET",route="/api/v1/reports/{period}/{unit}",status="200"} 2.0'
        in text
    )
    assert 'yuebao_http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert "yuebao_http_request_seconds_bucket" in text
    assert "13800000000" not in text
