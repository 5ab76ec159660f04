"""Units: their paths, what is counted inside them, and the file they are written to."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.domain.register import (
    CENTRE,
    DEPTH,
    Level,
    UnitRow,
    counted_townships,
    denominators,
    read_register,
    register_text,
    report_paths,
    with_counts,
)


def unit(code: str, level: Level, report_parent: str | None, **fields: object) -> UnitRow:
    """A unit with the least that its level needs."""
    row = UnitRow(
        code=code,
        name=f"示例{code}",
        level=level,
        report_parent=report_parent,
        admin_parent=report_parent,
        reports=False,
        agri_related=False if level is Level.COUNTY else None,
        township_kind=1 if level is Level.TOWNSHIP else None,
        valid_from=date(2015, 1, 1),
        valid_to=None,
        counties_count=None,
        agri_counties_count=None,
        townships_count=None,
    )
    return replace(row, **fields)


UNITS = [
    unit(CENTRE, Level.CENTRE, None),
    unit("990000", Level.PROVINCE, CENTRE),
    unit("999800", Level.PREFECTURE, "990000", reports=True),
    unit("999801", Level.COUNTY, "999800", agri_related=True),
    unit("999802", Level.COUNTY, "999800"),
    unit("999806", Level.COUNTY, "990000", admin_parent="999800", reports=True, agri_related=True),
    unit("999801001", Level.TOWNSHIP, "999801", township_kind=0),
    unit("999801101", Level.TOWNSHIP, "999801"),
    unit("999806101", Level.TOWNSHIP, "999806"),
    unit("999806201", Level.TOWNSHIP, "999806", township_kind=2),
    unit("999806301", Level.TOWNSHIP, "999806", township_kind=3),
    unit("999806400", Level.TOWNSHIP, "999806", township_kind=4),
    unit("999806500", Level.TOWNSHIP, "999806", township_kind=5),
]


def changed(code: str, **fields: object) -> list[UnitRow]:
    return [replace(row, **fields) if row.code == code else row for row in UNITS]


def test_levels_read_from_a_database_as_plain_strings_count_alike():
    plain = [replace(row, level=str(row.level)) for row in UNITS]

    assert denominators(plain) == denominators(UNITS)
    assert report_paths(plain) == report_paths(UNITS)


def test_report_path_leads_from_the_centre_and_passes_by_the_admin_parent():
    paths = report_paths(reversed(UNITS))

    assert paths[CENTRE] == "000000"
    assert paths["999801101"] == "000000/990000/999800/999801/999801101"
    assert paths["999806"] == "000000/990000/999806"


def test_area_of_a_unit_is_without_units_that_report_for_themselves():
    assert denominators(UNITS) == {"999800": (2, 1, 1), "999806": (1, 1, 3)}


def test_township_right_below_a_reporting_unit_is_counted_there():
    units = [*UNITS, unit("999800100", Level.TOWNSHIP, "999800")]

    assert denominators(units)["999800"] == (2, 1, 2)


def test_blank_counts_of_reporting_units_are_filled_in_and_stated_ones_stand():
    units = {row.code: row for row in with_counts(changed("999800", townships_count=0))}

    assert (units["999800"].counties_count, units["999800"].agri_counties_count) == (2, 1)
    assert units["999800"].townships_count == 0
    assert units["999806"].townships_count == 3
    assert units["999801"].counties_count is None


def test_streets_parks_and_farms_are_not_counted():
    assert [row.code for row in UNITS if row.is_counted_township] == [
        "999801101",
        "999806101",
        "999806201",
        "999806301",
    ]


def test_counted_townships_of_a_subtree_follow_the_reporting_line():
    assert counted_townships(UNITS) == 4
    assert counted_townships(UNITS, "990000") == 4
    assert counted_townships(UNITS, "999800") == 1


def test_unit_that_has_ended_is_not_counted():
    units = changed("999806101", valid_to=date(2015, 6, 1))

    assert denominators(units)["999806"].townships == 2
    assert counted_townships(units) == 3


def test_unit_younger_than_the_first_period_is_counted():
    assert denominators(changed("999802", valid_from=date(2099, 1, 1)))["999800"].counties == 2


def test_unit_is_in_force_from_its_first_day_until_the_day_before_its_last_date():
    row = unit("999801", Level.COUNTY, "999800", valid_from=date(2015, 4, 1), valid_to=date(2015, 5, 1))

    in_force = [row.is_in_force(date(2015, *day)) for day in [(3, 31), (4, 1), (4, 30), (5, 1)]]

    assert in_force == [False, True, True, False]
    assert replace(row, valid_to=None).is_in_force(date(2099, 1, 1))


CODES = {
    Level.PROVINCE: "{}0000",
    Level.PREFECTURE: "99{}00",
    Level.COUNTY: "9999{}",
    Level.TOWNSHIP: "9999991{}",
}


LETTERS = '例 Aa,"（'


@st.composite
def registers(draw: st.DrawFn) -> list[UnitRow]:
    """Registers in which any unit below the centre may report, and to any unit that stands higher."""
    units = [unit(CENTRE, Level.CENTRE, None)]
    for number, level in enumerate(draw(st.lists(st.sampled_from(list(CODES)), max_size=25)), 10):
        higher = [row.code for row in units if DEPTH[row.level] < DEPTH[level]]
        units.append(
            unit(
                CODES[level].format(number),
                level,
                draw(st.sampled_from(higher)),
                admin_parent=draw(st.sampled_from(higher)),
                name="示" + draw(st.text(LETTERS, max_size=4)) + str(number),
                reports=draw(st.booleans()),
                valid_from=draw(st.dates(date(2000, 1, 1), date(2020, 1, 1))),
                valid_to=draw(st.none() | st.dates(date(2020, 1, 2), date(2030, 1, 1))),
                **_marks(draw, level),
            )
        )
    return units


def _marks(draw: st.DrawFn, level: Level) -> dict[str, object]:
    if level is Level.COUNTY:
        return {"agri_related": draw(st.booleans())}
    return {"township_kind": draw(st.integers(0, 5))} if level is Level.TOWNSHIP else {}


@given(registers())
def test_written_register_reads_back_as_it_was(units):
    assert read_register(register_text(units).splitlines(True)) == (units, [])


@given(registers())
def test_counts_that_were_filled_in_raise_no_warning(units):
    assert read_register(register_text(with_counts(units)).splitlines(True))[1] == []


@given(registers())
def test_no_township_is_counted_twice_and_none_below_a_reporting_unit_is_lost(units):
    reporting = {row.code for row in units if row.reports}
    paths = report_paths(units)

    below = [row for row in units if reporting & set(paths[row.code].split("/"))]

    assert sum(count.townships for count in denominators(units).values()) == sum(
        row.is_counted_township and row.valid_to is None for row in below
    )


@given(registers())
def test_prefix_of_the_path_and_the_walk_down_agree_on_every_subtree(units):
    paths = report_paths(units)

    for top in units:
        subtree = [row for row in units if paths[row.code].startswith(paths[top.code] + "/")]
        assert counted_townships(units, top.code) == sum(
            row.is_counted_township and row.valid_to is None for row in subtree
        )
