"""Bodies and answers of `/sessions`, `/accounts`, `/tokens` and of a unit's contact."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.api.schemas.shapes import Body, Out, UnitCode
from app.domain.contact import PHONE
from app.domain.permission import OPENED_BY_SCOPE, Role

Scope = Annotated[str, Field(json_schema_extra={"enum": sorted(OPENED_BY_SCOPE)})]
RoleName = Literal["reporter", "reviewer", "integrator", "auditor", "administrator"]
Password = Annotated[str, Field(min_length=1, max_length=256, examples=["example-only-4711"])]
Code = Annotated[str, Field(max_length=40, examples=["123456"])]
Reason = Annotated[str, Field(min_length=2, max_length=500)]


_MARKS = "!#-'*+/0-9=?A-Z^-~-"
_EMAIL = rf"^[{_MARKS}.]+@[{_MARKS}.]*[{_MARKS}]\.[{_MARKS}.]*[{_MARKS}][{_MARKS}.]*$"
Email = Annotated[str, Field(json_schema_extra={"pattern": _EMAIL})]
"""An address as the service judges it (app.services.mail.is_email), which names what is wrong better than a pattern."""


class SignInIn(Body):
    """A name and a password; `code` where the account has a second factor."""

    name: str = Field(min_length=1, max_length=80, examples=["li.example"])
    password: Password
    code: Code = ""


class GrantIn(Body):
    """A role at a unit; it reaches the unit's subtree."""

    role: Role = Field(strict=False)
    unit: UnitCode


class GrantOut(Out):
    """A role at a unit."""

    role: RoleName
    unit: UnitCode


class SessionOut(Out):
    """Who is asking. `needs` names what must be done before anything else: `password`, `second-factor`, or null."""

    id: str
    name: str
    kind: str
    needs: str | None
    second_factor: bool
    grants: list[GrantOut]


class AccountIn(Body):
    """A person who is to sign in, at the unit that they work for."""

    name: str = Field(
        min_length=2,
        max_length=40,
        json_schema_extra={"pattern": "^[a-z0-9][a-z0-9._-]*$"},
        examples=["li.example"],
    )
    display_name: str = Field(min_length=1, max_length=80, examples=["示例李"])
    unit: UnitCode


class AccountOut(Out):
    """An account. `initial_password` is shown once, by the call that made it."""

    id: str
    name: str
    display_name: str
    unit: UnitCode
    disabled_at: datetime | None
    password_initial: bool
    second_factor: bool
    grants: list[GrantOut]
    pending: list[GrantOut]
    created_at: datetime
    created_by: str
    committed: bool


class AccountPage(Out):
    """Accounts by name."""

    items: list[dict[str, Any]]
    next: str | None


class PasswordIn(Body):
    """One's password and the one to replace it."""

    current: Password
    new: Password


class ConfirmedIn(Body):
    """One's password, typed again."""

    password: Password


class CodeIn(Body):
    """A code of the authenticator app."""

    code: Code


class SecondFactorOut(Out):
    """What to enter in an authenticator app."""

    secret: str
    uri: str


class RecoveryCodesOut(Out):
    """Codes that replace the app once each; shown this once."""

    recovery_codes: list[str]


class TokenIn(Body):
    """A token for a machine: the role is integrator."""

    name: str = Field(min_length=1, max_length=80, examples=["示例：数据交换"])
    unit: UnitCode
    scopes: list[Scope] = Field(default_factory=list, max_length=10)
    networks: list[str] = Field(default_factory=list, max_length=50, examples=[["192.0.2.0/24"]])
    days: int = Field(default=365, ge=1, le=365)


class TokenOut(Out):
    """A token without its secret; `token` is shown once, by the call that made it."""

    id: str
    name: str
    role: RoleName
    unit: UnitCode
    scopes: list[str]
    networks: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenPage(Out):
    """Tokens, oldest first."""

    items: list[TokenOut]
    next: str | None


class PersonInChargeIn(Body):
    """Who is in charge from now on."""

    name: str = Field(min_length=1, max_length=40, examples=["示例甲"])
    phone: str = Field(
        min_length=1, max_length=40, examples=["13800000000"], json_schema_extra={"pattern": PHONE}
    )
    email: Email | None = Field(default=None, max_length=254, examples=["li@office.example"])


class ContactOut(Out):
    """Who is or was in charge; masked unless the unit itself asks or a reason was given.

    An answer that is repeated under its `Idempotency-Key` has no name and no phone: it outlives the hand-over.
    """

    unit: UnitCode
    number: int
    name: str | None
    phone: str | None
    email: str | None
    masked: bool
    from_at: datetime
    from_by: str
    until_at: datetime | None
    until_by: str | None


class ContactList(Out):
    """Everybody who was in charge, the latest first."""

    items: list[ContactOut]


class RevealIn(Body):
    """Why the number is needed; the unit can read it."""

    reason: Reason
