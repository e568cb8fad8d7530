"""Credits in the twin: applied through payments, un-applied, applied by QuickBooks itself, banked, voided."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from blueops_qb.sandbox.qbo.storage import dump, restore
from blueops_qb.sandbox.qbo.wire import dumps, loads
from tests.sales_forms import accounts, settling
from tests.twin_calls import Caller, calling, expense_line, invoice, sales_line

D = Decimal
AUTO = "Created by QB Online to link credits to charges."


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def charge(
    qbo: Caller, amount: str = "100", *, customer: str = "1", day: str = "2026-01-10"
) -> dict[str, Any]:
    return qbo.create("Invoice", invoice(customer, sales_line(amount), TxnDate=day))


def credit(
    qbo: Caller, amount: str = "40", *, customer: str = "1", day: str = "2026-01-12"
) -> dict[str, Any]:
    return qbo.create("CreditMemo", invoice(customer, sales_line(amount), TxnDate=day))


def balances(qbo: Caller, *records: tuple[str, dict[str, Any]]) -> list[Any]:
    return [qbo.read(kind, record["Id"])["Balance"] for kind, record in records]


def test_a_payment_of_nothing_applies_a_credit_to_an_invoice(qbo: Caller) -> None:
    owed, memo = charge(qbo), credit(qbo)
    body = settling("1", 0, ("Invoice", owed["Id"], 40), ("CreditMemo", memo["Id"], 40))
    made = qbo.create("Payment", body)
    assert (made["TotalAmt"], made["UnappliedAmt"]) == (0, 0)
    assert "DepositToAccountRef" not in made
    assert [line["LinkedTxn"][0]["TxnType"] for line in made["Line"]] == ["Invoice", "CreditMemo"]
    facts = {row["value"]["Name"]: row["value"]["Value"] for row in made["Line"][0]["LineEx"]["any"]}
    assert facts == {"txnId": owed["Id"], "txnOpenBalance": "100.00"}
    assert qbo.ledger_of("Payment", made["Id"]) == {}
    after = qbo.read("CreditMemo", memo["Id"])
    assert (after["Balance"], after["RemainingCredit"], after["SyncToken"]) == (0, 0, "1")
    assert after["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]
    assert balances(qbo, ("Invoice", owed), ("Customer", {"Id": "1"})) == [60, 60]
    assert qbo.refuses("CreditMemo", {"Id": memo["Id"], "SyncToken": "1"}, operation="delete") == "6000"
    head = {"Id": owed["Id"], "SyncToken": "1"}
    assert qbo.refuses("Invoice", head, operation="void") == "6000"
    assert qbo.refuses("Invoice", head, operation="delete") == "6000"

    freed = qbo.update("Payment", made, Line=[])
    assert freed["UnappliedAmt"] == 0
    assert balances(qbo, ("Invoice", owed), ("CreditMemo", memo)) == [100, 40]
    again = qbo.create("Payment", body)
    qbo.delete("Payment", again)
    assert balances(qbo, ("Invoice", owed), ("CreditMemo", memo)) == [100, 40]
    third = qbo.create("Payment", body)
    qbo.post(
        "/payment", {"Id": third["Id"], "SyncToken": "0", "sparse": True}, operation="update", include="void"
    )
    assert balances(qbo, ("Invoice", owed), ("CreditMemo", memo)) == [100, 40]


def test_money_and_a_credit_pay_together(qbo: Caller) -> None:
    first, second, memo = charge(qbo), charge(qbo, "50"), credit(qbo)
    parts = [("Invoice", first["Id"], 100), ("Invoice", second["Id"], 20), ("CreditMemo", memo["Id"], 40)]
    made = qbo.create("Payment", settling("1", 85, *parts))
    assert made["UnappliedAmt"] == 5
    assert balances(qbo, ("Invoice", first), ("Invoice", second), ("CreditMemo", memo)) == [0, 30, 0]
    assert qbo.ledger_of("Payment", made["Id"]) == {"1090": D(85), "1100": D(-85)}
    assert qbo.read("Customer", "1")["Balance"] == 25


@pytest.mark.parametrize(
    ("total", "paid", "used", "code"),
    [
        (0, 40, 41, "6000"),  # more than the memo has
        (0, 10, 20, "6000"),  # more credit than charges
        (0, 50, 40, "6000"),  # ten of the charges are covered by nothing
        (0, 0, 40, "6000"),
    ],
)
def test_what_is_wrong_with_an_applied_credit_has_its_code(
    qbo: Caller, total: float, paid: float, used: float, code: str
) -> None:
    owed, memo = charge(qbo), credit(qbo)
    body = settling("1", total, ("Invoice", owed["Id"], paid), ("CreditMemo", memo["Id"], used))
    assert qbo.refuses("Payment", body) == code
    assert balances(qbo, ("Invoice", owed), ("CreditMemo", memo)) == [100, 40]


def test_a_credit_of_another_customer_is_not_linked(qbo: Caller) -> None:
    owed, memo = charge(qbo), credit(qbo, customer="2")
    body = settling("1", 0, ("Invoice", owed["Id"], 40), ("CreditMemo", memo["Id"], 40))
    assert qbo.refuses("Payment", body) == "620"
    two = {"Amount": 5, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Invoice"}] * 2}
    assert qbo.refuses("Payment", settling("1", 5) | {"Line": [two]}) == "6000"
    by_number = settling("1", 5, ("CreditMemo", "C-777", 5))
    assert qbo.refuses("Payment", by_number) == "610"


def test_a_parents_credit_pays_for_a_job_that_bills_with_it(qbo: Caller) -> None:
    found = qbo.query("select * from Customer where DisplayName = 'Larkspur 40 Mill St'")["Customer"]
    job, parent = found[0]["Id"], found[0]["ParentRef"]["value"]
    owed, memo = charge(qbo, customer=job), credit(qbo, customer=parent)
    body = settling(parent, 0, ("Invoice", owed["Id"], 40), ("CreditMemo", memo["Id"], 40))
    assert qbo.refuses("Payment", {**body, "CustomerRef": {"value": job}}) == "620"
    made = qbo.create("Payment", body)
    assert balances(qbo, ("Customer", {"Id": job}), ("Customer", {"Id": parent})) == [60, 0]
    posted = {
        line["customer"]: line["amount"]
        for line in qbo.admin("ledger")["lines"]
        if line["txn_id"] == made["Id"]
    }
    assert posted == {job: "-40.00", parent: "40.00"}


def test_a_credit_memo_made_smaller_frees_its_invoice_too(qbo: Caller) -> None:
    owed, memo = charge(qbo), credit(qbo, "60")
    qbo.create("Payment", settling("1", 0, ("Invoice", owed["Id"], 60), ("CreditMemo", memo["Id"], 60)))
    smaller = qbo.update("CreditMemo", qbo.read("CreditMemo", memo["Id"]), Line=[sales_line("25")])
    assert (smaller["Balance"], smaller["RemainingCredit"]) == (0, 0)
    assert qbo.read("Invoice", owed["Id"])["Balance"] == 75
    assert qbo.read("Customer", "1")["Balance"] == 75
    less = qbo.update("Invoice", qbo.read("Invoice", owed["Id"]), Line=[sales_line("10")])
    assert less["Balance"] == 0
    assert qbo.read("CreditMemo", memo["Id"])["RemainingCredit"] == 15
    assert qbo.read("Customer", "1")["Balance"] == -15
    assert qbo.admin("ledger")["difference"] == "0.00"


def test_journal_entries_and_checks_are_settled_by_payments(qbo: Caller) -> None:
    chart = accounts(qbo)

    def row(side: str, account: str, customer: str = "") -> dict[str, Any]:
        detail: dict[str, Any] = {"PostingType": side, "AccountRef": {"value": chart[account]}}
        if customer:
            detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
        return {"DetailType": "JournalEntryLineDetail", "Amount": 30, "JournalEntryLineDetail": detail}

    owed = charge(qbo)
    written_off = qbo.create("JournalEntry", {"Line": [row("Debit", "6200"), row("Credit", "1100", "1")]})
    made = qbo.create(
        "Payment", settling("1", 0, ("Invoice", owed["Id"], 30), ("JournalEntry", written_off["Id"], 30))
    )
    assert qbo.read("Invoice", owed["Id"])["Balance"] == 70
    linked = qbo.read("JournalEntry", written_off["Id"])["LinkedTxn"]
    assert linked == [{"TxnId": made["Id"], "TxnType": "Payment"}]
    more = settling("1", 0, ("Invoice", owed["Id"], 30), ("JournalEntry", written_off["Id"], 30))
    assert qbo.refuses("Payment", more) == "6000"
    other = qbo.create("JournalEntry", {"Line": [row("Debit", "6200"), row("Credit", "1100", "2")]})
    foreign = settling("1", 0, ("Invoice", owed["Id"], 30), ("JournalEntry", other["Id"], 30))
    assert qbo.refuses("Payment", foreign) == "620"
    smaller = [row("Debit", "6200") | {"Amount": 20}, row("Credit", "1100", "1") | {"Amount": 20}]
    qbo.update("JournalEntry", qbo.read("JournalEntry", written_off["Id"]), Line=smaller)
    assert [line["Amount"] for line in qbo.read("Payment", made["Id"])["Line"]] == [20, 20]
    assert qbo.read("Invoice", owed["Id"])["Balance"] == 80
    shared = [row("Debit", "6200") | {"Amount": 50}, row("Credit", "1100", "1") | {"Amount": 10}]
    shared.append(row("Credit", "1100", "2") | {"Amount": 40})
    both = qbo.create("JournalEntry", {"Line": shared})
    too_much = settling("1", 0, ("Invoice", owed["Id"], 20), ("JournalEntry", both["Id"], 20))
    assert qbo.refuses("Payment", too_much) == "6000"
    qbo.delete("JournalEntry", both)
    # Money sent back to a customer: a check on the receivable, settled by the credit.
    memo = credit(qbo, "25")
    line = expense_line("25", chart["1100"], CustomerRef={"value": "1"})
    check = {"PaymentType": "Check", "AccountRef": {"value": chart["1000"]}, "EntityRef": {"value": "1"}}
    sent = qbo.create("Purchase", check | {"Line": [line]})
    qbo.create("Payment", settling("1", 0, ("Check", sent["Id"], 25), ("CreditMemo", memo["Id"], 25)))
    assert qbo.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    assert qbo.read("Customer", "1")["Balance"] == 80
    again = restore(loads(dumps(dump(qbo.twin.company))))
    assert again.ledger.balances() == qbo.twin.company.ledger.balances()
    assert again.links[("CreditMemo", memo["Id"])] == qbo.twin.company.links[("CreditMemo", memo["Id"])]


def test_a_new_credit_memo_is_applied_to_the_oldest_invoice(qbo: Caller) -> None:
    young, old = charge(qbo, "100", day="2026-01-09"), charge(qbo, "30", day="2026-01-02")
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    memo = credit(qbo, "50")
    assert (memo["Balance"], memo["RemainingCredit"]) == (0, 0)
    assert balances(qbo, ("Invoice", old), ("Invoice", young)) == [0, 80]
    (made,) = qbo.query("select * from Payment")["Payment"]
    assert (made["TotalAmt"], made["PrivateNote"], made["TxnDate"]) == (0, AUTO, "2026-01-12")
    assert [line["Amount"] for line in made["Line"]] == [30, 20, 50]
    assert memo["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]


def test_a_new_invoice_comes_back_with_credits_applied(qbo: Caller) -> None:
    memo, other = credit(qbo, "30"), credit(qbo, "30", customer="2")
    money = qbo.create("Payment", settling("1", 25))
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    made = charge(qbo)
    assert (made["TotalAmt"], made["Balance"]) == (100, 45)
    assert {link["TxnType"] for link in made["LinkedTxn"]} == {"Payment"}
    paid = qbo.read("Payment", money["Id"])
    assert (paid["UnappliedAmt"], paid["SyncToken"]) == (0, "1")
    assert balances(qbo, ("CreditMemo", memo), ("CreditMemo", other)) == [0, 30]
    assert qbo.read("Customer", "1")["Balance"] == 45
    later = credit(qbo, "10", day="2026-02-01")
    assert later["RemainingCredit"] == 0
    early = charge(qbo, "70", day="2026-01-01")
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": False})
    credit(qbo, "5", day="2026-01-02")
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    assert charge(qbo, "9", day="2026-03-01")["Balance"] == 4
    linking = qbo.query("select * from Payment where TotalAmt = '0' orderby Id desc")["Payment"]
    assert [row["TxnDate"] for row in linking] == ["2026-03-01", "2026-02-01", "2026-01-12"]
    assert early["Balance"] == 70
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": False})
    credit(qbo, "5")
    assert charge(qbo)["Balance"] == 100


def test_money_left_over_is_applied_when_payments_are(qbo: Caller) -> None:
    first, second = charge(qbo, "60"), charge(qbo, "60")
    qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyPayments": True})
    made = qbo.create("Payment", settling("1", 100, ("Invoice", second["Id"], 20)))
    assert made["UnappliedAmt"] == 0
    assert balances(qbo, ("Invoice", first), ("Invoice", second)) == [0, 20]
    spare = qbo.create("Payment", settling("1", 30))
    assert spare["UnappliedAmt"] == 10
    assert charge(qbo, "15")["Balance"] == 5
    # Banked and closed money is left alone.
    banked = qbo.create("Payment", settling("1", 50, *[]))
    assert banked["UnappliedAmt"] == 45
    lines = [{"LinkedTxn": [{"TxnId": banked["Id"], "TxnType": "Payment"}]}]
    qbo.create("Deposit", {"DepositToAccountRef": {"value": accounts(qbo)["1000"]}, "Line": lines})
    assert charge(qbo, "15")["Balance"] == 15
    old = qbo.create("Payment", settling("3", 20) | {"TxnDate": "2026-01-05"})
    qbo.admin("closing", date="2026-01-31")
    assert charge(qbo, "15", customer="3", day="2026-02-01")["Balance"] == 15
    assert qbo.read("Payment", old["Id"])["UnappliedAmt"] == 20


def test_receipts_and_entries_are_banked_and_then_frozen(qbo: Caller) -> None:
    chart = accounts(qbo)
    undeposited = {"DepositToAccountRef": {"value": chart["1090"]}}
    sold = qbo.create("SalesReceipt", invoice("1", sales_line("80")))
    back = qbo.create("RefundReceipt", invoice("1", sales_line("30"), **undeposited))
    direct = qbo.create(
        "SalesReceipt", invoice("1", sales_line("9"), DepositToAccountRef={"value": chart["1000"]})
    )

    def line(kind: str, record: dict[str, Any]) -> dict[str, Any]:
        return {"LinkedTxn": [{"TxnId": record["Id"], "TxnType": kind}]}

    def deposit(*lines: dict[str, Any]) -> dict[str, Any]:
        return {"DepositToAccountRef": {"value": chart["1000"]}, "Line": list(lines)}

    assert qbo.refuses("Deposit", deposit(line("SalesReceipt", direct))) == "620"
    assert qbo.refuses("Deposit", deposit(line("Estimate", sold))) == "620"
    assert qbo.refuses("Deposit", deposit(line("SalesReceipt", sold) | {"Amount": 79})) == "6000"
    banked = qbo.create("Deposit", deposit(line("SalesReceipt", sold), line("RefundReceipt", back)))
    assert banked["TotalAmt"] == 50
    assert [row["Amount"] for row in banked["Line"]] == [80, -30]
    assert qbo.ledger_of("Deposit", banked["Id"]) == {"1000": D(50), "1090": D(-50)}
    frozen = qbo.read("SalesReceipt", sold["Id"])
    assert frozen["LinkedTxn"] == [{"TxnId": banked["Id"], "TxnType": "Deposit"}]
    head = {"Id": sold["Id"], "SyncToken": "1", "sparse": True}
    assert qbo.refuses("SalesReceipt", head | {"PrivateNote": "x"}) == "6540"
    assert qbo.refuses("SalesReceipt", head, operation="delete") == "6540"
    assert qbo.refuses("SalesReceipt", head, operation="void") == "6540"
    assert qbo.refuses("RefundReceipt", {**head, "Id": back["Id"]}, operation="delete") == "6540"
    qbo.delete("Deposit", banked)
    assert (
        qbo.update("SalesReceipt", qbo.read("SalesReceipt", sold["Id"]), PrivateNote="x")["LinkedTxn"] == []
    )


def test_an_entry_on_undeposited_funds_is_banked(qbo: Caller) -> None:
    chart = accounts(qbo)
    lines = [
        {
            "DetailType": "JournalEntryLineDetail",
            "Amount": 12,
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": chart[number]}},
        }
        for side, number in (("Debit", "1090"), ("Credit", "4990"))
    ]
    entry = qbo.create("JournalEntry", {"Line": lines})
    link = {"LinkedTxn": [{"TxnId": entry["Id"], "TxnType": "JournalEntry", "TxnLineId": "0"}]}
    body = {"DepositToAccountRef": {"value": chart["1000"]}, "Line": [link]}
    banked = qbo.create("Deposit", body)
    assert banked["TotalAmt"] == 12
    assert qbo.ledger_of("Deposit", banked["Id"]) == {"1000": D(12), "1090": D(-12)}
    assert qbo.refuses("Deposit", body) == "620"
    head = {"Id": entry["Id"], "SyncToken": "1"}
    assert qbo.refuses("JournalEntry", head, operation="delete") == "6540"


def test_random_credits_and_payments_always_tie(qbo: Caller) -> None:
    """What the records say is open equals the receivable of the ledger, whatever was done in between."""
    import random

    dice = random.Random(20260110)
    qbo.admin(
        "preferences", **{"SalesFormsPrefs.AutoApplyCredit": True, "SalesFormsPrefs.AutoApplyPayments": True}
    )
    company = qbo.twin.company
    for _ in range(60):
        choice = dice.randrange(6)
        amount = str(dice.randrange(1, 20000) / 100)
        kind = dice.choice(["Invoice", "CreditMemo"])
        known = company.all(kind)
        if choice < 2 or not known:
            qbo.create(kind, invoice("1", sales_line(amount)))
        elif choice == 2:
            qbo.create("Payment", settling("1", float(amount)))
        elif choice == 3:
            picked = dice.choice(known)
            qbo.update(kind, qbo.read(kind, picked["Id"]), Line=[sales_line(amount)])
        elif choice == 4 and company.all("Payment"):
            qbo.delete("Payment", dice.choice(company.all("Payment")))
        else:
            qbo.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": dice.random() < 0.5})
        rows = company.records
        owed = sum((row["Balance"] for row in rows["Invoice"].values()), D(0))
        memos = sum((row["RemainingCredit"] for row in rows["CreditMemo"].values()), D(0))
        spare = sum((row["UnappliedAmt"] for row in rows["Payment"].values()), D(0))
        assert owed - memos - spare == rows["Customer"]["1"]["Balance"]
        assert (
            min([D(0), *(row["Balance"] for k in ("Invoice", "CreditMemo") for row in rows[k].values())]) == 0
        )
        assert all(0 <= row["UnappliedAmt"] <= row["TotalAmt"] for row in rows["Payment"].values())
        assert company.ledger.trial_balance().difference == 0
