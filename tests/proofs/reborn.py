"""Serves again and again, each time in a process of its own that somebody kills.

`python -m tests.proofs.reborn PORT`, with the settings of the service in the environment, prints `ready`; for each
line on standard input it forks a child that serves on the port and prints the child's number; when the child has
ended it prints the status with which it did.
"""

import os
import sys

import app.main  # noqa: F401 loaded once: a fresh interpreter for each life would take seconds
from app.cli.server import run_server


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(port: str) -> None:
    """Fork on demand, and tell what became of it."""
    _say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # its log, which nobody reads here
            run_server("127.0.0.1", int(port))
            os._exit(0)
        _say(child)
        _say(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
