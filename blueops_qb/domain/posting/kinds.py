"""Kinds: which key a document has whose record may become one kind of document or another.

A record that changes its kind, as a card charge that turns out to be a bill or an invoice that falls below zero, cannot
change its document: a record of the books keeps its kind. The old one is withdrawn, the new one has a key of its own.
"""

from __future__ import annotations

from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.posting.allocations import CORRECTED
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.refs import DocumentKey, RecordRef
from blueops_qb.domain.reversal import UNDO_ROLES

#: Roles of documents by which a document of a closed month is taken back, and by which both settle one another.
REVERSAL, SETTLED = "reversal", "settled"
#: How the marker of one of the former is told.
REVERSES = f"/{REVERSAL}/"
#: Roles of documents that stand beside a record's own.
BESIDE = frozenset({REVERSAL, SETTLED, CORRECTED, *UNDO_ROLES})


def key_by_kind(ref: RecordRef, document: Document, lookup: Lookup) -> DocumentKey:
    """The key of the record's document: another one when it was posted as another kind of document before."""
    posted = {
        key: doc for key, doc in lookup.context.posted.items() if key.source == ref and key.role not in BESIDE
    }
    same = [key for key, doc in posted.items() if type(doc) is type(document)]
    main = DocumentKey(ref)
    if main in same or main not in posted:
        return min(same, default=main) if main not in same else main
    return min(same, default=DocumentKey(ref, kind_of(document).value))
