"""Lines of purchase forms: an account or an item, the job that bears it, billing (section 4.17)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import PurchaseForm, PurchaseLine
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.members import (
    Obj,
    Unfit,
    amount_of,
    cents,
    folded,
    number_of,
    plain,
    put_ref,
    rated,
    ref,
    ref_of,
    words,
)

ACCOUNT, ITEM, GROUP = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "GroupLineDetail"
ORDER = "PurchaseOrder"
_BILLABLE = frozenset({"billable", "hasbeenbilled"})


def is_written(line: PurchaseLine) -> bool:
    """Whether a line says anything; blank ones are not sent."""
    return bool(line.account or line.item or line.amount)


def flat_lines(obj: Obj) -> list[tuple[Obj, int | None]]:
    """The lines that documents hold, each with the place of the bundle that it is part of; words alone are none."""
    found: list[tuple[Obj, int | None]] = []
    for n, line in enumerate(obj.get("Line") or []):
        if GROUP in line:
            found += [(part, n) for part in (line[GROUP] or {}).get("Line") or []]
        else:
            found.append((line, None))
    return [(line, n) for line, n in found if ACCOUNT in line or ITEM in line or amount_of(line, "Amount")]


def lines_of(obj: Obj) -> tuple[PurchaseLine, ...]:
    """The lines that an object shows, in the order of `flat_lines`."""
    return tuple(_line_of(line) for line, _ in flat_lines(obj))


def lines_body(document: PurchaseForm, profile: BooksProfile) -> list[Obj]:
    """The Line array of a purchase form; raises Unfit."""
    lines = [line for line in document.lines if is_written(line)]
    if not lines:
        raise Unfit("It has no cost lines; QuickBooks Online needs at least one.")
    by_line = profile.class_tracking is Tracking.PER_LINE
    return [_line(line, profile=profile, by_line=by_line) for line in lines]


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
    billable = line.billable and line.customer is not None
    detail["BillableStatus"] = "Billable" if billable else "NotBillable"
    if billable and line.markup is not None:
        detail["MarkupInfo"] = {"PercentBased": True, "Percent": plain(line.markup)}
    kind = ACCOUNT if line.item is None else ITEM
    body["DetailType"] = kind
    body["Amount"] = amount
    text = words(line.description)
    if text:
        body["Description"] = text
    if line.order is not None:
        order = ref(line.order, "The purchase order of a cost line")
        at = {"TxnLineId": line.order_line} if line.order_line else {}
        body["LinkedTxn"] = [{"TxnId": order["value"], "TxnType": ORDER, **at}]
    body[kind] = detail
    return body


def _line_of(line: Obj) -> PurchaseLine:
    detail = line.get(ACCOUNT) or line.get(ITEM) or {}
    status = folded(detail.get("BillableStatus"))
    links = (link for link in line.get("LinkedTxn") or [] if link.get("TxnType") == ORDER)
    ordered: Obj = next(links, {})
    return PurchaseLine(
        books_line_id=str(line.get("Id") or ""),
        account=ref_of(detail, "AccountRef", BooksKind.ACCOUNT),
        item=ref_of(detail, "ItemRef", BooksKind.ITEM),
        description=str(line.get("Description") or ""),
        quantity=number_of(detail, "Qty"),
        unit_cost=number_of(detail, "UnitPrice"),
        amount=amount_of(line, "Amount"),
        customer=ref_of(detail, "CustomerRef", BooksKind.CUSTOMER),
        class_=ref_of(detail, "ClassRef", BooksKind.CLASS),
        billable=status in _BILLABLE,
        billed=status == "hasbeenbilled",
        markup=_markup_of(detail),
        order=BooksRef(BooksKind.PURCHASE_ORDER, str(ordered["TxnId"])) if ordered.get("TxnId") else None,
        order_line=str(ordered.get("TxnLineId") or ""),
    )


def _markup_of(detail: Obj) -> Decimal | None:
    found = detail.get("MarkupInfo")
    return number_of(found, "Percent") if isinstance(found, dict) else None
