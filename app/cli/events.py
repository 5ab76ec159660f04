"""`yuebao events` and `yuebao remind`: what a server does on the side, once, for those who run it by cron."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli import context
from app.cli.context import OPERATOR, problems_end_the_command
from app.domain.address import parse_outgoing
from app.domain.deadline import Shift
from app.services import deliveries, reminders
from app.services.deliveries import Courier
from app.services.mail import parse_mailbox
from app.services.periods import Policy
from app.settings import Environment

app = typer.Typer(no_args_is_help=True, help="事件推送 / events going out")


@app.callback()
def going_out() -> None:
    """事件推送 / events going out."""


@app.command()
def deliver() -> None:
    """推送一次到期的事件；可由 cron 运行 / Deliver what is due, once."""
    found = context.load()
    settings = found.settings
    allowed = parse_outgoing(settings.webhook_hosts, allows_http=settings.env is not Environment.PRODUCTION)
    with problems_end_the_command():
        done = deliveries.deliver(found.database, Courier(now=found.clock.now, allowed=allowed))
    context.say(f"推送 attempted: {done.attempted}, 成功 delivered: {done.delivered}")


def remind(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出，不发送 / only list")] = False,
) -> None:
    """催报：提醒尚未报送的单位 / Remind the units that have not reported (D-3, D-1, D, D+1)."""
    found = context.load()
    settings, now = found.settings, found.clock.now()
    policy = Policy(shift=Shift(settings.deadline_shift) if settings.deadline_shift else None)
    with problems_end_the_command():
        if dry_run:
            with found.database.transaction() as session:
                _list(reminders.due(session, now=now, policy=policy))
            return
        mailbox = parse_mailbox(settings.smtp_url) if settings.smtp_url else None
        rows = reminders.remind(found.database, now=now, policy=policy, mailbox=mailbox, by=OPERATOR)
    counts = [f"{outcome}: {sum(row['outcome'] == outcome for row in rows)}" for outcome in _OUTCOMES]
    context.say("催报 Reminders " + ", ".join(counts))


_OUTCOMES = ("sent", "failed", "no_address")


def _list(found: list[reminders.Due]) -> None:
    table = Table("单位 Unit", "名称 Name", "报告期 Period", "截止 Due", "提醒 Reminder")
    for each in found:
        table.add_row(each.unit, each.name, each.period, each.due_on.isoformat(), each.kind)
    Console().print(table)
