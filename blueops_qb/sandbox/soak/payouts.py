"""Payouts: payments that reach the bank as one deposit, less what went back, and what changes there, at random."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Application,
    Invoice,
    Payment,
    PaymentReturn,
    Payout,
    Refund,
    ReturnReason,
)
from blueops_qb.domain.refs import RecordKind as K
from blueops_qb.domain.refs import RecordRef
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.money_back import refund_of
from blueops_qb.sandbox.soak.office import CENT, NothingThere, ids, read, some, today, young
from blueops_qb.sandbox.soak.world import World


def settle_payout(w: World, tx: Transaction) -> Any:
    """Payments reach the bank."""
    waiting = "AND id NOT IN (SELECT payment_id FROM core_payout_payments WHERE tenant_id = :tenant)"
    found = ids(w, K.PAYMENT, waiting)
    if not found:
        raise NothingThere
    chosen = w.chance.sample(found, min(len(found), w.chance.randint(1, 4)))
    payments = [tx.read(RecordRef(K.PAYMENT, id)) for id in chosen]
    records = [found.record for found in payments if found and isinstance(found.record, Payment)]
    fees = sum((record.fee for record in records), Decimal("0.00"))
    net = sum((record.amount for record in records), Decimal("0.00")) - fees
    refunds, returns = _taken_out(w, tx, net)
    net -= sum((refund.amount for refund in refunds), Decimal("0.00"))
    net -= sum((back.amount + back.bank_fee for back in returns), Decimal("0.00"))
    return tx.settle_payout(
        Payout(
            id="",
            date=today(w),
            account_key="checking",
            payment_ids=tuple(chosen),
            refund_ids=tuple(refund.id for refund in refunds),
            return_ids=tuple(back.id for back in returns),
            fees=fees,
            net=net,
            memo=f"P{w.count()}",
        )
    )


def _taken_out(w: World, tx: Transaction, net: Decimal) -> tuple[list[Refund], list[PaymentReturn]]:
    """Refunds and returned payments that the processor keeps back from `net`, each once."""
    inside: set[str] = set()
    for id in ids(w, K.PAYOUT):
        payout = read(tx, K.PAYOUT, id)
        inside |= {f"refund:{n}" for n in payout.refund_ids} | {
            f"payment_return:{n}" for n in payout.return_ids
        }
    refunds: list[Refund] = []
    returns: list[PaymentReturn] = []
    for kind in (K.REFUND, K.PAYMENT_RETURN):
        for id in ids(w, kind):
            record = read(tx, kind, id)
            out = record.amount + getattr(record, "bank_fee", Decimal("0.00"))
            if str(record.ref) in inside or record.account_key or out > net:
                continue
            if isinstance(record, PaymentReturn) and record.reason is ReturnReason.CHARGEBACK:
                returns.append(record)
            elif isinstance(record, Refund):
                refunds.append(record)
            else:
                continue
            net -= out
    return refunds, returns


def void_payout(w: World, tx: Transaction) -> Any:
    """Recorded in error."""
    return tx.void_payout(some(w, tx, K.PAYOUT).id)


# -- what was paid out -----------------------------------------------------------------------------
BANKED = "AND id IN (SELECT payment_id FROM core_payout_payments WHERE tenant_id = :tenant)"


def _banked(w: World, tx: Transaction) -> Payment:
    """A payment at the bank with something left; if there is none, one whose invoice turned out to be cheaper."""
    found: list[Payment] = [read(tx, K.PAYMENT, id) for id in ids(w, K.PAYMENT, BANKED)]
    live = [p for p in found if not p.deposit_for_job and not p.given_back]
    rest = [p for p in live if p.unapplied > 0]
    if rest and w.chance.random() < 0.7:
        return young(w, rest)
    payment = young(w, [p for p in live if p.applications])
    first, *others = payment.applications
    less = max(CENT, (first.amount / 2).quantize(CENT))
    parts = (attrs.evolve(first, amount=less), *others)
    changed: Payment = tx.update_payment(attrs.evolve(payment, applications=parts))
    return changed


def refund_banked(w: World, tx: Transaction) -> Any:
    """Part or all of what is left of a payment that was paid out goes back; twice sometimes."""
    payment = _banked(w, tx)
    left = payment.unapplied
    if left <= 0:
        raise NothingThere
    part = left if w.chance.random() < 0.5 else max(CENT, (left / 3).quantize(CENT))
    made = tx.issue_refund(refund_of(w, payment, part))
    if part < left and w.chance.random() < 0.5:
        made = tx.issue_refund(refund_of(w, payment, left - part))
    return made


def apply_banked(w: World, tx: Transaction) -> Any:
    """What is left of a payment that was paid out settles another invoice of its customer, of any job."""
    payment = _banked(w, tx)
    settled = {part.invoice_id for part in payment.applications}
    found = [
        id
        for id in ids(w, K.INVOICE, f"AND balance > 0 AND customer_id = '{int(payment.customer_id)}'")
        if id not in settled
    ]
    invoice: Invoice = read(tx, K.INVOICE, young(w, found))
    row = tx.row(invoice.ref)
    open_ = row.balance if row is not None and row.balance is not None else ZERO
    part = Application(invoice_id=invoice.id, amount=min(payment.unapplied, open_))
    if part.amount <= 0:
        raise NothingThere
    return tx.update_payment(attrs.evolve(payment, applications=(*payment.applications, part)))
