"""The page about mismatches says what the table in the code says."""

from __future__ import annotations

import re

from app.domain.mismatch import TRANSITIONS, Need, State, Step
from app.domain.permission import ROLES
from tests.house.repository import texts

ROWS = {
    row[0].strip("` "): [cell.strip() for cell in row[1:]]
    for line in texts()["docs/ledger.md"].splitlines()
    if len(row := line.strip("|").split("|")) == 5 and row[0].strip("` ") in set(Step)
}


def test_every_step_has_its_line() -> None:
    assert set(ROWS) == set(Step)


def test_targets_roles_and_needs_are_those_of_the_table() -> None:
    for line in TRANSITIONS:
        _, target, who, needs = ROWS[line.step]
        named = re.findall(r"`(\w+)`", target)
        assert named == [line.target, *([line.resolution] if line.resolution else [])]
        assert (needs == "text") == (Need.TEXT in line.needs)
        if line.action is not None:
            assert {name.strip() for name in who.split(",")} == set(ROLES[line.action])


def test_sources_are_those_of_the_table() -> None:
    first = ROWS[Step.EXPLAIN][0]
    for step in Step:
        source = ROWS[step][0]
        sources = {line.source for line in TRANSITIONS if line.step is step}
        written = first if source == "the same" else source
        meant = {"–": {None}, "any": set(State)}.get(written, set(re.findall(r"`(\w+)`", written)))
        assert sources == meant
