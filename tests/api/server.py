"""A real uvicorn with the deadline protocol, in a thread, for tests that need sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from app.api.protocol import DeadlineProtocol


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """The address of a server that runs while the block does."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=DeadlineProtocol,
        ws="none",
        server_header=False,
        access_log=False,
        log_config=None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
