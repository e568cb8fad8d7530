"""Tables: everything core keeps, all under the prefix `core_`.

A record is kept as JSON (`blueops_qb.sdk.wire`) beside the columns that lists and questions need. Money
columns are whole cents. What a payment settles and what a payout contains stand in tables of their own.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: Whole numbers that may grow; SQLite calls its own key type INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.ForeignKey("core_tenants.id"), primary_key=True)


tenants = sa.Table(
    "core_tenants",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("zone", sa.String(60), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    # Raised by every change, under the lock of this row: it rises in the order of commits.
    sa.Column("revision", Number, nullable=False, default=0),
    # Plugin -> on | paused | off, as JSON: read with the revision, in the statement that takes the lock.
    sa.Column("switches", sa.Text, nullable=False, default="{}"),
    # The last number given, per kind of record.
    sa.Column("last_customer", Number, nullable=False, default=0),
    sa.Column("last_job", Number, nullable=False, default=0),
    sa.Column("last_vendor", Number, nullable=False, default=0),
    sa.Column("last_invoice", Number, nullable=False, default=1000),
    sa.Column("last_payment", Number, nullable=False, default=0),
    sa.Column("last_expense", Number, nullable=False, default=0),
    sa.Column("last_payout", Number, nullable=False, default=0),
    sa.Column("last_credit", Number, nullable=False, default=0),
    sa.Column("last_refund", Number, nullable=False, default=0),
    sa.Column("last_payment_return", Number, nullable=False, default=0),
)

users = sa.Table(
    "core_users",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("login", sa.String(200), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("password", sa.String(300), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
)

memberships = sa.Table(
    "core_memberships",
    metadata,
    sa.Column("user_id", sa.ForeignKey("core_users.id"), primary_key=True),
    _tenant(),
    sa.Column("role", sa.String(20), nullable=False),
)

choices = sa.Table(
    "core_choices",
    metadata,
    _tenant(),
    # service_category, material_category, branch, tax, ...: see `people.ChoiceFamily`.
    sa.Column("family", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(80), primary_key=True),
    sa.Column("label", sa.String(200), nullable=False),
    # The percentage of a tax.
    sa.Column("value", sa.String(40), nullable=False, default=""),
)

records = sa.Table(
    "core_records",
    metadata,
    _tenant(),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", Number, primary_key=True),
    sa.Column("revision", Number, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("customer_id", sa.String(20)),
    sa.Column("job_id", sa.String(20)),
    sa.Column("vendor_id", sa.String(20)),
    sa.Column("on_date", sa.Date),
    sa.Column("due_date", sa.Date),
    sa.Column("total", Number),
    # Invoices only: what is still open.
    sa.Column("balance", Number),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("merged_into", sa.String(20)),
    sa.Index("core_records_by_revision", "tenant_id", "revision", unique=True),
    sa.Index("core_records_by_customer", "tenant_id", "customer_id", "kind"),
    sa.Index("core_records_by_label", "tenant_id", "kind", "label"),
    sa.Index("core_records_by_status", "tenant_id", "kind", "status", "due_date"),
)

applications = sa.Table(
    "core_applications",
    metadata,
    _tenant(),
    sa.Column("payment_id", Number, primary_key=True),
    sa.Column("invoice_id", Number, primary_key=True),
    sa.Column("amount", Number, nullable=False),
    sa.Index("core_applications_by_invoice", "tenant_id", "invoice_id"),
)

credit_applications = sa.Table(
    "core_credit_applications",
    metadata,
    _tenant(),
    sa.Column("credit_id", Number, primary_key=True),
    sa.Column("invoice_id", Number, primary_key=True),
    sa.Column("amount", Number, nullable=False),
    sa.Index("core_credit_applications_by_invoice", "tenant_id", "invoice_id"),
)

payout_payments = sa.Table(
    "core_payout_payments",
    metadata,
    _tenant(),
    # A payment reaches the bank once.
    sa.Column("payment_id", Number, primary_key=True),
    sa.Column("payout_id", Number, nullable=False),
)

receipts = sa.Table(
    "core_receipts",
    metadata,
    _tenant(),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("filename", sa.String(200), nullable=False),
    sa.Column("content_type", sa.String(100), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

reminders_sent = sa.Table(
    "core_reminders_sent",
    metadata,
    _tenant(),
    sa.Column("invoice_id", Number, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("balance", Number, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

reminders_held = sa.Table(
    "core_reminders_held",
    metadata,
    _tenant(),
    sa.Column("invoice_id", Number, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
)

applied = sa.Table(
    "core_applied",
    metadata,
    _tenant(),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("ref", sa.String(60), nullable=False),
    sa.Column("revision", Number, nullable=False),
    sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
)

plugins = sa.Table(
    "core_plugins",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    # installed | removed: a removed plugin is not loaded again until somebody installs it.
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
)

plugin_settings = sa.Table(
    "core_plugin_settings",
    metadata,
    _tenant(),
    sa.Column("plugin_id", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
