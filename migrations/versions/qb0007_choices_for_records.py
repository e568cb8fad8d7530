"""What persons choose for single records, and whether books refuse one payment for several jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0007"
down_revision = "qb0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "blueops_qb_connections",
        sa.Column("splits_payments", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "blueops_qb_record_choices",
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("ref_kind", sa.String(16), nullable=False),
        sa.Column("ref_id", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("value", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "connection_id", "ref_kind", "ref_id", "topic", name="pk_blueops_qb_record_choices"
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("blueops_qb_record_choices")
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        batch_op.drop_column("splits_payments")
