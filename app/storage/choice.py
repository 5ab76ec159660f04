"""Which store a setting names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from app.storage.bucket import BucketStore
from app.storage.disk import DiskStore
from app.storage.store import Store


def open_store(url: str, *, data_dir: Path, with_sm3: bool = False) -> Store:
    """The store at a URL: a folder (`/path`, `file:///path`), or `s3://bucket/prefix?endpoint=…&region=…`.

    ValueError for anything else. Nothing is made or asked before the first use.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        options = dict(parse_qsl(parts.query))
        prefix = parts.path.strip("/")
        return BucketStore(parts.netloc, prefix, options, data_dir / "incoming", with_sm3=with_sm3)
    if parts.scheme in ("", "file") and parts.path:
        return DiskStore(Path(parts.path), with_sm3=with_sm3)
    raise ValueError("a folder, or s3://bucket/prefix?endpoint=…")
