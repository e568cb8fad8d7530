"""Prepaid and returned: deposits before the work, payments that come early or come back, at random."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blueops_qb.domain.records import (
    Application,
    CreditReason,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import RecordKind as K
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.office import CENT, amount, day, ids, line, read, some, today, young
from blueops_qb.sandbox.soak.world import World

ZERO = Decimal("0.00")
#: Why a payment comes back, by how it was made.
REASONS = {
    "check": ReturnReason.BOUNCED,
    "ach": ReturnReason.ACH_RETURN,
    "card": ReturnReason.CHARGEBACK,
}
_BANKED = "id IN (SELECT payment_id FROM core_payout_payments WHERE tenant_id = :tenant)"


# -- deposits before the work ------------------------------------------------------------------------
def take_deposit(w: World, tx: Transaction) -> Any:
    """Money for a job before anything is invoiced."""
    job = some(w, tx, K.JOB)
    return tx.record_payment(
        Payment(
            id="",
            customer_id=job.customer_id,
            received_on=day(w),
            amount=amount(w, 2_000, 30_000),
            method=w.chance.choice(("check", "card", "ach")),
            reference=f"D{w.count()}",
            deposit_for_job=job.id,
        )
    )


def _deposit(w: World, tx: Transaction) -> Payment:
    """One with something left."""
    found: list[Payment] = [read(tx, K.PAYMENT, id) for id in ids(w, K.PAYMENT)]
    return young(w, [p for p in found if p.deposit_for_job and p.unapplied > 0])


def use_deposit(w: World, tx: Transaction) -> Any:
    """An invoice of the job that uses up what is left of its deposit, as far as it reaches."""
    deposit = _deposit(w, tx)
    uses = LineDraft(
        kind=LineKind.DEPOSIT_APPLIED,
        description=f"Deposit {deposit.reference}",
        unit_price=deposit.unapplied,
        deposit_id=deposit.id,
    )
    lines = [line(w) for _ in range(w.chance.randint(1, 2))]
    return tx.raise_invoice(
        InvoiceDraft(
            customer_id=deposit.customer_id,
            job_id=deposit.deposit_for_job,
            issue_date=today(w),
            lines=[*lines, uses],
            terms="net_30",
        )
    )


def refund_deposit(w: World, tx: Transaction) -> Any:
    """The customer cancels: the deposit goes back, sometimes less what the contract lets us keep."""
    deposit = _deposit(w, tx)
    left = deposit.unapplied
    kept = max(CENT, (left / 5).quantize(CENT)) if w.chance.random() < 0.4 and left > CENT else ZERO
    return tx.issue_refund(
        Refund(
            id="",
            customer_id=deposit.customer_id,
            date=today(w),
            amount=left - kept,
            kept_amount=kept,
            parts=(RefundPart(of=deposit.ref, amount=left),),
            account_key="checking",
            reference=f"F{w.count()}",
            deposit_for_job=deposit.deposit_for_job,
        )
    )


# -- paid early, or never ----------------------------------------------------------------------------
def pay_early(w: World, tx: Transaction) -> Any:
    """An invoice in full, less two hundredths for paying early."""
    invoice = some(w, tx, K.INVOICE, "AND status = 'open' AND balance > 100")
    row = tx.row(invoice.ref)
    assert row is not None
    open_ = row.balance or ZERO
    discount = max(CENT, (open_ / 50).quantize(CENT))
    part = Application(invoice_id=invoice.id, amount=open_ - discount, discount=discount)
    return tx.record_payment(
        Payment(
            id="",
            customer_id=invoice.customer_id,
            received_on=today(w),
            amount=part.amount,
            method="check",
            reference=f"E{w.count()}",
            applications=(part,),
        )
    )


def write_off(w: World, tx: Transaction) -> Any:
    """What is still open of an invoice that was paid in part will never be paid."""
    invoice = some(w, tx, K.INVOICE, "AND status = 'open' AND balance > 0 AND balance < total")
    row = tx.row(invoice.ref)
    assert row is not None
    reason = w.chance.choice((CreditReason.WRITE_OFF, CreditReason.BAD_DEBT))
    return tx.issue_credit(credit_amount(invoice, row.balance or ZERO, on=today(w), reason=reason))


# -- payments that come back -------------------------------------------------------------------------
def return_payment(w: World, tx: Transaction) -> Any:
    """A check bounces, a transfer is returned, a card is charged back; with a fee of the bank's, and one of ours."""
    found = [read(tx, K.PAYMENT, id) for id in ids(w, K.PAYMENT, "AND status = 'recorded'")]
    payment = young(w, [p for p in found if p.method in REASONS and not p.given_back and not p.void])
    banked = payment.id in ids(w, K.PAYMENT, f"AND {_BANKED}")
    return tx.return_payment(
        PaymentReturn(
            id="",
            payment_id=payment.id,
            customer_id=payment.customer_id,
            date=today(w),
            reason=REASONS[payment.method],
            amount=payment.amount,
            account_key="checking" if banked and payment.method != "card" else "",
            bank_fee=w.chance.choice((ZERO, Decimal("12.00"), Decimal("15.00"))),
            customer_fee=w.chance.choice((ZERO, ZERO, Decimal("25.00"))),
        )
    )


def win_dispute(w: World, tx: Transaction) -> Any:
    """A payment that was charged back comes to us after all."""
    found = [read(tx, K.PAYMENT_RETURN, id) for id in ids(w, K.PAYMENT_RETURN)]
    lost = [b for b in found if b.reason is ReturnReason.CHARGEBACK and not b.won_by_payment_id]
    return tx.win_dispute(young(w, lost).id, on=today(w), reference=f"W{w.count()}")


def void_return(w: World, tx: Transaction) -> Any:
    """Recorded in error; of a payment that has not reached the bank."""
    banked = set(ids(w, K.PAYMENT, f"AND {_BANKED}"))
    found = [read(tx, K.PAYMENT_RETURN, id) for id in ids(w, K.PAYMENT_RETURN)]
    return tx.void_return(young(w, [b for b in found if b.payment_id not in banked]).id)
