"""Somebody asked for the match plan to be made in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0011"
down_revision = "qb0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("blueops_qb_connections", sa.Column("match_asked_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        batch_op.drop_column("match_asked_at")
