"""The commands of `yuebao`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from app.cli import context, reconcile, token, unit
from app.cli.context import OPERATOR, problems_end_the_command
from app.db import Database, Session
from app.domain.register import shipped_register
from app.models.migrate import migrate
from app.services import forms, units

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="月报 Yuebao: 收表、核对、汇总 / collect, reconcile, sum up",
)
app.add_typer(token.app, name="token")
app.add_typer(unit.app, name="unit")
app.command(name="reconcile")(reconcile.command)


@app.command()
def init() -> None:
    """建立或升级数据库，装入单位名录和内置表式；可重复运行 / Create or migrate the database (idempotent)."""
    found = context.load()
    found.settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(found.settings.database)
    database, now = Database(found.settings.database), found.clock.now()
    with problems_end_the_command(), database.transaction() as session:
        counts = _load_register(session, now)
        published = forms.publish_builtin(session, by=OPERATOR, now=now)
    console = Console(highlight=False)
    console.print(f"数据库已就绪 Database ready: {database.engine.url.render_as_string(hide_password=True)}")
    if counts:
        console.print(f"单位名录 Register: {counts['added']:,}")
    for form in published:
        console.print(f"已发布表式 Form published: {form}")


def _load_register(session: Session, now: datetime) -> dict[str, int] | None:
    """The shipped register, once: what an office corrected afterwards is never overwritten."""
    return None if units.known(session) else units.load(session, shipped_register(), by=OPERATOR, now=now)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="进程数，SQLite 只能为 1 / processes; 1 on SQLite")] = 1,
) -> None:
    """启动服务 / Serve the API and the console."""
    found = context.load()
    if workers > 1 and found.database.is_sqlite:
        context.fail(
            "SQLite 只支持一个进程，多进程请改用 PostgreSQL（YUEBAO_DATABASE_URL）",
            "SQLite serves from one process; set YUEBAO_DATABASE_URL to use PostgreSQL",
        )
    run_server(host, port, workers)


def run_server(host: str, port: int, workers: int = 1) -> None:
    """Run uvicorn as the service needs it: a strict parser, no access log of its own, a bounded farewell."""
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="httptools",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=20,
        log_level="warning",
    )
