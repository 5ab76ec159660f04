"""The library without the service: nothing of it is imported, and nothing but three packages is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = ("duckdb", "_duckdb", "python_calamine", "defusedxml")
"""What the reconciliation is allowed to import beside the standard library and itself."""

PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

class Fence(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top == "app" or top.startswith("_sysconfigdata") or top in {needed!r}:
            return None
        raise ModuleNotFoundError(f"{{name}} is not needed", name=name)

sys.meta_path.insert(0, Fence())
sys.path.insert(0, {root!r})
from datetime import date
from app.reconcile import LedgerUnit, Rosters, reconcile
units = {{
    "999900": LedgerUnit("999900", "示例市", "999900"),
    "999901101": LedgerUnit("999901101", "示例一镇", "999900", "999900"),
}}
members = {{
    "member_id": ["M0001"], "township_code": ["999901101"], "start_date": [date(2015, 4, 1)], "end_date": [None],
}}
reported = {{"2015-04": {{"999900": {{"members_added": 2}}}}}}
result = reconcile(Rosters(members, None), reported, units, indicators=("members_added",))
assert result.ok, result.rosters[0].findings
print(result.comparisons["2015-04"].mismatches[0]["difference"])
"""


def run(root: Path, folder: Path, needed: tuple[str, ...] = NEEDED) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(needed=needed, root=str(root))
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_whole_job_runs_without_the_service(tmp_path: Path) -> None:
    result = run(Path.cwd(), tmp_path)

    assert (result.stdout, result.returncode) == ("1\n", 0), result.stderr


def test_a_package_behind_the_fence_is_missed(tmp_path: Path) -> None:
    assert run(Path.cwd(), tmp_path, needed=("defusedxml",)).returncode == 1


@pytest.mark.parametrize("package", ["fastapi", "sqlmodel", "sqlalchemy", "pydantic", "pandas", "numpy"])
def test_the_fence_holds_back(package: str) -> None:
    assert package not in NEEDED
