"""What bill payments and vendor credits do to the twin's books, and what the twin refuses of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.sandbox.qbo import storage
from tests.twin_calls import Caller, Json, calling, expense_line

D = Decimal
VENDOR, OTHER = {"value": "34"}, {"value": "35"}


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


@pytest.fixture(scope="module")
def chart(qbo: Caller) -> dict[str, str]:
    rows = qbo.query("select * from Account maxresults 1000")["Account"]
    return {row["AcctNum"]: row["Id"] for row in rows}


def bill(qbo: Caller, amount: str, *, vendor: Json = VENDOR, **members: Any) -> Json:
    return qbo.create("Bill", {"VendorRef": vendor, "Line": [expense_line(amount, "45")]} | members)


def credit(qbo: Caller, amount: str, **members: Any) -> Json:
    return qbo.create("VendorCredit", {"VendorRef": VENDOR, "Line": [expense_line(amount, "45")]} | members)


def line(record: Json | str, amount: str, kind: str = "Bill") -> Json:
    identity = record if isinstance(record, str) else record["Id"]
    return {"Amount": float(amount), "LinkedTxn": [{"TxnId": identity, "TxnType": kind}]}


def check(total: str, *lines: Json, **members: Any) -> Json:
    source = {"BankAccountRef": {"value": "1"}}
    head = {"VendorRef": VENDOR, "PayType": "Check", "TotalAmt": float(total), "CheckPayment": source}
    return head | {"Line": list(lines)} | members


def owed(qbo: Caller, vendor: str = "34") -> Any:
    return qbo.read("Vendor", vendor)["Balance"]


def test_a_check_pays_a_bill_less_a_credit(qbo: Caller) -> None:
    before = owed(qbo)
    owes, lends = bill(qbo, "120"), credit(qbo, "20")
    assert qbo.ledger_of("VendorCredit", lends["Id"]) == {"2000": D("20.00"), "5010": D("-20.00")}
    assert owed(qbo) == before + 100
    paid = qbo.create("BillPayment", check("100", line(owes, "120"), line(lends, "20", "VendorCredit")))
    assert paid["CheckPayment"] == {
        "BankAccountRef": {"value": "1", "name": "Operating Checking"},
        "PrintStatus": "NotSet",
    }
    assert [row["LinkedTxn"] for row in paid["Line"]] == [
        [{"TxnId": owes["Id"], "TxnType": "Bill"}],
        [{"TxnId": lends["Id"], "TxnType": "VendorCredit"}],
    ]
    assert "_credit" not in paid["Line"][0]
    assert qbo.ledger_of("BillPayment", paid["Id"]) == {"1000": D("-100.00"), "2000": D("100.00")}
    assert owed(qbo) == before
    used = qbo.read("VendorCredit", lends["Id"])
    assert (used["Balance"], used["LinkedTxn"]) == (0, [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}])
    head = {"Id": lends["Id"], "SyncToken": used["SyncToken"]}
    assert qbo.refuses("VendorCredit", head, operation="delete") == "6000"


def test_a_credit_may_pay_a_bill_alone_without_a_bank(qbo: Caller) -> None:
    owes, lends = bill(qbo, "30"), credit(qbo, "50")
    body = check("0", line(owes, "30"), line(lends, "30", "VendorCredit"))
    body["CheckPayment"] = {"PrintStatus": "NotSet"}
    made = qbo.create("BillPayment", body)
    assert qbo.ledger_of("BillPayment", made["Id"]) == {}
    assert qbo.read("Bill", owes["Id"])["Balance"] == 0
    assert qbo.read("VendorCredit", lends["Id"])["Balance"] == 20
    too_much = check("0", line(lends, "20", "VendorCredit"))
    assert qbo.refuses("BillPayment", too_much) == "6000"


def test_leaving_a_bill_out_of_an_update_releases_it(qbo: Caller) -> None:
    one, two = bill(qbo, "10"), bill(qbo, "15")
    paid = qbo.create("BillPayment", check("25", line(one, "10"), line(two, "15")))
    fewer = check("10", line(one, "10")) | {"Id": paid["Id"], "SyncToken": paid["SyncToken"]}
    assert qbo.create("BillPayment", fewer)["SyncToken"] == "1"
    assert qbo.read("Bill", two["Id"])["Balance"] == 15
    assert qbo.read("Bill", two["Id"])["LinkedTxn"] == []
    changed = fewer | {"SyncToken": "1", "PayType": "CreditCard", "CreditCardPayment": {}}
    assert qbo.refuses("BillPayment", changed) == "6000"


def test_a_bill_edited_below_what_is_paid_leaves_the_rest_with_the_vendor(qbo: Caller) -> None:
    before = owed(qbo)
    owes, lends = bill(qbo, "100"), credit(qbo, "40")
    paid = qbo.create("BillPayment", check("60", line(owes, "100"), line(lends, "40", "VendorCredit")))
    fresh = qbo.read("Bill", owes["Id"])
    smaller = qbo.update("Bill", fresh, VendorRef=VENDOR, Line=[expense_line("30", "45")])
    assert (smaller["TotalAmt"], smaller["Balance"]) == (30, 0)
    after = qbo.read("BillPayment", paid["Id"])
    assert [row["Amount"] for row in after["Line"]] == [30, 30]
    assert qbo.read("VendorCredit", lends["Id"])["Balance"] == 10
    assert after["TotalAmt"] == 60
    assert owed(qbo) == before + 30 - 40 - 60
    assert qbo.admin("ledger")["difference"] == "0.00"


def test_a_paid_bill_keeps_its_vendor_and_may_change_its_words(qbo: Caller) -> None:
    owes = bill(qbo, "12")
    qbo.create("BillPayment", check("12", line(owes, "12")))
    fresh = qbo.read("Bill", owes["Id"])
    noted = qbo.update("Bill", fresh, VendorRef=VENDOR, PrivateNote="paid", DueDate="2030-01-01")
    assert (noted["PrivateNote"], noted["Balance"]) == ("paid", 0)
    head = {"Id": noted["Id"], "SyncToken": noted["SyncToken"], "sparse": True}
    assert qbo.refuses("Bill", head | {"VendorRef": OTHER}) == "6000"
    assert qbo.refuses("Bill", head, operation="delete") == "6000"
    assert qbo.refuses("Bill", head | {"VendorRef": VENDOR}, operation="void") == "500"


def test_a_journal_entry_and_a_refund_in_a_deposit_are_paid_and_used(
    qbo: Caller, chart: dict[str, str]
) -> None:
    def row(side: str, account: str, amount: int, **detail: Any) -> Json:
        inner = {"PostingType": side, "AccountRef": {"value": chart[account]}} | detail
        return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": inner}

    before = owed(qbo)
    name = {"Entity": {"Type": "Vendor", "EntityRef": VENDOR}}
    entry = qbo.create(
        "JournalEntry", {"Line": [row("Debit", "5010", 70), row("Credit", "2000", 70, **name)]}
    )
    back = {"AccountRef": {"value": chart["2000"]}, "Entity": {"value": "34", "type": "VENDOR"}}
    refund = {"DetailType": "DepositLineDetail", "Amount": 25, "DepositLineDetail": back}
    banked = qbo.create("Deposit", {"DepositToAccountRef": {"value": "1"}, "Line": [refund]})
    lends = credit(qbo, "25")
    assert owed(qbo) == before + 70
    paid = qbo.create(
        "BillPayment",
        check(
            "70",
            line(entry, "70", "JournalEntry"),
            line(banked, "25", "Deposit"),
            line(lends, "25", "VendorCredit"),
        ),
    )
    assert owed(qbo) == before
    assert qbo.read("JournalEntry", entry["Id"])["LinkedTxn"][0]["TxnId"] == paid["Id"]
    again = check("1", line(entry, "1", "JournalEntry"))
    assert qbo.refuses("BillPayment", again) == "6000"
    assert qbo.refuses("BillPayment", again | {"VendorRef": OTHER}) == "620"


def test_a_link_to_a_purchase_is_dropped_without_a_word(qbo: Caller) -> None:
    owes = bill(qbo, "9")
    spent = {"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Line": [expense_line("9", "45")]}
    bought = qbo.create("Purchase", spent)
    paid = qbo.create("BillPayment", check("9", line(owes, "9"), line(bought, "9", "Purchase")))
    assert [row["LinkedTxn"][0]["TxnType"] for row in paid["Line"]] == ["Bill"]


def test_more_money_than_the_lines_pay_stays_with_the_vendor(qbo: Caller) -> None:
    before = owed(qbo)
    owes = bill(qbo, "10")
    paid = qbo.create("BillPayment", check("15", line(owes, "10")))
    assert qbo.ledger_of("BillPayment", paid["Id"]) == {"1000": D("-15.00"), "2000": D("15.00")}
    assert owed(qbo) == before - 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Line": []}, "2020"),
        ({"Line": [{"Amount": 5}]}, "2020"),
        ({"TotalAmt": None}, "2020"),
        ({"PayType": None}, "2020"),
        ({"PayType": "Barter"}, "2170"),
        ({"CheckPayment": None}, "2020"),
        ({"CheckPayment": {"PrintStatus": "NotSet"}}, "2020"),
        ({"CheckPayment": {"BankAccountRef": {"value": "5"}}}, "6430"),
        ({"CheckPayment": {"BankAccountRef": {"value": "9999"}}}, "2500"),
        ({"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": {"value": "1"}}}, "6430"),
        ({"TotalAmt": 4}, "6000"),
        ({"TotalAmt": -5}, "6000"),
        ({"VendorRef": OTHER}, "620"),
        ({"APAccountRef": {"value": "1"}}, "6430"),
        ({"Line": [line("1", "5", "Invoice")]}, "620"),
        ({"Line": [line("999999", "5")]}, "610"),
        ({"Purpose": "rent"}, "2010"),
    ],
)
def test_what_is_wrong_with_a_bill_payment_has_its_code(qbo: Caller, change: Json, code: str) -> None:
    owes = bill(qbo, "5")
    body = check("5", line(owes, "5")) | change
    assert (
        qbo.refuses("BillPayment", {name: value for name, value in body.items() if value is not None}) == code
    )


def test_a_payment_into_the_closed_period_is_refused(qbo: Caller) -> None:
    owes = bill(qbo, "5", TxnDate="2026-03-02")
    paid = qbo.create("BillPayment", check("5", line(owes, "5"), TxnDate="2026-03-05"))
    qbo.admin("closing", date="2026-03-31")
    try:
        assert qbo.refuses("BillPayment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete") == "6210"
        void = {"operation": "update", "include": "void"}
        assert qbo.refuses("BillPayment", {"Id": paid["Id"], "SyncToken": "0"}, **void) == "6210"
        assert qbo.refuses("VendorCredit", _dated("2026-03-31")) == "6210"
        assert qbo.create("VendorCredit", _dated("2026-04-01"))["Balance"] == 1
    finally:
        qbo.admin("closing", date=None)


def _dated(day: str) -> Json:
    return {"VendorRef": VENDOR, "Line": [expense_line("1", "45")], "TxnDate": day}


def test_both_forms_of_void_free_the_bill(qbo: Caller) -> None:
    for params in ({"operation": "void"}, {"operation": "update", "include": "void"}):
        owes = bill(qbo, "8")
        paid = qbo.create("BillPayment", check("8", line(owes, "8"), DocNumber=f"9{len(params)}01"))
        head = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
        voided = qbo.post("/billpayment", head, **params)["BillPayment"]
        assert (voided["TotalAmt"], voided["Line"], voided["DocNumber"]) == (0, [], f"9{len(params)}01")
        assert voided["PrivateNote"].startswith("Voided")
        assert qbo.ledger_of("BillPayment", paid["Id"]) == {}
        assert qbo.read("Bill", owes["Id"])["Balance"] == 8


@pytest.mark.parametrize("kind", ["Bill", "VendorCredit", "PurchaseOrder", "Purchase"])
def test_other_purchases_cannot_be_voided(qbo: Caller, kind: str) -> None:
    head = (
        {"VendorRef": VENDOR} if kind != "Purchase" else {"PaymentType": "Cash", "AccountRef": {"value": "1"}}
    )
    made = qbo.create(kind, head | {"Line": [expense_line("4", "45")]})
    body = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}
    for params in ({"operation": "void"}, {"operation": "update", "include": "void"}):
        assert qbo.refuses(kind, body, **params) == "500"
    assert qbo.delete(kind, made) == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert qbo.fault("GET", f"/{kind.lower()}/{made['Id']}")[0] == "610"


def test_checks_share_their_numbers_with_those_of_purchases(qbo: Caller) -> None:
    spent = {"AccountRef": {"value": "1"}, "Line": [expense_line("5", "45")], "DocNumber": "7001"}
    qbo.create("Purchase", spent | {"PaymentType": "Check"})
    owes = bill(qbo, "5")
    numbered = check("5", line(owes, "5"), DocNumber="7001")
    assert qbo.refuses("BillPayment", numbered) == "6140"
    qbo.create("BillPayment", numbered | {"DocNumber": "7002"})
    assert qbo.refuses("Purchase", spent | {"PaymentType": "Check", "DocNumber": "7002"}) == "6140"
    qbo.create("Purchase", spent | {"PaymentType": "Cash", "DocNumber": "7002"})
    allowed = bill(qbo, "5")
    doubled = check("5", line(allowed, "5"), DocNumber="7002")
    assert qbo.create("BillPayment", doubled, include="allowduplicatedocnum")["DocNumber"] == "7002"


def test_queries_find_payments_and_credits_by_vendor_number_and_day(qbo: Caller) -> None:
    made = credit(qbo, "3", DocNumber="RMA-5", TxnDate="2026-05-05")
    where = "VendorRef = '34' and DocNumber = 'rma-5' and TxnDate = '2026-05-05' and Balance > '0'"
    assert [row["Id"] for row in qbo.query(f"select * from VendorCredit where {where}")["VendorCredit"]] == [
        made["Id"]
    ]
    counting = "select count(*) from BillPayment where VendorRef = '34'"
    before = qbo.query(counting)["totalCount"]
    qbo.create("BillPayment", check("25", line(bill(qbo, "25"), "25")))
    assert qbo.query(counting)["totalCount"] == before + 1
    assert qbo.fault("GET", "/query", query="select * from BillPayment where PrivateNote = 'x'")[0] == "4001"


def test_a_company_read_from_its_file_has_the_same_payables(qbo: Caller, tmp_path: Path) -> None:
    storage.save(qbo.twin.company, tmp_path / "company.json")
    again = storage.load(tmp_path / "company.json")
    assert again.ledger.balances() == qbo.twin.company.ledger.balances()
    for kind in ("Bill", "VendorCredit", "BillPayment"):
        assert again.records[kind] == qbo.twin.company.records[kind]
