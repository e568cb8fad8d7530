"""Purchase forms: bills, expenses, vendor credits and purchase orders (sections 4.17 to 4.19)."""

from __future__ import annotations

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
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.cost_lines import lines_body, lines_of
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    Obj,
    Unfit,
    address,
    address_of,
    amount_of,
    day_of,
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
)
from blueops_qb.providers.qbo.codec.sales import is_one_address

PAYMENT_TYPES = {PaidBy.CARD: "CreditCard", PaidBy.CHECK: "Check", PaidBy.CASH: "Cash"}
_PAID_BY = {folded(name): paid_by for paid_by, name in PAYMENT_TYPES.items()}
#: Kinds of names that a payee may be; the wire spells them in Pascal case.
PAYEES = {
    BooksKind.VENDOR: "Vendor",
    BooksKind.CUSTOMER: "Customer",
    BooksKind.EMPLOYEE: "Employee",
}
PAYEE_KINDS = {folded(name): kind for kind, name in PAYEES.items()}
_ORDER_STATUSES = {OrderStatus.OPEN: "Open", OrderStatus.CLOSED: "Closed"}


# -- bills and vendor credits ----------------------------------------------------------------------
def bill_body(document: Bill, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a bill, with its lines when `whole`; raises Unfit."""
    body = _of_vendor(document.vendor, document)
    _number(body, document.number, "The vendor's invoice number")
    due = document.due_date or (document.date if document.terms is None else None)
    if due is not None:
        body["DueDate"] = due.isoformat()
    put_ref(body, "SalesTermRef", document.terms, "The terms")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    _tail(body, document, profile, marker, whole=whole)
    return body


def bill_of(obj: Obj, profile: BooksProfile) -> Bill:
    """The document that a Bill object shows."""
    return Bill(
        **_shared_of(obj, profile),
        vendor=needed_ref(obj, "VendorRef", BooksKind.VENDOR),
        due_date=day_of(obj, "DueDate"),
        terms=ref_of(obj, "SalesTermRef", BooksKind.TERM),
        ap_account=ref_of(obj, "APAccountRef", BooksKind.ACCOUNT),
    )


def vendor_credit_body(
    document: VendorCredit, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a vendor credit, with its lines when `whole`; raises Unfit."""
    body = _of_vendor(document.vendor, document)
    _number(body, document.number, "The number of the vendor's credit")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    _tail(body, document, profile, marker, whole=whole)
    return body


def vendor_credit_of(obj: Obj, profile: BooksProfile) -> VendorCredit:
    """The document that a VendorCredit object shows."""
    return VendorCredit(
        **_shared_of(obj, profile),
        vendor=needed_ref(obj, "VendorRef", BooksKind.VENDOR),
        ap_account=ref_of(obj, "APAccountRef", BooksKind.ACCOUNT),
    )


# -- purchase orders -------------------------------------------------------------------------------
def purchase_order_body(
    document: PurchaseOrder, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a purchase order, with its lines when `whole`; raises Unfit."""
    body = _of_vendor(document.vendor, document)
    _number(body, document.number, "The order number")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    body["POStatus"] = _ORDER_STATUSES[document.status]
    shipping = address(document.shipping)
    if shipping:
        body["ShipAddr"] = shipping
    if is_one_address(document.email):
        body["POEmail"] = {"Address": document.email.strip()}
    _tail(body, document, profile, marker, whole=whole)
    return body


def purchase_order_of(obj: Obj, profile: BooksProfile) -> PurchaseOrder:
    """The document that a PurchaseOrder object shows."""
    closed = folded(obj.get("POStatus")) == "closed"
    return PurchaseOrder(
        **_shared_of(obj, profile),
        vendor=needed_ref(obj, "VendorRef", BooksKind.VENDOR),
        ap_account=ref_of(obj, "APAccountRef", BooksKind.ACCOUNT),
        status=OrderStatus.CLOSED if closed else OrderStatus.OPEN,
        shipping=address_of(obj, "ShipAddr"),
        email=leaf_of(obj, "POEmail", "Address"),
    )


# -- expenses --------------------------------------------------------------------------------------
def purchase_body(
    document: ExpenseDocument, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a purchase, with its lines when `whole`; raises Unfit.

    PaymentType and Credit are always named (section 3).
    """
    if document.refund and document.paid_by is not PaidBy.CARD:
        raise Unfit(
            "A refund can only be booked on a credit card in QuickBooks Online; record it there as a deposit."
        )
    body: Obj = {
        "PaymentType": PAYMENT_TYPES[document.paid_by],
        "AccountRef": ref(document.account, "The account it was paid from"),
        "TxnDate": document.date.isoformat(),
    }
    if document.payee is not None:
        body["EntityRef"] = _payee(document.payee)
    _number(body, document.number, "The document number")
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    if document.paid_by is PaidBy.CARD:
        body["Credit"] = document.refund
    elif document.paid_by is PaidBy.CHECK:
        body["PrintStatus"] = "NotSet"
    _tail(body, document, profile, marker, whole=whole)
    return body


def purchase_of(obj: Obj, profile: BooksProfile) -> ExpenseDocument:
    """The document that a Purchase object shows."""
    payee, entity = None, obj.get("EntityRef")
    if isinstance(entity, dict) and entity.get("value"):
        payee = BooksRef(PAYEE_KINDS.get(folded(entity.get("type")), BooksKind.VENDOR), str(entity["value"]))
    return ExpenseDocument(
        **_shared_of(obj, profile),
        paid_by=_PAID_BY[folded(obj.get("PaymentType"))],
        account=needed_ref(obj, "AccountRef", BooksKind.ACCOUNT),
        payee=payee,
        method=ref_of(obj, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        refund=is_set(obj, "Credit"),
    )


# -- what all share --------------------------------------------------------------------------------
def _of_vendor(vendor: Any, document: PurchaseForm) -> Obj:
    return {"VendorRef": ref(vendor, "The vendor"), "TxnDate": document.date.isoformat()}


def _shared_of(obj: Obj, profile: BooksProfile) -> dict[str, Any]:
    return {
        "date": needed_day(obj, "TxnDate"),
        "number": str(obj.get("DocNumber") or ""),
        "lines": lines_of(obj),
        "total": amount_of(obj, "TotalAmt"),
        "location": ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        "memo": split_note(str(obj.get("PrivateNote") or ""))[0],
        "currency": ref_id(obj, "CurrencyRef") or profile.currency,
    }


def _number(body: Obj, number: str, what: str) -> None:
    if number:
        body["DocNumber"] = exactly(number, NUMBER, what)


def _payee(payee: object) -> Obj:
    if not isinstance(payee, BooksRef) or payee.kind not in PAYEES:
        raise Unfit(f"The payee is not linked to a vendor, customer or employee in QuickBooks yet ({payee}).")
    return {"value": payee.id, "type": PAYEES[payee.kind]}


def _tail(body: Obj, document: PurchaseForm, profile: BooksProfile, marker: str, *, whole: bool) -> None:
    if profile.locations:
        put_ref(body, "DepartmentRef", document.location, "The location")
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if whole:
        body["Line"] = lines_body(document, profile)
