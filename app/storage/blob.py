"""A stored content: what it is known by, where it lies, and what is said when it is not what it was."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.errors import Problem, Text

KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
SET_ASIDE = "quarantine"


class Blob(NamedTuple):
    """A content by its hash. `sm3` is the second digest (GM/T 0004), when the service keeps one."""

    sha256: str
    size: int
    sm3: str | None = None


class Corrupted(Problem):
    """A stored file is missing or is not the one that was stored: nobody is given it."""

    default_code = "evidence-corrupted"
    default_title = Text(
        "存储的材料已损坏或丢失，请联系系统管理员",
        "The stored file is damaged or missing; tell the administrator",
    )


def key_of(sha256: str) -> str:
    """Where a content lies: two levels of folders, so that none holds too many files."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def aside_key_of(sha256: str) -> str:
    """Where a content lies that nothing refers to any more, for a week."""
    return f"{SET_ASIDE}/{sha256}"
