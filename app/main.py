"""The wiring: settings in, application out."""

from __future__ import annotations

import asyncio
import atexit
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import cache

from fastapi.routing import APIRoute

from app import __version__
from app.api import (
    accounts,
    aggregates,
    board,
    circular_files,
    circulars,
    claims,
    consolidations,
    contacts,
    evidence,
    explanations,
    forms,
    health,
    jobs,
    ledger,
    ledger_versions,
    mismatches,
    periods,
    rankings,
    reconciliations,
    reminders,
    report_steps,
    reports,
    sdmx,
    series,
    sessions,
    tokens,
    trail,
    units,
    vintages,
    webhooks,
    workbooks,
)
from app.api.desk import Desk
from app.api.docs import docs_router
from app.api.edge import Edge, EdgeOptions
from app.api.head import Lane
from app.api.observation import BufferedLines, task_line
from app.console import board as board_pages
from app.console import circulars as circular_pages
from app.console import closings as closing_pages
from app.console import entry, home, organization, trends
from app.console import mismatches as mismatch_pages
from app.console import reports as report_pages
from app.db import Database
from app.domain.address import Outgoing, parse_outgoing
from app.domain.clock import Clock
from app.domain.permission import check_listed
from app.services import anchors, deliveries
from app.services.aggregates import Answers
from app.services.callers import Callers
from app.services.deliveries import Courier
from app.services.forms import parse_all as forms_in_use
from app.services.mail import parse_mailbox
from app.services.parts import Parts
from app.services.passwords import Hashing
from app.services.periods import Policy
from app.services.provider import Provider
from app.services.reminders import remind_by_day
from app.services.roster_files import Shelf
from app.services.second_factor import Seal
from app.services.sessions import Rules
from app.services.worker import Task, Worker
from app.settings import Environment, Settings
from app.storage import open_store, parse_scanner

ROUTERS = (
    reports,
    report_steps,
    consolidations,
    workbooks,
    evidence,
    claims,
    ledger,
    ledger_versions,
    reconciliations,
    explanations,
    mismatches,
    jobs,
    aggregates,
    circulars,
    circular_files,
    sdmx,
    series,
    rankings,
    board,
    periods,
    vintages,
    units,
    contacts,
    forms,
    sessions,
    accounts,
    tokens,
    trail,
    webhooks,
    reminders,
    health,
    home,
    entry,
    organization,
    board_pages,
    trends,
    mismatch_pages,
    circular_pages,
    closing_pages,
    report_pages,
)

SIGN_IN_PAGES = (*entry.PATHS, *organization.PATHS)
PUBLIC_IN_DEMO = (board_pages, trends, mismatch_pages)
READ_PAGES = (board_pages.PATH, trends.PATH, mismatch_pages.LIST, mismatch_pages.ONE)
DEMO_PAGES = tuple(f"{board_pages.DEMO}{path}" for path in READ_PAGES)
WORK_PAGES = (circular_pages.PATH, closing_pages.PATH, report_pages.PATH, report_pages.TABLE)
PAGES = frozenset({"/", *SIGN_IN_PAGES, *READ_PAGES, *DEMO_PAGES, *WORK_PAGES})
"""What answers with HTML: a visitor is sent to sign in, or in the demo shown what is invented."""

DESCRIPTION = "月报：收表、核对、汇总。 A monthly form collected, reconciled with a ledger and summed up."


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Edge:
    """The application for the given settings, or for those of the environment; `clock` replaces theirs."""
    settings = settings or Settings()
    database, clock = Database(settings.database), clock or Clock(settings.clock)
    is_demo = settings.env is Environment.DEMO
    # In the demo the terminal shows the tokens, which a line per request would scroll away.
    log = (settings.data_dir / "access.log").open("a") if is_demo else sys.stdout
    callers = Callers(database, clock, rules_of(settings))
    app = Edge(
        _options(settings, callers, BufferedLines(log)),
        title="月报 Yuebao",
        summary=DESCRIPTION,
        version=__version__,
        lifespan=_life,
    )
    app.include(*(room.router for room in ROUTERS), docs_router())
    if is_demo:
        app.include(*(room.demo_router for room in PUBLIC_IN_DEMO))
    check_listed(operations(app))
    app.state.database = database
    app.state.clock = clock
    app.state.callers = callers
    app.state.sign_in = callers.rules
    app.state.hashing = Hashing()
    app.state.provider = provider_of(settings)
    app.state.policy = Policy.of(settings.deadline_shift, settings.evidence_levels)
    app.state.store = open_store(
        settings.evidence, data_dir=settings.data_dir, with_sm3=settings.evidence_sm3
    )
    app.state.shelf = Shelf(
        open_store(settings.ledger, data_dir=settings.data_dir, with_sm3=settings.evidence_sm3),
        settings.data_dir / "rosters",
    )
    app.state.evidence_quota = settings.evidence_quota_bytes
    app.state.aggregates = Answers(parts=Parts())
    app.state.spool = settings.data_dir
    app.state.desk = Desk(database, clock, app.state.policy, settings.data_dir, app.state.shelf)
    app.state.is_demo = is_demo
    app.state.outgoing = parse_outgoing(
        settings.webhook_hosts, allows_http=settings.env is not Environment.PRODUCTION
    )
    app.state.scanner = parse_scanner(settings.clamd_url) if settings.clamd_url else None
    app.state.tasks = _tasks(settings, app, clock) if settings.worker else []
    app.state.needs_sign_in = settings.env is Environment.PRODUCTION
    app.state.log = log
    return app


def operations(app: Edge) -> set[str]:
    """Every operation behind the prefix, as the application itself lists them: `GET /api/v1/units`."""
    routes = [route for route in app.router.routes if isinstance(route, APIRoute)]
    return {
        f"{m} {route.path}" for route in routes for m in route.methods or () if route.path.startswith("/api/")
    }


def rules_of(settings: Settings) -> Rules:
    """What the settings say of signing in."""
    return Rules(
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
        second_factor_for=frozenset(filter(None, settings.second_factor_for.split(","))),
        seal=Seal(settings.secret_key.get_secret_value()),
        is_secure=settings.env is Environment.PRODUCTION,
    )


def provider_of(settings: Settings) -> Provider | None:
    """The OpenID provider that the settings name."""
    if not settings.oidc_issuer:
        return None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        return_url=settings.oidc_return_url,
        allowed=Outgoing(
            allows_http=settings.env is not Environment.PRODUCTION,
            networks=tuple(text.strip() for text in settings.oidc_networks.split(",") if text.strip()),
        ),
    )


def _options(settings: Settings, callers: Callers, write_log: Callable[[str], object]) -> EdgeOptions:
    hosts = settings.allowed_hosts
    return EdgeOptions(
        write_log=write_log,
        authenticate=callers.authenticate,
        now=callers.clock.now,
        cookie=callers.rules.cookie_name,
        allowed_hosts=None if hosts == "*" else frozenset(host.strip() for host in hosts.split(",")),
        max_json_bytes=settings.max_json_bytes,
        lanes=(
            Lane("/api/v1/evidence", "upload", settings.max_evidence_bytes),
            Lane("/api/v1/ledger/imports", "import", settings.max_ledger_bytes),
            Lane("/api/v1/reconciliations", "import", settings.max_ledger_bytes),
            Lane("/api/v1/reports/xlsx", "import", workbooks.LARGEST_UPLOAD),
            Lane("/api/v1/aggregates/sdmx", "import", sdmx.LARGEST_UPLOAD),
            Lane(report_pages.TABLE, "import", report_pages.LARGEST_UPLOAD),
        ),
        # In the demo all data is invented, so its pages need no caller; elsewhere those paths do not exist.
        public_exact=frozenset({"/metrics", "/api/v1/sessions", *PAGES, *home.STATIC}),
        pages_exact=PAGES,
    )


def _tasks(settings: Settings, app: Edge, clock: Clock) -> list[Task]:
    """What a server does on the side; several processes may do it at once."""
    database, allowed, policy = app.state.database, app.state.outgoing, app.state.policy
    courier = Courier(now=clock.now, allowed=allowed)
    tasks = [Task("deliver", 2.0, lambda: deliveries.deliver(database, courier, most=50))]
    if settings.smtp_url:
        mailbox = parse_mailbox(settings.smtp_url)
        tasks.append(Task("remind", 600.0, lambda: remind_by_day(database, clock.now(), policy, mailbox)))
    if settings.audit_anchor:
        keeper = anchors.Keeper(settings.audit_anchor, allowed)
        tasks.append(Task("anchor", 60.0, lambda: keeper.keep(database, now=clock.now())))
    return tasks


def _report_to(app: Edge) -> Callable[[str, Exception], None]:
    """A line of the log for a task that failed; written on the loop, where the lines are gathered."""
    loop = asyncio.get_running_loop()

    def report(task: str, error: Exception) -> None:
        line = task_line(task, error, app.edge.now())
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(app.edge.write_log, line)

    return report


@asynccontextmanager
async def _life(app: Edge) -> AsyncIterator[None]:
    """Start the lanes, parse the forms, end what was interrupted; at the end, finish what waits."""
    app.state.database.start()
    await app.state.database.read(forms_in_use)
    await app.state.desk.start()
    _settle()
    worker = Worker(app.state.tasks, _report_to(app)) if app.state.tasks else None
    if worker is not None:
        worker.start()
    writing = asyncio.create_task(app.state.callers.keep_writing())
    yield
    writing.cancel()
    # When a token was last used is worth less than an orderly end.
    with suppress(Exception):
        await app.state.callers.write_uses()
    await app.state.desk.stop()
    if worker is not None:
        await asyncio.to_thread(worker.stop)
    app.state.database.stop()
    # The server ends by the signal that stopped it, and with it whatever still waits in the stream.
    app.state.log.flush()
    if app.state.log is not sys.stdout:
        app.state.log.close()


@cache
def _settle() -> None:
    """Leave all that was loaded so far out of every later collection of garbage; once in a process.

    Without the freeze the collector walks all modules and the parsed forms again and again; at 16 connections
    that is most of the slowest hundredth of answers (docs/performance.md). What stays frozen is never released:
    DuckDB's binding would call it a leak at exit, at length, on standard error.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 100)
    atexit.register(gc.unfreeze)
