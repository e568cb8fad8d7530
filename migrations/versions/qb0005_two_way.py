"""Two ways: line ids and one-way fields of the books, line overrides, who moved what in a conflict and its undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0005"
down_revision = "qb0004"
branch_labels = None
depends_on = None

_TEXTS = ("ours_by", "theirs_by", "version", "options_json", "before_json")
_NUMBERS = ("ours_at", "theirs_at", "revision")


def upgrade() -> None:
    """Apply."""
    for table in ("blueops_qb_mirror", "blueops_qb_links"):
        op.add_column(table, sa.Column("beside", sa.Text(), server_default="", nullable=False))
    for name in _TEXTS:
        op.add_column("blueops_qb_conflicts", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in _NUMBERS:
        op.add_column("blueops_qb_conflicts", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "blueops_qb_line_overrides",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.String(100), nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "line_id", name="pk_blueops_qb_line_overrides"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("blueops_qb_line_overrides")
    with op.batch_alter_table("blueops_qb_conflicts", schema=None) as batch_op:
        for name in (*_NUMBERS, *_TEXTS):
            batch_op.drop_column(name)
    for table in ("blueops_qb_links", "blueops_qb_mirror"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("beside")
