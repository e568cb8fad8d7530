"""Tables of agreement: runs, the slices of a period that were compared, their sums and what they found."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

agreement_runs = sa.Table(
    PREFIX + "agreement_runs",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: Both days belong to the period.
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    #: looking, reading, asking, done, failed.
    key("state", 12),
    #: ledger, or documents where the books' ledger cannot be read.
    key("rests_on", 12),
    #: Read everything again, whatever was read before.
    sa.Column("whole", sa.Boolean, nullable=False, server_default=sa.false()),
    text("reason"),
    text("remedy"),
    time("asked_at"),
    #: Who asked: a user, `command line`, or `schedule`.
    text("asked_by"),
    time("closed_at"),
    #: The oldest of the moments at which its slices were read.
    time("facts_from"),
    text("figures_json"),
    #: The signed certificate as it was issued; empty before.
    text("certificate"),
    sa.Index("ix_blueops_qb_agreement_runs_connection", "connection_id", "id"),
)

agreement_slices = sa.Table(
    PREFIX + "agreement_slices",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    #: asked, done, failed.
    key("state", 12),
    sa.Column("reading_id", sa.BigInteger, nullable=True),
    #: When the books were asked; what moved later is not in it.
    time("read_at"),
    #: Marks of our side, their side and the catalog at that moment: as long as they stay, the slice stands.
    text("marks"),
    text("figures_json"),
    sa.Index("ix_blueops_qb_agreement_slices_days", "connection_id", "first_day", "last_day", "id"),
)

agreement_run_slices = sa.Table(
    PREFIX + "agreement_run_slices",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True),
    sa.Column("slice_id", sa.BigInteger, primary_key=True),
    #: It stood already and was not read for this run.
    sa.Column("kept", sa.Boolean, nullable=False),
    sa.Index("ix_blueops_qb_agreement_run_slices_slice", "slice_id"),
)

agreement_sums = sa.Table(
    PREFIX + "agreement_sums",
    metadata,
    sa.Column("slice_id", sa.BigInteger, primary_key=True),
    sa.Column("account_id", sa.String(64), primary_key=True),
    #: The books' id of the customer or job; empty for lines without one.
    sa.Column("customer_id", sa.String(64), primary_key=True),
    #: Debit positive: what our sub-ledger expects, what the books hold of our documents, what they hold besides,
    #: and how much of the difference a rule explains.
    sa.Column("expected_cents", sa.BigInteger, nullable=False),
    sa.Column("held_cents", sa.BigInteger, nullable=False),
    sa.Column("besides_cents", sa.BigInteger, nullable=False),
    sa.Column("explained_cents", sa.BigInteger, nullable=False),
)

agreement_findings = sa.Table(
    PREFIX + "agreement_findings",
    metadata,
    #: A slice, or the run for what is not in the books yet.
    sa.Column("owner_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    #: difference, besides (only the books have it), pending (only we have it).
    key("sort", 12),
    key("kind", 16),
    sa.Column("document_id", sa.BigInteger, nullable=True),
    #: Our record, and the record of the books.
    text("ref"),
    sa.Column("books_kind", sa.String(16), nullable=False, server_default=""),
    text("books_id"),
    sa.Column("day", sa.Date, nullable=True),
    #: Space separated ids that the finding is about.
    text("accounts"),
    text("customers"),
    sa.Column("cents", sa.BigInteger, nullable=False, server_default="0"),
    text("sentence"),
    text("remedy"),
    #: The lines on both sides.
    text("lines_json"),
    sa.Index("ix_blueops_qb_agreement_findings_sort", "owner_id", "sort", "number"),
)
