"""What the office does in tests of the whole path, and where it stands in the books."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

import attrs

from blueops_qb.domain.records import (
    Application,
    BundlePart,
    CostLine,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Payment,
    Vendor,
)
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.whole_path import DAY, D, WholePath


class Works(Protocol):
    """A company of core, beside whichever books."""

    def work(self) -> contextlib.AbstractContextManager[Any]:
        """A transaction of core, as its pages would open it."""


def check(house: Works, job: Job, amount: str, *parts: tuple[Invoice, str], **fields: Any) -> Payment:
    """A check of the job's customer."""
    applied = tuple(Application(invoice_id=invoice.id, amount=D(part)) for invoice, part in parts)
    record = Payment(
        id="",
        customer_id=job.customer_id,
        received_on=DAY,
        amount=D(amount),
        applications=applied,
        **{"method": "check", **fields},
    )
    with house.work() as tx:
        found: Payment = tx.record_payment(record)
    return found


def cost(
    house: Works,
    type: ExpenseType,
    total: str,
    *lines: CostLine,
    vendor: Vendor | None = None,
    job: Job | None = None,
    **fields: Any,
) -> Expense:
    """A cost; without lines one of the whole amount, by the keys among `fields`."""
    own = {name for name in fields if name in {field.name for field in attrs.fields(CostLine)}}
    line = {name: fields.pop(name) for name in own}
    if not lines:
        lines = (CostLine(line_id="1", amount=D(total), job_id=job.id if job else None, **line),)
    record = Expense(
        id="",
        type=type,
        date=DAY,
        total=D(total),
        lines=lines,
        vendor_id=vendor.id if vendor else None,
        **{"payment_account_key": "visa", **fields},
    )
    with house.work() as tx:
        found: Expense = tx.record_expense(record)
    return found


def equipment(key: str, price: str, **more: Any) -> LineDraft:
    """A line of equipment."""
    return LineDraft(
        kind=LineKind.EQUIPMENT, description=key, unit_price=D(price), material_category=key, **more
    )


def bundle(price: str, *parts: BundlePart, **more: Any) -> LineDraft:
    """Several things for one price."""
    return LineDraft(kind=LineKind.BUNDLE, description="Installed", unit_price=D(price), parts=parts, **more)


def part(id: str, kind: LineKind, key: str, ssp: str, **more: Any) -> BundlePart:
    """One thing of a bundle."""
    named: dict[str, Any] = {"service_category" if kind is LineKind.SERVICE else "material_category": key}
    return BundlePart(part_id=id, kind=kind, ssp=D(ssp), **named, **more)


def in_books(house: WholePath, record: Any) -> str:
    """The id of a customer or job in the books."""
    name = record.name.replace("'", "\\'")
    (row,) = house.ask(f"select * from Customer where DisplayName = '{name}'")
    return str(row["Id"])


def class_id(house: WholePath, name: str) -> str:
    """The id of a class in the books."""
    (row,) = house.ask(f"select * from Class where Name = '{name}'")
    return str(row["Id"])
