"""Sales forms: invoices, estimates, credit memos, sales and refund receipts (sections 4.9, 4.13, 4.15, 4.20)."""

from __future__ import annotations

import re
from typing import Any

from blueops_qb.domain.documents import (
    CreditMemo,
    CustomValue,
    Estimate,
    EstimateStatus,
    RefundReceipt,
    SalesForm,
    SalesInvoice,
    SalesReceipt,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    REFERENCE,
    Obj,
    address,
    address_of,
    amount_of,
    cents,
    day_of,
    derived,
    exactly,
    folded,
    is_set,
    leaf_of,
    needed_day,
    needed_ref,
    note,
    put_ref,
    ref,
    ref_id,
    ref_of,
    split_note,
    words,
)
from blueops_qb.providers.qbo.codec.sales_lines import discount_of, lines_of, money_body

#: One address; several, or a broken one, can make QuickBooks fail a whole query later (section 4.1).
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
STATUSES = {
    EstimateStatus.PENDING: "Pending",
    EstimateStatus.ACCEPTED: "Accepted",
    EstimateStatus.CLOSED: "Closed",
    EstimateStatus.REJECTED: "Rejected",
    EstimateStatus.CONVERTED: "Converted",
}
_STATUSES = {folded(name): status for status, name in STATUSES.items()}
_ESTIMATE = "Estimate"


# -- invoices --------------------------------------------------------------------------------------
def invoice_body(document: SalesInvoice, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of an invoice, with lines, discount and tax when `whole`; raises Unfit."""
    body = _head(document, profile, "invoice")
    due = document.due_date or (document.date if document.terms is None else None)
    if due is not None:
        body["DueDate"] = due.isoformat()
    put_ref(body, "SalesTermRef", document.terms, "The terms")
    if document.deposit:
        body["Deposit"] = cents(document.deposit)
        put_ref(body, "DepositToAccountRef", document.deposit_to, "The account of the deposit")
    if document.estimate is not None:
        estimate = ref(document.estimate, "The estimate")
        body["LinkedTxn"] = [{"TxnId": estimate["value"], "TxnType": _ESTIMATE}]
    return {**body, **_tail(document, profile, marker, "invoice", whole=whole)}


def invoice_of(obj: Obj, profile: BooksProfile) -> SalesInvoice:
    """The document that an Invoice object shows; its mode says only that the tax is known."""
    deposit = amount_of(obj, "Deposit")
    links = [link for link in obj.get("LinkedTxn") or [] if link.get("TxnType") == _ESTIMATE]
    return SalesInvoice(
        **_shared_of(obj, profile),
        customer=needed_ref(obj, "CustomerRef", BooksKind.CUSTOMER),
        due_date=day_of(obj, "DueDate"),
        terms=ref_of(obj, "SalesTermRef", BooksKind.TERM),
        deposit=deposit,
        deposit_to=ref_of(obj, "DepositToAccountRef", BooksKind.ACCOUNT) if deposit else None,
        estimate=BooksRef(BooksKind.ESTIMATE, str(links[0]["TxnId"])) if links else None,
    )


# -- estimates and credit memos --------------------------------------------------------------------
def estimate_body(document: Estimate, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of an estimate; raises Unfit."""
    body = _head(document, profile, "estimate")
    body["TxnStatus"] = STATUSES[document.status]
    if document.expires is not None:
        body["ExpirationDate"] = document.expires.isoformat()
    if document.accepted_by.strip():
        body["AcceptedBy"] = exactly(document.accepted_by, 100, "Who accepted the estimate")
    if document.accepted_on is not None:
        body["AcceptedDate"] = document.accepted_on.isoformat()
    return {**body, **_tail(document, profile, marker, "estimate", whole=whole)}


def estimate_of(obj: Obj, profile: BooksProfile) -> Estimate:
    """The document that an Estimate object shows."""
    return Estimate(
        **_shared_of(obj, profile),
        customer=needed_ref(obj, "CustomerRef", BooksKind.CUSTOMER),
        expires=day_of(obj, "ExpirationDate"),
        status=_STATUSES.get(folded(obj.get("TxnStatus")), EstimateStatus.PENDING),
        accepted_by=str(obj.get("AcceptedBy") or ""),
        accepted_on=day_of(obj, "AcceptedDate"),
    )


def credit_memo_body(document: CreditMemo, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a credit memo; raises Unfit."""
    head = _head(document, profile, "credit memo")
    return {**head, **_tail(document, profile, marker, "credit memo", whole=whole)}


def credit_memo_of(obj: Obj, profile: BooksProfile) -> CreditMemo:
    """The document that a CreditMemo object shows."""
    return CreditMemo(**_shared_of(obj, profile), customer=needed_ref(obj, "CustomerRef", BooksKind.CUSTOMER))


# -- receipts --------------------------------------------------------------------------------------
def sales_receipt_body(
    document: SalesReceipt, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a sales receipt; raises Unfit."""
    body = _head(document, profile, "sales receipt")
    _paid(body, document)
    put_ref(body, "DepositToAccountRef", document.deposit_to, "The account the money goes to")
    return {**body, **_tail(document, profile, marker, "sales receipt", whole=whole)}


def sales_receipt_of(obj: Obj, profile: BooksProfile) -> SalesReceipt:
    """The document that a SalesReceipt object shows."""
    return SalesReceipt(
        **_shared_of(obj, profile),
        customer=ref_of(obj, "CustomerRef", BooksKind.CUSTOMER),
        method=ref_of(obj, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        reference=str(obj.get("PaymentRefNum") or ""),
        deposit_to=ref_of(obj, "DepositToAccountRef", BooksKind.ACCOUNT),
    )


def refund_receipt_body(
    document: RefundReceipt, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a refund receipt; raises Unfit."""
    body = _head(document, profile, "refund receipt")
    _paid(body, document)
    body["DepositToAccountRef"] = ref(document.paid_from, "The account the money leaves")
    return {**body, **_tail(document, profile, marker, "refund receipt", whole=whole)}


def refund_receipt_of(obj: Obj, profile: BooksProfile) -> RefundReceipt:
    """The document that a RefundReceipt object shows."""
    return RefundReceipt(
        **_shared_of(obj, profile),
        customer=ref_of(obj, "CustomerRef", BooksKind.CUSTOMER),
        method=ref_of(obj, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        reference=str(obj.get("PaymentRefNum") or ""),
        paid_from=needed_ref(obj, "DepositToAccountRef", BooksKind.ACCOUNT),
    )


def _paid(body: Obj, document: SalesReceipt | RefundReceipt) -> None:
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    reference = derived(document.reference, REFERENCE)
    if reference:
        body["PaymentRefNum"] = reference


# -- what all share --------------------------------------------------------------------------------
def _head(document: SalesForm, profile: BooksProfile, what: str) -> Obj:
    body: Obj = {}
    put_ref(body, "CustomerRef", document.customer, "The customer")
    body["TxnDate"] = document.date.isoformat()
    if document.number and profile.custom_numbers:
        body["DocNumber"] = exactly(document.number, NUMBER, f"The {what} number")
    if profile.locations:
        put_ref(body, "DepartmentRef", document.location, "The location")
    if profile.class_tracking is Tracking.PER_TRANSACTION:
        put_ref(body, "ClassRef", document.class_, "The class")
    shipping = address(document.shipping)
    if shipping:
        body["ShipAddr"] = shipping
    if is_one_address(document.email):
        body["BillEmail"] = {"Address": document.email.strip()}
    return body


def _tail(document: SalesForm, profile: BooksProfile, marker: str, what: str, *, whole: bool) -> Obj:
    body: Obj = {"EmailStatus": "NotSet"}
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    custom = _custom(document, profile)
    if custom:
        body["CustomField"] = custom
    return {**body, **money_body(document, profile, what)} if whole else body


def _shared_of(obj: Obj, profile: BooksProfile) -> dict[str, Any]:
    memo, _, voided = split_note(str(obj.get("PrivateNote") or ""))
    discount, detail = discount_of(obj)
    lines = lines_of(obj)
    tax = obj.get("TxnTaxDetail") or {}
    total = amount_of(obj, "TotalAmt")
    manual = profile.sales_tax is SalesTax.MANUAL
    return {
        "date": needed_day(obj, "TxnDate"),
        "number": str(obj.get("DocNumber") or "") if profile.custom_numbers else "",
        "lines": lines,
        "discount": discount,
        "discount_account": ref_of(detail, "DiscountAccountRef", BooksKind.ACCOUNT),
        "discount_before_tax": is_set(obj, "ApplyTaxAfterDiscount"),
        "tax_mode": TaxMode.OURS,
        "tax": amount_of(tax, "TotalTax"),
        "tax_code": ref_of(tax, "TxnTaxCodeRef", BooksKind.TAX_CODE) if manual else None,
        "total": total,
        "location": ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        "class_": ref_of(obj, "ClassRef", BooksKind.CLASS),
        "shipping": address_of(obj, "ShipAddr"),
        "email": leaf_of(obj, "BillEmail", "Address"),
        "memo": memo,
        "custom": tuple(_custom_of(obj)),
        "currency": ref_id(obj, "CurrencyRef") or profile.currency,
        "void": voided and total == ZERO and not any(line.amount for line in lines),
    }


def is_one_address(email: str) -> bool:
    """Whether an e-mail address can be sent: exactly one, at most 100 characters."""
    return len(email) <= 100 and _EMAIL.fullmatch(email.strip()) is not None


def custom_over(shown: list[Obj], now: list[Obj], was: list[Obj]) -> list[Obj]:
    """The fields of the company's own as they are to be: ours over those shown, ours that went emptied."""
    mine = {str(row["DefinitionId"]): row for row in now}
    emptied = {str(row["DefinitionId"]): {**row, "StringValue": ""} for row in was}
    there = {str(row.get("DefinitionId")): row for row in shown}
    return list({**there, **emptied, **mine}.values())


def _custom(document: SalesForm, profile: BooksProfile) -> list[Obj]:
    defined = {field.name.casefold(): field for field in profile.custom_fields}
    rows: list[Obj] = []
    for given in document.custom:
        field = defined.get(given.name.strip().casefold())
        if field is not None:
            value = words(given.value, 1000)
            rows.append(
                {"DefinitionId": field.id, "Name": field.name, "Type": "StringType", "StringValue": value}
            )
    return rows


def _custom_of(obj: Obj) -> list[CustomValue]:
    rows = obj.get("CustomField") or []
    return [
        CustomValue(name=str(row["Name"]), value=str(row["StringValue"]))
        for row in rows
        if row.get("Name") and row.get("StringValue")
    ]
