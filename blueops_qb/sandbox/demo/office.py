"""The office: what people of the company enter in BlueOps on the demo's day."""

from __future__ import annotations

import base64
import datetime as dt
import random
from contextlib import AbstractContextManager
from decimal import Decimal
from zoneinfo import ZoneInfo

import attrs

from blueops_qb.domain.records import (
    Address,
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Payment,
    Payout,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.reminders import ReminderRun, send_reminders
from blueops_qb.sandbox.core.rows import Row
from blueops_qb.sandbox.core.transaction import Transaction

#: What the processor keeps of a card payment: 2.9 % and 30 cents.
CARD_PERCENT, CARD_FIXED = Decimal("0.029"), Decimal("0.30")
CENT = Decimal("0.01")
#: A receipt, photographed very small: one white point.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)


class Office:
    """Somebody who works in BlueOps. Quantities and prices come from `chance`, so that days differ."""

    def __init__(self, core: ReferenceCore, tenant_id: str, chance: random.Random) -> None:
        self._core = core
        self._tenant = tenant_id
        self._chance = chance
        zone = core.tenant(tenant_id).zone
        self.today = core.now().astimezone(ZoneInfo(zone)).date()

    # -- parties -----------------------------------------------------------------------------------
    def customer(self, name: str, *, email: str = "", phone: str = "", street: str = "") -> Customer:
        """Enter a customer in Reno."""
        record = Customer(id="", name=name, email=email, phone=phone, billing=address(street), terms="net_30")
        with self._begin() as tx:
            return tx.create_customer(record)

    def job(
        self, customer: Customer, name: str, *, street: str, class_key: str, branch: str = "north"
    ) -> Job:
        """Open a job at a site."""
        record = Job(
            id="",
            customer_id=customer.id,
            name=name,
            site=address(street),
            class_key=class_key,
            branch=branch,
        )
        with self._begin() as tx:
            return tx.create_job(record)

    def vendor(self, name: str, *, street: str, phone: str = "", is_1099: bool = False) -> Vendor:
        """Enter a vendor."""
        kind = "subcontractor" if is_1099 else "supplier"
        record = Vendor(
            id="", name=name, phone=phone, address=address(street), is_1099=is_1099, vendor_type=kind
        )
        with self._begin() as tx:
            return tx.create_vendor(record)

    def new_phone(self, customer_id: str, phone: str) -> Customer:
        """A customer called: the number is another one now."""
        with self._begin() as tx:
            found = tx.read(RecordRef(RecordKind.CUSTOMER, customer_id))
            assert found is not None
            assert isinstance(found.record, Customer)
            return tx.update_customer(attrs.evolve(found.record, phone=phone))

    # -- sales -------------------------------------------------------------------------------------
    def invoice(self, draft: InvoiceDraft) -> Invoice:
        """Raise an invoice."""
        with self._begin() as tx:
            return tx.raise_invoice(draft)

    def corrected(self, invoice: Invoice, draft: InvoiceDraft) -> Invoice:
        """Change an invoice that was raised."""
        with self._begin() as tx:
            return tx.update_invoice(invoice.id, draft)

    def voided(self, invoice: Invoice, reason: str) -> Invoice:
        """Void an invoice."""
        with self._begin() as tx:
            return tx.void_invoice(invoice.id, reason=reason)

    def service(self, category: str, what: str, price: str, *, class_key: str = "") -> LineDraft:
        """A line of work: hours by chance."""
        hours = Decimal(self._chance.randint(2, 14)) / 4
        return LineDraft(
            kind=LineKind.SERVICE,
            service_category=category,
            description=what,
            quantity=hours,
            unit_price=Decimal(price),
            class_key=class_key,
        )

    def material(
        self,
        category: str,
        what: str,
        price: str,
        *,
        discount: str = "0",
        taxable: bool = True,
        class_key: str = "",
    ) -> LineDraft:
        """A line of goods: pieces by chance; `discount` in percent of the line."""
        return LineDraft(
            kind=LineKind.MATERIAL,
            material_category=category,
            description=what,
            quantity=Decimal(self._chance.randint(1, 6)),
            unit_price=Decimal(price),
            discount_percent=Decimal(discount),
            taxable=taxable,
            class_key=class_key,
        )

    def fee(self, kind: str, what: str, price: str) -> LineDraft:
        """A fee."""
        return LineDraft(kind=LineKind.FEE, fee_type=kind, description=what, unit_price=Decimal(price))

    # -- money -------------------------------------------------------------------------------------
    def card_payment(self, invoice: Invoice, reference: str) -> Payment:
        """A customer paid the whole invoice online by card."""
        fee = (invoice.total * CARD_PERCENT + CARD_FIXED).quantize(CENT)
        return self._payment([invoice], method="card", reference=reference, fee=fee)

    def check_payment(self, invoices: list[Invoice], reference: str) -> Payment:
        """A customer gave one check for several invoices."""
        return self._payment(invoices, method="check", reference=reference)

    def _payment(
        self, invoices: list[Invoice], *, method: str, reference: str, fee: Decimal = Decimal("0.00")
    ) -> Payment:
        record = Payment(
            id="",
            customer_id=invoices[0].customer_id,
            received_on=self.today,
            amount=sum((invoice.total for invoice in invoices), Decimal("0.00")),
            method=method,
            reference=reference,
            applications=tuple(Application(invoice_id=i.id, amount=i.total) for i in invoices),
            fee=fee,
        )
        with self._begin() as tx:
            return tx.record_payment(record)

    def payout(self, payments: list[Payment]) -> Payout:
        """The payments reached the bank, less what the processor kept."""
        fees = sum((payment.fee for payment in payments), Decimal("0.00"))
        record = Payout(
            id="",
            date=self.today,
            account_key="checking",
            payment_ids=tuple(payment.id for payment in payments),
            fees=fees,
            net=sum((payment.amount for payment in payments), Decimal("0.00")) - fees,
        )
        with self._begin() as tx:
            return tx.settle_payout(record)

    # -- costs -------------------------------------------------------------------------------------
    def card_purchase(self, vendor: Vendor, jobs: list[Job], number: str) -> Expense:
        """Material for several jobs bought by card; the tax on it is spread over the lines."""
        lines = [
            self._cost(n, f"Copper and fittings for {job.name}", material="pipe_fittings", job=job)
            for n, job in enumerate(jobs, start=1)
        ]
        goods = sum((line.amount for line in lines), Decimal("0.00"))
        with self._begin() as tx:
            receipt = tx.keep_receipt(
                filename=f"receipt-{number}.png", content_type="image/png", content=PICTURE
            )
        tax = (goods * Decimal("0.0825")).quantize(CENT)
        record = Expense(
            id="",
            type=ExpenseType.CARD,
            vendor_id=vendor.id,
            vendor_invoice_number=number,
            date=self.today,
            payment_account_key="company_card",
            lines=tuple(lines),
            tax=tax,
            total=goods + tax,
            branch="north",
            receipts=(receipt,),
        )
        with self._begin() as tx:
            return tx.record_expense(record)

    def subcontractor_bill(self, vendor: Vendor, job: Job, number: str) -> Expense:
        """A subcontractor sent his bill for a job."""
        lines = (
            self._cost(1, "Wall opened and closed", expense="subcontractor", job=job),
            self._cost(2, "Lift for two days", expense="rental", job=job, class_key="service"),
        )
        record = Expense(
            id="",
            type=ExpenseType.SUBCONTRACT,
            vendor_id=vendor.id,
            vendor_invoice_number=number,
            date=self.today,
            due_date=self.today + dt.timedelta(days=30),
            terms="net_30",
            lines=lines,
            total=sum((line.amount for line in lines), Decimal("0.00")),
            branch="south",
        )
        with self._begin() as tx:
            return tx.record_expense(record)

    def _cost(
        self, number: int, what: str, *, job: Job, material: str = "", expense: str = "", class_key: str = ""
    ) -> CostLine:
        amount = Decimal(self._chance.randint(4_000, 60_000)).scaleb(-2)
        return CostLine(
            line_id=str(number),
            amount=amount,
            unit_cost=amount,
            description=what,
            material_category=material,
            expense_category=expense,
            job_id=job.id,
            class_key=class_key,
        )

    # -- looking -----------------------------------------------------------------------------------
    def row(self, ref: RecordRef) -> Row:
        """A record with its status and balance."""
        with self._begin() as tx:
            found = tx.row(ref)
        assert found is not None, f"{ref} is not there"
        return found

    def payments(self) -> list[Payment]:
        """All payments."""
        found = self._core.iterate(self._tenant, kinds=[RecordKind.PAYMENT])
        return [snapshot.record for snapshot in found if isinstance(snapshot.record, Payment)]

    def send_reminders(self, day: dt.date) -> ReminderRun:
        """The reminder run of a day."""
        return send_reminders(self._core, self._tenant, day)

    def _begin(self) -> AbstractContextManager[Transaction]:
        return self._core.begin(self._tenant, actor=f"{self._tenant}-bookkeeper")


def address(street: str) -> Address | None:
    """An address in Reno; none for no street."""
    if not street:
        return None
    return Address(line1=street, city="Reno", state="NV", postal_code="89501")
