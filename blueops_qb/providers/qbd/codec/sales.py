"""Sales forms: invoices, credit memos, sales receipts and estimates (sections 4.5, 4.6 and the schema)."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.documents import (
    CreditMemo,
    Estimate,
    EstimateStatus,
    SalesForm,
    SalesInvoice,
    SalesReceipt,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import SalesTax
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    address,
    address_of,
    amount_of,
    day_of,
    derived,
    flag,
    is_set,
    needed_day,
    needed_ref,
    note,
    put,
    put_ref,
    ref,
    ref_of,
    split_note,
)
from blueops_qb.providers.qbd.codec.places import FIELD, place_of, told_place
from blueops_qb.providers.qbd.codec.sale_lines import is_written, line_members, lines_of, with_discount_lines
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

#: Longest number of the check that paid a sales receipt.
CHECK_NUMBER = 25
_OPEN = frozenset({EstimateStatus.PENDING, EstimateStatus.ACCEPTED})


# -- invoices --------------------------------------------------------------------------------------
def invoice_head(document: SalesInvoice, books: Books, marker: str) -> list[Element]:
    """The members of an invoice without its lines; raises Unwritable."""
    if document.deposit:
        raise Unwritable(
            f"The invoice takes a deposit of {document.deposit} on the form itself, which QuickBooks Desktop cannot. "
            "Record the deposit in BlueOps as a payment, or let the deposit be a line of the invoice."
        )
    body = _head(document, books, marker, "invoice")
    due = document.due_date or (document.date if document.terms is None else None)
    if due is not None:
        body.append(leaf("DueDate", due.isoformat()))
    put_ref(body, "TermsRef", document.terms, "The terms")
    return body


def invoice_of(ret: Element, books: Books) -> SalesInvoice:
    """The document that an InvoiceRet shows."""
    return SalesInvoice(
        **_shared_of(ret, "Invoice", books),
        customer=needed_ref(ret, "CustomerRef", BooksKind.CUSTOMER),
        due_date=day_of(ret, "DueDate"),
        terms=ref_of(ret, "TermsRef", BooksKind.TERM),
    )


# -- credit memos, receipts, estimates -------------------------------------------------------------
def credit_memo_head(document: CreditMemo, books: Books, marker: str) -> list[Element]:
    """The members of a credit memo without its lines; amounts are positive. Raises Unwritable."""
    return _head(document, books, marker, "credit memo")


def credit_memo_of(ret: Element, books: Books) -> CreditMemo:
    """The document that a CreditMemoRet shows."""
    shared = _shared_of(ret, "CreditMemo", books)
    return CreditMemo(**shared, customer=needed_ref(ret, "CustomerRef", BooksKind.CUSTOMER))


def sales_receipt_head(document: SalesReceipt, books: Books, marker: str) -> list[Element]:
    """The members of a sales receipt without its lines; raises Unwritable."""
    body = _head(document, books, marker, "sales receipt")
    put(body, "CheckNumber", derived(document.reference, CHECK_NUMBER))
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    put_ref(body, "DepositToAccountRef", document.deposit_to, "The account the money goes to")
    return body


def sales_receipt_of(ret: Element, books: Books) -> SalesReceipt:
    """The document that a SalesReceiptRet shows."""
    return SalesReceipt(
        **_shared_of(ret, "SalesReceipt", books),
        customer=ref_of(ret, "CustomerRef", BooksKind.CUSTOMER),
        method=ref_of(ret, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        reference=ret.get("CheckNumber"),
        deposit_to=ref_of(ret, "DepositToAccountRef", BooksKind.ACCOUNT),
    )


def estimate_head(document: Estimate, books: Books, marker: str) -> list[Element]:
    """The members of an estimate without its lines; raises Unwritable. Desktop only knows active ones and others."""
    return [*_head(document, books, marker, "estimate"), flag("IsActive", is_open(document.status))]


def estimate_of(ret: Element, books: Books) -> Estimate:
    """The document that an EstimateRet shows."""
    active = is_set(ret, "IsActive", default=True)
    return Estimate(
        **_shared_of(ret, "Estimate", books),
        customer=needed_ref(ret, "CustomerRef", BooksKind.CUSTOMER),
        status=EstimateStatus.PENDING if active else EstimateStatus.CLOSED,
    )


def is_open(status: EstimateStatus) -> bool:
    """Whether an estimate still stands."""
    return status in _OPEN


# -- what all share --------------------------------------------------------------------------------
def sale_lines(document: SalesForm, books: Books, what: str) -> list[list[Element]]:
    """The members of every line, discounts among them; raises Unwritable."""
    if not any(is_written(line) for line in document.lines):
        raise Unwritable(f"The {what} has no lines; QuickBooks Desktop needs at least one.")
    return [line_members(line, document, books, what) for line in with_discount_lines(document)]


def _head(document: SalesForm, books: Books, marker: str, what: str) -> list[Element]:
    body: list[Element] = []
    if document.customer is not None:
        body.append(ref("CustomerRef", document.customer, "The customer"))
    body.append(leaf("TxnDate", document.date.isoformat()))
    put(body, "RefNumber", fitted(Space.NUMBER, document.number, books.names, f"The {what} number"))
    shipping = address("ShipAddress", document.shipping)
    if shipping is not None:
        body.append(shipping)
    body += _tax(document, books)
    put(body, "Memo", note(document.memo, marker))
    place = told_place(document, books)
    put(body, FIELD, "" if place is None else place.id)
    return body


def check_tax(document: SalesForm, books: Books, what: str) -> None:
    """Raises Unwritable for a tax that the company cannot charge, or charges by another item than we mean."""
    charged = document.tax if document.tax_mode is TaxMode.OURS else None
    if charged and not books.taxing:
        raise Unwritable(
            f"The {what} charges {charged} sales tax, but sales tax is switched off in QuickBooks Desktop. "
            "Switch it on there, or choose in the settings that tax is sent as a line of its own."
        )
    if charged and document.tax_code is None:
        raise Unwritable(
            f"The {what} charges {charged} sales tax, and no sales tax item is chosen for it; QuickBooks Desktop "
            "would charge the customer's own. Choose the item or group of the place on the mapping page."
        )


def _tax(document: SalesForm, books: Books) -> list[Element]:
    if not books.taxing or document.tax_code is None:
        return []
    return [ref("ItemSalesTaxRef", document.tax_code, "The sales tax")]


def _shared_of(ret: Element, name: str, books: Books) -> dict[str, Any]:
    memo, _, voided = split_note(ret.get("Memo"))
    lines = lines_of(ret, name, books)
    tax = amount_of(ret, "SalesTaxTotal")
    total = amount_of(ret, "TotalAmount") if ret.has("TotalAmount") else amount_of(ret, "Subtotal") + tax
    manual = books.profile.sales_tax is SalesTax.MANUAL
    return {
        "date": needed_day(ret, "TxnDate"),
        "number": ret.get("RefNumber"),
        "lines": lines,
        "tax_mode": TaxMode.OURS,
        "tax": tax,
        "tax_code": ref_of(ret, "ItemSalesTaxRef", BooksKind.TAX_CODE) if manual else None,
        "total": total,
        "shipping": address_of(ret, "ShipAddress"),
        "location": place_of(ret, books),
        "memo": memo,
        "currency": currency_of(ret, books.profile),
        "void": voided and total == ZERO and not any(line.amount for line in lines),
    }
