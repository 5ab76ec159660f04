"""The second factor: codes of an authenticator app (RFC 6238), each good once, and codes for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, insert, or_, update

from app.db import Row, Session, prepared
from app.errors import Conflict, Forbidden, Text
from app.models import Account, RecoveryCode

STEP = 30
"""Seconds that a code is shown for; the one before and the one after are taken too (clocks differ)."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 14
"""112 random bits: as many as may be kept under a plain hash (ASVS 6.5.2)."""

ISSUER = "Yuebao"

_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]
_CODES = RecoveryCode.__table__  # type: ignore[attr-defined]
_BEGIN = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"), _ACCOUNTS.c.is_totp_confirmed.is_(False))
    .values(totp_sealed=bindparam("sealed"), totp_step=None)
)
_USE_STEP = prepared(
    update(_ACCOUNTS)
    .where(
        _ACCOUNTS.c.id == bindparam("account"),
        or_(_ACCOUNTS.c.totp_step.is_(None), _ACCOUNTS.c.totp_step < bindparam("step")),
    )
    .values(totp_step=bindparam("step"), is_totp_confirmed=True)
)
_REMOVE = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .values(totp_sealed=None, is_totp_confirmed=False, totp_step=None)
)
_ADD_CODE = prepared(insert(_CODES))
_USE_CODE = prepared(
    delete(_CODES).where(
        _CODES.c.account_id == bindparam("account"), _CODES.c.code_sha256 == bindparam("code")
    )
)
_NO_CODES = prepared(delete(_CODES).where(_CODES.c.account_id == bindparam("account")))


class Seal:
    """Seals secrets with the key of the settings, each for its account; without a key there is no second factor."""

    def __init__(self, key: str) -> None:
        self.is_ready = bool(key)
        self._cipher = AESGCM(hashlib.sha256(b"yuebao second factor\0" + key.encode()).digest())

    def close(self, secret: str, account: str) -> str:
        """The text to keep. Raises Conflict where the settings hold no key."""
        if not self.is_ready:
            raise Conflict(
                Text(
                    "尚未配置两步验证的密钥（YUEBAO_SECRET_KEY），请联系系统管理员",
                    "Second factors are not set up here (YUEBAO_SECRET_KEY); ask the operator",
                ),
                code="second-factor-off",
            )
        nonce = secrets.token_bytes(12)
        return b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), account.encode())).decode()

    def open(self, sealed: str, account: str) -> str | None:
        """The secret again; None when it was sealed with another key or for another account."""
        raw = b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:12], raw[12:], account.encode()).decode()
        except InvalidTag:
            return None


def begin(session: Session, account: Row, *, seal: Seal) -> Row:
    """A new secret, to be confirmed by its first code: {secret, uri}. Raises Conflict when one is in force."""
    secret = pyotp.random_base32()
    sealed = seal.close(secret, account["id"])
    if session.run(_BEGIN, account=account["id"], sealed=sealed) != 1:
        raise Conflict(
            Text("两步验证已启用", "A second factor is in force already"), code="second-factor-in-force"
        )
    uri = pyotp.TOTP(secret).provisioning_uri(name=account["name"], issuer_name=ISSUER)
    return {"secret": secret, "uri": uri}


def confirm(session: Session, account: Row, code: str, *, seal: Seal, now: datetime) -> list[str]:
    """Put the secret in force by its first code; gives the recovery codes, which are kept as hashes only."""
    if account["is_totp_confirmed"] or not _take_code(session, account, code, seal=seal, now=now):
        raise wrong_code()
    made = [_grouped(secrets.token_hex(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    session.run(_NO_CODES, account=account["id"])
    session.many(
        _ADD_CODE, [{"account_id": account["id"], "code_sha256": _sha256(_plain(one))} for one in made]
    )
    return made


def is_good(session: Session, account: Row, code: str, *, seal: Seal, now: datetime) -> bool:
    """Whether a code proves the second factor, and use it up: a code of the app, or a recovery code."""
    if _take_code(session, account, code, seal=seal, now=now):
        return True
    return session.run(_USE_CODE, account=account["id"], code=_sha256(_plain(code))) == 1


def remove(session: Session, account_id: str) -> None:
    """Forget the secret and the recovery codes."""
    session.run(_REMOVE, account=account_id)
    session.run(_NO_CODES, account=account_id)


def wrong_code() -> Forbidden:
    """403 for a code that is wrong, old, or was used before."""
    return Forbidden(
        Text(
            "验证码不正确或已用过，请等待下一个验证码", "The code is wrong or was used; wait for the next one"
        ),
        code="second-factor-refused",
    )


def _take_code(session: Session, account: Row, code: str, *, seal: Seal, now: datetime) -> bool:
    secret = seal.open(account["totp_sealed"], account["id"]) if account["totp_sealed"] else None
    if secret is None:
        return False
    generator = pyotp.TOTP(secret)
    at = int(now.timestamp()) // STEP
    steps = [s for s in (at - 1, at, at + 1) if hmac.compare_digest(generator.generate_otp(s), _digits(code))]
    # The statement compares with the step stored now, so two requests with one code cannot both pass.
    return any(session.run(_USE_STEP, account=account["id"], step=step) == 1 for step in steps)


def _grouped(code: str) -> str:
    """In groups of seven, to be written down."""
    return "-".join(code[at : at + 7] for at in range(0, len(code), 7))


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()


def _digits(code: str) -> str:
    text = code.replace(" ", "")
    return text if text.isascii() else ""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
