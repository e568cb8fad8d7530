"""Costs and stock in the twin: bills, purchases, and what an inventory item costs when it is sold."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.twin_calls import Caller, accounts, calling, expense_line, invoice, items, sales_line

D = Decimal


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def test_a_bill_with_job_class_and_split_lines(qbo: Caller) -> None:
    chart = accounts(qbo)
    lines = [
        expense_line("60", chart["5010"], CustomerRef={"value": "26"}, ClassRef={"value": "2"}),
        expense_line("40", chart["5020"], CustomerRef={"value": "27"}),
    ]
    made = qbo.create("Bill", {"VendorRef": {"value": "34"}, "Line": lines, "TxnDate": "2026-01-10"})
    assert (made["TotalAmt"], made["Balance"], made["DueDate"]) == (100, 100, "2026-02-09")
    assert qbo.read("Vendor", "34")["Balance"] == 100
    posted = [line for line in qbo.admin("ledger")["lines"] if line["txn_type"] == "Bill"]
    assert {(line["account_number"], line["amount"], line["customer"], line["class"]) for line in posted} == {
        ("2000", "-100.00", "", ""),
        ("5010", "60.00", "26", "2"),
        ("5020", "40.00", "27", ""),
    }


def test_a_job_without_a_word_about_billing_becomes_billable(qbo: Caller) -> None:
    line = expense_line("10", accounts(qbo)["5010"], CustomerRef={"value": "26"})
    del line["AccountBasedExpenseLineDetail"]["BillableStatus"]
    body = {"VendorRef": {"value": "34"}, "Line": [line]}
    made = qbo.create("Bill", body)
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] == "Billable"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"DetailType": "AccountBasedExpenseLineDetail", "Amount": 5}, "6440"),
        ({"DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": {}}, "2020"),
        (expense_line("5", "45", BillableStatus="Billable"), "6310"),
        (expense_line("5", "45", BillableStatus="HasBeenBilled", CustomerRef={"value": "1"}), "2170"),
        (expense_line("5", "45", DepartmentRef={"value": "1"}), "2010"),
        ({**expense_line("5", "45"), "AccountRef": {"value": "45"}}, "2010"),
        ({"DetailType": "ItemBasedExpenseLineDetail", "Amount": 5}, "6440"),
    ],
)
def test_what_is_wrong_with_an_expense_line_has_its_code(
    qbo: Caller, line: dict[str, Any], code: str
) -> None:
    assert qbo.refuses("Bill", {"VendorRef": {"value": "34"}, "Line": [line]}) == code


def test_a_purchase_is_paid_from_bank_card_or_liability_only(qbo: Caller) -> None:
    chart = accounts(qbo)

    def body(kind: str, paid_from: str, **members: Any) -> dict[str, Any]:
        line = expense_line("20", chart["5010"])
        return {"PaymentType": kind, "AccountRef": {"value": chart[paid_from]}, "Line": [line]} | members

    spent = qbo.create("Purchase", body("CreditCard", "2100", EntityRef={"value": "34"}))
    assert spent["EntityRef"] == {"value": "34", "name": "Sierra Pipe Supply", "type": "Vendor"}
    assert qbo.ledger_of("Purchase", spent["Id"]) == {"2100": D("-20.00"), "5010": D("20.00")}
    refund = qbo.create("Purchase", body("CreditCard", "2100", Credit=True))
    assert qbo.ledger_of("Purchase", refund["Id"]) == {"2100": D("20.00"), "5010": D("-20.00")}
    assert qbo.refuses("Purchase", body("Cash", "1100")) == "6430"
    assert qbo.refuses("Purchase", body("Cash", "1000", Credit=True)) == "6000"
    assert qbo.refuses("Purchase", body("Barter", "1000")) == "2170"
    head = {"Id": spent["Id"], "SyncToken": "0", "sparse": True, "PaymentType": "Cash"}
    assert qbo.refuses("Purchase", head) == "6000"


def test_items_on_purchases_can_be_switched_off(qbo: Caller) -> None:
    ids = items(qbo)
    detail = {"ItemRef": {"value": ids["Pipe & Fittings"]}, "Qty": 4, "UnitPrice": 2.5}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": 10, "ItemBasedExpenseLineDetail": detail}
    body = {"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Line": [line]}
    spent = qbo.create("Purchase", body)
    assert qbo.ledger_of("Purchase", spent["Id"]) == {"1000": D("-10.00"), "5010": D("10.00")}
    qbo.admin("preferences", **{"ProductAndServicesPrefs.ForPurchase": False})
    assert qbo.refuses("Purchase", body) == "5020"


def test_sales_take_the_oldest_stock_at_its_own_cost(qbo: Caller) -> None:
    pump = qbo.query("select * from Item where Name = 'Sump Pump'")["Item"][0]
    assert (pump["QtyOnHand"], pump["PurchaseCost"]) == (6, 188)
    today = qbo.twin.company.clock.today().isoformat()
    detail = {"ItemRef": {"value": pump["Id"]}, "Qty": 2, "UnitPrice": 200}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": 400, "ItemBasedExpenseLineDetail": detail}
    bought = qbo.create("Bill", {"VendorRef": {"value": "34"}, "Line": [line], "TxnDate": today})
    assert qbo.ledger_of("Bill", bought["Id"]) == {"2000": D("-400.00"), "1200": D("400.00")}
    assert qbo.read("Item", pump["Id"])["QtyOnHand"] == 8
    sold = qbo.create("Invoice", invoice("1", sales_line("2170", item=pump["Id"], Qty=7, UnitPrice=310)))
    assert qbo.read("Item", pump["Id"])["QtyOnHand"] == 1
    assert qbo.ledger_of("Invoice", sold["Id"]) == {
        "1100": D("2170.00"),
        "4100": D("-2170.00"),
        "5290": D("1328.00"),
        "1200": D("-1328.00"),
    }
    qbo.delete("Bill", qbo.read("Bill", bought["Id"]))
    assert qbo.ledger_of("Invoice", sold["Id"])["5290"] == D("1316.00")
    assert qbo.read("Item", pump["Id"])["QtyOnHand"] == -1
    qbo.void("Invoice", qbo.read("Invoice", sold["Id"]))
    assert qbo.read("Item", pump["Id"])["QtyOnHand"] == 6
    early = invoice("1", sales_line("310", item=pump["Id"], Qty=1, UnitPrice=310), TxnDate="2001-01-01")
    assert qbo.refuses("Invoice", early) == "6270"


def test_an_edit_that_takes_stock_off_the_form_takes_its_cost_along(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("310", item="19", Qty=1, UnitPrice=310)))
    assert qbo.ledger_of("Invoice", made["Id"])["5290"] == 188
    qbo.update("Invoice", made, Line=[sales_line("310")])
    assert qbo.ledger_of("Invoice", made["Id"]) == {"1100": D("310.00"), "4010": D("-310.00")}
    assert qbo.read("Item", "19")["QtyOnHand"] == 6


def test_a_document_may_go_on_naming_what_was_made_inactive(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10", item="3")))
    qbo.admin("do", action="inactivate", kind="Item", id="3")
    lines = [line for line in made["Line"] if "Id" in line]
    assert qbo.update("Invoice", made, Line=lines, PrivateNote="kept")["TotalAmt"] == 10
    assert qbo.refuses("Invoice", invoice("1", sales_line("10", item="3"))) == "610"


def test_inventory_items_need_all_their_accounts(qbo: Caller) -> None:
    chart = accounts(qbo)
    body = {
        "Name": "Valve",
        "Type": "Inventory",
        "IncomeAccountRef": {"value": chart["4110"]},
        "ExpenseAccountRef": {"value": chart["5010"]},
        "QtyOnHand": 10,
        "InvStartDate": "2026-01-01",
        "TrackQtyOnHand": True,
        "PurchaseCost": 3.5,
    }
    code, error = qbo.fault("POST", "/item", body)
    assert (code, error["element"]) == ("2020", "AssetAccountRef")
    assert qbo.refuses("Item", body | {"AssetAccountRef": {"value": chart["1000"]}}) == "6430"
    made = qbo.create("Item", body | {"AssetAccountRef": {"value": chart["1200"]}})
    assert qbo.ledger_of("InventoryStart", made["Id"]) == {"1200": D("35.00"), "3000": D("-35.00")}
    service = {"Name": "Plain", "Type": "Service"}
    assert qbo.fault("POST", "/item", service)[1]["element"] == "IncomeAccountRef"
    assert qbo.refuses("Item", {"Name": "Plain"}) == "2020"
    duplicate = {"Name": "repair", "Type": "Service", "IncomeAccountRef": {"value": chart["4010"]}}
    assert qbo.refuses("Item", duplicate) == "6240"
