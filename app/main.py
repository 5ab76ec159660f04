"""The wiring: settings in, application out."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache

from app import __version__
from app.api import (
    aggregates,
    board,
    circular_files,
    circulars,
    claims,
    consolidations,
    evidence,
    forms,
    health,
    jobs,
    ledger,
    ledger_versions,
    mismatches,
    periods,
    rankings,
    reconciliations,
    report_steps,
    reports,
    sdmx,
    series,
    trail,
    units,
    vintages,
    workbooks,
)
from app.api.desk import Desk
from app.api.docs import docs_router
from app.api.edge import Edge, EdgeOptions
from app.api.middleware import Lane
from app.api.observation import BufferedLines
from app.console import board as demo_board
from app.console import home, trends
from app.console import mismatches as mismatch_pages
from app.db import Database
from app.domain.clock import Clock
from app.domain.permission import Actor
from app.services import tokens
from app.services.aggregates import Answers
from app.services.forms import parse_all as forms_in_use
from app.services.parts import Parts
from app.services.periods import Policy
from app.settings import Environment, Settings
from app.storage import open_store

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
    forms,
    trail,
    health,
    home,
)

DEMO_PAGES = (demo_board.PATH, trends.PATH, mismatch_pages.LIST, mismatch_pages.ONE)

DESCRIPTION = "月报：收表、核对、汇总。 A monthly form collected, reconciled with a ledger and summed up."


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Edge:
    """The application for the given settings, or for those of the environment; `clock` replaces theirs."""
    settings = settings or Settings()
    database, clock = Database(settings.database), clock or Clock(settings.clock)
    is_demo = settings.env is Environment.DEMO
    # In the demo the terminal shows the tokens, which a line per request would scroll away.
    log = (settings.data_dir / "access.log").open("a") if is_demo else sys.stdout
    app = Edge(
        _options(settings, database, clock, BufferedLines(log)),
        title="月报 Yuebao",
        summary=DESCRIPTION,
        version=__version__,
        lifespan=_life,
    )
    rooms = (*ROUTERS, demo_board, mismatch_pages, trends) if is_demo else ROUTERS
    app.include(*(room.router for room in rooms), docs_router())
    app.state.database = database
    app.state.clock = clock
    app.state.policy = Policy.of(settings.deadline_shift, settings.evidence_levels)
    app.state.store = open_store(
        settings.evidence, data_dir=settings.data_dir, with_sm3=settings.evidence_sm3
    )
    app.state.evidence_quota = settings.evidence_quota_bytes
    app.state.aggregates = Answers(large=Parts())
    app.state.spool = settings.data_dir
    app.state.desk = Desk(database, clock, app.state.policy, settings.data_dir)
    app.state.is_demo = is_demo
    app.state.log = log
    return app


def _options(
    settings: Settings, database: Database, clock: Clock, write_log: Callable[[str], object]
) -> EdgeOptions:
    async def authenticate(kind: str, secret: str) -> Actor | None:
        """Bearer tokens; sessions of the console come with accounts."""
        if kind != "bearer":
            return None
        return await database.look(tokens.authenticate, secret, now=clock.now())

    hosts = settings.allowed_hosts
    return EdgeOptions(
        write_log=write_log,
        authenticate=authenticate,
        now=clock.now,
        allowed_hosts=None if hosts == "*" else frozenset(host.strip() for host in hosts.split(",")),
        max_json_bytes=settings.max_json_bytes,
        lanes=(
            Lane("/api/v1/evidence", "upload", settings.max_evidence_bytes),
            Lane("/api/v1/ledger/imports", "import", settings.max_ledger_bytes),
            Lane("/api/v1/reconciliations", "import", settings.max_ledger_bytes),
            Lane("/api/v1/reports/xlsx", "import", workbooks.LARGEST_UPLOAD),
            Lane("/api/v1/aggregates/sdmx", "import", sdmx.LARGEST_UPLOAD),
        ),
        # In the demo all data is invented, so its pages need no caller; elsewhere those paths do not exist.
        public_exact=frozenset({"/", "/metrics", *DEMO_PAGES, *home.STATIC}),
        pages_exact=frozenset({"/", *DEMO_PAGES}),
    )


@asynccontextmanager
async def _life(app: Edge) -> AsyncIterator[None]:
    """Start the lanes, parse the forms, end what was interrupted; at the end, finish what waits."""
    app.state.database.start()
    await app.state.database.read(forms_in_use)
    await app.state.desk.start()
    _settle()
    yield
    await app.state.desk.stop()
    app.state.database.stop()
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
