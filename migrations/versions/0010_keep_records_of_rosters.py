"""Keep the records of rosters.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column("ledger_import", sa.Column("records", sa.String(64), nullable=True))


def downgrade() -> None:
    """Undo it."""
    op.drop_column("ledger_import", "records")
