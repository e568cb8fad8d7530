"""Why a person chose something for a record: an accepted difference is told with its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0014"
down_revision = "qb0013"
branch_labels = None
depends_on = None

_CHOICES = "blueops_qb_record_choices"


def upgrade() -> None:
    """Apply."""
    op.add_column(_CHOICES, sa.Column("reason", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table(_CHOICES, schema=None) as batch_op:
        batch_op.drop_column("reason")
