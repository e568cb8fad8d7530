"""Documents of every kind as Hypothesis draws them, and an echo that answers like QuickBooks Online."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    Document,
    JournalEntry,
    JournalLine,
    Side,
    TaxCodeRecord,
    TaxRate,
    TaxUse,
    VendorRecord,
    kind_of,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, CustomField, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from tests.qbo_drawn_forms import (
    ADDRESSES,
    CENTS,
    DAYS,
    NAME,
    TEXT,
    bill_payments,
    bills,
    credit_memos,
    estimates,
    expenses,
    invoices,
    maybe,
    purchase_orders,
    ref,
    refund_receipts,
    sales_receipts,
    vendor_credits,
)

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
CREDITS = st.builds(
    Allocation,
    invoice=st.sampled_from(
        [BooksRef(BooksKind.CREDIT_MEMO, "12"), BooksRef(BooksKind.CREDIT, "CreditCardCredit:7")]
    ),
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
RATE_NAME = st.text("abcXYZ 019.%äß", min_size=1, max_size=10).filter(str.strip)
TAX_CODES = st.builds(
    TaxCodeRecord,
    name=NAME.map(lambda name: name[:100]).filter(str.strip),
    rates=st.lists(
        st.builds(
            TaxRate,
            name=RATE_NAME,
            percent=st.decimals(0, 100, places=4),
            agency=ref(BooksKind.TAX_AGENCY),
            on=st.sampled_from(TaxUse),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda rate: rate.name.strip().casefold(),
    ).map(tuple),
)
_KINDS: tuple[st.SearchStrategy[Document], ...] = (
    invoices(),
    estimates(),
    credit_memos(),
    sales_receipts(),
    refund_receipts(),
    payments(),
    bills(),
    bill_payments(),
    vendor_credits(),
    purchase_orders(),
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
    custom_fields=st.sampled_from([(), (CustomField(name="Crew", id="1"), CustomField(name="gate", id="3"))]),
)


def entity_name(document: Document) -> str:
    """QuickBooks' name of the document's kind."""
    return ENTITIES[kind_of(document)].name
