"""Rules of the mapping begin on days; messages are kept for a while; documents can be undone, amounts moved."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "qb0009"
down_revision = "qb0008"
branch_labels = None
depends_on = None

_RULES = "blueops_qb_mapping_rules"


def _rules(*, dated: bool) -> sa.Table:
    """The rules as they are from this revision on (`dated`), or were before."""
    day = (
        sa.Column("valid_from", sa.Date(), server_default="0001-01-01", nullable=False)
        if dated
        else sa.Column("valid_from", sa.Date(), nullable=True)
    )
    keys = ("connection_id", "version", "family", "key", "scope")
    return sa.Table(
        _RULES,
        sa.MetaData(),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(24), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("scope", sa.String(100), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        day,
        sa.PrimaryKeyConstraint(*keys, *(("valid_from",) if dated else ()), name=f"pk_{_RULES}"),
    )


def _write_anew(table: sa.Table, rows: list[dict[str, object]]) -> None:
    op.drop_table(_RULES)
    table.create(op.get_bind())
    if rows:
        op.get_bind().execute(table.insert(), rows)


def upgrade() -> None:
    """Apply."""
    rows = [dict(row) for row in op.get_bind().execute(sa.select(_rules(dated=False))).mappings()]
    for row in rows:
        row["valid_from"] = row["valid_from"] or dt.date.min  # from the beginning
    _write_anew(_rules(dated=True), rows)
    with op.batch_alter_table("blueops_qb_mappings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("change", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("blueops_qb_links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("written_version", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("written_digest", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "blueops_qb_messages",
        sa.Column("exchange_id", sa.String(24), nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("request", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("instead", sa.Text(), server_default="", nullable=False),
        sa.Column("operations", sa.Text(), server_default="", nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_blueops_qb_messages"),
    )
    op.create_index("ix_blueops_qb_messages_kept", "blueops_qb_messages", ["connection_id", "kept_at"])
    op.create_table(
        "blueops_qb_undos",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("reversal_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blueops_qb_undos"),
    )
    still = sa.text("state <> 'taken_back'")
    op.create_index(
        "uq_blueops_qb_undos_document",
        "blueops_qb_undos",
        ["document_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_index("ix_blueops_qb_undos_reversal", "blueops_qb_undos", ["reversal_id"])
    op.create_table(
        "blueops_qb_moved",
        sa.Column("reclass_id", sa.String(64), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("line", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("customer", sa.Text(), server_default="", nullable=False),
        sa.Column("class_id", sa.Text(), server_default="", nullable=False),
        sa.Column("location_id", sa.Text(), server_default="", nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reclass_id", "document_id", "line", name="pk_blueops_qb_moved"),
    )
    op.create_index("ix_blueops_qb_moved_document", "blueops_qb_moved", ["document_id"])


def downgrade() -> None:
    """Undo; of rules that begin on several days the last one stays."""
    op.drop_table("blueops_qb_moved")
    op.drop_table("blueops_qb_undos")
    op.drop_table("blueops_qb_messages")
    with op.batch_alter_table("blueops_qb_links", schema=None) as batch_op:
        batch_op.drop_column("written_digest")
        batch_op.drop_column("written_version")
    with op.batch_alter_table("blueops_qb_mappings", schema=None) as batch_op:
        batch_op.drop_column("change")
    table = _rules(dated=True)
    found = op.get_bind().execute(sa.select(table).order_by(table.c.valid_from)).mappings()
    last = {(r["connection_id"], r["version"], r["family"], r["key"], r["scope"]): dict(r) for r in found}
    _write_anew(_rules(dated=False), list(last.values()))
