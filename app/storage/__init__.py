"""Files that prove something, kept under the SHA-256 of their content: on a disk, or in an S3-compatible store.

A file is received into a temporary file and hashed on the way, made durable under its hash, and only then
named by a row: a row implies its file, bit for bit (promise 10). Whoever reads a file reads it against its
hash. Access is decided by the rows; this room knows hashes only.
"""

from app.storage.blob import Blob, Corrupted
from app.storage.choice import open_store
from app.storage.incoming import Incoming
from app.storage.scanner import Scanner, is_infected, parse_scanner
from app.storage.store import Store

__all__ = [
    "Blob",
    "Corrupted",
    "Incoming",
    "Scanner",
    "Store",
    "is_infected",
    "open_store",
    "parse_scanner",
]
