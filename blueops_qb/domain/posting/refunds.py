"""Money back to customers: of an overpayment, of a credit, of a deposit (accounting-treatments 2.2, 2.3).

Case: 39.21 of an overpayment and 54.13 of a credit go back by check. Entry: Dr 1100, Cr 1000 93.34; the payment and
the credit then settle that check. A deposit that is a liability goes back by a refund receipt on the deposit item
(Dr 2300, Cr 1000), less what the contract lets the company keep (Cr 4800).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Allocation, CustomerPayment, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting import prepayments
from blueops_qb.domain.posting.credits import APPLIED
from blueops_qb.domain.posting.deposits_back import deposit_back
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import account_left
from blueops_qb.domain.posting.owed_again import owed_again
from blueops_qb.domain.posting.payments import MAIN, Share, refunded
from blueops_qb.domain.records import Credit, GivenBack, Payment, Refund, RefundPart
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef

#: The fee type of what the contract lets the company keep.
KEPT_KEY = "cancellation"


def refund(record: Refund, lookup: Lookup) -> dict[DocumentKey, Document]:
    """The money that left, and by what it is settled."""
    amount = lookup.cents(record.amount, where="the refund")
    kept = lookup.cents(record.kept_amount, where="what is kept")
    whole = sum((lookup.cents(p.amount, where=f"what is given back of {p.of}") for p in record.parts), ZERO)
    if amount < 0 or kept < 0 or not whole or whole != amount + kept:
        raise lookup.held(
            f"does not add up: it gives back {whole}, which is not {amount} and {kept} that is kept",
            "Correct its parts or its amount in BlueOps; it is sent by itself then.",
        )
    if record.deposit_for_job and _are_liabilities(record, lookup):
        return {DocumentKey(record.ref): _of_deposit(record, whole, kept, lookup)}
    if kept:
        raise lookup.held(
            f"keeps {kept} of a deposit that is a payment in the books",
            "Invoice what is kept, apply the deposit to that invoice, and refund the rest.",
        )
    account = account_left(record.account_key, None, lookup)
    taken = _taken(record, lookup)
    documents: dict[DocumentKey, Document] = {
        DocumentKey(record.ref, MAIN, number): owed_again(
            party,
            part,
            account,
            lookup,
            day=record.date,
            words=f"Refund {record.reference or record.id}",
            memo=record.memo,
            currency=record.currency,
        )
        for number, (party, part) in taken.items()
    }
    credits = [part for part in record.parts if part.of.kind is RecordKind.CREDIT]
    if credits:
        documents[DocumentKey(record.ref, APPLIED)] = _settling(record, taken[1][0], credits)
    return documents


def _are_liabilities(record: Refund, lookup: Lookup) -> bool:
    ways = {prepayments.is_liability(part.of.id, lookup) for part in record.parts}
    if len(ways) > 1 or len({_purpose(part, lookup) for part in record.parts}) > 1:
        raise lookup.held(
            "gives back deposits that were posted in different ways",
            "Make one refund of each deposit in BlueOps.",
        )
    return True in ways


def _purpose(part: RefundPart, lookup: Lookup) -> str:
    return prepayments.key_of(prepayments.of(part.of.id, lookup))


def _of_deposit(record: Refund, whole: Decimal, kept: Decimal, lookup: Lookup) -> Document:
    assert record.deposit_for_job is not None
    deposit = prepayments.of(record.parts[0].of.id, lookup)
    lines = [prepayments.deposit_line(deposit, whole, lookup, description="Deposit given back")]
    if kept:
        lines.append(
            prepayments.fee_line(
                "kept", KEPT_KEY, -kept, lookup, description="Kept by contract", where="what is kept"
            )
        )
    return deposit_back(
        RecordRef(RecordKind.JOB, record.deposit_for_job),
        tuple(lines),
        account_left(record.account_key, None, lookup),
        lookup,
        day=record.date,
        method=lookup.method(record.method),
        reference=record.reference,
        memo=record.memo,
        currency=record.currency,
    )


def _taken(record: Refund, lookup: Lookup) -> dict[int, tuple[RecordRef, Decimal]]:
    """The documents by which it leaves: number -> whose money it was in the books, amount.

    One, or of a payment that stands there in several parts one for each part that it is taken from.
    """
    shares = [share for part in record.parts for share in _shares(part, record, lookup)]
    if len(record.parts) == 1:
        return {share.document: (share.party, share.amount) for share in shares}
    parties = {share.party for share in shares}
    if len(parties) != 1:
        raise lookup.held(
            "gives back money of several jobs at once",
            "Make one refund of each payment and each credit in BlueOps; they are sent by themselves then.",
        )
    return {1: (parties.pop(), sum((share.amount for share in shares), ZERO))}


def _shares(part: RefundPart, record: Refund, lookup: Lookup) -> list[Share]:
    if part.of.kind is RecordKind.CREDIT:
        return [Share(party=_owner(part, record, lookup), document=1, amount=part.amount)]
    payment = lookup.related(Payment, part.of)
    if payment is None or payment.void:
        raise lookup.held(
            f"gives back {part.of}, which BlueOps does not have",
            "Correct its parts in BlueOps; it is sent by itself then.",
        )
    if all(back.by != record.ref for back in payment.given_back):
        given = (*payment.given_back, GivenBack(by=record.ref, amount=part.amount))
        payment = attrs.evolve(payment, given_back=given)
    return refunded(payment, lookup)[record.ref]


def _owner(part: RefundPart, record: Refund, lookup: Lookup) -> RecordRef:
    posted = lookup.context.posted.get(DocumentKey(part.of))
    customer = getattr(posted, "customer", None)
    if isinstance(customer, RecordRef):
        return customer
    credit = lookup.related(Credit, part.of)
    job = credit.job_id if credit is not None else record.job_id
    return RecordRef(RecordKind.JOB, job) if job else _customer(record)


def _customer(record: Refund) -> RecordRef:
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)


def _settling(record: Refund, party: RecordRef, credits: list[RefundPart]) -> CustomerPayment:
    """The payment of 0.00 by which the credits settle the refund."""
    used = sum((part.amount for part in credits), ZERO)
    allocations = (
        Allocation(invoice=record.ref, amount=used),
        *(Allocation(invoice=part.of, amount=-part.amount) for part in credits),
    )
    return CustomerPayment(
        customer=party,
        date=record.date,
        amount=ZERO,
        allocations=allocations,
        memo=record.memo,
        currency=record.currency,
    )
