"""Invoices (reference/quickbooks-online.md sections 4.9 to 4.12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain.documents import SalesInvoice, SalesLine, TaxMode
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    Obj,
    Unfit,
    address,
    address_of,
    amount_of,
    cents,
    day_of,
    exactly,
    leaf_of,
    needed_day,
    needed_ref,
    note,
    number_of,
    put_ref,
    rated,
    ref,
    ref_id,
    ref_of,
    split_note,
    words,
)

ITEM, TEXT, DISCOUNT = "SalesItemLineDetail", "DescriptionLineDetail", "DiscountLineDetail"
GROUP, SUBTOTAL = "GroupLineDetail", "SubTotalLineDetail"
#: One address; several, or a broken one, can make QuickBooks fail a whole query later (section 4.1).
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")


def invoice_body(document: SalesInvoice, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of an invoice, with lines, discount and tax when `whole`; raises Unfit."""
    body: Obj = {"CustomerRef": ref(document.customer, "The customer"), "TxnDate": document.date.isoformat()}
    if document.number and profile.custom_numbers:
        body["DocNumber"] = exactly(document.number, NUMBER, "The invoice number")
    due = document.due_date or (document.date if document.terms is None else None)
    if due is not None:
        body["DueDate"] = due.isoformat()
    put_ref(body, "SalesTermRef", document.terms, "The terms")
    if profile.locations:
        put_ref(body, "DepartmentRef", document.location, "The location")
    if profile.class_tracking is Tracking.PER_TRANSACTION:
        put_ref(body, "ClassRef", document.class_, "The class")
    shipping = address(document.shipping)
    if shipping:
        body["ShipAddr"] = shipping
    if len(document.email) <= 100 and _EMAIL.fullmatch(document.email.strip()):
        body["BillEmail"] = {"Address": document.email.strip()}
    body["EmailStatus"] = "NotSet"
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    return {**body, **_money(document, profile)} if whole else body


def invoice_of(obj: Obj, profile: BooksProfile) -> SalesInvoice:
    """The document that an Invoice object shows; its mode says only that the tax is known."""
    memo, _, voided = split_note(str(obj.get("PrivateNote") or ""))
    lines = obj.get("Line") or []
    discounts = [line for line in lines if DISCOUNT in line]
    tax = obj.get("TxnTaxDetail") or {}
    total = amount_of(obj, "TotalAmt")
    return SalesInvoice(
        customer=needed_ref(obj, "CustomerRef", BooksKind.CUSTOMER),
        date=needed_day(obj, "TxnDate"),
        number=str(obj.get("DocNumber") or "") if profile.custom_numbers else "",
        due_date=day_of(obj, "DueDate"),
        terms=ref_of(obj, "SalesTermRef", BooksKind.TERM),
        lines=tuple(_lines_of(lines)),
        discount=sum((amount_of(line, "Amount") for line in discounts), ZERO),
        discount_account=ref_of(discounts[0][DISCOUNT], "DiscountAccountRef", BooksKind.ACCOUNT)
        if discounts
        else None,
        discount_before_tax=obj.get("ApplyTaxAfterDiscount") is True,
        tax_mode=TaxMode.OURS,
        tax=amount_of(tax, "TotalTax"),
        tax_code=ref_of(tax, "TxnTaxCodeRef", BooksKind.TAX_CODE)
        if profile.sales_tax is SalesTax.MANUAL
        else None,
        total=total,
        location=ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        class_=ref_of(obj, "ClassRef", BooksKind.CLASS),
        shipping=address_of(obj, "ShipAddr"),
        email=leaf_of(obj, "BillEmail", "Address"),
        memo=memo,
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
        void=voided and total == ZERO,
    )


def _money(document: SalesInvoice, profile: BooksProfile) -> Obj:
    taxing = profile.sales_tax is not SalesTax.OFF
    body: Obj = {}
    if document.discount and taxing:
        body["ApplyTaxAfterDiscount"] = document.discount_before_tax
    body["Line"] = _lines(document, profile)
    if not taxing and document.tax:
        raise Unfit(
            f"The invoice charges {document.tax} sales tax, but sales tax is switched off in QuickBooks Online. "
            "Switch it on there, or choose in the settings that tax is sent as a line of its own."
        )
    if taxing:
        tax = _tax(document)
        if tax:
            body["TxnTaxDetail"] = tax
    return body


def _lines(document: SalesInvoice, profile: BooksProfile) -> list[Obj]:
    code = _tax_codes(document, profile)
    by_line = profile.class_tracking is Tracking.PER_LINE
    told = [line for line in document.lines if line.item or line.amount or words(line.description)]
    if not told:
        raise Unfit("The invoice has no lines; QuickBooks Online needs at least one.")
    lines = [_line(line, code=code, by_line=by_line) for line in told]
    if document.discount:
        if not profile.allows_discount:
            raise Unfit(
                "The invoice has a discount, but discounts are switched off in QuickBooks Online. "
                "Switch them on there (Account and settings, Sales), then refresh the catalog."
            )
        detail: Obj = {"PercentBased": False}
        put_ref(detail, "DiscountAccountRef", document.discount_account, "The discount account")
        lines.append({"DetailType": DISCOUNT, "Amount": cents(document.discount), DISCOUNT: detail})
    return lines


def _tax_codes(document: SalesInvoice, profile: BooksProfile) -> tuple[Obj, Obj] | None:
    if profile.sales_tax is SalesTax.OFF:
        return None
    taxed = "NON" if document.tax_mode is TaxMode.NONE else "TAX"
    return {"value": "NON"}, {"value": taxed}


def _line(line: SalesLine, *, code: tuple[Obj, Obj] | None, by_line: bool) -> Obj:
    body: Obj = {"Id": line.books_line_id} if line.books_line_id else {}
    if line.item is None:
        if line.amount:
            raise Unfit(f"The line “{line.description}” over {line.amount} has no item; map it to one.")
        return {**body, "DetailType": "DescriptionOnly", "Description": words(line.description), TEXT: {}}
    amount = cents(line.amount)
    detail: Obj = {"ItemRef": {"value": line.item.id}}
    product = rated(line.quantity, line.unit_price, amount)
    if product:
        detail["Qty"], detail["UnitPrice"] = product
    if line.service_date is not None:
        detail["ServiceDate"] = line.service_date.isoformat()
    if by_line and line.class_ is not None:
        detail["ClassRef"] = {"value": line.class_.id}
    if code is not None:
        detail["TaxCodeRef"] = code[line.taxable]
    body["DetailType"] = ITEM
    body["Amount"] = amount
    text = words(line.description)
    if text:
        body["Description"] = text
    body[ITEM] = detail
    return body


def _tax(document: SalesInvoice) -> Obj:
    detail: Obj = {}
    if document.tax_mode is TaxMode.NONE:
        return {"TotalTax": ZERO}
    put_ref(detail, "TxnTaxCodeRef", document.tax_code, "The tax code")
    if document.tax_mode is TaxMode.OURS:
        detail["TotalTax"] = cents(document.tax or ZERO)
    return detail


def _lines_of(lines: list[Obj]) -> Iterator[SalesLine]:
    for line in lines:
        if GROUP in line:  # a bundle: its components, which carry the amounts
            yield from _lines_of((line[GROUP] or {}).get("Line") or [])
        elif SUBTOTAL not in line and DISCOUNT not in line:
            yield _line_of(line)


def _line_of(line: Obj) -> SalesLine:
    detail = line.get(ITEM) or {}
    return SalesLine(
        books_line_id=str(line.get("Id") or ""),
        item=ref_of(detail, "ItemRef", BooksKind.ITEM),
        account=ref_of(detail, "ItemAccountRef", BooksKind.ACCOUNT),
        description=str(line.get("Description") or ""),
        quantity=number_of(detail, "Qty"),
        unit_price=number_of(detail, "UnitPrice"),
        amount=amount_of(line, "Amount") if ITEM in line else _text_amount(line),
        taxable=ref_id(detail, "TaxCodeRef").upper() == "TAX",
        class_=ref_of(detail, "ClassRef", BooksKind.CLASS),
        service_date=day_of(detail, "ServiceDate"),
    )


def _text_amount(line: Obj) -> Decimal:
    # A text line has no amount of its own; an inline subtotal shows one that must not be counted twice.
    known = TEXT in line or line.get("DetailType") in (None, "DescriptionOnly", "DESCRIPTION_ONLY")
    return ZERO if known else amount_of(line, "Amount")
