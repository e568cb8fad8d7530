"""What a payment settles in Desktop, with the discounts that stand inside it: read, kept, and told where they go."""

from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CustomerPayment
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.applied import allocation, applied_members, applied_of
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.open_bills import open_bills_of
from blueops_qb.providers.qbd.codec.receipts import payment_of
from blueops_qb.providers.qbd.qbxml.reading import read_text
from blueops_qb.providers.qbd.qbxml.writing import as_text
from tests.qbd_samples import CUSTOMER, USUAL

INVOICE, MEMO = BooksRef(BooksKind.INVOICE, "7-1"), BooksRef(BooksKind.CREDIT_MEMO, "6-1")
OFF = BooksRef(BooksKind.CREDIT, "Discount:7-1/4900-1/C-1")
RET = read_text(
    "<ReceivePaymentRet><TxnID>9-1</TxnID><CustomerRef><ListID>8-1</ListID></CustomerRef><TxnDate>2026-01-02</TxnDate>"
    "<TotalAmount>950.00</TotalAmount><AppliedToTxnRet><TxnID>7-1</TxnID><TxnType>Invoice</TxnType>"
    "<Amount>950.00</Amount><DiscountAmount>20.00</DiscountAmount><DiscountAccountRef><ListID>4900-1</ListID>"
    "</DiscountAccountRef><DiscountClassRef><ListID>C-1</ListID></DiscountClassRef><LinkedTxn><TxnID>6-1</TxnID>"
    "<TxnType>CreditMemo</TxnType><Amount>-30.00</Amount></LinkedTxn></AppliedToTxnRet></ReceivePaymentRet>"
)
PARTS = [(INVOICE, D("1000.00")), (MEMO, D("-30.00")), (OFF, D("-20.00"))]


def test_a_discount_settles_beside_money_and_credits() -> None:
    assert sorted(applied_of(RET, holds_credits=False), key=str) == sorted(PARTS, key=str)
    shown = payment_of(RET, USUAL)
    (given,) = (part for part in shown.allocations if part.invoice == OFF)
    assert given == Allocation(
        invoice=OFF,
        amount=D("-20.00"),
        account=BooksRef(BooksKind.ACCOUNT, "4900-1"),
        class_=BooksRef(BooksKind.CLASS, "C-1"),
    )
    again = normal(shown)
    assert isinstance(again, CustomerPayment)
    assert given in again.allocations
    assert normal(again) == again
    assert shown.customer == CUSTOMER


def test_only_a_discount_is_posted_by_itself() -> None:
    assert allocation(INVOICE, D(5)) == Allocation(invoice=INVOICE, amount=D(5))
    assert allocation(MEMO, D(-5)).account is None


def test_a_change_leaves_a_discount_at_the_invoice_that_it_was_taken_off() -> None:
    other = BooksRef(BooksKind.INVOICE, "5-1")
    parts = [*PARTS, (other, D("50.00"))]
    first, second = applied_members("AppliedToTxnMod", parts, before=PARTS)
    assert as_text(second) == (
        "<AppliedToTxnMod><TxnID>7-1</TxnID><PaymentAmount>980.00</PaymentAmount><DiscountAmount>20.00</DiscountAmount>"
        "<DiscountAccountRef><ListID>4900-1</ListID></DiscountAccountRef><DiscountClassRef><ListID>C-1</ListID>"
        "</DiscountClassRef></AppliedToTxnMod>"
    ).replace(
        "<DiscountAmount>",
        "<SetCredit><CreditTxnID>6-1</CreditTxnID><AppliedAmount>0.00</AppliedAmount></SetCredit><DiscountAmount>",
        1,
    )
    assert first.get("PaymentAmount") == "20.00", "the credit is laid on the first one"


def test_a_discount_that_is_given_up_goes_to_nothing() -> None:
    (one,) = applied_members("AppliedToTxnMod", [(INVOICE, D("950.00"))], before=PARTS)
    assert (one.get("DiscountAmount"), one.get("DiscountAccountRef", "ListID")) == ("0.00", "4900-1")


@pytest.mark.parametrize("settled", [[], [(INVOICE, D("19.99"))]])
def test_a_discount_of_what_is_not_settled_any_more_is_said(settled: list[tuple[BooksRef, D]]) -> None:
    with pytest.raises(Unwritable, match=r"a discount of 20\.00 was taken off"):
        applied_members("AppliedToTxnMod", [*settled, (OFF, D("-20.00"))], before=PARTS)


def test_an_answer_without_discounts_reads_as_before() -> None:
    bare = read_text(
        "<R><AppliedToTxnRet><TxnID>7-1</TxnID><TxnType>Invoice</TxnType><Amount>5.00</Amount></AppliedToTxnRet></R>"
    )
    assert applied_of(bare, holds_credits=False) == [(INVOICE, D("5.00"))]
    assert attrs.evolve(allocation(INVOICE, D(5))) == Allocation(invoice=INVOICE, amount=D(5))


def test_what_is_open_of_a_vendor_is_read_from_bills_to_pay() -> None:
    rows = (
        ("BillToPay", "Bill", "7-1", "AmountDue", "30.00"),
        ("CreditToApply", "VendorCredit", "6-1", "CreditRemaining", "15.00"),
        ("CreditToApply", "BillPaymentCheck", "5-1", "CreditRemaining", "2.50"),
    )
    rets = "".join(
        f"<BillToPayRet><{name}><TxnID>{id}</TxnID><TxnType>{type_}</TxnType><{amount}>{worth}</{amount}></{name}>"
        "</BillToPayRet>"
        for name, type_, id, amount, worth in rows
    )
    assert open_bills_of(read_text(f"<BillToPayQueryRs>{rets}</BillToPayQueryRs>")) == {
        BooksRef(BooksKind.BILL, "7-1"): D("30.00"),
        BooksRef(BooksKind.VENDOR_CREDIT, "6-1"): D("-15.00"),
        BooksRef(BooksKind.BILL_PAYMENT, "5-1"): D("-2.50"),
    }
    assert open_bills_of(read_text("<BillToPayQueryRs/>")) == {}
