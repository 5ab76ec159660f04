"""The commands of `yuebao`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import account, audit, context, demo, events, evidence, ledger, reconcile, token, unit
from app.cli.context import problems_end_the_command
from app.cli.installation import install
from app.cli.server import run_server

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="月报 Yuebao: 收表、核对、汇总 / collect, reconcile, sum up",
)
app.add_typer(token.app, name="token")
app.add_typer(account.app, name="account")
app.add_typer(unit.app, name="unit")
app.add_typer(evidence.app, name="evidence")
app.add_typer(ledger.app, name="ledger")
app.add_typer(audit.app, name="audit")
app.add_typer(events.app, name="events")
app.command(name="remind")(events.remind)
app.command(name="reconcile")(reconcile.command)
app.command(name="demo")(demo.demo)


@app.command()
def init() -> None:
    """建立或升级数据库，装入单位名录和内置表式；可重复运行 / Create or migrate the database (idempotent)."""
    found = context.load()
    found.settings.data_dir.mkdir(parents=True, exist_ok=True)
    with problems_end_the_command():
        installed = install(found.settings.database, now=found.clock.now())
    url = installed.database.engine.url.render_as_string(hide_password=True)
    context.say(f"数据库已就绪 Database ready: {url}")
    if installed.units_added:
        context.say(f"单位名录 Register: {installed.units_added:,}")
    for form in installed.forms_published:
        context.say(f"已发布表式 Form published: {form}")


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
