"""Actions on money that is there before or beyond its invoice: deposits used up, what was paid too much."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Application, Credit, Invoice, InvoiceLine, LineKind, Payment
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.payments import PaymentActions, paid_on
from blueops_qb.sandbox.core.rows import cents
from blueops_qb.sandbox.core.tables import credit_applications, records
from blueops_qb.sandbox.core.work import Refused


class PrepaidActions(PaymentActions):
    """Deposits on invoices, and payments and credits that an invoice lets go of."""

    def _capped(self, invoice: Invoice, *, before: Sequence[InvoiceLine]) -> Invoice:
        """The invoice with its deposit lines at most what the deposits and the total hold."""
        lines, left = [], invoice.total
        for line in invoice.lines:
            if line.kind is LineKind.DEPOSIT_APPLIED:
                mine = sum((-old.amount for old in before if old.deposit_id == line.deposit_id), ZERO)
                free = self._deposit(line.deposit_id, invoice).unapplied + mine
                taken = min(-line.amount, left, free)
                left -= taken
                line = attrs.evolve(line, amount=-taken, unit_price=-taken)
            lines.append(line)
        return attrs.evolve(invoice, lines=tuple(lines))

    def _use_deposits(self, invoice: Invoice, *, before: Sequence[InvoiceLine]) -> None:
        """Note on each deposit what the invoice uses up of it now."""
        sums: dict[str, Decimal] = {line.deposit_id: ZERO for line in before}
        for line in invoice.deposits:
            sums[line.deposit_id] = sums.get(line.deposit_id, ZERO) - line.amount
        for id, amount in sums.items():
            deposit, _ = self._existing(Payment, RecordKind.PAYMENT, id)
            others = tuple(a for a in deposit.applications if a.invoice_id != invoice.id)
            mine = (Application(invoice_id=invoice.id, amount=amount),) if amount else ()
            if (*others, *mine) != deposit.applications:
                self._rewrite(attrs.evolve(deposit, applications=(*others, *mine)), self._turn())

    def _deposit(self, id: str, invoice: Invoice) -> Payment:
        deposit = self._live_payment(id, "used up")
        if not deposit.deposit_for_job or deposit.customer_id != invoice.customer_id:
            raise Refused(f"payment {id} is no deposit of customer {invoice.customer_id}; choose another")
        return deposit

    def _release(self, invoice: Invoice, excess: Decimal) -> Decimal:
        """Take `excess` off what settles an invoice, the newest payment first; it becomes the customer's credit.

        Answers what is left of it: below zero where a discount for paying early, which goes with its payment, was more.
        """
        for id in reversed(list(paid_on(self._connection, self.tenant_id, invoice.id))):
            if excess <= 0:
                return excess
            payment, _ = self._existing(Payment, RecordKind.PAYMENT, id)
            excess = self._less(payment, invoice, excess)
        for id in self._credits_on(invoice):
            if excess <= 0:
                return excess
            credit, _ = self._existing(Credit, RecordKind.CREDIT, id)
            kept, excess = _lowered(credit.applications, invoice.id, excess)
            self._rewrite(attrs.evolve(credit, applications=kept), self._turn())
            self._store_credit(id, kept)
        return excess

    def _less(self, payment: Payment, invoice: Invoice, excess: Decimal) -> Decimal:
        kept, left = _lowered(payment.applications, invoice.id, excess)
        changed = attrs.evolve(payment, applications=kept)
        self._store_applications(changed, had_some=True)
        self._rewrite(changed, self._turn())
        return left

    def _credits_on(self, invoice: Invoice) -> list[str]:
        c = credit_applications.c
        question = (
            sa.select(c.credit_id)
            .where(c.tenant_id == self.tenant_id, c.invoice_id == int(invoice.id))
            .order_by(c.credit_id.desc())
        )
        return [str(id) for id in self._connection.execute(question).scalars()]

    def _store_credit(self, id: str, applied: Sequence[Application]) -> None:
        """What a credit settles, in the table that questions are asked of."""
        c = credit_applications.c
        self._connection.execute(
            sa.delete(credit_applications).where(c.tenant_id == self.tenant_id, c.credit_id == int(id))
        )
        parts = [
            {
                "tenant_id": self.tenant_id,
                "credit_id": int(id),
                "invoice_id": int(part.invoice_id),
                "amount": cents(part.amount),
            }
            for part in applied
        ]
        if parts:
            self._connection.execute(sa.insert(credit_applications), parts)


def credit_left(connection: sa.Connection, tenant_id: str, customer_id: str) -> Decimal:
    """What a customer has to his credit: payments and credits that settle nothing, deposits aside."""
    whole = ZERO
    for kind, status in ((RecordKind.PAYMENT, "recorded"), (RecordKind.CREDIT, "issued")):
        where = [records.c.customer_id == customer_id, records.c.status == status]
        for row in rows.listed(connection, tenant_id, kind, where=where, limit=1000):
            record = row.record
            if isinstance(record, Credit) or (isinstance(record, Payment) and not record.deposit_for_job):
                whole += record.unapplied
    return whole


def _lowered(
    applied: Sequence[Application], invoice_id: str, excess: Decimal
) -> tuple[tuple[Application, ...], Decimal]:
    """The applications with up to `excess` taken off an invoice, and what is left to take.

    Without any money nothing was paid early, so that the discount for it goes too.
    """
    kept = []
    for part in applied:
        if part.invoice_id == invoice_id:
            taken = min(part.amount, excess)
            excess -= taken
            part = attrs.evolve(part, amount=part.amount - taken)
            excess -= ZERO if part.amount else part.discount
        if part.amount:
            kept.append(part)
    return tuple(kept), excess
