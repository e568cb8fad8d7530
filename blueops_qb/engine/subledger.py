"""Sub-ledger: the debits and credits of a document that has landed, as rows of our own."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert


def posting_rows(turn: Turn, ready: Ready) -> list[dict[str, Any]]:
    """The rows of the postings table; none for a customer or vendor."""
    document = ready.document
    return [] if document is None else rows_of(turn, ready.row.document_id, document, ready.row.revision)


def repost(turn: Turn, document_id: int, document: Document, revision: int) -> None:
    """A document that was changed over there, and is ours by now: its debits and credits are those of today.

    One that was voided there counts as taken out.
    """
    p, d = t.postings, t.documents
    turn.connection.execute(p.delete().where(p.c.document_id == document_id, p.c.revision == revision))
    upsert(turn.connection, p, rows_of(turn, document_id, document, revision))
    if getattr(document, "void", False):
        turn.connection.execute(d.update().where(d.c.id == document_id).values(state="withdrawn"))


def rows_of(turn: Turn, document_id: int, document: Document, revision: int) -> list[dict[str, Any]]:
    """The rows of one revision of a document."""
    if isinstance(document, CustomerRecord | VendorRecord):
        return []
    catalog = turn.catalog
    lines = effects(
        document,
        roles=roles_of(turn.mapping),
        item_accounts=catalog.item_accounts,
        item_cost_accounts=catalog.item_cost_accounts,
    )
    return [
        {
            "document_id": document_id,
            "revision": revision,
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
        for number, line in enumerate(lines, start=1)
    ]
