"""Tables of books that call us: who may come in, and the sessions of the books' own client."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, key, metadata, text, time

callers = sa.Table(
    PREFIX + "callers",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    key("user_name"),
    #: SHA-256 of the password, in hex; empty = nobody comes in.
    sa.Column("password_digest", sa.String(64), nullable=False, server_default=""),
    time("password_at"),
    #: What the client told when it opened the company last, and when.
    text("facts_json"),
    time("facts_at"),
    sa.Index("uq_blueops_qb_callers_user", "user_name", unique=True),
)

sessions = sa.Table(
    PREFIX + "sessions",
    metadata,
    #: SHA-256 of the ticket, in hex.
    sa.Column("ticket_digest", sa.String(64), primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: open, closed.
    key("state", 8),
    #: The exchange that left in it and was not answered yet.
    sa.Column("exchange_id", sa.String(24), nullable=True),
    sa.Column("carried", sa.Integer, nullable=False, server_default="0"),
    #: What the provider keeps from call to call.
    text("notes_json"),
    #: The process that handles a call of it now, and until when that is believed.
    text("call_owner"),
    time("call_until"),
    time("began_at", null=False),
    time("seen_at", null=False),
    sa.Index(
        "uq_blueops_qb_sessions_open",
        "connection_id",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("ix_blueops_qb_sessions_began", "connection_id", "began_at"),
)
