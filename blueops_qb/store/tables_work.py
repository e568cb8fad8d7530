"""Tables of the work: documents, links, postings, the mirror, operations and exchanges."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

documents = sa.Table(
    PREFIX + "documents",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    key("source_kind", 16),
    key("source_id"),
    key("role", 24),
    sa.Column("part", sa.Integer, nullable=False),
    key("books_kind", 16),
    sa.Column("generation", sa.Integer, nullable=False, server_default="1"),
    sa.Column("revision", sa.BigInteger, nullable=False),
    text("content"),
    #: open (not in the books yet), linked, withdrawn.
    key("state", 12),
    sa.Column("mapping_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("policy_version", sa.Integer, nullable=False, server_default="0"),
    sa.Index(
        "uq_blueops_qb_documents_key",
        "connection_id",
        "source_kind",
        "source_id",
        "role",
        "part",
        unique=True,
    ),
)

links = sa.Table(
    PREFIX + "links",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    sa.Column("document_id", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False, server_default="1"),
    key("books_kind", 16),
    key("books_id"),
    text("version"),
    #: The moment both sides agreed: ours unbound, theirs as the books showed it (normal).
    text("base_ours", null=True),
    text("base_theirs", null=True),
    #: What the books showed then beside what is compared, and which line of ours is which of theirs (`Beside`).
    text("beside"),
    #: live, gone (removed over there), withdrawn (removed by us), unlinked (by a person).
    key("state", 12),
    #: Why its existence or agreement is in doubt; empty = it is not.
    text("doubtful"),
    time("linked_at"),
    #: What the books showed right after our own write: version, and digest of the normal document.
    text("written_version"),
    text("written_digest"),
    sa.Index("uq_blueops_qb_links_document", "document_id", "generation", unique=True),
    sa.Index(
        "uq_blueops_qb_links_books",
        "connection_id",
        "books_kind",
        "books_id",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
)

memberships = sa.Table(
    PREFIX + "memberships",
    metadata,
    sa.Column("document_id", sa.BigInteger, primary_key=True),
    sa.Column("ref_kind", sa.String(16), primary_key=True),
    sa.Column("ref_id", sa.String(64), primary_key=True),
    sa.Column("share_cents", sa.BigInteger, nullable=True),
)

line_overrides = sa.Table(
    PREFIX + "line_overrides",
    metadata,
    sa.Column("document_id", sa.BigInteger, primary_key=True),
    #: Our line id; empty = the head of the document.
    sa.Column("line_id", sa.String(100), primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: What a bookkeeper coded it to (`LineOverride`).
    text("content"),
    #: The books' version in which it was seen.
    text("version"),
    time("noted_at"),
)

postings = sa.Table(
    PREFIX + "postings",
    metadata,
    sa.Column("document_id", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    key("account"),
    sa.Column("cents", sa.BigInteger, nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    text("customer"),
    text("vendor"),
    text("class_id"),
    text("location_id"),
    #: The special duty it is on, and the books' id of the item that chose the account.
    sa.Column("duty", sa.String(24), nullable=False, server_default=""),
    text("item_id"),
    #: The books should hold it now: of the newest agreed state of a document that was not taken out.
    sa.Column("counts", sa.Boolean, nullable=False, server_default=sa.true()),
    #: When it was posted, or ceased to count.
    time("moved_at"),
    sa.Index("ix_blueops_qb_postings_account", "connection_id", "account", "date"),
    sa.Index("ix_blueops_qb_postings_day", "connection_id", "date"),
)

mirror = sa.Table(
    PREFIX + "mirror",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("books_id", sa.String(64), primary_key=True),
    text("version"),
    text("name"),
    text("name_key"),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False, server_default=sa.false()),
    text("digest"),
    text("document", null=True),
    #: The provider's own text of this version, handed back with a change.
    text("shown"),
    #: What it shows beside the document: line ids, fields that are told one way only (`Beside`).
    text("beside"),
    text("facts_json"),
    #: The transactions that it is linked with; of a refund also those that it was linked with before.
    text("linked"),
    text("marker"),
    time("updated_at"),
    time("seen_at"),
    #: How it was first seen: listing, changes, ours, lookup.
    sa.Column("origin", sa.String(8), nullable=False, server_default="changes"),
    #: Moved since it was last compared with our side.
    sa.Column("dirty", sa.Boolean, nullable=False, server_default=sa.false()),
    #: What an invoice or payment is looked up by (`domain.match_traits`): the end of its number, its
    #: customer's id, cents, day. Of a customer or job the party is the one that it belongs to.
    sa.Column("paper_number", sa.String(64), nullable=False, server_default=""),
    sa.Column("paper_party", sa.String(64), nullable=False, server_default=""),
    sa.Column("paper_cents", sa.BigInteger, nullable=True),
    sa.Column("paper_day", sa.Date, nullable=True),
    sa.Index("ix_blueops_qb_mirror_name", "connection_id", "name_key"),
    sa.Index("ix_blueops_qb_mirror_paper_number", "connection_id", "kind", "paper_number"),
    sa.Index(
        "ix_blueops_qb_mirror_paper_party", "connection_id", "kind", "paper_party", "paper_cents", "paper_day"
    ),
    sa.Index("ix_blueops_qb_mirror_dirty", "connection_id", "dirty"),
    sa.Index("ix_blueops_qb_mirror_marker", "connection_id", "marker"),
)

operations = sa.Table(
    PREFIX + "operations",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    key("verb", 12),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, server_default=""),
    sa.Column("document_id", sa.BigInteger, nullable=True),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    text("content", null=True),
    #: What the comparison was made with (for updates): books id, version and their document.
    text("target_id"),
    text("version"),
    text("previous", null=True),
    text("marker"),
    text("params_json"),
    #: Keys of the books records and documents it changes or is directly linked with, space separated.
    text("touches"),
    #: ready, out, uncertain, done, failed, cancelled.
    key("state", 12),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    time("not_before"),
    sa.Column("exchange_id", sa.String(24), nullable=True),
    #: The uncertain exchange that this look-up or read settles.
    sa.Column("settles", sa.String(24), nullable=True),
    #: It goes only with operations of the same word, until the one that spoils a whole exchange is found.
    sa.Column("apart", sa.String(32), nullable=False, server_default=""),
    text("reason"),
    time("created_at"),
    time("closed_at"),
    sa.Index("ix_blueops_qb_operations_work", "connection_id", "state", "lane", "id"),
    sa.Index("ix_blueops_qb_operations_document", "document_id", "state"),
    sa.Index("ix_blueops_qb_operations_exchange", "exchange_id"),
    sa.Index("ix_blueops_qb_operations_settles", "settles"),
)

operation_after = sa.Table(
    PREFIX + "operation_after",
    metadata,
    sa.Column("operation_id", sa.BigInteger, primary_key=True),
    #: The document that must be linked (or, for a removal, gone) first.
    sa.Column("document_id", sa.BigInteger, primary_key=True),
    sa.Index("ix_blueops_qb_operation_after_document", "document_id"),
)

exchanges = sa.Table(
    PREFIX + "exchanges",
    metadata,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("connection_id", sa.String(32), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    #: sent, uncertain, asked, resend, closed.
    key("state", 12),
    sa.Column("sends", sa.Integer, nullable=False, server_default="1"),
    #: How often the books were asked what became of it, and that they know nothing of it.
    sa.Column("asked", sa.Integer, nullable=False, server_default="0"),
    sa.Column("forgotten", sa.Boolean, nullable=False, server_default=sa.false()),
    #: Since when the books keep its answer for us, until a later exchange clears that; empty = they keep nothing.
    time("kept_there"),
    #: The earlier exchange whose answer the books may forget with this one.
    sa.Column("clears", sa.String(24), nullable=True),
    time("first_sent_at", null=False),
    time("sent_at", null=False),
    time("deadline", null=False),
    time("settle_at"),
    time("closed_at"),
    text("note"),
    sa.Index("ix_blueops_qb_exchanges_open", "connection_id", "state"),
    sa.Index(
        "ix_blueops_qb_exchanges_kept",
        "connection_id",
        sqlite_where=sa.text("kept_there IS NOT NULL"),
        postgresql_where=sa.text("kept_there IS NOT NULL"),
    ),
)
