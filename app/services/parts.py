"""Sums made from parts that are kept, so that a change costs one unit and its province, and not the country."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from threading import Lock
from typing import Any, NamedTuple

import orjson

from app.db import Row, Session
from app.domain.aggregate import Entry, View, added_up, entries
from app.domain.form import FormVersion
from app.domain.merged import merged
from app.domain.period import Period
from app.services import forms, revisions, units
from app.services.aggregates import contributions, is_final, stored_of, tag_of
from app.services.revisions import States, city_of, province_of

MANY = 200
"""Units of a province from which each of its cities is a part of its own: a hundred are added up in a millisecond."""

MOST_BYTES = 160 * 1024 * 1024
"""Bytes of the parts of sums: of 41,000 units, whose answer takes 62 MB, two questions fit."""

MOST_UNITS = 10_000
"""Units kept one by one, about 65 MB: of 340 the months of two years."""

MOST_ROWS = 60_000
"""Rows of the register that are kept, by who contributes to what: 41,000 townships, and the provinces of a year."""

QUICK = 128 * 1024
"""Bytes of kept parts from which a sum is not put together on the event loop."""

_Key = tuple[str, str, str]

_Places = Mapping[str, Sequence[Row]]
"""Contributing units in code order, by the province or the city that they belong to."""


class _Expected(NamedTuple):
    """The form that is in force, and who contributes."""

    form: FormVersion
    places: _Places

    @property
    def size(self) -> int:
        """How many rows of the register it holds, and one for itself."""
        return 1 + sum(map(len, self.places.values()))


class _Asked(NamedTuple):
    """A question, the form that is in force, and the state of the database."""

    unit: Row
    period: Period
    view: View
    form: FormVersion
    state: str

    @property
    def head(self) -> dict[str, str]:
        """What a body begins with."""
        unit = self.unit
        return {"period": str(self.period), "unit": unit["code"], "name": unit["name"], "form": self.form.id}


class _Unit(NamedTuple):
    """What one unit brings to a sum, its line as JSON, whose hash comes with it, and the state of its city then."""

    state: str
    entry: Entry
    digest: bytes
    is_final: bool


@dataclass(frozen=True)
class _Part:
    """What one province or city adds: its sums, and its units as JSON without brackets."""

    state: str
    body: Mapping[str, Any]
    units: bytes
    separate: bytes
    digests: bytes
    """The hashes of its units, end to end."""

    @property
    def size(self) -> int:
        """About how many bytes it takes; the sums as objects take 25 KB."""
        return len(self.units) + len(self.separate) + 25_000


class Parts:
    """The parts of the sums that were asked for last, each with the state that it was computed from."""

    def __init__(self, many: int = MANY) -> None:
        self._many = many
        self._expected: dict[_Key, _Expected] = {}
        self._rows = 0
        self._units: dict[_Key, _Unit] = {}
        self._kept: OrderedDict[_Key, dict[str, _Part]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __call__(
        self, session: Session, *, unit: Row, period: Period, view: View, state: str
    ) -> tuple[bytes, str]:
        """The body of a sum and its tag, to the byte what it is without parts.

        `state` is what `revisions.current` says of the period in this session.
        """
        form, expected = self._contributors(session, unit, period, state)
        asked = _Asked(unit, period, view, form, state)
        states = self._states(session, asked, expected)
        key = (unit["code"], str(period), view.value)
        before = self._kept.get(key, {})
        parts = {
            name: self._part(session, name, rows, asked, states, before.get(name))
            for name, rows in expected.items()
        }
        self._keep(key, parts)
        return _joined(asked.head, list(parts.values()))

    def is_quick(self, unit: str, period: Period, view: View) -> bool:
        """Whether the sum is kept and so small that, whatever has changed, it takes about a millisecond."""
        return 0 < _size(self._kept.get((unit, str(period), view.value), {})) < QUICK

    def _states(self, session: Session, asked: _Asked, expected: _Places) -> States:
        names = [*expected]
        return revisions.cities(session, asked.state, names[0], names[-1] + "99")

    def _part(
        self,
        session: Session,
        name: str,
        rows: Sequence[Row],
        asked: _Asked,
        states: States,
        before: _Part | None,
    ) -> _Part:
        """The part as it stands: the one that is kept, or added up anew."""
        state = states.of(name)
        if before is not None and before.state == state:
            return before
        found = self._current(session, name, rows, asked, states)
        body = added_up(
            asked.form.summed,
            asked.form.ratios,
            [each.entry for each in found],
            provisional=not found or not all(each.is_final for each in found),
            vintage=None,
            view=asked.view,
        )
        own, separate = (orjson.dumps(body.pop(key))[1:-1] for key in ("units", "separate"))
        return _Part(state, body, own, separate, b"".join([each.digest for each in found]))

    def _current(
        self, session: Session, name: str, rows: Sequence[Row], asked: _Asked, states: States
    ) -> Sequence[_Unit]:
        """Each unit of a part as it stands; those of a city in which something has changed are read anew."""
        month, view = str(asked.period), asked.view.value
        of = {row["code"]: states.of(city_of(row["code"])) for row in rows}
        kept = ((code, self._units.get((month, view, code))) for code in of)
        found = {code: unit for code, unit in kept if unit is not None and unit.state == of[code]}
        fresh = _read(session, [row for row in rows if row["code"] not in found], asked, of)
        if name == province_of(name):  # of a city, all units change at once
            self._keep_units({(month, view, code): unit for code, unit in fresh.items()})
        found |= fresh
        return [found[code] for code in of]

    def _keep_units(self, fresh: Mapping[_Key, _Unit]) -> None:
        with self._lock:
            if len(self._units) + len(fresh) > MOST_UNITS:
                self._units.clear()
            self._units.update(fresh)

    def _keep(self, key: _Key, parts: dict[str, _Part]) -> None:
        with self._lock:
            self._bytes += _size(parts) - _size(self._kept.pop(key, {}))
            self._kept[key] = parts
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])

    def _contributors(self, session: Session, unit: Row, period: Period, state: str) -> _Expected:
        """What the register and the forms decide; they seldom change and take long to read."""
        key = (unit["code"], str(period), state.rsplit(".", 2)[0])
        found = self._expected.get(key)
        if found is None:
            form = forms.in_force(session, period)
            rows = units.contributors(session, unit, on=form.window(period).end)
            found = _Expected(form, _by_place(rows, self._many) or {province_of(unit["code"]): []})
            with self._lock:
                self._rows += found.size
                if self._rows > MOST_ROWS:
                    self._expected.clear()
                    self._rows = found.size
                self._expected[key] = found
        return found


def _by_place(rows: Sequence[Row], many: int) -> dict[str, list[Row]]:
    """Rows in code order by province, and by city where a province has many."""
    found: dict[str, list[Row]] = {}
    for _, of_province in groupby(rows, key=lambda row: province_of(row["code"])):
        own = [*of_province]
        place_of = province_of if len(own) < many else city_of
        found |= {name: [*each] for name, each in groupby(own, key=lambda row: place_of(row["code"]))}
    return found


def _size(parts: Mapping[str, _Part]) -> int:
    return sum(part.size for part in parts.values())


def _read(
    session: Session, rows: Sequence[Row], asked: _Asked, states: Mapping[str, str]
) -> dict[str, _Unit]:
    """These units as the database has them now, by code; `states` are those of their cities."""
    stored = stored_of(session, rows, asked.period)
    brought = contributions(session, rows, stored, asked.period)
    made = zip(rows, entries(asked.form.summed, brought, asked.view), strict=True)
    return {
        row["code"]: _unit(states[row["code"]], entry, is_final=is_final(row, stored)) for row, entry in made
    }


def _unit(state: str, entry: Entry, *, is_final: bool) -> _Unit:
    """What is kept of an entry: not what no sum needs, and its line as JSON."""
    # A copy: what orjson gives holds on to several times its length.
    line = bytes(memoryview(orjson.dumps(entry.line)))
    kept = entry._replace(unit=entry.unit._replace(row=None), line=orjson.Fragment(line))
    return _Unit(state, kept, sha256(line).digest(), is_final)


def _joined(head: Mapping[str, Any], parts: Sequence[_Part]) -> tuple[bytes, str]:
    """The whole body, its pieces copied once, and its tag: a hash of its sums and of its units' hashes."""
    sums = orjson.dumps({**head, **merged([part.body for part in parts])})
    rows = [*_list(b"units", [p.units for p in parts]), *_list(b"separate", [p.separate for p in parts])]
    return b"".join([sums[:-1], *rows, b"}"]), tag_of(sums + b"".join([part.digests for part in parts]))


def _list(name: bytes, pieces: Sequence[bytes]) -> list[bytes]:
    """A member that is a list, in pieces: joined by a comma where there is something to join."""
    found = [b',"', name, b'":[']
    for piece in pieces:
        if piece:
            found += [piece, b","]
    return [*found[: -1 if found[-1] == b"," else None], b"]"]
