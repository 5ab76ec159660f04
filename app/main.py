"""The wiring: settings in, application out."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from app import __version__
from app.api import aggregates, forms, health, ledger, periods, reconciliations, reports, trail, units
from app.api.docs import add_docs
from app.api.edge import Edge, EdgeOptions
from app.api.middleware import Lane
from app.console import pages
from app.db import Database
from app.domain.clock import Clock
from app.domain.deadline import Shift
from app.domain.permission import Actor
from app.services import tokens
from app.services.aggregates import Answers
from app.services.periods import Policy
from app.settings import Settings

PREFIX = "/api/v1"


def create_app(settings: Settings | None = None) -> Edge:
    """The application for the given settings, or for those of the environment."""
    settings = settings or Settings()
    database, clock = Database(settings.database), Clock(settings.clock)
    app = Edge(_options(settings, database, clock), title="月报 Yuebao", version=__version__, lifespan=_life)
    app.state.database = database
    app.state.clock = clock
    app.state.policy = Policy(shift=Shift(settings.deadline_shift) if settings.deadline_shift else None)
    app.state.aggregates = Answers()
    app.state.spool = settings.data_dir
    return app
