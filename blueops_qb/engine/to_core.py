"""To core: which change of core a record stands for, and carrying it out once."""

from __future__ import annotations

import attrs

from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    Payout,
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef, Ref
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import (
    Applied,
    Change,
    SaveCredit,
    SaveCustomer,
    SaveExpense,
    SaveInvoice,
    SaveJob,
    SavePayment,
    SavePayout,
    SaveRefund,
    SaveVendor,
    Snapshot,
    Stale,
    VoidCredit,
    VoidExpense,
    VoidInvoice,
    VoidPayment,
    VoidPayout,
    VoidRefund,
)


class StaleCore(Exception):
    """Core moved meanwhile; nothing was changed."""


def saving(record: Record) -> Change:
    """The change that makes this the full state of the record; raises NoPlace for kinds that core alone keeps."""
    match record:
        case Customer():
            return SaveCustomer(record=record)
        case Job():
            return SaveJob(record=record)
        case Vendor():
            return SaveVendor(record=record)
        case Invoice():
            return SaveInvoice(record=record)
        case Payment():
            return SavePayment(record=record)
        case Expense():
            return SaveExpense(record=record)
        case Credit():
            return SaveCredit(record=record)
        case Refund():
            return SaveRefund(record=record)
        case Payout():
            return SavePayout(record=record)
        case _:
            raise NoPlace("is kept by BlueOps alone")


def voiding(record: Record, reason: str) -> Change:
    """The change that takes a record back: void, or for a customer, job or vendor inactive; raises NoPlace."""
    match record:
        case Invoice():
            return VoidInvoice(invoice_id=record.id, reason=reason)
        case Payment():
            return VoidPayment(payment_id=record.id, reason=reason)
        case Expense():
            return VoidExpense(expense_id=record.id, reason=reason)
        case Credit():
            return VoidCredit(credit_id=record.id, reason=reason)
        case Refund():
            return VoidRefund(refund_id=record.id, reason=reason)
        case Payout():
            return VoidPayout(payout_id=record.id, reason=reason)
        case _:
            return saving(_inactive(record))


def _inactive(record: Record) -> Record:
    if not isinstance(record, Customer | Job | Vendor):
        raise NoPlace("is taken back in BlueOps itself")
    return attrs.evolve(record, active=False)


def applied(turn: Turn, snapshot: Snapshot, change: Change, key: str) -> int:
    """Carry out a change on the revision of `snapshot`; answers the new revision. Raises StaleCore or NoPlace."""
    answer = turn.tx.apply(change, expected_revision=snapshot.revision, key=key)
    if isinstance(answer, Stale):
        raise StaleCore
    if not isinstance(answer, Applied):
        raise NoPlace(f"is not changed by BlueOps: {answer.why}")
    return answer.revision


def customer_of(turn: Turn, party: Ref) -> str | None:
    """The BlueOps customer behind a customer or job that a document names; None for one who is nobody here."""
    if not isinstance(party, RecordRef):
        return None
    if party.kind is RecordKind.CUSTOMER:
        return party.id
    snapshot = turn.tx.read(party)
    return snapshot.record.customer_id if snapshot is not None and isinstance(snapshot.record, Job) else None
