"""Lines and discounts of sales forms (reference/quickbooks-desktop.md section 4.5).

Desktop has no discount of a whole form: it is a line with a discount item. A flat one is spread over every line
above it, so that a single one, at the end and taxable, lowers the base of the tax by the share of what is taxed
(accounting-treatments 1.1, 1.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain.documents import Estimate, SalesForm, SalesLine, TaxMode
from blueops_qb.domain.money import half_up
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    amount_of,
    day_of,
    five,
    money,
    named_ref,
    number_of,
    put_ref,
    rated,
    ref,
    ref_of,
    words,
)
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

DISCOUNT_TEXT = "Discount"


def is_written(line: SalesLine) -> bool:
    """Whether a line says anything; blank ones are not sent."""
    return bool(line.item or line.amount or words(line.description))


def is_taxed(document: SalesForm) -> bool:
    """Whether lines of it may be taxable at all."""
    return document.tax_mode is not TaxMode.NONE


def with_discount_lines(document: SalesForm) -> tuple[SalesLine, ...]:
    """The lines with the form's discount behind them, as lines of the discount item."""
    lines = tuple(line for line in document.lines if is_written(line))
    discount = half_up(document.discount)
    if not discount:
        return lines
    taxed = any(line.taxable for line in lines) and document.discount_before_tax and is_taxed(document)
    taken = SalesLine(
        item=document.discount_account, description=DISCOUNT_TEXT, amount=-discount, taxable=taxed
    )
    return (*lines, taken)


def line_members(line: SalesLine, document: SalesForm, books: Books, what: str) -> list[Element]:
    """The members of one line of any sales form; raises Unwritable."""
    text = words(line.description)
    if line.item is None:
        if line.amount:
            raise Unwritable(f"The line “{text}” over {line.amount} has no item; map it to one.")
        return [leaf("Desc", text)]
    if line.item.kind is not BooksKind.ITEM:
        raise Unwritable(
            f"The {what} has a discount, for which QuickBooks Desktop needs an item of type discount that is posted to "
            "the account to which discounts are mapped. Create it there, read the lists again, then retry."
        )
    # A description that is left out would be filled in from the item.
    body = [ref("ItemRef", line.item, "The item of a line"), leaf("Desc", text)]
    product = rated(line.quantity, line.unit_price, line.amount)
    if product is not None:
        body += [leaf("Quantity", five(product[0])), leaf("Rate", five(product[1]))]
    else:
        taken = line.amount < 0 and line.description == DISCOUNT_TEXT and not books.settings.discount_negative
        body.append(leaf("Amount", money(-line.amount if taken else line.amount)))
    if line.service_date is not None and not isinstance(document, Estimate):
        body.append(leaf("ServiceDate", line.service_date.isoformat()))
    put_ref(body, "ClassRef", line.class_, "The class of a line")
    if books.taxing:
        taxed = line.taxable and is_taxed(document)
        body.append(named_ref("SalesTaxCodeRef", books.taxed if taxed else books.untaxed))
    return body


def lines_of(ret: Element, name: str, books: Books) -> tuple[SalesLine, ...]:
    """The lines that a form shows; a bundle stands for its members, which carry the amounts, subtotals for nothing."""
    return tuple(_line_of(line, books) for line, _ in flat_lines(ret, name) if not is_subtotal(line, books))


def is_subtotal(line: Element, books: Books) -> bool:
    """Whether a line only sums up those above, so that it brings no money of its own (section 4.5)."""
    return line.get("ItemRef", "ListID") in books.profile.subtotal_items


def flat_lines(ret: Element, name: str) -> list[tuple[Element, Element | None]]:
    """The lines of a form, each with the bundle that it is part of."""
    found: list[tuple[Element, Element | None]] = []
    for line in ret.all(f"{name}LineRet", f"{name}LineGroupRet"):
        if line.name.endswith("GroupRet"):
            found += [(inner, line) for inner in line.all(f"{name}LineRet")]
        else:
            found.append((line, None))
    return found


def plain_lines(document: SalesForm) -> Iterator[SalesLine]:
    """The lines as the lens sees them, the discount among them."""
    taxed = is_taxed(document)
    for line in with_discount_lines(document):
        text = words(line.description)
        if line.item is None and not line.amount:
            yield SalesLine(description=text)
            continue
        amount = half_up(line.amount)
        quantity, price = _product(line.quantity, line.unit_price, amount)
        yield SalesLine(
            item=line.item,
            description=text,
            quantity=quantity,
            unit_price=price,
            amount=amount,
            taxable=line.taxable and taxed,
            class_=line.class_,
        )


def _product(
    quantity: Decimal | None, price: Decimal | None, amount: Decimal
) -> tuple[Decimal, Decimal] | tuple[None, None]:
    product = rated(quantity, price, amount)
    if product is None or product[0] == 1 or not amount:
        return None, None
    return Decimal(five(product[0])), Decimal(five(product[1]))


def _line_of(line: Element, books: Books) -> SalesLine:
    return SalesLine(
        books_line_id=line.get("TxnLineID"),
        item=ref_of(line, "ItemRef", BooksKind.ITEM),
        description=line.get("Desc"),
        quantity=number_of(line, "Quantity"),
        unit_price=number_of(line, "Rate"),
        amount=amount_of(line, "Amount"),
        taxable=books.taxing and line.get("SalesTaxCodeRef", "FullName").casefold() == books.taxed.casefold(),
        class_=ref_of(line, "ClassRef", BooksKind.CLASS),
        service_date=day_of(line, "ServiceDate"),
    )
