"""Kept: what a company with its preferences will show of a document; what it drops or decides is left out."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    BillPayment,
    CustomerRecord,
    Document,
    JournalEntry,
    JournalLine,
    PurchaseForm,
    SalesForm,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking


def kept(document: Document, profile: BooksProfile) -> Document:
    """The document without what a company with these preferences does not keep."""
    match document:
        case SalesForm():
            return _kept_sale(document, profile)
        case PurchaseForm():
            lines = tuple(_kept_class(line, profile) for line in document.lines)
            location = document.location if profile.locations else None
            return attrs.evolve(document, lines=lines, location=location)
        case BillPayment():
            return attrs.evolve(document, location=document.location if profile.locations else None)
        case JournalEntry():
            postings = tuple(_kept_posting(line, profile) for line in document.lines)
            return attrs.evolve(document, lines=postings)
        case CustomerRecord() if profile.sales_tax not in (SalesTax.MANUAL, SalesTax.AUTOMATIC):
            return attrs.evolve(document, taxable=None, exemption_reason=None, certificate="")
        case CustomerRecord(exemption_reason=int()) if profile.sales_tax is SalesTax.MANUAL:
            return attrs.evolve(document, taxable=False, exemption_reason=None)
        case AccountRecord() if not profile.account_numbers:
            return attrs.evolve(document, number="")
        case _:
            return document


def _kept_sale(document: Any, profile: BooksProfile) -> Document:
    off = profile.sales_tax is SalesTax.OFF
    per_transaction = profile.class_tracking is Tracking.PER_TRANSACTION
    books_decide = document.tax_mode is TaxMode.BOOKS and not off
    lines = (_kept_class(line, profile) for line in document.lines)
    sale: Document = attrs.evolve(
        document,
        number=document.number if profile.custom_numbers else "",
        lines=tuple(attrs.evolve(line, taxable=False) if off else line for line in lines),
        tax=None if books_decide else ZERO if off else document.tax or ZERO,
        total=None if books_decide else document.total,
        tax_code=document.tax_code if profile.sales_tax is SalesTax.MANUAL else None,
        location=document.location if profile.locations else None,
        class_=document.class_ if per_transaction else None,
    )
    return sale


def _kept_class(line: Any, profile: BooksProfile) -> Any:
    keeps = line.class_ is None or profile.class_tracking is Tracking.PER_LINE
    return line if keeps else attrs.evolve(line, class_=None)


def _kept_posting(line: JournalLine, profile: BooksProfile) -> JournalLine:
    line = _kept_class(line, profile)
    return line if profile.locations else attrs.evolve(line, location=None)
