"""What the twin does with writes: versions, sparse and full, removal, closed books, defaults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.twin_calls import Caller, calling, expense_line, invoice, payment, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


# --- versions -----------------------------------------------------------------------------------------------


def test_every_accepted_write_counts_the_version_up(qbo: Caller) -> None:
    made = qbo.create("Customer", {"DisplayName": "Versioned"})
    assert made["SyncToken"] == "0"
    changed = qbo.update("Customer", made, Notes="one")
    assert changed["SyncToken"] == "1"
    assert (
        qbo.refuses("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "x"}) == "5010"
    )
    assert qbo.refuses("Customer", {"Id": made["Id"], "sparse": True, "Notes": "x"}) == "2020"
    as_number = {"Id": int(made["Id"]), "SyncToken": 1, "sparse": True, "Notes": "two"}
    assert qbo.create("Customer", as_number)["SyncToken"] == "2"


def test_a_payment_gives_its_invoice_and_customer_new_versions(qbo: Caller) -> None:
    customer = qbo.create("Customer", {"DisplayName": "Paying"})
    bill = qbo.create("Invoice", invoice(customer["Id"], sales_line("100")))
    assert qbo.read("Customer", customer["Id"])["Balance"] == 100
    paid = qbo.create("Payment", payment(customer["Id"], "60", (bill["Id"], "60")))
    after = qbo.read("Invoice", bill["Id"])
    assert after["SyncToken"] == "1"
    assert after["Balance"] == 40
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    owner = qbo.read("Customer", customer["Id"])
    assert (owner["Balance"], owner["SyncToken"]) == (40, "2")


def test_a_refused_write_changes_nothing(qbo: Caller) -> None:
    before = qbo.admin("dump")["records"]
    lines = len(qbo.admin("ledger")["lines"])
    assert qbo.refuses("Invoice", invoice("1", sales_line("10", TaxCodeRef={"value": "3"}))) == "6100"
    assert qbo.refuses("Payment", payment("1", "50", ("999", "50"))) == "610"
    assert qbo.admin("dump")["records"] == before
    assert len(qbo.admin("ledger")["lines"]) == lines


# --- sparse and full ----------------------------------------------------------------------------------------


def test_sparse_changes_only_what_is_sent_and_full_clears_the_rest(qbo: Caller) -> None:
    made = qbo.create(
        "Customer",
        {
            "DisplayName": "Sparse",
            "Notes": "keep me",
            "CompanyName": "S Inc",
            "PrimaryPhone": {"FreeFormNumber": "1"},
        },
    )
    sparse = qbo.update("Customer", made, CompanyName="T Inc")
    assert (sparse["Notes"], sparse["CompanyName"]) == ("keep me", "T Inc")
    emptied = qbo.update("Customer", sparse, Notes="")
    assert "Notes" not in emptied
    full = qbo.create("Customer", {"Id": made["Id"], "SyncToken": emptied["SyncToken"], "Notes": "only"})
    assert full["DisplayName"] == "Sparse"
    assert "CompanyName" not in full
    assert "PrimaryPhone" not in full


def test_a_sent_line_array_replaces_all_lines_and_known_ids_stay(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10"), sales_line("20"), sales_line("30")))
    ids = [line["Id"] for line in made["Line"] if "Id" in line]
    assert ids == ["1", "2", "3"]
    second = {**made["Line"][1], "Amount": 25}
    changed = qbo.update("Invoice", made, Line=[second, sales_line("5")])
    assert [line.get("Id") for line in changed["Line"]] == ["2", "4", None]
    assert changed["TotalAmt"] == 30
    untouched = qbo.update("Invoice", changed, PrivateNote="note")
    assert untouched["TotalAmt"] == 30


def test_a_sparse_bill_needs_its_vendor_and_a_sparse_purchase_its_payment_type(qbo: Caller) -> None:
    bill = qbo.query("select * from Bill maxresults 1")["Bill"][0]
    head = {"Id": bill["Id"], "SyncToken": bill["SyncToken"], "sparse": True, "PrivateNote": "x"}
    code, error = qbo.fault("POST", "/bill", head)
    assert (code, error["element"]) == ("2020", "VendorRef")
    assert qbo.create("Bill", head | {"VendorRef": bill["VendorRef"]})["PrivateNote"] == "x"
    spent = qbo.query("select * from Purchase maxresults 1")["Purchase"][0]
    head = {"Id": spent["Id"], "SyncToken": spent["SyncToken"], "sparse": True, "PrivateNote": "x"}
    code, error = qbo.fault("POST", "/purchase", head)
    assert (code, error["element"]) == ("2020", "PaymentType")


def test_read_only_members_are_ignored_and_unknown_ones_refused(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"), TotalAmt=99, Balance=98, domain="QBO")
    assert qbo.create("Invoice", body)["TotalAmt"] == 10
    code, error = qbo.fault("POST", "/invoice", body | {"Totl": 1})
    assert (code, error["element"]) == ("2010", "Totl")
    nested = invoice("1", {**sales_line("10"), "AccountRef": {"value": "1"}})
    assert qbo.refuses("Invoice", nested) == "2010"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"TxnDate": "yesterday"}, "2060"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"DocNumber": "1234567890123456789012"}, "2050"),
        ({"EmailStatus": "Shouted"}, "2170"),
        ({"EmailStatus": "NeedToSend", "BillEmail": {"Address": ""}, "CustomerRef": {"value": "26"}}, "2020"),
        ({"Line": []}, "2020"),
        ({"CustomerRef": {"value": "99999"}}, "2500"),
        ({"CustomerRef": {"value": "34"}}, "2500"),
        ({"DepartmentRef": {"value": "77"}}, "2500"),
        ({"CurrencyRef": {"value": "CAD"}}, "2500"),
        ({"Line": [{"Amount": 5}]}, "2020"),
        ({"Line": [sales_line("10", Qty=3, UnitPrice=3.33)]}, "6070"),
        ({"Line": [{"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}]}, "6090"),
        ({"Line": [sales_line("10"), sales_line("-20")]}, "6000"),
        ({"Line": [sales_line("12345678901234567890")]}, "2080"),
    ],
)
def test_what_is_wrong_with_an_invoice_has_its_code(qbo: Caller, members: dict[str, Any], code: str) -> None:
    assert qbo.refuses("Invoice", invoice("1", sales_line("10")) | members) == code


def test_full_precision_prices_pass_the_product_check(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100", Qty=3, UnitPrice=33.333333)))
    assert made["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 33.333333


def test_an_inactive_item_is_refused_on_a_new_line(qbo: Caller) -> None:
    item = qbo.query("select * from Item where Name = 'Drain'")["Item"][0]
    qbo.update("Item", item, Active=False)
    assert qbo.refuses("Invoice", invoice("1", sales_line("10", item=item["Id"]))) == "610"
    assert "Item" not in qbo.query("select * from Item where Name = 'Drain'")
    hidden = qbo.query("select * from Item where Active IN (true, false) and Name like 'Drain%'")["Item"]
    assert hidden[0]["Name"] == "Drain (deleted)"


# --- removal ------------------------------------------------------------------------------------------------


def test_void_keeps_the_number_and_zeroes_the_amounts(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10", Qty=2, UnitPrice=5), DocNumber="V-1"))
    answer = qbo.void("Invoice", made)
    assert answer["PrintStatus"] == "NEED_TO_PRINT"
    assert answer["Line"][0]["DetailType"] == "SALES_ITEM_LINE_DETAIL"
    read = qbo.read("Invoice", made["Id"])
    assert (read["TotalAmt"], read["Balance"], read["DocNumber"]) == (0, 0, "V-1")
    assert read["Line"][0]["SalesItemLineDetail"]["Qty"] == 0
    assert read["Line"][0]["DetailType"] == "SalesItemLineDetail"
    assert read["PrivateNote"] == "Voided"
    assert read["LinkedTxn"] == []
    assert qbo.ledger_of("Invoice", made["Id"]) == {}


def test_a_paid_invoice_is_neither_voided_nor_deleted(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10")))
    paid = qbo.create("Payment", payment("1", "10", (made["Id"], "10")))
    head = {"Id": made["Id"], "SyncToken": "1"}
    assert qbo.refuses("Invoice", head, operation="void") == "6000"
    assert qbo.refuses("Invoice", head, operation="delete") == "6000"
    assert qbo.delete("Payment", paid) == {"domain": "QBO", "status": "Deleted", "Id": paid["Id"]}
    fresh = qbo.read("Invoice", made["Id"])
    assert fresh["Balance"] == 10
    qbo.delete("Invoice", fresh)
    assert qbo.fault("GET", f"/invoice/{made['Id']}")[0] == "610"
    assert qbo.fault("GET", "/invoice/abc")[0] == "2030"


def test_deleting_by_echo_of_an_expense_is_refused(qbo: Caller) -> None:
    spent = qbo.query("select * from Purchase maxresults 1")["Purchase"][0]
    assert qbo.refuses("Purchase", spent, operation="delete") == "2010"
    qbo.delete("Purchase", spent)


def test_lists_cannot_be_deleted_and_bills_not_voided(qbo: Caller) -> None:
    assert qbo.refuses("Customer", {"Id": "1", "SyncToken": "0"}, operation="delete") == "500"
    bill = qbo.query("select * from Bill maxresults 1")["Bill"][0]
    assert qbo.refuses("Bill", {"Id": bill["Id"], "SyncToken": bill["SyncToken"]}, operation="void") == "500"


# --- closed books, company status ---------------------------------------------------------------------------


def test_nothing_dated_on_or_before_the_closing_date_is_written(qbo: Caller) -> None:
    today = qbo.twin.company.clock.today()
    closed = (today - timedelta(days=10)).isoformat()
    opened = (today - timedelta(days=9)).isoformat()
    old = qbo.create("Invoice", invoice("1", sales_line("10"), TxnDate=closed))
    qbo.admin("closing", date=closed)
    assert qbo.get("/preferences")["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == closed
    assert qbo.refuses("Invoice", invoice("1", sales_line("10"), TxnDate=closed)) == "6210"
    head = {"Id": old["Id"], "SyncToken": "0", "sparse": True}
    assert qbo.refuses("Invoice", head | {"PrivateNote": "x"}) == "6210"
    assert qbo.refuses("Invoice", head | {"TxnDate": opened}) == "6210"
    assert qbo.refuses("Invoice", head, operation="delete") == "6210"
    assert qbo.refuses("Invoice", head, operation="void") == "6210"
    assert qbo.create("Invoice", invoice("1", sales_line("10"), TxnDate=opened))["TxnDate"] == opened
    paid = qbo.create("Payment", payment("1", "10", (old["Id"], "10")))
    assert paid["UnappliedAmt"] == 0
    qbo.admin("closing", date=None)
    assert "BookCloseDate" not in qbo.get("/preferences")["Preferences"]["AccountingInfoPrefs"]


def test_a_lapsed_company_is_read_only_and_a_lost_admin_is_locked_out(qbo: Caller) -> None:
    qbo.admin("company", lapsed=True)
    assert qbo.refuses("Customer", {"DisplayName": "Late"}) == "6190"
    assert qbo.read("Customer", "1")["Id"] == "1"
    qbo.admin("company", lapsed=False, plan_lacks=["Bill"])
    bill = {"VendorRef": {"value": "34"}, "Line": [expense_line("5", "45")]}
    assert qbo.refuses("Bill", bill) == "5020"
    qbo.admin("company", locked_out=True)
    response = qbo.raw("GET", "/customer/1")
    assert response.status_code == 401
    assert response.json()["Fault"]["Error"][0]["code"] == "120"


# --- defaults -----------------------------------------------------------------------------------------------


def test_an_invoice_takes_terms_dates_and_addresses_from_its_customer(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10"), TxnDate="2026-01-31"))
    customer = qbo.read("Customer", "1")
    assert made["SalesTermRef"] == {"value": "3", "name": "Net 30"}
    assert made["DueDate"] == "2026-03-02"
    assert made["BillAddr"] == customer["BillAddr"]
    assert made["ShipAddr"] == customer["ShipAddr"]
    assert made["BillEmail"] == customer["PrimaryEmailAddr"]
    assert made["CustomerRef"]["name"] == customer["FullyQualifiedName"]
    moved = qbo.update("Invoice", made, SalesTermRef={"value": "1"})
    assert moved["DueDate"] == "2026-01-31"


def test_a_term_by_day_of_month(qbo: Caller) -> None:
    term = qbo.create("Term", {"Name": "10th", "DayOfMonthDue": 10, "DueNextMonthDays": 5})
    assert term["Type"] == "DATE_DRIVEN"

    def due(day: str) -> str:
        body = invoice("1", sales_line("1"), TxnDate=day, SalesTermRef={"value": term["Id"]})
        return str(qbo.create("Invoice", body)["DueDate"])

    assert due("2026-03-05") == "2026-03-10"
    assert due("2026-03-06") == "2026-04-10"


def test_classes_and_locations_follow_the_preferences(qbo: Caller) -> None:
    body = invoice(
        "1",
        sales_line("10", ClassRef={"value": "2"}),
        DepartmentRef={"value": "1"},
        ClassRef={"value": "3"},
    )
    made = qbo.create("Invoice", body)
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"]["name"] == "Install"
    assert made["DepartmentRef"]["name"] == "Reno"
    assert "ClassRef" not in made
    qbo.admin(
        "preferences",
        **{
            "AccountingInfoPrefs.ClassTrackingPerTxnLine": False,
            "AccountingInfoPrefs.ClassTrackingPerTxn": True,
            "AccountingInfoPrefs.TrackDepartments": False,
        },
    )
    made = qbo.create("Invoice", body)
    assert "ClassRef" not in made["Line"][0]["SalesItemLineDetail"]
    assert made["ClassRef"]["name"] == "Drain"
    assert "DepartmentRef" not in made


def test_today_is_the_companys_day(qbo: Caller) -> None:
    qbo.admin("clock", advance_seconds=86400 * 3)
    made = qbo.create("Invoice", invoice("1", sales_line("10")))
    assert date.fromisoformat(made["TxnDate"]) == qbo.twin.company.clock.today()
    assert made["MetaData"]["CreateTime"][:10] == made["TxnDate"]


def test_money_comes_back_without_binary_noise(qbo: Caller) -> None:
    body = invoice("1", *[sales_line("0.10") for _ in range(3)], sales_line("1234567.07"))
    response = qbo.raw("POST", "/invoice", json=body)
    assert '"TotalAmt":1234567.37,' in response.text
    assert Decimal(str(response.json()["Invoice"]["TotalAmt"])) == Decimal("1234567.37")
