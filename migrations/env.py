"""How a migration runs: on a given connection, all steps in one transaction, one process at a time.

The service passes its connection in `config.attributes`; a developer names a database with
`alembic -x url=sqlite:///var/scratch.sqlite3 ...` (`make revision` does).
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection
from sqlmodel.sql.sqltypes import AutoString

from app.models import metadata
from app.models.base import Instant
from app.models.migrate import check_references, connect, lock


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Spell our column types in SQLAlchemy's, so that an old migration does not change with our code."""
    if kind == "type" and isinstance(item, Instant):
        return 'sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")'
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    if kind == "type" and isinstance(item, JSON):
        if "postgresql" not in item._variant_mapping:
            return "sa.JSON()"
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run(connection: Connection) -> None:
    """Run what the command asked for; nothing of it stays when a step fails."""
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata", metadata),
        render_as_batch=True,
        transactional_ddl=True,
        compare_server_default=True,
        render_item=render,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with connection.begin():
        lock(connection)
        context.run_migrations()
        check_references(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations look at the database; --sql is not offered.")
if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    with connect(context.get_x_argument(as_dictionary=True)["url"]) as connection:
        run(connection)
