"""`yuebao account`: accounts of people, where no administrator can sign in yet or any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli import context
from app.cli.context import OPERATOR, problems_end_the_command
from app.db import Row, Session
from app.domain.permission import Grant, Role
from app.domain.unit import CENTRE
from app.errors import NotFound
from app.services import accounts, grants, passwords

app = typer.Typer(no_args_is_help=True, help="账号 / accounts of people")

BY = replace(OPERATOR, grants=(Grant(Role.ADMINISTRATOR, CENTRE, CENTRE),))
"""The command line administers every unit; it needs no second administrator, as it owns the data."""

Name = Annotated[str, typer.Argument(help="账号名 / the account's name")]
UnitOption = Annotated[str, typer.Option(help="单位代码 / unit code")]
RoleOption = Annotated[Role, typer.Option(help="角色 / role")]


@contextmanager
def _work(missing: str = "") -> Iterator[tuple[Session, datetime]]:
    """A transaction and the time; problems end the command with their words."""
    found = context.load()
    with problems_end_the_command(), found.database.transaction() as session:
        try:
            yield session, found.clock.now()
        except NotFound:
            context.fail(f"没有{missing}", "There is no such account, unit or role")


def _named(session: Session, name: str) -> Row:
    row = accounts.named(session, name)
    if row is None:
        raise NotFound()
    return row


@app.command()
def create(
    name: Name,
    unit: UnitOption,
    display_name: Annotated[str, typer.Option(help="姓名 / the person's name")],
    role: Annotated[Role | None, typer.Option(help="同时授予本单位角色 / also grant a role there")] = None,
) -> None:
    """新建账号；初始密码只显示一次，在最后一行 / Make an account; its initial password is the last line."""
    password = passwords.initial()
    with _work(f"单位 {unit}") as (session, now):
        made = accounts.create(
            session,
            name=name,
            display_name=display_name,
            unit=unit,
            password_hash=passwords.hashed(password),
            by=BY,
            now=now,
        )
        if role is not None:
            grants.grant(session, made["id"], role=role, unit=unit, by=BY, now=now)
    typer.echo(password)


@app.command(name="list")
def list_accounts() -> None:
    """列出账号和角色 / List accounts with their roles."""
    with _work() as (session, _):
        rows = accounts.listed(session, after="", limit=10_000, by=BY)
    table = Table("账号 Name", "姓名 Person", "单位 Unit", "角色 Roles", "停用 Disabled")
    for row in rows:
        held = ", ".join(f"{role}@{unit}" for role, unit in row["grants"])
        table.add_row(row["name"], row["display_name"], row["unit_code"], held, str(row["disabled_at"] or ""))
    Console().print(table)


@app.command()
def disable(name: Name) -> None:
    """停用账号，会话立即失效 / Disable an account; its sessions end at once."""
    with _work(f"账号 {name}") as (session, now):
        accounts.disable(session, _named(session, name)["id"], by=BY, now=now)


@app.command()
def enable(name: Name) -> None:
    """重新启用账号 / Let a disabled account sign in again."""
    with _work(f"账号 {name}") as (session, now):
        accounts.enable(session, _named(session, name)["id"], by=BY, now=now)


@app.command()
def grant(name: Name, role: RoleOption, unit: UnitOption) -> None:
    """授予角色，及于下级单位 / Give a role at a unit; it reaches the subtree."""
    with _work(f"账号 {name} 或单位 {unit}") as (session, now):
        grants.grant(session, _named(session, name)["id"], role=role, unit=unit, by=BY, now=now)


@app.command()
def revoke(name: Name, role: RoleOption, unit: UnitOption) -> None:
    """收回角色，会话立即失效 / Take a role away; the account's sessions end at once."""
    with _work(f"账号 {name} 或此权限") as (session, now):
        grants.revoke(session, _named(session, name)["id"], role=role, unit=unit, by=BY, now=now)


@app.command()
def password(name: Name) -> None:
    """重置密码、取消两步验证；初始密码在最后一行 / A new initial password, the last line; no second factor."""
    made = passwords.initial()
    with _work(f"账号 {name}") as (session, now):
        account_id = _named(session, name)["id"]
        accounts.reset(session, account_id, password_hash=passwords.hashed(made), by=BY, now=now)
    typer.echo(made)


@app.command()
def link(
    name: Name,
    subject: Annotated[str, typer.Option(help="统一身份中的 sub / the provider's `sub` of this person")],
) -> None:
    """改由统一身份认证登录，本系统密码作废 / Sign in with the OpenID provider from now on; the password here ends."""
    issuer = context.load().settings.oidc_issuer
    if not issuer:
        context.fail("尚未配置 YUEBAO_OIDC_ISSUER", "YUEBAO_OIDC_ISSUER is not set")
    with _work(f"账号 {name}") as (session, now):
        accounts.link(session, _named(session, name)["id"], issuer=issuer, subject=subject, by=BY, now=now)
