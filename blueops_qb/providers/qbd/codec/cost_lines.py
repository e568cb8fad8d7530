"""Lines of purchase forms: expense lines on accounts, then item lines (section 4.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from blueops_qb.domain.documents import PurchaseForm, PurchaseLine
from blueops_qb.domain.money import half_up
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    amount_of,
    five,
    money,
    number_of,
    put_ref,
    rated,
    ref,
    ref_of,
    txn_id,
    words,
)
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

EXPENSE, ITEM, GROUP = "ExpenseLine", "ItemLine", "ItemGroupLine"
_BILLABLE = frozenset({"Billable", "HasBeenBilled"})


def is_written(line: PurchaseLine) -> bool:
    """Whether a line says anything; blank ones are not sent."""
    return bool(line.account or line.item or line.amount)


def in_order(lines: Iterable[PurchaseLine]) -> tuple[PurchaseLine, ...]:
    """The lines as Desktop keeps them: those on accounts, then those on items."""
    told = [line for line in lines if is_written(line)]
    return (*(line for line in told if line.item is None), *(line for line in told if line.item is not None))


def checked_lines(document: PurchaseForm) -> tuple[PurchaseLine, ...]:
    """The lines to write, in order; raises Unwritable."""
    lines = in_order(document.lines)
    if not lines:
        raise Unwritable("It has no cost lines; QuickBooks Desktop needs at least one.")
    for line in lines:
        if (line.account is None) == (line.item is None):
            raise Unwritable(
                f"The cost line “{line.description}” needs either an account or an item; map it to one."
            )
    return lines


def line_kind(line: PurchaseLine) -> str:
    """By which name a line goes."""
    return EXPENSE if line.item is None else ITEM


def line_members(line: PurchaseLine, *, adding: bool) -> list[Element]:
    """The members of a line; one that receives a purchase order's names only that, when new. Raises Unwritable."""
    text = words(line.description)
    if line.item is None:
        body = [ref("AccountRef", line.account, "The account of a line"), leaf("Amount", money(line.amount))]
        body.append(leaf("Memo", text))
    else:
        body = [leaf("Desc", text)]
        if adding and line.order is not None and line.order_line:
            # The item comes with the order's line; both together are refused (section 4.5).
            order = txn_id(line.order, "The purchase order of a cost line")
            body.append(branch("LinkToTxn", [leaf("TxnID", order), leaf("TxnLineID", line.order_line)]))
        else:
            body.append(ref("ItemRef", line.item, "The item of a line"))
        product = rated(line.quantity, line.unit_cost, line.amount)
        if product is not None:
            # Beside an amount QuickBooks would compute the cost anew, to five decimals.
            body += [leaf("Quantity", five(product[0])), leaf("Cost", five(product[1]))]
        else:
            body.append(leaf("Amount", money(line.amount)))
    put_ref(body, "CustomerRef", line.customer, "The job of a cost line")
    put_ref(body, "ClassRef", line.class_, "The class of a cost line")
    if line.customer is not None:
        # Never left out: a cost of a job would wait to be billed by itself.
        body.append(leaf("BillableStatus", "Billable" if line.billable else "NotBillable"))
    return body


def lines_of(ret: Element) -> tuple[PurchaseLine, ...]:
    """The lines that a form shows; a bundle stands for its members."""
    return tuple(_line_of(line) for line, _ in flat_lines(ret))


def flat_lines(ret: Element) -> list[tuple[Element, Element | None]]:
    """The lines of a form, each with the bundle that it is part of; lines without an account or item say nothing."""
    found: list[tuple[Element, Element | None]] = [(line, None) for line in ret.all(f"{EXPENSE}Ret")]
    for line in ret.all(f"{ITEM}Ret", f"{GROUP}Ret"):
        if line.name == f"{GROUP}Ret":
            found += [(inner, line) for inner in line.all(f"{ITEM}Ret")]
        else:
            found.append((line, None))
    return [(line, bundle) for line, bundle in found if _says(line)]


def plain_lines(lines: Iterable[PurchaseLine]) -> Iterator[PurchaseLine]:
    """The lines as the lens sees them; only item lines have a quantity over there."""
    for line in in_order(lines):
        amount = half_up(line.amount)
        quantity, cost = _product(line, amount)
        yield PurchaseLine(
            account=line.account,
            item=line.item,
            description=words(line.description),
            quantity=quantity,
            unit_cost=cost,
            amount=amount,
            customer=line.customer,
            class_=line.class_,
        )


def _product(line: PurchaseLine, amount: Decimal) -> tuple[Decimal, Decimal] | tuple[None, None]:
    product = rated(line.quantity, line.unit_cost, amount) if line.item is not None else None
    if product is None or product[0] == 1 or not amount:
        return None, None
    return Decimal(five(product[0])), Decimal(five(product[1]))


def _says(line: Element) -> bool:
    return line.has("AccountRef") or line.has("ItemRef") or bool(amount_of(line, "Amount"))


def _line_of(line: Element) -> PurchaseLine:
    expense = line.name == f"{EXPENSE}Ret"
    status = line.get("BillableStatus")
    link = line.child("LinkToTxn")
    return PurchaseLine(
        books_line_id=line.get("TxnLineID"),
        account=ref_of(line, "AccountRef", BooksKind.ACCOUNT) if expense else None,
        item=None if expense else ref_of(line, "ItemRef", BooksKind.ITEM),
        description=line.get("Memo" if expense else "Desc"),
        quantity=number_of(line, "Quantity"),
        unit_cost=number_of(line, "Cost" if not line.has("Rate") else "Rate"),
        amount=amount_of(line, "Amount"),
        customer=ref_of(line, "CustomerRef", BooksKind.CUSTOMER),
        class_=ref_of(line, "ClassRef", BooksKind.CLASS),
        billable=status in _BILLABLE,
        billed=status == "HasBeenBilled",
        order=None if link is None else BooksRef(BooksKind.PURCHASE_ORDER, link.get("TxnID")),
        order_line="" if link is None else link.get("TxnLineID"),
    )
