"""Arrivals: records that appeared in the books and have no counterpart of ours yet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.binding import linked_refs, refs_of, unbind
from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, kind_of
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.overrides import head_coding, overridden
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.records import Customer, Job
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef, record_of
from blueops_qb.domain.reverse import CUSTOMER_FIELDS, customer_from, is_invoice, payment_from
from blueops_qb.engine import (
    arrived_copies,
    arrived_credits,
    arrived_deposits,
    card_refunds,
    outbox,
    to_core,
    used_credits,
)
from blueops_qb.engine.coming import names_what_comes, uses_unseen_credit
from blueops_qb.engine.conflicts import settled_itself, their_mover
from blueops_qb.engine.known import load_by_place, places_of, sources_of
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.link_rows import mirror_row
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.mirroring import CAME
from blueops_qb.engine.overrides_desk import store
from blueops_qb.engine.pull_proof import without_elsewhere
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_as_open
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import party_under_way
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, SaveCustomer, SaveJob, SavePayment
from blueops_qb.store import tables as t


def arrived(turn: Turn, row: Any) -> bool:
    """Bring a new record of the books to core if it concerns us; False when it must be looked at again."""
    if row["deleted"] or not row["marker"] or '"void":true' in (row["document"] or ""):
        # It is gone from the books, or is no longer marked as ours.
        place = BooksRef(BooksKind(row["kind"]), row["books_id"])
        settled_itself(turn, place, "copy", "the copy is gone")
        if row["deleted"]:
            settled_itself(turn, place, "arrival", "it is gone from the books")
    if row["deleted"] and row["kind"] == BooksKind.REFUND_RECEIPT.value and row["origin"] in CAME:
        return card_refunds.recounted(turn, row)
    if row["deleted"] or row["origin"] in ("listing", "ours") or not row["document"]:
        return True
    if row["marker"] and (seen := arrived_copies.of_ours(turn, row)) is not None:
        return seen
    match BooksKind(row["kind"]):
        case BooksKind.PAYMENT:
            return _payment(turn, row)
        case BooksKind.CUSTOMER:
            return _customer(turn, row)
        case BooksKind.CREDIT_MEMO | BooksKind.REFUND_RECEIPT if _party_is_coming(turn, row):
            return False
        case BooksKind.CREDIT_MEMO:
            return _taken(turn, row, arrived_credits.credit_memo(turn, row))
        case BooksKind.REFUND_RECEIPT if _credits_are_coming(turn, row):
            return False
        case BooksKind.REFUND_RECEIPT:
            return _taken(turn, row, arrived_credits.refund_receipt(turn, row))
        case BooksKind.DEPOSIT if _payments_are_coming(turn, row):
            return False
        case BooksKind.DEPOSIT:
            return _taken(turn, row, arrived_deposits.deposit(turn, row))
        case _:
            return True


def _names_what_comes(turn: Turn, row: Any, places: Iterable[BooksRef]) -> bool:
    """One of the records it names is, or may be, ours and its own exchange has not been settled yet."""
    named = list(places)
    if names_what_comes(turn, named, seen_at=row["seen_at"]):
        return True
    parties = (mirror_row(turn, place) for place in named if place.kind is BooksKind.CUSTOMER)
    found = (_namesake(turn, party["name"]) for party in parties if party is not None)
    return any(one is not None and one[1] for one in found)


def _party_is_coming(turn: Turn, row: Any) -> bool:
    """Whose document it is may be ours: its own exchange has not been settled yet."""
    document: Any = wire.load_document(BooksKind(row["kind"]), row["document"])
    party = document.customer
    if document.void or not isinstance(party, BooksRef) or sources_of(turn.connection, turn.id, [party]):
        return False
    return _names_what_comes(turn, row, [party])


def _credits_are_coming(turn: Turn, row: Any) -> bool:
    """A credit that the refund pays out may be ours: nobody has seen it yet, or it is not compared yet."""
    document = wire.load_document(BooksKind.REFUND_RECEIPT, row["document"])
    strange = _strange(turn, [ref for ref in linked_refs(document) if isinstance(ref, BooksRef)])
    if _names_what_comes(turn, row, strange) or uses_unseen_credit(turn, strange, seen_at=row["seen_at"]):
        return True
    return any(_is_dirty(turn, place) for place in strange)


def _strange(turn: Turn, places: list[BooksRef]) -> list[BooksRef]:
    ours = sources_of(turn.connection, turn.id, places)
    return [place for place in places if place not in ours]


def _payments_are_coming(turn: Turn, row: Any) -> bool:
    """A payment of the deposit may be ours: its own exchange is not settled, or it is not compared yet."""
    document = wire.load_document(BooksKind.DEPOSIT, row["document"])
    strange = _strange(turn, [ref for ref in refs_of(document) if isinstance(ref, BooksRef)])
    return _names_what_comes(turn, row, strange) or any(_is_dirty(turn, place) for place in strange)


def _is_dirty(turn: Turn, place: BooksRef) -> bool:
    m = t.mirror
    query = sa.select(m.c.dirty).where(
        m.c.connection_id == turn.id,
        m.c.kind == place.kind.value,
        m.c.books_id == place.id,
        m.c.deleted.is_(False),
    )
    return bool(turn.connection.execute(query).scalar_one_or_none())


def _payment(turn: Turn, row: Any) -> bool:
    document = wire.load_document(BooksKind.PAYMENT, row["document"])
    assert isinstance(document, CustomerPayment)
    if document.void:
        return True
    sources = sources_of(turn.connection, turn.id, [r for r in refs_of(document) if isinstance(r, BooksRef)])
    unbound = unbind(document, sources)
    assert isinstance(unbound, CustomerPayment)
    ours = [
        record_of(a.invoice)
        for a in unbound.allocations
        if not isinstance(a.invoice, BooksRef) and is_invoice(a.invoice)
    ]
    strange = [r for r in refs_of(unbound) if isinstance(r, BooksRef)]
    if _names_what_comes(turn, row, strange) or uses_unseen_credit(turn, strange, seen_at=row["seen_at"]):
        return False
    applied = arrived_credits.applied_credit(turn, row, unbound)
    if applied is not None:
        return _taken(turn, row, applied)
    named = unbound.customer
    # A customer that BlueOps does not have is QuickBooks' own business, unless it pays invoices of ours.
    party = named if isinstance(named, RecordRef) else _payer_of(turn, ours[0] if ours else None)
    if party is None:
        return True
    customer_id = to_core.customer_of(turn, party)
    if customer_id is None:
        return True
    payment = payment_from(unbound, id="", party=party, customer_id=customer_id, mapping=turn.mapping)
    place = BooksRef(BooksKind.PAYMENT, row["books_id"])
    answer = turn.tx.apply(SavePayment(record=payment), expected_revision=None, key=f"{turn.id}:{place}:new")
    if isinstance(answer, Applied):
        _link(turn, row, answer.ref, answer.revision)
        used_credits.used_up(turn, unbound, key=f"{turn.id}:{place}:new")
        return True
    why = getattr(answer, "why", "it moved meanwhile")
    what = f"payment {row['books_id']} of {payment.amount} recorded in QuickBooks"
    _refused(turn, place, what, why, theirs=row["document"])
    return True


def _taken(turn: Turn, row: Any, answer: arrived_credits.Answer) -> bool:
    place = BooksRef(BooksKind(row["kind"]), row["books_id"])
    if not isinstance(answer, arrived_credits.NotTaken):
        if answer:
            here = load_by_place(turn.connection, turn.id, [place])
            why = "it has arrived" if here else "nothing of it concerns BlueOps any more"
            settled_itself(turn, place, "arrival", why)
        return answer
    what = f"{answer.what} entered in QuickBooks"
    _refused(turn, place, what, answer.why, theirs=row["document"])
    return True


def _payer_of(turn: Turn, invoice: Any) -> RecordRef | None:
    snapshot = turn.tx.read(invoice) if isinstance(invoice, RecordRef) else None
    customer_id = getattr(snapshot.record, "customer_id", None) if snapshot else None
    return RecordRef(RecordKind.CUSTOMER, customer_id) if customer_id else None


def _customer(turn: Turn, row: Any) -> bool:
    """A customer, or a job of a customer that is linked, entered in the books after we went live."""
    document = wire.load_document(BooksKind.CUSTOMER, row["document"])
    assert isinstance(document, CustomerRecord)
    place = BooksRef(BooksKind.CUSTOMER, row["books_id"])
    if not document.active:
        settled_itself(turn, place, "arrival", "it is inactive in the books")
        return True
    namesake = _namesake(turn, document.name)
    if namesake is not None:
        return _same_name(turn, place, document.name, *namesake)
    if party_under_way(turn, BooksKind.CUSTOMER):
        # One of ours may be this one, renamed there meanwhile.
        return False
    key = f"{turn.id}:{place}:new"
    if document.parent is None:
        empty = Customer(id="", name=document.name)
        record = customer_from(document, empty, CUSTOMER_FIELDS, turn.mapping)
        answer = turn.tx.apply(SaveCustomer(record=record), expected_revision=None, key=key)
    else:
        sources = sources_of(
            turn.connection, turn.id, [document.parent] if isinstance(document.parent, BooksRef) else []
        )
        found = sources.get(document.parent)
        parent = record_of(found) if found is not None else None
        if parent is None and isinstance(document.parent, BooksRef) and _is_dirty(turn, document.parent):
            return False
        if parent is None and (whose := _came_and_is_nobodys(turn, document.parent)):
            _refused(turn, place, f"job “{document.name}” entered in QuickBooks", whose)
        if parent is None or parent.kind is not RecordKind.CUSTOMER:
            return True
        job = Job(id="", customer_id=parent.id, name=document.name, site=document.shipping)
        answer = turn.tx.apply(SaveJob(record=job), expected_revision=None, key=key)
    if isinstance(answer, Applied):
        _link(turn, row, answer.ref, answer.revision)
    else:
        _refused(turn, place, f"customer “{document.name}” entered in QuickBooks", getattr(answer, "why", ""))
    return True


def _came_and_is_nobodys(turn: Turn, parent: Any) -> str:
    """Why a job has no customer in BlueOps, in words; empty where that is as somebody decided.

    A customer from before the first day was looked at on the matching page. One that came later is either put to a
    person or was inactive before anybody here saw it; work for it is no less alive.
    """
    row = mirror_row(turn, parent) if isinstance(parent, BooksRef) else None
    if row is None or row["deleted"] or row["origin"] not in CAME:
        return ""
    lk = t.links
    ever = sa.select(lk.c.id).where(
        lk.c.connection_id == turn.id, lk.c.books_kind == parent.kind.value, lk.c.books_id == parent.id
    )
    if turn.connection.execute(ever.limit(1)).first() is not None:
        return ""
    why = "whom BlueOps does not have" if row["active"] else "who is inactive in QuickBooks"
    return f"it belongs to “{row['name']}”, {why}"


def _namesake(turn: Turn, name: str) -> tuple[RecordRef, bool] | None:
    """A customer or job of ours without a place in the books that bears the name, and whether it is under way."""
    d, o = t.documents, t.operations
    under_way = sa.exists().where(o.c.document_id == d.c.id, o.c.state.in_(["ready", "out", "uncertain"]))
    query = sa.select(d.c.source_kind, d.c.source_id, d.c.content, under_way.label("under_way")).where(
        d.c.connection_id == turn.id,
        d.c.books_kind == BooksKind.CUSTOMER.value,
        d.c.state.in_(["open", "unlinked", "doubtful"]),
    )
    wanted = name_key(name)
    for found in turn.connection.execute(query):
        document = wire.load_document(BooksKind.CUSTOMER, found.content)
        if isinstance(document, CustomerRecord) and name_key(document.name) == wanted:
            return RecordRef(RecordKind(found.source_kind), found.source_id), bool(found.under_way)
    b = t.outbox
    moving = sa.select(b.c.ref_kind, b.c.ref_id, b.c.payload).where(
        b.c.tenant_id == turn.tenant_id,
        b.c.ref_kind.in_([RecordKind.CUSTOMER.value, RecordKind.JOB.value]),
        b.c.state.in_([state.value for state in outbox.OPEN_STATES]),
    )
    for event in turn.connection.execute(moving):
        ref = RecordRef(RecordKind(event.ref_kind), event.ref_id)
        if name_key(_name_in(event.payload)) == wanted and not places_of(turn.connection, turn.id, [ref]):
            return ref, False
    m = t.matches
    undecided = sa.select(m.c.ref_kind, m.c.ref_id, m.c.name).where(
        m.c.connection_id == turn.id,
        m.c.ref_kind.in_([RecordKind.CUSTOMER.value, RecordKind.JOB.value]),
        m.c.decision.in_(["open", "skip", "create", "wait"]),
    )
    for row in turn.connection.execute(undecided):
        if name_key(row.name) == wanted:
            ref = RecordRef(RecordKind(row.ref_kind), row.ref_id)
            if ref not in places_of(turn.connection, turn.id, [ref]):
                return ref, False
    return None


def _name_in(payload: str) -> str:
    try:
        return str(json.loads(payload)["record"]["name"])
    except (ValueError, KeyError, TypeError):
        return ""


def _same_name(turn: Turn, place: BooksRef, name: str, ours: RecordRef, under_way: bool) -> bool:
    """Never a second customer of the same name: our own write settles it, else a person does."""
    if under_way:
        return False
    what = f"customer “{name}” entered in QuickBooks has the name of {ours}, which is not linked yet, and"
    _refused(turn, place, what, "they may be the same; link them on the matching page")
    return True


def _refused(turn: Turn, place: BooksRef, what: str, why: str, *, theirs: str | None = None) -> None:
    landing = Landing(turn=turn)
    row = mirror_row(turn, place)
    landing.conflict(
        cause="incoming",
        place=place,
        ref=None,
        document_id=None,
        group="arrival",
        theirs=theirs,
        version=row["version"] if row is not None else "",
        movers=their_mover(row),
        reason=f"{what} was not taken into BlueOps: {why}",
        remedy="Correct it in QuickBooks or in BlueOps; it is tried again when it changes.",
    )
    landing.write()


def _link(turn: Turn, row: Any, ref: RecordRef, revision: int) -> None:
    """Link the new record of core with its origin; both sides agree from the start.

    Where the bookkeeper put a payment and how it was made is coding of his own, which a later change of ours keeps. It
    stands in the books on its own day, whether that is closed by now or not.
    """
    snapshot = turn.tx.read(ref)
    assert snapshot is not None
    result = post_as_open(turn, snapshot.record, read_related(turn.read_all, [snapshot.record]), [])
    key = DocumentKey(ref)
    document = result.documents.get(key) if isinstance(result, Posted) else None
    theirs = wire.load_document(BooksKind(row["kind"]), row["document"])
    own = head_coding(document, theirs) if document is not None else ()
    if document is not None:
        ours = overridden(document, own, turn.catalog.item_accounts)
    else:
        # It cannot be posted now, as something is not mapped: agreed is what posting will say of it one day.
        places = [ref for ref in refs_of(theirs) if isinstance(ref, BooksRef)]
        said = without_elsewhere(turn, snapshot.record, theirs)
        ours = unbind(said, sources_of(turn.connection, turn.id, places))
    id = link_document(
        turn,
        key=key,
        revision=revision,
        ours=wire.dump_document(ours),
        place=BooksRef(kind_of(theirs), row["books_id"]),
        version=row["version"],
        theirs=row["document"],
    )
    store(turn, id, own, version=row["version"])
    settled_itself(turn, BooksRef(kind_of(theirs), row["books_id"]), "arrival", "it has arrived")
    turn.note("arrived", str(ref), numbers=f"{row['kind']}#{row['books_id']} v{row['version']}")
