"""Kept: what a company with its preferences will show of a document; what it drops or decides is left out."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    Bill,
    BillPayment,
    ClassRecord,
    CustomerRecord,
    Document,
    Estimate,
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PaidBy,
    PurchaseForm,
    PurchaseOrder,
    SalesForm,
    SalesInvoice,
    TaxMode,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.places import told_place
from blueops_qb.providers.qbd.codec.short_names import Space, is_fit
from blueops_qb.providers.qbd.settings import LocationAs


def kept(document: Document, books: Books) -> Document:
    """The document without what a company with these preferences does not keep, under its short names."""
    document = _named(document, books)
    match document:
        case SalesForm():
            return _sale(document, books)
        case PurchaseForm():
            return _cost(document, books)
        case BillPayment():
            return attrs.evolve(document, location=None)
        case JournalEntry():
            lines = tuple(_classed(line, line.location, books) for line in document.lines)
            return attrs.evolve(document, lines=tuple(attrs.evolve(line, location=None) for line in lines))
        case CustomerRecord():
            return _customer(document, books)
        case VendorRecord():
            return document if books.profile.multicurrency else attrs.evolve(document, currency="")
        case AccountRecord() if not books.profile.account_numbers:
            return attrs.evolve(document, number="")
        case ItemRecord() if not books.taxing:
            return attrs.evolve(document, taxable=False)
        case _:
            return document


def moved_place(document: Document, told: Document | None, books: Books) -> Document:
    """A document to change, whose lines follow it from the class of its former location to that of its present one.

    `told` is what we told before. Lines that did not move are those that the books show, where all bear a class: one
    whose own class is that of the former location cannot be told from one that took it over, and follows too.
    """
    now: Any = document
    before: Any = told
    if told is None or type(told) is not type(document) or not isinstance(document, SalesForm | PurchaseForm):
        return document
    was, place = _as_class(before.location, books), _as_class(now.location, books)
    if was is None or was == place:
        return document
    lines = (attrs.evolve(line, class_=None) if line.class_ == was else line for line in now.lines)
    moved: Document = attrs.evolve(now, lines=tuple(lines))
    return moved


def _named(document: Any, books: Books) -> Any:
    match document:
        case CustomerRecord() | VendorRecord():
            return attrs.evolve(document, name=_short(Space.NAME, document.name, books))
        case AccountRecord() | ItemRecord() | ClassRecord():
            return attrs.evolve(document, name=_short(Space.ITEM, document.name, books))
        case Bill() | VendorCredit():
            return attrs.evolve(document, number=_short(Space.VENDOR_NUMBER, document.number, books))
        case SalesForm() | ExpenseDocument() | PurchaseOrder() | JournalEntry() | BillPayment():
            return attrs.evolve(document, number=_short(Space.NUMBER, document.number, books))
        case _:
            return document


def _short(space: Space, text: str, books: Books) -> str:
    return text if is_fit(space, text) else books.names.short(space, text) or text


def _customer(document: CustomerRecord, books: Books) -> CustomerRecord:
    # A reason is one of Online's; here the code says that no tax is charged.
    exempt = document.exemption_reason is not None or document.taxable is False
    return attrs.evolve(
        document,
        taxable=(False if exempt else document.taxable) if books.taxing else None,
        exemption_reason=None,
        certificate=document.certificate if books.taxing else "",
        currency=document.currency if books.profile.multicurrency else "",
    )


def _sale(document: Any, books: Books) -> Document:
    books_decide = document.tax_mode is TaxMode.BOOKS and books.taxing
    location = _as_class(document.location, books) or document.class_
    lines = tuple(_classed(line, location, books) for line in document.lines)
    # Without a tax of ours no line is told to be taxable, or QuickBooks would charge one.
    taxed = books.taxing and (document.tax_mode is TaxMode.BOOKS or bool(document.tax))
    changes: dict[str, Any] = {
        "lines": lines if taxed else tuple(attrs.evolve(line, taxable=False) for line in lines),
        "tax": None if books_decide else document.tax or ZERO if books.taxing else ZERO,
        "total": None if books_decide else document.total,
        "tax_code": document.tax_code if books.profile.sales_tax is SalesTax.MANUAL else None,
        "location": told_place(document, books),
        "class_": None,
        "discount_account": _discount_item(document, books),
    }
    if isinstance(document, SalesInvoice):
        changes["estimate"] = None
    if isinstance(document, Estimate):
        changes |= {"expires": None, "accepted_by": "", "accepted_on": None}
    sale: Document = attrs.evolve(document, **changes)
    return sale


def _discount_item(document: Any, books: Books) -> Any:
    """The discount item that posts to the account of the discount, where the company has one."""
    account = document.discount_account
    if not isinstance(account, BooksRef) or account.kind is not BooksKind.ACCOUNT:
        return account
    item = books.profile.discount_items.get(account.id)
    return account if item is None else BooksRef(BooksKind.ITEM, item)


def _cost(document: Any, books: Books) -> Document:
    lines = tuple(_classed(line, document.location, books) for line in document.lines)
    changes: dict[str, Any] = {"lines": lines, "location": None}
    if isinstance(document, ExpenseDocument):
        changes["method"] = None
        if document.paid_by is PaidBy.CASH:
            changes["paid_by"] = PaidBy.CHECK
    if isinstance(document, PurchaseOrder):
        changes["ap_account"] = None
    cost: Document = attrs.evolve(document, **changes)
    return cost


def _classed(line: Any, location: BooksRef | None, books: Books) -> Any:
    """The line under its class, else that of the location or the whole form; without any where none are tracked."""
    if books.profile.class_tracking is Tracking.OFF:
        return attrs.evolve(line, class_=None)
    if line.class_ is not None or (hasattr(line, "taxable") and line.item is None):
        return line
    given = location if location is None or location.kind is BooksKind.CLASS else _as_class(location, books)
    return attrs.evolve(line, class_=given)


def _as_class(location: BooksRef | None, books: Books) -> BooksRef | None:
    if location is None or books.settings.location_as is not LocationAs.CLASS:
        return None
    return BooksRef(BooksKind.CLASS, location.id)
