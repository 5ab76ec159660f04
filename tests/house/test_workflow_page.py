"""The page about the life of a report says what the table says."""

from __future__ import annotations

from scripts.write_workflow import TARGET, page


def test_the_page_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run `python -m scripts.write_workflow`"
