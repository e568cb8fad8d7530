"""Updates of the QuickBooks Online codec as the engine asks for them, on an object as the mirror keeps it."""

import copy
import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    Bill,
    Document,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile, CustomField, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import from_qbo, normal, to_qbo
from blueops_qb.sdk.provider import Verb
from tests.qbo_documents import operation
from tests.qbo_echo import Echo

PROFILE = BooksProfile(
    company_id="9130",
    sales_tax=SalesTax.MANUAL,
    class_tracking=Tracking.PER_LINE,
    locations=True,
    custom_fields=(CustomField(name="Crew", id="1"),),
)
DAY = dt.date(2026, 1, 2)
CUSTOMER, VENDOR = BooksRef(BooksKind.CUSTOMER, "59"), BooksRef(BooksKind.VENDOR, "7")
ITEM, OTHER = BooksRef(BooksKind.ITEM, "12"), BooksRef(BooksKind.ITEM, "13")
ACCOUNT, BANK = BooksRef(BooksKind.ACCOUNT, "86"), BooksRef(BooksKind.ACCOUNT, "35")
TERM, LOCATION = BooksRef(BooksKind.TERM, "3"), BooksRef(BooksKind.LOCATION, "2")
SALE, COST = "SalesItemLineDetail", "AccountBasedExpenseLineDetail"


def sold(key: str, amount: str, **values: Any) -> SalesLine:
    return SalesLine(**{"line_id": key, "item": ITEM, "description": key, "amount": D(amount), **values})


INVOICE = SalesInvoice(
    customer=CUSTOMER,
    date=DAY,
    due_date=DAY,
    lines=(sold("a", "10.00"), sold("b", "20.00"), sold("c", "30.00")),
    tax=D("0.00"),
    total=D("60.00"),
)
COSTS = (
    PurchaseLine(line_id="a", account=ACCOUNT, description="a", amount=D("10.00"), customer=CUSTOMER),
    PurchaseLine(line_id="b", account=ACCOUNT, description="b", amount=D("20.00"), customer=CUSTOMER),
)
BILL = Bill(vendor=VENDOR, date=DAY, lines=COSTS, total=D("30.00"), location=LOCATION)


def shown(document: Document, profile: BooksProfile = PROFILE) -> dict[str, Any]:
    """The object as QuickBooks shows it after the document was created."""
    body = to_qbo(document, operation(document, marker="x:1.1"), profile)
    return Echo(profile, version=3).show(kind_of(document), body)


def update(
    document: Document, obj: dict[str, Any], *, told: Document | None = None, profile: BooksProfile = PROFILE
) -> dict[str, Any]:
    """The update as the engine asks for it, on the object as the mirror keeps it."""
    record = from_qbo(kind_of(document), copy.deepcopy(obj), profile)
    assert record.document is not None
    op = operation(
        document,
        verb=Verb.UPDATE,
        target_id=record.id,
        version=record.version,
        previous=normal(record.document),
        shown=record.shown,
        told=told,
        marker="x:1.1",
    )
    return to_qbo(document, op, profile)


def with_lines(*lines: SalesLine) -> SalesInvoice:
    return attrs.evolve(INVOICE, lines=lines, total=sum((line.amount for line in lines), D(0)))
