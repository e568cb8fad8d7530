"""To core: which change of core a movement in the books means; None when only a person can say."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import (
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    Document,
    ExpenseDocument,
    RefundReceipt,
    SalesReceipt,
    VendorRecord,
)
from blueops_qb.domain.records import Credit, Customer, Job, Payment, Refund, Vendor
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.domain.reverse import (
    credit_applied,
    credit_changed,
    customer_from,
    job_from,
    payment_from,
    vendor_from,
)
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import (
    Change,
    SaveCredit,
    SaveCustomer,
    SaveJob,
    SavePayment,
    SaveVendor,
    Snapshot,
    VoidCredit,
    VoidPayment,
    VoidRefund,
)

VOIDED = "voided in QuickBooks"
#: Groups of a job that belong to its customer in BlueOps and have no place of their own.
_JOB_GROUPS = frozenset({"name", "shipping", "active"})


def change_for(turn: Turn, snapshot: Snapshot, document: Document, groups: tuple[str, ...]) -> Change | None:
    """The change that brings `groups` of `document` (unbound) to the record of `snapshot`."""
    record = snapshot.record
    match document, record:
        case CustomerRecord(), Customer():
            if "parent" in groups:
                return None
            return SaveCustomer(record=customer_from(document, record, groups, turn.mapping))
        case CustomerRecord(), Job():
            if not set(groups) <= _JOB_GROUPS:
                return None
            return SaveJob(record=job_from(document, record, groups))
        case VendorRecord(), Vendor():
            return SaveVendor(record=vendor_from(document, record, groups, turn.mapping))
        case CustomerPayment(), Payment():
            return _payment(turn, document, record, groups)
        case SalesReceipt(void=True), Payment(void=False):
            return VoidPayment(payment_id=record.id, reason=VOIDED)
        case CreditMemo(), Credit():
            if document.void:
                return None if record.void else VoidCredit(credit_id=record.id, reason=VOIDED)
            if set(groups) & {"customer", "tags"}:
                return None
            return SaveCredit(record=credit_changed(document, record, groups))
        case CustomerPayment(), Credit():
            return None if groups != ("money",) else SaveCredit(record=credit_applied(record, document))
        case ExpenseDocument(void=True) | RefundReceipt(void=True), Refund(void=False):
            return VoidRefund(refund_id=record.id, reason=VOIDED)
        case _:
            return None


def _payment(
    turn: Turn, document: CustomerPayment, record: Payment, groups: tuple[str, ...]
) -> Change | None:
    if document.void:
        return None if record.void else VoidPayment(payment_id=record.id, reason=VOIDED)
    party = document.customer
    if not isinstance(party, RecordRef):
        return None
    customer_id = customer_of(turn, party)
    if customer_id is None:
        return None
    shown = payment_from(
        document, id=record.id, party=party, customer_id=customer_id, mapping=turn.mapping, current=record
    )
    fields = {
        "money": ("customer_id", "amount", "applications", "given_back", "elsewhere", "currency"),
        "dates": ("received_on",),
        "method": ("method", "reference"),
        "notes": ("memo",),
    }
    taken = {name: getattr(shown, name) for group in groups for name in fields[group]}
    if taken.get("customer_id", record.customer_id) != record.customer_id:
        taken["job_id"] = shown.job_id
    return SavePayment(record=attrs.evolve(record, **taken))


def customer_of(turn: Turn, party: RecordRef) -> str | None:
    """The BlueOps customer behind a customer or job."""
    if party.kind is RecordKind.CUSTOMER:
        return party.id
    snapshot = turn.tx.read(party)
    return snapshot.record.customer_id if snapshot is not None and isinstance(snapshot.record, Job) else None
