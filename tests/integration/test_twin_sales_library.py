"""python-quickbooks sells through the twin: estimates, credit memos, sales receipts, refunds, credits applied."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException
from quickbooks.objects.account import Account
from quickbooks.objects.base import Address, CustomerMemo, CustomField, EmailAddress, LinkedTxn
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import (
    DescriptionOnlyLine,
    DiscountLine,
    DiscountLineDetail,
    GroupLine,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt

from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from tests.twin_library import library

FORMS = [Estimate, CreditMemo, SalesReceipt, RefundReceipt]


@pytest.fixture(scope="module")
def twin() -> Iterator[RunningTwin]:
    with running_twin(seed="names") as running:
        yield running


@pytest.fixture(scope="module")
def qb(twin: RunningTwin) -> Iterator[Any]:
    with library(twin) as client:
        yield client


def customer(qb: Any, name: str) -> Any:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=qb)


def work(amount: str, **members: Any) -> Any:
    line = SalesItemLine()
    line.Amount, line.Description = Decimal(amount), "Work"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = {"value": "1", "name": "", "type": ""}
    for name, value in members.items():
        setattr(line.SalesItemLineDetail, name, value)
    return line


def form(kind: Any, qb: Any, buyer: Any, *lines: Any, **members: Any) -> Any:
    made = kind()
    made.CustomerRef = buyer.to_ref()
    made.Line += lines or (work("100.00"),)
    if kind is RefundReceipt:
        made.DepositToAccountRef = Account.filter(AcctNum="1000", qb=qb)[0].to_ref()
    for name, value in members.items():
        setattr(made, name, value)
    return made


def allocation(amount: str, record: Any, kind: str) -> Any:
    line, link = PaymentLine(), LinkedTxn()
    line.Amount, link.TxnId, link.TxnType = Decimal(amount), record.Id, kind
    line.LinkedTxn.append(link)
    return line


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_is_created_read_changed_queried_and_deleted(qb: Any, kind: Any) -> None:
    name = kind.qbo_object_name
    buyer = customer(qb, f"Buyer of a {name}")
    address, email, memo, field = Address(), EmailAddress(), CustomerMemo(), CustomField()
    address.Line1, address.City, address.CountrySubDivisionCode = "1 Pump St", "Reno", "NV"
    email.Address, memo.value = "ada@example.com", "Thank you"
    field.DefinitionId, field.StringValue = "1", "Crew 7"
    first = form(
        kind,
        qb,
        buyer,
        DocNumber=f"L-{name[:3]}",
        BillEmail=email,
        ShipAddr=address,
        CustomerMemo=memo,
        CustomField=[field],
    )
    saved = first.save(qb=qb)
    assert (saved.SyncToken, saved.TotalAmt) == ("0", 100)

    read = kind.get(saved.Id, qb=qb)
    assert read.ShipAddr.City == "Reno"
    assert read.BillEmail.Address == "ada@example.com"
    assert read.CustomField[0].Name == "Crew #"
    read.PrivateNote = "for the shop"
    read.Line.append(work("20.50"))
    changed = read.save(qb=qb)
    assert (changed.SyncToken, changed.TotalAmt) == ("1", 120.5)
    assert changed.to_dict()["CustomerMemo"]["value"] == "Thank you"
    assert changed.Line[0].Id == "1"

    found = kind.filter(DocNumber=f"L-{name[:3]}", qb=qb)
    assert [row.PrivateNote for row in found] == ["for the shop"]
    assert kind.count(f"CustomerRef = '{buyer.Id}'", qb=qb) == 1
    assert kind.choose([saved.Id], field="Id", qb=qb)[0].TotalAmt == 120.5

    stale = kind.get(saved.Id, qb=qb)
    stale.SyncToken = "0"
    with pytest.raises(QuickbooksException) as refused:
        stale.save(qb=qb)
    assert refused.value.error_code == 5010
    with pytest.raises(QuickbooksException) as refused:
        form(kind, qb, buyer, DocNumber=f"L-{name[:3]}").save(qb=qb)
    assert refused.value.error_code == 6140

    changed.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        kind.get(saved.Id, qb=qb)
    with pytest.raises(ObjectNotFoundException):
        changed.delete(qb=qb)


@pytest.mark.parametrize("kind", FORMS)
def test_what_is_wrong_raises_its_code(qb: Any, kind: Any) -> None:
    buyer = customer(qb, f"Careless buyer of a {kind.qbo_object_name}")
    odd = form(kind, qb, buyer, work("10", Qty=3, UnitPrice=3))
    nowhere = form(kind, qb, buyer, work("10", ItemRef={"value": "9999", "name": "", "type": ""}))
    negative = form(kind, qb, buyer, work("-10"))
    for wrong, code in ((odd, 6070), (nowhere, 2500), (negative, 6000)):
        with pytest.raises(QuickbooksException) as refused:
            wrong.save(qb=qb)
        assert refused.value.error_code == code
    assert kind.count(f"CustomerRef = '{buyer.Id}'", qb=qb) == 0


def test_a_sales_receipt_is_voided(qb: Any) -> None:
    sold = form(SalesReceipt, qb, customer(qb, "Voiding buyer")).save(qb=qb)
    sold.void(qb=qb)
    read = SalesReceipt.get(sold.Id, qb=qb)
    assert (read.TotalAmt, read.PrivateNote) == (0, "Voided")
    assert read.DocNumber == sold.DocNumber


def test_all_kinds_of_lines(qb: Any, twin: RunningTwin) -> None:
    ids = {row.Name: row.Id for row in Item.all(max_results=1000, qb=qb)}
    parts = [{"ItemRef": {"value": ids["Repair"]}, "Qty": Decimal(2)}]
    bundle = {"Name": "Visit", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
    group_id = people.add(twin.company, kind="Item", body=bundle)["Id"]
    group, text, off, freight = GroupLine(), DescriptionOnlyLine(), DiscountLine(), work("9")
    group.GroupLineDetail = {"GroupItemRef": {"value": group_id}, "Quantity": 1}
    text.Description = "Upstairs"
    off.DiscountLineDetail = DiscountLineDetail()
    off.DiscountLineDetail.PercentBased, off.DiscountLineDetail.DiscountPercent = True, 10
    freight.SalesItemLineDetail.ItemRef = {"value": "SHIPPING_ITEM_ID", "name": "", "type": ""}
    buyer = customer(qb, "Buyer of everything")
    made = form(Estimate, qb, buyer, work("50"), group, text, off, freight).save(qb=qb)
    assert [line.DetailType for line in made.Line] == [
        "SalesItemLineDetail",
        "GroupLineDetail",
        "DescriptionOnly",
        "SubTotalLineDetail",
        "DiscountLineDetail",
        "SalesItemLineDetail",
    ]
    assert made.TotalAmt == 279  # 50 and 250, less 30, and 9
    again = made.save(qb=qb)
    assert again.TotalAmt == 279
    assert [line.Id for line in again.Line] == [line.Id for line in made.Line]


def test_an_invoice_bills_an_estimate(qb: Any) -> None:
    buyer = customer(qb, "Buyer who agreed")
    agreed = form(Estimate, qb, buyer).save(qb=qb)
    bill = form(Invoice, qb, buyer)
    bill.LinkedTxn.append(agreed.to_linked_txn())
    billed = bill.save(qb=qb)
    assert billed.LinkedTxn[0].TxnType == "Estimate"
    closed = Estimate.get(agreed.Id, qb=qb)
    assert (closed.TxnStatus, closed.LinkedTxn[0].TxnId) == ("Closed", billed.Id)
    billed.PrivateNote = "checked"
    assert billed.save(qb=qb).LinkedTxn[0].TxnId == agreed.Id
    second = form(Invoice, qb, buyer)
    second.LinkedTxn.append(agreed.to_linked_txn())
    with pytest.raises(QuickbooksException) as refused:
        second.save(qb=qb)
    assert refused.value.error_code == 620


def test_a_credit_is_applied_and_freed(qb: Any) -> None:
    buyer = customer(qb, "Buyer with a credit")
    owed = form(Invoice, qb, buyer).save(qb=qb)
    memo = form(CreditMemo, qb, buyer, work("40")).save(qb=qb)
    assert memo.RemainingCredit == 40
    applying = Payment()
    applying.CustomerRef, applying.TotalAmt = buyer.to_ref(), 0
    applying.Line += [allocation("40", owed, "Invoice"), allocation("40", memo, "CreditMemo")]
    applied = applying.save(qb=qb)
    assert (applied.TotalAmt, applied.UnappliedAmt) == (0, 0)
    assert Invoice.get(owed.Id, qb=qb).Balance == 60
    assert CreditMemo.get(memo.Id, qb=qb).RemainingCredit == 0
    applied = Payment.get(applied.Id, qb=qb)
    applied.PrivateNote = "seen"
    assert applied.save(qb=qb).Line[1].LinkedTxn[0].TxnType == "CreditMemo"
    Payment.get(applied.Id, qb=qb).void(qb=qb)
    assert Invoice.get(owed.Id, qb=qb).Balance == 100
    assert CreditMemo.get(memo.Id, qb=qb).RemainingCredit == 40


@pytest.mark.parametrize("kind", FORMS)
def test_batches_and_changes(qb: Any, kind: Any) -> None:
    name = kind.qbo_object_name
    buyer = customer(qb, f"Batched buyer of a {name}")
    made = batch_create([form(kind, qb, buyer, work(f"{n}.10")) for n in range(1, 4)], qb=qb)
    assert (len(made.successes), len(made.faults)) == (3, 0)
    for record in made.successes:
        record.PrivateNote = "in bulk"
    made.successes[1].SyncToken = "99"
    changed = batch_update(made.successes, qb=qb)
    assert [record.PrivateNote for record in changed.successes] == ["in bulk", "in bulk"]
    assert changed.faults[0].Error[0].code == "5010"
    since = made.successes[0].MetaData["CreateTime"]
    removed = batch_delete(changed.successes[:1], qb=qb)
    assert len(removed.successes) == 1
    seen = getattr(change_data_capture([kind, Customer], since, qb=qb), name)
    by_id = {row.Id: row for row in seen}
    assert by_id[changed.successes[0].Id].status == "Deleted"
    assert by_id[changed.successes[1].Id].PrivateNote == "in bulk"
