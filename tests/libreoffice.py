"""LibreOffice without a window: saves files again as another office program would."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.absent import refuse

MISSING = "LibreOffice Calc is not installed: apt-get install -y --no-install-recommends libreoffice-calc"


class Office:
    """Converts files; each start takes seconds, so many files go at once."""

    def __init__(self, program: str, home: Path) -> None:
        self._program, self._home = program, home

    def saved(self, files: Mapping[str, bytes], kind: str = "xlsx", *options: str) -> dict[str, bytes]:
        """The files saved again as that kind, by the names they were given (without endings)."""
        folder = self._home / "in"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        command = [
            self._program,
            f"-env:UserInstallation={(self._home / 'profile').as_uri()}",
            "--headless",
            *options,
            "--convert-to",
            kind,
            "--outdir",
            str(self._home / "out"),
            *(str(folder / name) for name in files),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        ending = kind.partition(":")[0]
        return {
            name: (self._home / "out" / Path(name).stem).with_suffix(f".{ending}").read_bytes()
            for name in files
        }


def office(home: Path) -> Office:
    """The program; without it the test is skipped, and fails in CI."""
    program = shutil.which("soffice")
    if program is None:
        refuse(MISSING)
    return Office(str(program), home)
