"""Forms: the block of each kind of document, there and back, and how its lines stand in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    BankDeposit,
    Bill,
    BillPayment,
    ClassRecord,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    Document,
    Estimate,
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PurchaseForm,
    PurchaseOrder,
    SalesForm,
    SalesInvoice,
    SalesReceipt,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.providers.qbd.codec import bill_payments, costs, journal, new_lists, parties, receipts, sales
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.qbxml.element import Element

_SALE = ("lines", "discount", "discount_account", "discount_before_tax", "tax", "tax_code", "total")


@attrs.frozen(kw_only=True)
class Line:
    """A line to be written: the word before `LineAdd`, its members, and the side of a posting."""

    name: str
    members: tuple[Element, ...]
    side: str = ""


@attrs.frozen(kw_only=True)
class Form:
    """One type of document.

    `head` gives the members without lines, `lines` those of each line, `tail` what stands instead of lines in a new
    record. `lined` are the fields behind lines and tail.
    """

    message: Callable[[Any], str]
    head: Callable[[Any, Books, str], list[Element]]
    read: Callable[[Element, Books], Document]
    lines: Callable[[Any, Books, str, bool], Sequence[Line]] | None = None
    tail: Callable[[Any], list[Element]] | None = None
    lined: tuple[str, ...] = ()


def _named(message: str) -> Callable[[Any], str]:
    return lambda _: message


def _party(
    message: str, body: Callable[..., list[Element]], read: Callable[[Element, Books], Document]
) -> Form:
    return Form(message=_named(message), head=lambda document, books, _: body(document, books), read=read)


def _sale(
    message: str,
    what: str,
    head: Callable[[Any, Books, str], list[Element]],
    read: Callable[[Element, Books], Document],
) -> Form:
    def lines(document: Any, books: Books, marker: str, adding: bool) -> Sequence[Line]:
        del marker, adding
        found = sales.sale_lines(document, books, what)
        return [Line(name=message, members=tuple(members)) for members in found]

    return Form(message=_named(message), head=head, read=read, lines=lines, lined=_SALE)


def _cost_lines(document: Any, books: Books, marker: str, adding: bool) -> Sequence[Line]:
    del books, marker
    found = costs.cost_lines(document, adding=adding)
    return [Line(name=name.removesuffix("Line"), members=tuple(members)) for name, members in found]


def _order_lines(document: Any, books: Books, marker: str, adding: bool) -> Sequence[Line]:
    del books, marker, adding
    return [Line(name="PurchaseOrder", members=tuple(members)) for members in costs.order_lines(document)]


def _deposit_lines(document: Any, books: Books, marker: str, adding: bool) -> Sequence[Line]:
    del books, marker, adding
    return [Line(name="Deposit", members=tuple(members)) for members in receipts.deposit_lines(document)]


def _journal_lines(document: Any, books: Books, marker: str, adding: bool) -> Sequence[Line]:
    del books, adding
    return [
        Line(name="Journal", members=tuple(members), side=journal.TYPES[side])
        for side, members in journal.journal_lines(document, marker)
    ]


def _cost(
    message: Callable[[Any], str],
    head: Callable[[Any, Books, str], list[Element]],
    read: Callable[[Element, Books], Document],
) -> Form:
    return Form(message=message, head=head, read=read, lines=_cost_lines, lined=("lines",))


def _entry(
    message: Callable[[Any], str],
    head: Callable[[Any, Books, str], list[Element]],
    read: Callable[[Element, Books], Document],
) -> Form:
    return Form(message=message, head=head, read=read)


FORMS: dict[type[Document], Form] = {
    CustomerRecord: _party("Customer", parties.customer_body, parties.customer_of),
    VendorRecord: _party("Vendor", parties.vendor_body, parties.vendor_of),
    SalesInvoice: _sale("Invoice", "invoice", sales.invoice_head, sales.invoice_of),
    Estimate: _sale("Estimate", "estimate", sales.estimate_head, sales.estimate_of),
    CreditMemo: _sale("CreditMemo", "credit memo", sales.credit_memo_head, sales.credit_memo_of),
    SalesReceipt: _sale("SalesReceipt", "sales receipt", sales.sales_receipt_head, sales.sales_receipt_of),
    CustomerPayment: Form(
        message=_named("ReceivePayment"),
        head=receipts.payment_head,
        read=receipts.payment_of,
        tail=receipts.payment_add_members,
        lined=("allocations",),
    ),
    Bill: _cost(_named("Bill"), costs.bill_head, costs.bill_of),
    BillPayment: Form(
        message=bill_payments.bill_payment_message,
        head=bill_payments.bill_payment_head,
        read=bill_payments.bill_payment_of,
        tail=bill_payments.bill_payment_add_members,
        lined=("settles", "amount"),
    ),
    VendorCredit: _cost(_named("VendorCredit"), costs.vendor_credit_head, costs.vendor_credit_of),
    PurchaseOrder: Form(
        message=_named("PurchaseOrder"),
        head=costs.purchase_order_head,
        read=costs.purchase_order_of,
        lines=_order_lines,
        lined=("lines",),
    ),
    ExpenseDocument: _cost(costs.expense_message, costs.expense_head, costs.expense_of),
    JournalEntry: Form(
        message=_named("JournalEntry"),
        head=journal.journal_head,
        read=journal.journal_of,
        lines=_journal_lines,
        lined=("lines",),
    ),
    BankDeposit: Form(
        message=_named("Deposit"),
        head=receipts.deposit_head,
        read=receipts.deposit_of,
        lines=_deposit_lines,
        lined=("lines",),
    ),
    AccountRecord: _entry(_named("Account"), new_lists.account_head, new_lists.account_of),
    ItemRecord: _entry(new_lists.item_message, new_lists.item_head, new_lists.item_of),
    ClassRecord: _entry(_named("Class"), new_lists.class_head, new_lists.class_of),
}
#: How to read each Ret; one kind may show itself in several forms.
READERS: dict[str, Callable[[Element, Books], Document]] = {
    "CustomerRet": parties.customer_of,
    "VendorRet": parties.vendor_of,
    "InvoiceRet": sales.invoice_of,
    "EstimateRet": sales.estimate_of,
    "CreditMemoRet": sales.credit_memo_of,
    "SalesReceiptRet": sales.sales_receipt_of,
    "ReceivePaymentRet": receipts.payment_of,
    "BillRet": costs.bill_of,
    "VendorCreditRet": costs.vendor_credit_of,
    "PurchaseOrderRet": costs.purchase_order_of,
    **dict.fromkeys(("CheckRet", "CreditCardChargeRet", "CreditCardCreditRet"), costs.expense_of),
    **dict.fromkeys(("BillPaymentCheckRet", "BillPaymentCreditCardRet"), bill_payments.bill_payment_of),
    "JournalEntryRet": journal.journal_of,
    "DepositRet": receipts.deposit_of,
    "ARRefundCreditCardRet": receipts.card_refund_of,
}
#: How to read the answer to the creation of an entry, or to a look-up of its name; the lists themselves are read whole.
ENTRY_READERS: dict[str, Callable[[Element, Books], Document]] = {
    "AccountRet": new_lists.account_of,
    "ClassRet": new_lists.class_of,
    **{f"{message}Ret": new_lists.item_of for message in new_lists.MESSAGES.values()},
}
#: Why a kind of document is not written.
UNWRITTEN: dict[str, str] = {
    "RefundReceipt": "QuickBooks Desktop has no refund receipt. What is given back is a credit memo, and a check coded "
    "to receivables or a refund to the card that settles it; record it in BlueOps as a credit and its refund.",
    "AttachedFile": "QuickBooks Desktop takes no files through qbXML; attach it there by hand if it is wanted.",
    "TaxCodeRecord": "Sales tax items are created in QuickBooks Desktop by hand, with the vendor that the tax is owed "
    "to; create it there and refresh the catalog.",
}


def form_of(document: Document) -> Form:
    """The form of a document; raises Unwritable where Desktop has none for it."""
    form = FORMS.get(type(document))
    if form is None:
        raise Unwritable(UNWRITTEN[type(document).__name__])
    return form


def check(document: Document, books: Books) -> None:
    """Raises Unwritable for what a company with these preferences would lose of the document without a word."""
    home = books.profile.currency
    currency = getattr(document, "currency", home)
    if currency and currency != home:
        raise Unwritable(
            f"It is in {currency}, but with QuickBooks Desktop BlueOps only writes the home currency {home}. "
            "Enter it in QuickBooks by hand, or correct the currency in BlueOps."
        )
    money_to = getattr(document, "deposit_to", document) if _is_money(document) else document
    if money_to is None:
        raise Unwritable(
            "No account is chosen where its money goes; QuickBooks Desktop would put it to undeposited funds by "
            "itself. Choose one on the mapping page."
        )
    if isinstance(document, SalesForm):
        sales.check_tax(document, books, _CALLED.get(type(document), "document"))


def check_total(document: Document) -> None:
    """Raises Unwritable for a form whose lines come to less than nothing."""
    total = _total(document)
    if total < 0:
        raise Unwritable(
            f"It comes to {total}; QuickBooks Desktop takes no form with a total below 0.00. Enter it as the form that "
            "goes the other way (a credit, a refund), or correct its lines in BlueOps."
        )


def _total(document: Document) -> Decimal:
    """What the lines come to; the tax is QuickBooks' to say."""
    match document:
        case SalesForm():
            return sum((line.amount for line in document.lines), ZERO) - document.discount
        case PurchaseForm() | BankDeposit():
            return sum((line.amount for line in document.lines), ZERO)
    return ZERO


def _is_money(document: Document) -> bool:
    """Whether money comes in with it that has to lie somewhere; a payment of credits alone brings none."""
    if isinstance(document, CustomerPayment):
        return bool(document.amount)
    return isinstance(document, SalesReceipt)


_CALLED: dict[type[Document], str] = {
    SalesInvoice: "invoice",
    Estimate: "estimate",
    CreditMemo: "credit memo",
    SalesReceipt: "sales receipt",
}
