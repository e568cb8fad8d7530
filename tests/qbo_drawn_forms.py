"""Sales and purchase forms as Hypothesis draws them, with what they are made of."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    Bill,
    BillPayment,
    CreditMemo,
    CustomValue,
    Estimate,
    EstimateStatus,
    ExpenseDocument,
    OrderStatus,
    PaidBy,
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Settled,
    TaxMode,
    VendorCredit,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef


def ref(kind: BooksKind) -> st.SearchStrategy[BooksRef]:
    """A reference of the kind."""
    return st.integers(1, 9).map(lambda n: BooksRef(kind, str(n)))


def maybe(kind: BooksKind) -> st.SearchStrategy[BooksRef | None]:
    """A reference or none."""
    return st.none() | ref(kind)


MARKS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
TEXT = st.text(MARKS, max_size=25).map(str.strip)
NAME = st.text(MARKS.filter(lambda mark: mark != ":"), min_size=1, max_size=30).map(
    lambda text: text.strip() or "x"
)
CENTS = st.integers(1, 10_000_00).map(lambda n: Decimal(n) / 100)
DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
QUANTITIES = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100) | st.just(Decimal(1))
ADDRESSES = st.none() | st.builds(
    Address,
    line1=TEXT,
    line2=TEXT,
    city=TEXT,
    state=TEXT,
    postal_code=TEXT,
    country=st.sampled_from(["", "US", "CA"]),
)


EMAILS = st.sampled_from(["", "ada@example.com", "not an address", "a@b.co, c@d.co"])
CUSTOM = st.lists(
    st.builds(CustomValue, name=st.sampled_from(["Crew", "Gate", "Unknown there"]), value=NAME),
    max_size=2,
    unique_by=lambda value: value.name,
).map(tuple)


# -- sales -----------------------------------------------------------------------------------------
@st.composite
def sales_lines(draw: st.DrawFn) -> SalesLine:
    if draw(st.integers(0, 9)) == 0:
        return SalesLine(description=draw(TEXT))
    quantity, price = draw(QUANTITIES), draw(st.integers(0, 10_000).map(lambda n: Decimal(n) / 1000))
    exact = draw(st.booleans())
    return SalesLine(
        line_id=draw(st.text("abc", max_size=3)),
        item=draw(ref(BooksKind.ITEM)),
        account=draw(maybe(BooksKind.ACCOUNT)),
        description=draw(TEXT),
        quantity=quantity if draw(st.booleans()) else None,
        unit_price=price,
        amount=half_up(quantity * price) if exact else draw(CENTS),
        taxable=draw(st.booleans()),
        class_=draw(maybe(BooksKind.CLASS)),
        service_date=draw(st.none() | DAYS),
    )


def _of_sale(draw: st.DrawFn) -> dict[str, Any]:
    lines = tuple(draw(st.lists(sales_lines(), min_size=1, max_size=4)))
    if not any(line.item for line in lines):
        lines = (*lines, SalesLine(item=BooksRef(BooksKind.ITEM, "1"), amount=Decimal("1.00")))
    subtotal = sum((line.amount for line in lines), ZERO)
    discount = half_up(subtotal * draw(st.integers(0, 100)) / 100)
    mode = draw(st.sampled_from(TaxMode))
    tax = ZERO if mode is TaxMode.NONE else draw(CENTS)
    return {
        "customer": draw(ref(BooksKind.CUSTOMER)),
        "date": draw(DAYS),
        "number": draw(st.text("BO-0123456789", max_size=21)),
        "lines": lines,
        "discount": discount,
        "discount_account": draw(ref(BooksKind.ACCOUNT)),
        "discount_before_tax": draw(st.booleans()),
        "tax_mode": mode,
        "tax": None if mode is TaxMode.BOOKS else tax,
        "tax_code": draw(ref(BooksKind.TAX_CODE)),
        "total": None if mode is TaxMode.BOOKS else subtotal - discount + tax,
        "location": draw(maybe(BooksKind.LOCATION)),
        "class_": draw(maybe(BooksKind.CLASS)),
        "shipping": draw(ADDRESSES),
        "email": draw(EMAILS),
        "memo": draw(TEXT),
        "custom": draw(CUSTOM),
    }


@st.composite
def invoices(draw: st.DrawFn) -> SalesInvoice:
    terms = draw(maybe(BooksKind.TERM))
    deposit = draw(st.just(ZERO) | CENTS)
    return SalesInvoice(
        **_of_sale(draw),
        due_date=draw(DAYS) if terms else draw(st.none() | DAYS),
        terms=terms,
        deposit=deposit,
        deposit_to=draw(ref(BooksKind.ACCOUNT)) if deposit else draw(maybe(BooksKind.ACCOUNT)),
        estimate=draw(maybe(BooksKind.ESTIMATE)),
    )


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    return Estimate(
        **_of_sale(draw),
        expires=draw(st.none() | DAYS),
        status=draw(st.sampled_from(EstimateStatus)),
        accepted_by=draw(TEXT),
        accepted_on=draw(st.none() | DAYS),
    )


@st.composite
def credit_memos(draw: st.DrawFn) -> CreditMemo:
    return CreditMemo(**_of_sale(draw))


def _of_receipt(draw: st.DrawFn) -> dict[str, Any]:
    customer = draw(maybe(BooksKind.CUSTOMER))
    reference = draw(st.text("pi_3Nabcxyz0123456789", max_size=40))
    method = draw(maybe(BooksKind.PAYMENT_METHOD))
    return {**_of_sale(draw), "customer": customer, "reference": reference, "method": method}


@st.composite
def sales_receipts(draw: st.DrawFn) -> SalesReceipt:
    # Left to the books, the account shows as theirs and differs; the engine always says it.
    return SalesReceipt(**_of_receipt(draw), deposit_to=draw(ref(BooksKind.ACCOUNT)))


@st.composite
def refund_receipts(draw: st.DrawFn) -> RefundReceipt:
    return RefundReceipt(**_of_receipt(draw), paid_from=draw(ref(BooksKind.ACCOUNT)))


# -- purchases -------------------------------------------------------------------------------------
@st.composite
def purchase_lines(draw: st.DrawFn) -> PurchaseLine:
    by_item = draw(st.booleans())
    quantity, price = draw(QUANTITIES), draw(CENTS)
    order = draw(maybe(BooksKind.PURCHASE_ORDER))
    return PurchaseLine(
        line_id=draw(st.text("abc", max_size=3)),
        account=None if by_item else draw(ref(BooksKind.ACCOUNT)),
        item=draw(ref(BooksKind.ITEM)) if by_item else None,
        description=draw(TEXT),
        quantity=quantity,
        unit_cost=price,
        amount=half_up(quantity * price) if draw(st.booleans()) else draw(CENTS),
        customer=draw(maybe(BooksKind.CUSTOMER)),
        class_=draw(maybe(BooksKind.CLASS)),
        billable=draw(st.booleans()),
        markup=draw(st.none() | st.integers(0, 100).map(Decimal)),
        order=order,
        order_line=draw(st.sampled_from(["", "1"])) if order else "",
    )


PURCHASE_LINES = st.lists(purchase_lines(), min_size=1, max_size=4).map(tuple)


def _of_cost(draw: st.DrawFn) -> dict[str, Any]:
    lines = draw(PURCHASE_LINES)
    return {
        "date": draw(DAYS),
        "number": draw(TEXT.map(lambda text: text[:21].strip())),
        "lines": lines,
        "total": sum((line.amount for line in lines), ZERO),
        "location": draw(maybe(BooksKind.LOCATION)),
        "memo": draw(TEXT),
    }


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    terms = draw(maybe(BooksKind.TERM))
    return Bill(
        **_of_cost(draw),
        vendor=draw(ref(BooksKind.VENDOR)),
        due_date=draw(DAYS) if terms else draw(st.none() | DAYS),
        terms=terms,
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
    )


@st.composite
def vendor_credits(draw: st.DrawFn) -> VendorCredit:
    return VendorCredit(
        **_of_cost(draw), vendor=draw(ref(BooksKind.VENDOR)), ap_account=draw(maybe(BooksKind.ACCOUNT))
    )


@st.composite
def purchase_orders(draw: st.DrawFn) -> PurchaseOrder:
    return PurchaseOrder(
        **_of_cost(draw),
        vendor=draw(ref(BooksKind.VENDOR)),
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
        status=draw(st.sampled_from(OrderStatus)),
        shipping=draw(ADDRESSES),
        email=draw(EMAILS),
    )


@st.composite
def bill_payments(draw: st.DrawFn) -> BillPayment:
    bill, credit = ref(BooksKind.BILL), ref(BooksKind.VENDOR_CREDIT)
    paid = draw(st.lists(st.builds(Settled, document=bill, amount=CENTS), min_size=1, max_size=3))
    whole = sum((part.amount for part in paid), ZERO)
    used = draw(st.sampled_from([ZERO, half_up(whole / 2), whole]))
    if used:
        paid.append(Settled(document=draw(credit), amount=-used))
    paid_by = draw(st.sampled_from([PaidBy.CARD, PaidBy.CHECK]))
    return BillPayment(
        vendor=draw(ref(BooksKind.VENDOR)),
        date=draw(DAYS),
        number=draw(st.text("0123456789", max_size=21)),
        amount=whole - used,
        settles=tuple(paid),
        paid_by=paid_by,
        account=draw(ref(BooksKind.ACCOUNT) if whole - used or paid_by is PaidBy.CARD else st.none()),
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
        location=draw(maybe(BooksKind.LOCATION)),
        memo=draw(TEXT),
    )


@st.composite
def expenses(draw: st.DrawFn) -> ExpenseDocument:
    lines, paid_by = draw(PURCHASE_LINES), draw(st.sampled_from(PaidBy))
    payee = st.sampled_from([BooksKind.VENDOR, BooksKind.CUSTOMER, BooksKind.EMPLOYEE]).flatmap(ref)
    return ExpenseDocument(
        paid_by=paid_by,
        account=draw(ref(BooksKind.ACCOUNT)),
        date=draw(DAYS),
        payee=draw(st.none() | payee),
        number=draw(st.text("0123456789", max_size=21)),
        method=draw(maybe(BooksKind.PAYMENT_METHOD)),
        lines=lines,
        total=sum((line.amount for line in lines), ZERO),
        refund=paid_by is PaidBy.CARD and draw(st.booleans()),
        location=draw(maybe(BooksKind.LOCATION)),
        memo=draw(TEXT),
    )
