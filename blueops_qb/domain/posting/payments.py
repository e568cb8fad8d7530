"""Posting rule for money from customers: a payment, its allocations, the rest as the customer's credit.

Entry: Dr 1090 (or 1050 for cards and ACH), Cr 1100 (accounting-treatments 2.1). A part that went back settles
the document by which it left. One payment over several jobs is one document of the customer, or one per job
where the books or the policy want that (parts of the role `main`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Allocation, CustomerPayment, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.policy import OverJobs
from blueops_qb.domain.posting import prepayments
from blueops_qb.domain.posting.allocations import allocated
from blueops_qb.domain.posting.early_payment import discounts, party_of
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import UNDEPOSITED, deposit_account
from blueops_qb.domain.records import Invoice, Payment
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
    and come to another amount are given as they stand: that amount is all that can be deposited or given back.
    """
    posted: dict[OurRef, tuple[Ref, Decimal]] = {
        ref_of_key(key): (doc.customer, doc.amount)
        for key, doc in sorted(lookup.context.posted.items())
        if key.source == record.ref and key.role == MAIN and isinstance(doc, CustomerPayment)
    }
    amount = lookup.cents(record.amount, where=f"payment {record.id}")
    if posted and sum((part for _, part in posted.values()), ZERO) == amount:
        return posted
    if record.deposit_for_job:
        return {record.ref: (RecordRef(RecordKind.JOB, record.deposit_for_job), amount)}
    parts = _parts(record, amount, discounts(record, lookup)[1], lookup)
    wanted: dict[OurRef, tuple[Ref, Decimal]] = {
        ref_of_key(part.key): (part.party, part.amount) for part in parts
    }
    return posted if wanted.keys() <= posted.keys() else wanted


def _applies_credits(record: Payment) -> bool:
    """No money moved: the books settle its invoices with the customer's credits (a payment of 0.00 there)."""
    return record.elsewhere < 0 and bool(record.applications)


# -- what it settles -----------------------------------------------------------------------------------
def _parts(record: Payment, amount: Decimal, used: tuple[Allocation, ...], lookup: Lookup) -> Sequence[Part]:
    """One part, or one per job that it settles invoices of."""
    settled = allocated(record, record.applications, lookup)
    back = _given_back(record, lookup)
    _check_amount(record, amount, (*settled, *used, *back), lookup)
    by_party: dict[RecordRef, list[Allocation]] = {}
    for part in settled:
        by_party.setdefault(_party(part, record, lookup), []).append(part)
    earlier = _earlier(record, lookup)
    if len(earlier) < 2 and not (len(by_party) > 1 and _splits(lookup) and not _stands_whole(record, lookup)):
        allocations = tuple(sorted((*settled, *used, *back), key=lambda part: order_of(part.invoice)))
        party = _customer(record, by_party, earlier)
        return [Part(key=DocumentKey(record.ref), party=party, amount=amount, allocations=allocations)]
    return _per_party(record, amount, by_party, used=used, back=back, earlier=earlier, lookup=lookup)


def _per_party(
    record: Payment,
    amount: Decimal,
    by_party: dict[RecordRef, list[Allocation]],
    *,
    used: tuple[Allocation, ...],
    back: tuple[Allocation, ...],
    earlier: dict[RecordRef, tuple[int, Decimal]],
    lookup: Lookup,
) -> Sequence[Part]:
    """One payment per customer or job; what settles no invoice is the first one's, or stays where it was."""
    discounted = dict(zip([a for a in record.applications if a.discount], used, strict=True))
    for application, allocation in discounted.items():
        invoice = lookup.related(Invoice, RecordRef(RecordKind.INVOICE, application.invoice_id))
        by_party.setdefault(party_of(invoice, record), []).append(allocation)
    for part in back:
        party = next((p for p in earlier if _is_part_of(part, earlier[p][0])), None)
        by_party.setdefault(party or next(iter(by_party), record_party(record)), []).append(part)
    if not by_party:
        # It settles nothing any more: the whole stays with whoever had the first part.
        by_party[min(earlier, key=lambda p: earlier[p][0])] = []
    parties = sorted(by_party, key=lambda p: (earlier.get(p, (len(earlier) + 1, ZERO))[0], p))
    sums = {p: sum((a.amount for a in by_party[p]), ZERO) for p in parties}
    rest = amount - sum(sums.values(), ZERO)
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


def _is_part_of(part: Allocation, number: int) -> bool:
    return (part.invoice.part if isinstance(part.invoice, DocumentKey) else 1) == number


def _given_back(record: Payment, lookup: Lookup) -> tuple[Allocation, ...]:
    """What went back settles the document by which it left; a returned payment of several parts has as many."""
    found = []
    for back in record.given_back:
        amount = lookup.cents(back.amount, where=f"what went back by {back.by}")
        earlier = sorted(_earlier(record, lookup).values())
        whole = back.by.kind is RecordKind.PAYMENT_RETURN and len(earlier) > 1
        shares = [(number, share) for number, share in earlier] if whole else [(1, amount)]
        found += [
            Allocation(invoice=ref_of_key(DocumentKey(back.by, MAIN, number)), amount=share)
            for number, share in shares
        ]
    return tuple(found)


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

    One that settles no invoice (any more) stays whose it was.

    In the books a payment settles invoices of the customer, or job, that it names
    (reference/quickbooks-online.md section 4.14).
    """
    if record.job_id or record.deposit_for_job:
        return record_party(record)
    if len(by_party) == 1:
        return next(iter(by_party))
    if not by_party and earlier:
        return next(iter(earlier))
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)


__all__ = ["UNDEPOSITED", "Part", "deposit_account", "payment", "posted_parts", "record_party"]
