"""Tables of proof and undoing: what was said on the wire, what was taken out again, what was moved between accounts."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

messages = sa.Table(
    PREFIX + "messages",
    metadata,
    sa.Column("exchange_id", sa.String(24), primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: The bytes that left and those that came back, without credentials; empty once erased.
    text("request"),
    text("answer"),
    #: What is said instead of a message that is not kept (a file that was uploaded).
    text("instead"),
    #: Ids of the operations in their order.
    text("operations"),
    time("kept_at", null=False),
    time("erased_at"),
    sa.Index("ix_blueops_qb_messages_kept", "connection_id", "kept_at"),
)

undos = sa.Table(
    PREFIX + "undos",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    sa.Column("document_id", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    #: How: a way of the provider's removal table.
    key("way", 16),
    #: The document that reverses it in the open period, where it is not taken out itself.
    sa.Column("reversal_id", sa.BigInteger, nullable=True),
    #: asked, done, taken_back (a person wants it in the books again).
    key("state", 12),
    text("asked_by"),
    time("asked_at", null=False),
    time("closed_at"),
    sa.Index(
        "uq_blueops_qb_undos_document",
        "document_id",
        unique=True,
        sqlite_where=sa.text("state <> 'taken_back'"),
        postgresql_where=sa.text("state <> 'taken_back'"),
    ),
    sa.Index("ix_blueops_qb_undos_reversal", "reversal_id"),
)

moved = sa.Table(
    PREFIX + "moved",
    metadata,
    #: The move between accounts (`reclass:ID`) and the document whose postings it moves.
    sa.Column("reclass_id", sa.String(64), primary_key=True),
    sa.Column("document_id", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    key("account"),
    text("customer"),
    text("class_id"),
    text("location_id"),
    sa.Column("cents", sa.BigInteger, nullable=False),
    sa.Index("ix_blueops_qb_moved_document", "document_id"),
)
