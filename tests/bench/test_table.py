"""The benchmark's own arithmetic: medians, ratios, and the place in the documentation."""

import pytest

from bench.load import Load
from bench.table import Goal, publish, table


def load(rate, p50=2.0, p99=6.0, refused=0):
    return Load(rate, 1.0, p50, p99, refused, 0, False, rate * 1234, 500.0)


def test_the_first_contender_is_the_yardstick_at_the_same_number_of_connections():
    results = {
        ("floor", 1): [load(100), load(300), load(200)],
        ("ours", 1): [load(900), load(800), load(100)],
        ("floor", 16): [load(400)],
        ("ours", 16): [load(1000)],
    }

    lines = table(results, {"ours": Goal(2, spread=4)}).splitlines()[-4:]

    assert lines == [
        "| floor | 1 | 200 [100, 300, 200] | 1.00 |  |  | 2.00 | 6.00 | 3.0 | 0 | 500 | 1,234 |",
        "| ours | 1 | 800 [900, 800, 100] | 4.00 |  |  | 2.00 | 6.00 | 3.0 | 0 | 500 | 1,234 |",
        "| floor | 16 | 400 [400] | 1.00 |  |  | 2.00 | 6.00 | 3.0 | 0 | 500 | 1,234 |",
        "| ours | 16 | 1,000 [1,000] | 2.50 | ≥ 2, p99 ≤ 4 p50 | yes | 2.00 | 6.00 | 3.0 | 0 | 500 | 1,234 |",
    ]


def test_a_contender_may_have_a_yardstick_of_its_own():
    results = {("floor", 16): [load(400)], ("slow floor", 16): [load(100)], ("ours", 16): [load(800)]}

    lines = table(results, {"ours": Goal(8)}, {"slow floor": "slow floor", "ours": "slow floor"}).splitlines()

    assert [line.split(" | ")[3] for line in lines[-3:]] == ["1.00", "1.00", "8.00"]
    assert "| ≥ 8 | yes |" in lines[-1]


@pytest.mark.parametrize("spoilt", [load(700), load(1000, p99=8.1), load(1000, refused=1)])
def test_a_goal_is_missed_by_the_rate_by_the_slowest_and_by_a_refusal(spoilt):
    results = {("floor", 16): [load(400)], ("ours", 16): [spoilt]}

    assert "| **no** |" in table(results, {"ours": Goal(2, spread=4)})


def test_a_table_replaces_only_what_stands_between_its_marks(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n")

    publish("x", r"new \1", document)
    publish("x", r"new \1", document)

    assert document.read_text() == "a\n<!-- bench:x -->\nnew \\1\n<!-- /bench:x -->\nb\n"


def test_a_table_without_a_place_is_an_error(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("nothing here\n")

    with pytest.raises(ValueError, match="marks named bench:x"):
        publish("x", "new", document)
