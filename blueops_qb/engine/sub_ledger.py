"""Sub-ledger: the debits and credits of a document that has landed, as rows of our own ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn


def posting_rows(turn: Turn, ready: Ready) -> Iterator[dict[str, Any]]:
    """One row per posting; none for parties."""
    document = ready.document
    if document is None or isinstance(document, CustomerRecord | VendorRecord):
        return
    catalog = turn.catalog
    lines = effects(
        document,
        roles=roles_of(turn.mapping, getattr(document, "date", None)),
        item_accounts=catalog.item_accounts,
        item_cost_accounts=catalog.item_cost_accounts,
    )
    for number, line in enumerate(lines, start=1):
        yield {
            "document_id": ready.row.document_id,
            "revision": ready.row.revision,
            "line": number,
            "connection_id": turn.id,
            "account": line.account,
            "cents": int(line.amount * 100),
            "date": line.date,
            "customer": str(line.customer) if line.customer else "",
            "vendor": str(line.vendor) if line.vendor else "",
            "class_id": line.class_,
            "location_id": line.location,
        }
