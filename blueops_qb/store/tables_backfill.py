"""Backfills: which stretches of older records were asked for, and how far each has come."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

backfills = sa.Table(
    PREFIX + "backfills",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    #: counting, running, paused, done, cancelled.
    key("state", 12),
    #: Core's revision up to which it has counted, and up to which it has queued.
    sa.Column("counted_to", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("queued_to", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("total", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("queued", sa.BigInteger, nullable=False, server_default="0"),
    text("asked_by"),
    time("asked_at"),
    time("started_at"),
    #: Microseconds for which it was paused; they do not count for its rate.
    sa.Column("rested_us", sa.BigInteger, nullable=False, server_default="0"),
    time("paused_at"),
    time("closed_at"),
    sa.Index("ix_blueops_qb_backfills_connection", "connection_id", "state", "id"),
)
