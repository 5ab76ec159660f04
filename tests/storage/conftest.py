"""The stores that tests get: a folder, and a bucket of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from app.storage import Store, open_store
from tests import object_store


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an S3-compatible server."""
    with object_store.running(tmp_path_factory.mktemp("objects")) as url:
        yield url


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store."""
    if request.param == "disk":
        return open_store(str(tmp_path / "evidence"), data_dir=tmp_path)
    url = request.getfixturevalue("object_server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", object_store.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", object_store.SECRET)
    place = f"s3://evidence/{token_hex(8)}?endpoint={url}&region=us-east-1"
    return open_store(place, data_dir=tmp_path)
