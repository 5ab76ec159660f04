"""Bringing a database up: the tables, the register of units, and the forms that ship with the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.cli.context import OPERATOR
from app.db import Database
from app.domain.register import shipped_register
from app.domain.unit import UnitRow
from app.models.migrate import migrate
from app.services import forms, units


@dataclass(frozen=True, slots=True)
class Installed:
    """A database that is ready to serve, and what had to be added: 0 units when it had a register."""

    database: Database
    units_added: int
    forms_published: list[str]


def install(
    url: str, *, now: datetime, register: Callable[[], list[UnitRow]] = shipped_register
) -> Installed:
    """Create or migrate the database, load the register into an empty one, publish what is missing.

    A register that is there stays: what an office corrected is never overwritten.
    """
    migrate(url)
    database = Database(url)
    with database.transaction() as session:
        added = 0
        if units.is_empty(session):
            added = units.load(session, register(), by=OPERATOR, now=now)["added"]
        published = forms.publish_builtin(session, by=OPERATOR, now=now)
    return Installed(database, added, published)
