"""Operations of a set in which one spoils the rest go apart, until the guilty one is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0013"
down_revision = "qb0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "blueops_qb_operations", sa.Column("apart", sa.String(32), server_default="", nullable=False)
    )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blueops_qb_operations", schema=None) as batch_op:
        batch_op.drop_column("apart")
