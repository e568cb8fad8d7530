"""Our sub-ledger: what each document should have done to the books' accounts, as both sides last agreed on it.

Written when a document lands, when a change made in the books was taken over, when a person accepted what the books
show, and when a record of the books was linked. Older revisions stay and count no more; what was taken out of the
books counts no more either. Postings are of the document as the books have it, bound to their ids: what we did not
send (a class that the bookkeeper set) stays as it was agreed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.documents import (
    DOCUMENT_TYPES,
    AttachedFile,
    BankDeposit,
    BillPayment,
    CustomerPayment,
    CustomerRecord,
    Document,
    Estimate,
    PurchaseOrder,
    SalesForm,
    VendorRecord,
)
from blueops_qb.domain.effects import EFFECTS, effects, roles_of
from blueops_qb.domain.mapping import Mapping
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref
from blueops_qb.engine import left_over
from blueops_qb.engine.known import places_of, sources_of
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Operation
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

#: What never touches an account.
SILENT = (CustomerRecord, VendorRecord, AttachedFile, Estimate, PurchaseOrder)
#: Kinds of the books whose records do.
POSTING_KINDS: frozenset[BooksKind] = frozenset(
    kind for kind in BooksKind if (type_ := DOCUMENT_TYPES.get(kind)) in EFFECTS and type_ not in SILENT
)
_CHUNK = 500


@attrs.frozen(kw_only=True)
class Entry:
    """A document as both sides agree on it, at a revision of its record."""

    document_id: int
    revision: int
    document: Document


def told(document: Document, shown: Document | None) -> Document:
    """The document with what was left to the books as they show it: tax in tax mode A, discounts inside a payment."""
    if isinstance(document, SalesForm) and document.tax is None and isinstance(shown, SalesForm):
        return attrs.evolve(document, tax=shown.tax)
    if isinstance(document, CustomerPayment) and isinstance(shown, CustomerPayment) and not document.void:
        given = (a for a in shown.allocations if a.account is not None and a not in document.allocations)
        return attrs.evolve(document, allocations=(*document.allocations, *given))
    if isinstance(document, BillPayment) and isinstance(shown, BillPayment) and not document.void:
        taken = (s for s in shown.settles if s.account is not None and s not in document.settles)
        return attrs.evolve(document, settles=(*document.settles, *taken))
    return document


def landed(ready: Ready, operation: Operation, shown: Document | None) -> list[Entry]:
    """What a document that landed posts: as it was sent, with what the bookkeeper set where we moved nothing."""
    document = operation.document or ready.document
    if document is None:
        return []
    return [
        Entry(document_id=ready.row.document_id, revision=ready.row.revision, document=told(document, shown))
    ]


def post(turn: Turn, entries: Iterable[Entry]) -> None:
    """Post documents; what was posted for them before counts no more. At most one entry per document."""
    wanted = [entry for entry in entries if not isinstance(entry.document, SILENT)]
    if not wanted:
        return
    _make_room(turn, wanted)
    owners = owners_of(turn, [entry.document for entry in wanted])
    rows = [
        _row(turn, entry, number, line)
        for entry in wanted
        for number, line in enumerate(effects_of(turn, entry.document, owners), start=1)
    ]
    insert_all(turn.connection, t.postings, rows)
    left_over.posted(turn, [entry.document_id for entry in wanted])


def _make_room(turn: Turn, wanted: Sequence[Entry]) -> None:
    """Older postings count no more; those of the same revision are written anew. Most documents have none yet."""
    p = t.postings
    ids = [entry.document_id for entry in wanted]
    there: set[tuple[int, int]] = set()
    for start in range(0, len(ids), _CHUNK):
        query = sa.select(p.c.document_id, p.c.revision).where(
            p.c.document_id.in_(ids[start : start + _CHUNK])
        )
        there |= {(row.document_id, row.revision) for row in turn.connection.execute(query)}
    _count_no_more(turn, sorted({document_id for document_id, _ in there}))
    same = [e for e in wanted if (e.document_id, e.revision) in there]
    if same:
        turn.connection.execute(
            p.delete().where(
                p.c.document_id == sa.bindparam("b_id"), p.c.revision == sa.bindparam("b_revision")
            ),
            [{"b_id": entry.document_id, "b_revision": entry.revision} for entry in same],
        )


def repost(
    turn: Turn, document_id: int, document: Document, revision: int, *, shown: Document | None = None
) -> None:
    """A document that was changed over there, and is ours by now: its debits and credits are those of today.

    One that was voided there counts as taken out. A discount that stands in a payment of theirs is `shown` only there.
    """
    document = told(document, shown)
    places = places_of(
        turn.connection, turn.id, [r for r in refs_of(document) if not isinstance(r, BooksRef)]
    )
    bound = loosely_bound(document, places)
    post(turn, [Entry(document_id=document_id, revision=revision, document=bound)])
    if getattr(document, "void", False):
        d = t.documents
        turn.connection.execute(d.update().where(d.c.id == document_id).values(state="withdrawn"))


def withdraw(turn: Turn, document_ids: Sequence[int]) -> None:
    """What was posted for these documents counts no more."""
    _count_no_more(turn, document_ids)
    left_over.posted(turn, document_ids)


def _count_no_more(turn: Turn, document_ids: Sequence[int]) -> None:
    p = t.postings
    for start in range(0, len(document_ids), _CHUNK):
        turn.connection.execute(
            p.update()
            .where(p.c.document_id.in_(document_ids[start : start + _CHUNK]), p.c.counts)
            .values(counts=False, moved_at=turn.now)
        )


def effects_of(
    turn: Turn,
    document: Document,
    owners: dict[Ref, Ref] | None = None,
    *,
    mapping: Mapping | None = None,
) -> tuple[Posting, ...]:
    """The postings of a document with the accounts that its items name now and that a mapping gives special duties.

    The mapping is the one in use, unless another is asked about.
    """
    catalog = turn.catalog
    return effects(
        document,
        roles=roles_of(mapping or turn.mapping, getattr(document, "date", None)),
        item_accounts=catalog.item_accounts,
        # Goods that are kept in stock are bought into their stock account.
        item_cost_accounts={**catalog.item_cost_accounts, **stock_accounts(turn)},
        owners=owners or {},
    )


def ours_named(turn: Turn, names: Iterable[str]) -> dict[str, str]:
    """Parties named as the sub-ledger does (`customer#57`) with our words (`customer:12`); none for the unlinked."""
    places = [BooksRef(BooksKind(kind), id) for kind, mark, id in (n.partition("#") for n in names) if mark]
    found = sources_of(turn.connection, turn.id, places)
    return {str(place): str(ref) for place, ref in found.items()}


def stock_accounts(turn: Turn) -> dict[str, str]:
    """Item -> the account of its stock, for items that are kept in stock."""
    return {
        entry.ref.id: entry.facts["asset_account"]
        for entry in turn.catalog.of(BooksKind.ITEM)
        if entry.facts.get("item_type") == "Inventory" and entry.facts.get("asset_account")
    }


def owners_of(turn: Turn, documents: Sequence[Document]) -> dict[Ref, Ref]:
    """Whose the invoices and payments are that payments and deposits name, as the books last showed them."""
    named: set[Ref] = set()
    for document in documents:
        if isinstance(document, CustomerPayment):
            named |= {a.invoice for a in document.allocations}
        elif isinstance(document, BankDeposit):
            named |= {line.payment for line in document.lines if line.payment is not None}
    ours = [ref for ref in named if not isinstance(ref, BooksRef)]
    places: dict[Ref, BooksRef] = {ref: ref for ref in named if isinstance(ref, BooksRef)}
    linked = places_of(turn.connection, turn.id, ours).items()
    places |= {ref: place for ref, place in linked if isinstance(place, BooksRef)}
    customers = _customers(turn, set(places.values()))
    return {
        ref: BooksRef(BooksKind.CUSTOMER, customers[place])
        for ref, place in places.items()
        if place in customers
    }


def _customers(turn: Turn, places: set[BooksRef]) -> dict[BooksRef, str]:
    m = t.mirror
    found: dict[BooksRef, str] = {}
    for kind in {place.kind for place in places}:
        ids = sorted(place.id for place in places if place.kind is kind)
        for start in range(0, len(ids), _CHUNK):
            query = sa.select(m.c.books_id, m.c.facts_json).where(
                m.c.connection_id == turn.id,
                m.c.kind == kind.value,
                m.c.books_id.in_(ids[start : start + _CHUNK]),
            )
            for row in turn.connection.execute(query):
                customer = (json.loads(row.facts_json) if row.facts_json else {}).get("customer")
                if customer:
                    found[BooksRef(kind, row.books_id)] = str(customer)
    return found


def catch_up(turn: Turn) -> int:
    """Post what is linked and was never posted, as both sides agreed on it; answers how many documents."""
    d, lk, p = t.documents, t.links, t.postings
    posted = sa.exists().where(p.c.document_id == d.c.id)
    count, last = 0, 0
    while True:
        query = (
            sa.select(d.c.id, d.c.revision, lk.c.books_kind, lk.c.base_theirs)
            .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
            .where(
                d.c.connection_id == turn.id,
                d.c.id > last,
                lk.c.books_kind.in_([kind.value for kind in POSTING_KINDS]),
                lk.c.base_ours.is_not(None),
                lk.c.base_theirs.is_not(None),
                ~posted,
            )
            .order_by(d.c.id)
            .limit(_CHUNK)
        )
        rows = turn.connection.execute(query).all()
        if not rows:
            return count
        entries = [
            Entry(
                document_id=row.id,
                revision=row.revision,
                document=wire.load_document(BooksKind(row.books_kind), row.base_theirs),
            )
            for row in rows
        ]
        post(turn, entries)
        count, last = count + len(rows), rows[-1].id


def _row(turn: Turn, entry: Entry, number: int, line: Posting) -> dict[str, Any]:
    return {
        "document_id": entry.document_id,
        "revision": entry.revision,
        "line": number,
        "connection_id": turn.id,
        "account": line.account,
        "cents": int(line.amount * 100),
        "date": line.date,
        "customer": str(line.customer) if line.customer else "",
        "vendor": str(line.vendor) if line.vendor else "",
        "class_id": line.class_,
        "location_id": line.location,
        "duty": line.origin.role if line.origin else "",
        "item_id": line.origin.item if line.origin else "",
        "counts": True,
        "moved_at": turn.now,
    }
