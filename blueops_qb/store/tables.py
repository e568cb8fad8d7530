"""Tables: everything the integration remembers. Every name begins with `blueops_qb_`.

Texts ending in `_json` or named `content`, `document`, `base_*`, `payload` are `sdk.wire` JSON.
"""

from __future__ import annotations

from blueops_qb.store.columns import PREFIX, VERSION_TABLE, metadata
from blueops_qb.store.tables_host import connections, outbox, secrets, sign_in_states, tenants
from blueops_qb.store.tables_ledger import ledger_lines, ledger_readings
from blueops_qb.store.tables_rules import (
    audit,
    audit_heads,
    audit_payloads,
    budgets,
    conflicts,
    derived_names,
    feeds,
    hints,
    mapping_rules,
    mappings,
    matches,
    policies,
    rates,
    record_choices,
)
from blueops_qb.store.tables_work import (
    documents,
    exchanges,
    links,
    memberships,
    mirror,
    operation_after,
    operations,
    postings,
)

__all__ = [
    "PREFIX",
    "VERSION_TABLE",
    "audit",
    "audit_heads",
    "audit_payloads",
    "budgets",
    "conflicts",
    "connections",
    "derived_names",
    "documents",
    "exchanges",
    "feeds",
    "hints",
    "ledger_lines",
    "ledger_readings",
    "links",
    "mapping_rules",
    "mappings",
    "matches",
    "memberships",
    "metadata",
    "mirror",
    "operation_after",
    "operations",
    "outbox",
    "policies",
    "postings",
    "rates",
    "record_choices",
    "secrets",
    "sign_in_states",
    "tenants",
]
