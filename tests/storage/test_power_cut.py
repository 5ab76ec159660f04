"""The order in which an upload reaches the disk: the file, its name, and only then the row and the answer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.absent import refuse
from tests.house.repository import ROOT

UPLOAD = """
import sys
from pathlib import Path
from app.storage import open_store
store = open_store(sys.argv[1], data_dir=Path(sys.argv[1]))
with store.receive() as incoming:
    incoming.write(b"content")
    store.keep(incoming, incoming.finish())
print("stored", flush=True)
"""
CALL = re.compile(r"(fsync|rename|mkdir|write)\((?:[0-9]+<(?P<place>[^>]*)>)?(?P<rest>.*)")


def test_a_file_and_every_folder_above_it_are_synced_before_anybody_hears_of_it(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        refuse("strace is not installed: apt-get install -y --no-install-recommends strace")
    root = tmp_path / "data" / "evidence"
    command = [
        "strace",
        "-f",
        "-y",
        "-e",
        "trace=fsync,rename,write",
        sys.executable,
        "-c",
        UPLOAD,
        str(root),
    ]

    calls = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stderr

    order = []
    for line in calls.splitlines():
        found = CALL.search(line)
        if found and str(root.parent) in line and found[1] != "write":
            order.append((found[1], found["place"] or ""))
        elif found and "stored" in found["rest"]:
            order.append(("answer", ""))
    names = [name for name, _ in order]
    assert names == ["fsync", "rename", "fsync", "fsync", "fsync", "fsync", "answer"]
    assert order[0][1].endswith(".part")
    assert [Path(place) for _, place in order[2:-1]][-2:] == [root, root.parent]
    assert Path(order[2][1]).parent == Path(order[3][1])
