"""Every form of QuickBooks Online goes there and back through the provider, and a stranger's client reads it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from quickbooks.objects.billpayment import BillPayment as TheirBillPayment
from quickbooks.objects.creditmemo import CreditMemo as TheirCreditMemo
from quickbooks.objects.estimate import Estimate as TheirEstimate
from quickbooks.objects.invoice import Invoice as TheirInvoice
from quickbooks.objects.purchaseorder import PurchaseOrder as TheirPurchaseOrder
from quickbooks.objects.refundreceipt import RefundReceipt as TheirRefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt as TheirSalesReceipt
from quickbooks.objects.vendorcredit import VendorCredit as TheirVendorCredit

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    DepositLine,
    Document,
    Estimate,
    EstimateStatus,
    OrderStatus,
    PaidBy,
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesReceipt,
    Settled,
    VendorCredit,
    kind_of,
)
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import VOIDABLE
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, Refused, Why
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbo_plumbing import COST, DOCUMENTS, INVOICE, ITEM_COST, JOB, TODAY, VENDOR, account, ref
from tests.qbo_twin import Connected, connected
from tests.twin_library import library

#: What an invoice of the plumbers shares with the other forms.
SALE: dict[str, Any] = {
    name: getattr(INVOICE, name)
    for name in ("customer", "date", "lines", "tax", "tax_code", "total", "location", "shipping", "memo")
}
COSTS: dict[str, Any] = {
    "vendor": VENDOR,
    "date": TODAY,
    "lines": (COST, ITEM_COST),
    "total": D("92.40"),
    "location": ref(BooksKind.LOCATION, "2"),
}
METHOD, UNDEPOSITED, BANK, CARD = (
    ref(BooksKind.PAYMENT_METHOD, "2"),
    account("4"),
    account("1"),
    account("16"),
)
FORMS: dict[str, Any] = {
    "estimate": Estimate(
        **SALE, number="F-E", expires=TODAY + dt.timedelta(days=30), email="ada@example.com"
    ),
    "credit memo": CreditMemo(**SALE, number="F-C"),
    "sales receipt": SalesReceipt(
        **SALE, number="F-S", method=METHOD, reference="4711", deposit_to=UNDEPOSITED
    ),
    "refund receipt": RefundReceipt(**SALE, number="F-R", method=METHOD, reference="4712", paid_from=BANK),
    "vendor credit": VendorCredit(**COSTS, number="F-V", ap_account=account("15"), memo="Returned"),
    "purchase order": PurchaseOrder(
        **COSTS, number="F-P", ap_account=account("15"), email="sales@example.com"
    ),
}
THEIRS: dict[type[Any], Any] = {
    Estimate: TheirEstimate,
    CreditMemo: TheirCreditMemo,
    SalesReceipt: TheirSalesReceipt,
    RefundReceipt: TheirRefundReceipt,
    BillPayment: TheirBillPayment,
    VendorCredit: TheirVendorCredit,
    PurchaseOrder: TheirPurchaseOrder,
    SalesInvoice: TheirInvoice,
}


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


@pytest.fixture(scope="module")
def qb(books: Connected) -> Iterator[Any]:
    """python-quickbooks on the same company."""
    with library(books.twin) as client:
        yield client


def change(books: Connected, document: Document, seen: BooksRecord, told: Document) -> BooksRecord:
    assert seen.document is not None
    return books.write(
        document,
        target_id=seen.id,
        version=seen.version,
        previous=books.provider.normal(seen.document),
        shown=seen.shown,
        told=told,
    )


def numbered(name: str, number: str) -> Any:
    return attrs.evolve(FORMS[name], number=number)


@pytest.mark.parametrize("name", list(FORMS))
def test_what_is_written_comes_back_as_sent_and_a_stranger_reads_it(
    name: str, books: Connected, qb: Any
) -> None:
    document = FORMS[name]
    record = books.write(document)
    seen = books.seen(record.kind, record.id)
    assert seen.document is not None
    operation = Operation(id="1", verb=Verb.CREATE, document=document)
    assert books.provider.normal(seen.document) == books.provider.sent(operation, books.profile)
    assert (seen.marker, seen.facts["number"], seen.facts["total"]) == (
        "test:1.1",
        document.number,
        str(document.total),
    )
    theirs = THEIRS[type(document)].get(record.id, qb=qb)
    assert D(str(theirs.TotalAmt)) == document.total
    lines = [line for line in theirs.Line if line.DetailType != "SubTotalLineDetail"]
    assert [D(str(line.Amount or 0)) for line in lines] == [line.amount for line in document.lines]
    assert theirs.DocNumber == document.number
    assert "[BO:test:1.1]" in theirs.PrivateNote


@pytest.mark.parametrize("name", list(FORMS))
def test_a_line_changes_and_the_location_goes(name: str, books: Connected) -> None:
    document = numbered(name, f"U-{name[:10]}")
    record = books.write(document)
    first, second, *rest = document.lines
    dearer = attrs.evolve(first, quantity=None, amount=first.amount + 10)
    changed = attrs.evolve(document, lines=(dearer, second, *rest), total=document.total + 10, memo="Changed")
    after = change(books, changed, record, document)
    assert [line.books_line_id for line in _lines(after)] == [line.books_line_id for line in _lines(record)]
    cleared = attrs.evolve(changed, location=None)
    last = change(books, cleared, after, changed)
    assert [line.books_line_id for line in _lines(last)] == [line.books_line_id for line in _lines(record)]


@pytest.mark.parametrize("name", list(FORMS))
def test_each_form_is_taken_out_in_its_own_way(name: str, books: Connected) -> None:
    document = numbered(name, f"W-{name[:10]}")
    record = books.write(document)
    removed = books.one(Verb.WITHDRAW, record.kind, target_id=record.id, version=record.version)
    assert isinstance(removed, Applied), removed
    if record.kind in VOIDABLE:
        shown = books.seen(record.kind, record.id)
        assert shown.document is not None
        void = books.provider.normal(attrs.evolve(document, void=True))
        assert books.provider.normal(shown.document) == void
    else:
        assert isinstance(books.read(record.kind, record.id), Gone)


@pytest.mark.parametrize("name", list(FORMS))
def test_each_form_is_found_by_its_creation_and_its_number(name: str, books: Connected) -> None:
    document = numbered(name, f"L-{name[:10]}")
    since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    record = books.write(document)
    created = books.one(
        Verb.FIND,
        record.kind,
        params={"by": "created", "since": since.isoformat(), "kinds": record.kind.value},
    )
    assert isinstance(created, Found)
    assert record.ref in [hit.ref for hit in created.records]
    numbered_so = books.one(Verb.FIND, record.kind, params={"by": "number", "number": document.number})
    assert isinstance(numbered_so, Found)
    assert [hit.ref for hit in numbered_so.records] == [record.ref]
    nothing = books.one(Verb.FIND, record.kind, params={"by": "number", "number": "NONE"})
    assert isinstance(nothing, Absent)


def test_all_forms_come_with_the_feed_of_changes(books: Connected) -> None:
    start = books.one(Verb.CHANGES, params={"cursor": ""})
    assert isinstance(start, Found)
    assert start.cursor
    written = {books.write(numbered(name, f"X-{name[:10]}")).ref for name in FORMS}
    changes = books.one(Verb.CHANGES, params={"cursor": start.cursor})
    assert isinstance(changes, Found)
    assert written <= {record.ref for record in changes.records}
    assert all(record.document is not None for record in changes.records if record.ref in written)


def test_an_invoice_bills_an_estimate_and_closes_it(books: Connected, qb: Any) -> None:
    estimate = books.write(numbered("estimate", "EI-1"))
    invoice = attrs.evolve(INVOICE, number="EI-2", estimate=estimate.ref)
    record = books.write(invoice)
    assert isinstance(record.document, SalesInvoice)
    assert record.document.estimate == estimate.ref
    assert estimate.ref in record.linked
    there = books.seen(BooksKind.ESTIMATE, estimate.id)
    assert there.linked == (record.ref,)
    assert isinstance(there.document, Estimate)
    assert there.document.status is EstimateStatus.CLOSED
    (link,) = TheirInvoice.get(record.id, qb=qb).LinkedTxn
    assert (link.TxnType, link.TxnId) == ("Estimate", estimate.id)
    # The link is never compared, and survives an edit and a full update.
    later = attrs.evolve(invoice, memo="Billed", location=None)
    after = change(books, later, record, invoice)
    assert estimate.ref in after.linked


def test_an_estimate_is_accepted(books: Connected) -> None:
    estimate = numbered("estimate", "EA-1")
    record = books.write(estimate)
    accepted = attrs.evolve(
        estimate, status=EstimateStatus.ACCEPTED, accepted_by="Ada Hill", accepted_on=TODAY
    )
    after = change(books, accepted, record, estimate)
    assert after.facts["status"] == "Accepted"
    again = attrs.evolve(estimate, expires=None)
    last = change(books, again, after, accepted)
    assert isinstance(last.document, Estimate)
    assert (last.document.accepted_by, last.document.accepted_on, last.document.expires) == ("", None, None)


def test_a_bill_receives_a_purchase_order_and_closes_it(books: Connected) -> None:
    order = numbered("purchase order", "PB-1")
    ordered = books.write(order)
    assert isinstance(ordered.document, PurchaseOrder)
    lines = tuple(
        attrs.evolve(line, order=ordered.ref, order_line=there.books_line_id)
        for line, there in zip(order.lines, ordered.document.lines, strict=True)
    )
    bill: Any = attrs.evolve(DOCUMENTS["bill"], number="PB-2", lines=lines)
    record = books.write(bill)
    assert ordered.ref in record.linked
    there = books.seen(BooksKind.PURCHASE_ORDER, ordered.id)
    assert isinstance(there.document, PurchaseOrder)
    assert there.document.status is OrderStatus.CLOSED
    dearer = attrs.evolve(lines[0], amount=D("65.20"))
    after = change(books, attrs.evolve(bill, lines=(dearer, lines[1]), total=D("93.40")), record, bill)
    assert ordered.ref in after.linked


def bill_of(books: Connected, number: str) -> BooksRecord:
    return books.write(attrs.evolve(DOCUMENTS["bill"], number=number))


@pytest.mark.parametrize(("paid_by", "paid_from"), [(PaidBy.CHECK, BANK), (PaidBy.CARD, CARD)])
def test_a_bill_is_paid_partly_by_a_credit(
    paid_by: PaidBy, paid_from: Any, books: Connected, qb: Any
) -> None:
    bill = bill_of(books, f"BP-{paid_by}")
    credit = books.write(numbered("vendor credit", f"BV-{paid_by}"))
    payment = BillPayment(
        vendor=VENDOR,
        date=TODAY,
        number=f"77{len(paid_by)}",
        amount=D("52.40"),
        settles=(
            Settled(document=bill.ref, amount=D("92.40")),
            Settled(document=credit.ref, amount=D("-40.00")),
        ),
        paid_by=paid_by,
        account=paid_from,
        memo="Friday run",
    )
    record = books.write(payment)
    assert set(record.linked) == {bill.ref, credit.ref}
    paid = books.seen(BooksKind.BILL, bill.id)
    assert paid.facts["balance"] == "0.00"
    assert paid.linked == (record.ref,)
    assert books.seen(BooksKind.VENDOR_CREDIT, credit.id).facts["balance"] == "52.40"
    theirs = TheirBillPayment.get(record.id, qb=qb)
    assert (D(str(theirs.TotalAmt)), len(theirs.Line)) == (D("52.4"), 2)
    less = attrs.evolve(payment, amount=D("60.00"), settles=(Settled(document=bill.ref, amount=D("60.00")),))
    after = change(books, less, record, payment)
    assert books.seen(BooksKind.BILL, bill.id).facts["balance"] == "32.40"
    memo = change(books, attrs.evolve(less, memo="Monday run"), after, less)
    voided = books.one(Verb.WITHDRAW, BooksKind.BILL_PAYMENT, target_id=record.id, version=memo.version)
    assert isinstance(voided, Applied), voided
    shown = books.seen(BooksKind.BILL_PAYMENT, record.id)
    assert shown.document is not None
    assert books.provider.normal(shown.document) == books.provider.normal(attrs.evolve(less, void=True))
    assert books.seen(BooksKind.BILL, bill.id).facts["balance"] == "92.40"


def test_a_credit_settles_a_bill_without_money(books: Connected) -> None:
    bill, credit = bill_of(books, "BZ-1"), books.write(numbered("vendor credit", "BZ-2"))
    payment = BillPayment(
        vendor=VENDOR,
        date=TODAY,
        amount=D("0.00"),
        settles=(
            Settled(document=bill.ref, amount=D("92.40")),
            Settled(document=credit.ref, amount=D("-92.40")),
        ),
    )
    record = books.write(payment)
    assert isinstance(record.document, BillPayment)
    assert not record.document.void
    assert books.seen(BooksKind.BILL, bill.id).facts["balance"] == "0.00"


def test_a_payment_to_a_vendor_that_settles_less_than_it_pays_is_refused_in_words(books: Connected) -> None:
    bill = bill_of(books, "BR-1")
    payment = BillPayment(
        vendor=VENDOR,
        date=TODAY,
        amount=D("10.00"),
        settles=(Settled(document=bill.ref, amount=D("9.00")),),
        account=BANK,
    )
    for document, words in (
        (payment, "settles 9.00"),
        (attrs.evolve(payment, settles=()), "settles no bill"),
        (attrs.evolve(payment, amount=D("9.00"), account=None), "bank account"),
    ):
        with pytest.raises(Unencodable, match=words):
            books.one(Verb.CREATE, kind_of(document), document=document)


def test_a_credit_memo_is_applied_and_cannot_go_then(books: Connected) -> None:
    memo = books.write(numbered("credit memo", "CM-1"))
    invoice = books.write(attrs.evolve(INVOICE, number="CM-2"))
    payment = CustomerPayment(
        customer=JOB,
        date=TODAY,
        amount=D("0.00"),
        allocations=(
            Allocation(invoice=invoice.ref, amount=D("351.79")),
            Allocation(invoice=memo.ref, amount=D("-351.79")),
        ),
        deposit_to=UNDEPOSITED,
    )
    books.write(payment)
    there = books.seen(BooksKind.CREDIT_MEMO, memo.id)
    assert there.facts.get("remaining_credit", "0.00") == "0.00"
    refused = books.one(Verb.WITHDRAW, BooksKind.CREDIT_MEMO, target_id=memo.id, version=there.version)
    assert isinstance(refused, Refused)
    assert refused.why is Why.FROZEN


def test_sales_and_refunds_reach_the_bank_in_one_deposit(books: Connected) -> None:
    sale = books.write(numbered("sales receipt", "DS-1"))
    lines = (
        DepositLine(payment=sale.ref, amount=D("351.79")),
        DepositLine(account=account("57"), amount=D("-9.00"), description="Card fees"),
    )
    deposit = BankDeposit(account=BANK, date=TODAY, lines=lines, total=D("342.79"))
    record = books.write(deposit)
    assert record.linked == (sale.ref,)
    frozen = books.seen(BooksKind.SALES_RECEIPT, sale.id)
    assert frozen.linked == (record.ref,)
    refused = books.one(Verb.WITHDRAW, BooksKind.SALES_RECEIPT, target_id=sale.id, version=frozen.version)
    assert isinstance(refused, Refused)
    assert (refused.why, refused.code) == (Why.FROZEN, "6540")


def test_a_receipt_without_a_customer_is_read(books: Connected) -> None:
    receipt = attrs.evolve(numbered("sales receipt", "NC-1"), customer=None)
    record = books.write(receipt)
    assert isinstance(record.document, SalesReceipt)
    assert record.document.customer is None


def _lines(record: BooksRecord) -> tuple[Any, ...]:
    lines: tuple[Any, ...] = getattr(record.document, "lines", ())
    assert lines
    return lines
