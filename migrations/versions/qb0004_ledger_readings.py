"""What was read of the books' own ledger, by period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0004"
down_revision = "qb0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "blueops_qb_ledger_readings",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("line_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blueops_qb_ledger_readings"),
    )
    op.create_index(
        "ix_blueops_qb_ledger_readings_connection",
        "blueops_qb_ledger_readings",
        ["connection_id", "state", "id"],
    )
    op.create_table(
        "blueops_qb_ledger_lines",
        sa.Column("reading_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("account_name", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("books_kind", sa.String(16), server_default="", nullable=False),
        sa.Column("books_type", sa.Text(), server_default="", nullable=False),
        sa.Column("books_id", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("class_name", sa.Text(), server_default="", nullable=False),
        sa.Column("location_name", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("reading_id", "line", name="pk_blueops_qb_ledger_lines"),
    )
    op.create_index(
        "ix_blueops_qb_ledger_lines_account",
        "blueops_qb_ledger_lines",
        ["reading_id", "account_id", "day"],
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("blueops_qb_ledger_lines")
    op.drop_table("blueops_qb_ledger_readings")
