"""The twin's profit and loss and its aging reports: blocks, columns, cash basis, buckets, jobs below customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.report_reading import keys, number, rows, total
from tests.twin_calls import Caller, calling, expense_line, invoice, payment, sales_line

Json = dict[str, Any]
YEAR = {"start_date": "2026-01-01", "end_date": "2026-12-31"}
D = Decimal


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    """Invoices of two jobs and their customer, one paid in parts, one overpaid; a bill; costs by class."""
    with calling(seed="names") as caller:
        write(caller)
        yield caller


def write(qbo: Caller) -> None:
    def sale(customer: str, amount: str, day: str, due: str, **detail: Any) -> str:
        body = invoice(customer, sales_line(amount, item="1", **detail), TxnDate=day, DueDate=due)
        return str(qbo.create("Invoice", body)["Id"])

    def cost(kind: str, amount: str, day: str, **members: Any) -> Json:
        detail = {"ClassRef": {"value": "2"}, "CustomerRef": {"value": "27"}}
        body = {"Line": [expense_line(amount, "48", **detail)], "TxnDate": day, **members}
        return qbo.create(kind, body)

    qbo.admin("tax", mode="off")
    first = sale("26", "300.00", "2026-02-10", "2026-03-12", ClassRef={"value": "1"})
    sale("27", "500.00", "2026-05-10", "2026-06-09", ClassRef={"value": "2"})
    sale("2", "100.00", "2026-06-01", "2026-07-01")
    over = sale("4", "80.00", "2026-06-02", "2026-06-02")
    qbo.create("Payment", payment("26", "100.00", (first, "100.00"), TxnDate="2026-03-15"))
    qbo.create("Payment", payment("26", "100.00", (first, "100.00"), TxnDate="2026-04-15"))
    qbo.create("Payment", payment("4", "95.00", (over, "80.00"), TxnDate="2026-06-20"))
    bill = cost("Bill", "60.00", "2026-05-20", VendorRef={"value": "34"}, DueDate="2026-05-25")
    check = {"BankAccountRef": {"value": "1"}}
    qbo.create(
        "BillPayment",
        {
            "VendorRef": {"value": "34"},
            "PayType": "Check",
            "CheckPayment": check,
            "TotalAmt": 20.0,
            "TxnDate": "2026-06-25",
            "Line": [{"Amount": 20.0, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}],
        },
    )
    cost("Purchase", "33.00", "2026-04-01", PaymentType="Check", AccountRef={"value": "1"})


def profit(qbo: Caller, **params: str) -> Json:
    return qbo.get("/reports/ProfitAndLoss", **{**YEAR, **params})


def groups(shown: Json) -> list[str]:
    return [row["group"] for row in rows(shown)]


def by_column(shown: Json, group: str) -> dict[str, Decimal]:
    """ColKey -> amount in the summary of a block, zeros left out."""
    (row,) = [row for row in rows(shown) if row["group"] == group]
    cells = zip(keys(shown), row["Summary"]["ColData"], strict=True)
    found = {key: number(cell) for key, cell in cells if key != "account"}
    return {key: value for key, value in found.items() if value}


# -- profit and loss ---------------------------------------------------------------------------------
def test_the_blocks_stand_in_their_order_with_the_results_between(qbo: Caller) -> None:
    shown = profit(qbo)
    assert groups(shown) == [
        "Income",
        "COGS",
        "GrossProfit",
        "Expenses",
        "NetOperatingIncome",
        "NetIncome",
    ]
    assert total(shown, "Income") == D("980.00")
    assert total(shown, "COGS") == D("93.00")
    assert total(shown, "GrossProfit") == total(shown, "NetIncome") == D("887.00")
    assert rows(shown)[0]["Header"]["ColData"][0]["value"] == "Income"
    (leaf,) = rows(shown)[0]["Rows"]["Row"]
    assert leaf == {
        "ColData": [{"value": "Repair & Service Labor", "id": "29"}, {"value": "980.00"}],
        "type": "Data",
    }
    assert {"Name": "AccountingStandard", "Value": "GAAP"} in shown["Header"]["Option"]


def test_a_period_without_business_says_so(qbo: Caller) -> None:
    shown = profit(qbo, start_date="2020-01-01", end_date="2020-12-31")
    assert {"Name": "NoReportData", "Value": "true"} in shown["Header"]["Option"]
    assert total(shown, "NetIncome") == 0
    assert groups(shown) == ["Income", "GrossProfit", "Expenses", "NetOperatingIncome", "NetIncome"]


def test_months_have_their_columns(qbo: Caller) -> None:
    shown = profit(qbo, summarize_column_by="Month", end_date="2026-06-15")
    assert keys(shown)[1:3] == ["Jan 2026", "Feb 2026"]
    last = shown["Columns"]["Column"][6]
    assert {"Name": "StartDate", "Value": "2026-06-01"} in last["MetaData"]
    assert {"Name": "EndDate", "Value": "2026-06-15"} in last["MetaData"]
    assert by_column(shown, "Income") == {
        "Feb 2026": 300,
        "May 2026": 500,
        last["ColTitle"]: 180,
        "total": 980,
    }


def test_classes_customers_and_locations_have_theirs(qbo: Caller) -> None:
    assert by_column(profit(qbo, summarize_column_by="Classes"), "Income") == {
        "1": 300,
        "2": 500,
        "not_specified": 180,
        "total": 980,
    }
    shown = profit(qbo, summarize_column_by="Customers")
    assert by_column(shown, "NetIncome") == {"26": 300, "27": 407, "2": 100, "4": 80, "total": 887}
    titles = [column["ColTitle"] for column in shown["Columns"]["Column"]]
    assert titles[1:3] == ["Bellweather Apartments", "Bellweather Boiler Room"]
    assert by_column(profit(qbo, summarize_column_by="Departments"), "COGS") == {
        "not_specified": 93,
        "total": 93,
    }


def test_a_customer_means_the_jobs_too_and_a_class_only_itself(qbo: Caller) -> None:
    assert total(profit(qbo, customer="2"), "NetIncome") == D("807.00")
    assert total(profit(qbo, customer="27"), "NetIncome") == D("407.00")
    assert total(profit(qbo, customer="26,4"), "NetIncome") == D("380.00")
    shown = profit(qbo, **{"class": "2", "customer": "2"})
    assert total(shown, "NetIncome") == D("407.00")
    assert (shown["Header"]["Class"], shown["Header"]["Customer"]) == ("2", "2")
    assert total(profit(qbo, department="1"), "NetIncome") == 0


def test_on_cash_basis_what_is_paid_counts_when_it_is_paid(qbo: Caller) -> None:
    shown = profit(qbo, accounting_method="Cash", summarize_column_by="Month")
    assert shown["Header"]["ReportBasis"] == "Cash"
    # Two parts of the first invoice; the paid one; 15.00 that nothing was billed for.
    assert by_column(shown, "Income") == {"Mar 2026": 100, "Apr 2026": 100, "Jun 2026": 95, "total": 295}
    assert by_column(shown, "COGS") == {"Apr 2026": 33, "Jun 2026": 20, "total": 53}
    income = {row["ColData"][0]["value"]: number(row["ColData"][-1]) for row in rows(shown)[0]["Rows"]["Row"]}
    assert income == {"Repair & Service Labor": 280, "Unapplied Cash Payment Income": 15}


def test_the_company_preference_decides_the_basis_that_is_not_asked_for(qbo: Caller) -> None:
    qbo.admin("preferences", **{"ReportPrefs.ReportBasis": "Cash"})
    try:
        assert total(profit(qbo), "Income") == D("295.00")
        assert total(profit(qbo, accounting_method="Accrual"), "Income") == D("980.00")
        code, error = qbo.fault("GET", "/reports/TrialBalance")
        assert (code, "accounting_method=Accrual" in error["Detail"]) == ("500", True)
    finally:
        qbo.admin("preferences", **{"ReportPrefs.ReportBasis": "Accrual"})


# -- aging -------------------------------------------------------------------------------------------
def aged(qbo: Caller, name: str = "AgedReceivables", **params: str) -> Json:
    return qbo.get(f"/reports/{name}", **{"report_date": "2026-06-30", **params})


def test_jobs_stand_below_their_customer_with_a_total(qbo: Caller) -> None:
    shown = aged(qbo)
    assert [column["ColTitle"] for column in shown["Columns"]["Column"]] == [
        "",
        "Current",
        "1 - 30",
        "31 - 60",
        "61 - 90",
        "91 and over",
        "Total",
    ]
    parent, alone, grand = rows(shown)
    assert [cell["value"] for cell in parent["Header"]["ColData"]] == [
        "Bellweather Apartments",
        "100.00",
        "",
        "",
        "",
        "",
        "100.00",
    ]
    jobs = {
        row["ColData"][0]["value"]: [c["value"] for c in row["ColData"][1:]] for row in parent["Rows"]["Row"]
    }
    assert jobs == {
        "Bellweather Boiler Room": ["", "500.00", "", "", "", "500.00"],
        "Bellweather Unit 12 Repipe": ["", "", "", "", "100.00", "100.00"],
    }
    assert [c["value"] for c in parent["Summary"]["ColData"]] == [
        "Total Bellweather Apartments",
        "100.00",
        "500.00",
        "0.00",
        "0.00",
        "100.00",
        "700.00",
    ]
    # What was paid too much ages from the payment's own day.
    assert [c["value"] for c in alone["ColData"]] == ["Dunmore Dental", "", "-15.00", "", "", "", "-15.00"]
    assert "type" not in alone
    assert number(grand["Summary"]["ColData"][-1]) == D("685.00")


def test_the_past_is_shown_as_it_was(qbo: Caller) -> None:
    shown = aged(qbo, report_date="2026-03-31")
    assert total(shown, "GrandTotal") == D("200.00"), (
        "one payment had come, the later documents were not there"
    )
    assert {"Name": "report_date", "Value": "2026-03-31"} in shown["Header"]["Option"]
    empty = aged(qbo, report_date="2026-01-31")
    assert rows(empty) == []
    assert {"Name": "NoReportData", "Value": "true"} in empty["Header"]["Option"]


def test_periods_and_their_length_are_chosen(qbo: Caller) -> None:
    shown = aged(qbo, aging_period="10", num_periods="3")
    assert [column["ColTitle"] for column in shown["Columns"]["Column"]] == [
        "",
        "Current",
        "1 - 10",
        "11 - 20",
        "21 and over",
        "Total",
    ]
    (grand,) = [row for row in rows(shown) if row.get("group") == "GrandTotal"]
    assert [number(cell) for cell in grand["Summary"]["ColData"][1:]] == [100, -15, 0, 600, 685]


def test_ages_may_be_counted_to_today(qbo: Caller) -> None:
    today = dt.date.fromisoformat(qbo.admin("dump")["now"][:10])
    away = (dt.date(2027, 6, 30) - today).total_seconds()
    qbo.admin("clock", advance_seconds=away)
    try:
        shown = aged(qbo, aging_method="Current")
    finally:
        qbo.admin("clock", advance_seconds=-away)
    (grand,) = [row for row in rows(shown) if row.get("group") == "GrandTotal"]
    assert [number(cell) for cell in grand["Summary"]["ColData"][1:]] == [0, 0, 0, 0, 685, 685]


def test_a_company_may_count_from_the_day_of_the_invoice(qbo: Caller) -> None:
    qbo.admin("preferences", **{"ReportPrefs.CalcAgingReportFromTxnDate": True})
    try:
        shown = aged(qbo, customer="27")
        (row,) = [row for row in rows(shown) if "group" not in row]
        assert [c["value"] for c in row["Rows"]["Row"][0]["ColData"][1:4]] == ["", "", "500.00"]
    finally:
        qbo.admin("preferences", **{"ReportPrefs.CalcAgingReportFromTxnDate": False})


def test_payables_by_vendor(qbo: Caller) -> None:
    shown = aged(qbo, "AgedPayables")
    row, grand = rows(shown)
    assert [c["value"] for c in row["ColData"]][1:] == ["", "", "40.00", "", "", "40.00"]
    assert row["ColData"][0]["id"] == "34"
    assert number(grand["Summary"]["ColData"][-1]) == D("40.00")
    assert rows(aged(qbo, "AgedPayables", vendor="35")) == []
