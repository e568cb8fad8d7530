"""Actions on invoices: raise, change, void, take over the tax that the books computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Address,
    Customer,
    Invoice,
    InvoiceLine,
    Job,
    ProgressApplication,
    TaxRounding,
)
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.applications import applied, check_voidable
from blueops_qb.sandbox.core.given import check_given
from blueops_qb.sandbox.core.payments import paid_on
from blueops_qb.sandbox.core.prepaid import PrepaidActions
from blueops_qb.sandbox.core.pricing import LineDraft, Priced, due_date, is_exempt, price
from blueops_qb.sandbox.core.tables import choices, records, tenants
from blueops_qb.sandbox.core.work import Refused, Turn
from blueops_qb.sdk.hooks import Action

#: A number of digits only is taken as one of the running numbers, up to this length.
LONGEST_RUNNING_NUMBER = 9
LONGEST_NUMBER = 40


@attrs.frozen(kw_only=True)
class InvoiceDraft:
    """An invoice as somebody enters it.

    `number` empty = the next one. `due_date` None = from the terms, then from the customer's. `tax_percent`
    None = the rate of `tax_key`, and without a key no tax; `tax` gives the amount itself instead.
    """

    customer_id: str
    issue_date: dt.date
    lines: Sequence[LineDraft]
    number: str = ""
    due_date: dt.date | None = None
    terms: str = ""
    job_id: str | None = None
    site: Address | None = None
    branch: str = ""
    discount: Decimal = ZERO
    discount_percent: Decimal = Decimal(0)
    discount_before_tax: bool = True
    tax_key: str = ""
    tax_percent: Decimal | None = None
    tax: Decimal | None = None
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT
    #: The prices hold the tax already.
    prices_include_tax: bool = False
    memo: str = ""
    email: str = ""
    #: A progress application; the lines are then made from it.
    application: ProgressApplication | None = None


def draft_of(invoice: Invoice) -> InvoiceDraft:
    """The draft that gives the invoice again, as the start of an edit."""
    return InvoiceDraft(
        customer_id=invoice.customer_id,
        issue_date=invoice.issue_date,
        lines=[_line_draft(line) for line in invoice.lines],
        number=invoice.number,
        due_date=invoice.due_date,
        terms=invoice.terms,
        job_id=invoice.job_id,
        site=invoice.site,
        branch=invoice.branch,
        discount=invoice.discount,
        discount_before_tax=invoice.discount_before_tax,
        tax_key=invoice.tax_key,
        tax=None if invoice.tax_key or not invoice.tax else invoice.tax,
        tax_rounding=invoice.tax_rounding,
        prices_include_tax=invoice.prices_include_tax,
        memo=invoice.memo,
        email=invoice.email,
        application=invoice.application,
    )


def _line_draft(line: InvoiceLine) -> LineDraft:
    return LineDraft(
        line_id=line.line_id,
        kind=line.kind,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        service_category=line.service_category,
        material_category=line.material_category,
        fee_type=line.fee_type,
        sku=line.sku,
        class_key=line.class_key,
        cost_code=line.cost_code,
        taxable=line.taxable,
        service_date=line.service_date,
        tax_key=line.tax_key,
        deposit_id=line.deposit_id,
        permit_payer=line.permit_payer,
        parts=line.parts,
    )


class InvoiceActions(PrepaidActions):
    """Invoices; their balance follows the payments and credits."""

    def raise_invoice(self, draft: InvoiceDraft) -> Invoice:
        """Issue an invoice. Refused with a sentence where something in the draft does not fit."""
        turn = self._turn(RecordKind.INVOICE)
        number = draft.number.strip()
        if number:
            # A number ahead of the running ones is the invoice's id too.
            turn = attrs.evolve(turn, number=max(turn.number, self._check_number(number)))
        invoice = self._invoice(draft, id=str(turn.number), number=number or str(turn.number))
        if invoice.total < 0:
            raise Refused(
                f"the invoice comes to {invoice.total}, below zero; take lines off the discount"
                " (money back to a customer is not an invoice)"
            )
        invoice = self._capped(invoice, before=())
        self._run_on_from(number)
        self._create(invoice, turn, balance=invoice.amount_due)
        self._use_deposits(invoice, before=())
        return invoice

    def update_invoice(self, invoice_id: str, draft: InvoiceDraft) -> Invoice:
        """Change an issued invoice; what is paid on it stays paid."""
        turn = self._turn()
        old, row = self._open_invoice(invoice_id, "changed")
        number = draft.number.strip() or old.number
        if number != old.number:
            self._check_number(number)
        invoice = self._invoice(draft, id=old.id, number=number)
        if invoice.customer_id != old.customer_id and (row.balance != old.amount_due or old.deposits):
            raise Refused(
                f"invoice {old.number} cannot go to another customer: payments are applied to it; void them"
                " first"
            )
        return self._change_total(invoice, old=old, row=row, turn=turn)

    def void_invoice(self, invoice_id: str, *, reason: str = "") -> Invoice:
        """Void an invoice without payments; its number stays used."""
        turn = self._turn()
        old, row = self._open_invoice(invoice_id, "voided")
        if row.balance != old.amount_due:
            payments = ", ".join(paid_on(self._connection, self.tenant_id, old.id))
            what = f"payment {payments}" if payments else "a credit"
            raise Refused(f"invoice {old.number} cannot be voided: {what} is applied to it; void that first")
        check_voidable(self._connection, self.tenant_id, old)
        voided = self._rewrite(
            attrs.evolve(old, void=True),
            turn,
            action=Action.VOIDED,
            reason=reason,
            row=attrs.evolve(row, balance=ZERO),
        )
        self._use_deposits(attrs.evolve(old, lines=()), before=old.deposits)
        return voided

    def set_invoice_tax(self, invoice_id: str, *, tax: Decimal, total: Decimal) -> Invoice:
        """Take over tax and total as the books computed them."""
        turn = self._turn()
        old, row = self._open_invoice(invoice_id, "changed")
        net = old.total - old.tax
        if tax < 0 or net + tax != total:
            raise Refused(
                f"invoice {old.number}: its lines come to {net}, which with a tax of {tax} is not {total};"
                " compare the lines on both sides"
            )
        return self._change_total(attrs.evolve(old, tax=tax, total=total), old=old, row=row, turn=turn)

    def save_invoice(self, record: Invoice) -> Invoice:
        """Replace an issued invoice by this full state, amounts as given; what is paid on it stays paid."""
        turn = self._turn()
        old, row = self._open_invoice(record.id, "changed")
        if record.void:
            raise Refused(f"invoice {old.number} is voided by voiding it, not by a change; void it")
        customer, _ = self._existing(Customer, RecordKind.CUSTOMER, record.customer_id)
        self._job_of(record, customer)
        if record.customer_id != old.customer_id and row.balance != old.total:
            raise Refused(
                f"invoice {old.number} cannot go to another customer: payments are applied to it; void them"
                " first"
            )
        if record.currency != old.currency:
            raise Refused(f"invoice {old.number} is in {old.currency} and stays so; raise a new one")
        check_given(record)
        if record.number != old.number:
            self._check_number(record.number)
        return self._change_total(record, old=old, row=row, turn=turn)

    # -- steps -------------------------------------------------------------------------------------
    def _open_invoice(self, id: str, what: str) -> tuple[Invoice, rows.Row]:
        invoice, row = self._existing(Invoice, RecordKind.INVOICE, id)
        if invoice.void:
            raise Refused(f"invoice {invoice.number} is void and cannot be {what}; raise a new one")
        return invoice, row

    def _change_total(self, invoice: Invoice, *, old: Invoice, row: rows.Row, turn: Turn) -> Invoice:
        assert row.balance is not None
        if invoice.total < 0:
            raise Refused(f"invoice {old.number} would come to {invoice.total}, below zero; issue a credit")
        invoice = self._capped(invoice, before=old.deposits)
        if invoice.number != old.number:
            self._run_on_from(invoice.number)
        paid = old.amount_due - row.balance
        if paid > invoice.amount_due:
            # What is paid too much becomes the customer's credit.
            left = self._release(invoice, paid - invoice.amount_due)
            paid, turn = invoice.amount_due + left, self._turn()
        changed = self._rewrite(invoice, turn, row=attrs.evolve(row, balance=invoice.amount_due - paid))
        self._use_deposits(invoice, before=old.deposits)
        return changed

    def _invoice(self, draft: InvoiceDraft, *, id: str, number: str) -> Invoice:
        customer, _ = self._existing(Customer, RecordKind.CUSTOMER, draft.customer_id)
        job = self._job_of(draft, customer)
        site = draft.site or (job.site if job else None)
        exempt = is_exempt(customer.exemption, on=draft.issue_date, site=site)
        if draft.application is not None:
            draft = applied(self._connection, self.tenant_id, draft, invoice_id=id)
        priced = self._priced(draft, exempt=exempt)
        terms = draft.terms or customer.terms
        due = draft.due_date or due_date(draft.issue_date, terms)
        if due is not None and due < draft.issue_date:
            raise Refused(
                f"invoice {number} falls due on {due}, before it is issued; correct one of the dates"
            )
        return Invoice(
            id=id,
            number=number,
            customer_id=customer.id,
            issue_date=draft.issue_date,
            due_date=due,
            terms=terms,
            job_id=draft.job_id,
            site=site,
            branch=draft.branch or (job.branch if job else ""),
            lines=priced.lines,
            discount=priced.discount,
            discount_before_tax=draft.discount_before_tax,
            tax=priced.tax,
            tax_key=draft.tax_key,
            tax_rounding=draft.tax_rounding,
            tax_percent=self._charged_percent(draft),
            prices_include_tax=draft.prices_include_tax,
            total=priced.total,
            memo=draft.memo,
            email=draft.email or customer.email,
            application=draft.application,
            currency=customer.currency,
        )

    def _job_of(self, draft: InvoiceDraft | Invoice, customer: Customer) -> Job | None:
        if draft.job_id is None:
            return None
        job, _ = self._existing(Job, RecordKind.JOB, draft.job_id)
        if job.customer_id != customer.id:
            raise Refused(
                f"job {job.id} does not belong to customer {customer.id}; choose one of this customer"
            )
        return job

    def _priced(self, draft: InvoiceDraft, *, exempt: bool) -> Priced:
        if not draft.lines:
            raise Refused("an invoice needs at least one line; enter what was done or delivered")
        if draft.tax is not None and (draft.tax < 0 or draft.tax != draft.tax.quantize(ZERO)):
            raise Refused(f"the tax of {draft.tax} is not an amount of whole cents; correct it")
        percent = Decimal(0) if draft.tax is not None else self._tax_percent(draft)
        try:
            priced = price(
                draft.lines,
                tax_percent=percent,
                discount=draft.discount,
                discount_percent=draft.discount_percent,
                discount_before_tax=draft.discount_before_tax,
                exempt=exempt,
                rounding=draft.tax_rounding,
                tax_parts=self._tax_parts(draft),
                included=draft.prices_include_tax,
            )
        except ValueError as problem:
            raise Refused(f"the invoice cannot be priced: {problem}") from problem
        if draft.tax is None or exempt:
            return priced
        return attrs.evolve(priced, tax=draft.tax, total=priced.total + draft.tax)

    def _charged_percent(self, draft: InvoiceDraft) -> Decimal | None:
        """The rate that the invoice was priced with; None where the amount was entered, or there is none."""
        rated = draft.tax is None and (draft.tax_key or draft.tax_percent is not None)
        return self._tax_percent(draft) if rated else None

    def _tax_percent(self, draft: InvoiceDraft) -> Decimal:
        if draft.tax_percent is not None:
            return draft.tax_percent
        return sum(self._tax_parts(draft), Decimal(0))

    def _tax_parts(self, draft: InvoiceDraft) -> list[Decimal]:
        """The rates of the invoice's sales tax by authority; the list holds them as 6.25+1+0.5."""
        if draft.tax_percent is not None or draft.tax is not None or not draft.tax_key:
            return []
        c = choices.c
        question = sa.select(c.value).where(
            c.tenant_id == self.tenant_id, c.family == "tax", c.key == draft.tax_key
        )
        value = self._connection.execute(question).scalar_one_or_none()
        if value is None:
            raise Refused(f"there is no sales tax {draft.tax_key!r}; choose one from the list")
        return [Decimal(part) for part in str(value).split("+")]

    def _check_number(self, number: str) -> int:
        """Refuse a number in use or out of form; answers it where it is of digits only, as the running ones, else 0."""
        if len(number) > LONGEST_NUMBER or not number.isprintable():
            raise Refused(f"{number!r} is no invoice number: write up to {LONGEST_NUMBER} letters and digits")
        digits = number.isascii() and number.isdecimal()
        if digits and (len(number) > LONGEST_RUNNING_NUMBER or number != str(int(number))):
            raise Refused(
                f"{number} is no invoice number: write up to {LONGEST_RUNNING_NUMBER} digits, no zeros ahead"
            )
        c = records.c
        question = sa.select(c.id).where(
            c.tenant_id == self.tenant_id, c.kind == RecordKind.INVOICE.value, c.label == number
        )
        if self._connection.execute(question).first() is not None:
            raise Refused(f"there is an invoice {number} already; choose another number or leave it empty")
        return int(number) if digits else 0

    def _run_on_from(self, number: str) -> None:
        """Running numbers go on after one of digits only."""
        if number.isascii() and number.isdecimal() and len(number) <= LONGEST_RUNNING_NUMBER:
            behind = (tenants.c.id == self.tenant_id) & (tenants.c.last_invoice < int(number))
            self._connection.execute(sa.update(tenants).where(behind).values(last_invoice=int(number)))
