"""Transaction: everything that can be done in one transaction, the plugin's changes among it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.records import Expense, Invoice, Payment, Payout, Record
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.contacts import ContactActions
from blueops_qb.sandbox.core.costs import CostActions
from blueops_qb.sandbox.core.money_back import MoneyBackActions
from blueops_qb.sandbox.core.tables import applied
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.core import (
    Applied,
    ApplyAnswer,
    Change,
    MergeParty,
    RefusedChange,
    SaveCredit,
    SaveCustomer,
    SaveExpense,
    SaveInvoice,
    SaveJob,
    SavePayment,
    SavePayout,
    SaveRefund,
    SaveVendor,
    SetInvoiceTax,
    Stale,
    VoidCredit,
    VoidExpense,
    VoidInvoice,
    VoidPayment,
    VoidPayout,
    VoidRefund,
)


class Transaction(ContactActions, MoneyBackActions, CostActions):
    """One transaction of one tenant; `ReferenceCore.begin` opens it.

    Each action writes, then tells the plugins on the same connection. One that cannot be done raises Refused
    before it writes anything.
    """

    def apply(self, change: Change, *, expected_revision: int | None, key: str) -> ApplyAnswer:
        """Carry out a plugin's change once: the same `key` again does nothing and answers as the first time.

        Only what was done is remembered under the key; after Stale or RefusedChange it may be used again. A
        change of an existing record by `Save...` must say which revision it was made on: without one it is
        Stale.
        """
        self._turn()  # the tenant's lock first, so that what is compared now still holds when it is written
        if (before := self._remembered(key)) is not None:
            return before
        target = _target(change)
        if target is not None:
            row = self.row(target)
            if row is not None and not row.gone and _is_stale(change, row.revision, expected_revision):
                return Stale(revision=row.revision)
        self._cause = key
        try:
            # Not even a number is used up by what is refused: the plugin goes on with the transaction.
            with self._connection.begin_nested():
                record = self._carry_out(change)
        except Refused as refused:
            return RefusedChange(why=refused.why)
        finally:
            self._cause = None
        answer = self._answer(record.ref)
        self._remember(key, answer)
        return answer

    def once(self, key: str, action: Callable[[], Record]) -> RecordRef:
        """Do something once per key (a form that is sent twice); answers the record of the first time."""
        self._turn()
        if (before := self._remembered(key)) is not None:
            return before.ref
        ref = action().ref
        self._remember(key, self._answer(ref))
        return ref

    # -- steps -------------------------------------------------------------------------------------
    def _carry_out(self, change: Change) -> Record:
        match change:
            case SaveCustomer(record=customer):
                return (self.update_customer if customer.id else self.create_customer)(customer)
            case SaveJob(record=job):
                return (self.update_job if job.id else self.create_job)(job)
            case SaveCredit(record=credit):
                return (self.update_credit if credit.id else self.issue_credit)(credit)
            case VoidCredit(credit_id=id, reason=reason):
                return self.void_credit(id, reason=reason)
            case SaveRefund(record=refund):
                if refund.id:
                    raise Refused(f"refund {refund.id} cannot be changed; void it and record it anew")
                return self.issue_refund(refund)
            case VoidRefund(refund_id=id, reason=reason):
                return self.void_refund(id, reason=reason)
            case SavePayout(record=payout):
                return (self.update_payout if payout.id else self.settle_payout)(payout)
            case VoidPayout(payout_id=id, reason=reason):
                banked, _ = self._existing(Payout, RecordKind.PAYOUT, id)
                return banked if banked.void else self.void_payout(id, reason=reason)
            case SaveVendor(record=vendor):
                return (self.update_vendor if vendor.id else self.create_vendor)(vendor)
            case SavePayment(record=payment):
                return (self.update_payment if payment.id else self.record_payment)(payment)
            case VoidPayment(payment_id=id, reason=reason):
                old, _ = self._existing(Payment, RecordKind.PAYMENT, id)
                return old if old.void else self.void_payment(id, reason=reason)
            case SaveInvoice(record=invoice):
                return self.save_invoice(invoice)
            case VoidInvoice(invoice_id=id, reason=reason):
                issued, _ = self._existing(Invoice, RecordKind.INVOICE, id)
                return issued if issued.void else self.void_invoice(id, reason=reason)
            case SaveExpense(record=cost):
                return (self.update_expense if cost.id else self.record_expense)(cost)
            case VoidExpense(expense_id=id, reason=reason):
                spent, _ = self._existing(Expense, RecordKind.EXPENSE, id)
                return spent if spent.void else self.void_expense(id, reason=reason)
            case SetInvoiceTax(invoice_id=id, tax=tax, total=total):
                return self.set_invoice_tax(id, tax=_amount(tax), total=_amount(total))
            case MergeParty(kind=kind, loser_id=loser, survivor_id=survivor):
                return self.merge_parties(kind, loser, survivor)

    def _answer(self, ref: RecordRef) -> Applied:
        row = self.row(ref)
        assert row is not None
        return Applied(ref=ref, revision=row.revision)

    def _remembered(self, key: str) -> Applied | None:
        c = applied.c
        question = sa.select(c.ref, c.revision).where(c.tenant_id == self.tenant_id, c.key == key)
        found: Any = self._connection.execute(question).one_or_none()
        return Applied(ref=RecordRef.parse(found.ref), revision=found.revision) if found else None

    def _remember(self, key: str, answer: Applied) -> None:
        self._connection.execute(
            sa.insert(applied).values(
                tenant_id=self.tenant_id,
                key=key,
                ref=str(answer.ref),
                revision=answer.revision,
                applied_at=self._host.now(),
            )
        )


def _target(change: Change) -> RecordRef | None:
    """The record that the change would replace; None where it makes a new one."""
    match change:
        case SaveCredit(record=record):
            return record.ref if record.id else None
        case VoidCredit(credit_id=id):
            return RecordRef(RecordKind.CREDIT, id)
        case SaveRefund():
            return None
        case VoidRefund(refund_id=id):
            return RecordRef(RecordKind.REFUND, id)
        case (
            SaveCustomer(record=record)
            | SaveJob(record=record)
            | SaveVendor(record=record)
            | SavePayment(record=record)
            | SaveInvoice(record=record)
            | SaveExpense(record=record)
            | SavePayout(record=record)
        ):
            return record.ref if record.id else None
        case VoidPayment(payment_id=id):
            return RecordRef(RecordKind.PAYMENT, id)
        case VoidExpense(expense_id=id):
            return RecordRef(RecordKind.EXPENSE, id)
        case VoidPayout(payout_id=id):
            return RecordRef(RecordKind.PAYOUT, id)
        case SetInvoiceTax(invoice_id=id) | VoidInvoice(invoice_id=id):
            return RecordRef(RecordKind.INVOICE, id)
        case MergeParty(kind=kind, loser_id=id):
            return RecordRef(kind, id)


#: Changes that count whatever revision the record is at.
WITHOUT_REVISION = (
    VoidPayment
    | VoidInvoice
    | VoidExpense
    | VoidCredit
    | VoidRefund
    | VoidPayout
    | SetInvoiceTax
    | MergeParty
)


def _is_stale(change: Change, revision: int, expected: int | None) -> bool:
    if expected is None:
        return not isinstance(change, WITHOUT_REVISION)
    return revision != expected


def _amount(text: str) -> Decimal:
    try:
        value = Decimal(text)
        if value == value.quantize(Decimal("0.01")):
            return value.quantize(Decimal("0.01"))
    except InvalidOperation:
        pass
    raise Refused(f"{text!r} is not an amount of whole cents; correct it")
