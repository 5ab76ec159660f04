"""The server as this service needs it."""

from __future__ import annotations

import uvicorn


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
    )
