"""`yuebao ledger`: bring a ledger in from a file or a database, and forget old versions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from app.cli import context
from app.cli.bar import progress
from app.cli.context import Context, problems_end_the_command
from app.cli.ledger_findings import show_findings
from app.domain.permission import Actor, Grant, Role
from app.domain.unit import CENTRE
from app.reconcile import LedgerFinding, RosterKind, read_summary
from app.reconcile.cells import read_period
from app.services import ledger, ledger_source, ledger_versions, roster_files, rosters
from app.services.ledger import Brought
from app.services.periods import Policy
from app.services.rosters import RosterLedger

app = typer.Typer(no_args_is_help=True, help="台账 / the ledger")

OPERATOR = Actor("cli", "command line", "operator", (Grant(Role.REVIEWER, CENTRE, CENTRE),))
"""Whoever may run the command on the server brings ledgers in the name of the centre, for all units."""

REFUSED = 1
SHORTEST = 30
"""Days that figures are kept at least."""


class Kind(StrEnum):
    """What a file holds."""

    SUMMARY = "summary"
    MEMBERS = "members"
    ORGS = "orgs"


class Encoding(StrEnum):
    """What a ledger may be said to be written in."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    UTF_16 = "utf-16"


class _Undo(Exception):
    """Ends a dry run: leaving the transaction by an exception rolls it back."""


DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 / check only, write nothing")]


@app.command(name="import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="台账 CSV，名册亦可 xlsx / a CSV; a roster may be xlsx"
        ),
    ],
    kind: Annotated[
        Kind,
        typer.Option(
            help="汇总 summary，委员花名册 members，直属团组织名册 orgs / a summary or one of the rosters"
        ),
    ] = Kind.SUMMARY,
    encoding: Annotated[
        Encoding | None, typer.Option(help="编码，默认自动识别 / if not to be found out")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="名册的数据截止日期，默认今天 / day of a roster, today"
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """从文件导入台账：全部合格才写入 / Import a ledger file: everything or nothing is written.

    退出码：0 已导入，1 内容有误，2 用法或环境有误。Exit status: 0 imported, 1 refused, 2 bad usage.
    """
    found, source = context.load(), f"file:{file.name}"[:200]
    with problems_end_the_command():
        if kind is Kind.SUMMARY:
            _bring(found, file, source=source, encoding=encoding, dry_run=dry_run)
            return
        day = as_of.date() if as_of else None
        read = _read_roster(found, file, RosterKind(kind.value), encoding, day, is_kept=not dry_run)
        _store(found, partial(rosters.store, found=read, source=source), read, dry_run=dry_run)


@app.command()
def pull(
    config: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="来源配置 TOML / the source")],
    period: Annotated[str, typer.Option("--period", help="期别 / period, as in 2015-04")],
    dry_run: DryRun = False,
) -> None:
    """从数据库的表或视图导入台账 / Import the ledger from a table or view of a database.

    退出码：0 已导入，1 内容有误，2 配置或数据库有误。Exit status: 0 imported, 1 refused, 2 bad configuration.
    """
    month = read_period(period).value
    if month is None:
        raise typer.BadParameter("YYYY-MM, 2015-04 起 / from 2015-04 on", param_hint="--period")
    found = context.load()
    with problems_end_the_command(), TemporaryDirectory(prefix="yuebao-") as folder:
        source, address = ledger_source.read_source(config, os.environ)
        file = Path(folder) / "pulled.csv"
        rows = ledger_source.write_file(source, address, period=month, target=file)
        context.say(f"读到 {rows} 行 / {rows} rows read")
        _bring(found, file, source=ledger_source.name_of(address), encoding=None, dry_run=dry_run)


@app.command()
def purge(
    older_than: Annotated[
        int, typer.Option("--older-than", min=SHORTEST, max=36_500, help="天数，至少30 / days, at least 30")
    ],
    dry_run: DryRun = False,
) -> None:
    """清除旧版本的数据，保留数量和摘要；现行版本不清除 / Delete figures of old versions; counts and hashes stay."""
    found = context.load()
    purged: list[str] = []
    kept: list[str] = []
    with problems_end_the_command(), suppress(_Undo), found.database.transaction() as session:
        purged, kept = ledger_versions.purge(
            session, days=older_than, by=OPERATOR, now=found.clock.now(), policy=_policy(found)
        )
        if dry_run:
            raise _Undo
    if not dry_run:
        roster_files.clear(context.shelf(found.settings))
    _say_whether(dry_run)
    for import_id in kept:
        context.say(f"现行，保留 in force, kept: {import_id}")
    context.say(f"已清除 purged {len(purged)}, 保留 kept {len(kept)}")


def _bring(found: Context, file: Path, *, source: str, encoding: Encoding | None, dry_run: bool) -> None:
    """Check, show what was found, store; a refused file ends the command with 1."""
    with found.database.transaction() as session:
        units = ledger.ledger_units(session, by=OPERATOR)
    read = read_summary(file, units, encoding=encoding and encoding.value)
    _check(read, {"台账 ledger": read.findings})
    store = partial(ledger.store, ledger=read, kind=Kind.SUMMARY.value, source=source)
    _store(found, store, read, dry_run=dry_run)


def _read_roster(
    found: Context,
    file: Path,
    kind: RosterKind,
    encoding: Encoding | None,
    as_of: date | None,
    *,
    is_kept: bool,
) -> RosterLedger:
    """Read a roster beside the database, with a bar where somebody looks; a refused one ends the command with 1."""
    with found.database.transaction() as session:
        plan = rosters.plan(session, kind=kind, as_of=as_of, by=OPERATOR, now=found.clock.now())
    with progress() as watch:
        read = rosters.read(
            file,
            plan,
            context.shelf(found.settings),
            encoding=encoding and encoding.value,
            is_kept=is_kept,
            watch=watch,
        )
    _check(read, {f"名册 {kind}": read.findings})
    return read


def _store(found: Context, store: Callable[..., Any], read: Brought, *, dry_run: bool) -> None:
    with suppress(_Undo), found.database.transaction() as session:
        _, row = store(session, by=OPERATOR, now=found.clock.now(), policy=_policy(found))
        if dry_run:
            raise _Undo
    _say_whether(dry_run)
    changes = ", ".join(f"{name} {count}" for name, count in row["summary"]["changes"].items())
    context.say(f"接受 accepted {read.accepted}/{read.rows}; {changes}")
    if not dry_run:
        context.say(row["id"])


def _check(read: Brought, sides: Mapping[str, Iterable[LedgerFinding]]) -> None:
    """Show what was found; a refused file ends the command with 1."""
    show_findings(sides, read.counts)
    if read.counts["error"]:
        context.fail("台账有误，未导入任何数据", "The ledger has errors; nothing was imported", REFUSED)


def _policy(found: Context) -> Policy:
    return Policy.of(found.settings.deadline_shift, found.settings.evidence_levels)


def _say_whether(dry_run: bool) -> None:
    context.say("试运行，未写入 / dry run, nothing written" if dry_run else "已写入 / written")
