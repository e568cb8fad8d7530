"""Totals, tax, money and accounts of the twin: what each document does to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.twin_calls import Caller, accounts, calling, invoice, items, payment, sales_line

D = Decimal
NEVADA = {"TxnTaxCodeRef": {"value": "1"}}
TAXED, UNTAXED = {"value": "TAX"}, {"value": "NON"}


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


# --- sales forms --------------------------------------------------------------------------------------------


def test_an_invoice_posts_receivable_income_discount_and_tax(qbo: Caller) -> None:
    ids = items(qbo)
    body = invoice(
        "1",
        sales_line("250", item=ids["Repair"], TaxCodeRef=UNTAXED),
        sales_line("56.85", item=ids["Fixtures"], TaxCodeRef=TAXED),
        {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {"PercentBased": False}},
        TxnTaxDetail=NEVADA,
    )
    made = qbo.create("Invoice", body)
    kinds = [line["DetailType"] for line in made["Line"]]
    assert kinds == ["SalesItemLineDetail", "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail"]
    assert made["Line"][2]["Amount"] == 306.85
    assert made["TxnTaxDetail"]["TotalTax"] == 3.98
    assert made["TotalAmt"] == 300.83
    assert qbo.ledger_of("Invoice", made["Id"]) == {
        "1100": D("300.83"),
        "4010": D("-250.00"),
        "4110": D("-56.85"),
        "4900": D("10.00"),
        "2200": D("-3.98"),
    }


def test_discount_before_tax_lowers_the_taxable_base(qbo: Caller) -> None:
    ids = items(qbo)
    body = invoice(
        "1",
        sales_line("100", item=ids["Fixtures"], TaxCodeRef=TAXED),
        sales_line("100", item=ids["Repair"], TaxCodeRef=UNTAXED),
        {
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
        },
        TxnTaxDetail=NEVADA,
        ApplyTaxAfterDiscount=True,
    )
    made = qbo.create("Invoice", body)
    assert made["Line"][-1]["Amount"] == 20
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 90
    assert made["TotalAmt"] == 186.3
    body["ApplyTaxAfterDiscount"] = False
    assert qbo.create("Invoice", body)["TotalAmt"] == 187


def test_a_deposit_on_the_invoice_lowers_its_balance(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100"), Deposit=30))
    assert (made["TotalAmt"], made["Balance"]) == (100, 70)
    posted = qbo.ledger_of("Invoice", made["Id"])
    assert posted == {"1100": D("70.00"), "1090": D("30.00"), "4010": D("-100.00")}
    assert qbo.refuses("Invoice", invoice("1", sales_line("100"), Deposit=101)) == "6000"


def test_text_lines_and_inline_subtotals(qbo: Caller) -> None:
    body = invoice(
        "1",
        {"DetailType": "DescriptionOnly", "Description": "Upstairs"},
        sales_line("40"),
        sales_line("2.50"),
        {"DetailType": "DescriptionOnly", "Description": "Subtotal:"},
        sales_line("7"),
    )
    made = qbo.create("Invoice", body)
    assert made["Line"][3]["Description"] == "Subtotal: 42.50"
    assert made["TotalAmt"] == 49.5


# --- tax ----------------------------------------------------------------------------------------------------


def test_without_sales_tax_the_tax_detail_is_ignored(qbo: Caller) -> None:
    qbo.admin("tax", mode="off")
    assert qbo.get("/preferences")["Preferences"]["TaxPrefs"]["UsingSalesTax"] is False
    body = invoice("1", sales_line("100", TaxCodeRef=TAXED), TxnTaxDetail={"TotalTax": 7})
    made = qbo.create("Invoice", body)
    assert made["TxnTaxDetail"] == {"TotalTax": 0}
    assert made["TotalAmt"] == 100


def test_manual_tax_needs_a_code_and_honours_a_total(qbo: Caller) -> None:
    line = sales_line("100", TaxCodeRef=TAXED)
    assert qbo.create("Invoice", invoice("1", line))["TotalAmt"] == 100
    assert qbo.create("Invoice", invoice("1", line, TxnTaxDetail=NEVADA))["TotalAmt"] == 107
    own = qbo.create("Invoice", invoice("1", line, TxnTaxDetail=NEVADA | {"TotalTax": 7.02}))
    assert own["TotalAmt"] == 107.02
    assert [row["Amount"] for row in own["TxnTaxDetail"]["TaxLine"]] == [6.02, 1.0]
    assert own["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["OverrideDeltaAmount"] == 0.02


def test_automated_tax_goes_by_the_place_of_delivery_and_replaces_the_code(qbo: Caller) -> None:
    qbo.admin("tax", mode="ast")
    assert qbo.get("/preferences")["Preferences"]["TaxPrefs"]["PartnerTaxEnabled"] is True
    line = sales_line("100", TaxCodeRef=TAXED)

    def total(**members: Any) -> Any:
        return qbo.create("Invoice", invoice("1", line, **members))["TotalAmt"]

    assert total(ShipAddr={"CountrySubDivisionCode": "CA"}, TxnTaxDetail=NEVADA) == 108.25
    assert total(ShipAddr={"CountrySubDivisionCode": "NV"}) == 107
    assert total(ShipAddr={"CountrySubDivisionCode": "OR"}) == 100
    assert total(ShipAddr={"Line1": "somewhere"}) == 107
    made = qbo.create("Invoice", invoice("1", line, TxnTaxDetail={"TotalTax": 6.5}))
    assert made["TxnTaxDetail"]["TotalTax"] == 6.5
    assert made["TxnTaxDetail"]["TaxReviewStatus"] == "AST_TAX_OVERRIDE"
    later = qbo.update("Invoice", made, PrivateNote="the old override stays")
    assert later["TotalAmt"] == 106.5
    asked = qbo.update("Invoice", later, TxnTaxDetail={"UseAutomatedSalesTax": True})
    assert asked["TotalAmt"] == 107


def test_a_line_without_a_code_goes_by_its_item_and_an_exempt_customer_pays_none(qbo: Caller) -> None:
    ids = items(qbo)
    body = invoice(
        "1",
        sales_line("100", item=ids["Fixtures"]),
        sales_line("50", item=ids["Repair"]),
        TxnTaxDetail=NEVADA,
    )
    made = qbo.create("Invoice", body)
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in made["Line"][:2]]
    assert codes == ["TAX", "NON"]
    assert made["TotalAmt"] == 157
    school = qbo.query("select * from Customer where DisplayName = 'tahoe ridge school district'")
    exempt = qbo.create("Invoice", body | {"CustomerRef": {"value": school["Customer"][0]["Id"]}})
    assert exempt["TotalAmt"] == 150


# --- payments and deposits ----------------------------------------------------------------------------------


def test_one_check_pays_several_invoices_and_the_rest_stays_unapplied(qbo: Caller) -> None:
    first = qbo.create("Invoice", invoice("1", sales_line("100")))
    second = qbo.create("Invoice", invoice("1", sales_line("50")))
    paid = qbo.create("Payment", payment("1", "130", (first["Id"], "100"), (second["Id"], "20")))
    assert paid["UnappliedAmt"] == 10
    assert qbo.read("Invoice", second["Id"])["Balance"] == 30
    assert qbo.read("Customer", "1")["Balance"] == 20
    assert qbo.ledger_of("Payment", paid["Id"]) == {"1090": D("130.00"), "1100": D("-130.00")}
    moved = qbo.update("Payment", paid, Line=[payment("1", "0", (second["Id"], "50"))["Line"][0]])
    assert moved["UnappliedAmt"] == 80
    assert qbo.read("Invoice", first["Id"])["Balance"] == 100
    assert qbo.read("Invoice", second["Id"])["Balance"] == 0


@pytest.mark.parametrize(
    ("total", "parts", "customer", "code"),
    [
        ("100", [("100", 101)], "1", "6000"),
        ("50", [("100", 60)], "1", "6000"),
        ("100", [("100", 0)], "1", "6000"),
        ("100", [("100", 100)], "2", "620"),
        ("-5", [], "1", "6000"),
    ],
)
def test_what_is_wrong_with_a_payment_has_its_code(
    qbo: Caller, total: str, parts: list[tuple[str, float]], customer: str, code: str
) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100")))
    body = payment(customer, total, *[(made["Id"], str(amount)) for _, amount in parts])
    assert qbo.refuses("Payment", body) == code


def test_a_payment_needs_an_amount_and_a_known_kind_of_link(qbo: Caller) -> None:
    assert qbo.refuses("Payment", {"CustomerRef": {"value": "1"}}) == "6000"
    assert qbo.refuses("Payment", {"TotalAmt": 5}) == "2020"
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Bill"}]}
    assert qbo.refuses("Payment", payment("1", "5") | {"Line": [line]}) == "620"


def test_a_parent_pays_for_a_job_that_bills_with_it(qbo: Caller) -> None:
    def job(name: str) -> dict[str, Any]:
        found: dict[str, Any] = qbo.query(f"select * from Customer where DisplayName = '{name}'")["Customer"][
            0
        ]
        return found

    apart, together = job("Hollis Lot 7 Rough-in"), job("Larkspur 40 Mill St")
    bill = qbo.create("Invoice", invoice(together["Id"], sales_line("80")))
    paid = qbo.create("Payment", payment(together["ParentRef"]["value"], "80", (bill["Id"], "80")))
    assert paid["UnappliedAmt"] == 0
    assert qbo.read("Customer", together["Id"])["Balance"] == 0
    other = qbo.create("Invoice", invoice(apart["Id"], sales_line("80")))
    parent = apart["ParentRef"]["value"]
    assert qbo.refuses("Payment", payment(parent, "80", (other["Id"], "80"))) == "620"


def test_an_invoice_edited_below_what_is_paid_frees_the_excess(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100")))
    first = qbo.create("Payment", payment("1", "60", (made["Id"], "60")))
    second = qbo.create("Payment", payment("1", "40", (made["Id"], "40")))
    fresh = qbo.read("Invoice", made["Id"])
    smaller = qbo.update("Invoice", fresh, Line=[sales_line("50")])
    assert smaller["Balance"] == 0
    assert qbo.read("Payment", first["Id"])["UnappliedAmt"] == 10
    assert qbo.read("Payment", second["Id"])["UnappliedAmt"] == 40
    assert qbo.read("Payment", second["Id"])["Line"] == []
    assert qbo.read("Customer", "1")["Balance"] == -50


def test_a_deposit_freezes_its_payments_until_it_is_deleted(qbo: Caller) -> None:
    paid = qbo.create("Payment", payment("1", "75"))
    link = {"Amount": 75, "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment"}]}
    fee = {"Amount": -2.5, "DetailType": "DepositLineDetail"}
    fee["DepositLineDetail"] = {"AccountRef": {"value": accounts(qbo)["6100"]}}
    banked = qbo.create("Deposit", {"DepositToAccountRef": {"value": "1"}, "Line": [link, fee]})
    assert banked["TotalAmt"] == 72.5
    assert qbo.ledger_of("Deposit", banked["Id"]) == {
        "1000": D("72.50"),
        "1090": D("-75.00"),
        "6100": D("2.50"),
    }
    frozen = qbo.read("Payment", paid["Id"])
    assert frozen["LinkedTxn"] == [{"TxnId": banked["Id"], "TxnType": "Deposit"}]
    assert frozen["SyncToken"] == "1"
    head = {"Id": paid["Id"], "SyncToken": "1", "sparse": True}
    assert qbo.refuses("Payment", head | {"PrivateNote": "x"}) == "6540"
    assert qbo.refuses("Payment", head, operation="update", include="void") == "6540"
    assert qbo.refuses("Payment", head, operation="delete") == "6540"
    again = {"DepositToAccountRef": {"value": "1"}, "Line": [link]}
    assert qbo.refuses("Deposit", again) == "620"
    qbo.delete("Deposit", banked)
    assert qbo.update("Payment", qbo.read("Payment", paid["Id"]), PrivateNote="free")["LinkedTxn"] == []


# --- journal entries ----------------------------------------------------------------------------------------------


def test_a_journal_entry_balances_and_names_customers(qbo: Caller) -> None:
    chart = accounts(qbo)

    def row(side: str, account: str, amount: float, **detail: Any) -> dict[str, Any]:
        inner = {"PostingType": side, "AccountRef": {"value": chart[account]}} | detail
        return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": inner}

    good = qbo.create("JournalEntry", {"Line": [row("Debit", "5400", 12.34), row("Credit", "5490", 12.34)]})
    assert good["TotalAmt"] == 0
    assert qbo.ledger_of("JournalEntry", good["Id"]) == {"5400": D("12.34"), "5490": D("-12.34")}
    uneven = {"Line": [row("Debit", "5400", 5), row("Credit", "5490", 4)]}
    assert qbo.refuses("JournalEntry", uneven) == "2300"
    assert qbo.refuses("JournalEntry", {"Line": [row("Debit", "5400", 0)]}) == "2020"
    nameless = {"Line": [row("Debit", "1100", 5), row("Credit", "4010", 5)]}
    assert qbo.refuses("JournalEntry", nameless) == "6000"
    no_side = {"Line": [row("Debit", "5400", 5), row("Credit", "5490", 5)]}
    del no_side["Line"][0]["JournalEntryLineDetail"]["PostingType"]
    assert qbo.refuses("JournalEntry", no_side) == "2260"
    entity = {"Type": "Customer", "EntityRef": {"value": "1"}}
    named = {"Line": [row("Debit", "1100", 5, Entity=entity), row("Credit", "4010", 5)]}
    qbo.create("JournalEntry", named)
    assert qbo.read("Customer", "1")["Balance"] == 5


# --- accounts and reports -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "No type"}, "2020"),
        ({"Name": "Odd", "AccountType": "Expense", "AccountSubType": "Checking"}, "6010"),
        ({"Name": "Odd", "AccountSubType": "Nonsense"}, "6010"),
        ({"Name": "Odd", "AccountType": "Nonsense"}, "2170"),
        ({"Name": "a:b", "AccountType": "Bank"}, "2040"),
        ({"Name": "Long", "AccountType": "Bank", "AcctNum": "12345678"}, "2050"),
        ({"Name": "Subcontractors", "AccountType": "Expense"}, "6240"),
    ],
)
def test_what_is_wrong_with_an_account_has_its_code(qbo: Caller, body: dict[str, Any], code: str) -> None:
    assert qbo.refuses("Account", body) == code


def test_sub_accounts_and_balances(qbo: Caller) -> None:
    above = qbo.create("Account", {"Name": "Trucks all", "AccountSubType": "Savings"})
    assert above["AccountType"] == "Bank"
    body = {"Name": "Van 3", "AccountType": "Bank", "ParentRef": {"value": above["Id"]}}
    below = qbo.create("Account", body)
    assert below["FullyQualifiedName"] == "Trucks all:Van 3"
    deposit = {"Amount": 9, "DetailType": "DepositLineDetail"}
    deposit["DepositLineDetail"] = {"AccountRef": {"value": accounts(qbo)["3100"]}}
    qbo.create("Deposit", {"DepositToAccountRef": {"value": below["Id"]}, "Line": [deposit]})
    read = qbo.read("Account", above["Id"])
    assert (read["CurrentBalance"], read["CurrentBalanceWithSubAccounts"]) == (0, 9)


def test_the_trial_balance_closes_earlier_years_into_retained_earnings(qbo: Caller) -> None:
    today = qbo.twin.company.clock.today()
    last_year = f"{today.year - 1}-06-30"
    qbo.create("Invoice", invoice("1", sales_line("500"), TxnDate=last_year))
    qbo.create("Invoice", invoice("1", sales_line("20"), TxnDate=f"{today.year}-01-01"))
    report = qbo.get("/reports/TrialBalance", end_date=today.isoformat())
    assert report["Header"]["ReportName"] == "TrialBalance"
    cells = {
        row["ColData"][0]["value"]: [cell["value"] for cell in row["ColData"][1:]]
        for row in report["Rows"]["Row"]
        if "ColData" in row
    }
    assert cells["Repair & Service Labor"] == ["", "20.00"]
    assert cells["Retained Earnings"] == ["", "500.00"]
    assert cells["Accounts Receivable"] == ["520.00", ""]
    total = report["Rows"]["Row"][-1]["Summary"]["ColData"]
    assert total[1]["value"] == total[2]["value"]
    assert qbo.admin("ledger")["difference"] == "0.00"
    assert qbo.fault("GET", "/reports/Horoscope")[0] == "500"
