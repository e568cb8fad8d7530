"""Tables of the host's side: tenants, the outbox, connections, secrets and sign-in states."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

tenants = sa.Table(
    PREFIX + "tenants",
    metadata,
    sa.Column("tenant_id", sa.String(64), primary_key=True),
    #: on, paused or off, as core last told us.
    sa.Column("switch", sa.String(8), nullable=False),
    #: Core's revision up to which the sweep has looked.
    sa.Column("swept_revision", sa.BigInteger, nullable=False, server_default="0"),
    time("swept_at"),
)

outbox = sa.Table(
    PREFIX + "outbox",
    metadata,
    id_(),
    key("tenant_id"),
    key("ref_kind", 16),
    key("ref_id"),
    key("action", 16),
    sa.Column("revision", sa.BigInteger, nullable=False),
    text("payload"),
    time("occurred_at"),
    text("cause", null=True),
    key("state", 12),
    text("reason", null=True),
    text("remedy", null=True),
    #: What kind of hold or wait it is: mapping, refused, match, conflict, variance, guard, malformed, ...
    sa.Column("hold", sa.String(12), nullable=True),
    #: The record whose arrival in the books wakes it.
    sa.Column("waits_for", sa.String(96), nullable=True),
    time("at"),
    #: The backfill that queued it: its work goes below live work.
    sa.Column("backfill_id", sa.BigInteger, nullable=True),
    sa.Index("ix_blueops_qb_outbox_state", "tenant_id", "state", "id"),
    sa.Index("ix_blueops_qb_outbox_ref", "tenant_id", "ref_kind", "ref_id", "revision"),
)

connections = sa.Table(
    PREFIX + "connections",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    key("tenant_id"),
    key("provider", 32),
    key("company_id"),
    text("company_name"),
    #: matching (nothing is written yet), live, retired.
    key("state", 12),
    #: ok, sign_in, stopped: why nothing is handed out although it is live.
    sa.Column("health", sa.String(12), nullable=False, server_default="ok"),
    text("health_reason"),
    sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
    text("lease_owner"),
    time("lease_until"),
    text("profile_json"),
    text("guard_json"),
    sa.Column("mapping_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("policy_version", sa.Integer, nullable=False, server_default="0"),
    time("created_at", null=False),
    time("last_contact_at"),
    time("rest_until"),
    time("catalog_at"),
    time("live_since"),
    #: How careful the match plan is (`MatchRules` as JSON).
    text("match_rules"),
    #: How many records may still be written before somebody looks; empty = nobody needs to.
    sa.Column("canary_left", sa.Integer, nullable=True),
    #: The backfill that is counting or running.
    sa.Column("backfill_id", sa.BigInteger, nullable=True),
    #: These books have refused one payment for several jobs.
    sa.Column("splits_payments", sa.Boolean, nullable=False, server_default=sa.false()),
    #: Somebody asked for the match plan to be made in the background, at this moment.
    time("match_asked_at"),
    #: Tax rates that differ, as of this moment (`rate_drift`).
    time("drifts_at"),
    text("drifts_json"),
    sa.Index(
        "uq_blueops_qb_connections_tenant",
        "tenant_id",
        unique=True,
        sqlite_where=sa.text("state <> 'retired'"),
        postgresql_where=sa.text("state <> 'retired'"),
    ),
    sa.Index(
        "uq_blueops_qb_connections_company",
        "provider",
        "company_id",
        unique=True,
        sqlite_where=sa.text("state <> 'retired'"),
        postgresql_where=sa.text("state <> 'retired'"),
    ),
)

secrets = sa.Table(
    PREFIX + "secrets",
    metadata,
    sa.Column("connection_id", sa.String(32), primary_key=True),
    sa.Column("purpose", sa.String(32), primary_key=True),
    text("sealed"),
    time("updated_at"),
)

sign_in_states = sa.Table(
    PREFIX + "sign_in_states",
    metadata,
    sa.Column("nonce", sa.String(64), primary_key=True),
    key("tenant_id"),
    key("provider", 32),
    time("expires_at", null=False),
    time("used_at"),
)
