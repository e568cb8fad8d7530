"""Actions on credits: issue, apply later, take back; balances of invoices follow."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Application, Credit, Customer, Invoice, Job
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.payments import checked_amount
from blueops_qb.sandbox.core.prepaid import PrepaidActions
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.hooks import Action


class CreditActions(PrepaidActions):
    """What customers are owed back."""

    def issue_credit(self, record: Credit) -> Credit:
        """Issue a credit; id and, if empty, number are given here. `applications` say what it settles."""
        turn = self._turn(RecordKind.CREDIT)
        number = record.number.strip() or f"CR-{turn.number}"
        credit = attrs.evolve(record, id=str(turn.number), number=number, void=False, given_back=ZERO)
        self._check_credit(credit)
        self._move_credit(credit, before=())
        self._create(credit, turn)
        self._store_credit(credit.id, credit.applications)
        return credit

    def update_credit(self, record: Credit) -> Credit:
        """Replace a credit by this full state, or only apply it to other invoices; balances follow."""
        turn = self._turn()
        old = self._live_credit(record.id)
        if record.void:
            raise Refused(f"credit {old.number} is voided by voiding it, not by a change; void it")
        credit = attrs.evolve(record, given_back=old.given_back, number=record.number or old.number)
        self._check_credit(credit)
        self._move_credit(credit, before=old.applications)
        self._store_credit(credit.id, credit.applications)
        return self._rewrite(credit, turn)

    def void_credit(self, credit_id: str, *, reason: str = "") -> Credit:
        """Take a credit back; what it settled is open again."""
        turn = self._turn()
        old = self._live_credit(credit_id)
        if old.given_back:
            raise Refused(f"{old.given_back} of credit {old.number} was refunded; void that refund first")
        self._move_credit(attrs.evolve(old, applications=()), before=old.applications)
        self._store_credit(old.id, ())
        return self._rewrite(attrs.evolve(old, void=True), turn, action=Action.VOIDED, reason=reason)

    # -- steps -------------------------------------------------------------------------------------
    def _live_credit(self, id: str) -> Credit:
        credit, _ = self._existing(Credit, RecordKind.CREDIT, id)
        if credit.void:
            raise Refused(f"credit {credit.number} is void; issue a new one")
        return credit

    def _check_credit(self, credit: Credit) -> None:
        payer, _ = self._existing(Customer, RecordKind.CUSTOMER, credit.customer_id)
        if credit.currency != payer.currency:
            raise Refused(f"customer {payer.id} is invoiced in {payer.currency}, not {credit.currency}")
        if credit.job_id is not None:
            self._existing(Job, RecordKind.JOB, credit.job_id)
        total = checked_amount(credit.total, "a credit")
        net = sum((line.amount - line.discount for line in credit.lines), ZERO) - credit.discount
        if not total or net + credit.tax != total:
            raise Refused(f"the lines and tax of the credit come to {net + credit.tax}, its total is {total}")
        if credit.unapplied < 0:
            raise Refused(f"more is applied than the credit of {total}; apply less")
        if credit.invoice_id is not None:
            invoice, _ = self._existing(Invoice, RecordKind.INVOICE, credit.invoice_id)
            earlier = sum(
                (c.total for c in credits_of(self._connection, self.tenant_id, invoice) if c.id != credit.id),
                ZERO,
            )
            if earlier + total > invoice.total:
                raise Refused(
                    f"invoice {invoice.number} is {invoice.total}, {earlier} of it is credited already;"
                    f" {total} cannot be credited as well"
                )

    def _move_credit(self, credit: Credit, *, before: Sequence[Application]) -> None:
        old = {part.invoice_id: part.amount for part in before}
        new: dict[str, Decimal] = {}
        for part in credit.applications:
            new[part.invoice_id] = new.get(part.invoice_id, ZERO) + part.amount
        balances: list[tuple[Invoice, Decimal]] = []
        for id in sorted(old.keys() | new.keys()):
            invoice, row = self._existing(Invoice, RecordKind.INVOICE, id)
            assert row.balance is not None
            balance = row.balance + old.get(id, ZERO) - new.get(id, ZERO)
            if invoice.customer_id != credit.customer_id or (invoice.void and id in new):
                raise Refused(f"invoice {invoice.number} is none that the credit can settle; choose another")
            if balance < 0:
                raise Refused(f"invoice {invoice.number} has only {row.balance} open; apply less")
            if not invoice.void:
                balances.append((invoice, balance))
        # What is refused has moved nothing: whoever is refused may go on with the transaction.
        for invoice, balance in balances:
            rows.set_balance(self._connection, self.tenant_id, invoice, balance)


def credits_of(connection: sa.Connection, tenant_id: str, invoice: Invoice) -> list[Credit]:
    """The live credits of an invoice."""
    where = [records.c.customer_id == invoice.customer_id, records.c.status == "issued"]
    found = rows.listed(connection, tenant_id, RecordKind.CREDIT, where=where, limit=1000)
    return [
        row.record for row in found if isinstance(row.record, Credit) and row.record.invoice_id == invoice.id
    ]
