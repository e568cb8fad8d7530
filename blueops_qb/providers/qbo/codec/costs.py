"""Bills and purchases: what is owed to vendors and what was paid at once (sections 4.17 to 4.19)."""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.domain.documents import Bill, ExpenseDocument, PaidBy, PurchaseLine
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    Obj,
    Unfit,
    amount_of,
    cents,
    day_of,
    exactly,
    folded,
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

ACCOUNT, ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
PAYMENT_TYPES = {PaidBy.CARD: "CreditCard", PaidBy.CHECK: "Check", PaidBy.CASH: "Cash"}
_PAID_BY = {folded(name): paid_by for paid_by, name in PAYMENT_TYPES.items()}
#: Kinds of names that a payee may be; the wire spells them in Pascal case.
PAYEES = {
    BooksKind.VENDOR: "Vendor",
    BooksKind.CUSTOMER: "Customer",
    BooksKind.EMPLOYEE: "Employee",
}
PAYEE_KINDS = {folded(name): kind for kind, name in PAYEES.items()}


def bill_body(document: Bill, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a bill, with its lines when `whole`; raises Unfit."""
    body: Obj = {"VendorRef": ref(document.vendor, "The vendor"), "TxnDate": document.date.isoformat()}
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
        vendor=needed_ref(obj, "VendorRef", BooksKind.VENDOR),
        date=needed_day(obj, "TxnDate"),
        number=str(obj.get("DocNumber") or ""),
        due_date=day_of(obj, "DueDate"),
        terms=ref_of(obj, "SalesTermRef", BooksKind.TERM),
        ap_account=ref_of(obj, "APAccountRef", BooksKind.ACCOUNT),
        lines=tuple(_lines_of(obj)),
        total=amount_of(obj, "TotalAmt"),
        location=ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        memo=split_note(str(obj.get("PrivateNote") or ""))[0],
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
    )


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
        paid_by=_PAID_BY[folded(obj.get("PaymentType"))],
        account=needed_ref(obj, "AccountRef", BooksKind.ACCOUNT),
        date=needed_day(obj, "TxnDate"),
        payee=payee,
        number=str(obj.get("DocNumber") or ""),
        method=ref_of(obj, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        lines=tuple(_lines_of(obj)),
        total=amount_of(obj, "TotalAmt"),
        refund=obj.get("Credit") is True,
        location=ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        memo=split_note(str(obj.get("PrivateNote") or ""))[0],
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
    )


def _number(body: Obj, number: str, what: str) -> None:
    if number:
        body["DocNumber"] = exactly(number, NUMBER, what)


def _payee(payee: object) -> Obj:
    if not isinstance(payee, BooksRef) or payee.kind not in PAYEES:
        raise Unfit(f"The payee is not linked to a vendor, customer or employee in QuickBooks yet ({payee}).")
    return {"value": payee.id, "type": PAYEES[payee.kind]}


def _tail(
    body: Obj, document: Bill | ExpenseDocument, profile: BooksProfile, marker: str, *, whole: bool
) -> None:
    if profile.locations:
        put_ref(body, "DepartmentRef", document.location, "The location")
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if not whole:
        return
    by_line = profile.class_tracking is Tracking.PER_LINE
    lines = [line for line in document.lines if line.account or line.item or line.amount]
    if not lines:
        raise Unfit("It has no cost lines; QuickBooks Online needs at least one.")
    body["Line"] = [_line(line, profile=profile, by_line=by_line) for line in lines]


def _line(line: PurchaseLine, *, profile: BooksProfile, by_line: bool) -> Obj:
    amount = cents(line.amount)
    if (line.account is None) == (line.item is None):
        raise Unfit(f"The cost line “{line.description}” needs either an account or an item; map it to one.")
    body: Obj = {"Id": line.books_line_id} if line.books_line_id else {}
    detail: Obj = {}
    if line.item is not None:
        if not profile.item_costs:
            raise Unfit(
                "A cost line uses an item, but items on expenses are switched off in QuickBooks Online. "
                "Switch them on there (Account and settings, Expenses), or map the line to an account."
            )
        detail["ItemRef"] = {"value": line.item.id}
        product = rated(line.quantity, line.unit_cost, amount)
        if product:
            detail["Qty"], detail["UnitPrice"] = product
    else:
        put_ref(detail, "AccountRef", line.account)
    put_ref(detail, "CustomerRef", line.customer, "The job of a cost line")
    if by_line:
        put_ref(detail, "ClassRef", line.class_, "The class of a cost line")
    # Never left out: QuickBooks would queue a job's cost for re-invoicing by itself (section 4.17).
    detail["BillableStatus"] = "Billable" if line.billable and line.customer else "NotBillable"
    kind = ACCOUNT if line.item is None else ITEM
    body["DetailType"] = kind
    body["Amount"] = amount
    text = words(line.description)
    if text:
        body["Description"] = text
    body[kind] = detail
    return body


def _lines_of(obj: Obj) -> Iterator[PurchaseLine]:
    for line in obj.get("Line") or []:
        detail = line.get(ACCOUNT) or line.get(ITEM)
        if detail is None and not amount_of(line, "Amount"):
            continue  # words only
        detail = detail or {}
        yield PurchaseLine(
            books_line_id=str(line.get("Id") or ""),
            account=ref_of(detail, "AccountRef", BooksKind.ACCOUNT),
            item=ref_of(detail, "ItemRef", BooksKind.ITEM),
            description=str(line.get("Description") or ""),
            quantity=number_of(detail, "Qty"),
            unit_cost=number_of(detail, "UnitPrice"),
            amount=amount_of(line, "Amount"),
            customer=ref_of(detail, "CustomerRef", BooksKind.CUSTOMER),
            class_=ref_of(detail, "ClassRef", BooksKind.CLASS),
            billable=folded(detail.get("BillableStatus")) in ("billable", "hasbeenbilled"),
        )
