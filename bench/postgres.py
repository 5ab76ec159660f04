"""A durable PostgreSQL of our own for a run: socket only, fsync on, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

MISSING = "no PostgreSQL server programs; install them with: apt-get install -y postgresql"
NOBODY = 65534

CONFIGURATION = """
listen_addresses = ''
shared_buffers = 256MB
max_connections = 100
jit = off
"""
"""Everything that makes a commit durable stays as PostgreSQL ships it."""


@contextmanager
def server() -> Iterator[Path]:
    """The folder of its socket. As root the server runs as nobody, because it refuses to be root."""
    # A short path: the name of a socket has 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="yb-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    try:
        _run(home, "initdb", "-U", "yuebao", "-A", "trust", "-E", "UTF8", "--locale=C")
        with (home / "data" / "postgresql.conf").open("a") as file:
            file.write(f"{CONFIGURATION}unix_socket_directories = '{home}'\n")
        _run(home, "pg_ctl", "-w", "-l", str(home / "log"), "start")
        try:
            yield home
        finally:
            _run(home, "pg_ctl", "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def database(home: Path, name: str) -> str:
    """A new empty database; how SQLAlchemy names it."""
    with psycopg.connect(f"host={home} user=yuebao dbname=postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"postgresql+psycopg://yuebao@/{name}?host={home}"


def spent(home: Path) -> float:
    """Processor seconds of the server and of all sessions that have ended."""
    number = (home / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0]
    after_name = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / os.sysconf("SC_CLK_TCK")


def _run(home: Path, program: str, *arguments: str) -> None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError(MISSING)
    as_nobody: dict[str, Any] = (
        {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    # To a file: the server would inherit a pipe and keep it open.
    with (home / "out").open("wb") as out:
        subprocess.run(
            [found[-1], "-D", str(home / "data"), *arguments],
            cwd=home,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=True,
            **as_nobody,
        )
