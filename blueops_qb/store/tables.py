"""Tables: everything the integration remembers. Every name begins with `blueops_qb_`.

Texts ending in `_json` or named `content`, `document`, `base_*`, `payload` are `sdk.wire` JSON.
"""

from __future__ import annotations

from blueops_qb.store.columns import PREFIX, VERSION_TABLE, metadata
from blueops_qb.store.tables_agreement import (
    agreement_findings,
    agreement_run_slices,
    agreement_runs,
    agreement_slices,
    agreement_sums,
)
from blueops_qb.store.tables_backfill import backfills
from blueops_qb.store.tables_calling import callers, sessions
from blueops_qb.store.tables_host import connections, outbox, secrets, sign_in_states, tenants
from blueops_qb.store.tables_ledger import ledger_lines, ledger_readings
from blueops_qb.store.tables_proof import messages, moved, undos
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
from blueops_qb.store.tables_template import template_proposals
from blueops_qb.store.tables_work import (
    documents,
    exchanges,
    line_overrides,
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
    "agreement_findings",
    "agreement_run_slices",
    "agreement_runs",
    "agreement_slices",
    "agreement_sums",
    "audit",
    "audit_heads",
    "audit_payloads",
    "backfills",
    "budgets",
    "callers",
    "conflicts",
    "connections",
    "derived_names",
    "documents",
    "exchanges",
    "feeds",
    "hints",
    "ledger_lines",
    "ledger_readings",
    "line_overrides",
    "links",
    "mapping_rules",
    "mappings",
    "matches",
    "memberships",
    "messages",
    "metadata",
    "mirror",
    "moved",
    "operation_after",
    "operations",
    "outbox",
    "policies",
    "postings",
    "rates",
    "record_choices",
    "secrets",
    "sessions",
    "sign_in_states",
    "template_proposals",
    "tenants",
    "undos",
]
