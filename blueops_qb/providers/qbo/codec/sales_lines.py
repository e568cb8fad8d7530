"""Lines, discount and tax of sales forms (reference/quickbooks-online.md sections 4.10 to 4.12)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain.documents import SalesForm, SalesLine, TaxMode
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.members import (
    Obj,
    Unfit,
    amount_of,
    cents,
    day_of,
    folded,
    number_of,
    put_ref,
    rated,
    ref_id,
    ref_of,
    words,
)

ITEM, TEXT, DISCOUNT = "SalesItemLineDetail", "DescriptionLineDetail", "DiscountLineDetail"
GROUP, SUBTOTAL = "GroupLineDetail", "SubTotalLineDetail"


def is_written(line: SalesLine) -> bool:
    """Whether a line says anything; blank ones are not sent."""
    return bool(line.item or line.amount or words(line.description))


def is_subtotal(line: Obj) -> bool:
    """Whether it is the sum that QuickBooks adds by itself; its detail is empty and may be missing."""
    return SUBTOTAL in line or folded(line.get("DetailType")) == "subtotallinedetail"


def flat_lines(obj: Obj) -> list[tuple[Obj, int | None]]:
    """The lines that documents hold, each with the place of the bundle that it is part of.

    A bundle stands for its components, which carry the amounts; subtotals and discounts are no lines.
    """
    found: list[tuple[Obj, int | None]] = []
    for n, line in enumerate(obj.get("Line") or []):
        found += [(part, n) for part in _parts(line)] if GROUP in line else [(line, None)]
    return [(line, bundle) for line, bundle in found if not is_subtotal(line) and DISCOUNT not in line]


def _parts(line: Obj) -> Iterator[Obj]:
    for part in (line[GROUP] or {}).get("Line") or []:
        if GROUP in part:
            yield from _parts(part)
        else:
            yield part


def lines_of(obj: Obj) -> tuple[SalesLine, ...]:
    """The lines that an object shows, in the order of `flat_lines`."""
    return tuple(_line_of(line) for line, _ in flat_lines(obj))


def discount_of(obj: Obj) -> tuple[Decimal, Obj]:
    """(what is taken off the whole form, the detail that says to which account)."""
    taken = [line for line in obj.get("Line") or [] if DISCOUNT in line]
    return sum((amount_of(line, "Amount") for line in taken), ZERO), taken[0][DISCOUNT] if taken else {}


def money_body(document: SalesForm, profile: BooksProfile, what: str) -> Obj:
    """Lines, discount and tax of a form; raises Unfit. `what` names the form in sentences."""
    taxing = profile.sales_tax is not SalesTax.OFF
    body: Obj = {}
    if document.discount and taxing:
        body["ApplyTaxAfterDiscount"] = document.discount_before_tax
    body["Line"] = _lines(document, profile, what)
    if not taxing and document.tax:
        raise Unfit(
            f"The {what} charges {document.tax} sales tax, but sales tax is switched off in QuickBooks Online. "
            "Switch it on there, or choose in the settings that tax is sent as a line of its own."
        )
    if taxing:
        tax = _tax(document)
        if tax:
            body["TxnTaxDetail"] = tax
    return body


def _lines(document: SalesForm, profile: BooksProfile, what: str) -> list[Obj]:
    code = _tax_codes(document, profile)
    by_line = profile.class_tracking is Tracking.PER_LINE
    told = [line for line in document.lines if is_written(line)]
    if not told:
        raise Unfit(f"The {what} has no lines; QuickBooks Online needs at least one.")
    lines = [_line(line, code=code, by_line=by_line) for line in told]
    if document.discount:
        if not profile.allows_discount:
            raise Unfit(
                f"The {what} has a discount, but discounts are switched off in QuickBooks Online. "
                "Switch them on there (Account and settings, Sales), then refresh the catalog."
            )
        detail: Obj = {"PercentBased": False}
        put_ref(detail, "DiscountAccountRef", document.discount_account, "The discount account")
        lines.append({"DetailType": DISCOUNT, "Amount": cents(document.discount), DISCOUNT: detail})
    return lines


def _tax_codes(document: SalesForm, profile: BooksProfile) -> tuple[Obj, Obj] | None:
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


def _tax(document: SalesForm) -> Obj:
    detail: Obj = {}
    if document.tax_mode is TaxMode.NONE:
        return {"TotalTax": ZERO}
    put_ref(detail, "TxnTaxCodeRef", document.tax_code, "The tax code")
    if document.tax_mode is TaxMode.OURS:
        detail["TotalTax"] = cents(document.tax or ZERO)
    return detail


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
    known = TEXT in line or folded(line.get("DetailType")) in ("", "descriptiononly", "descriptionlinedetail")
    return ZERO if known else amount_of(line, "Amount")
