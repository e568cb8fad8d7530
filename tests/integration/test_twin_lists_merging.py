"""Records that are merged, inactive or needed by the system: what the twin lets happen and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.twin_calls import Caller, Json, Refused, calling, expense_line, invoice, payment, sales_line

D = Decimal


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def merge(qbo: Caller, kind: str, keep: str, lose: str) -> Json:
    return dict(qbo.admin("do", action="merge", kind=kind, keep=keep, lose=lose)["result"])


def refused(qbo: Caller, kind: str, keep: str, lose: str) -> str:
    url = f"{qbo.twin.base_url}/twin/do"
    response = qbo.session.post(
        url, json={"action": "merge", "kind": kind, "keep": keep, "lose": lose}, timeout=60
    )
    return str(response.json()["Fault"]["Error"][0]["code"])


def named(qbo: Caller, kind: str, name: str) -> Json:
    return dict(qbo.query(f"select * from {kind} where Name = '{name}'")[kind][0])


def test_merged_vendors_become_one_with_their_bills_payments_and_files(qbo: Caller) -> None:
    keep, lose = {"value": "34"}, {"value": "35"}
    line = [expense_line("50", "45")]
    mine = qbo.create("Bill", {"VendorRef": keep, "Line": line})
    theirs = qbo.create("Bill", {"VendorRef": lose, "Line": line})
    source = {"CheckPayment": {"BankAccountRef": {"value": "1"}}, "PayType": "Check", "TotalAmt": 20}
    part = {"Amount": 20, "LinkedTxn": [{"TxnId": theirs["Id"], "TxnType": "Bill"}]}
    paid = qbo.create("BillPayment", {"VendorRef": lose, "Line": [part], **source})
    entity = {"Entity": {"Type": "Vendor", "EntityRef": lose}}
    rows = [
        {"PostingType": "Credit", "AccountRef": {"value": "15"}} | entity,
        {"PostingType": "Debit", "AccountRef": {"value": "45"}},
    ]
    lines = [
        {"DetailType": "JournalEntryLineDetail", "Amount": 7, "JournalEntryLineDetail": row} for row in rows
    ]
    entry = qbo.create("JournalEntry", {"Line": lines})
    ref = {"EntityRef": {"type": "Vendor", "value": "35"}}
    note = qbo.create("Attachable", {"Note": "W-9 on file", "AttachableRef": [ref]})
    assert qbo.read("Vendor", "35")["Balance"] == 37

    since = mine["MetaData"]["CreateTime"]
    assert merge(qbo, "Vendor", "34", "35") == {
        "kept": "34",
        "deleted": "35",
        "name": "Basin Plumbing Wholesale",
    }
    assert qbo.read("Vendor", "34")["Balance"] == 87
    assert qbo.fault("GET", "/vendor/35")[0] == "610"
    assert qbo.read("Bill", theirs["Id"])["VendorRef"]["value"] == "34"
    assert qbo.read("BillPayment", paid["Id"])["VendorRef"]["value"] == "34"
    moved = qbo.read("JournalEntry", entry["Id"])["Line"][0]["JournalEntryLineDetail"]["Entity"]
    assert moved["EntityRef"]["value"] == "34"
    assert qbo.read("Attachable", note["Id"])["AttachableRef"][0]["EntityRef"]["value"] == "34"
    assert "35" not in {line["vendor"] for line in qbo.admin("ledger")["lines"]}
    blocks = qbo.get("/cdc", entities="Vendor", changedSince=since)["CDCResponse"][0]["QueryResponse"]
    by_id = {row["Id"]: row for row in blocks[0]["Vendor"]}
    assert by_id["35"]["status"] == "Deleted"
    assert by_id["34"]["Balance"] == 87
    freed = qbo.create("Vendor", {"DisplayName": "Basin Plumbing Wholesale"})
    assert freed["Id"] not in ("34", "35")


def test_a_merged_customer_hands_over_jobs_invoices_and_money(qbo: Caller) -> None:
    parent = qbo.read("Customer", "26")["ParentRef"]["value"]
    owed = qbo.create("Invoice", invoice(parent, sales_line("100", item="17", Qty=1, UnitPrice=100)))
    qbo.create("Payment", payment(parent, "40", (owed["Id"], "40")))
    merge(qbo, "Customer", "1", parent)
    assert qbo.read("Customer", "1")["Balance"] == 60
    job = qbo.read("Customer", "26")
    assert job["ParentRef"]["value"] == "1"
    assert job["FullyQualifiedName"].startswith(qbo.read("Customer", "1")["DisplayName"] + ":")
    lines = qbo.admin("ledger")["lines"]
    assert parent not in {line["customer"] for line in lines}
    costs = [line for line in lines if line["part"] == "cost" and D(line["amount"])]
    assert {line["customer"] for line in costs} == {"1"}
    assert refused(qbo, "Customer", "26", "1") == "6000"


def test_a_payment_on_a_check_of_a_merged_customer_lowers_what_the_survivor_owes(qbo: Caller) -> None:
    (receivable,) = qbo.query("select * from Account where AccountType = 'Accounts Receivable'")["Account"]
    lose = qbo.create("Customer", {"DisplayName": "Bounced Ltd"})["Id"]
    body = {
        "PaymentType": "Check",
        "AccountRef": {"value": "1"},
        "EntityRef": {"value": lose, "type": "Customer"},
        "Line": [expense_line("40", receivable["Id"], CustomerRef={"value": lose})],
    }
    check = qbo.create("Purchase", body)
    line = {"Amount": 40, "LinkedTxn": [{"TxnId": check["Id"], "TxnType": "Check"}]}
    qbo.create("Payment", {"CustomerRef": {"value": lose}, "TotalAmt": 40, "Line": [line]})
    keep = qbo.create("Customer", {"DisplayName": "Paid Ltd"})["Id"]
    merge(qbo, "Customer", keep, lose)
    assert lose not in {line["customer"] for line in qbo.admin("ledger")["lines"]}
    assert qbo.read("Customer", keep)["Balance"] == 0


def test_merged_accounts_hold_both_balances(qbo: Caller) -> None:
    keep, lose = named(qbo, "Account", "Office Supplies"), named(qbo, "Account", "Small Tools")
    for account in (keep, lose):
        body = {
            "PaymentType": "Cash",
            "AccountRef": {"value": "1"},
            "Line": [expense_line("11", account["Id"])],
        }
        qbo.create("Purchase", body)
    merge(qbo, "Account", keep["Id"], lose["Id"])
    assert qbo.admin("balances")["6300"] == "22.00"
    assert qbo.admin("ledger")["difference"] == "0.00"
    bank, savings = named(qbo, "Account", "Operating Checking"), named(qbo, "Account", "Reserve Savings")
    assert refused(qbo, "Account", keep["Id"], bank["Id"]) == "6000"
    receivable = named(qbo, "Account", "Accounts Receivable")
    assert refused(qbo, "Account", bank["Id"], receivable["Id"]) == "6000"
    qbo.admin(
        "preferences", **{"SalesFormsPrefs.DefaultDiscountAccount": named(qbo, "Account", "Fee Income")["Id"]}
    )
    income = named(qbo, "Account", "Discounts Given")["Id"]
    merge(qbo, "Account", income, named(qbo, "Account", "Fee Income")["Id"])
    preferences = qbo.get("/preferences")["Preferences"]
    assert preferences["SalesFormsPrefs"]["DefaultDiscountAccount"] == income
    merge(qbo, "Account", bank["Id"], savings["Id"])
    undeposited = named(qbo, "Account", "Undeposited Funds")["Id"]
    clearing = named(qbo, "Account", "Processor Clearing")["Id"]
    assert refused(qbo, "Account", clearing, undeposited) == "6000"


def test_merged_items_stay_on_their_forms(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("45", item="10")))
    merge(qbo, "Item", "3", "10")
    line = qbo.read("Invoice", made["Id"])["Line"][0]["SalesItemLineDetail"]
    assert line["ItemRef"]["value"] == "3"
    assert qbo.ledger_of("Invoice", made["Id"])["4800"] == D("-45.00")  # posted where it was posted
    merge(qbo, "Item", "4", "1")
    plain: Json = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": {}}
    assert (
        qbo.create("Invoice", invoice("1", plain))["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
        == "4"
    )
    stock, pump = named(qbo, "Item", "Faucet Cartridge"), named(qbo, "Item", "Sump Pump")
    assert refused(qbo, "Item", stock["Id"], pump["Id"]) == "6000"
    assert refused(qbo, "Item", "6", "3") == "6000"


@pytest.mark.parametrize(
    ("kind", "keep", "lose", "code"),
    [
        ("Customer", "1", "1", "6000"),
        ("Customer", "1", "9999", "610"),
        ("Term", "1", "2", "6000"),
        ("Invoice", "1", "2", "6000"),
    ],
)
def test_what_cannot_be_merged_is_refused(qbo: Caller, kind: str, keep: str, lose: str, code: str) -> None:
    assert refused(qbo, kind, keep, lose) == code


def test_inactive_records_take_part_in_nothing_new(qbo: Caller) -> None:
    line = [expense_line("5", "45")]
    made = qbo.create("Bill", {"VendorRef": {"value": "36"}, "Line": line})
    vendor = qbo.read("Vendor", "36")
    head = {"Id": "36", "SyncToken": vendor["SyncToken"], "sparse": True, "Active": False}
    assert qbo.refuses("Vendor", head) == "6220"
    qbo.delete("Bill", made)
    vendor = qbo.update("Vendor", qbo.read("Vendor", "36"), Active=False)
    assert vendor["DisplayName"].endswith(" (deleted)")
    for kind in ("Bill", "VendorCredit", "PurchaseOrder"):
        assert qbo.refuses(kind, {"VendorRef": {"value": "36"}, "Line": line}) == "610"
    back = qbo.update("Vendor", vendor, Active=True)
    assert not back["DisplayName"].endswith("(deleted)")
    assert qbo.create("Bill", {"VendorRef": {"value": "36"}, "Line": line})["Balance"] == 5


def test_accounts_of_the_system_stay_active(qbo: Caller) -> None:
    for name in ("Accounts Payable", "Undeposited Funds", "Sales Tax Payable", "Retained Earnings"):
        account = named(qbo, "Account", name)
        with pytest.raises(Refused, match="belongs to the system"):
            qbo.update("Account", account, Name=account["Name"], Active=False)
    spare: Any = named(qbo, "Account", "Telephone & Internet")
    assert qbo.update("Account", spare, Name=spare["Name"], Active=False)["Name"].endswith(" (deleted)")
    line = [expense_line("5", spare["Id"])]
    assert qbo.refuses("Bill", {"VendorRef": {"value": "34"}, "Line": line}) == "610"
