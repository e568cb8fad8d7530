"""Scores and buckets of the match plan, the supervised first records, and backfills with their lane."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0006"
down_revision = "qb0005"
branch_labels = None
depends_on = None

_BUCKETS = (("matched", "exact"), ("create", "none"))


def upgrade() -> None:
    """Apply."""
    op.add_column("blueops_qb_matches", sa.Column("score", sa.Integer(), server_default="0", nullable=False))
    for before, after in _BUCKETS:
        op.execute(f"UPDATE blueops_qb_matches SET bucket = '{after}' WHERE bucket = '{before}'")
    op.add_column(
        "blueops_qb_connections", sa.Column("match_rules", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("blueops_qb_connections", sa.Column("canary_left", sa.Integer(), nullable=True))
    op.add_column("blueops_qb_connections", sa.Column("backfill_id", sa.BigInteger(), nullable=True))
    op.add_column("blueops_qb_outbox", sa.Column("backfill_id", sa.BigInteger(), nullable=True))
    op.create_table(
        "blueops_qb_backfills",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("counted_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("rested_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blueops_qb_backfills"),
    )
    op.create_index(
        "ix_blueops_qb_backfills_connection", "blueops_qb_backfills", ["connection_id", "state", "id"]
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("blueops_qb_backfills")
    with op.batch_alter_table("blueops_qb_outbox", schema=None) as batch_op:
        batch_op.drop_column("backfill_id")
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        for name in ("backfill_id", "canary_left", "match_rules"):
            batch_op.drop_column(name)
    for before, after in _BUCKETS:
        op.execute(f"UPDATE blueops_qb_matches SET bucket = '{before}' WHERE bucket = '{after}'")
    with op.batch_alter_table("blueops_qb_matches", schema=None) as batch_op:
        batch_op.drop_column("score")
