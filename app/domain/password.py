"""What a password must be: long enough, and not one that many people would think of."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from zxcvbn import zxcvbn

from app.errors import Finding, Severity, Text

SHORTEST, LONGEST = 10, 128
"""In characters. Kinds of characters are not counted: that only makes people write `Passw0rd!` (ASVS 6.2.5)."""

STRONG = 3
"""zxcvbn's score from which a stolen hash is not worth the work: 10^8 guesses and more."""

_JUDGED = 72
"""Characters that are judged; the judgement of a longer text would take seconds and say nothing new."""

_LENGTH = Text(f"密码须为{SHORTEST}至{LONGEST}个字符", f"A password has {SHORTEST} to {LONGEST} characters")
_WEAK = Text(
    "密码过于常见或容易猜到，请换用几个互不相关的词或更长的密码",
    "The password is too common or easy to guess; use several unrelated words or a longer one",
)


def canonical_password(password: str) -> str:
    """One text however the keyboard composed it (NFKC), so that the same password opens on every machine."""
    return normalize("NFKC", password)


def password_findings(password: str, *, about: Sequence[str], pointer: str) -> list[Finding]:
    """What is wrong with a new password. `about` are words that an attacker knows: names, the unit."""
    if not SHORTEST <= len(password) <= LONGEST:
        return [Finding("password-length", "password-length", Severity.ERROR, pointer, _LENGTH)]
    judged = zxcvbn(password[:_JUDGED], user_inputs=list(about))
    if judged["score"] < STRONG:
        return [Finding("password-weak", "password-weak", Severity.ERROR, pointer, _WEAK)]
    return []
