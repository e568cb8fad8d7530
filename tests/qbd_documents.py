"""Documents of every kind as Hypothesis draws them for QuickBooks Desktop, hostile texts among them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    CustomValue,
    DepositLine,
    Document,
    Estimate,
    EstimateStatus,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    OrderStatus,
    PaidBy,
    PurchaseForm,
    PurchaseLine,
    PurchaseOrder,
    SalesForm,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    TaxMode,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.settings import LocationAs, QbdSettings

#: For tests that run once per type of document.
FEW = settings(
    max_examples=settings().max_examples // 6,
    # Long texts are drawn slowly where other tests keep the machine busy.
    suppress_health_check=[HealthCheck.too_slow],
)
HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "\x00\x01\x0b\x1f\x7f",
        "a\ud800b",
        "tab\tline\r\nnext",
        "]]><!-- & <b>\"quoted\" 'single'</b>",
        "\U0001f6bf\u200d\U0001f527 emoji",
        "\u05d0\u05d1\u05d2 \u202emixed\u202c rtl",
        "\u201csmart\u201d \u2014 quotes\u2026",
        "Zażółć gęślą jaźń",
        "株式会社",
        "Colon: Name",
        "x" * 4000,
        "word " * 900,
        "é" * 45,
        "[BO:invoice:9.9]",
    ]
)
PLAIN = st.text("ABC abc 019 &<>\"'-/._éßÜ§", max_size=15).map(str.strip)
TEXT = PLAIN | HOSTILE
NAME = PLAIN.map(lambda text: f"N{text}") | HOSTILE
NUMBER = st.text("BO-0123456789", max_size=11) | HOSTILE
CENTS = st.integers(1, 10_000_00).map(lambda n: Decimal(n) / 100)
DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
QUANTITIES = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100) | st.just(Decimal(1))
IDS = st.sampled_from(["80000035-1785958998", "1-1", "B7-1417040299"])


def ref(kind: BooksKind) -> st.SearchStrategy[BooksRef]:
    """A reference of the kind."""
    return IDS.map(lambda id: BooksRef(kind, id))


#: What the settings name as locations; other ids are those of a setting that was changed since, or of classes.
PLACES = ("Reno", "Carson City")


def maybe(kind: BooksKind) -> st.SearchStrategy[BooksRef | None]:
    """A reference or none."""
    return st.none() | ref(kind)


ADDRESSES = st.none() | st.builds(
    Address,
    line1=TEXT,
    line2=TEXT,
    city=PLAIN,
    state=PLAIN,
    postal_code=st.sampled_from([*["", "89501"] * 5, "x" * 14]),
    country=st.sampled_from(["", "US", "Canada"]),
)


# -- parties ---------------------------------------------------------------------------------------
CUSTOMERS = st.builds(
    CustomerRecord,
    name=NAME,
    parent=maybe(BooksKind.CUSTOMER),
    company=TEXT,
    given_name=PLAIN | HOSTILE,
    family_name=PLAIN | HOSTILE,
    email=PLAIN | HOSTILE,
    phone=PLAIN | HOSTILE,
    mobile=PLAIN,
    billing=ADDRESSES,
    shipping=ADDRESSES,
    terms=maybe(BooksKind.TERM),
    taxable=st.sampled_from([None, True, False]),
    exemption_reason=st.none() | st.integers(1, 15),
    certificate=PLAIN,
    active=st.booleans(),
)
VENDORS = st.builds(
    VendorRecord,
    name=NAME,
    company=TEXT,
    email=PLAIN,
    phone=PLAIN,
    address=ADDRESSES,
    account_number=PLAIN | HOSTILE,
    is_1099=st.booleans(),
    terms=maybe(BooksKind.TERM),
    active=st.booleans(),
)


# -- sales -----------------------------------------------------------------------------------------
@st.composite
def sale_lines(draw: st.DrawFn) -> SalesLine:
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
        amount=half_up(quantity * price) if exact else draw(CENTS | CENTS.map(lambda amount: -amount)),
        taxable=draw(st.booleans()),
        class_=draw(maybe(BooksKind.CLASS)),
        service_date=draw(st.none() | DAYS),
    )


def _of_sale(draw: st.DrawFn) -> dict[str, Any]:
    lines = tuple(draw(st.lists(sale_lines(), min_size=1, max_size=4)))
    subtotal = sum((line.amount for line in lines), ZERO)
    discount = half_up(max(subtotal, ZERO) * draw(st.integers(0, 100)) / 100)
    mode = draw(st.sampled_from(TaxMode))
    taxable = any(line.taxable for line in lines)
    tax = draw(CENTS | st.just(ZERO)) if mode is not TaxMode.NONE and taxable else ZERO
    return {
        "customer": draw(ref(BooksKind.CUSTOMER)),
        "date": draw(DAYS),
        "number": draw(NUMBER),
        "lines": lines,
        "discount": discount,
        "discount_account": draw(ref(BooksKind.ITEM)),
        "discount_before_tax": draw(st.booleans()),
        "tax_mode": mode,
        "tax": None if mode is TaxMode.BOOKS else tax,
        "tax_code": draw(ref(BooksKind.TAX_CODE)),
        "total": None if mode is TaxMode.BOOKS else subtotal - discount + tax,
        "location": draw(
            maybe(BooksKind.LOCATION)
            | st.sampled_from([BooksRef(BooksKind.LOCATION, place) for place in PLACES])
        ),
        "class_": draw(maybe(BooksKind.CLASS)),
        "shipping": draw(ADDRESSES),
        "email": draw(PLAIN),
        "memo": draw(TEXT),
        "custom": tuple(draw(st.lists(st.builds(CustomValue, name=PLAIN, value=TEXT), max_size=1))),
    }


@st.composite
def invoices(draw: st.DrawFn) -> SalesInvoice:
    shared, terms = _of_sale(draw), draw(maybe(BooksKind.TERM))
    due = draw(DAYS) if terms is not None else draw(st.none() | DAYS)
    return SalesInvoice(**shared, due_date=due, terms=terms, estimate=draw(maybe(BooksKind.ESTIMATE)))


@st.composite
def credit_memos(draw: st.DrawFn) -> CreditMemo:
    return CreditMemo(**_of_sale(draw))


@st.composite
def sales_receipts(draw: st.DrawFn) -> SalesReceipt:
    return SalesReceipt(
        **_of_sale(draw),
        method=draw(maybe(BooksKind.PAYMENT_METHOD)),
        reference=draw(TEXT),
        deposit_to=draw(maybe(BooksKind.ACCOUNT)),
    )


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    return Estimate(
        **_of_sale(draw), status=draw(st.sampled_from(EstimateStatus)), expires=draw(st.none() | DAYS)
    )


# -- costs -----------------------------------------------------------------------------------------
@st.composite
def cost_lines(draw: st.DrawFn, *, items_only: bool = False) -> PurchaseLine:
    item = draw(ref(BooksKind.ITEM)) if items_only or draw(st.booleans()) else None
    quantity, cost = draw(QUANTITIES), draw(st.integers(0, 10_000).map(lambda n: Decimal(n) / 1000))
    exact = item is not None and draw(st.booleans())
    return PurchaseLine(
        line_id=draw(st.text("abc", max_size=3)),
        account=None if item is not None else draw(ref(BooksKind.ACCOUNT)),
        item=item,
        description=draw(TEXT),
        quantity=quantity,
        unit_cost=cost,
        amount=half_up(quantity * cost) if exact else draw(CENTS),
        customer=draw(maybe(BooksKind.CUSTOMER)),
        class_=draw(maybe(BooksKind.CLASS)),
        billable=draw(st.booleans()),
    )


def _of_cost(draw: st.DrawFn, *, items_only: bool = False) -> dict[str, Any]:
    lines = tuple(draw(st.lists(cost_lines(items_only=items_only), min_size=1, max_size=4)))
    return {
        "date": draw(DAYS),
        "number": draw(NUMBER),
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
        terms=terms,
        due_date=draw(DAYS) if terms is not None else draw(st.none() | DAYS),
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
    )


@st.composite
def vendor_credits(draw: st.DrawFn) -> VendorCredit:
    return VendorCredit(**_of_cost(draw), vendor=draw(ref(BooksKind.VENDOR)))


@st.composite
def purchase_orders(draw: st.DrawFn) -> PurchaseOrder:
    return PurchaseOrder(
        **_of_cost(draw, items_only=True),
        vendor=draw(ref(BooksKind.VENDOR)),
        shipping=draw(ADDRESSES),
        status=OrderStatus.OPEN,
    )


@st.composite
def expenses(draw: st.DrawFn) -> ExpenseDocument:
    paid_by = draw(st.sampled_from(PaidBy))
    return ExpenseDocument(
        **_of_cost(draw),
        paid_by=paid_by,
        account=draw(ref(BooksKind.ACCOUNT)),
        payee=draw(maybe(BooksKind.VENDOR) | ref(BooksKind.CUSTOMER) | ref(BooksKind.EMPLOYEE)),
        method=draw(maybe(BooksKind.PAYMENT_METHOD)),
        refund=paid_by is PaidBy.CARD and draw(st.booleans()),
    )


# -- money -----------------------------------------------------------------------------------------
def parts(kinds: list[BooksKind], credits: BooksKind) -> st.SearchStrategy[list[tuple[BooksRef, Decimal]]]:
    """What a payment settles, and credits that it uses, at most as much as it settles."""

    @st.composite
    def drawn(draw: st.DrawFn) -> list[tuple[BooksRef, Decimal]]:
        ids = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
        # An id stands for one transaction, whatever kind it is.
        settled = [(BooksRef(kinds[n % len(kinds)], f"{n}-1"), draw(CENTS)) for n in ids]
        if draw(st.booleans()):
            most = sum((amount for _, amount in settled), ZERO)
            used = half_up(most * draw(st.integers(1, 100)) / 100)
            if used:
                settled.append((BooksRef(credits, "C-1"), -used))
        return settled

    return drawn()


@st.composite
def payments(draw: st.DrawFn) -> CustomerPayment:
    settled = draw(st.just([]) | parts([BooksKind.INVOICE, BooksKind.JOURNAL], BooksKind.CREDIT_MEMO))
    money = sum((amount for _, amount in settled), ZERO)
    return CustomerPayment(
        customer=draw(ref(BooksKind.CUSTOMER)),
        date=draw(DAYS),
        amount=money + (draw(CENTS) if not settled or draw(st.booleans()) else ZERO),
        allocations=tuple(Allocation(invoice=target, amount=amount) for target, amount in settled),
        method=draw(maybe(BooksKind.PAYMENT_METHOD)),
        reference=draw(TEXT),
        deposit_to=draw(maybe(BooksKind.ACCOUNT)),
        memo=draw(TEXT),
    )


@st.composite
def bill_payments(draw: st.DrawFn) -> BillPayment:
    settled = draw(parts([BooksKind.BILL], BooksKind.VENDOR_CREDIT))
    return BillPayment(
        vendor=draw(ref(BooksKind.VENDOR)),
        date=draw(DAYS),
        number=draw(NUMBER),
        amount=sum((amount for _, amount in settled), ZERO),
        settles=tuple(Settled(document=target, amount=amount) for target, amount in settled),
        paid_by=draw(st.sampled_from([PaidBy.CHECK, PaidBy.CARD])),
        account=draw(ref(BooksKind.ACCOUNT)),
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
        location=draw(maybe(BooksKind.LOCATION)),
        memo=draw(TEXT),
    )


@st.composite
def journals(draw: st.DrawFn) -> JournalEntry:
    def line(side: Side, amount: Decimal) -> JournalLine:
        return JournalLine(
            side=side,
            account=draw(ref(BooksKind.ACCOUNT)),
            amount=amount,
            customer=draw(maybe(BooksKind.CUSTOMER) | ref(BooksKind.VENDOR)),
            class_=draw(maybe(BooksKind.CLASS)),
            location=draw(maybe(BooksKind.LOCATION)),
            description=draw(TEXT),
        )

    amounts = draw(st.lists(CENTS, min_size=1, max_size=3))
    lines = [line(side, amount) for amount in amounts for side in Side]
    return JournalEntry(
        date=draw(DAYS), lines=tuple(draw(st.permutations(lines))), number=draw(NUMBER), memo=draw(TEXT)
    )


@st.composite
def deposits(draw: st.DrawFn) -> BankDeposit:
    paid = st.builds(DepositLine, payment=ref(BooksKind.PAYMENT), amount=CENTS)
    plain = st.builds(
        DepositLine,
        account=ref(BooksKind.ACCOUNT),
        amount=CENTS.map(lambda amount: -amount),
        description=TEXT,
    )
    # A payment reaches the bank once.
    once = st.lists(paid | plain, min_size=1, max_size=3, unique_by=lambda line: line.payment or id(line))
    lines = tuple(draw(once))
    return BankDeposit(
        account=draw(ref(BooksKind.ACCOUNT)),
        date=draw(DAYS),
        lines=lines,
        total=sum((line.amount for line in lines), ZERO),
        memo=draw(TEXT),
    )


BY_TYPE: dict[type[Document], st.SearchStrategy[Any]] = {
    CustomerRecord: CUSTOMERS,
    VendorRecord: VENDORS,
    SalesInvoice: invoices(),
    CreditMemo: credit_memos(),
    SalesReceipt: sales_receipts(),
    Estimate: estimates(),
    Bill: bills(),
    VendorCredit: vendor_credits(),
    PurchaseOrder: purchase_orders(),
    ExpenseDocument: expenses(),
    CustomerPayment: payments(),
    BillPayment: bill_payments(),
    JournalEntry: journals(),
    BankDeposit: deposits(),
}
DOCUMENTS: st.SearchStrategy[Document] = st.one_of(*BY_TYPE.values())


@st.composite
def pairs(draw: st.DrawFn, type_: type[Document]) -> tuple[Document, Document]:
    """A document, and what stood there before it: of the same type, with some fields alike."""
    strategy = BY_TYPE[type_]
    now, before = draw(strategy), draw(strategy)
    alike = {
        field.name: getattr(before, field.name)
        for field in attrs.fields(type(now))
        if field.name in ("number", "name", "customer", "vendor", "paid_by", "refund", "void")
        or (field.name in _FREE and draw(st.booleans()))
    }
    return consistent(attrs.evolve(now, **alike)), before


def consistent(document: Any) -> Any:
    """The document with the total that its lines come to."""
    subtotal = sum((line.amount for line in getattr(document, "lines", ())), ZERO)
    if isinstance(document, SalesForm) and document.total is not None:
        return attrs.evolve(document, total=subtotal - document.discount + (document.tax or ZERO))
    if isinstance(document, PurchaseForm | BankDeposit):
        return attrs.evolve(document, total=subtotal)
    return document


_FREE = frozenset(
    {"memo", "lines", "terms", "billing", "company", "phone", "email", "date", "due_date", "shipping"}
)
PROFILES = st.builds(
    BooksProfile,
    company_id=st.just("file-1"),
    sales_tax=st.sampled_from([SalesTax.MANUAL, SalesTax.OFF]),
    class_tracking=st.sampled_from([Tracking.PER_LINE, Tracking.OFF]),
    taxed_code=st.sampled_from(["", "Tax", "TX"]),
    untaxed_code=st.sampled_from(["", "Non"]),
)
SETTINGS = st.builds(
    QbdSettings,
    location_as=st.sampled_from(LocationAs),
    locations=st.just(PLACES),
    name_in_address=st.booleans(),
    external_guid=st.booleans(),
    lines_between=st.booleans(),
)
BOOKS = st.builds(Books, profile=PROFILES, settings=SETTINGS)
