"""The service, but keeping no answer: as if one report, or everything, had changed since the last question."""

from __future__ import annotations

import random
from collections import Counter
from itertools import count
from typing import Any

from app import main
from app.api.edge import Edge
from app.db import Session
from app.services.aggregates import Answers
from app.services.parts import Parts
from app.services.revisions import States, province_of

_CHANCE = random.Random(20150425)


class _AllChanged(Parts):
    """Finds that something has changed for everybody: each unit is read and written as JSON again."""

    _times = count(1)

    def _states(self, session: Session, *asked: Any) -> States:
        states = super()._states(session, *asked)
        return states._replace(common=f"{states.common}.{next(self._times)}")


class _OneChanged(Parts):
    """Finds the counter of a city, another one each time, higher than it is, and none of the database's pages in
    memory: what a stored report of one of the city's units does to a reader."""

    def __init__(self) -> None:
        super().__init__()
        self._raised: Counter[str] = Counter()

    def __call__(self, session: Session, **asked: Any) -> tuple[bytes, str]:
        made = super().__call__(session, **asked)
        if session.dialect.name == "sqlite":
            session.control("PRAGMA shrink_memory")
        return made

    def _states(self, session: Session, *asked: Any) -> States:
        states = super()._states(session, *asked)
        city = _CHANCE.choice([name for name in states.numbers if name != province_of(name)])
        self._raised.update([city, province_of(city)])
        return states._replace(numbers={name: n + self._raised[name] for name, n in states.numbers.items()})


def all_changed() -> Edge:
    """The application over the same database, where everything has changed."""
    return _keeping(_AllChanged())


def one_changed() -> Edge:
    """The same, where one report of the units of each sum has changed."""
    return _keeping(_OneChanged())


def _keeping(parts: Parts) -> Edge:
    app = main.create_app()
    app.state.aggregates = Answers(most=0, parts=parts)
    return app
