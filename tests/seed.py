"""A database as an office has it on its first day: a part of the register, the form, and a token per person."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from psycopg import sql
from sqlalchemy.engine import make_url

from app.cli.context import OPERATOR
from app.db import Database
from app.domain.permission import Role
from app.domain.register import UnitRow, read_register
from app.services import forms, tokens, units
from tests import postgres

PEOPLE: dict[str, tuple[Role, str, tuple[str, ...]]] = {
    "guangzhou": (Role.REPORTER, "440100", ()),
    "colleague": (Role.REPORTER, "440100", ()),
    "shaoguan": (Role.REPORTER, "440200", ()),
    "foshan": (Role.REPORTER, "440600", ()),
    "shunde": (Role.REPORTER, "440606", ()),
    "changsha": (Role.REPORTER, "430100", ()),
    "everybody": (Role.REPORTER, "000000", ()),
    "reviewer": (Role.REVIEWER, "440000", ()),
    "second_reviewer": (Role.REVIEWER, "440000", ()),
    "hunan": (Role.REVIEWER, "430000", ()),
    "centre": (Role.REVIEWER, "000000", ()),
    "integrator": (Role.INTEGRATOR, "440000", ()),
    "scoped": (Role.INTEGRATOR, "440000", ("ledger:write", "report:write")),
    "auditor": (Role.AUDITOR, "000000", ()),
    "guangdong_auditor": (Role.AUDITOR, "440000", ()),
    "administrator": (Role.ADMINISTRATOR, "440000", ()),
}
"""Who holds a token in the tests: role, unit, scopes."""

OPENED = datetime.fromisoformat("2015-04-21T09:00:00+08:00")

TABLES = ("unit", "form_version", "token", '"grant"', "revision", "audit_event", "outbox_event")
"""What a first day fills."""


@cache
def register() -> list[UnitRow]:
    """The centre, Guangdong, Hunan and Shanghai with their counties, and the townships of Shunde."""
    with files("app.domain").joinpath("register.csv").open(encoding="utf-8") as lines:
        rows, _ = read_register(_wanted(lines))
    return rows


def _wanted(lines: Sequence[str] | io.TextIOBase) -> Iterator[str]:
    for number, line in enumerate(lines):
        code = line.partition(",")[0]
        if (
            number == 0
            or code.startswith("440606")
            or (len(code) == 6 and code[:2] in {"00", "31", "43", "44"})
        ):
            yield line


@dataclass
class Seed:
    """A first day on one kind of database, made once by the services and copied for each test."""

    tokens: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    copies: dict[str, bytes] = field(default_factory=dict)

    def fill(self, url: str) -> None:
        """Make it with the services."""
        with Database(url).transaction() as session:
            units.load(session, register(), by=OPERATOR, now=OPENED)
            forms.publish_builtin(session, by=OPERATOR, now=OPENED)
            for name, (role, unit, scopes) in PEOPLE.items():
                self.tokens[name] = tokens.create(
                    session, role=role, unit=unit, name=name, scopes=scopes, by=OPERATOR, now=OPENED
                )


def sqlite_seed(path: Path) -> Seed:
    """A first day in a migrated file."""
    seed = Seed(file=path)
    seed.fill(f"sqlite:///{path}")
    return seed


def postgres_seed(server: postgres.Server, url: str) -> Seed:
    """A first day in a migrated, empty database, remembered as the text of its tables."""
    seed = Seed()
    seed.fill(url)
    with server.connect(str(make_url(url).database)) as connection, connection.cursor() as cursor:
        for table in TABLES:
            with cursor.copy(sql.SQL(f"COPY {table} TO STDOUT")) as rows:
                seed.copies[table] = b"".join(bytes(row) for row in rows)
    return seed


def plant(seed: Seed, url: str, server: postgres.Server | None) -> None:
    """Fill a migrated, empty database with the first day."""
    target = make_url(url).database
    assert target is not None
    if server is None:
        assert seed.file is not None
        shutil.copyfile(seed.file, target)
        return
    with server.connect(target) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, text in seed.copies.items():
            with cursor.copy(sql.SQL(f"COPY {table} FROM STDIN")) as rows:
                rows.write(text)
