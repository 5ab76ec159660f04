"""Contents in an S3-compatible store: created if absent, with a checksum that the store verifies."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore, S3Store

from app.storage.blob import Blob, key_of
from app.storage.incoming import Incoming
from app.storage.store import Store, outage_is_a_problem, unreachable

ONE_PIECE = 8 << 20
"""Up to here a file goes in one request that creates it only if it is absent."""

PART = 5 << 20
"""The smallest part that S3 takes; two of them are in flight, so a large file never fills the memory."""

CLIENT: Any = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=8)}
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=8)}
"""A store that takes requests and never answers is given up within ten seconds; a part takes less than that."""


class BucketStore(Store):
    """Contents in a bucket, below a prefix; files on their way in lie in a folder of this machine.

    `options` are those of the store: endpoint, region, virtual_hosted_style_request and their like. The
    credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), where every tool
    for S3 looks for them.
    """

    def __init__(
        self, bucket: str, prefix: str, options: dict[str, str], spool: Path, *, with_sm3: bool = False
    ) -> None:
        super().__init__(spool, with_sm3=with_sm3)
        self.bucket, self.prefix = bucket, prefix
        self.options: Any = {"checksum_algorithm": "SHA256", "disable_tagging": "true", **options}

    @cached_property
    def objects(self) -> ObjectStore:
        """The bucket; nothing is asked of it before the first use."""
        client: Any = {**CLIENT, "allow_http": self.options.get("endpoint", "").startswith("http://")}
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            config=self.options,
            client_options=client,
            retry_config=RETRIES,
        )

    def keep(self, incoming: Incoming, blob: Blob) -> None:
        """Put the file under its hash, unless an equally long one is there: a hash names one content."""
        key = key_of(blob.sha256)
        with outage_is_a_problem():
            if blob.size <= ONE_PIECE:
                self._create(key, incoming.path)
            elif self._size(key) != blob.size:
                obstore.put(self.objects, key, incoming.path, chunk_size=PART, max_concurrency=2)
        if self._size(key) != blob.size:
            raise unreachable()

    def _create(self, key: str, path: Path) -> None:
        try:
            obstore.put(self.objects, key, path.read_bytes(), mode="create")
        except AlreadyExistsError:
            return

    def _size(self, key: str) -> int | None:
        try:
            with outage_is_a_problem():
                return obstore.head(self.objects, key)["size"]
        except FileNotFoundError:
            return None
