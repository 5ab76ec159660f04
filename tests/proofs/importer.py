"""Imports a ledger again and again, each time in a process of its own that somebody kills.

`python -m tests.proofs.importer URL FILE [FOLDER]` prints `ready`; for each line on standard input it forks a child
that imports the file, and prints the child's number, then the status with which it ended. With a folder, in which its
records are kept, the file is a roster of members.
"""

import os
import sys
from datetime import datetime
from pathlib import Path

from app.cli.ledger import OPERATOR
from app.db import Database
from app.reconcile import RosterKind, read_summary
from app.services import ledger, rosters
from app.services.periods import Policy
from app.services.roster_files import Shelf
from app.storage import open_store

AFTER = datetime.fromisoformat("2015-04-26T09:00:00+08:00")
NOW = datetime.fromisoformat("2015-04-24T09:00:00+08:00")


def bring(url: str, file: str) -> None:
    """One import, as the command does it."""
    with Database(url).transaction() as session:
        found = read_summary(file, ledger.ledger_units(session, by=OPERATOR))
        ledger.store(session, found, kind="summary", by=OPERATOR, now=NOW, policy=Policy())


def bring_roster(url: str, file: str, folder: str) -> None:
    """One import of a roster, as the command does it."""
    database, kept = Database(url), Path(folder)
    shelf = Shelf(open_store(str(kept / "ledger"), data_dir=kept), kept / "rosters")
    with database.transaction() as session:
        plan = rosters.plan(session, kind=RosterKind.MEMBERS, by=OPERATOR, now=AFTER)
    found = rosters.read(Path(file), plan, shelf)
    with database.transaction() as session:
        rosters.store(session, found, by=OPERATOR, now=AFTER, policy=Policy())


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(url: str, file: str, folder: str | None = None) -> None:
    """Fork on demand: a fresh interpreter for each would take a second."""
    _say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            if folder is None:
                bring(url, file)
            else:
                bring_roster(url, file, folder)
            os._exit(0)
        _say(child)
        _say(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
