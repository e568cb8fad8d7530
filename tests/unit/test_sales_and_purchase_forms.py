"""Sales and purchase forms: what they post, how they are stored, bound and seen through the plain lens."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import given

from blueops_qb.domain.binding import bind, linked_refs, refs_of
from blueops_qb.domain.compare import GROUPS, apart, as_decided
from blueops_qb.domain.documents import (
    DOCUMENT_TYPES,
    Allocation,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    Document,
    Estimate,
    PaidOut,
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Settled,
    VendorCredit,
    kind_of,
)
from blueops_qb.domain.effects import effects
from blueops_qb.domain.refs import BooksKind, BooksRef, OurRef, RecordKind, RecordRef, Ref, order_of
from blueops_qb.sdk import wire
from blueops_qb.sdk.plain import plain
from tests.qbo_documents import DOCUMENTS

DAY = dt.date(2026, 3, 2)
CUSTOMER, JOB = BooksRef(BooksKind.CUSTOMER, "7"), BooksRef(BooksKind.CUSTOMER, "8")
VENDOR = BooksRef(BooksKind.VENDOR, "9")
BANK, COST = BooksRef(BooksKind.ACCOUNT, "bank"), BooksRef(BooksKind.ACCOUNT, "cost")
ITEM = BooksRef(BooksKind.ITEM, "i")
ROLES = {"ar": "ar", "ap": "ap", "undeposited": "uf", "discounts": "off", "tax_payable": "tax"}
SALE: dict[str, Any] = {
    "customer": CUSTOMER,
    "date": DAY,
    "lines": (SalesLine(item=ITEM, amount=D("100.00")),),
    "discount": D("10.00"),
    "tax": D("7.20"),
}
COSTS: dict[str, Any] = {
    "vendor": VENDOR,
    "date": DAY,
    "lines": (PurchaseLine(account=COST, amount=D("40.00"), customer=JOB),),
    "total": D("40.00"),
}
BILL = BooksRef(BooksKind.BILL, "1")
PAID = BillPayment(
    vendor=VENDOR,
    date=DAY,
    amount=D("40.00"),
    settles=(Settled(document=BILL, amount=D("40.00")),),
    account=BANK,
)


MEMO = BooksRef(BooksKind.CREDIT_MEMO, "1")
PAID_OUT = (PaidOut(credit=MEMO, amount=D("40.00")),)


def posted(document: Document) -> dict[str, D]:
    lines = effects(document, roles=ROLES, item_accounts={"i": "income"})
    return {line.account: line.amount for line in lines}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (SalesInvoice(**SALE), {"ar": "97.20", "income": "-100.00", "off": "10.00", "tax": "-7.20"}),
        (CreditMemo(**SALE), {"ar": "-97.20", "income": "100.00", "off": "-10.00", "tax": "7.20"}),
        (
            SalesReceipt(**SALE, deposit_to=BANK),
            {"bank": "97.20", "income": "-100.00", "off": "10.00", "tax": "-7.20"},
        ),
        (SalesReceipt(**SALE), {"uf": "97.20", "income": "-100.00", "off": "10.00", "tax": "-7.20"}),
        (
            RefundReceipt(**SALE, paid_from=BANK),
            {"bank": "-97.20", "income": "100.00", "off": "-10.00", "tax": "7.20"},
        ),
        (
            RefundReceipt(customer=CUSTOMER, date=DAY, total=D("40.00"), paid_from=BANK, pays_out=PAID_OUT),
            {"bank": "-40.00", "ar": "40.00"},
        ),
        (Estimate(**SALE), {}),
        (Bill(**COSTS), {"ap": "-40.00", "cost": "40.00"}),
        (VendorCredit(**COSTS), {"ap": "40.00", "cost": "-40.00"}),
        (PurchaseOrder(**COSTS), {}),
        (PAID, {"ap": "40.00", "bank": "-40.00"}),
        (attrs.evolve(PAID, amount=D("0.00"), account=None), {}),
        (attrs.evolve(PAID, void=True), {}),
    ],
)
def test_what_each_form_posts(document: Document, expected: dict[str, str]) -> None:
    assert posted(document) == {account: D(amount) for account, amount in expected.items()}


def test_a_deposit_on_an_invoice_lowers_what_is_owed() -> None:
    invoice = SalesInvoice(**SALE, deposit=D("50.00"), deposit_to=BANK)
    lines = effects(invoice, roles=ROLES, item_accounts={"i": "income"})
    assert sum(line.amount for line in lines if line.account == "ar") == D("47.20")
    assert sum(line.amount for line in lines if line.account == "bank") == D("50.00")
    assert sum(line.amount for line in lines) == 0


def test_what_is_paid_out_of_a_credit_is_owed_by_whose_it_was() -> None:
    refund = RefundReceipt(customer=CUSTOMER, date=DAY, total=D("50.00"), paid_from=BANK, pays_out=PAID_OUT)
    lines = effects(refund, roles=ROLES, owners={MEMO: JOB})
    owed = [(line.customer, line.amount) for line in lines if line.account == "ar"]
    assert owed == [(CUSTOMER, D("10.00")), (JOB, D("40.00"))]
    assert set(refs_of(refund)) == {CUSTOMER, MEMO}
    assert linked_refs(refund) == (MEMO,)


def test_the_job_bears_the_cost_and_gets_the_credit() -> None:
    lines = effects(VendorCredit(**COSTS), roles=ROLES)
    assert [(line.customer, line.amount) for line in lines if line.account == "cost"] == [(JOB, D("-40.00"))]


@given(DOCUMENTS)
def test_every_document_balances_and_is_stored_whole(document: Document) -> None:
    assert sum((line.amount for line in effects(document, roles=ROLES)), D(0)) == 0
    assert wire.load_document(kind_of(document), wire.dump_document(document)) == document


@given(DOCUMENTS)
def test_the_plain_lens_sees_the_same_twice(document: Document) -> None:
    once = plain(document)
    assert type(once) is type(document)
    assert plain(once) == once


@given(DOCUMENTS)
def test_every_reference_is_bound(document: Document) -> None:
    ours = {ref: RecordRef(RecordKind.INVOICE, "-".join(order_of(ref))) for ref in refs_of(document)}
    back: dict[OurRef, Ref] = {mine: theirs for theirs, mine in ours.items()}
    assert set(linked_refs(document)) <= set(ours)
    assert bind(document, back) == document


@pytest.mark.parametrize("type_", list(DOCUMENT_TYPES.values()))
def test_every_field_is_compared_in_exactly_one_group(type_: type[Any]) -> None:
    named = [field for fields in GROUPS[type_].values() for field in fields]
    assert sorted(named) == sorted(field.name for field in attrs.fields(type_))


def test_what_differs_one_way_names_its_group() -> None:
    before, after = {"terms": None, "email": "a"}, {"terms": ITEM, "email": "a"}
    assert apart(SalesInvoice, before, after) == ("dates",)
    assert apart(SalesInvoice, before, dict(before)) == ()


def test_what_the_books_decide_is_taken_from_ours_on_every_sale() -> None:
    open_ones = {**SALE, "tax": None}
    sent = SalesReceipt(**open_ones)
    shown = SalesReceipt(**SALE, total=D("97.20"))
    assert as_decided(sent, shown) == attrs.evolve(sent, total=None)


def test_a_number_that_was_left_to_the_books_is_no_difference_and_one_of_ours_is() -> None:
    shown = SalesReceipt(**{**SALE, "number": "17"}, total=D("97.20"))
    unnumbered = SalesReceipt(**{**SALE, "number": ""}, total=D("97.20"))
    assert as_decided(unnumbered, shown) == unnumbered
    ours = attrs.evolve(unnumbered, number="BO-16")
    assert as_decided(ours, shown) == shown != ours


def test_a_credit_memo_that_was_stored_by_name_only_is_read_as_one() -> None:
    old = (
        '{"allocations":[{"amount":"-20.00","invoice":"credit#CreditMemo:12"},'
        '{"amount":"5.00","invoice":"credit#Check:7"}],"amount":"0.00",'
        '"customer":"customer#7","date":"2026-03-02"}'
    )
    payment = wire.load_document(BooksKind.PAYMENT, old)
    assert isinstance(payment, CustomerPayment)
    assert payment.allocations == (
        Allocation(invoice=BooksRef(BooksKind.CREDIT_MEMO, "12"), amount=D("-20.00")),
        Allocation(invoice=BooksRef(BooksKind.CREDIT, "Check:7"), amount=D("5.00")),
    )


def test_an_invoice_stored_before_the_new_fields_is_the_same() -> None:
    old = '{"customer":"customer#7","date":"2026-03-02","number":"1","total":"0.00"}'
    invoice = SalesInvoice(customer=CUSTOMER, date=DAY, number="1", total=D("0.00"))
    assert wire.load_document(BooksKind.INVOICE, old) == invoice
    assert wire.dump_document(invoice) == old
