"""Key reports by month, and index of the events only those that bring a report back.

The reports of a month come in the same days: keyed by the month first, their rows share the pages of one index,
which serves the lists of a month too. An index of every event by its unit touched one page more for each report.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REFERENCE = "fk_report_version_form_code_unit_code_period"
BY_FORM = ["form_code", "unit_code", "period"]
BY_MONTH = ["period", "unit_code", "form_code"]
BACK = sa.text("kind in ('report.returned', 'report.reopened')")


def upgrade() -> None:
    """Apply the change."""
    op.drop_index("ix_report_period_unit_code", table_name="report")
    _key(BY_MONTH)
    op.drop_index("ix_outbox_event_unit", table_name="outbox_event")
    op.create_index(
        "ix_outbox_event_back", "outbox_event", ["unit"], sqlite_where=BACK, postgresql_where=BACK
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_outbox_event_back", table_name="outbox_event")
    op.create_index("ix_outbox_event_unit", "outbox_event", ["unit"])
    _key(BY_FORM)
    op.create_index("ix_report_period_unit_code", "report", ["period", "unit_code"])


def _key(columns: list[str]) -> None:
    """Give reports and their versions a primary key anew; on SQLite that rebuilds the tables."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.drop_constraint(REFERENCE, "report_version", type_="foreignkey")
        op.drop_constraint("pk_report", "report", type_="primary")
        op.drop_constraint("pk_report_version", "report_version", type_="primary")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_primary_key("pk_report", columns)
    with op.batch_alter_table("report_version", schema=None) as batch_op:
        batch_op.create_primary_key("pk_report_version", [*columns, "number"])
    if not is_sqlite:
        op.create_foreign_key(REFERENCE, "report_version", "report", BY_FORM, BY_FORM)
        return
    for verb in ("UPDATE", "DELETE"):  # went with the old table (0002)
        op.execute(
            f"CREATE TRIGGER report_version_no_{verb.lower()} BEFORE {verb} ON report_version "
            "BEGIN SELECT RAISE(ABORT, 'report_version is immutable'); END"
        )
