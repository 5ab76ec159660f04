"""Sums over very many units, kept city by city, so that a change costs one city and not the country."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from threading import Lock
from typing import Any, NamedTuple

import orjson

from app.db import Row, Session
from app.domain.aggregate import View, aggregate
from app.domain.form import FormVersion
from app.domain.merged import merged
from app.domain.period import Period
from app.services import forms, revisions, units
from app.services.aggregates import of_codes

MANY = 2_000
"""Units from which a sum is kept in parts: below it the whole is computed as fast."""

QUESTIONS = 2
"""Sums kept in parts at a time; the answer for 41,000 units takes 60 MB."""


MOST_FEW = 10_000
"""Questions of which it is remembered that they concern a few units."""

_Register = tuple[str, str, str]
"""A unit, a day, and the number of the register's changes: what decides who contributes."""


class _Part(NamedTuple):
    """What one city adds: its sums, and its units as JSON without brackets."""

    state: str
    body: Mapping[str, Any]
    units: bytes
    separate: bytes
    digest: bytes


class Parts:
    """The parts of the sums that were asked for last, each with the state that it was computed from."""

    def __init__(self, many: int = MANY) -> None:
        self._many = many
        self._kept: OrderedDict[tuple[str, str, str], dict[str, _Part]] = OrderedDict()
        self._expected: tuple[_Register, dict[str, list[Row]]] | None = None
        self._few: set[_Register] = set()
        self._lock = Lock()

    def __call__(
        self, session: Session, *, unit: Row, period: Period, view: View
    ) -> tuple[bytes, str] | None:
        """The body of a sum and its tag, to the byte what it is without parts; None for a small sum.

        The tag is a hash of the parts' hashes, because hashing 60 MB takes longer than all else.
        """
        form = forms.in_force(session, period)
        expected = self._contributors(session, unit, form, period)
        if expected is None:
            return None
        states = revisions.parts(session, str(period))
        key = (unit["code"], str(period), view.value)
        before = self._kept.get(key, {})
        parts = {
            name: _current(session, name, rows, period, form, view, states.of(name), before.get(name))
            for name, rows in expected.items()
        }
        self._keep(key, parts)
        head = {"period": str(period), "unit": unit["code"], "name": unit["name"], "form": form.id}
        return _joined(head, list(parts.values()))

    def _contributors(
        self, session: Session, unit: Row, form: FormVersion, period: Period
    ) -> dict[str, list[Row]] | None:
        """The contributing units by part and code, or None for a few; the register seldom changes and takes long
        to read, and so do the states of all parts, which a few do not need."""
        cut_off = form.window(period).end
        register = revisions.current(session, str(period)).partition(".")[0]
        key = (unit["code"], cut_off.isoformat(), register)
        kept = self._expected
        if key not in self._few and (kept is None or kept[0] != key):
            found = units.contributors(session, unit, on=cut_off)
            if len(found) < self._many:
                self._note_few(key)
                return None
            by_part = groupby(found, key=lambda row: revisions.part_of(row["code"]))
            kept = self._expected = key, {name: list(rows) for name, rows in by_part}
        return None if kept is None or kept[0] != key else kept[1]

    def _note_few(self, key: _Register) -> None:
        with self._lock:
            if len(self._few) >= MOST_FEW:
                self._few.clear()
            self._few.add(key)

    def _keep(self, key: tuple[str, str, str], parts: dict[str, _Part]) -> None:
        with self._lock:
            self._kept[key] = parts
            self._kept.move_to_end(key)
            if len(self._kept) > QUESTIONS:
                self._kept.popitem(last=False)


def _current(
    session: Session,
    name: str,
    rows: Sequence[Row],
    period: Period,
    form: FormVersion,
    view: View,
    state: str,
    before: _Part | None,
) -> _Part:
    """The part as it stands: the one that is kept, or computed anew."""
    if before is not None and before.state == state:
        return before
    found, is_final = of_codes(session, rows, period, first=name, end=str(int(name) + 1).zfill(len(name)))
    body = aggregate(
        form.summed,
        form.ratios,
        found,
        provisional=not is_final,
        vintage=None,
        view=view,
    )
    own, separate = (orjson.dumps(body.pop(key))[1:-1] for key in ("units", "separate"))
    digest = sha256(orjson.dumps(body) + b"\0" + own + b"\0" + separate).digest()
    return _Part(state, body, own, separate, digest)


def _joined(head: Mapping[str, Any], parts: Sequence[_Part]) -> tuple[bytes, str]:
    """The whole body, its pieces copied once."""
    sums = orjson.dumps({**head, **merged([part.body for part in parts])})
    tag = sha256(sums + b"".join(part.digest for part in parts)).hexdigest()[:32]
    rows = [*_list(b"units", [p.units for p in parts]), *_list(b"separate", [p.separate for p in parts])]
    return b"".join([sums[:-1], *rows, b"}"]), tag


def _list(name: bytes, pieces: Sequence[bytes]) -> list[bytes]:
    """A member that is a list, in pieces: joined by a comma where there is something to join."""
    found = [b',"', name, b'":[']
    for piece in pieces:
        if piece:
            found += [piece, b","]
    return [*found[: -1 if found[-1] == b"," else None], b"]"]
