"""`yuebao audit`: whether the trail of writes is whole."""

from __future__ import annotations

import typer

from app.cli import context
from app.services import audit

app = typer.Typer(no_args_is_help=True, help="审计记录 / the audit trail")

BROKEN = 1


@app.callback()
def trail() -> None:
    """审计记录 / the audit trail."""


@app.command()
def verify() -> None:
    """核对审计链：每条记录封存前一条；有缺失或改动时退出码为 1 / Verify the chain; exit code 1 when it is broken."""
    found = context.load()
    with found.database.transaction() as session:
        broken = audit.broken(session)
    if broken:
        numbers = ", ".join(str(number) for number in broken[:20])
        context.fail(f"审计链在以下序号处断开：{numbers}", f"The chain is broken at: {numbers}", BROKEN)
    context.say("审计链完整 The chain holds")
