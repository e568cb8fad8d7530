"""The mirror keeps the provider's own text of a record, so that a change of its lines keeps their ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0002"
down_revision = "qb0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("blueops_qb_mirror", sa.Column("shown", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blueops_qb_mirror", schema=None) as batch_op:
        batch_op.drop_column("shown")
