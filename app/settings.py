"""The settings, read once from the environment (prefix YUEBAO_) by main and cli, then passed down."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LEVELS = ("prefecture", "county", "township")
"""The levels at which a meeting needs evidence, unless the setting names fewer."""

ROLES = ("reporter", "reviewer", "auditor", "administrator")
"""The roles of people, who can have a second factor; integrators are machines."""

SHORTEST_KEY = 32


_MAILBOX = re.compile(r"(smtps|smtp|smtp\+plain)://([^@/]+@)?[^@/]+/[^@/]+(@|%40)[^@/]+")
_SCANNER = re.compile(r"tcp://[^/@]+:[0-9]{1,5}|unix:/.+")


class Environment(StrEnum):
    """What the service runs for."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class DeadlineShift(StrEnum):
    """What a deadline does on a day off; replaces the form's own policy when set."""

    NONE = "none"
    NEXT_WORKDAY = "next_workday"
    HOLIDAYS_ONLY = "holidays_only"
    PREVIOUS_WORKDAY = "previous_workday"


class Settings(BaseSettings):
    """Each field is the variable YUEBAO_<NAME>; docs/settings.md explains each one."""

    model_config = SettingsConfigDict(env_prefix="YUEBAO_", extra="forbid", frozen=True)

    env: Environment = Environment.PRODUCTION
    data_dir: Path = Path("var")
    database_url: str = ""
    clock: datetime | None = None
    deadline_shift: DeadlineShift | None = None
    max_json_bytes: int = Field(default=1 << 20, ge=1 << 10)
    max_ledger_bytes: int = Field(default=1 << 30, ge=1 << 10)
    evidence_url: str = ""
    evidence_levels: str = ",".join(LEVELS)
    evidence_sm3: bool = False
    evidence_quota_bytes: int = Field(default=20 << 30, ge=1 << 10)
    max_evidence_bytes: int = Field(default=1 << 30, ge=1 << 10)
    allowed_hosts: str = "*"
    worker: bool = True
    webhook_hosts: str = ""
    smtp_url: str = ""
    audit_anchor: str = ""
    clamd_url: str = ""
    session_idle_minutes: int = Field(default=30, ge=1, le=480)
    session_hours: int = Field(default=8, ge=1, le=24)
    secret_key: SecretStr = SecretStr("")
    second_factor_for: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_return_url: str = ""
    oidc_networks: str = ""

    @model_validator(mode="after")
    def check_clock(self) -> Settings:
        """A service that judges deadlines must not run on an invented clock in production."""
        if self.clock is not None:
            if self.env is Environment.PRODUCTION:
                raise ValueError("YUEBAO_CLOCK is refused when YUEBAO_ENV is production")
            if self.clock.tzinfo is None:
                raise ValueError("YUEBAO_CLOCK needs an offset, for example 2015-04-24T09:00:00+08:00")
        return self

    @field_validator("evidence_levels")
    @classmethod
    def check_levels(cls, value: str) -> str:
        """One or more of the levels, each once, parted by commas."""
        named = value.split(",")
        if len(set(named)) != len(named) or not set(named) <= set(LEVELS):
            raise ValueError(f"takes one or more of {', '.join(LEVELS)}, parted by commas")
        return value

    @field_validator("secret_key")
    @classmethod
    def check_secret_key(cls, value: SecretStr) -> SecretStr:
        """Nothing, or a text too long to be guessed."""
        if 0 < len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(
                f"takes {SHORTEST_KEY} characters or more, for example from: openssl rand -hex 32"
            )
        return value

    @field_validator("second_factor_for")
    @classmethod
    def check_roles(cls, value: str) -> str:
        """Roles, each once, parted by commas."""
        named = value.split(",") if value else []
        if len(set(named)) != len(named) or not set(named) <= set(ROLES):
            raise ValueError(f"takes some of {', '.join(ROLES)}, parted by commas")
        return value

    @model_validator(mode="after")
    def check_second_factor(self) -> Settings:
        """Whoever must have a second factor must be able to set one up."""
        if self.second_factor_for and not self.secret_key.get_secret_value():
            raise ValueError("YUEBAO_SECOND_FACTOR_FOR needs YUEBAO_SECRET_KEY")
        return self

    @model_validator(mode="after")
    def check_provider(self) -> Settings:
        """A provider needs all of its settings, by HTTPS in production."""
        named = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret.get_secret_value())
        if any(named) and not all((*named, self.oidc_return_url)):
            raise ValueError("YUEBAO_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET and _RETURN_URL go together")
        urls = [url for url in (self.oidc_issuer, self.oidc_return_url) if url]
        if self.env is Environment.PRODUCTION and not all(url.startswith("https://") for url in urls):
            raise ValueError("YUEBAO_OIDC_ISSUER and YUEBAO_OIDC_RETURN_URL begin with https://")
        return self

    @field_validator("oidc_networks")
    @classmethod
    def check_networks(cls, value: str) -> str:
        """Networks, parted by commas. Raises ValueError, with ipaddress's own words, for anything else."""
        for text in filter(None, value.split(",")):
            ip_network(text.strip())
        return value

    @field_validator("evidence_url")
    @classmethod
    def check_evidence_url(cls, value: str) -> str:
        """Only the shape; whether the store answers is seen when it is first used."""
        if value.partition("://")[0] not in ("s3", "file") and "://" in value:
            raise ValueError("takes a folder, or s3://bucket/prefix?endpoint=…&region=…")
        return value

    @field_validator("smtp_url")
    @classmethod
    def check_smtp_url(cls, value: str) -> str:
        """A server, a sender, and how the way there is secured."""
        if value and not _MAILBOX.fullmatch(value):
            raise ValueError("takes smtps://user:password@host:465/sender@office.example")
        return value

    @field_validator("audit_anchor")
    @classmethod
    def check_audit_anchor(cls, value: str) -> str:
        """A file or an address; plain http would let anybody on the way forge what is kept."""
        if "://" in value and not value.startswith("https://"):
            raise ValueError("takes a file, or https://host/path")
        return value

    @field_validator("clamd_url")
    @classmethod
    def check_clamd_url(cls, value: str) -> str:
        """Where the scanner listens."""
        if value and not _SCANNER.fullmatch(value):
            raise ValueError("takes tcp://host:3310, or unix:/run/clamav/clamd.ctl")
        return value

    @property
    def evidence(self) -> str:
        """Where evidence lies; a folder of the data directory unless a place is given."""
        return self.evidence_url or str(self.data_dir / "evidence")

    @property
    def ledger(self) -> str:
        """Where the records of rosters lie: `ledger/` within the place of evidence, whose sweep leaves it alone."""
        place, mark, options = self.evidence.partition("?")
        return f"{place.rstrip('/')}/ledger{mark}{options}"

    @property
    def database(self) -> str:
        """The database URL; SQLite under the data directory unless one is given."""
        return self.database_url or f"sqlite:///{self.data_dir / 'yuebao.sqlite3'}"
