"""`yuebao token`: make, list and revoke bearer tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli import context
from app.cli.context import OPERATOR, problems_end_the_command
from app.domain.permission import OPENED_BY_SCOPE, Role
from app.errors import NotFound
from app.services import tokens

app = typer.Typer(no_args_is_help=True, help="访问令牌 / bearer tokens")

SCOPES = sorted(action.value for action in OPENED_BY_SCOPE)


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="角色 / role")],
    unit: Annotated[str, typer.Option(help="单位代码；权限及于其下级 / unit code; reaches its subtree")],
    name: Annotated[str, typer.Option(help="用途或持有人 / what or whom it is for")],
    days: Annotated[int, typer.Option(min=1, max=365, help="有效天数 / days until it expires")] = 365,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"附加权限 / extra scope: {', '.join(SCOPES)}")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="只准来自此网络（CIDR），可多次 / only from this network; repeatable"),
    ] = None,
) -> None:
    """新建令牌；令牌只显示这一次，单独在最后一行 / Make a token; it is shown once, alone on the last line."""
    unknown = set(scope or ()) - set(SCOPES)
    if unknown:
        context.fail(f"附加权限只能是 {', '.join(SCOPES)}", f"A scope is one of {', '.join(SCOPES)}")
    found = context.load()
    with problems_end_the_command(), found.database.transaction() as session:
        try:
            text = tokens.create(
                session,
                role=role,
                unit=unit,
                name=name,
                scopes=scope or (),
                networks=network or (),
                life=timedelta(days=days),
                by=OPERATOR,
                now=found.clock.now(),
            )
        except NotFound:
            context.fail(f"名录中没有单位 {unit}", f"There is no unit {unit} in the register")
    typer.echo(text)


@app.command(name="list")
def list_tokens() -> None:
    """列出令牌，不含密文 / List tokens without their secrets."""
    found = context.load()
    with found.database.transaction() as session:
        rows = tokens.listed(session)
    table = Table("id", "名称 Name", "到期 Expires", "撤销 Revoked")
    for row in rows:
        table.add_row(row["id"], row["name"], str(row["expires_at"]), str(row["revoked_at"] or ""))
    Console().print(table)


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(help="令牌编号 / the token's id")]) -> None:
    """立即撤销令牌 / Revoke a token at once."""
    found = context.load()
    with problems_end_the_command(), found.database.transaction() as session:
        try:
            tokens.revoke(session, token_id, by=OPERATOR, now=found.clock.now())
        except NotFound:
            context.fail("没有这个有效的令牌", "There is no such token in force")
