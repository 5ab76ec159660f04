"""Imports a ledger again and again, each time in a process of its own that somebody kills.

`python -m tests.proofs.importer URL FILE` prints `ready`; for each line on standard input it forks a child that
imports the file, and prints the child's number, then the status with which it ended.
"""

import os
import sys
from datetime import datetime

from app.cli.ledger import OPERATOR
from app.db import Database
from app.reconcile import read_summary
from app.services import ledger
from app.services.periods import Policy

NOW = datetime.fromisoformat("2015-04-24T09:00:00+08:00")


def bring(url: str, file: str) -> None:
    """One import, as the command does it."""
    with Database(url).transaction() as session:
        found = read_summary(file, ledger.ledger_units(session, by=OPERATOR))
        ledger.store(session, found, kind="summary", by=OPERATOR, now=NOW, policy=Policy())


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(url: str, file: str) -> None:
    """Fork on demand: a fresh interpreter for each would take a second."""
    _say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            bring(url, file)
            os._exit(0)
        _say(child)
        _say(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
