"""Hints are told apart, so that the same message told twice waits once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0003"
down_revision = "qb0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("blueops_qb_hints", sa.Column("mark", sa.String(32), server_default="", nullable=False))
    op.create_index(
        "ix_blueops_qb_hints_mark", "blueops_qb_hints", ["provider", "company_id", "mark", "processed_at"]
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_blueops_qb_hints_mark", table_name="blueops_qb_hints")
    with op.batch_alter_table("blueops_qb_hints", schema=None) as batch_op:
        batch_op.drop_column("mark")
