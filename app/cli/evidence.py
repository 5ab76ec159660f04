"""`yuebao evidence`: sweep the stores of evidence and of rosters, and check them against their rows."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.console import Console
from sqlalchemy import ColumnElement

from app.cli import context
from app.cli.context import Context, problems_end_the_command
from app.domain.clock import Clock
from app.services import roster_files, sweep
from app.services.sweep import Swept
from app.storage import Store, open_store

app = typer.Typer(no_args_is_help=True, help="材料文件 / files of evidence")

BROKEN = 1


@app.command(name="sweep")
def sweep_store() -> None:
    """清理无记录的文件；每日运行 / Clear files that no row names; run it daily."""
    found = context.load()
    with problems_end_the_command():
        swept = [
            sweep.sweep(found.database, store, now=Clock().now(), naming=naming)
            for store, naming in _stores(found)
        ]
        roster_files.clear_leftovers(context.shelf(found.settings), Clock().now() - sweep.GRACE)
    done = Swept(*map(sum, zip(*swept, strict=True)))
    Console(highlight=False).print(
        f"清除未完成上传 cleared: {done.cleared}, 移出 set aside: {done.set_aside}, "
        f"恢复 restored: {done.restored}, 删除 deleted: {done.deleted}"
    )


@app.command(name="check")
def check_store() -> None:
    """逐一核对文件摘要；有缺失或损坏时退出码为 1 / Read every file against its hash; exit code 1 if one fails."""
    found = context.load()
    with problems_end_the_command():
        broken = [
            sha256
            for store, naming in _stores(found)
            for sha256 in sweep.broken(found.database, store, naming)
        ]
    for sha256 in broken:
        Console(stderr=True, highlight=False).print(f"缺失或损坏 missing or damaged: {sha256}")
    if broken:
        raise typer.Exit(BROKEN)
    Console(highlight=False).print("全部文件完好 All files are whole")


def _stores(found: Context) -> Iterator[tuple[Store, ColumnElement[str]]]:
    """The store of evidence and that of the records of rosters, each with what names its contents."""
    settings = found.settings
    for place, naming in ((settings.evidence, sweep.EVIDENCE), (settings.ledger, sweep.ROSTERS)):
        yield open_store(place, data_dir=settings.data_dir, with_sm3=settings.evidence_sm3), naming
