"""A refund to a card in Desktop: what it pays out is read, and of a void one nothing."""

from decimal import Decimal as D

from blueops_qb.domain.documents import PaidOut, RefundReceipt
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.reading import read_text
from tests.qbd_samples import CUSTOMER, USUAL

MEMO, PAYMENT = BooksRef(BooksKind.CREDIT_MEMO, "6-1"), BooksRef(BooksKind.PAYMENT, "5-1")


def shown(parts: str, *, total: str = "50.00", memo: str = "") -> RefundReceipt:
    ret = read_text(
        "<ARRefundCreditCardRet><TxnID>9-1</TxnID><EditSequence>1</EditSequence>"
        "<CustomerRef><ListID>8-1</ListID></CustomerRef><RefundFromAccountRef><ListID>1000-1</ListID>"
        "</RefundFromAccountRef><TxnDate>2026-01-02</TxnDate><RefNumber>R-1</RefNumber>"
        f"<TotalAmount>{total}</TotalAmount><Memo>{memo}</Memo>{parts}</ARRefundCreditCardRet>"
    )
    record = record_of(ret, USUAL)
    assert record is not None
    assert record.kind is BooksKind.REFUND_RECEIPT
    assert isinstance(record.document, RefundReceipt)
    assert record.linked == tuple(part.credit for part in record.document.pays_out)
    return record.document


def row(id: str, type_: str, amount: str) -> str:
    return (
        f"<RefundAppliedToTxnRet><TxnID>{id}</TxnID><TxnType>{type_}</TxnType><TxnDate>2026-01-02</TxnDate>"
        f"<CreditRemaining>1.00</CreditRemaining><RefundAmount>{amount}</RefundAmount></RefundAppliedToTxnRet>"
    )


def test_it_says_which_credits_it_pays_out() -> None:
    document = shown(row("6-1", "CreditMemo", "30.00") + row("5-1", "ReceivePayment", "20.00"))
    paid_out = (PaidOut(credit=MEMO, amount=D("30.00")), PaidOut(credit=PAYMENT, amount=D("20.00")))
    assert document.pays_out == paid_out
    assert (document.customer, document.number, document.total) == (CUSTOMER, "R-1", D("50.00"))
    assert (document.lines, document.void) == ((), False)
    once = normal(document)
    assert isinstance(once, RefundReceipt)
    assert sorted(once.pays_out) == sorted(paid_out)
    assert normal(once) == once


def test_one_that_lost_its_credit_is_not_void_and_a_void_one_pays_nothing_out() -> None:
    assert not shown("").void
    void = shown("", total="0.00", memo="VOID: wrong card")
    assert void.void
    assert normal(void) == RefundReceipt(
        customer=CUSTOMER,
        date=void.date,
        number="R-1",
        tax=D("0.00"),
        total=D("0.00"),
        paid_from=void.paid_from,
        void=True,
    )
