"""Books that call us: who may come in, sessions of their client, and exchanges that are asked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0012"
down_revision = "qb0011"
branch_labels = None
depends_on = None

_EXCHANGES = "blueops_qb_exchanges"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "blueops_qb_callers",
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("password_digest", sa.String(64), server_default="", nullable=False),
        sa.Column("password_at", sa.BigInteger(), nullable=True),
        sa.Column("facts_json", sa.Text(), server_default="", nullable=False),
        sa.Column("facts_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", name="pk_blueops_qb_callers"),
    )
    op.create_index("uq_blueops_qb_callers_user", "blueops_qb_callers", ["user_name"], unique=True)
    op.create_table(
        "blueops_qb_sessions",
        sa.Column("ticket_digest", sa.String(64), nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("exchange_id", sa.String(24), nullable=True),
        sa.Column("carried", sa.Integer(), server_default="0", nullable=False),
        sa.Column("notes_json", sa.Text(), server_default="", nullable=False),
        sa.Column("call_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("call_until", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_digest", name="pk_blueops_qb_sessions"),
    )
    still = sa.text("state = 'open'")
    op.create_index(
        "uq_blueops_qb_sessions_open",
        "blueops_qb_sessions",
        ["connection_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_index("ix_blueops_qb_sessions_began", "blueops_qb_sessions", ["connection_id", "began_at"])
    with op.batch_alter_table(_EXCHANGES, schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("forgotten", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("kept_there", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("clears", sa.String(24), nullable=True))
    kept = sa.text("kept_there IS NOT NULL")
    op.create_index(
        "ix_blueops_qb_exchanges_kept",
        _EXCHANGES,
        ["connection_id"],
        sqlite_where=kept,
        postgresql_where=kept,
    )


def downgrade() -> None:
    """Undo; what was being asked about is of unknown fate again."""
    op.execute(f"UPDATE {_EXCHANGES} SET state = 'uncertain', settle_at = sent_at WHERE state = 'asked'")
    op.drop_index("ix_blueops_qb_exchanges_kept", table_name=_EXCHANGES)
    with op.batch_alter_table(_EXCHANGES, schema=None) as batch_op:
        for name in ("clears", "kept_there", "forgotten", "asked"):
            batch_op.drop_column(name)
    op.drop_table("blueops_qb_sessions")
    op.drop_table("blueops_qb_callers")
