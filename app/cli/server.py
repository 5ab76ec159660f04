"""The server as this service needs it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import uvicorn


class JsonLines(logging.Formatter):
    """What uvicorn and libraries have to say, one JSON object a line like the lines of requests.

    Of an exception its type is told, not its text, which may quote what was sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """ASCII only, so that nothing in a message can begin another line."""
        line: dict[str, Any] = {
            "event": "server",
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__qualname__
        return json.dumps(line, ensure_ascii=True, separators=(",", ":"))


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


def run_server(host: str, port: int, workers: int = 1) -> None:
    """Run uvicorn on the settings of the environment: a strict parser, no access log of its own, a bounded farewell."""
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="app.api.protocol:DeadlineProtocol",
        ws="none",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=20,
        log_level="warning",
        log_config=LOGGING,
    )
