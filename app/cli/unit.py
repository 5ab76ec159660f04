"""`yuebao unit`: correct the register from a CSV file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli import context
from app.cli.context import OPERATOR, problems_end_the_command
from app.domain.register import read_register
from app.errors import Invalid, Severity
from app.services import units

app = typer.Typer(no_args_is_help=True, help="单位名录 / the register of units")


class _Undo(Exception):
    """Ends a dry run: leaving the transaction by an exception rolls it back."""


@app.command(name="import")
def import_units(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV，列与内置名录相同 / same columns as the shipped register"
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只检查，不写入 / check only, write nothing")
    ] = False,
) -> None:
    """按 CSV 更正单位名录：全部合格才写入 / Correct the register: everything or nothing is written."""
    found = context.load()
    with problems_end_the_command():
        counts: dict[str, int] = {}
        with suppress(_Undo), found.database.transaction() as session:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rows, findings = read_register(lines, units.known(session))
            if any(finding.severity is Severity.ERROR for finding in findings):
                raise Invalid(code="register-invalid", findings=findings)
            counts = units.load(session, rows, by=OPERATOR, now=found.clock.now())
            if dry_run:
                raise _Undo
    state = "试运行，未写入 dry run, nothing written" if dry_run else "已写入 written"
    Console(highlight=False).print(f"{state}: {counts}")
