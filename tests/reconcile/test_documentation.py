"""docs/reconcile.md: its example runs, and it names every finding and column there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.reconcile.columns import SUMMARY
from app.reconcile.findings import CODES
from app.reconcile.roster.columns import MEMBERS, ORGS
from app.reconcile.roster.hints import HINTS

DOCUMENT = Path("docs/reconcile.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["summary", "rosters"])
def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    monkeypatch.chdir(tmp_path)

    exec(compile(example, "docs/reconcile.md", "exec"), {})


@pytest.mark.parametrize("code", CODES)
def test_every_finding_is_explained(code: str) -> None:
    assert f"`{code}`" in DOCUMENT


def test_the_documented_level_of_a_finding_is_its_severity() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| (error|warning|info) \|", DOCUMENT, re.MULTILINE)
    levels = {code: level for codes, level in rows for code in re.findall(r"`([^`]+)`", codes)}

    assert levels == {code: CODES[code][0].value for code in levels}
    assert len(levels) > 30


@pytest.mark.parametrize("code", sorted({column.code for column in (*SUMMARY, *MEMBERS, *ORGS)}))
def test_every_column_is_described(code: str) -> None:
    assert f"`{code}`" in DOCUMENT


@pytest.mark.parametrize("code", HINTS)
def test_every_hint_is_explained(code: str) -> None:
    assert f"| `{code}` | {HINTS[code].zh} / {HINTS[code].en} |" in DOCUMENT
