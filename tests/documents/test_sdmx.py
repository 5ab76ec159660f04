"""SDMX-CSV 2.0, both ways, against the column rules of the published field guide."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.sdmx import (
    ATTRIBUTES,
    DIMENSIONS,
    Keys,
    Labels,
    Observation,
    Options,
    Valuation,
    observations,
    sdmx_csv,
    structure_id,
)
from app.documents.sdmx_reader import read_sdmx
from app.domain.aggregate import UnitFigures, aggregate
from app.domain.values import figures_row
from tests.domain.sample import FORM, NOW

OPTIONS = [Options(labels, keys, "en") for labels in Labels for keys in Keys]
NAMES = {"440100": '广州市, "示例"', "440606": "顺德区"}


def table(reported: dict[str, int | None] | None, ledger: dict[str, int | None] | None) -> list[Observation]:
    """The observations of a city and of Shunde, which did not report."""
    units = [
        UnitFigures(code, NAMES[code], "prefecture", row=figures_row(FORM.summed, said, {}, ledger, False))
        for code, said in (("440100", reported), ("440606", None))
    ]
    body = aggregate(FORM.summed, FORM.ratios, units, provisional=True, vintage=None)
    return list(observations(FORM, {**body, "period": "2015-04"}))


def message(rows: list[Observation], options: Options | None = None) -> str:
    return "".join(sdmx_csv(FORM, iter(rows), NAMES, options))


def check_rules(text: str, options: Options) -> None:
    """The column rules of SDMX-CSV 2.0: "Columns", "Column headers", "Column content" of the field guide."""
    assert not text.startswith("\ufeff")
    header, *lines = csv.reader(StringIO(text, newline=""), strict=True)
    assert {len(line) for line in lines} <= {len(header)}, "all records have one structure"
    check_header(header, options)
    at = {title.partition(": ")[0]: n for n, title in reversed(list(enumerate(header)))}
    for line in lines:
        check_line(line, at, options)


def check_header(header: list[str], options: Options) -> None:
    place = iter(header)
    assert re.fullmatch(r"STRUCTURE\[.\]", next(place)), "multi-valued FLAGS[] needs the delimiter announced"
    assert next(place) == "STRUCTURE_ID"
    if options.labels is Labels.NAME:
        assert next(place) == "STRUCTURE_NAME"
    assert next(place) == "ACTION"
    if options.keys in {Keys.SERIES, Keys.BOTH}:
        assert next(place) == "SERIES_KEY"
    if options.keys in {Keys.OBS, Keys.BOTH}:
        assert next(place) == "OBS_KEY"
    for component in (*DIMENSIONS, "OBS_VALUE", *ATTRIBUTES):
        title = next(place)
        assert title.startswith(f"{component}: ") if options.labels is Labels.BOTH else title == component
        if options.labels is Labels.NAME:
            assert next(place), "a column with the name follows"
    assert next(place, None) is None


def check_line(line: list[str], at: dict[str, int], options: Options) -> None:
    assert line[0] in {"dataflow", "datastructure", "dataprovision"}
    structure, colon, _ = line[1].partition(": ")
    assert re.fullmatch(r"[A-Z]+:[A-Z0-9_]+\([0-9]+\.[0-9]+\.[0-9]+\)", structure)
    assert bool(colon) == (options.labels is Labels.BOTH)
    assert line[at["ACTION"]] in set("IARD")
    dimensions = [line[at[name]].partition(": ")[0] for name in DIMENSIONS]
    assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", code) for code in dimensions), "codes are SDMX ids"
    if "OBS_KEY" in at:
        assert line[at["OBS_KEY"]] == ".".join(dimensions)
    if "SERIES_KEY" in at:
        assert line[at["SERIES_KEY"]] == ".".join(dimensions[:-1])


FIGURES = st.dictionaries(
    st.sampled_from([figure.code for figure in FORM.summed]), st.none() | st.integers(0, 9_999_999)
)


@settings(max_examples=60)
@given(st.none() | FIGURES, st.none() | FIGURES, st.sampled_from(OPTIONS))
def test_a_message_keeps_the_rules_and_comes_back_whole(reported, ledger, options) -> None:
    rows = table(reported, ledger)

    text = message(rows, options)

    check_rules(text, options)
    back = read_sdmx(text.encode())
    assert back.findings == []
    assert back.form == (FORM.code, FORM.version)
    assert back.observations == rows


def test_all_four_values_stand_side_by_side() -> None:
    rows = {row[:3]: row for row in table(dict(NOW), {"members_total": 199})}

    values = {
        kind: rows["440100", "members_total", kind].value for kind in ("reported", "ledger", "effective")
    }
    assert values == {"reported": 202, "ledger": 199, "effective": 199}
    assert rows["440100", "members_total", "effective"].flags == ("ledger_corrected",)
    assert rows["440100", "members_added", "effective"].status == "V", "unverified"
    assert rows["440100", "townships_total", "effective"].status == "P"
    assert rows["440606", "townships_total", "reported"].status == "O"
    assert rows["440100", "townships_mobilized", "evidenced"].value == 0
    assert {row.valuation for row in rows.values()} == set(Valuation)


HEAD = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE"
FLOW = structure_id(FORM)
LINE = f"dataflow,{FLOW},I,440100,members_total,2015-04,202"


class TestMessagesOfOthers:
    @pytest.mark.parametrize(
        "text",
        [
            f"{HEAD}\n{LINE}\n",
            f"\ufeff{HEAD}\r\n{LINE}\r\n",
            f"{HEAD};\n{LINE};\n".replace(",", ";").replace(";\n", "\n"),
            f"{HEAD}\n{LINE.replace(',I,', ',A,')}",
            f"{HEAD}\n{LINE.replace('dataflow', 'datastructure')}",
            f"STRUCTURE[|],STRUCTURE_ID,OBS_VALUE,REF_AREA,INDICATOR,TIME_PERIOD\n"
            f"dataflow,{FLOW},202,440100,members_total,2015-04",
            f"STRUCTURE,STRUCTURE_ID: 标识,ACTION,REF_AREA: 单位,INDICATOR: 指标,TIME_PERIOD: 期,OBS_VALUE: 值\n"
            f"dataflow,{FLOW}: 月报,I,440100: 广州市,members_total: 委员: 总数,2015-04,202",
            f"STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,REF_AREA,单位,INDICATOR,TIME_PERIOD,OBS_VALUE,UPDATED\n"
            f"dataflow,{FLOW},月报,I,440100,广州市,members_total,2015-04,202,2015-04-30",
            f"{HEAD}\n{LINE}\n\n{LINE}\n",
        ],
        ids=["plain", "excel", "semicolons", "append", "dsd", "order", "both", "name", "repeated"],
    )
    def test_what_the_guide_allows_is_read(self, text: str) -> None:
        found = read_sdmx(text.encode())

        assert found.findings == []
        assert [row[:5] for row in found.observations] == [
            ("440100", "members_total", "reported", "2015-04", 202)
        ]

    @pytest.mark.parametrize(
        ("data", "place", "code"),
        [
            (b"\xff\xfe", "/lines/1", "sdmx-not-text"),
            (b"", "/lines/1", "sdmx-no-header"),
            (f"{HEAD}\n\0".encode(), "/lines/1", "sdmx-not-text"),
            (b"DATAFLOW,FREQ\n", "/lines/1", "sdmx-no-header"),
            (b"STRUCTURE,ACTION\n", "/lines/1", "sdmx-no-header"),
            (f'{HEAD}\n"a"b,'.encode(), "/lines/1", "sdmx-not-text"),
            (f"{HEAD}\n".encode(), "/lines/2", "sdmx-empty"),
            (f"{HEAD},OBS_VALUE\n".encode(), "/lines/1/8", "sdmx-column-twice"),
            (HEAD.replace("REF_AREA", "X").encode(), "/lines/1/REF_AREA", "sdmx-column-missing"),
            (f"{HEAD}\n{LINE},1".encode(), "/lines/2", "sdmx-fields"),
            (f"{HEAD}\n{LINE.replace('dataflow', 'flow')}".encode(), "/lines/2/STRUCTURE", "sdmx-structure"),
            (
                f"{HEAD}\n{LINE}\n{LINE.replace('(1.', '(2.')}".encode(),
                "/lines/3/STRUCTURE_ID",
                "sdmx-structure-id",
            ),
            (f"{HEAD}\n{LINE.replace(',I,', ',D,')}".encode(), "/lines/2/ACTION", "sdmx-action"),
            (f"{HEAD}\n{LINE.replace('440100', '4401')}".encode(), "/lines/2/REF_AREA", "sdmx-unit"),
            (f"{HEAD}\n{LINE.replace('2015-04', '2015-Q2')}".encode(), "/lines/2/TIME_PERIOD", "sdmx-period"),
            (f"{HEAD}\n{LINE.replace('202', '-1')}".encode(), "/lines/2/OBS_VALUE", "sdmx-value"),
            (f"{HEAD}\n{LINE.replace('202', '1.5')}".encode(), "/lines/2/OBS_VALUE", "sdmx-value"),
            (f"{HEAD}\n{LINE.replace('202', '٣')}".encode(), "/lines/2/OBS_VALUE", "sdmx-value"),
            (f"{HEAD}\n{LINE.replace('202', '9' * 40)}".encode(), "/lines/2/OBS_VALUE", "sdmx-value"),
            (f"{HEAD}\n{LINE}\n{LINE}1".encode(), "/lines/3/OBS_VALUE", "sdmx-twice"),
        ],
    )
    def test_what_it_does_not_allow_is_named_with_its_line(self, data: bytes, place: str, code: str) -> None:
        found = read_sdmx(data)

        assert (found.findings[0].pointer, found.findings[0].code) == (place, code)

    def test_all_faults_come_at_once(self) -> None:
        wrong = LINE.replace("440100", "x").replace("202", "y").replace(",I,", ",Z,")

        found = read_sdmx(f"{HEAD}\n{wrong}\n{wrong}\n".encode())

        assert len(found.findings) == 6
        assert found.observations == []

    @given(st.binary(max_size=200))
    def test_whatever_comes_gets_an_answer(self, data: bytes) -> None:
        head = HEAD.encode() + b"\n"

        for sent in (data, head + data):
            found = read_sdmx(sent)
            assert found.findings or found.observations
