"""Expense lines of the twin: accounts and items, jobs, billing and markup, stock, the payee's own accounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.twin_calls import Caller, Json, calling, expense_line

D = Decimal
VENDOR, JOB = {"value": "34"}, {"value": "26"}


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def chart(qbo: Caller) -> dict[str, str]:
    rows = qbo.query("select * from Account maxresults 1000")["Account"]
    return {row["AcctNum"]: row["Id"] for row in rows}


def item_line(qbo: Caller, name: str, quantity: str, price: str, **detail: Any) -> Json:
    [item] = qbo.query(f"select * from Item where Name = '{name}'")["Item"]
    inner = {"ItemRef": {"value": item["Id"]}, "Qty": float(quantity), "UnitPrice": float(price)} | detail
    amount = float(D(quantity) * D(price))
    return {"DetailType": "ItemBasedExpenseLineDetail", "Amount": amount, "ItemBasedExpenseLineDetail": inner}


def bill(qbo: Caller, *lines: Json, kind: str = "Bill") -> Json:
    return qbo.create(kind, {"VendorRef": VENDOR, "Line": list(lines)})


def on_hand(qbo: Caller, name: str) -> Any:
    return qbo.query(f"select * from Item where Name = '{name}'")["Item"][0]["QtyOnHand"]


def detail_of(record: Json, position: int = 0) -> Json:
    line = record["Line"][position]
    return dict(line[line["DetailType"]])


def test_goods_sent_back_to_the_vendor_leave_the_stock_and_the_difference_to_cost_is_posted(
    qbo: Caller,
) -> None:
    before = on_hand(qbo, "Pressure Valve")
    bill(qbo, item_line(qbo, "Pressure Valve", "3", "40"))
    assert on_hand(qbo, "Pressure Valve") == before + 3
    returned = bill(qbo, item_line(qbo, "Pressure Valve", "2", "50"), kind="VendorCredit")
    assert on_hand(qbo, "Pressure Valve") == before + 1
    # Credited at 50.00 a piece, in the books at 41.90: the gain of 16.20 lowers the cost of goods.
    assert qbo.ledger_of("VendorCredit", returned["Id"]) == {
        "2000": D("100.00"),
        "1200": D("-83.80"),
        "5010": D("-16.20"),
    }
    qbo.delete("VendorCredit", returned)
    assert on_hand(qbo, "Pressure Valve") == before + 3
    assert qbo.ledger_of("VendorCredit", returned["Id"]) == {}


def test_a_line_that_was_put_on_an_invoice_stays_billed(qbo: Caller) -> None:
    cost = chart(qbo)["5010"]
    made = bill(
        qbo, expense_line("10", cost, CustomerRef=JOB, BillableStatus="Billable"), expense_line("5", cost)
    )
    stored = qbo.twin.company.records["Bill"][made["Id"]]
    stored["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] = "HasBeenBilled"
    echoed = qbo.read("Bill", made["Id"])
    assert detail_of(echoed)["BillableStatus"] == "HasBeenBilled"
    full = qbo.create("Bill", echoed | {"PrivateNote": "echoed as read"})
    assert detail_of(full)["BillableStatus"] == "HasBeenBilled"
    head = {"Id": full["Id"], "SyncToken": full["SyncToken"], "sparse": True, "VendorRef": VENDOR}
    assert qbo.refuses("Bill", head | {"Line": full["Line"][1:]}) == "6400"
    moved = [dict(full["Line"][0]), full["Line"][1]]
    moved[0] = expense_line("10", cost, CustomerRef={"value": "27"}, BillableStatus="Billable")
    moved[0]["Id"] = full["Line"][0]["Id"]
    assert qbo.refuses("Bill", head | {"Line": moved}) == "6400"


def test_billing_and_markup_follow_the_preferences(qbo: Caller) -> None:
    numbers = chart(qbo)
    line = expense_line("10", numbers["5010"], CustomerRef=JOB, BillableStatus="Billable")
    line["AccountBasedExpenseLineDetail"]["MarkupInfo"] = {"PercentBased": True, "Percent": 12.5}
    assert detail_of(bill(qbo, line))["MarkupInfo"] == {"PercentBased": True, "Percent": 12.5}
    body = {"VendorRef": VENDOR, "Line": [line]}
    markup = line["AccountBasedExpenseLineDetail"]["MarkupInfo"]
    markup["MarkUpIncomeAccountRef"] = {"value": numbers["1000"]}
    assert qbo.refuses("Bill", body) == "6430"
    markup["MarkUpIncomeAccountRef"] = {"value": numbers["4710"]}
    assert (
        detail_of(qbo.create("Bill", body))["MarkupInfo"]["MarkUpIncomeAccountRef"]["name"] == "Markup Income"
    )
    markup["Percent"] = -1
    assert qbo.refuses("Bill", body) == "6000"

    qbo.admin("preferences", **{"VendorAndPurchasesPrefs.DefaultMarkup": 20})
    plain = expense_line("10", numbers["5010"], CustomerRef=JOB, BillableStatus="Billable")
    assert detail_of(bill(qbo, plain))["MarkupInfo"] == {"PercentBased": True, "Percent": 20}
    assert "MarkupInfo" not in detail_of(bill(qbo, expense_line("10", numbers["5010"])))

    qbo.admin("preferences", **{"VendorAndPurchasesPrefs.BillableExpenseTracking": False})
    assert qbo.refuses("Bill", {"VendorRef": VENDOR, "Line": [plain]}) == "6320"
    quiet = expense_line("10", numbers["5010"], CustomerRef=JOB)
    del quiet["AccountBasedExpenseLineDetail"]["BillableStatus"]
    assert detail_of(bill(qbo, quiet))["BillableStatus"] == "NotBillable"
    qbo.admin("preferences", **{"VendorAndPurchasesPrefs.TrackingByCustomer": False})
    assert "CustomerRef" not in detail_of(bill(qbo, quiet))


def test_a_customer_with_unbilled_costs_cannot_be_made_inactive(qbo: Caller) -> None:
    cost = chart(qbo)["5010"]
    job = qbo.read("Customer", JOB["value"])
    made = bill(qbo, expense_line("10", cost, CustomerRef=JOB, BillableStatus="Billable"))
    head = {"Id": job["Id"], "SyncToken": job["SyncToken"], "sparse": True, "Active": False}
    assert qbo.refuses("Customer", head) == "6280"
    qbo.delete("Bill", made)
    assert qbo.update("Customer", job, Active=False)["Active"] is False


def test_lines_carry_classes_items_and_tax_codes(qbo: Caller) -> None:
    numbers = chart(qbo)
    goods = item_line(qbo, "Fixtures", "2", "33.335", ClassRef={"value": "2"}, TaxCodeRef={"value": "TAX"})
    goods["Amount"] = 66.67
    made = bill(qbo, goods, expense_line("1", numbers["5010"], ClassRef={"value": "3"}))
    inner = detail_of(made)
    assert (inner["ItemRef"]["name"], inner["ItemAccountRef"]["name"]) == ("Fixtures", "COGS Fixtures")
    assert (inner["TaxCodeRef"], inner["ClassRef"]["name"]) == ({"value": "TAX"}, "Install")
    assert detail_of(made, 1)["TaxCodeRef"] == {"value": "NON"}
    assert "TxnTaxDetail" not in made
    posted = {
        (line["account_number"], line["class"])
        for line in qbo.admin("ledger")["lines"]
        if line["txn_id"] == made["Id"]
    }
    assert posted == {("2000", ""), ("5020", "2"), ("5010", "3")}
    goods["Amount"] = 66.66
    assert qbo.refuses("Bill", {"VendorRef": VENDOR, "Line": [goods]}) == "6070"
    bad = expense_line("1", numbers["5010"], TaxCodeRef={"value": "1"})
    assert qbo.refuses("Bill", {"VendorRef": VENDOR, "Line": [bad]}) == "6100"
    qbo.admin("preferences", **{"AccountingInfoPrefs.ClassTrackingPerTxnLine": False})
    assert "ClassRef" not in detail_of(bill(qbo, expense_line("1", numbers["5010"], ClassRef={"value": "3"})))


def test_receivable_and_payable_accounts_need_a_payee_of_their_kind(qbo: Caller) -> None:
    numbers = chart(qbo)
    bill_line = expense_line("5", numbers["2000"])
    assert qbo.refuses("Bill", {"VendorRef": VENDOR, "Line": [bill_line]}) == "6430"

    def spent(account: str, **members: Any) -> Json:
        line = expense_line("5", numbers[account])
        return {"PaymentType": "Check", "AccountRef": {"value": "1"}, "Line": [line]} | members

    assert qbo.refuses("Purchase", spent("2000")) == "6000"
    assert qbo.refuses("Purchase", spent("1100")) == "6000"
    assert qbo.refuses("Purchase", spent("2000", EntityRef={"value": "1", "type": "Customer"})) == "6000"
    qbo.create("Purchase", spent("2000", EntityRef={"value": "34", "type": "Vendor"}))
    assert qbo.read("Vendor", "34")["Balance"] == -5
    back = qbo.create("Purchase", spent("1100", EntityRef={"value": "1", "type": "Customer"}))
    assert qbo.read("Customer", "1")["Balance"] == 5
    qbo.delete("Purchase", back)
    assert qbo.read("Customer", "1")["Balance"] == 0


def test_only_checks_have_a_print_status_and_a_refund_survives_a_careful_update_only(qbo: Caller) -> None:
    cost = chart(qbo)["5010"]
    body = {"PaymentType": "Check", "AccountRef": {"value": "1"}, "Line": [expense_line("5", cost)]}
    made = qbo.create("Purchase", body | {"RemitToAddr": {"Line1": "PO Box 5"}})
    assert (made["PrintStatus"], made["RemitToAddr"]) == ("NeedToPrint", {"Line1": "PO Box 5"})
    cash = qbo.create("Purchase", body | {"PaymentType": "Cash", "PrintStatus": "NeedToPrint"})
    assert "PrintStatus" not in cash
    card = body | {"PaymentType": "CreditCard", "AccountRef": {"value": "16"}, "Credit": True}
    refund = qbo.create("Purchase", card)
    assert qbo.ledger_of("Purchase", refund["Id"])["5010"] == D("-5.00")
    careful = qbo.update("Purchase", refund, PaymentType="CreditCard", PrivateNote="kept")
    assert careful["Credit"] is True
    careless = body | {"PaymentType": "CreditCard", "AccountRef": {"value": "16"}}
    whole = careless | {"Id": refund["Id"], "SyncToken": careful["SyncToken"]}
    assert qbo.create("Purchase", whole)["Credit"] is False


def test_purchases_are_numbered_by_the_company_when_it_counts(qbo: Caller) -> None:
    cost = chart(qbo)["5010"]
    body = {"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Line": [expense_line("5", cost)]}
    assert "DocNumber" not in qbo.create("Purchase", body)
    pairs = qbo.get("/preferences")["Preferences"]["OtherPrefs"]["NameValue"]
    for pair in pairs:
        if pair["Name"].endswith("UseCustomTxnNumbers"):
            pair["Value"] = "false"
    qbo.admin("preferences", **{"OtherPrefs.NameValue": pairs})
    first, second = qbo.create("Purchase", body), qbo.create("Purchase", body)
    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1
    order = qbo.create("PurchaseOrder", {"VendorRef": VENDOR, "Line": [expense_line("5", cost)]})
    assert order["DocNumber"].isdigit()


def test_deposits_name_whom_they_come_from(qbo: Caller) -> None:
    numbers = chart(qbo)

    def deposit(account: str, **detail: Any) -> Json:
        inner = {"AccountRef": {"value": numbers[account]}} | detail
        line = {"DetailType": "DepositLineDetail", "Amount": 20, "DepositLineDetail": inner}
        return {"DepositToAccountRef": {"value": "1"}, "Line": [line]}

    vendor = {"value": "34", "type": "VENDOR"}
    made = qbo.create("Deposit", deposit("4990", Entity=vendor, CheckNum="881"))
    shown = made["Line"][0]["DepositLineDetail"]
    assert shown["Entity"] == {"value": "34", "name": "Sierra Pipe Supply", "type": "VENDOR"}
    assert shown["CheckNum"] == "881"
    assert qbo.refuses("Deposit", deposit("1100")) == "6000"
    assert qbo.refuses("Deposit", deposit("1100", Entity=vendor)) == "6000"
    qbo.create("Deposit", deposit("1100", Entity={"value": "1", "type": "CUSTOMER"}))
    assert qbo.read("Customer", "1")["Balance"] == -20
    cash = {"AccountRef": {"value": numbers["1010"]}, "Amount": 8, "Memo": "petty cash"}
    split = qbo.create("Deposit", deposit("4990") | {"CashBack": cash})
    assert (split["TotalAmt"], split["CashBack"]["Memo"]) == (12, "petty cash")
    assert qbo.ledger_of("Deposit", split["Id"]) == {
        "1000": D("12.00"),
        "1010": D("8.00"),
        "4990": D("-20.00"),
    }
    assert qbo.refuses("Deposit", deposit("4990") | {"CashBack": cash | {"Amount": 21}}) == "6000"
    assert qbo.refuses("Deposit", deposit("4990") | {"CashBack": {"Amount": 2}}) == "2020"


@pytest.mark.parametrize(
    ("change", "amount", "code"),
    [
        ({"BillableStatus": "HasBeenBilled"}, 5, "2170"),
        ({"BillableStatus": "Billable"}, 5, "6310"),
        ({"BillableStatus": "Billable", "Entity": {"Type": "Vendor", "EntityRef": VENDOR}}, 5, "6310"),
        ({"AccountRef": {"value": "9999"}}, 5, "2500"),
        ({"Entity": {"Type": "Customer", "EntityRef": VENDOR}}, 5, "2500"),
        ({"PostingType": "Sideways"}, 5, "2170"),
        ({}, -5, "2290"),
    ],
)
def test_what_is_wrong_with_a_journal_line_has_its_code(
    qbo: Caller, change: Json, amount: int, code: str
) -> None:
    def row(side: str, account: str, **members: Any) -> Json:
        inner = {"PostingType": side, "AccountRef": {"value": account}} | members
        return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": inner}

    first = row("Debit", "45")
    first["JournalEntryLineDetail"] |= change
    assert qbo.refuses("JournalEntry", {"Line": [first, row("Credit", "46")]}) == code


def test_lines_are_linked_to_what_the_service_links_them_to(qbo: Caller) -> None:
    cost = chart(qbo)["5010"]
    line = expense_line("10", cost, CustomerRef=JOB, BillableStatus="Billable")
    made = bill(qbo, line)
    [charge] = made["Line"][0]["LinkedTxn"]
    assert charge["TxnType"] == "ReimburseCharge"
    assert {"TxnId": charge["TxnId"], "TxnType": "ReimburseCharge"} in made["LinkedTxn"]
    echoed = qbo.create("Bill", qbo.read("Bill", made["Id"]) | {"PrivateNote": "as read"})
    assert echoed["Line"][0]["LinkedTxn"] == [charge]
    for kind in ("Invoice", "Check"):
        linked = line | {"LinkedTxn": [{"TxnId": "1", "TxnType": kind}]}
        assert qbo.refuses("Bill", {"VendorRef": VENDOR, "Line": [linked]}) == "620"
