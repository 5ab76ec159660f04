"""`yuebao unit`: correct the register from a CSV file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from app.cli import context
from app.cli.context import OPERATOR, problems_end_the_command
from app.db import Session
from app.domain.register import read_register
from app.domain.unit import UnitRow
from app.errors import Invalid, Severity, Text
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
            counts = units.load(session, _read(file, session), by=OPERATOR, now=found.clock.now())
            if dry_run:
                raise _Undo
    context.say("试运行，未写入 / dry run, nothing written" if dry_run else "已写入 / written")
    context.say(f"新增 added {counts['added']}, 更改 changed {counts['changed']}")


def _read(file: Path, session: Session) -> list[UnitRow]:
    """The rows of a file of corrections; its warnings are shown. Raises Invalid with every error."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows, findings = read_register(lines, units.known(session))
    except UnicodeDecodeError:
        context.fail("文件须为 UTF-8 编码", "The file must be UTF-8")
    if any(finding.severity is Severity.ERROR for finding in findings):
        title = Text("名录文件有误，未写入任何数据", "The file has errors; nothing was written")
        raise Invalid(title, code="register-invalid", findings=findings)
    context.show(findings)
    return rows
