"""Tables of rules and records: mappings, policies, conflicts, matches, feeds, hints, rates and the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

mappings = sa.Table(
    PREFIX + "mappings",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    text("created_by"),
    time("created_at"),
    time("valid_from"),
    #: What was asked for with it: from now on, from a day, with the past moved.
    text("change"),
)

mapping_rules = sa.Table(
    PREFIX + "mapping_rules",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("family", sa.String(24), primary_key=True),
    sa.Column("key", sa.String(100), primary_key=True),
    sa.Column("scope", sa.String(100), primary_key=True),
    text("target"),
    #: The first day of documents that it counts for; the year 1 = from the beginning.
    sa.Column("valid_from", sa.Date, primary_key=True, server_default="0001-01-01"),
)

policies = sa.Table(
    PREFIX + "policies",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    text("content"),
    text("created_by"),
    time("created_at"),
)

conflicts = sa.Table(
    PREFIX + "conflicts",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: overlap, changed_there, removed_there, variance, twice, incoming, setting.
    key("cause", 16),
    key("books_kind", 16),
    key("books_id"),
    text("ref"),
    sa.Column("document_id", sa.BigInteger, nullable=True),
    key("group", 32),
    text("base", null=True),
    text("ours", null=True),
    text("theirs", null=True),
    text("reason"),
    text("remedy"),
    #: open, resolved, undone, closed (both sides agree again).
    key("state", 12),
    text("choice"),
    text("decided_by"),
    time("opened_at"),
    time("closed_at"),
    #: Who moved each side last, as far as it is known, and when.
    text("ours_by"),
    time("ours_at"),
    text("theirs_by"),
    time("theirs_at"),
    #: What both sides stood at when it was shown: core's revision, the books' version.
    sa.Column("revision", sa.BigInteger, nullable=True),
    text("version"),
    #: Lines that wait for the choice of a key, and which keys there are.
    text("options_json"),
    #: What stood before the choice, so that it can be undone.
    text("before_json"),
    sa.Index(
        "uq_blueops_qb_conflicts_open",
        "connection_id",
        "books_kind",
        "books_id",
        "group",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)

record_choices = sa.Table(
    PREFIX + "record_choices",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("ref_kind", sa.String(16), primary_key=True),
    sa.Column("ref_id", sa.String(64), primary_key=True),
    sa.Column("topic", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(32), nullable=False),
    text("actor"),
    time("at", null=False),
    #: Why, in the words of whoever chose it; empty where nobody was asked.
    text("reason"),
)

matches = sa.Table(
    PREFIX + "matches",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("ref_kind", sa.String(16), primary_key=True),
    sa.Column("ref_id", sa.String(64), primary_key=True),
    text("name"),
    #: exact, strong, weak, ambiguous, none, taken.
    key("bucket", 12),
    text("books_id"),
    text("candidates"),
    text("reason"),
    sa.Column("score", sa.Integer, nullable=False, server_default="0"),
    #: open, link, create, skip, wait; with a question mark (`?link`) it is a proposal that nobody has accepted yet.
    key("decision", 8),
    text("decided_by"),
    #: Of a job: our id of its customer, whose decision its own follows.
    sa.Column("parent_id", sa.String(64), nullable=False, server_default=""),
    sa.Index("ix_blueops_qb_matches_parent", "connection_id", "parent_id"),
    sa.Index("ix_blueops_qb_matches_books", "connection_id", "ref_kind", "books_id"),
)

feeds = sa.Table(
    PREFIX + "feeds",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("feed", sa.String(24), primary_key=True),
    text("cursor"),
    time("moved_at"),
    time("due_at"),
)

hints = sa.Table(
    PREFIX + "hints",
    metadata,
    id_(),
    key("provider", 32),
    key("company_id"),
    text("payload"),
    #: Digest of what was told: the same message told twice waits once.
    sa.Column("mark", sa.String(32), nullable=False, server_default=""),
    time("received_at"),
    time("processed_at"),
    sa.Index("ix_blueops_qb_hints_open", "provider", "company_id", "processed_at"),
    sa.Index("ix_blueops_qb_hints_mark", "provider", "company_id", "mark", "processed_at"),
)

rates = sa.Table(
    PREFIX + "rates",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("bucket", sa.String(16), primary_key=True),
    sa.Column("tokens", sa.Float, nullable=False),
    time("filled_at"),
)

budgets = sa.Table(
    PREFIX + "budgets",
    metadata,
    sa.Column("provider", sa.String(32), primary_key=True),
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("reads", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("writes", sa.BigInteger, nullable=False, server_default="0"),
)

derived_names = sa.Table(
    PREFIX + "derived_names",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("space", sa.String(16), primary_key=True),
    sa.Column("source", sa.String(80), primary_key=True),
    text("original"),
    text("derived"),
)

audit = sa.Table(
    PREFIX + "audit",
    metadata,
    sa.Column("tenant_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    time("at", null=False),
    key("actor", 80),
    key("action", 32),
    text("subject"),
    text("numbers"),
    text("digest"),
    key("key_id", 16),
    key("mac", 64),
)

audit_payloads = sa.Table(
    PREFIX + "audit_payloads",
    metadata,
    sa.Column("tenant_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    text("salt"),
    text("payload"),
)

audit_heads = sa.Table(
    PREFIX + "audit_heads",
    metadata,
    sa.Column("tenant_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    key("mac", 64),
)
