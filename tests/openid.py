"""A real OpenID provider (Authlib's, by oidc-provider-mock) in a process of its own, that insists on PKCE.

As a program: `python -m tests.openid PORT`. It runs apart because its packages warn when they are imported.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

from tests.house.repository import ROOT

CLIENT = "yuebao-test"
SECRET = "示例/secret:4711"


class Quiet(WSGIRequestHandler):
    """Writes no lines."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Pkce:
    """The provider, which does not know PKCE, behind a door that checks it: no verifier, no token."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.challenges: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = parse_qs(environ["QUERY_STRING"])
        if environ["PATH_INFO"].endswith("/token"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = import_module("io").BytesIO(body)
            sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if self.challenges.pop(sent["code"], None) != challenge:
                start("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error":"invalid_grant"}']

        def note(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            location = dict(headers).get("Location", "")
            code = parse_qs(urlsplit(location).query).get("code")
            if code and query.get("code_challenge_method") == ["S256"]:
                self.challenges[code[0]] = query["code_challenge"][0]
            return start(status, headers, *more)

        return self.app(environ, note)


@contextmanager
def running() -> Iterator[str]:
    """The issuer of a provider that runs until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = os.environ | {"PYTHONPATH": str(ROOT), "AUTHLIB_INSECURE_TRANSPORT": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.openid", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=settings)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the provider did not start")


def consent(address: str, subject: str) -> dict[str, str]:
    """What a person's browser brings back after saying at the provider who it is: the answer's parameters."""
    parts = urlsplit(address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"{parts.path}?{parts.query}", urlencode({"sub": subject}), headers)
    answer = connection.getresponse()
    location = answer.getheader("Location")
    connection.close()
    assert location, (answer.status, parts.path)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


if __name__ == "__main__":
    provider = import_module("oidc_provider_mock").app(require_nonce=True)
    provider.debug = False
    assert re.fullmatch(r"[0-9]+", sys.argv[1])
    make_server("127.0.0.1", int(sys.argv[1]), Pkce(provider), handler_class=Quiet).serve_forever()
