"""The files of this repository, as git knows them: what is committed and what would be."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GIT = ["git", "-c", "safe.directory=*"]
"""The checkout may belong to another user, as in a container; nothing of it is executed by these calls."""


def tracked(*patterns: str) -> list[Path]:
    """Files that match a pattern, relative to the root; new ones count, ignored ones do not."""
    listed = subprocess.run(
        [*GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = [Path(name) for name in listed.split("\0") if name]
    return sorted({path for path in paths if (ROOT / path).is_file()})


def texts() -> dict[str, str]:
    """Path and content of every text file."""
    found = {}
    for path in tracked():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8192]:
            found[str(path)] = content.decode(errors="replace")
    return found
