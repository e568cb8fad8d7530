"""Purchase forms: bills, vendor credits, checks, card charges and credits, purchase orders (section 4.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blueops_qb.domain.documents import (
    Bill,
    ExpenseDocument,
    OrderStatus,
    PaidBy,
    PurchaseForm,
    PurchaseOrder,
    VendorCredit,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.cost_lines import checked_lines, line_kind, line_members, lines_of
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    address,
    address_of,
    amount_of,
    day_of,
    five,
    flag,
    is_set,
    money,
    needed_day,
    needed_ref,
    note,
    put,
    put_ref,
    rated,
    ref,
    ref_of,
    split_note,
    words,
)
from blueops_qb.providers.qbd.codec.sale_lines import flat_lines as flat_order_lines
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

CHARGE, CREDIT, CHECK = "CreditCardCharge", "CreditCardCredit", "Check"


# -- bills and vendor credits ----------------------------------------------------------------------
def bill_head(document: Bill, books: Books, marker: str) -> list[Element]:
    """The members of a bill without its lines; raises Unwritable."""
    body = _of_vendor(document, books, marker, Space.VENDOR_NUMBER, "The vendor's invoice number")
    due = document.due_date or (document.date if document.terms is None else None)
    if due is not None:
        body.append(leaf("DueDate", due.isoformat()))
    put_ref(body, "TermsRef", document.terms, "The terms")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    return body


def bill_of(ret: Element, books: Books) -> Bill:
    """The document that a BillRet shows."""
    return Bill(
        **_shared_of(ret, books, "AmountDue"),
        vendor=needed_ref(ret, "VendorRef", BooksKind.VENDOR),
        due_date=day_of(ret, "DueDate"),
        terms=ref_of(ret, "TermsRef", BooksKind.TERM),
        ap_account=ref_of(ret, "APAccountRef", BooksKind.ACCOUNT),
    )


def vendor_credit_head(document: VendorCredit, books: Books, marker: str) -> list[Element]:
    """The members of a vendor credit without its lines; raises Unwritable."""
    body = _of_vendor(document, books, marker, Space.VENDOR_NUMBER, "The number of the vendor's credit")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    return body


def vendor_credit_of(ret: Element, books: Books) -> VendorCredit:
    """The document that a VendorCreditRet shows."""
    return VendorCredit(
        **_shared_of(ret, books, "CreditAmount"),
        vendor=needed_ref(ret, "VendorRef", BooksKind.VENDOR),
        ap_account=ref_of(ret, "APAccountRef", BooksKind.ACCOUNT),
    )


# -- purchase orders -------------------------------------------------------------------------------
def purchase_order_head(document: PurchaseOrder, books: Books, marker: str) -> list[Element]:
    """The members of a purchase order without its lines; raises Unwritable."""
    body = _of_vendor(document, books, marker, Space.NUMBER, "The order number")
    shipping = address("ShipAddress", document.shipping)
    return [*body, shipping] if shipping is not None else body


def order_lines(document: PurchaseOrder) -> list[list[Element]]:
    """The members of every line of a purchase order, which takes items only; raises Unwritable."""
    return [_order_line(line) for line in checked_lines(document)]


def purchase_order_of(ret: Element, books: Books) -> PurchaseOrder:
    """The document that a PurchaseOrderRet shows."""
    closed = is_set(ret, "IsManuallyClosed") or is_set(ret, "IsFullyReceived")
    shared = _shared_of(ret, books, "TotalAmount", order=True)
    return PurchaseOrder(
        **shared,
        vendor=needed_ref(ret, "VendorRef", BooksKind.VENDOR),
        status=OrderStatus.CLOSED if closed else OrderStatus.OPEN,
        shipping=address_of(ret, "ShipAddress"),
    )


# -- expenses --------------------------------------------------------------------------------------
def expense_message(document: ExpenseDocument) -> str:
    """What an expense is in Desktop: cash is written as a check, as there is no form for it."""
    if document.paid_by is PaidBy.CARD:
        return CREDIT if document.refund else CHARGE
    return CHECK


def expense_head(document: ExpenseDocument, books: Books, marker: str) -> list[Element]:
    """The members of a check or card charge without its lines; raises Unwritable."""
    if document.refund and document.paid_by is not PaidBy.CARD:
        raise Unwritable(
            "A refund can only be booked on a credit card in QuickBooks Desktop; record it there as a deposit."
        )
    body = [
        ref("AccountRef", document.account, "The account it was paid from"),
        leaf("TxnDate", document.date.isoformat()),
    ]
    put_ref(body, "PayeeEntityRef", document.payee, "The payee")
    put(body, "RefNumber", fitted(Space.NUMBER, document.number, books.names, "The document number"))
    put(body, "Memo", note(document.memo, marker))
    if document.paid_by is not PaidBy.CARD:
        body.append(flag("IsToBePrinted", False))
    return body


def expense_of(ret: Element, books: Books) -> ExpenseDocument:
    """The document that a CheckRet, CreditCardChargeRet or CreditCardCreditRet shows.

    A payee's kind is not told; who it is must be looked up by its id.
    """
    return ExpenseDocument(
        **_shared_of(ret, books, "Amount"),
        paid_by=PaidBy.CHECK if ret.name == f"{CHECK}Ret" else PaidBy.CARD,
        account=needed_ref(ret, "AccountRef", BooksKind.ACCOUNT),
        payee=ref_of(ret, "PayeeEntityRef", BooksKind.VENDOR),
        refund=ret.name == f"{CREDIT}Ret",
    )


# -- what all share --------------------------------------------------------------------------------
def cost_lines(document: PurchaseForm, *, adding: bool) -> list[tuple[str, list[Element]]]:
    """Kind and members of every line, expense lines first; raises Unwritable."""
    return [(line_kind(line), line_members(line, adding=adding)) for line in checked_lines(document)]


def _of_vendor(document: Any, books: Books, marker: str, space: Space, what: str) -> list[Element]:
    body = [
        ref("VendorRef", document.vendor, "The vendor"),
        leaf("TxnDate", document.date.isoformat()),
    ]
    put(body, "RefNumber", fitted(space, document.number, books.names, what))
    put(body, "Memo", note(document.memo, marker))
    return body


def _order_line(line: Any) -> list[Element]:
    if line.item is None:
        raise Unwritable(
            f"The line “{line.description}” of the order is mapped to an account; an order takes items only in "
            "QuickBooks Desktop. Map it to an item."
        )
    body = [ref("ItemRef", line.item, "The item of a line"), leaf("Desc", words(line.description))]
    product = rated(line.quantity, line.unit_cost, line.amount)
    if product is None and line.amount:
        # What has no quantity can never be received: QuickBooks counts an order by pieces.
        product = rated(Decimal(1), line.amount, line.amount)
    if product is not None:
        body += [leaf("Quantity", five(product[0])), leaf("Rate", five(product[1]))]
    else:
        body.append(leaf("Amount", money(line.amount)))
    put_ref(body, "ClassRef", line.class_, "The class of a cost line")
    put_ref(body, "CustomerRef", line.customer, "The job of a cost line")
    return body


def _shared_of(ret: Element, books: Books, total: str, *, order: bool = False) -> dict[str, Any]:
    memo, _, voided = split_note(ret.get("Memo"))
    lines = lines_of(_as_items(ret) if order else ret)
    shown = amount_of(ret, total)
    return {
        "date": needed_day(ret, "TxnDate"),
        "number": ret.get("RefNumber"),
        "lines": lines,
        "total": shown,
        "memo": memo,
        "currency": currency_of(ret, books.profile),
        "void": voided and shown == ZERO and not any(line.amount for line in lines),
    }


def _as_items(ret: Element) -> Element:
    """The lines of an order under the name that item lines have elsewhere."""
    lines = (line for line, _ in flat_order_lines(ret, "PurchaseOrder"))
    return Element(ret.name, "", tuple(Element("ItemLineRet", "", line.children) for line in lines))
