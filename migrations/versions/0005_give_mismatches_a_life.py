"""Give mismatches a life, imports a rank, and long work a job.

A mismatch was a line of one run; it becomes a thing of its own, one for each period, unit and indicator. What the
runs found is kept beside it, and the last of it becomes the mismatch.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Apply the change."""
    _rank_imports()
    op.execute(
        "CREATE TABLE kept_mismatch AS SELECT m.id, m.reconciliation_id, m.position, m.unit_code, m.indicator, "
        "m.reported, m.ledger, m.difference, r.period, r.created_at FROM mismatch AS m "
        "JOIN reconciliation AS r ON r.id = m.reconciliation_id"
    )
    _drop_lines()
    _create_mismatches()
    last = (
        "(SELECT max(o.id) FROM kept_mismatch AS o WHERE o.period = k.period AND o.unit_code = k.unit_code "
        "AND o.indicator = k.indicator)"
    )
    op.execute(
        "INSERT INTO mismatch (id, period, unit_code, indicator, reported, ledger, difference, state, revision, "
        "opened_at, changed_at) SELECT k.id, k.period, k.unit_code, k.indicator, k.reported, k.ledger, "
        f"k.difference, 'open', 0, k.created_at, k.created_at FROM kept_mismatch AS k WHERE k.id = {last}"
    )
    op.execute(
        "INSERT INTO reconciliation_mismatch (reconciliation_id, position, mismatch_id, unit_code, indicator, "
        f"reported, ledger, difference) SELECT k.reconciliation_id, k.position, {last}, k.unit_code, "
        "k.indicator, k.reported, k.ledger, k.difference FROM kept_mismatch AS k"
    )
    op.drop_table("kept_mismatch")
    op.create_table(
        "job",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("unit_code", sa.String(9), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("phase", sa.String(10), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint("percent between 0 and 100", name=op.f("ck_job_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_state"), ["state"], unique=False)


def _rank_imports() -> None:
    with op.batch_alter_table("ledger_import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_code", sa.String(9), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(200), nullable=True))
        batch_op.add_column(sa.Column("rank", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("purged_at", INSTANT, nullable=True))
    op.execute(
        "UPDATE ledger_import SET unit_code = '000000', source = 'upload', rank = "
        "(SELECT count(*) FROM ledger_import AS other WHERE other.id <= ledger_import.id)"
    )
    with op.batch_alter_table("ledger_import", schema=None) as batch_op:
        batch_op.alter_column("unit_code", existing_type=sa.String(9), nullable=False)
        batch_op.alter_column("source", existing_type=sa.String(200), nullable=False)
        batch_op.create_index(batch_op.f("ix_ledger_import_rank"), ["rank"], unique=True)


def _drop_lines() -> None:
    with op.batch_alter_table("mismatch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mismatch_reconciliation_id_position"))
    op.drop_table("mismatch")


def _create_mismatches() -> None:
    op.create_table(
        "mismatch",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("unit_code", sa.String(9), nullable=False),
        sa.Column("indicator", sa.String(40), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("resolution", sa.String(20), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("difference = reported - ledger", name=op.f("ck_mismatch_difference")),
        sa.CheckConstraint("difference <> 0 or state = 'closed'", name=op.f("ck_mismatch_differs")),
        sa.CheckConstraint(
            "state in ('open', 'explained', 'confirmed', 'disputed', 'closed')",
            name=op.f("ck_mismatch_state"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (resolution is not null)", name=op.f("ck_mismatch_resolution")
        ),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_mismatch_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mismatch")),
    )
    with op.batch_alter_table("mismatch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mismatch_period_unit_code_indicator"),
            ["period", "unit_code", "indicator"],
            unique=True,
        )
    op.create_table(
        "mismatch_entry",
        sa.Column("mismatch_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("role", sa.String(14), nullable=False),
        sa.ForeignKeyConstraint(["mismatch_id"], ["mismatch.id"], name=op.f("fk_mismatch_entry_mismatch_id")),
        sa.PrimaryKeyConstraint("mismatch_id", "number", name=op.f("pk_mismatch_entry")),
    )
    op.create_table(
        "reconciliation_mismatch",
        sa.Column("reconciliation_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mismatch_id", sa.String(32), nullable=True),
        sa.Column("unit_code", sa.String(9), nullable=False),
        sa.Column("indicator", sa.String(40), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "difference = reported - ledger", name=op.f("ck_reconciliation_mismatch_difference")
        ),
        sa.CheckConstraint("difference <> 0", name=op.f("ck_reconciliation_mismatch_differs")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_mismatch_reconciliation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["mismatch_id"], ["mismatch.id"], name=op.f("fk_reconciliation_mismatch_mismatch_id")
        ),
        sa.PrimaryKeyConstraint("reconciliation_id", "position", name=op.f("pk_reconciliation_mismatch")),
    )


def downgrade() -> None:
    """Take it back: what the runs found stays, what was said about it goes."""
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_state"))
    op.drop_table("job")
    # An id of its own for each line: the head of its run's, and its place in it.
    op.execute(
        "CREATE TABLE kept_mismatch AS SELECT substr(reconciliation_id, 1, 24) || "
        "substr(CAST(100000000 + position AS VARCHAR(9)), 2) AS id, reconciliation_id, position, unit_code, "
        "indicator, reported, ledger, difference FROM reconciliation_mismatch"
    )
    op.drop_table("reconciliation_mismatch")
    op.drop_table("mismatch_entry")
    with op.batch_alter_table("mismatch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mismatch_period_unit_code_indicator"))
    op.drop_table("mismatch")
    op.create_table(
        "mismatch",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reconciliation_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(9), nullable=False),
        sa.Column("indicator", sa.String(40), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.CheckConstraint("difference <> 0", name=op.f("ck_mismatch_differs")),
        sa.CheckConstraint("difference = reported - ledger", name=op.f("ck_mismatch_difference")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_mismatch_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mismatch")),
    )
    with op.batch_alter_table("mismatch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mismatch_reconciliation_id_position"),
            ["reconciliation_id", "position"],
            unique=True,
        )
    op.execute(
        "INSERT INTO mismatch (id, reconciliation_id, position, unit_code, indicator, reported, ledger, difference, "
        "state) SELECT id, reconciliation_id, position, unit_code, indicator, reported, ledger, difference, 'open' "
        "FROM kept_mismatch"
    )
    op.drop_table("kept_mismatch")
    with op.batch_alter_table("ledger_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_import_rank"))
        batch_op.drop_column("purged_at")
        batch_op.drop_column("rank")
        batch_op.drop_column("source")
        batch_op.drop_column("unit_code")
