"""Payouts: payments that reach the bank as one deposit, less what the processor gave back, at random."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blueops_qb.domain.records import Payment, PaymentReturn, Payout, Refund, ReturnReason
from blueops_qb.domain.refs import RecordKind as K
from blueops_qb.domain.refs import RecordRef
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.office import NothingThere, ids, read, some, today
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
