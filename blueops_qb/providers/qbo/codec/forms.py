"""Forms: the object of each kind of document, there and back, and how its lines stand in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    AttachedFile,
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
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesReceipt,
    TaxCodeRecord,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.codec import (
    attachables,
    bill_payments,
    cost_lines,
    costs,
    journal,
    list_entries,
    names,
    receipts,
    sales,
    sales_lines,
    tax_services,
)
from blueops_qb.providers.qbo.codec.members import Obj, Unfit

Flat = Callable[[Obj], list[tuple[Obj, int | None]]]
_SALES_MONEY = ("lines", "discount", "discount_account", "discount_before_tax", "tax", "tax_code", "total")


@attrs.frozen(kw_only=True)
class Form:
    """One kind of document as an object: written (document, profile, marker, whole), read (object, profile).

    `lined` are the fields behind Line and the members that go with it. `flat` gives the lines of an object in the
    order in which they are read, each with the place of its bundle; None where lines have no identity of their
    own (what a payment settles). `needed` are members that QuickBooks wants on a sparse update, moved or not
    (sections 3, 4.14, 4.18, 4.19).
    """

    body: Callable[..., Obj]
    read: Callable[[Obj, BooksProfile], Document]
    lined: tuple[str, ...] = ()
    flat: Flat | None = None
    is_written: Callable[[Any], bool] = lambda _: True
    needed: frozenset[str] = frozenset()


def _sales(body: Callable[..., Obj], read: Callable[[Obj, BooksProfile], Document]) -> Form:
    return Form(
        body=body,
        read=read,
        lined=_SALES_MONEY,
        flat=sales_lines.flat_lines,
        is_written=sales_lines.is_written,
    )


def _cost(body: Callable[..., Obj], read: Callable[[Obj, BooksProfile], Document], *needed: str) -> Form:
    return Form(
        body=body,
        read=read,
        lined=("lines",),
        flat=cost_lines.flat_lines,
        is_written=cost_lines.is_written,
        needed=frozenset(needed),
    )


def _party(body: Callable[..., Obj], read: Callable[[Obj, BooksProfile], Document]) -> Form:
    return Form(body=lambda document, profile, *_, **__: body(document, profile), read=read)


FORMS: dict[type[Document], Form] = {
    CustomerRecord: _party(names.customer_body, names.customer_of),
    VendorRecord: _party(names.vendor_body, names.vendor_of),
    SalesInvoice: _sales(sales.invoice_body, sales.invoice_of),
    Estimate: _sales(sales.estimate_body, sales.estimate_of),
    CreditMemo: _sales(sales.credit_memo_body, sales.credit_memo_of),
    SalesReceipt: _sales(sales.sales_receipt_body, sales.sales_receipt_of),
    RefundReceipt: _sales(sales.refund_receipt_body, sales.refund_receipt_of),
    CustomerPayment: Form(
        body=receipts.payment_body,
        read=receipts.payment_of,
        lined=("customer", "amount", "allocations"),
        needed=frozenset({"CustomerRef"}),
    ),
    Bill: _cost(costs.bill_body, costs.bill_of, "VendorRef"),
    BillPayment: Form(
        body=bill_payments.bill_payment_body,
        read=bill_payments.bill_payment_of,
        lined=("vendor", "amount", "settles"),
        needed=frozenset({"VendorRef", "PayType"}),
    ),
    VendorCredit: _cost(costs.vendor_credit_body, costs.vendor_credit_of, "VendorRef"),
    PurchaseOrder: _cost(costs.purchase_order_body, costs.purchase_order_of, "VendorRef"),
    ExpenseDocument: _cost(costs.purchase_body, costs.purchase_of, "PaymentType", "Credit"),
    JournalEntry: Form(
        body=journal.journal_body, read=journal.journal_of, lined=("lines",), flat=journal.flat_lines
    ),
    BankDeposit: Form(
        body=receipts.deposit_body, read=receipts.deposit_of, lined=("lines",), flat=receipts.flat_lines
    ),
    AttachedFile: Form(body=attachables.attachable_body, read=attachables.attachable_of),
    TaxCodeRecord: Form(body=tax_services.tax_service_body, read=tax_services.tax_service_of),
    AccountRecord: Form(body=list_entries.account_body, read=list_entries.account_of),
    ItemRecord: Form(body=list_entries.item_body, read=list_entries.item_of),
    ClassRecord: Form(body=list_entries.class_body, read=list_entries.class_of),
}


def members_of(document: Document, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a document, with its lines when `whole`; raises Unfit."""
    currency = getattr(document, "currency", profile.currency)
    if currency and currency != profile.currency and not profile.multicurrency:
        raise Unfit(
            f"It is in {currency}, but the books are kept in {profile.currency} only. Correct the currency in "
            "BlueOps, or switch several currencies on in QuickBooks (for good)."
        )
    body = FORMS[type(document)].body(document, profile, marker, whole=whole)
    if profile.multicurrency and hasattr(document, "currency") and currency:
        # The rate is never sent: it is the books' to say (accounting-treatments section 12).
        body["CurrencyRef"] = {"value": currency}
    return body
