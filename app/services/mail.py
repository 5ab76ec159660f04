"""E-mail by SMTP: one message to one addressee."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SECONDS = 10.0
"""How long a server may take to answer a step."""


class Mailbox(NamedTuple):
    """A server and the sender's address. `security` is smtps, starttls or none."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = ""


def parse_mailbox(url: str) -> Mailbox:
    """`smtps://user:password@host:465/sender@office.example`, `smtp://…` (STARTTLS), `smtp+plain://…`.

    ValueError for anything else.
    """
    parts = urlsplit(url)
    kinds = {"smtps": ("smtps", 465), "smtp": ("starttls", 587), "smtp+plain": ("none", 25)}
    security, port = kinds.get(parts.scheme, ("", 0))
    sender = unquote(parts.path.lstrip("/"))
    if not security or not parts.hostname or not is_email(sender):
        raise ValueError("smtps://user:password@host:465/sender@office.example")
    return Mailbox(
        parts.hostname,
        parts.port or port,
        security,
        sender,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def is_email(text: str) -> bool:
    """Whether this can be an address: visible ASCII with one @ between a name and a host with a dot."""
    name, at, host = text.partition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' ,;:<>()[]\\"')
    return bool(plain and name and at and "." in host.strip(".") and "@" not in host) and len(text) <= 254


@contextmanager
def connected(mailbox: Mailbox) -> Iterator[smtplib.SMTP]:
    """A session with the server, signed in where a user is given. Raises OSError or SMTPException."""
    tls = ssl.create_default_context()
    with _dialled(mailbox, tls) as server:
        if mailbox.security == "starttls":
            server.starttls(context=tls)
        if mailbox.user:
            server.login(mailbox.user, mailbox.password)
        yield server


def _dialled(mailbox: Mailbox, tls: ssl.SSLContext) -> smtplib.SMTP:
    if mailbox.security == "smtps":
        return smtplib.SMTP_SSL(mailbox.host, mailbox.port, timeout=SECONDS, context=tls)
    return smtplib.SMTP(mailbox.host, mailbox.port, timeout=SECONDS)


def letter(*, sender: str, to: str, subject: str, text: str, message_id: str, at: datetime) -> EmailMessage:
    """A plain-text message; the address can hold no line break (`is_email`), nor can the subject."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message_id}@{sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made
