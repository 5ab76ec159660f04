"""A real PostgreSQL for a test session: started on first use, shared by all workers, then thrown away.

Needs only the server's programs (Debian: `apt-get install postgresql`), no service, no Docker, no TCP port.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from app.models.migrate import migrate

MISSING = "no PostgreSQL server programs; install them with: apt-get install -y postgresql"
NOBODY = 65534
TEMPLATE = "yuebao_template"

UNSAFE_AND_FAST = """
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
max_connections = 200
timezone = 'America/St_Johns'
"""
"""The data is thrown away. The odd zone shows code that relies on the server's."""


def programs() -> Path | None:
    """The folder of the newest server that Debian installed, or of the one on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("pg_ctl")
    if found:
        return found[-1].parent
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Server:
    """A server whose data, socket and log lie in `home`, a short path because a socket's name is short."""

    home: Path

    def url(self, database: str) -> str:
        """How SQLAlchemy names `database`."""
        return f"postgresql+psycopg://yuebao@/{database}?host={self.home}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of our own that commits each statement."""
        return psycopg.connect(f"host={self.home} user=yuebao dbname={database}", autocommit=True)

    def start(self) -> None:
        """Start it and build the template, unless another worker has."""
        with open(self.home / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (self.home / "ready").exists():
                return
            self._run("initdb", "-U", "yuebao", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            conf = self.home / "data" / "postgresql.conf"
            with conf.open("a") as file:
                file.write(f"{UNSAFE_AND_FAST}unix_socket_directories = '{self.home}'\n")
            self._run("pg_ctl", "-w", "-l", str(self.home / "log"), "start")
            self.create(TEMPLATE, template="template1")
            migrate(self.url(TEMPLATE))
            (self.home / "ready").touch()

    def create(self, database: str, template: str = TEMPLATE) -> str:
        """A new copy of a template (50 ms; copying files is three times as fast as logging pages)."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(database), sql.Identifier(template)
                )
            )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Forget a database, also under the feet of connections that a test left open."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    def stop(self) -> None:
        """Stop at once and delete everything."""
        if (self.home / "data" / "postmaster.pid").exists():
            with suppress(RuntimeError):  # the file outlives a machine that was switched off
                self._run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        """Run a server program as nobody when we are root, which PostgreSQL refuses to be."""
        folder = programs()
        if folder is None:
            raise FileNotFoundError(MISSING)
        said = self.home / "out"
        with said.open("wb") as out:  # a file: the server would inherit a pipe and keep it open
            done = subprocess.run(
                [str(folder / program), "-D", str(self.home / "data"), *arguments],
                cwd=self.home,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
                **({"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}),
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {said.read_text()}")


@contextmanager
def home() -> Iterator[Path]:
    """The folder of this session's server; stops the server, if one was started, when the session ends.

    The lock on `alive` is held as long as this process lives, so that a later session can tell
    the folder of a session that was killed, and clear it away.
    """
    sweep()
    unlocked = Path(tempfile.mkdtemp(prefix="yuebao-new-", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(unlocked, NOBODY, NOBODY)
    with open(unlocked / "alive", "w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        # Only now may the sweep of another session find it.
        path = unlocked.rename(str(unlocked).replace("yuebao-new-", "yuebao-pg-"))
        try:
            yield path
        finally:
            Server(path).stop()


def sweep() -> None:
    """Stop the servers of sessions that were killed before they could."""
    for alive in Path("/tmp").glob("yuebao-pg-*/alive"):
        try:
            with alive.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                Server(alive.parent).stop()
        except OSError:  # alive, somebody else's, or just gone
            continue


class Cleaner:
    """One database that is emptied between tests (3 ms) instead of copied anew (60 ms).

    A test that changed the schema, or left a transaction open, costs a new copy.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database
        self.shape = ""

    def clean(self) -> str:
        """The URL of the database, with the template's schema and no rows."""
        if not self.shape or not self._empty():
            self.server.drop(self.database)
            self.server.create(self.database)
            self.accept_schema()
        return self.server.url(self.database)

    def accept_schema(self) -> None:
        """Take the schema as it is now for the one to keep."""
        with self.server.connect(self.database) as connection:
            self.shape = _shape(connection)

    def _empty(self) -> bool:
        """Whether all rows could be deleted from an unchanged schema."""
        with self.server.connect(self.database) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _shape(connection) != self.shape:
                return False
            connection.execute("SET lock_timeout = '2s'")
            # Neither foreign keys nor the triggers that guard the audit trail may stop us.
            connection.execute("SET session_replication_role = replica")
            try:
                connection.execute(_deletion(connection))
            except psycopg.errors.LockNotAvailable:
                return False
        return True


def _shape(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """A fingerprint that every CREATE, ALTER and DROP of ours changes.

    `xmin` is the transaction that last wrote a catalog's row. Counters are left out, being restarted.
    """
    catalogs = ["pg_constraint", "pg_trigger", "pg_proc", "pg_attribute", "pg_attrdef"]
    parts = ["SELECT 'pg_class', count(*), max(xmin::text::bigint) FROM pg_class WHERE relkind <> 'S'"]
    parts += [f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name}" for name in catalogs]
    return str(connection.execute(sql.SQL(" UNION ALL ".join(parts))).fetchall())


def _deletion(connection: psycopg.Connection[tuple[object, ...]]) -> sql.Composed:
    """One round trip that empties every table and restarts every counter."""
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    counters = connection.execute(
        "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    ).fetchall()
    names = [sql.Identifier(str(name)) for (name,) in tables if name != "alembic_version"]
    steps = [sql.SQL("DELETE FROM {}").format(name) for name in names]
    steps += [sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(str(c))) for (c,) in counters]
    return sql.SQL(";").join(steps)
