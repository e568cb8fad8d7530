"""Proposals of templates: accounts, items, classes and mapping rows that a person looks at before they are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from blueops_qb.store.types import UtcTime

revision = "qb0015"
down_revision = "qb0014"
branch_labels = None
depends_on = None

_PROPOSALS = "blueops_qb_template_proposals"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _PROPOSALS,
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("company_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("template_json", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decisions_json", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("places_json", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("approved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_PROPOSALS}"),
    )
    op.create_index(
        "ix_blueops_qb_template_proposals_connection",
        _PROPOSALS,
        ["connection_id", "state", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_blueops_qb_template_proposals_connection", table_name=_PROPOSALS)
    op.drop_table(_PROPOSALS)
