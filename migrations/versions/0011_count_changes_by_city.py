"""Count changes by city, of whatever month: the counters of each month's cities are not read any more.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.execute("DELETE FROM revision WHERE name LIKE 'part:%'")


def downgrade() -> None:
    """Undo it: a process that starts knows nothing yet, so the counters may begin anew."""
    op.execute("DELETE FROM revision WHERE name LIKE 'city:%' OR name = 'unnamed'")
