"""Every table of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "qb0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "blueops_qb_audit",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("numbers", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_blueops_qb_audit")),
    )
    op.create_table(
        "blueops_qb_audit_heads",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_blueops_qb_audit_heads")),
    )
    op.create_table(
        "blueops_qb_audit_payloads",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_blueops_qb_audit_payloads")),
    )
    op.create_table(
        "blueops_qb_budgets",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("reads", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("writes", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("provider", "month", name=op.f("pk_blueops_qb_budgets")),
    )
    op.create_table(
        "blueops_qb_conflicts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("books_kind", sa.String(length=16), nullable=False),
        sa.Column("books_id", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("group", sa.String(length=32), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("choice", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_conflicts")),
    )
    with op.batch_alter_table("blueops_qb_conflicts", schema=None) as batch_op:
        batch_op.create_index(
            "uq_blueops_qb_conflicts_open",
            ["connection_id", "books_kind", "books_id", "group"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "blueops_qb_connections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("company_name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("health", sa.String(length=12), server_default="ok", nullable=False),
        sa.Column("health_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("profile_json", sa.Text(), server_default="", nullable=False),
        sa.Column("guard_json", sa.Text(), server_default="", nullable=False),
        sa.Column("mapping_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("policy_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_contact_at", sa.BigInteger(), nullable=True),
        sa.Column("rest_until", sa.BigInteger(), nullable=True),
        sa.Column("catalog_at", sa.BigInteger(), nullable=True),
        sa.Column("live_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_connections")),
    )
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        batch_op.create_index(
            "uq_blueops_qb_connections_company",
            ["provider", "company_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )
        batch_op.create_index(
            "uq_blueops_qb_connections_tenant",
            ["tenant_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )

    op.create_table(
        "blueops_qb_derived_names",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("space", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("original", sa.Text(), server_default="", nullable=False),
        sa.Column("derived", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "space", "source", name=op.f("pk_blueops_qb_derived_names")),
    )
    op.create_table(
        "blueops_qb_documents",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("books_kind", sa.String(length=16), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("mapping_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("policy_version", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_documents")),
    )
    with op.batch_alter_table("blueops_qb_documents", schema=None) as batch_op:
        batch_op.create_index(
            "uq_blueops_qb_documents_key",
            ["connection_id", "source_kind", "source_id", "role", "part"],
            unique=True,
        )

    op.create_table(
        "blueops_qb_exchanges",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sends", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_sent_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("settle_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_exchanges")),
    )
    with op.batch_alter_table("blueops_qb_exchanges", schema=None) as batch_op:
        batch_op.create_index("ix_blueops_qb_exchanges_open", ["connection_id", "state"], unique=False)

    op.create_table(
        "blueops_qb_feeds",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("feed", sa.String(length=24), nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "feed", name=op.f("pk_blueops_qb_feeds")),
    )
    op.create_table(
        "blueops_qb_hints",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("processed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_hints")),
    )
    with op.batch_alter_table("blueops_qb_hints", schema=None) as batch_op:
        batch_op.create_index(
            "ix_blueops_qb_hints_open", ["provider", "company_id", "processed_at"], unique=False
        )

    op.create_table(
        "blueops_qb_links",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("books_kind", sa.String(length=16), nullable=False),
        sa.Column("books_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("base_ours", sa.Text(), nullable=True),
        sa.Column("base_theirs", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("doubtful", sa.Text(), server_default="", nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_links")),
    )
    with op.batch_alter_table("blueops_qb_links", schema=None) as batch_op:
        batch_op.create_index(
            "uq_blueops_qb_links_books",
            ["connection_id", "books_kind", "books_id"],
            unique=True,
            sqlite_where=sa.text("state = 'live'"),
            postgresql_where=sa.text("state = 'live'"),
        )
        batch_op.create_index("uq_blueops_qb_links_document", ["document_id", "generation"], unique=True)

    op.create_table(
        "blueops_qb_mapping_rules",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint(
            "connection_id", "version", "family", "key", "scope", name=op.f("pk_blueops_qb_mapping_rules")
        ),
    )
    op.create_table(
        "blueops_qb_mappings",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "version", name=op.f("pk_blueops_qb_mappings")),
    )
    op.create_table(
        "blueops_qb_matches",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("ref_kind", sa.String(length=16), nullable=False),
        sa.Column("ref_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("bucket", sa.String(length=12), nullable=False),
        sa.Column("books_id", sa.Text(), server_default="", nullable=False),
        sa.Column("candidates", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "ref_kind", "ref_id", name=op.f("pk_blueops_qb_matches")),
    )
    op.create_table(
        "blueops_qb_memberships",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("ref_kind", sa.String(length=16), nullable=False),
        sa.Column("ref_id", sa.String(length=64), nullable=False),
        sa.Column("share_cents", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "ref_kind", "ref_id", name=op.f("pk_blueops_qb_memberships")),
    )
    op.create_table(
        "blueops_qb_mirror",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("books_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("name_key", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("facts_json", sa.Text(), server_default="", nullable=False),
        sa.Column("linked", sa.Text(), server_default="", nullable=False),
        sa.Column("marker", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=8), server_default="changes", nullable=False),
        sa.Column("dirty", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "kind", "books_id", name=op.f("pk_blueops_qb_mirror")),
    )
    with op.batch_alter_table("blueops_qb_mirror", schema=None) as batch_op:
        batch_op.create_index("ix_blueops_qb_mirror_dirty", ["connection_id", "dirty"], unique=False)
        batch_op.create_index("ix_blueops_qb_mirror_marker", ["connection_id", "marker"], unique=False)
        batch_op.create_index("ix_blueops_qb_mirror_name", ["connection_id", "name_key"], unique=False)

    op.create_table(
        "blueops_qb_operation_after",
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", "document_id", name=op.f("pk_blueops_qb_operation_after")),
    )
    with op.batch_alter_table("blueops_qb_operation_after", schema=None) as batch_op:
        batch_op.create_index("ix_blueops_qb_operation_after_document", ["document_id"], unique=False)

    op.create_table(
        "blueops_qb_operations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=12), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), server_default="", nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("marker", sa.Text(), server_default="", nullable=False),
        sa.Column("params_json", sa.Text(), server_default="", nullable=False),
        sa.Column("touches", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("exchange_id", sa.String(length=24), nullable=True),
        sa.Column("settles", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_operations")),
    )
    with op.batch_alter_table("blueops_qb_operations", schema=None) as batch_op:
        batch_op.create_index("ix_blueops_qb_operations_document", ["document_id", "state"], unique=False)
        batch_op.create_index("ix_blueops_qb_operations_exchange", ["exchange_id"], unique=False)
        batch_op.create_index("ix_blueops_qb_operations_settles", ["settles"], unique=False)
        batch_op.create_index(
            "ix_blueops_qb_operations_work", ["connection_id", "state", "lane", "id"], unique=False
        )

    op.create_table(
        "blueops_qb_outbox",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("ref_kind", sa.String(length=16), nullable=False),
        sa.Column("ref_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("hold", sa.String(length=12), nullable=True),
        sa.Column("waits_for", sa.String(length=96), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueops_qb_outbox")),
    )
    with op.batch_alter_table("blueops_qb_outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_blueops_qb_outbox_ref", ["tenant_id", "ref_kind", "ref_id", "revision"], unique=False
        )
        batch_op.create_index("ix_blueops_qb_outbox_state", ["tenant_id", "state", "id"], unique=False)

    op.create_table(
        "blueops_qb_policies",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "version", name=op.f("pk_blueops_qb_policies")),
    )
    op.create_table(
        "blueops_qb_postings",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("customer", sa.Text(), server_default="", nullable=False),
        sa.Column("vendor", sa.Text(), server_default="", nullable=False),
        sa.Column("class_id", sa.Text(), server_default="", nullable=False),
        sa.Column("location_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("document_id", "revision", "line", name=op.f("pk_blueops_qb_postings")),
    )
    with op.batch_alter_table("blueops_qb_postings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_blueops_qb_postings_account", ["connection_id", "account", "date"], unique=False
        )

    op.create_table(
        "blueops_qb_rates",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("bucket", sa.String(length=16), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "bucket", name=op.f("pk_blueops_qb_rates")),
    )
    op.create_table(
        "blueops_qb_secrets",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "purpose", name=op.f("pk_blueops_qb_secrets")),
    )
    op.create_table(
        "blueops_qb_sign_in_states",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_blueops_qb_sign_in_states")),
    )
    op.create_table(
        "blueops_qb_tenants",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("switch", sa.String(length=8), nullable=False),
        sa.Column("swept_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_blueops_qb_tenants")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("blueops_qb_tenants")
    op.drop_table("blueops_qb_sign_in_states")
    op.drop_table("blueops_qb_secrets")
    op.drop_table("blueops_qb_rates")
    with op.batch_alter_table("blueops_qb_postings", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_postings_account")

    op.drop_table("blueops_qb_postings")
    op.drop_table("blueops_qb_policies")
    with op.batch_alter_table("blueops_qb_outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_outbox_state")
        batch_op.drop_index("ix_blueops_qb_outbox_ref")

    op.drop_table("blueops_qb_outbox")
    with op.batch_alter_table("blueops_qb_operations", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_operations_work")
        batch_op.drop_index("ix_blueops_qb_operations_settles")
        batch_op.drop_index("ix_blueops_qb_operations_exchange")
        batch_op.drop_index("ix_blueops_qb_operations_document")

    op.drop_table("blueops_qb_operations")
    with op.batch_alter_table("blueops_qb_operation_after", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_operation_after_document")

    op.drop_table("blueops_qb_operation_after")
    with op.batch_alter_table("blueops_qb_mirror", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_mirror_name")
        batch_op.drop_index("ix_blueops_qb_mirror_marker")
        batch_op.drop_index("ix_blueops_qb_mirror_dirty")

    op.drop_table("blueops_qb_mirror")
    op.drop_table("blueops_qb_memberships")
    op.drop_table("blueops_qb_matches")
    op.drop_table("blueops_qb_mappings")
    op.drop_table("blueops_qb_mapping_rules")
    with op.batch_alter_table("blueops_qb_links", schema=None) as batch_op:
        batch_op.drop_index("uq_blueops_qb_links_document")
        batch_op.drop_index(
            "uq_blueops_qb_links_books",
            sqlite_where=sa.text("state = 'live'"),
            postgresql_where=sa.text("state = 'live'"),
        )

    op.drop_table("blueops_qb_links")
    with op.batch_alter_table("blueops_qb_hints", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_hints_open")

    op.drop_table("blueops_qb_hints")
    op.drop_table("blueops_qb_feeds")
    with op.batch_alter_table("blueops_qb_exchanges", schema=None) as batch_op:
        batch_op.drop_index("ix_blueops_qb_exchanges_open")

    op.drop_table("blueops_qb_exchanges")
    with op.batch_alter_table("blueops_qb_documents", schema=None) as batch_op:
        batch_op.drop_index("uq_blueops_qb_documents_key")

    op.drop_table("blueops_qb_documents")
    op.drop_table("blueops_qb_derived_names")
    with op.batch_alter_table("blueops_qb_connections", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_blueops_qb_connections_tenant",
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )
        batch_op.drop_index(
            "uq_blueops_qb_connections_company",
            sqlite_where=sa.text("state <> 'retired'"),
            postgresql_where=sa.text("state <> 'retired'"),
        )

    op.drop_table("blueops_qb_connections")
    with op.batch_alter_table("blueops_qb_conflicts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_blueops_qb_conflicts_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.drop_table("blueops_qb_conflicts")
    op.drop_table("blueops_qb_budgets")
    op.drop_table("blueops_qb_audit_payloads")
    op.drop_table("blueops_qb_audit_heads")
    op.drop_table("blueops_qb_audit")
