"""`yuebao audit`: whether the trail of writes is whole, its anchors, and its archive."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli import context
from app.cli.context import OPERATOR, Context, problems_end_the_command
from app.db import Session
from app.domain.address import parse_outgoing
from app.domain.period import start_of
from app.services import anchors, audit, retention
from app.settings import Environment

app = typer.Typer(no_args_is_help=True, help="审计记录 / the audit trail")

BROKEN = 1

AnchorFile = Annotated[
    Path | None, typer.Option("--anchor", help="锚点文件；默认取 YUEBAO_AUDIT_ANCHOR / the file of anchors")
]
Archives = Annotated[list[Path] | None, typer.Option("--archive", help="归档文件 / an archived segment")]


@app.callback()
def trail() -> None:
    """审计记录 / the audit trail."""


@app.command()
def verify(anchor: AnchorFile = None, archive: Archives = None) -> None:
    """核对审计链和锚点。退出码：0 完整，1 有改动，2 无法核对 / Verify: exit 0 whole, 1 changed, 2 cannot be checked."""
    found = context.load()
    heads = _heads(found, anchor)
    # Reading years of rows takes minutes, for which nobody who writes is to wait.
    with found.database.snapshot() as session:
        _say_broken(audit.broken(session), "审计链在以下序号处断开", "The chain is broken at")
        _say_broken(anchors.denied(session, heads), "与下列锚点不符", "The chain denies its anchors at")
        for path in archive or ():
            _say_broken(
                _archive_breaks(session, path), f"归档 {path} 已改动", f"The archive {path} is broken at"
            )
    context.say(f"审计链完整 The chain holds; 锚点 anchors: {len(heads)}")


@app.command(name="anchor")
def keep_anchor() -> None:
    """将链首存到 YUEBAO_AUDIT_ANCHOR 所指的文件或网址 / Keep the head of the chain elsewhere."""
    found = context.load()
    place = found.settings.audit_anchor
    if not place:
        context.fail("请先设置 YUEBAO_AUDIT_ANCHOR", "Set YUEBAO_AUDIT_ANCHOR first")
    allowed = parse_outgoing(
        found.settings.webhook_hosts, allows_http=found.settings.env is not Environment.PRODUCTION
    )
    with problems_end_the_command():
        try:
            kept = anchors.anchor(found.database, place, now=found.clock.now(), allowed=allowed)
        except OSError as error:
            context.fail(f"无法写入 {place}", f"{place}: {error.strerror}")
    context.say(f"已锚定 Anchored: {kept.seq} {kept.hash}" if kept else "尚无记录 No rows yet")


@app.command(name="archive")
def archive_rows(
    before: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="此日之前的记录 / rows before this day")
    ],
    to: Annotated[Path, typer.Option(help="新的归档文件 / a new file")],
) -> None:
    """将六个月以前的记录移入归档文件；链仍可核对 / Move rows older than six months to a file."""
    found = context.load()
    with problems_end_the_command(), found.database.transaction() as session:
        try:
            made = retention.archive(
                session, before=start_of(before.date()), to=to, by=OPERATOR, now=found.clock.now()
            )
        except OSError as error:
            context.fail(f"无法写入 {to}", f"{to}: {error.strerror}")
    context.say(f"已归档 Archived: {made['first_seq']}-{made['last_seq']}, sha256 {made['sha256']}")


def _heads(found: Context, path: Path | None) -> list[anchors.Anchor]:
    """The anchors to check against; a file that was set and cannot be read is no sound trail (exit code 2)."""
    place = str(path or found.settings.audit_anchor)
    if not place or anchors.is_url(place):
        return []
    try:
        return anchors.parse_anchors(Path(place).read_bytes())
    except (OSError, ValueError):
        context.fail(
            f"锚点文件 {place} 缺失或无法识别", f"The anchors in {place} are missing or cannot be read"
        )


def _archive_breaks(session: Session, path: Path) -> list[int]:
    try:
        return retention.broken(session, path)
    except (OSError, ValueError):
        context.fail(f"归档 {path} 无法读取", f"The archive {path} cannot be read")


def _say_broken(numbers: list[int], zh: str, en: str) -> None:
    if numbers:
        listed = ", ".join(str(number) for number in numbers[:20])
        context.fail(f"{zh}：{listed}", f"{en}: {listed}", BROKEN)
