"""`yuebao demo`: serve an invented month of Guangdong from a throw-away database."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli import context
from app.cli.account import BY
from app.cli.context import OPERATOR
from app.cli.demo_ledger import LEDGER_FILE, REPORT_FILE
from app.cli.demo_month import (
    INSTALLED,
    LEFT_TO_THE_READER,
    PERIOD,
    PROVINCE,
    REASONS,
    REVIEWED,
    START,
    Filing,
    Outcome,
    month,
)
from app.cli.demo_roster import MEMBERS_FILE
from app.cli.installation import install
from app.cli.server import run_server
from app.db import Database, Session
from app.domain.permission import Actor, Grant, Role
from app.domain.register import shipped_register
from app.domain.unit import CENTRE
from app.services import accounts, grants, passwords, report_states, reports, tokens, units
from app.services.periods import Policy
from app.services.reports import Submission

TOKENS = {
    Role.REPORTER: ("报送", LEFT_TO_THE_READER),
    Role.REVIEWER: ("审核", PROVINCE),
    Role.INTEGRATOR: ("集成", PROVINCE),
    Role.ADMINISTRATOR: ("管理", CENTRE),
}
"""Who gets a token of this run: what the role is called, and the unit whose subtree it reaches."""

PEOPLE = (Role.REPORTER, Role.REVIEWER, Role.ADMINISTRATOR)
"""Roles that also get an account, named like the role, with a password of this run."""


@dataclass(frozen=True)
class Made:
    """What was made for this run: the texts of tokens and the passwords of accounts, by role."""

    tokens: dict[Role, str]
    passwords: dict[Role, str]


def demo(
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 / port")] = 8000,
    serve: Annotated[bool, typer.Option(help="装好后启动服务 / serve when all is loaded")] = True,
) -> None:
    """演示：2015年4月广东22个报送单位，数据均为虚构 / Serve a month of invented data from a throw-away database."""
    _check_free(host, port)
    data_dir = _fresh(Path("var/demo") / str(port))
    url = f"sqlite:///{data_dir / 'yuebao.sqlite3'}"
    made = _load(url)
    _take_over_environment({"ENV": "demo", "DATA_DIR": str(data_dir), "CLOCK": START.isoformat()})
    _introduce(f"http://{_printable(host)}:{port}", made)
    if serve:
        run_server(host, port)


def _check_free(host: str, port: int) -> None:
    """Refuse a port in use before anything is deleted: another demo may be running on its database."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            context.fail(
                f"不能监听 {host}:{port}（{error.strerror}），请用 --port 另选端口",
                f"Cannot listen on {host}:{port}; choose another with --port",
            )


def _fresh(data_dir: Path) -> Path:
    """An empty directory: what an earlier demo on this port left is thrown away."""
    if data_dir.exists():
        shutil.rmtree(data_dir)
    data_dir.mkdir(parents=True)
    return data_dir


def _take_over_environment(settings: Mapping[str, str]) -> None:
    """Leave only the demo's settings to the server: one meant for another database must not reach it."""
    for name in [name for name in os.environ if name.startswith("YUEBAO_")]:
        del os.environ[name]
    os.environ.update({f"YUEBAO_{name}": value for name, value in settings.items()})


def _load(url: str) -> Made:
    """Install, file the whole month through the services, and make tokens and accounts."""
    register = shipped_register()
    database = install(url, now=INSTALLED, register=lambda: register).database
    file_month(database, month(register))
    with database.transaction() as session:
        return Made(
            {role: _token(session, role, name, unit) for role, (name, unit) in TOKENS.items()},
            {role: _account(session, role, *TOKENS[role]) for role in PEOPLE},
        )


def _account(session: Session, role: Role, name: str, unit: str) -> str:
    """An account with a role; its password, which nobody need replace: it is thrown away with the demo."""
    password = passwords.initial()
    account = accounts.create(
        session,
        name=role.value,
        display_name=f"示例{name}",
        unit=unit,
        password_hash=passwords.hashed(password),
        is_initial=False,
        by=BY,
        now=START,
    )
    grants.grant(session, account["id"], role=role, unit=unit, by=BY, now=START)
    return password


def _token(session: Session, role: Role, name: str, unit: str) -> str:
    return tokens.create(session, role=role, unit=unit, name=f"示例{name}", by=OPERATOR, now=START)


def file_month(database: Database, filings: Sequence[Filing]) -> None:
    """Let every unit file its report at its own time, and the province review them on the 26th."""
    arrived = sorted(
        ((at, filing) for filing in filings if (at := filing.received_at) is not None),
        key=lambda pair: pair[0],
    )
    with database.transaction() as session:
        for at, filing in arrived:
            _submit(session, filing, at)
        reviewer = _actor(session, Role.REVIEWER, PROVINCE)
        for minutes, (_, filing) in enumerate(arrived):
            _review(session, filing, reviewer, REVIEWED + timedelta(minutes=minutes))


def _actor(session: Session, role: Role, unit: str) -> Actor:
    path = units.get(session, unit)["report_path"]
    return Actor(id=f"demo:{role}:{unit}", name="示例", kind="demo", grants=(Grant(role, unit, path),))


def _submit(session: Session, filing: Filing, at: datetime) -> None:
    content = {key: value for key, value in filing.body.items() if key not in ("period", "unit", "draft")}
    reports.submit(
        session,
        submission=Submission(filing.unit, filing.body["period"], content, draft=filing.body["draft"]),
        by=_actor(session, Role.REPORTER, filing.unit),
        now=at,
        policy=Policy(),
    )


def _review(session: Session, filing: Filing, by: Actor, now: datetime) -> None:
    period, unit, policy = str(PERIOD), filing.unit, Policy()
    if filing.outcome is Outcome.ACCEPTED:
        report_states.accept(session, period=period, unit=unit, by=by, now=now, policy=policy)
    if filing.outcome is Outcome.RETURNED:
        report_states.send_back(
            session, period=period, unit=unit, reasons=REASONS, by=by, now=now, policy=policy
        )


def _printable(host: str) -> str:
    """A host as a reader of this machine types it."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def commands(address: str, made: Mapping[Role, str]) -> list[tuple[str, str]]:
    """What to paste in another terminal at the repository's root: the purpose and the command of each step."""
    api, reviewer = f"{address}/api/v1", made[Role.REVIEWER]
    return [
        (
            "广州市补报（已过25日，计为迟报） · File Guangzhou's report, which is late by now",
            _curl(made[Role.REPORTER], "application/json", REPORT_FILE, f"{api}/reports"),
        ),
        (
            "全省汇总 · The province's sums",
            _curl(reviewer, None, None, f"{api}/aggregates/{PERIOD}/{PROVINCE}"),
        ),
        (
            "与台账比对 · Reconcile with the ledger",
            _curl(
                reviewer,
                "text/csv",
                LEDGER_FILE,
                f"{api}/reconciliations?period={PERIOD}&unit={PROVINCE}",
            ),
        ),
        (
            "导入佛山、顺德的委员花名册，说明差异 · Import a roster of members that explains two mismatches",
            _curl(reviewer, "text/csv", MEMBERS_FILE, f"{api}/ledger/imports?kind=members"),
        ),
    ]


def _curl(token: str, media_type: str | None, body: str | None, url: str) -> str:
    words = ["curl", "-sS", "-H", f"Authorization: Bearer {token}"]
    if media_type and body:
        words += ["-H", f"Content-Type: {media_type}", "--data-binary", f"@{body}"]
    return shlex.join([*words, url])


def _introduce(address: str, made: Made) -> None:
    """Print the ways in. Tokens and commands are never wrapped, so that they can be pasted."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]月报演示 Yuebao demo[/]  {address}/  ·  数据均为虚构 all data invented")
    console.print(f"时钟 Clock {START:%Y-%m-%d %H:%M} +08:00  ·  看板 Board {address}/demo/board")
    console.print(f"接口文档 API {address}/docs\n")
    console.print("[bold]本次运行的令牌 Tokens of this run[/]")
    for role, text in made.tokens.items():
        name, unit = TOKENS[role]
        console.print(f"  {name} {role:<13} {unit}  [cyan]{text}[/]")
    console.print(f"\n[bold]本次运行的账号和密码 Accounts and passwords of this run[/]  {address}/login")
    for role, text in made.passwords.items():
        name, unit = TOKENS[role]
        console.print(f"  {name} {role:<13} {unit}  [cyan]{text}[/]")
    console.print("\n[bold]另开终端，在仓库根目录粘贴 Paste in another terminal, at the repository's root[/]")
    for number, (purpose, command) in enumerate(commands(address, made.tokens), 1):
        console.print(f"\n[dim]# {number} {purpose}[/]")
        console.print(command, markup=False)
    console.print("\n按 Ctrl-C 结束 · Ctrl-C ends it", style="dim")
