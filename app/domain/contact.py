"""The contact of a report: what a phone number is, and how much of a person is shown."""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(1[3-9][0-9])[0-9]{4}([0-9]{4})")
_LANDLINE = re.compile(
    r"(0(?:10|2[0-9]|[3-9][0-9]{2}))"  # 010 and 02x have three digits, all others four
    r"[- ]?[0-9]{3,4}([0-9]{4})"
    r"(?:(?:[- ]|转)[0-9]{1,6})?"
)
_PHONES = (_MOBILE, _LANDLINE)
PHONE = f"^({'|'.join(phone.pattern for phone in _PHONES)})$"
"""Either of them, as a pattern for the OpenAPI document."""


def is_phone(text: str) -> bool:
    """Whether this is a mobile number, or a landline with area code and perhaps an extension (R31)."""
    return any(phone.fullmatch(text) for phone in _PHONES)


def masked_phone(text: str) -> str:
    """138****0000, 020-****0000; of anything else, nothing."""
    if mobile := _MOBILE.fullmatch(text):
        return f"{mobile[1]}****{mobile[2]}"
    if landline := _LANDLINE.fullmatch(text):
        return f"{landline[1]}-****{landline[2]}"
    return "****" if text else ""


def masked_email(text: str) -> str:
    """l***@office.example: the first character, always three stars, and the host."""
    name, at, host = text.partition("@")
    return f"{name[:1]}***{at}{host}"


def masked_name(text: str) -> str:
    """示**: the first character, and always two stars, which do not tell the length."""
    return f"{text[0]}**" if text else ""
