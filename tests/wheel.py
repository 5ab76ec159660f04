"""The project's wheel, and virtual environments that hold it with exactly what it says it needs.

Packages are not installed a second time: each is linked from the environment of the tests, as its own list of
files names it. What the wheel does not ask for is therefore absent, whatever lies beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.repository import ROOT


def build_wheel(folder: Path) -> Path:
    """Build with the locked back end, without isolation and without a network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("yuebao-*.whl")
    return wheel


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the wheel in it, and a folder to run in that is not the repository."""

    site: Path
    scripts: Path
    folder: Path
    names: frozenset[str]
    """The other distributions that can be imported there."""

    def run(self, *arguments: str, timeout: int = 60) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment."""
        command = self.command(*arguments)
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout
        )

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of a program of the environment."""
        return [str(self.scripts / program), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """This process's variables but for those of Python and of the service."""
        foreign = ("PYTHON", "YUEBAO_", "VIRTUAL_ENV", "COV_")
        return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def install(wheel: Path, folder: Path, *, only: Iterable[str] | None = None) -> Installation:
    """Install the wheel and what it asks for, or `only` these, and nothing else, into a new environment."""
    home = folder / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    (metadata,) = site.glob("yuebao-*.dist-info")
    yuebao = PathDistribution(metadata)
    names = set[str]()
    for needed in _needed(only or yuebao.requires or ()):
        names.add(canonicalize_name(needed.name))
        _link(needed, site)
    for entry in yuebao.entry_points.select(group="console_scripts"):
        _write_script(home / "bin", entry.name, entry.module, entry.attr)
    work = folder / "elsewhere"
    work.mkdir()
    return Installation(site, home / "bin", work, frozenset(names))


def _needed(asked: Iterable[str]) -> Iterator[Distribution]:
    """All that some requirements ask for, directly or not, on this machine."""
    seen = set[tuple[str, str]]()
    waiting = [(text, "") for text in asked]
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), wanted)
            if key not in seen:
                seen.add(key)
                found = distribution(requirement.name)
                waiting += [(each, wanted) for each in found.requires or ()]
                yield found


def _link(package: Distribution, site: Path) -> None:
    """Make the package importable in `site`, as what it calls its own files in ours."""
    for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        source, target = Path(str(package.locate_file(top))), site / top
        if source.exists() and not target.exists():
            target.symlink_to(source)


def _write_script(scripts: Path, name: str, module: str, function: str) -> None:
    script = scripts / name
    script.write_text(
        f"#!{scripts / 'python'}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
    )
    script.chmod(0o755)
