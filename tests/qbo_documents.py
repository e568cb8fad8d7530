"""Documents of every kind as Hypothesis draws them, and an echo that answers like QuickBooks Online."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    Bill,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Side,
    TaxMode,
    VendorRecord,
    kind_of,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.sdk.provider import Exchange, Operation, Verb

NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
Obj = dict[str, Any]


def operation(document: Document | None = None, verb: Verb = Verb.CREATE, **values: Any) -> Operation:
    """An operation with the fields that a test does not care about filled in."""
    kind = values.pop("kind", None if document is None else kind_of(document))
    return Operation(id=values.pop("id", "op1"), verb=verb, kind=kind, document=document, **values)


def exchange(*operations: Operation, id: str = "exchange1", company_id: str = "9130") -> Exchange:
    """An envelope around operations."""
    return Exchange(id=id, connection_id="c1", company_id=company_id, operations=operations, created_at=NOON)


class MemoryVault(dict[str, bytes]):
    """Secrets in memory; counts the puts."""

    puts = 0

    def put(self, purpose: str, secret: bytes) -> None:
        self.puts += 1
        self[purpose] = secret

    def drop(self, purpose: str) -> None:
        self.pop(purpose, None)


# -- documents -------------------------------------------------------------------------------------
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


@st.composite
def invoices(draw: st.DrawFn) -> SalesInvoice:
    lines = tuple(draw(st.lists(sales_lines(), min_size=1, max_size=4)))
    if not any(line.item for line in lines):
        lines = (*lines, SalesLine(item=BooksRef(BooksKind.ITEM, "1"), amount=Decimal("1.00")))
    subtotal = sum((line.amount for line in lines), ZERO)
    discount = half_up(subtotal * draw(st.integers(0, 100)) / 100)
    mode = draw(st.sampled_from(TaxMode))
    tax = ZERO if mode is TaxMode.NONE else draw(CENTS)
    terms = draw(maybe(BooksKind.TERM))
    return SalesInvoice(
        customer=draw(ref(BooksKind.CUSTOMER)),
        date=draw(DAYS),
        number=draw(st.text("BO-0123456789", max_size=21)),
        due_date=draw(DAYS) if terms else draw(st.none() | DAYS),
        terms=terms,
        lines=lines,
        discount=discount,
        discount_account=draw(ref(BooksKind.ACCOUNT)),
        discount_before_tax=draw(st.booleans()),
        tax_mode=mode,
        tax=None if mode is TaxMode.BOOKS else tax,
        tax_code=draw(ref(BooksKind.TAX_CODE)),
        total=None if mode is TaxMode.BOOKS else subtotal - discount + tax,
        location=draw(maybe(BooksKind.LOCATION)),
        class_=draw(maybe(BooksKind.CLASS)),
        shipping=draw(ADDRESSES),
        email=draw(st.sampled_from(["", "ada@example.com", "not an address", "a@b.co, c@d.co"])),
        memo=draw(TEXT),
    )


CREDITS = st.builds(
    Allocation,
    invoice=st.sampled_from(["CreditMemo:12", "Check:7"]).map(lambda id: BooksRef(BooksKind.CREDIT, id)),
    amount=CENTS.map(lambda amount: -amount),
)
ALLOCATIONS = st.lists(st.builds(Allocation, invoice=ref(BooksKind.INVOICE), amount=CENTS), max_size=4)


@st.composite
def payments(draw: st.DrawFn) -> CustomerPayment:
    allocations = (*draw(ALLOCATIONS), *draw(st.lists(CREDITS, max_size=1)))
    return CustomerPayment(
        customer=draw(ref(BooksKind.CUSTOMER)),
        date=draw(DAYS),
        amount=max(sum((a.amount for a in allocations), ZERO), ZERO) + draw(CENTS | st.just(ZERO)),
        allocations=allocations,
        method=draw(maybe(BooksKind.PAYMENT_METHOD)),
        reference=draw(st.text("pi_3Nabcxyz0123456789", max_size=40)),
        deposit_to=draw(ref(BooksKind.ACCOUNT)),
        memo=draw(TEXT),
    )


@st.composite
def purchase_lines(draw: st.DrawFn) -> PurchaseLine:
    by_item = draw(st.booleans())
    quantity, price = draw(QUANTITIES), draw(CENTS)
    return PurchaseLine(
        account=None if by_item else draw(ref(BooksKind.ACCOUNT)),
        item=draw(ref(BooksKind.ITEM)) if by_item else None,
        description=draw(TEXT),
        quantity=quantity,
        unit_cost=price,
        amount=half_up(quantity * price) if draw(st.booleans()) else draw(CENTS),
        customer=draw(maybe(BooksKind.CUSTOMER)),
        class_=draw(maybe(BooksKind.CLASS)),
        billable=draw(st.booleans()),
    )


PURCHASE_LINES = st.lists(purchase_lines(), min_size=1, max_size=4).map(tuple)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    lines, terms = draw(PURCHASE_LINES), draw(maybe(BooksKind.TERM))
    return Bill(
        vendor=draw(ref(BooksKind.VENDOR)),
        date=draw(DAYS),
        number=draw(TEXT.map(lambda text: text[:21].strip())),
        due_date=draw(DAYS) if terms else draw(st.none() | DAYS),
        terms=terms,
        ap_account=draw(maybe(BooksKind.ACCOUNT)),
        lines=lines,
        total=sum((line.amount for line in lines), ZERO),
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


@st.composite
def journals(draw: st.DrawFn) -> JournalEntry:
    amounts = draw(st.lists(CENTS, min_size=1, max_size=3))
    sides = [(Side.DEBIT, amount) for amount in amounts] + [(Side.CREDIT, sum(amounts, ZERO))]
    lines = tuple(
        JournalLine(
            side=side,
            account=draw(ref(BooksKind.ACCOUNT)),
            amount=amount,
            customer=draw(maybe(BooksKind.CUSTOMER)),
            class_=draw(maybe(BooksKind.CLASS)),
            location=draw(maybe(BooksKind.LOCATION)),
            description=draw(TEXT),
        )
        for side, amount in sides
    )
    return JournalEntry(
        date=draw(DAYS), lines=lines, number=draw(st.text("JE-019", max_size=21)), memo=draw(TEXT)
    )


@st.composite
def deposits(draw: st.DrawFn) -> BankDeposit:
    paid = draw(st.lists(CENTS, min_size=1, max_size=3))
    lines = [
        DepositLine(payment=BooksRef(BooksKind.PAYMENT, str(n)), amount=a) for n, a in enumerate(paid, 1)
    ]
    fee = draw(CENTS)
    lines.append(DepositLine(account=draw(ref(BooksKind.ACCOUNT)), amount=-fee, description=draw(TEXT)))
    return BankDeposit(
        account=draw(ref(BooksKind.ACCOUNT)),
        date=draw(DAYS),
        lines=tuple(lines),
        total=sum((line.amount for line in lines), ZERO),
        memo=draw(TEXT),
    )


@st.composite
def customers(draw: st.DrawFn) -> CustomerRecord:
    exempt = draw(st.none() | st.integers(1, 15))
    return CustomerRecord(
        name=draw(NAME),
        parent=draw(maybe(BooksKind.CUSTOMER)),
        company=draw(TEXT),
        given_name=draw(TEXT),
        family_name=draw(TEXT),
        email=draw(st.sampled_from(["", "ada@example.com"])),
        phone=draw(st.text("0123456789 -()", max_size=20)),
        mobile=draw(st.text("0123456789", max_size=20)),
        billing=draw(ADDRESSES),
        shipping=draw(ADDRESSES),
        terms=draw(maybe(BooksKind.TERM)),
        taxable=False if exempt is not None else draw(st.sampled_from([None, True, False])),
        exemption_reason=exempt,
        certificate=draw(st.text("ABC123", max_size=16)),
    )


VENDORS = st.builds(
    VendorRecord,
    name=NAME,
    company=TEXT,
    email=st.sampled_from(["", "sales@example.com"]),
    phone=st.text("0123456789", max_size=20),
    address=ADDRESSES,
    account_number=TEXT,
    is_1099=st.booleans(),
    terms=maybe(BooksKind.TERM),
)
_KINDS: tuple[st.SearchStrategy[Document], ...] = (
    invoices(),
    payments(),
    bills(),
    expenses(),
    journals(),
    deposits(),
    customers(),
    VENDORS,
)
DOCUMENTS = st.one_of(*_KINDS)
#: Two documents of one kind: now and before.
PAIRS = st.one_of(*(st.tuples(kind, kind) for kind in _KINDS))
PROFILES = st.builds(
    BooksProfile,
    company_id=st.just("9130"),
    sales_tax=st.sampled_from(SalesTax),
    class_tracking=st.sampled_from(Tracking),
    locations=st.booleans(),
    custom_numbers=st.booleans(),
)


def entity_name(document: Document) -> str:
    """QuickBooks' name of the document's kind."""
    return ENTITIES[kind_of(document)].name
