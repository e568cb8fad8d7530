"""Posting rule for payouts: payments that reach the bank as one deposit, less what the processor kept."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import BankDeposit, CustomerPayment, DepositLine, Document
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.payments import UNDEPOSITED, deposit_account
from blueops_qb.domain.records import Payment, Payout
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef


def payout(record: Payout, lookup: Lookup) -> dict[DocumentKey, Document]:
    """A deposit of the payments at their gross amounts, and the fee as a negative line."""
    net = lookup.cents(record.net, where="what reached the bank")
    fees = lookup.cents(record.fees, where="the fees")
    if not record.payment_ids:
        raise lookup.held("holds no payment", "Name its payments in BlueOps; it is sent by itself then.")
    payments = [_payment(id, lookup) for id in dict.fromkeys(record.payment_ids)]
    gross = sum((lookup.cents(p.amount, where=f"payment {p.id}") for p in payments), ZERO)
    if gross - fees != net:
        raise lookup.held(
            f"does not add up: its payments are {gross} less {fees} in fees, {gross - fees}, "
            f"but {net} reached the bank",
            "Correct its payments, fees or net amount in BlueOps; it is sent by itself then.",
        )
    lines = [_line(payment, lookup) for payment in payments]
    if fees:
        account = lookup.role("merchant_fees", where="the fees")
        lines.append(DepositLine(account=account, amount=-fees, description="Processing fees"))
    document = BankDeposit(
        account=lookup.account(Family.MONEY_ACCOUNT, record.account_key, where="the bank account"),
        date=record.date,
        lines=tuple(lines),
        total=net,
        memo=record.memo,
        currency=record.currency,
    )
    return {DocumentKey(record.ref): document}


def _payment(payment_id: str, lookup: Lookup) -> Payment:
    payment = lookup.related(Payment, RecordRef(RecordKind.PAYMENT, payment_id))
    if payment is None or payment.void:
        cause = "is void" if payment is not None else "BlueOps does not have"
        raise lookup.held(
            f"names payment {payment_id}, which {cause}",
            "Correct the payments of the payout in BlueOps; it is sent by itself then.",
        )
    return payment


def _line(payment: Payment, lookup: Lookup) -> DepositLine:
    """The received payment itself, or its amount out of the account where it was put at once.

    The books let a deposit pick up only payments that wait as undeposited funds; money that was put
    elsewhere, such as a processor's clearing account, is taken out of there by a plain line.
    """
    amount = lookup.cents(payment.amount, where=f"payment {payment.id}")
    waits_in = lookup.optional(Family.ROLE, UNDEPOSITED).account
    held_in = _held_in(payment, lookup)
    if held_in == waits_in:
        return DepositLine(payment=payment.ref, amount=amount)
    return DepositLine(account=held_in, amount=amount, description=_named(payment, amount))


def _held_in(payment: Payment, lookup: Lookup) -> BooksRef:
    posted = lookup.context.posted.get(DocumentKey(payment.ref))
    if isinstance(posted, CustomerPayment) and posted.deposit_to is not None:
        return posted.deposit_to
    return deposit_account(payment.method, lookup)


def _named(payment: Payment, amount: Decimal) -> str:
    reference = f" ({payment.reference})" if payment.reference else ""
    return f"Payment {payment.id}{reference}, {amount}"
