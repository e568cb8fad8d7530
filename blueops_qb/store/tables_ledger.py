"""Tables of the books' own ledger: which periods were read, and the account lines that came back."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

ledger_readings = sa.Table(
    PREFIX + "ledger_readings",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: Both days belong to the period.
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    #: asked, done, failed.
    key("state", 12),
    text("reason"),
    text("remedy"),
    sa.Column("line_count", sa.BigInteger, nullable=False, server_default="0"),
    time("asked_at"),
    time("closed_at"),
    sa.Index("ix_blueops_qb_ledger_readings_connection", "connection_id", "state", "id"),
)

ledger_lines = sa.Table(
    PREFIX + "ledger_lines",
    metadata,
    sa.Column("reading_id", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
    key("account_id"),
    text("account_name"),
    sa.Column("day", sa.Date, nullable=False),
    #: Debit positive; the balance after the line where the books could be understood.
    sa.Column("cents", sa.BigInteger, nullable=False),
    sa.Column("balance_cents", sa.BigInteger, nullable=True),
    #: Our word for the transaction's kind, empty where we have none, and the books' own.
    sa.Column("books_kind", sa.String(16), nullable=False, server_default=""),
    text("books_type"),
    text("books_id"),
    text("number"),
    #: Ids only: no name of a person is kept here.
    text("customer_id"),
    text("class_name"),
    text("location_name"),
    #: Where the books show them.
    text("vendor_id"),
    text("class_id"),
    text("location_id"),
    sa.Index("ix_blueops_qb_ledger_lines_account", "reading_id", "account_id", "day"),
    sa.Index("ix_blueops_qb_ledger_lines_record", "reading_id", "books_kind", "books_id"),
)
