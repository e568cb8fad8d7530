"""What the office does in the trades, beside whichever books: permits, subcontracts, progress applications."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any, Protocol

from blueops_qb.domain.records import (
    CostLine,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Permit,
    PermitPayer,
    ProgressApplication,
    SovLine,
    SubcontractBill,
    Vendor,
)
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.whole_path import DAY, fee
from tests.whole_path_acts import cost

D = Decimal


class Company(Protocol):
    """A company of core, beside whichever books."""

    def work(self) -> contextlib.AbstractContextManager[Any]:
        """A transaction of core, as its pages would open it."""

    def vendor(self, **fields: Any) -> Vendor:
        """A new vendor."""

    def invoice(self, job: Job, *lines: LineDraft, **fields: Any) -> Invoice:
        """An invoice of a job."""


# -- permits -------------------------------------------------------------------------------------------
def bought(
    house: Company, job: Job, payer: PermitPayer | None, type: ExpenseType = ExpenseType.CARD, **fields: Any
) -> Expense:
    """A permit of 185.00 from the city."""
    permit = Permit(
        number="B-77", payer=payer, **{k: fields.pop(k) for k in ("included_in_contract",) if k in fields}
    )
    return cost(
        house,
        type,
        fields.pop("total", "185.00"),
        vendor=house.vendor(vendor_type="authority"),
        job=job,
        permit=permit,
        **fields,
    )


def billed(house: Company, job: Job, payer: PermitPayer | None) -> Invoice:
    """The permit at cost, with 45.00 for handling."""
    line = LineDraft(kind=LineKind.PERMIT, description="Permit", unit_price=D("185.00"), permit_payer=payer)
    return house.invoice(job, line, fee("permit_handling", "45.00"))


# -- subcontracts --------------------------------------------------------------------------------------
def work_line(id: str, amount: str, job: Job, **more: Any) -> CostLine:
    """A line of a subcontractor's bill."""
    return CostLine(line_id=id, amount=D(amount), cost_code="03-300", job_id=job.id, **more)


def sub(house: Company) -> Vendor:
    """A subcontractor."""
    return house.vendor(is_1099=True, vendor_type="subcontractor")


def bill(
    house: Company, vendor: Vendor, job: Job, total: str, *lines: CostLine, name: str = "", **terms: Any
) -> Expense:
    """An application of subcontract `name`."""
    freight = terms.pop("freight", D("0.00"))
    record = Expense(
        id="",
        type=ExpenseType.SUBCONTRACT,
        date=DAY,
        total=D(total),
        lines=lines,
        vendor_id=vendor.id,
        freight=freight,
        subcontract=SubcontractBill(subcontract_id=name or f"S-{job.id}", job_id=job.id, **terms),
    )
    with house.work() as tx:
        found: Expense = tx.record_expense(record)
    return found


# -- progress applications -----------------------------------------------------------------------------
#: (approved changes, work of original, of CO1, of CO2, percent) of each application of section 7.1.
CONTRACT: list[tuple[str, str, str | None, str | None, int]] = [
    ("0.00", "70000.00", None, None, 10),
    ("25000.00", "65000.00", "9000.00", None, 10),
    ("17000.00", "148000.00", "16000.00", "-8000.00", 5),
    ("17000.00", "217000.00", "0.00", "0.00", 5),
]


def sov(id: str, scheduled: str, now: str, percent: int, **more: Any) -> SovLine:
    """A line of the schedule of values."""
    return SovLine(
        sov_line_id=id,
        description=f"Work {id}",
        scheduled=D(scheduled),
        this_period=D(now),
        retainage_percent=D(percent),
        **more,
    )


def application(number: int, approved: str, *lines: SovLine, **more: Any) -> ProgressApplication:
    """An application of a contract over 500,000.00."""
    return ProgressApplication(
        number=number,
        original_contract=D("500000.00"),
        approved_changes=D(approved),
        lines=lines,
        **more,
    )


def the_contract(number: int) -> ProgressApplication:
    """Application `number` of the contract of section 7.1."""
    approved, original, first, second, percent = CONTRACT[number - 1]
    lines = [sov("1", "500000.00", original, percent)]
    if first is not None:
        lines.append(sov("2", "25000.00", first, percent, change_order_id="CO1"))
    if second is not None:
        lines.append(sov("3", "-8000.00", second, percent, change_order_id="CO2"))
    return application(number, approved, *lines)


def certify(house: Company, job: Job, application: ProgressApplication, number: str = "") -> Invoice:
    """The certified application as core's invoice."""
    draft = InvoiceDraft(
        customer_id=job.customer_id,
        job_id=job.id,
        issue_date=DAY,
        number=number or f"{job.id}-APP-{application.number}",
        lines=[],
        application=application,
    )
    with house.work() as tx:
        found: Invoice = tx.raise_invoice(draft)
    return found
