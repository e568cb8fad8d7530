"""python-quickbooks buys from the twin: bills and their payment, vendor credits, orders, purchases, banking."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException, ValidationException
from quickbooks.objects.account import Account
from quickbooks.objects.base import LinkedTxn
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment, BillPaymentCreditCard, BillPaymentLine, CheckPayment
from quickbooks.objects.customer import Customer
from quickbooks.objects.deposit import CashBackInfo, Deposit, DepositLine, DepositLineDetail
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
)
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import Entity, JournalEntry, JournalEntryLine, JournalEntryLineDetail
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.purchaseorder import PurchaseOrder
from quickbooks.objects.vendor import Vendor
from quickbooks.objects.vendorcredit import VendorCredit

from blueops_qb.sandbox.qbo.running import running_twin
from tests.twin_library import library


@pytest.fixture(scope="module")
def qb() -> Iterator[Any]:
    with running_twin(seed="names") as twin, library(twin) as client:
        yield client


def account(qb: Any, number: str) -> Any:
    return Account.filter(AcctNum=number, qb=qb)[0]


def vendor(qb: Any, position: int = 0) -> Any:
    return Vendor.all(qb=qb)[position]


def cost(qb: Any, amount: str, number: str = "5010") -> Any:
    line = AccountBasedExpenseLine()
    line.Amount = Decimal(amount)
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = account(qb, number).to_ref()
    return line


def goods(qb: Any, amount: str, name: str = "Pipe & Fittings") -> Any:
    line = ItemBasedExpenseLine()
    line.Amount = Decimal(amount)
    line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = Item.filter(Name=name, qb=qb)[0].to_ref()
    line.ItemBasedExpenseLineDetail.Qty, line.ItemBasedExpenseLineDetail.UnitPrice = 1, Decimal(amount)
    return line


def new(kind: Any, qb: Any, *lines: Any, position: int = 0, **members: Any) -> Any:
    record = kind()
    record.VendorRef = vendor(qb, position).to_ref()
    record.Line += lines
    for name, value in members.items():
        setattr(record, name, value)
    return record


def linked(amount: str, record: Any, kind: str) -> Any:
    line, link = BillPaymentLine(), LinkedTxn()
    line.Amount, link.TxnId, link.TxnType = Decimal(amount), record.Id, kind
    line.LinkedTxn.append(link)
    return line


def check(qb: Any, total: str, *lines: Any, **members: Any) -> Any:
    paid = new(BillPayment, qb, *lines, PayType="Check", TotalAmt=Decimal(total), **members)
    paid.CheckPayment = CheckPayment()
    paid.CheckPayment.BankAccountRef = account(qb, "1000").to_ref()
    return paid


def refused(code: int) -> Any:
    return pytest.raises(QuickbooksException, check=lambda error: error.error_code == code)


def test_bill_is_paid_by_check_with_a_vendor_credit(qb: Any) -> None:
    bill = new(Bill, qb, cost(qb, "120")).save(qb=qb)
    credit = new(VendorCredit, qb, cost(qb, "20")).save(qb=qb)
    assert (bill.Balance, credit.Balance) == (120, 20)
    paid = check(qb, "100", linked("120", bill, "Bill"), linked("20", credit, "VendorCredit")).save(qb=qb)
    assert (paid.TotalAmt, paid.CheckPayment.PrintStatus) == (100, "NotSet")
    settled, used = Bill.get(bill.Id, qb=qb), VendorCredit.get(credit.Id, qb=qb)
    assert (settled.Balance, used.Balance) == (0, 0)
    assert [(link.TxnId, link.TxnType) for link in settled.LinkedTxn] == [(paid.Id, "BillPaymentCheck")]
    assert settled.SyncToken == "1"

    with refused(6000):
        settled.delete(qb=qb)
    found = BillPayment.filter(VendorRef=bill.VendorRef.value, qb=qb)
    assert paid.Id in {row.Id for row in found}
    paid.PrivateNote = "mailed on Friday"
    paid = paid.save(qb=qb)
    assert (paid.SyncToken, paid.PrivateNote) == ("1", "mailed on Friday")

    paid.void(qb=qb)
    voided = BillPayment.get(paid.Id, qb=qb)
    assert (voided.TotalAmt, voided.PrivateNote, voided.Line) == (0, "Voided - mailed on Friday", [])
    assert Bill.get(bill.Id, qb=qb).Balance == 120
    assert VendorCredit.get(credit.Id, qb=qb).Balance == 20
    voided.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        BillPayment.get(paid.Id, qb=qb)


def test_bill_is_paid_in_parts_by_card(qb: Any) -> None:
    bill = new(Bill, qb, cost(qb, "75.50")).save(qb=qb)
    part = new(
        BillPayment, qb, linked("25.50", bill, "Bill"), PayType="CreditCard", TotalAmt=Decimal("25.50")
    )
    part.CreditCardPayment = BillPaymentCreditCard()
    part.CreditCardPayment.CCAccountRef = account(qb, "2100").to_ref()
    part = part.save(qb=qb)
    open_bill = Bill.get(bill.Id, qb=qb)
    assert open_bill.Balance == 50
    assert open_bill.LinkedTxn[0].TxnType == "BillPaymentCreditCard"
    part.delete(qb=qb)
    assert Bill.get(bill.Id, qb=qb).Balance == 75.5


def test_bill_payments_meet_their_faults(qb: Any) -> None:
    bill = new(Bill, qb, cost(qb, "10")).save(qb=qb)
    with refused(2020):
        check(qb, "10").save(qb=qb)
    with refused(6000):
        check(qb, "11", linked("11", bill, "Bill")).save(qb=qb)
    with refused(620):
        check(qb, "10", linked("10", bill, "Bill"), position=1).save(qb=qb)
    gone = Bill()
    gone.Id = "999999"
    lost = check(qb, "10", linked("10", gone, "Bill"))
    with pytest.raises(ObjectNotFoundException):
        lost.save(qb=qb)
    wrong = check(qb, "10", linked("10", bill, "Bill"))
    wrong.CheckPayment.BankAccountRef = account(qb, "1100").to_ref()
    with refused(6430):
        wrong.save(qb=qb)
    paid = check(qb, "10", linked("10", bill, "Bill")).save(qb=qb)
    stale = BillPayment.get(paid.Id, qb=qb)
    paid.save(qb=qb)
    with refused(5010):
        stale.save(qb=qb)


def test_vendor_credit_lives_and_dies(qb: Any) -> None:
    made = new(VendorCredit, qb, cost(qb, "30"), goods(qb, "6.20"), DocNumber="VC-1").save(qb=qb)
    assert (made.TotalAmt, made.Line[0].DetailType) == (36.2, "AccountBasedExpenseLineDetail")
    with refused(6140):
        new(VendorCredit, qb, cost(qb, "1"), DocNumber="VC-1").save(qb=qb)
    made.Line[0].Amount = 10
    assert made.save(qb=qb).TotalAmt == 16.2
    assert VendorCredit.filter(DocNumber="vc-1", qb=qb)[0].Id == made.Id
    VendorCredit.get(made.Id, qb=qb).delete(qb=qb)
    assert VendorCredit.filter(DocNumber="VC-1", qb=qb) == []


def test_purchase_order_is_filled_by_a_bill(qb: Any) -> None:
    order = new(PurchaseOrder, qb, goods(qb, "40"), goods(qb, "60", "Fixtures"), DocNumber="PO-7").save(qb=qb)
    assert (order.POStatus, order.TotalAmt, order.APAccountRef.name) == ("Open", 100, "Accounts Payable")
    order.Memo = "Deliver to the yard"
    order = order.save(qb=qb)
    first = goods(qb, "40")
    link = LinkedTxn()
    link.TxnId, link.TxnType, link.TxnLineId = order.Id, "PurchaseOrder", order.Line[0].Id
    first.LinkedTxn.append(link)
    bill = new(Bill, qb, first).save(qb=qb)
    assert (bill.LinkedTxn[0].TxnType, bill.LinkedTxn[0].TxnId) == ("PurchaseOrder", order.Id)
    half = PurchaseOrder.get(order.Id, qb=qb)
    assert (half.POStatus, half.LinkedTxn[0].TxnType, half.LinkedTxn[0].TxnId) == ("Open", "Bill", bill.Id)
    rest = goods(qb, "60", "Fixtures")
    again = LinkedTxn()
    again.TxnId, again.TxnType, again.TxnLineId = order.Id, "PurchaseOrder", order.Line[1].Id
    rest.LinkedTxn.append(again)
    other = new(Bill, qb, rest).save(qb=qb)
    closed = PurchaseOrder.get(order.Id, qb=qb)
    assert closed.POStatus == "Closed"
    with refused(6000):
        closed.delete(qb=qb)
    other.delete(qb=qb)
    Bill.get(bill.Id, qb=qb).delete(qb=qb)
    open_again = PurchaseOrder.get(order.Id, qb=qb)
    assert (open_again.POStatus, open_again.LinkedTxn) == ("Open", [])
    assert PurchaseOrder.filter(DocNumber="PO-7", qb=qb)[0].Id == order.Id
    open_again.delete(qb=qb)
    assert PurchaseOrder.count(qb=qb) == 0


def test_purchases_of_every_type(qb: Any) -> None:
    for kind, number in (("Cash", "1000"), ("Check", "1000"), ("CreditCard", "2100")):
        spent = Purchase()
        spent.PaymentType, spent.AccountRef = kind, account(qb, number).to_ref()
        spent.EntityRef = vendor(qb).to_ref()
        spent.Line += [cost(qb, "8"), goods(qb, "2.50")]
        spent = spent.save(qb=qb)
        assert (spent.TotalAmt, spent.EntityRef.type) == (10.5, "Vendor")
        spent.PrivateNote = "seen"
        spent = spent.save(qb=qb)
        assert Purchase.get(spent.Id, qb=qb).PrivateNote == "seen"
        assert spent.Id in {row.Id for row in Purchase.filter(PaymentType=kind, qb=qb)}
        spent.delete(qb=qb)
    refund = Purchase()
    refund.PaymentType, refund.Credit, refund.AccountRef = "CreditCard", True, account(qb, "2100").to_ref()
    refund.Line.append(cost(qb, "8"))
    assert refund.save(qb=qb).Credit is True


def test_deposit_with_cash_back_and_a_journal_entry_with_names(qb: Any) -> None:
    customer = Customer.all(qb=qb)[0]
    row, detail = DepositLine(), DepositLineDetail()
    detail.AccountRef, detail.Entity = account(qb, "4800").to_ref(), customer.to_ref()
    detail.Entity.type = "CUSTOMER"
    row.Amount, row.DepositLineDetail = 90, detail
    banked = Deposit()
    banked.DepositToAccountRef = account(qb, "1000").to_ref()
    banked.CashBack = CashBackInfo()
    banked.CashBack.AccountRef, banked.CashBack.Amount = account(qb, "1010").to_ref(), 40
    banked.Line.append(row)
    banked = banked.save(qb=qb)
    assert (banked.TotalAmt, banked.CashBack.Amount) == (50, 40)
    assert banked.Line[0].DepositLineDetail.Entity.name == customer.DisplayName
    banked.PrivateNote = "counted twice"
    banked = banked.save(qb=qb)
    banked.delete(qb=qb)

    entry = JournalEntry()
    for side, number, name in (("Debit", "1100", customer), ("Credit", "2000", vendor(qb))):
        line, inner = JournalEntryLine(), JournalEntryLineDetail()
        inner.PostingType, inner.AccountRef = side, account(qb, number).to_ref()
        inner.Entity = Entity()
        inner.Entity.Type, inner.Entity.EntityRef = type(name).__name__, name.to_ref()
        line.Amount, line.JournalEntryLineDetail = 12, inner
        entry.Line.append(line)
    booked = entry.save(qb=qb)
    assert [line.JournalEntryLineDetail.Entity.Type for line in booked.Line] == ["Customer", "Vendor"]
    booked.PrivateNote = "swap"
    booked = booked.save(qb=qb)
    entry.Id, entry.Line[0].JournalEntryLineDetail.Entity.Type = None, "Vendor"
    with pytest.raises(ValidationException) as wrong:
        entry.save(qb=qb)
    assert wrong.value.error_code == 2500
    booked.delete(qb=qb)


def test_batches_and_change_data_capture(qb: Any) -> None:
    bills = batch_create([new(Bill, qb, cost(qb, f"{n}.10")) for n in range(1, 33)], qb=qb)
    assert (len(bills.successes), len(bills.faults)) == (32, 0)
    since = bills.successes[0].MetaData["LastUpdatedTime"]
    made = batch_create(
        [
            check(qb, "1.10", linked("1.10", bills.successes[0], "Bill")),
            new(VendorCredit, qb, cost(qb, "3")),
            new(PurchaseOrder, qb, goods(qb, "3")),
            check(qb, "1.10", linked("1.10", bills.successes[0], "Bill")),
        ],
        qb=qb,
    )
    assert [type(row).__name__ for row in made.successes] == ["BillPayment", "VendorCredit", "PurchaseOrder"]
    assert [fault.Error[0].code for fault in made.faults] == ["6000"]
    for row in made.successes:
        row.PrivateNote = "in bulk"
    changed = batch_update(made.successes, qb=qb)
    assert {row.PrivateNote for row in changed.successes} == {"in bulk"}
    removed = batch_delete(changed.successes[1:], qb=qb)
    assert len(removed.successes) == 2
    seen = change_data_capture([Bill, BillPayment, VendorCredit, PurchaseOrder], since, qb=qb)
    assert {row.Id: row.Balance for row in seen.Bill}[bills.successes[0].Id] == 0
    assert made.successes[0].Id in {row.Id for row in seen.BillPayment}
    for kind, gone in zip(("VendorCredit", "PurchaseOrder"), changed.successes[1:], strict=True):
        stubs = {row.Id: row.status for row in getattr(seen, kind) if hasattr(row, "status")}
        assert stubs[gone.Id] == "Deleted"
