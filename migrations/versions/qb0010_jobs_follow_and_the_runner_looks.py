"""Jobs of the match plan know their customer; who asked for an agreement; tax rates that were looked at.

Rows of a plan that was made before name no customer: their jobs follow once the plan is made again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0010"
down_revision = "qb0009"
branch_labels = None
depends_on = None

_PARENT = "ix_blueops_qb_matches_parent"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "blueops_qb_matches", sa.Column("parent_id", sa.String(64), server_default="", nullable=False)
    )
    op.create_index(_PARENT, "blueops_qb_matches", ["connection_id", "parent_id"])
    op.add_column(
        "blueops_qb_agreement_runs", sa.Column("asked_by", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("blueops_qb_connections", sa.Column("drifts_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "blueops_qb_connections", sa.Column("drifts_json", sa.Text(), server_default="", nullable=False)
    )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        batch_op.drop_column("drifts_json")
        batch_op.drop_column("drifts_at")
    with op.batch_alter_table("blueops_qb_agreement_runs", schema=None) as batch_op:
        batch_op.drop_column("asked_by")
    op.drop_index(_PARENT, "blueops_qb_matches")
    with op.batch_alter_table("blueops_qb_matches", schema=None) as batch_op:
        batch_op.drop_column("parent_id")
