"""Payments that came back: bounced checks, ACH returns, chargebacks (accounting-treatments 2.4).

Case: a payment of 410.79 is taken back by the bank, which charges 12.00. Entry: Dr 1100, Cr 1000 410.79 by a check
on receivables (or 1050, 1090 by an item, where the money only waited there), and Dr 6110, Cr 1000 12.00. The
payment is not removed: it settles that check instead, so that its invoices are open again. What the customer is
charged is an invoice of its own. A won dispute is a new payment.
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    Side,
)
from blueops_qb.domain.posting import prepayments
from blueops_qb.domain.posting.deposits_back import deposit_back
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import account_left, deposit_account, waiting_role
from blueops_qb.domain.posting.owed_again import owed_again
from blueops_qb.domain.posting.payments import MAIN, Share, record_party, returned
from blueops_qb.domain.records import GivenBack, Payment, PaymentReturn, ReturnReason
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef

FEE = "fee"
#: Who charges for it: the account role of the fee.
FEE_ROLES = {
    ReturnReason.BOUNCED: "bank_charges",
    ReturnReason.ACH_RETURN: "bank_charges",
    ReturnReason.CHARGEBACK: "merchant_fees",
}
WORDS = {
    ReturnReason.BOUNCED: "Bounced check",
    ReturnReason.ACH_RETURN: "Returned bank transfer",
    ReturnReason.CHARGEBACK: "Chargeback",
}


def payment_return(record: PaymentReturn, lookup: Lookup) -> dict[DocumentKey, Document]:
    """The money that left, owed again, and the fee."""
    payment = lookup.related(Payment, RecordRef(RecordKind.PAYMENT, record.payment_id))
    if payment is None or payment.void:
        cause = "is void" if payment is not None else "BlueOps does not have"
        raise lookup.held(
            f"names payment {record.payment_id}, which {cause}",
            "Correct the return in BlueOps; it is sent by itself then.",
        )
    amount = lookup.cents(record.amount, where="what came back")
    if amount != payment.amount:
        raise lookup.held(
            f"takes back {amount} of payment {payment.id}, which is {payment.amount}",
            "A payment comes back as a whole; correct the amount in BlueOps.",
        )
    account = account_left(record.account_key, deposit_account(payment.method, lookup), lookup)
    documents: dict[DocumentKey, Document] = {}
    for share in _shares(record, payment, lookup):
        key = DocumentKey(record.ref, MAIN, share.document)
        documents[key] = _back(record, payment, share.party, share.amount, account, lookup)
    fee = lookup.cents(record.bank_fee, where="the fee")
    if fee:
        documents[DocumentKey(record.ref, FEE)] = _fee(record, fee, account, lookup)
    return documents


def _shares(record: PaymentReturn, payment: Payment, lookup: Lookup) -> list[Share]:
    """As many documents as the payment has parts, each of which settles its own."""
    if payment.deposit_for_job:
        return [Share(party=record_party(payment), document=1, amount=payment.amount)]
    if all(back.by != record.ref for back in payment.given_back):
        payment = attrs.evolve(payment, given_back=(GivenBack(by=record.ref, amount=record.amount),))
    return returned(payment, lookup)[record.ref]


def _back(
    record: PaymentReturn,
    payment: Payment,
    party: RecordRef,
    amount: Decimal,
    account: BooksRef,
    lookup: Lookup,
) -> Document:
    words = f"{WORDS[record.reason]}: payment {payment.reference or payment.id}"
    if payment.deposit_for_job and prepayments.is_liability(payment.id, lookup):
        line = prepayments.deposit_line(payment, amount, lookup, description=words)
        return deposit_back(
            party, (line,), account, lookup, day=record.date, memo=record.memo, currency=record.currency
        )
    return owed_again(
        party,
        amount,
        account,
        lookup,
        day=record.date,
        words=words,
        memo=record.memo,
        currency=record.currency,
    )


def _fee(record: PaymentReturn, fee: Decimal, account: BooksRef, lookup: Lookup) -> Document:
    """The fee out of the same account: an expense, or a journal entry where no check can be drawn on it."""
    charged = lookup.role(FEE_ROLES[record.reason], where="the fee")
    words = f"Fee: {WORDS[record.reason].lower()}"
    if waiting_role(account, lookup):
        sides = ((Side.DEBIT, charged), (Side.CREDIT, account))
        lines = tuple(
            JournalLine(side=side, account=ref, amount=fee, description=words) for side, ref in sides
        )
        return JournalEntry(date=record.date, lines=lines, memo=record.memo, currency=record.currency)
    return ExpenseDocument(
        paid_by=PaidBy.CASH,
        account=account,
        date=record.date,
        lines=(PurchaseLine(line_id="1", account=charged, description=words, amount=fee),),
        total=fee,
        memo=record.memo,
        currency=record.currency,
    )
