"""An invoice and a company as tests of the Desktop codec use them, and the ways to write, read back and change."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

from blueops_qb.domain.documents import Document, SalesForm, SalesInvoice, SalesLine, kind_of
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_echo import Echo, brought, types_of

PROFILE = BooksProfile(company_id="file-1", sales_tax=SalesTax.MANUAL, class_tracking=Tracking.PER_LINE)
USUAL = Books(profile=PROFILE)
CUSTOMER, ITEM, OFF, TAX = (
    BooksRef(BooksKind.CUSTOMER, "8-1"),
    BooksRef(BooksKind.ITEM, "9-1"),
    BooksRef(BooksKind.ITEM, "D-1"),
    BooksRef(BooksKind.TAX_CODE, "T-1"),
)
DAY = dt.date(2026, 1, 2)
INVOICE = SalesInvoice(
    customer=CUSTOMER,
    date=DAY,
    number="BO-10023",
    due_date=dt.date(2026, 2, 1),
    lines=(
        SalesLine(item=ITEM, description="Repair", quantity=D("2.5"), unit_price=D(120), amount=D("300.00")),
        SalesLine(item=ITEM, description="Valve kit", amount=D("100.00"), taxable=True),
    ),
    discount=D("40.00"),
    discount_account=OFF,
    tax=D("7.43"),
    tax_code=TAX,
    total=D("367.43"),
    memo="Gate code 12",
)


def echo_of(document: Document) -> Echo:
    tax = document.tax if isinstance(document, SalesForm) else None
    return Echo(tax=tax or ZERO, amounts=brought(document), types=types_of(document))


def read_back(document: Document, books: Books, request: Element) -> BooksRecord:
    record = record_of(echo_of(document).show(request), books)
    assert record is not None
    assert record.document is not None, record.facts
    return record


def update(record: BooksRecord, document: Document, **values: Any) -> Operation:
    assert record.document is not None
    return Operation(
        id="op1",
        verb=Verb.UPDATE,
        kind=kind_of(document),
        document=document,
        target_id=record.id,
        version=record.version,
        previous=normal(record.document),
        shown=record.shown,
        marker="invoice:1041.1",
        **values,
    )
