"""SDMX-CSV 2.0: the table of a province as statistics offices exchange it, one observation a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from app.documents.summary import csv_line
from app.domain.form import FormVersion
from app.errors import Text

AGENCY = "YUEBAO"
SUB_FIELDS = ";"
"""Separates the values of a field with several (FLAGS[]); the header of the first column announces it."""

STRUCTURES = ("dataflow", "datastructure", "dataprovision")
DIMENSIONS = ("FREQ", "REF_AREA", "INDICATOR", "VALUATION", "TIME_PERIOD")
"""In the order of the data structure, which is the order of keys."""
MEASURE = "OBS_VALUE"
ATTRIBUTES = ("OBS_STATUS", "UNIT_MEASURE", "SOURCE", "FLAGS[]")
MONTHLY = "M"


class Valuation(StrEnum):
    """Which of the four values of a figure an observation is."""

    REPORTED = "reported"
    EVIDENCED = "evidenced"
    LEDGER = "ledger"
    EFFECTIVE = "effective"


class Labels(StrEnum):
    """Whether names stand beside codes: the parameter `labels` of the media type."""

    ID = "id"
    NAME = "name"
    BOTH = "both"


class Keys(StrEnum):
    """Which columns of keys are added: the parameter `keys` of the media type."""

    NONE = "none"
    SERIES = "series"
    OBS = "obs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Options:
    """What a client asked for beside the format itself."""

    labels: Labels = Labels.ID
    keys: Keys = Keys.NONE
    language: str = "zh"


class Observation(NamedTuple):
    """One value of one figure; None is a missing one. Codes only: names belong to the labels."""

    unit: str
    indicator: str
    valuation: str
    period: str
    value: int | None
    status: str = "A"
    measure: str = ""
    source: str = ""
    flags: tuple[str, ...] = ()


_NAMES: Mapping[str, Text] = {
    "FREQ": Text("频率", "Frequency"),
    "REF_AREA": Text("填报单位", "Reporting unit"),
    "INDICATOR": Text("指标", "Indicator"),
    "VALUATION": Text("数值口径", "Valuation"),
    "TIME_PERIOD": Text("期别", "Period"),
    "OBS_VALUE": Text("数值", "Observation value"),
    "OBS_STATUS": Text("数值状态", "Observation status"),
    "UNIT_MEASURE": Text("计量单位", "Unit of measure"),
    "SOURCE": Text("数据来源", "Source"),
    "FLAGS[]": Text("标记", "Flags"),
}
_VALUES: Mapping[str, Text] = {
    MONTHLY: Text("月", "Monthly"),
    "reported": Text("填报数", "Reported"),
    "evidenced": Text("有材料数", "Evidenced"),
    "ledger": Text("台账数", "Ledger"),
    "effective": Text("认定数", "Effective"),
}
_STATUSES: Mapping[str, Text] = {
    "A": Text("正常", "Normal value"),
    "O": Text("缺失", "Missing value"),
    "P": Text("暂定", "Provisional value"),
    "V": Text("未核实", "Unvalidated value"),
}
"""The codes of the SDMX code list of observation statuses that occur here."""


def structure_id(form: FormVersion) -> str:
    """The data flow of a form version: YUEBAO:BAIXIAN_QIANXIANG(1.0.0)."""
    return f"{AGENCY}:{form.code.upper().replace('-', '_')}({form.version}.0.0)"


def observations(form: FormVersion, found: Mapping[str, Any]) -> Iterator[Observation]:
    """Every value of every unit in an answer of `GET /aggregates/{period}/{unit}`, by unit, figure and kind.

    Sums are not among them: whoever reads the table adds up what it holds.
    """
    for unit in (*found["units"], *found["separate"]):
        for figure in form.summed:
            for valuation in Valuation:
                if figure.code in unit[valuation]:
                    yield _observation(found, unit, figure.code, valuation, figure.unit.en)


def _observation(
    found: Mapping[str, Any], unit: Mapping[str, Any], code: str, valuation: Valuation, measure: str
) -> Observation:
    value, is_effective = unit[valuation][code], valuation is Valuation.EFFECTIVE
    flags = tuple(unit["flags"].get(code, ())) if is_effective else ()
    return Observation(
        *(unit["unit"], code, valuation.value, found["period"], value),
        status=_status(value, flags, is_effective and found["provisional"]),
        measure=measure,
        source=(unit["sources"][code] or "") if is_effective else "",
        flags=flags,
    )


def _status(value: int | None, flags: Sequence[str], is_provisional: bool) -> str:
    if value is None:
        return "O"
    if "unverified" in flags:
        return "V"
    return "P" if is_provisional else "A"


def sdmx_csv(
    form: FormVersion, rows: Iterator[Observation], names: Mapping[str, str], options: Options | None = None
) -> Iterator[str]:
    """The message as lines: RFC 4180, UTF-8 without a mark, one header line, action I (information).

    `names` holds the names of units. Columns stand in the order of the specification: structure, its id (and
    name), action, keys, dimensions, measure, attributes.
    """
    made = _Message(form, names, options or Options())
    yield csv_line(made.header())
    for row in rows:
        yield csv_line(made.line(row))


class _Message:
    def __init__(self, form: FormVersion, names: Mapping[str, str], options: Options) -> None:
        self.form = form
        self.units = names
        self.labels = options.labels
        self.keys = options.keys
        self.is_zh = options.language == "zh"
        self.name = self.pick(form.title.text)

    def pick(self, text: Text) -> str:
        """The name in the client's language."""
        return text.zh if self.is_zh else text.en

    def header(self) -> list[str]:
        """The header fields."""
        found = [f"STRUCTURE[{SUB_FIELDS}]", "STRUCTURE_ID"]
        found += ["STRUCTURE_NAME"] if self.labels is Labels.NAME else []
        found += ["ACTION", *self._keyed("SERIES_KEY", "OBS_KEY")]
        for column in (*DIMENSIONS, MEASURE, *ATTRIBUTES):
            found += self._shown(column, self.pick(_NAMES[column]))
        return found

    def line(self, row: Observation) -> list[str | int | None]:
        """The fields of one observation."""
        key = [MONTHLY, row.unit, row.indicator, row.valuation, row.period]
        found: list[str | int | None] = ["dataflow", *self._shown(structure_id(self.form), self.name)]
        found += ["I", *self._keyed(".".join(key[:-1]), ".".join(key))]
        for part in key:
            found += self._shown(part, self._name(part, row))
        found += ["" if row.value is None else row.value, *([""] if self.labels is Labels.NAME else [])]
        found += self._shown(row.status, self.pick(_STATUSES[row.status]))
        for part in (row.measure, row.source, SUB_FIELDS.join(row.flags)):
            found += [part, ""] if self.labels is Labels.NAME else [part]
        return found

    def _name(self, part: str, row: Observation) -> str:
        if part == row.unit:
            return self.units.get(part, "")
        if part == row.indicator:
            return self.pick(self.form.labels[part])
        return self.pick(_VALUES[part]) if part in _VALUES else ""

    def _shown(self, code: str, name: str) -> list[str]:
        if self.labels is Labels.NAME:
            return [code, name]
        return [f"{code}: {name}" if self.labels is Labels.BOTH and name else code]

    def _keyed(self, series: str, obs: str) -> list[str]:
        found = [series] if self.keys in {Keys.SERIES, Keys.BOTH} else []
        return [*found, *([obs] if self.keys in {Keys.OBS, Keys.BOTH} else [])]
