"""Posting rule for entries of the books' lists: one account, item or class, in the company that it was approved for."""

from __future__ import annotations

from collections.abc import Mapping

from blueops_qb.domain.documents import Document
from blueops_qb.domain.list_entries import AccountRecord, ClassRecord, ItemRecord, ListEntry
from blueops_qb.domain.posting.context import NotPosted
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.refs import DocumentKey


def list_entry(record: ListEntry, lookup: Lookup) -> Mapping[DocumentKey, Document] | NotPosted:
    """What the entry creates; nothing in the books of another company, whose lists are others."""
    if record.company_id != lookup.context.profile.company_id:
        return NotPosted(
            reason=f"{lookup.label} was approved for another company's books; apply the template to these anew."
        )
    return {DocumentKey(record.ref): record.document}


def entry_of(document: Document, id: str, company_id: str) -> ListEntry | None:
    """The entry that a document of ours was created from; None for another kind of document."""
    if isinstance(document, AccountRecord | ItemRecord | ClassRecord):
        return ListEntry.of(document, id=id, company_id=company_id)
    return None
