"""Why a person chose something for a record: an accepted difference is told with its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0013"
down_revision = "qb0012"
branch_labels = None
depends_on = None

_CHOICES = "blueops_qb_record_choices"


def upgrade() -> None:
    """Apply."""
    op.add_column(_CHOICES, sa.Column("reason", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column(_CHOICES, "reason")
