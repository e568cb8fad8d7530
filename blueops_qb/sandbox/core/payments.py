"""Actions on customers' money: record, change and void payments, settle payouts; balances follow."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Application,
    Customer,
    Invoice,
    Job,
    Payment,
    PaymentReturn,
    Payout,
    Refund,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.rows import Row, cents, from_cents
from blueops_qb.sandbox.core.tables import applications, payout_payments
from blueops_qb.sandbox.core.work import Refused, Work
from blueops_qb.sdk.hooks import Action


def checked_amount(value: Decimal, what: str) -> Decimal:
    """The amount in whole cents; Refused for a fraction of a cent, a negative or an unheard-of amount."""
    exact = value.is_finite() and abs(value) < Decimal(10) ** 12 and value == value.quantize(ZERO)
    if not exact or value < 0:
        raise Refused(f"{what} of {value} is not an amount of whole cents from 0.00 up; correct it")
    return value.quantize(ZERO)


class PaymentActions(Work):
    """Payments with their allocations, and payouts."""

    def record_payment(self, record: Payment) -> Payment:
        """Record money of a customer; the id is given here. `applications` say which invoices it settles."""
        turn = self._turn(RecordKind.PAYMENT)
        payment = self._checked(attrs.evolve(record, id=str(turn.number), void=False, given_back=()))
        if payment.deposit_for_job and payment.applications:
            raise Refused("a deposit settles no invoice yet; apply it by a line of the invoice")
        self._apply_to_invoices(payment, before=())
        self._create(payment, turn)
        return payment

    def update_payment(self, record: Payment) -> Payment:
        """Replace a payment by this full state; its invoices follow."""
        turn = self._turn()
        old = self._live_payment(record.id, "changed")
        record = attrs.evolve(record, given_back=old.given_back)
        if old.deposit_for_job:
            record = attrs.evolve(record, deposit_for_job=old.deposit_for_job, applications=old.applications)
        if record.void:
            raise Refused(f"payment {old.id} is voided by voiding it, not by a change; void it")
        payment = self._checked(record)
        if self._payout_of(old.id) and (payment.amount, payment.fee) != (old.amount, old.fee):
            raise Refused(
                f"payment {old.id} reached the bank with payout {self._payout_of(old.id)};"
                " void that payout before you change the amount"
            )
        self._apply_to_invoices(payment, before=old.applications)
        changed = self._rewrite(payment, turn)
        if payment.customer_id != old.customer_id:
            self._move_returns(payment)
        return changed

    def _move_returns(self, payment: Payment) -> None:
        """What came back of a payment is owed by whose payment it is."""
        for part in payment.given_back:
            if part.by.kind is RecordKind.PAYMENT_RETURN:
                back, _ = self._existing(PaymentReturn, RecordKind.PAYMENT_RETURN, part.by.id)
                self._rewrite(attrs.evolve(back, customer_id=payment.customer_id), self._turn())

    def void_payment(self, payment_id: str, *, reason: str = "") -> Payment:
        """Take a payment back; its invoices are open again."""
        turn = self._turn()
        old = self._live_payment(payment_id, "voided")
        if payout := self._payout_of(old.id):
            raise Refused(f"payment {old.id} reached the bank with payout {payout}; void that payout first")
        if old.given_back:
            raise Refused(f"payment {old.id} went back by {old.given_back[0].by}; void that first")
        if old.deposit_for_job and old.applications:
            used = old.applications[0].invoice_id
            raise Refused(f"the deposit {old.id} is used up by invoice {used}; take it off that first")
        payment = attrs.evolve(old, void=True)
        self._apply_to_invoices(attrs.evolve(old, applications=()), before=old.applications)
        return self._rewrite(payment, turn, action=Action.VOIDED, reason=reason)

    def settle_payout(self, record: Payout) -> Payout:
        """Payments reached the bank as one deposit; the id is given here."""
        turn = self._turn(RecordKind.PAYOUT)
        payout = attrs.evolve(record, id=str(turn.number), void=False)
        self._check_payout(payout)
        self._store_contents(payout)
        self._create(payout, turn)
        return payout

    def update_payout(self, record: Payout) -> Payout:
        """Replace a payout by this full state; payments that left it wait for the bank again."""
        turn = self._turn()
        old, _ = self._existing(Payout, RecordKind.PAYOUT, record.id)
        if old.void or record.void:
            raise Refused(f"payout {old.id} is void or would be by a change; void it, or record a new one")
        self._check_payout(record)
        self._store_contents(record)
        return self._rewrite(record, turn)

    def void_payout(self, payout_id: str, *, reason: str = "") -> Payout:
        """Take back a settlement recorded in error; its payments wait for the bank again."""
        turn = self._turn()
        payout, _ = self._existing(Payout, RecordKind.PAYOUT, payout_id)
        if payout.void:
            raise Refused(f"payout {payout_id} is void already; nothing to do")
        self._store_contents(attrs.evolve(payout, payment_ids=()))
        return self._rewrite(attrs.evolve(payout, void=True), turn, action=Action.VOIDED, reason=reason)

    # -- steps -------------------------------------------------------------------------------------
    def _live_payment(self, id: str, what: str) -> Payment:
        payment, _ = self._existing(Payment, RecordKind.PAYMENT, id)
        if payment.void:
            raise Refused(f"payment {id} is void and cannot be {what}; record a new one")
        return payment

    def _checked(self, payment: Payment) -> Payment:
        payer, _ = self._existing(Customer, RecordKind.CUSTOMER, payment.customer_id)
        if payment.currency != payer.currency:
            raise Refused(
                f"the payment is in {payment.currency}, but customer {payer.id} is invoiced in"
                f" {payer.currency}; enter it in that currency"
            )
        if payment.job_id is not None:
            self._existing(Job, RecordKind.JOB, payment.job_id)
        amount = checked_amount(payment.amount, "a payment")
        applies_credits = payment.elsewhere < 0 and payment.applications
        if not amount and not applies_credits:
            raise Refused("a payment of 0.00 is no payment; enter the amount that was received")
        if checked_amount(payment.fee, "a fee") > amount:
            raise Refused(
                f"the fee of {payment.fee} is more than the payment of {amount}; correct one of them"
            )
        # Below zero where the books settle with credits beside the money.
        checked_amount(abs(payment.elsewhere), "a part applied elsewhere")
        elsewhere = payment.elsewhere.quantize(ZERO)
        parts = [checked_amount(part.amount, "a part applied to an invoice") for part in payment.applications]
        for part in payment.applications:
            checked_amount(part.discount, "a discount")
        parts += [part.amount for part in payment.given_back]
        if payment.deposit_for_job is not None:
            self._existing(Job, RecordKind.JOB, payment.deposit_for_job)
        if sum(parts, elsewhere) > amount:
            raise Refused(
                f"{sum(parts, elsewhere)} is applied, but only {amount} was received; apply less or correct"
                " the amount"
            )
        return attrs.evolve(payment, amount=amount)

    def _apply_to_invoices(self, payment: Payment, *, before: Sequence[Application]) -> None:
        """Move the balances of the invoices from what the payment settled to what it settles now.

        The line of an invoice that uses up a deposit has moved its balance already.
        """
        if payment.deposit_for_job:
            return
        old = {part.invoice_id: part.amount + part.discount for part in before}
        new = {part.invoice_id: part.amount + part.discount for part in payment.applications}
        if len(new) < len(payment.applications) or ZERO in new.values():
            raise Refused("each invoice may be named once, with the part of the payment that settles it")
        changed = {id for id in old.keys() | new.keys() if old.get(id) != new.get(id)}
        found = rows.read_many(
            self._connection,
            self.tenant_id,
            (RecordRef(RecordKind.INVOICE, id) for id in changed | new.keys()),
        )
        balances = {}
        for id in sorted(changed | new.keys()):
            row = found.get(RecordRef(RecordKind.INVOICE, id))
            added = new.get(id, ZERO)
            balances[id] = self._balance_after(row, id, payment, taken=old.get(id, ZERO), added=added)
        for id in sorted(changed):
            invoice, balance = balances[id]
            rows.set_balance(self._connection, self.tenant_id, invoice, balance)
        if changed:
            self._store_applications(payment, had_some=bool(old))

    def _balance_after(
        self, row: Row | None, id: str, payment: Payment, *, taken: Decimal, added: Decimal
    ) -> tuple[Invoice, Decimal]:
        if row is None or row.gone or not isinstance(row.record, Invoice) or row.balance is None:
            raise Refused(f"there is no invoice {id}; choose one of the customer's open invoices")
        invoice, open_before = row.record, row.balance + taken
        if added and invoice.void:
            raise Refused(f"invoice {invoice.number} is void; apply the payment to another one")
        if added and invoice.customer_id != payment.customer_id:
            raise Refused(
                f"invoice {invoice.number} belongs to customer {invoice.customer_id}, the payment to"
                f" {payment.customer_id}; choose one of the payer's invoices"
            )
        if added > open_before:
            raise Refused(
                f"invoice {invoice.number} has {open_before} open, {added} cannot be applied to it;"
                " apply less and leave the rest unapplied"
            )
        return invoice, open_before - added

    def _store_applications(self, payment: Payment, *, had_some: bool) -> None:
        c = applications.c
        if had_some:
            mine = sa.delete(applications).where(
                c.tenant_id == self.tenant_id, c.payment_id == int(payment.id)
            )
            self._connection.execute(mine)
        parts = [
            {
                "tenant_id": self.tenant_id,
                "payment_id": int(payment.id),
                "invoice_id": int(part.invoice_id),
                "amount": cents(part.amount + part.discount),
            }
            for part in payment.applications
        ]
        if parts:
            self._connection.execute(sa.insert(applications), parts)

    def _check_payout(self, record: Payout) -> None:
        """Refused unless the payout names payments that are not at the bank yet and comes to its net."""
        if not (record.payment_ids or record.refund_ids or record.return_ids):
            raise Refused(
                "a payout needs at least one payment and each of them once; choose the payments again"
            )
        found = self._payments(record.payment_ids, of=record.id)
        checked_amount(record.fees, "a fee")
        checked_amount(abs(record.elsewhere), "other money of a deposit")
        gross = sum((payment.amount for payment in found), ZERO)
        net = gross - self._taken_out(record) - record.fees + record.elsewhere
        if net != record.net:
            raise Refused(
                f"the payments less what went back and fees come to {net}, but {record.net} reached the bank;"
                " correct payments or fees"
            )

    def _store_contents(self, payout: Payout) -> None:
        c = payout_payments.c
        mine = sa.delete(payout_payments).where(c.tenant_id == self.tenant_id, c.payout_id == int(payout.id))
        self._connection.execute(mine)
        contents = [
            {"tenant_id": self.tenant_id, "payment_id": int(id), "payout_id": int(payout.id)}
            for id in payout.payment_ids
        ]
        if contents:
            self._connection.execute(sa.insert(payout_payments), contents)

    def _taken_out(self, record: Payout) -> Decimal:
        """What the processor gave back out of a payout: refunds, and returned payments with their fee."""
        whole = ZERO
        for id in record.refund_ids:
            refund, _ = self._existing(Refund, RecordKind.REFUND, id)
            whole += refund.amount
        for id in record.return_ids:
            back, _ = self._existing(PaymentReturn, RecordKind.PAYMENT_RETURN, id)
            whole += back.amount + back.bank_fee
        return whole

    def _payments(self, ids: Sequence[str], *, of: str) -> list[Payment]:
        if len(set(ids)) < len(ids):
            raise Refused("a payout names each payment once; choose the payments again")
        found = []
        for id in ids:
            payment = self._live_payment(id, "deposited")
            payout = self._payout_of(id)
            if payout is not None and str(payout) != of:
                raise Refused(f"payment {id} reached the bank with payout {payout} already; leave it out")
            found.append(payment)
        return found

    def _payout_of(self, payment_id: str) -> int | None:
        c = payout_payments.c
        question = sa.select(c.payout_id).where(
            c.tenant_id == self.tenant_id, c.payment_id == int(payment_id)
        )
        found: int | None = self._connection.execute(question).scalar_one_or_none()
        return found


def paid_on(connection: sa.Connection, tenant_id: str, invoice_id: str) -> dict[str, Decimal]:
    """What was paid on an invoice: payment id -> its part."""
    c = applications.c
    question = (
        sa.select(c.payment_id, c.amount)
        .where(c.tenant_id == tenant_id, c.invoice_id == int(invoice_id))
        .order_by(c.payment_id)
    )
    return {str(row.payment_id): from_cents(row.amount) for row in connection.execute(question)}
