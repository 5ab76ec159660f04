"""Names of files that people send: shown again to people, never used as a path."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from app.domain.normal_form import normal
from app.errors import Finding, Invalid, Severity, Text

LONGEST = 255
_NEVER = frozenset('/\\:*?"<>|\ufffd')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def checked_filename(name: str) -> str:
    """The name in its normal form. Raises Invalid (`invalid-filename`).

    Refused are separators of folders, characters that one does not see (also those that turn the direction of
    writing, which make an .exe look like a .pdf), and more than 255 bytes.
    """
    kept = normal("NFC", name)
    if not kept or len(kept.encode("utf-8", "surrogatepass")) > LONGEST:
        raise invalid_filename()
    if any(c in _NEVER or unicodedata.category(c) in _INVISIBLE for c in kept):
        raise invalid_filename()
    if kept != kept.strip() or kept.startswith(".") or kept.endswith("."):
        raise invalid_filename()
    return kept


def disposition(name: str) -> str:
    """The Content-Disposition under which a file is only ever saved (RFC 6266)."""
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def invalid_filename() -> Invalid:
    """422 for a name that cannot be shown as it is."""
    text = Text(
        '文件名须为1至255字节，不含路径、不可见字符或 / \\ : * ? " < > |，请改名后重试',
        "A file name has 1 to 255 bytes, no folders and no invisible characters; rename it and try again",
    )
    found = Finding("invalid-filename", "invalid-filename", Severity.ERROR, "/query/filename", text)
    return Invalid(text, code="invalid-filename", findings=[found])
