"""What every command needs: settings, the database they name, the clock, and who is acting."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.db import Database
from app.domain.clock import Clock
from app.domain.permission import Actor
from app.errors import Finding, Problem
from app.models.migrate import current, head
from app.services.roster_files import Shelf
from app.settings import Settings
from app.storage import open_store

OPERATOR = Actor(id="cli", name="command line", kind="operator")
"""Whoever may run the command on the server already owns the data; the audit names the command line."""

BAD_INPUT = 2


@dataclass(frozen=True)
class Context:
    """The settings of this run and what follows from them."""

    settings: Settings

    @cached_property
    def clock(self) -> Clock:
        """The service's clock."""
        return Clock(self.settings.clock)

    @cached_property
    def database(self) -> Database:
        """The database that the settings name; refused when `yuebao init` has not brought it up to date."""
        url = self.settings.database
        if current(url) != head():
            fail("数据库尚未初始化或需要升级，请先运行 yuebao init", "Run `yuebao init` first")
        return Database(url)


def load() -> Context:
    """Read the settings; a wrong one is named, with what it takes, and ends the command."""
    try:
        return Context(Settings())
    except ValidationError as error:
        fault = error.errors()[0]
        name = "".join(f" YUEBAO_{part}".upper() for part in fault["loc"])
        fail(f"设置有误{name}", f"Setting{name}: {fault['msg'].removeprefix('Value error, ')}")


def shelf(settings: Settings) -> Shelf:
    """Where the settings keep the records of rosters."""
    store = open_store(settings.ledger, data_dir=settings.data_dir, with_sm3=settings.evidence_sm3)
    return Shelf(store, settings.data_dir / "rosters")


def fail(zh: str, en: str, code: int = BAD_INPUT) -> NoReturn:
    """Say what is wrong, in both languages, on standard error, and end the command."""
    line = Text.assemble(("✗", "bold red"), f" {zh}\n  {en}")
    Console(stderr=True).print(line, soft_wrap=True)
    raise typer.Exit(code)


def say(line: str) -> None:
    """One line on standard output, as it is: neither wrapped nor read as markup."""
    Console().print(Text(line), soft_wrap=True)


def show(findings: Iterable[Finding]) -> None:
    """What was found in a file, as a table on standard error; nothing when there is nothing."""
    table = Table("位置 Where", "代码 Code", "说明 What to do")
    for finding in findings:
        table.add_row(finding.pointer, finding.code, f"{finding.message.zh}\n{finding.message.en}")
    if table.row_count:
        Console(stderr=True).print(table)


@contextmanager
def problems_end_the_command() -> Iterator[None]:
    """Print a problem with all its findings as a table instead of a traceback."""
    try:
        yield
    except Problem as problem:
        show(problem.findings)
        fail(problem.title.zh, problem.title.en)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")
