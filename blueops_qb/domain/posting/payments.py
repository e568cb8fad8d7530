"""Posting rule for money from customers: a payment, its allocations, the rest as the customer's credit.

Entry: Dr 1090 (or 1050 for cards and ACH), Cr 1100 (accounting-treatments 2.1). A part that went back settles
the document by which it left. One payment over several jobs is one document of the customer, or one per job
where the books or the policy want that (parts of the role `main`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    Document,
    ExpenseDocument,
    SalesInvoice,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.policy import OverJobs
from blueops_qb.domain.posting import prepayments
from blueops_qb.domain.posting.allocations import allocated
from blueops_qb.domain.posting.early_payment import discounts, party_of
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import UNDEPOSITED, deposit_account
from blueops_qb.domain.records import GivenBack, Invoice, Payment, Refund
from blueops_qb.domain.refs import (
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    Ref,
    order_of,
    record_of,
    ref_of_key,
)

MAIN = "main"


@attrs.frozen(kw_only=True)
class Part:
    """One payment document of a record: whose it is, its amount and what it settles."""

    key: DocumentKey
    party: RecordRef
    amount: Decimal
    allocations: tuple[Allocation, ...]


@attrs.frozen(kw_only=True)
class Share:
    """What a refund or return takes of one part of a payment: whose that is, the number of its document, how much."""

    party: RecordRef
    document: int
    amount: Decimal


def payment(record: Payment, lookup: Lookup) -> dict[DocumentKey, Document]:
    """The payment in full; what the books applied to documents that BlueOps does not have is left to them."""
    amount = lookup.cents(record.amount, where="the payment")
    if amount < 0 or (amount == 0 and not _applies_credits(record)):
        raise lookup.held(
            f"has the amount {amount}, but a payment brings money in",
            "Enter money that went back to the customer as a refund, or correct the amount in BlueOps.",
        )
    if record.deposit_for_job and prepayments.is_liability(record.id, lookup):
        return {DocumentKey(record.ref): prepayments.receipt(record, amount, lookup)}
    memos, used = discounts(record, lookup)
    documents: dict[DocumentKey, Document] = dict(memos)
    for part in _parts(record, amount, used, lookup):
        documents[part.key] = CustomerPayment(
            customer=part.party,
            date=record.received_on,
            amount=part.amount,
            allocations=part.allocations,
            method=lookup.method(record.method),
            reference=record.reference,
            deposit_to=deposit_account(record.method, lookup),
            memo=record.memo,
            currency=record.currency,
        )
    return documents


def posted_parts(record: Payment, lookup: Lookup) -> dict[OurRef, tuple[Ref, Decimal]]:
    """The payment documents of a record, posted or as they will be: name -> whose it is, amount.

    Where one part is missing because it was refused, they are the parts that it is to have. Parts that are all there
    and come to another amount are given as they stand: that amount is all that can be deposited.
    """
    posted: dict[OurRef, tuple[Ref, Decimal]] = {
        ref_of_key(key): (doc.customer, doc.amount)
        for key, doc in sorted(lookup.context.posted.items())
        if key.source == record.ref and key.role == MAIN and isinstance(doc, CustomerPayment)
    }
    amount = lookup.cents(record.amount, where=f"payment {record.id}")
    named = all(isinstance(party, RecordRef) for party, _ in posted.values())
    if posted and named and sum((part for _, part in posted.values()), ZERO) == amount:
        return posted
    if record.deposit_for_job:
        return {record.ref: (RecordRef(RecordKind.JOB, record.deposit_for_job), amount)}
    parts = _parts(record, amount, discounts(record, lookup)[1], lookup)
    wanted: dict[OurRef, tuple[Ref, Decimal]] = {
        ref_of_key(part.key): (part.party, part.amount) for part in parts
    }
    # Where BlueOps' customer was chosen against the books', and is not written yet, the part is whose it is to be.
    return posted if named and wanted.keys() <= posted.keys() else wanted


def _applies_credits(record: Payment) -> bool:
    """No money moved: the books settle its invoices with the customer's credits (a payment of 0.00 there)."""
    return record.elsewhere < 0 and bool(record.applications)


# -- what it settles -----------------------------------------------------------------------------------
def _parts(record: Payment, amount: Decimal, used: tuple[Allocation, ...], lookup: Lookup) -> Sequence[Part]:
    """One part, or one per job that it settles invoices of."""
    settled = allocated(record, record.applications, lookup)
    back = _given_back(record, lookup)
    _check_amount(record, amount, (*settled, *used, *(part for _, part in back)), lookup)
    by_party: dict[RecordRef, list[Allocation]] = {}
    for part in settled:
        by_party.setdefault(_party(part, record, lookup), []).append(part)
    earlier = _earlier(record, lookup)
    whose = {*by_party, *(party for party, _ in back)}
    if len(earlier) < 2 and not (len(whose) > 1 and _splits(lookup) and not _stands_whole(record, lookup)):
        given = [part for _, part in back]
        allocations = tuple(sorted((*settled, *used, *given), key=lambda part: order_of(part.invoice)))
        party = _customer(record, by_party, earlier)
        return [Part(key=DocumentKey(record.ref), party=party, amount=amount, allocations=allocations)]
    return _per_party(record, amount, by_party, used=used, back=back, earlier=earlier, lookup=lookup)


def _per_party(
    record: Payment,
    amount: Decimal,
    by_party: dict[RecordRef, list[Allocation]],
    *,
    used: tuple[Allocation, ...],
    back: Sequence[tuple[RecordRef, Allocation]],
    earlier: dict[RecordRef, tuple[int, Decimal]],
    lookup: Lookup,
) -> Sequence[Part]:
    """One payment per customer or job; what settles no invoice stays where it was, else it is the first one's."""
    discounted = dict(zip([a for a in record.applications if a.discount], used, strict=True))
    for application, allocation in discounted.items():
        invoice = lookup.related(Invoice, RecordRef(RecordKind.INVOICE, application.invoice_id))
        by_party.setdefault(party_of(invoice, record), []).append(allocation)
    for party, part in back:
        by_party.setdefault(party, []).append(part)
    sums = {p: sum((a.amount for a in by_party[p]), ZERO) for p in by_party}
    rest = amount - sum(sums.values(), ZERO)
    for p in sorted(earlier, key=lambda p: earlier[p][0]):
        kept = min(rest, earlier[p][1] - sums.get(p, ZERO))
        if kept > 0:
            by_party.setdefault(p, [])
            sums[p] = sums.get(p, ZERO) + kept
            rest -= kept
    parties = sorted(by_party, key=lambda p: (earlier.get(p, (len(earlier) + 1, ZERO))[0], p))
    sums[parties[0]] += rest
    taken = {earlier[p][0] for p in parties if p in earlier}
    free = iter(n for n in range(1, len(parties) + len(earlier) + 1) if n not in taken)
    return [
        Part(
            key=DocumentKey(record.ref, MAIN, earlier[p][0] if p in earlier else next(free)),
            party=p,
            amount=sums[p],
            allocations=tuple(sorted(by_party[p], key=lambda part: order_of(part.invoice))),
        )
        for p in parties
    ]


def record_party(record: Payment) -> RecordRef:
    """Whose payment it is where it settles nothing: its job's, else the customer's."""
    job = record.deposit_for_job or record.job_id
    if job:
        return RecordRef(RecordKind.JOB, job)
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)


def _splits(lookup: Lookup) -> bool:
    return lookup.context.policy.over_jobs is OverJobs.SPLIT or lookup.context.splits_payments


def _stands_whole(record: Payment, lookup: Lookup) -> bool:
    """The books have it as one payment for several jobs; that they refused another one changes nothing about it."""
    key = DocumentKey(record.ref)
    posted = lookup.context.posted.get(key)
    if key not in lookup.context.in_books or not isinstance(posted, CustomerPayment):
        return False
    if posted.customer != RecordRef(RecordKind.CUSTOMER, record.customer_id) and not record.job_id:
        return False  # it was for that one job
    named = [
        part.invoice
        for part in posted.allocations
        if part.amount > 0 and not isinstance(part.invoice, BooksRef)
    ]
    whose: set[object] = set()
    for name in named:
        invoice = lookup.context.related.get(record_of(name))
        whose.add(party_of(invoice, record) if isinstance(invoice, Invoice) else name)
    return len(whose) > 1


def _earlier(record: Payment, lookup: Lookup) -> dict[RecordRef, tuple[int, Decimal]]:
    """The parts it has in the books: customer or job -> number of the part, amount.

    Parts that were refused are made anew from what the record says now; whoever names them cannot know them.
    """
    return {
        doc.customer: (key.part, doc.amount)
        for key, doc in lookup.context.posted.items()
        if key in lookup.context.in_books
        and key.source == record.ref
        and key.role == MAIN
        and isinstance(doc, CustomerPayment)
        and isinstance(doc.customer, RecordRef)
    }


def _given_back(record: Payment, lookup: Lookup) -> list[tuple[RecordRef, Allocation]]:
    """What went back settles the documents by which it left, each with whose part of the payment it is."""
    found: list[tuple[RecordRef, Allocation]] = []
    if any(back.by.kind is RecordKind.REFUND for back in record.given_back):
        for by, shares in refunded(record, lookup).items():
            found += [(share.party, _to(by, share.document, share.amount)) for share in shares]
    for by, shares in returned(record, lookup).items():
        found += [(share.party, _to(by, share.document, share.amount)) for share in shares]
    return found


def _to(by: RecordRef, number: int, amount: Decimal) -> Allocation:
    return Allocation(invoice=ref_of_key(DocumentKey(by, MAIN, number)), amount=amount)


# -- what returns and refunds take of it ---------------------------------------------------------------
def returned(record: Payment, lookup: Lookup) -> dict[RecordRef, list[Share]]:
    """What each return takes of which part: all that the part brings, or is to bring once it is written (again).

    What a part never brought comes back with the first one. A return that stands in the books otherwise stays so, and
    the payment follows it.
    """
    whole = attrs.evolve(record, applications=(), given_back=())
    found: dict[RecordRef, list[Share]] = {}
    for back in record.given_back:
        if back.by.kind is not RecordKind.PAYMENT_RETURN:
            continue
        amount = lookup.cents(back.amount, where=f"what went back by {back.by}")
        parts = _parts(whole, amount, (), lookup)
        wanted = [Share(party=part.party, document=part.key.part, amount=part.amount) for part in parts]
        there = _documents_there(back.by, lookup)
        stays = sum((share.amount for share in there), ZERO) == amount and _split(there) != _split(wanted)
        found[back.by] = there if stays else wanted
    return found


def _split(shares: Sequence[Share]) -> dict[int, Decimal]:
    return {share.document: share.amount for share in shares}


def refunded(record: Payment, lookup: Lookup) -> dict[RecordRef, list[Share]]:
    """What each refund takes of which part: of each, in their order, what settles nothing, to the cent."""
    refunds = [back for back in record.given_back if back.by.kind is RecordKind.REFUND]
    plain = attrs.evolve(record, given_back=tuple(b for b in record.given_back if b not in refunds))
    amount = lookup.cents(record.amount, where=f"payment {record.id}")
    parts = _parts(plain, amount, discounts(plain, lookup)[1], lookup)
    free = {part.party: part.amount - sum((a.amount for a in part.allocations), ZERO) for part in parts}
    return {back.by: _shares(back, free, lookup) for back in refunds}


def _shares(back: GivenBack, free: dict[RecordRef, Decimal], lookup: Lookup) -> list[Share]:
    amount = lookup.cents(back.amount, where=f"what went back by {back.by}")
    refund = lookup.related(Refund, back.by)
    alone = refund is None or len(refund.parts) == 1
    there = _documents_there(back.by, lookup)
    if there and (not alone or sum((share.amount for share in there), ZERO) == amount):
        # It stays as it is in the books, whatever else is applied by now.
        shares = there if alone else [attrs.evolve(there[0], amount=amount)]
    else:
        shares = _in_order(amount, free, alone=alone)
    for share in shares:
        free[share.party] = free.get(share.party, ZERO) - share.amount
    return shares


def _in_order(amount: Decimal, free: dict[RecordRef, Decimal], *, alone: bool) -> list[Share]:
    taken: dict[RecordRef, Decimal] = {}
    for party, there in free.items():
        part = min(amount - sum(taken.values(), ZERO), there)
        if part > 0:
            taken[party] = part
    first = next(iter(taken), next(iter(free)))
    taken[first] = taken.get(first, ZERO) + amount - sum(taken.values(), ZERO)
    return [
        Share(party=party, document=number if alone else 1, amount=part)
        for number, (party, part) in enumerate(taken.items(), start=1)
    ]


def _documents_there(by: RecordRef, lookup: Lookup) -> list[Share]:
    """The documents of a refund or return that stand in the books."""
    found = []
    for key, doc in sorted(lookup.context.posted.items()):
        if key.source == by and key.role == MAIN and key in lookup.context.in_books:
            match doc:
                case (
                    ExpenseDocument(payee=RecordRef() as party) | SalesInvoice(customer=RecordRef() as party)
                ):
                    found.append(Share(party=party, document=key.part, amount=doc.total or ZERO))
    return found


def _check_amount(
    record: Payment, amount: Decimal, allocations: Sequence[Allocation], lookup: Lookup
) -> None:
    """`elsewhere` is negative where the books settle with credits beside the money."""
    whole = sum((part.amount for part in allocations), ZERO)
    elsewhere = lookup.cents(record.elsewhere, where="what it settles elsewhere")
    if whole + elsewhere > amount:
        raise lookup.held(
            f"applies {whole + elsewhere} but is only {amount}",
            "Lower the applications or correct the amount in BlueOps; the payment is sent by itself then.",
        )


def _party(part: Allocation, record: Payment, lookup: Lookup) -> RecordRef:
    assert not isinstance(part.invoice, BooksRef)
    return party_of(lookup.related(Invoice, record_of(part.invoice)), record)


def _customer(
    record: Payment,
    by_party: dict[RecordRef, list[Allocation]],
    earlier: dict[RecordRef, tuple[int, Decimal]],
) -> RecordRef:
    """Whose payment it is: its job, else the one job all its invoices belong to, else the customer.

    One that settles no invoice (any more) stays whose it was, unless that is a customer whose it is no more: it was
    corrected, or he was merged into another.

    In the books a payment settles invoices of the customer, or job, that it names
    (reference/quickbooks-online.md section 4.14).
    """
    if record.job_id or record.deposit_for_job:
        return record_party(record)
    if len(by_party) == 1:
        return next(iter(by_party))
    payer = RecordRef(RecordKind.CUSTOMER, record.customer_id)
    stays = (party for party in earlier if party.kind is not RecordKind.CUSTOMER or party == payer)
    return payer if by_party else next(stays, payer)


__all__ = [
    "UNDEPOSITED",
    "Part",
    "Share",
    "deposit_account",
    "payment",
    "posted_parts",
    "record_party",
    "refunded",
    "returned",
]
