"""The twin's trial balance and general ledger over the wire: shape, columns, sections, filters, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.judges import report_xsd
from tests.report_reading import closing, is_opening, keys, leaves, number, postings, rows, trial
from tests.twin_calls import Caller, calling, expense_line, invoice, payment, sales_line

Json = dict[str, Any]
CHECKING, RECEIVABLE, FUEL = "1", "5", "56"


@pytest.fixture(scope="module")
def written() -> Iterator[tuple[Caller, dict[str, str]]]:
    with calling(seed="names") as caller:
        yield caller, write(caller)


@pytest.fixture(scope="module")
def qbo(written: tuple[Caller, dict[str, str]]) -> Caller:
    return written[0]


@pytest.fixture(scope="module")
def told(written: tuple[Caller, dict[str, str]]) -> dict[str, str]:
    return written[1]


def write(qbo: Caller) -> dict[str, str]:
    """A year with an invoice that is half paid, a bill of the year before, and fuel on two accounts."""
    detail = {"ClassRef": {"value": "1"}}
    body = invoice("26", sales_line("200.00", item="1", **detail), sales_line("100.00", item="6", **detail))
    bill = qbo.create(
        "Invoice", {**body, "TxnDate": "2026-02-03", "DepartmentRef": {"value": "1"}, "DocNumber": "R-7"}
    )
    paid = qbo.create("Payment", payment("26", "120.00", (bill["Id"], "120.00"), TxnDate="2026-03-04"))
    old = {"VendorRef": {"value": "34"}, "Line": [expense_line("80.00", FUEL)], "TxnDate": "2025-12-20"}
    costs = qbo.create("Bill", old)
    vans = qbo.create(
        "Account", {"Name": "Fuel of Vans", "AccountType": "Expense", "ParentRef": {"value": FUEL}}
    )["Id"]
    for account, amount in ((FUEL, "40.00"), (vans, "25.00")):
        charge = {"PaymentType": "Check", "AccountRef": {"value": CHECKING}, "TxnDate": "2026-04-05"}
        qbo.create("Purchase", {**charge, "Line": [expense_line(amount, account)]})
    return {
        "invoice": bill["Id"],
        "payment": paid["Id"],
        "bill": costs["Id"],
        "vans": vans,
    }


def ledger(qbo: Caller, **params: str) -> Json:
    return qbo.get(
        "/reports/GeneralLedger", **{"start_date": "2026-01-01", "end_date": "2026-12-31", **params}
    )


def test_the_usual_columns_are_told_apart_by_their_keys(qbo: Caller) -> None:
    shown = ledger(qbo)
    assert keys(shown) == [
        "tx_date",
        "txn_type",
        "doc_num",
        "name",
        "memo",
        "split_acc",
        "subt_nat_amount",
        "rbal_nat_amount",
    ]
    head = shown["Header"]
    assert (head["ReportName"], head["ReportBasis"], head["Currency"]) == ("GeneralLedger", "Accrual", "USD")
    assert (head["StartPeriod"], head["EndPeriod"]) == ("2026-01-01", "2026-12-31")
    assert {"Name": "NoReportData", "Value": "false"} in head["Option"]
    assert "time" in shown


def test_a_line_says_what_posted_it(qbo: Caller, told: dict[str, str]) -> None:
    (charged, settled) = postings(ledger(qbo))[RECEIVABLE]
    assert charged["tx_date"] == {"value": "2026-02-03"}
    assert charged["txn_type"] == {"value": "Invoice", "id": told["invoice"]}
    assert charged["doc_num"] == {"value": "R-7"}
    assert charged["name"] == {"value": "Bellweather Unit 12 Repipe", "id": "26"}
    assert charged["split_acc"]["value"] == "-Split-"
    assert settled["txn_type"] == {"value": "Payment", "id": told["payment"]}
    assert settled["split_acc"] == {"value": "Undeposited Funds", "id": "4"}
    assert number(settled["subt_nat_amount"]) == Decimal("-120.00")
    assert number(settled["rbal_nat_amount"]) == number(charged["subt_nat_amount"]) - Decimal("120.00")


def test_amounts_are_natural_and_sections_end_with_their_sum(qbo: Caller) -> None:
    shown = ledger(qbo)
    income = next(
        row for row in rows(shown) if row["Header"]["ColData"][0]["value"] == "Repair & Service Labor"
    )
    assert [number(leaf["ColData"][6]) for leaf in leaves(income)] == [Decimal("200.00")], (
        "a credit is a plus"
    )
    foot = income["Summary"]["ColData"]
    assert (foot[0]["value"], foot[6]["value"], foot[7]["value"]) == (
        "Total for Repair & Service Labor",
        "200.00",
        "",
    )


def test_the_balance_before_the_period_stands_on_balance_sheet_accounts(qbo: Caller) -> None:
    found = postings(ledger(qbo))
    payable = found["15"]
    assert [is_opening(line) for line in payable] == [True]
    assert number(payable[0]["rbal_nat_amount"]) == Decimal("80.00")
    retained = found["28"]
    assert number(retained[0]["rbal_nat_amount"]) == Decimal("-80.00"), "the cost of the year before"
    assert not any(is_opening(line) for line in found[FUEL]), "results begin with their year"
    later = postings(ledger(qbo, start_date="2026-05-01"))
    assert number(later[FUEL][0]["rbal_nat_amount"]) == Decimal("40.00")


def test_a_parent_has_its_own_lines_in_a_section_without_a_header(qbo: Caller, told: dict[str, str]) -> None:
    shown = ledger(qbo)
    (fuel,) = [row for row in rows(shown) if row["Header"]["ColData"][0]["id"] == FUEL]
    own, vans = fuel["Rows"]["Row"]
    assert "Header" not in own
    assert own["Summary"]["ColData"][0]["value"] == "Total for Fuel"
    assert vans["Header"]["ColData"][0] == {"value": "Fuel of Vans", "id": told["vans"]}
    assert fuel["Summary"]["ColData"][0]["value"] == "Total for Fuel with sub-accounts"
    assert [number(row["Summary"]["ColData"][6]) for row in (own, vans, fuel)] == [40, 25, 65]


def test_columns_come_as_asked_and_unknown_ones_not_at_all(qbo: Caller) -> None:
    shown = ledger(qbo, columns="credit_amt,horoscope,account_name,debt_amt,klass_name,dept_name,cust_name")
    assert keys(shown) == ["credit_amt", "account_name", "debt_amt", "klass_name", "dept_name", "cust_name"]
    lines = postings(shown)[RECEIVABLE]
    assert lines[0]["account_name"] == {"value": "Accounts Receivable", "id": RECEIVABLE}
    assert lines[0]["dept_name"]["id"] == "1"
    assert lines[1]["credit_amt"] == {"value": "120.00"}
    assert lines[1]["debt_amt"] == {"value": ""}
    income = postings(shown)["29"][0]
    assert income["klass_name"]["id"] == "1"
    assert income["cust_name"]["id"] == "26"


def test_a_dimension_that_the_company_does_not_keep_has_no_column(qbo: Caller) -> None:
    qbo.admin("preferences", **{"AccountingInfoPrefs.TrackDepartments": False})
    try:
        assert keys(ledger(qbo, columns="tx_date,dept_name,debt_amt")) == ["tx_date", "debt_amt"]
    finally:
        qbo.admin("preferences", **{"AccountingInfoPrefs.TrackDepartments": True})


def test_with_several_currencies_only_the_columns_in_the_home_currency_carry_amounts(qbo: Caller) -> None:
    columns = "tx_date,debt_amt,debt_home_amt,credit_home_amt,rbal_nat_amount,rbal_nat_home_amount"
    assert keys(ledger(qbo, columns=columns)) == ["tx_date", "debt_amt", "rbal_nat_amount"]
    qbo.admin("preferences", **{"CurrencyPrefs.MultiCurrencyEnabled": True})
    try:
        shown = ledger(qbo, columns=columns)
    finally:
        qbo.admin("preferences", **{"CurrencyPrefs.MultiCurrencyEnabled": False})
    assert keys(shown) == columns.split(",")
    opening, *_ = postings(shown)["15"]
    assert (opening["rbal_nat_amount"]["value"], opening["rbal_nat_home_amount"]["value"]) == ("", "80.00")
    charged, settled = postings(shown)[RECEIVABLE]
    assert (charged["debt_amt"]["value"], number(charged["debt_home_amt"]) > 0) == ("", True)
    assert settled["credit_home_amt"]["value"] == "120.00"


@pytest.mark.parametrize(
    ("params", "accounts"),
    [
        ({"account": "1"}, {"1"}),
        ({"account_type": "AccountsReceivable,Bank"}, {"1", "5"}),
        ({"customer": "26"}, {"4", "5", "29", "37"}),
        ({"customer": "2"}, {"4", "5", "29", "37"}),
        ({"vendor": "34", "start_date": "2025-01-01", "end_date": "2025-12-31"}, {"15", FUEL}),
        ({"class": "1"}, {"29", "37"}),
        ({"class": "2"}, set()),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_filters_limit_what_is_shown(qbo: Caller, params: dict[str, str], accounts: set[str]) -> None:
    shown = ledger(qbo, **params)
    assert set(postings(shown)) == accounts
    for name, member in (("customer", "Customer"), ("vendor", "Vendor"), ("class", "Class")):
        assert shown["Header"].get(member) == params.get(name)
    empty = {"Name": "NoReportData", "Value": "true"} in shown["Header"]["Option"]
    assert empty == (not accounts)


def test_lines_are_sorted_as_asked_with_their_balances_by_day(qbo: Caller) -> None:
    up = [line["tx_date"]["value"] for line in postings(ledger(qbo))[RECEIVABLE]]
    down = postings(ledger(qbo, sort_by="tx_date", sort_order="descend"))[RECEIVABLE]
    assert [line["tx_date"]["value"] for line in down] == list(reversed(up))
    assert number(down[0]["rbal_nat_amount"]) == closing(ledger(qbo))[RECEIVABLE]


def test_a_report_past_its_size_is_cut_with_a_notice(qbo: Caller) -> None:
    qbo.admin("company", report_cells=24)
    try:
        response = qbo.raw("GET", "/reports/GeneralLedger", params={"date_macro": "All"})
    finally:
        qbo.admin("company", report_cells=400_000)
    assert response.status_code == 200
    shown = response.json()
    last = [leaf for row in rows(shown) for leaf in leaves(row)][-1]
    assert last["ColData"][0]["value"] == "Unable to display more data. Please reduce the date range."
    assert sum(len(list(leaves(row))) for row in rows(shown)) == 4


@pytest.mark.parametrize(
    ("report", "params", "code"),
    [
        ("GeneralLedger", {"start_date": "2026-13-01"}, "2060"),
        ("GeneralLedger", {"start_date": "2026-02-01", "end_date": "2026-01-01"}, "2060"),
        ("GeneralLedger", {"date_macro": "Next Blue Moon"}, "2170"),
        ("GeneralLedger", {"accounting_method": "Guess"}, "2170"),
        ("GeneralLedger", {"accounting_method": "Cash"}, "500"),
        ("GeneralLedger", {"account": "9999"}, "2500"),
        ("GeneralLedger", {"customer": "26,9999"}, "2500"),
        ("GeneralLedger", {"columns": "horoscope"}, "2170"),
        ("GeneralLedger", {"sort_by": "horoscope"}, "2170"),
        ("GeneralLedger", {"summarize_column_by": "Month"}, "500"),
        ("TrialBalance", {"accounting_method": "Cash"}, "500"),
        ("TrialBalance", {"end_date": "soon"}, "2060"),
        ("AgedReceivables", {"aging_period": "0"}, "2070"),
        ("AgedReceivables", {"num_periods": "many"}, "2070"),
        ("AgedReceivables", {"aging_method": "Moon"}, "2170"),
        ("AgedReceivables", {"report_date": "2026-02-30"}, "2060"),
        ("AgedPayables", {"vendor": "1"}, "2500"),
        ("ProfitAndLoss", {"summarize_column_by": "ProductsAndServices"}, "500"),
        ("ProfitAndLoss", {"item": "1"}, "500"),
        ("Horoscope", {}, "500"),
        ("", {}, "500"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_refused(
    qbo: Caller, report: str, params: dict[str, str], code: str
) -> None:
    found, error = qbo.fault("GET", f"/reports/{report}", None, **params)
    assert found == code
    assert error["Detail"]


@pytest.mark.parametrize(
    ("macro", "since", "until"),
    [
        ("This Month", "2026-05-01", "2026-05-31"),
        ("this month-to-date", "2026-05-01", "2026-05-20"),
        ("Last Month", "2026-04-01", "2026-04-30"),
        ("Last Month-to-date", "2026-04-01", "2026-04-20"),
        ("This Week", "2026-05-17", "2026-05-23"),
        ("Next Calendar Quarter", "2026-07-01", "2026-09-30"),
        ("Last Calendar Year", "2025-01-01", "2025-12-31"),
        ("This Fiscal Year", "2025-10-01", "2026-09-30"),
        ("Last Fiscal Quarter", "2026-01-01", "2026-03-31"),
        ("Yesterday", "2026-05-19", "2026-05-19"),
    ],
)
def test_date_macros_count_from_the_books_day(macro: str, since: str, until: str) -> None:
    import datetime as dt

    from blueops_qb.sandbox.qbo.reports_period import period_of
    from blueops_qb.sandbox.qbo.running import new_company

    company = new_company(seed="empty")
    company.clock.advance(dt.datetime(2026, 5, 20, 12, tzinfo=company.clock.zone) - company.clock.now())
    company.preferences["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"] = "October"
    period = period_of(company, {"date_macro": macro})
    assert (str(period.since), str(period.until)) == (since, until)


def test_the_trial_balance_is_that_of_the_ledger(qbo: Caller) -> None:
    shown = qbo.get("/reports/TrialBalance", end_date="2026-12-31")
    balances = trial(shown)
    assert balances[FUEL] == 40
    assert balances["15"] == -80
    assert balances["28"] == 80
    assert sum(balances.values()) == 0


@pytest.mark.shared
@pytest.mark.parametrize(
    "path",
    [
        "TrialBalance",
        "GeneralLedger?date_macro=All",
        "AgedReceivables",
        "AgedPayables",
        "ProfitAndLoss?summarize_column_by=Month&customer=2",
        "ProfitAndLoss?summarize_column_by=Classes&accounting_method=Cash",
    ],
)
def test_every_report_fits_the_schema(qbo: Caller, path: str, shared: Path) -> None:
    shown = qbo.raw("GET", f"/reports/{path}").json()
    assert shown.pop("time")
    assert report_xsd.validate(shown, shared / "reference" / "qbo-xsd") == []


@pytest.mark.shared
def test_the_judge_of_reports_finds_a_wrong_row(shared: Path) -> None:
    wrong = {"Rows": {"Row": [{"type": "Paragraph", "ColData": [{"value": "1"}]}]}}
    assert report_xsd.validate(wrong, shared / "reference" / "qbo-xsd")
