"""Contents in a folder: a rename within one file system, with every folder on the way brought to the disk."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from obstore.store import LocalStore, ObjectStore

from app.storage.blob import Blob, aside_key_of, key_of
from app.storage.incoming import Incoming, no_space_is_a_problem
from app.storage.store import Store


class DiskStore(Store):
    """Contents below `root`; files on their way in lie in the same file system."""

    def __init__(self, root: Path, *, with_sm3: bool = False) -> None:
        super().__init__(root / "incoming", with_sm3=with_sm3)
        self.root = root

    @cached_property
    def objects(self) -> ObjectStore:
        """The folder; made when it is first needed."""
        self.root.mkdir(parents=True, exist_ok=True)
        return LocalStore(self.root)

    def keep(self, incoming: Incoming, blob: Blob) -> None:
        """Rename into place and sync each folder from there up to the root's own parent.

        They are synced even when they were there: another upload may have made them a moment ago and not
        have come to its own sync yet. An equal content that is there already is replaced, which gives it a
        new age and heals it.
        """
        target = self.root / key_of(blob.sha256)
        with no_space_is_a_problem():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming.path, target)
            for folder in (target.parent, target.parent.parent, self.root, self.root.parent):
                sync_folder(folder)

    def set_aside(self, sha256: str) -> None:
        """Move a content out of the way; its age counts anew from now."""
        source, target = self.root / key_of(sha256), self.root / aside_key_of(sha256)
        target.parent.mkdir(exist_ok=True)
        os.utime(source)
        os.replace(source, target)

    def restore(self, sha256: str) -> None:
        """Take a content back into use."""
        target = self.root / key_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.root / aside_key_of(sha256), target)
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: only then does a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
