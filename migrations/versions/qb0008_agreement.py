"""Agreement: which postings count, and what was compared of a period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0008"
down_revision = "qb0007"
branch_labels = None
depends_on = None

POSTINGS, LINES = "blueops_qb_postings", "blueops_qb_ledger_lines"
#: A revision that a newer one took the place of, and what was taken out of the books.
_OLDER = f"""
UPDATE {POSTINGS} SET counts = :no
WHERE revision < (SELECT max(p.revision) FROM {POSTINGS} p WHERE p.document_id = {POSTINGS}.document_id)
   OR document_id IN (SELECT d.id FROM blueops_qb_documents d WHERE d.state = 'withdrawn')
"""


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table(POSTINGS) as table:
        table.add_column(sa.Column("duty", sa.String(24), server_default="", nullable=False))
        table.add_column(sa.Column("item_id", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("counts", sa.Boolean(), server_default=sa.true(), nullable=False))
        table.add_column(sa.Column("moved_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_blueops_qb_postings_day", POSTINGS, ["connection_id", "date"])
    op.execute(sa.text(_OLDER).bindparams(sa.bindparam("no", False, sa.Boolean())))
    with op.batch_alter_table(LINES) as table:
        for name in ("vendor_id", "class_id", "location_id"):
            table.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_index("ix_blueops_qb_ledger_lines_record", LINES, ["reading_id", "books_kind", "books_id"])
    op.create_table(
        "blueops_qb_agreement_runs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("rests_on", sa.String(12), nullable=False),
        sa.Column("whole", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("facts_from", sa.BigInteger(), nullable=True),
        sa.Column("figures_json", sa.Text(), server_default="", nullable=False),
        sa.Column("certificate", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blueops_qb_agreement_runs"),
    )
    op.create_index(
        "ix_blueops_qb_agreement_runs_connection", "blueops_qb_agreement_runs", ["connection_id", "id"]
    )
    op.create_table(
        "blueops_qb_agreement_slices",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reading_id", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("marks", sa.Text(), server_default="", nullable=False),
        sa.Column("figures_json", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blueops_qb_agreement_slices"),
    )
    op.create_index(
        "ix_blueops_qb_agreement_slices_days",
        "blueops_qb_agreement_slices",
        ["connection_id", "first_day", "last_day", "id"],
    )
    op.create_table(
        "blueops_qb_agreement_run_slices",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "slice_id", name="pk_blueops_qb_agreement_run_slices"),
    )
    op.create_index(
        "ix_blueops_qb_agreement_run_slices_slice", "blueops_qb_agreement_run_slices", ["slice_id"]
    )
    op.create_table(
        "blueops_qb_agreement_sums",
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        *(
            sa.Column(f"{name}_cents", sa.BigInteger(), nullable=False)
            for name in ("expected", "held", "besides", "explained")
        ),
        sa.PrimaryKeyConstraint("slice_id", "account_id", "customer_id", name="pk_blueops_qb_agreement_sums"),
    )
    op.create_table(
        "blueops_qb_agreement_findings",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sort", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("books_kind", sa.String(16), server_default="", nullable=False),
        sa.Column("books_id", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("accounts", sa.Text(), server_default="", nullable=False),
        sa.Column("customers", sa.Text(), server_default="", nullable=False),
        sa.Column("cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("lines_json", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "number", name="pk_blueops_qb_agreement_findings"),
    )
    op.create_index(
        "ix_blueops_qb_agreement_findings_sort",
        "blueops_qb_agreement_findings",
        ["owner_id", "sort", "number"],
    )


def downgrade() -> None:
    """Undo."""
    for name in ("findings", "sums", "run_slices", "slices", "runs"):
        op.drop_table(f"blueops_qb_agreement_{name}")
    op.drop_index("ix_blueops_qb_ledger_lines_record", table_name=LINES)
    with op.batch_alter_table(LINES) as table:
        for name in ("vendor_id", "class_id", "location_id"):
            table.drop_column(name)
    op.drop_index("ix_blueops_qb_postings_day", table_name=POSTINGS)
    with op.batch_alter_table(POSTINGS) as table:
        for name in ("duty", "item_id", "counts", "moved_at"):
            table.drop_column(name)
