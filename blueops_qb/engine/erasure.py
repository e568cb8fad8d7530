"""Erasure: takes what can be read about a person out of our own history, and leaves the audit chain verifiable.

Erased are side rows: texts of the audit log, payloads of events that came to an end, contents of closed operations,
closed conflicts, and the working state of records that BlueOps no longer has. Not touched is what is not ours to erase
(core's records, the books) and what both sides are still compared with: as long as the person is in BlueOps, a copy of
what is there would only come back with the next comparison. Ids, amounts, dates and states stay everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from blueops_qb.domain.records import Customer, Expense, Invoice, Job, Payment, Vendor
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import audit
from blueops_qb.engine.erase_rows import Rows, chunks
from blueops_qb.sdk.core import Core
from blueops_qb.store.types import db_now

#: Whose data can be erased: people and one-person businesses.
ERASABLE = (RecordKind.CUSTOMER, RecordKind.VENDOR)
#: A shorter text would be found in half of everything.
_SHORTEST = 5
_PAGE = 500
_KINDS = (
    RecordKind.JOB,
    RecordKind.INVOICE,
    RecordKind.PAYMENT,
    RecordKind.EXPENSE,
    RecordKind.CREDIT,
    RecordKind.REFUND,
    RecordKind.PAYMENT_RETURN,
)


class CannotErase(Exception):
    """The record is of a kind that cannot be erased, or unknown; the sentence says why and what to do."""


@attrs.frozen(kw_only=True)
class Erased:
    """What was erased (rows by table), of how many records, and what was kept and why (sentences)."""

    ref: RecordRef
    records: int
    erased: dict[str, int]
    kept: tuple[str, ...]


def erase(core: Core, tenant_id: str, ref: RecordRef, *, actor: str, keys: audit.Keys) -> Erased:
    """Erase a customer or vendor with its records; again at any time. Raises CannotErase."""
    if ref.kind not in ERASABLE:
        kinds = " or ".join(kind.value for kind in ERASABLE)
        raise CannotErase(
            f"{ref} is no person: erase the {kinds} that it belongs to, and its records go along."
        )
    with core.begin(tenant_id) as tx:
        rows = Rows(connection=tx.connection, tenant_id=tenant_id)
        if ref not in core.read(tenant_id, [ref]) and not rows.events([ref]) and not rows.documents([ref]):
            raise CannotErase(f"{ref} is unknown to BlueOps and to this integration: look up its number.")
        refs, gone = _records_of(core, rows, ref)
        words = _words(core, tenant_id, ref, rows)
        documents = rows.documents(refs)
        counts = {
            "audit_payloads": rows.empty_audit_texts(refs, words),
            "outbox": rows.empty_events(refs),
            "operations": rows.empty_operations(documents, words),
            "exchanges": rows.empty_exchanges(words),
            "messages": rows.empty_messages(documents, words, db_now(tx.connection)),
            "conflicts": rows.empty_conflicts(refs, documents),
            "matches": rows.empty_matches(refs),
            "record_choices": rows.empty_choices(refs),
            **rows.empty_working_state([r for r in refs if r in gone]),
        }
        counts = {table: count for table, count in sorted(counts.items()) if count}
        kept = tuple(_kept(rows, refs, gone))
        entry = audit.Entry(
            action="erased",
            subject=str(ref),
            actor=actor,
            numbers=", ".join(f"{table} {count}" for table, count in counts.items()),
        )
        audit.append(tx.connection, tenant_id, [entry], keys=keys, now=db_now(tx.connection))
    return Erased(ref=ref, records=len(refs), erased=counts, kept=kept)


def _records_of(core: Core, rows: Rows, ref: RecordRef) -> tuple[list[RecordRef], set[RecordRef]]:
    """(the person's records, those of them that core no longer has)."""
    found = {ref, *rows.mentioning(ref)}
    since = 0
    while True:
        page = list(core.iterate(rows.tenant_id, since_revision=since, kinds=_KINDS, limit=_PAGE))
        found |= {s.ref for s in page if _belongs(s.record, ref)}
        if len(page) < _PAGE:
            break
        since = max(s.revision for s in page)
    refs = sorted(found)
    alive = {
        r
        for chunk in chunks(refs)
        for r, snapshot in core.read(rows.tenant_id, chunk).items()
        if not snapshot.deleted and snapshot.merged_into is None
    }
    return refs, found - alive


def _belongs(record: Any, ref: RecordRef) -> bool:
    match record:
        case Job() | Invoice() | Payment():
            return ref == RecordRef(RecordKind.CUSTOMER, record.customer_id)
        case Expense():
            return record.vendor_id is not None and ref == RecordRef(RecordKind.VENDOR, record.vendor_id)
    return False


def _words(core: Core, tenant_id: str, ref: RecordRef, rows: Rows) -> list[str]:
    """What tells who it is, as BlueOps has it now and as our history has it."""
    found = rows.words(ref)
    snapshot = core.read(tenant_id, [ref]).get(ref)
    if snapshot is not None and isinstance(snapshot.record, Customer | Vendor):
        record = snapshot.record
        found |= {record.name, record.company, record.email, record.phone}
    return sorted(word for word in found if len(word) >= _SHORTEST)


def _kept(rows: Rows, refs: Sequence[RecordRef], gone: set[RecordRef]) -> Iterator[str]:
    yield "BlueOps' own records: erase or anonymise the person there; this integration never does."
    yield "the books: make the person unrecognisable there, as far as the law lets you; books must often be kept."
    yield "ids, dates, amounts, and the digests of the audit log: nothing in them can be read."
    alive = len(refs) - len(gone)
    if alive:
        yield (
            f"what {alive} records are compared by (documents, links, mirror), because BlueOps still has them: "
            "erase again once it does not."
        )
    linked = rows.linked(rows.documents(sorted(gone)))
    if linked:
        yield (
            f"the same of {linked} documents that BlueOps no longer has but the books are still linked to: take "
            "them out there or unlink them, then erase again."
        )
    moving = rows.open_events(refs)
    if moving:
        yield f"{moving} events that are on their way or wait for a person: settle them, then erase again."
    working = rows.open_operations(rows.documents(refs))
    if working:
        yield f"{working} operations that are not closed: erase again once they are."
