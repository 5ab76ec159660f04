"""The hidden stamp of a workbook: whose it is, for which month, made from which form and version."""

from __future__ import annotations

import re
from typing import NamedTuple

SHEET = "_yuebao"
PROPERTY = "yuebao"

_TEXT = re.compile(
    r"yuebao/1 ([a-z][a-z0-9-]{0,39}/[0-9]{1,4}) ([0-9]{4}-(?:0[1-9]|1[0-2])) ([0-9]{6}|[0-9]{9}) ([0-9]{1,9})"
)


class Stamp(NamedTuple):
    """What a workbook says of itself. It proves nothing: whoever sends it is checked like everybody else."""

    form: str
    period: str
    unit: str
    version: int = 0
    """The report's version that the workbook was filled from; 0 when there was none."""

    def __str__(self) -> str:
        return f"yuebao/1 {self.form} {self.period} {self.unit} {self.version}"


def read_stamp(text: object) -> Stamp | None:
    """The stamp that a text is, or None."""
    found = _TEXT.fullmatch(str(text).strip())
    return Stamp(found[1], found[2], found[3], int(found[4])) if found else None
