"""Keep the records of rosters.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column("ledger_import", sa.Column("records", sa.String(64), nullable=True))


def downgrade() -> None:
    """Undo it."""
    op.drop_column("ledger_import", "records")
