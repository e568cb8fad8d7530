"""Deposits before the work: liability or waiting payment (accounting-treatments 2.2).

Case: a customer pays 1,000.00 before the work. Policy L posts a sales receipt on the deposit item (Dr 1090,
Cr 2300), and the invoice uses it up by a negative line (Dr 2300). Policy U posts a payment that stays unapplied
(Dr 1090, Cr 1100) until the invoice, which is posted in full, is settled by it. A deposit keeps the way in
which it was posted. Money for an authority's fees is always a liability, on an item of its own (Cr 2380).
"""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import CustomerPayment, Document, SalesLine, SalesReceipt, TaxMode
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.policy import Prepaid
from blueops_qb.domain.posting import permits
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import deposit_account
from blueops_qb.domain.records import DepositPurpose, Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef

#: The fee type whose item leads to the liability for deposits.
DEPOSIT_KEY = "deposit"
#: The fee type and the words for each purpose.
KEYS = {DepositPurpose.WORK: DEPOSIT_KEY, DepositPurpose.PERMIT_FUNDS: permits.FUNDS_KEY}
WORDS = {DepositPurpose.WORK: "Deposit", DepositPurpose.PERMIT_FUNDS: "Permit funds"}


def is_liability(payment_id: str, lookup: Lookup) -> bool:
    """Whether the deposit is, or will be, a liability in the books."""
    posted = lookup.context.posted.get(DocumentKey(RecordRef(RecordKind.PAYMENT, payment_id)))
    if isinstance(posted, SalesReceipt):
        return True
    if isinstance(posted, CustomerPayment):
        return False
    payment = lookup.related(Payment, RecordRef(RecordKind.PAYMENT, payment_id))
    if payment is not None and payment.deposit_purpose is DepositPurpose.PERMIT_FUNDS:
        return True
    return lookup.context.policy.prepaid is Prepaid.LIABILITY


def used(record: Invoice, lookup: Lookup) -> Decimal:
    """What the invoice's deposit lines take off its total in the books; zero or below."""
    lines = (line for line in record.deposits if is_liability(line.deposit_id, lookup))
    return sum((line.amount for line in lines), ZERO)


def receipt(record: Payment, amount: Decimal, lookup: Lookup) -> Document:
    """The deposit as a liability: a sales receipt of the job on the deposit item, without tax."""
    assert record.deposit_for_job is not None
    job = lookup.job(record.deposit_for_job)
    words = WORDS[record.deposit_purpose]
    line = deposit_line(record, amount, lookup, description=f"{words} for {job.name}" if job else words)
    return SalesReceipt(
        customer=RecordRef(RecordKind.JOB, record.deposit_for_job),
        date=record.received_on,
        lines=(line,),
        tax_mode=TaxMode.OURS,
        tax=ZERO,
        total=amount,
        method=lookup.method(record.method),
        reference=record.reference,
        deposit_to=deposit_account(record.method, lookup),
        memo=record.memo,
        currency=record.currency,
    )


def deposit_line(deposit: Payment | None, amount: Decimal, lookup: Lookup, *, description: str) -> SalesLine:
    """A line on the item of what the deposit is for."""
    key = key_of(deposit)
    return fee_line("deposit", key, amount, lookup, description=description, where="the deposit")


def key_of(deposit: Payment | None) -> str:
    """The fee type whose item leads to the liability for this deposit."""
    return KEYS[deposit.deposit_purpose if deposit is not None else DepositPurpose.WORK]


def of(payment_id: str, lookup: Lookup) -> Payment | None:
    """The payment that is a deposit, as core showed it."""
    return lookup.related(Payment, RecordRef(RecordKind.PAYMENT, payment_id))


def fee_line(
    line_id: str, fee_type: str, amount: Decimal, lookup: Lookup, *, description: str, where: str
) -> SalesLine:
    """One non-taxable line on the item of a fee type."""
    target = lookup.item(Family.FEE, fee_type, where=where)
    account = lookup.context.item_accounts.get(target.item.id) if target.item else None
    return SalesLine(
        line_id=line_id,
        item=target.item,
        account=BooksRef(BooksKind.ACCOUNT, account) if account else None,
        description=description,
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        class_=lookup.class_of("", target, None, where=where),
    )
