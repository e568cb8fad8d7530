"""Whatever is written, the twin's reports agree with its ledger and with each other, to the cent."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import hypothesis
import pytest
from hypothesis import given

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.reports import report
from blueops_qb.sandbox.qbo.reports_aging import PAYABLES, RECEIVABLES, Side, open_items
from blueops_qb.sandbox.qbo.reports_cash import cash_lines
from blueops_qb.sandbox.qbo.running import new_company
from tests.random_books import Json, play, steps
from tests.report_reading import closing, is_opening, number, postings, rows, total, trial

TODAY = dt.date(2026, 6, 30)
START = dt.date(2025, 9, 1)
FEW = hypothesis.settings(max_examples=25)


def books(drawn: list[Json]) -> Company:
    company = new_company(seed="names", today=TODAY)
    play(company, drawn, start=START)
    return company


def days() -> list[dt.date]:
    return [dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 3, 15), dt.date(2026, 12, 31)]


def of_type(company: Company, kind: str, until: dt.date) -> Decimal:
    ids = {a["Id"] for a in company.all("Account") if a["AccountType"] == kind}
    return sum((v for i, v in company.ledger.balances(until=until).items() if i in ids), ZERO)


@FEW
@given(drawn=steps)
def test_the_trial_balance_balances_and_closes_earlier_years(drawn: list[Json]) -> None:
    company = books(drawn)
    for day in days():
        shown = report(company, "TrialBalance", {"end_date": day.isoformat()})
        balances = trial(shown)
        assert sum(balances.values(), ZERO) == 0
        debits = sum((v for v in balances.values() if v > 0), ZERO)
        assert total(shown, "GrandTotal", place=1) == total(shown, "GrandTotal", place=2) == debits
        for identity, balance in company.ledger.balances(until=day).items():
            account = company.records["Account"][identity]
            kept = account["AccountSubType"] != "RetainedEarnings"
            if account["Classification"] in ("Asset", "Liability", "Equity") and kept:
                assert balances[identity] == balance


@FEW
@given(drawn=steps)
def test_the_general_ledger_ends_where_the_trial_balance_stands(drawn: list[Json]) -> None:
    company = books(drawn)
    for start, end in (
        ("2026-01-01", "2026-12-31"),
        ("2026-02-10", "2026-05-20"),
        ("2025-07-01", "2025-12-31"),
    ):
        ledger = report(company, "GeneralLedger", {"start_date": start, "end_date": end})
        balances = trial(report(company, "TrialBalance", {"end_date": end}))
        side = {
            a["Id"]: 1 if a["Classification"] in ("Asset", "Expense") else -1 for a in company.all("Account")
        }
        found = {i: v * side[i] for i, v in closing(ledger).items() if v}
        assert found == balances


@FEW
@given(drawn=steps)
def test_the_lines_of_the_general_ledger_are_the_ledger(drawn: list[Json]) -> None:
    company = books(drawn)
    columns = "tx_date,txn_type,debt_amt,credit_amt,subt_nat_amount,rbal_nat_amount"
    shown = report(company, "GeneralLedger", {"date_macro": "All", "columns": columns})
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    count = 0
    for account, lines in postings(shown).items():
        for line in lines:
            assert not is_opening(line), "there is nothing before all"
            count += 1
            found[account] += number(line["debt_amt"]) - number(line["credit_amt"])
    assert {i: v for i, v in found.items() if v} == company.ledger.balances()
    assert count == len(list(company.ledger.lines()))


@FEW
@given(drawn=steps)
def test_the_result_is_the_change_in_equity_however_it_is_split(drawn: list[Json]) -> None:
    company = books(drawn)
    period = {"start_date": "2026-01-01", "end_date": "2026-12-31"}
    before = sum((of_type(company, k, dt.date(2025, 12, 31)) for k in _RESULT), ZERO)
    after = sum((of_type(company, k, dt.date(2026, 12, 31)) for k in _RESULT), ZERO)
    plain = report(company, "ProfitAndLoss", period)
    net = total(plain, "NetIncome")
    assert net == before - after
    assert net == total(plain, "NetOperatingIncome") + _if_there(plain, "NetOtherIncome")
    for way in ("Month", "Quarter", "Classes", "Customers", "Departments", "Vendors"):
        split = report(company, "ProfitAndLoss", {**period, "summarize_column_by": way})
        (row,) = [row for row in rows(split) if row.get("group") == "NetIncome"]
        parts = [number(cell) for cell in row["Summary"]["ColData"][1:]]
        assert sum(parts[:-1], ZERO) == parts[-1] == net, way


_RESULT = ("Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense")


def _if_there(shown: Json, group: str) -> Decimal:
    return sum(
        (number(row["Summary"]["ColData"][-1]) for row in rows(shown) if row.get("group") == group), ZERO
    )


@pytest.mark.parametrize("side", [RECEIVABLES, PAYABLES], ids=lambda side: side.report)
@FEW
@given(drawn=steps)
def test_what_is_open_by_age_is_the_balance_of_the_account(side: Side, drawn: list[Json]) -> None:
    company = books(drawn)
    for day in days():
        shown = report(company, side.report, {"report_date": day.isoformat()})
        balance = of_type(company, side.account_type, day) * side.sign
        assert balance == (total(shown, "GrandTotal") if rows(shown) else ZERO)
        if rows(shown):
            (row,) = [row for row in rows(shown) if row.get("group") == "GrandTotal"]
            parts = [number(cell) for cell in row["Summary"]["ColData"][1:]]
            assert sum(parts[:-1], ZERO) == parts[-1]


@FEW
@given(drawn=steps)
def test_an_item_is_open_by_what_its_own_balance_says(drawn: list[Json]) -> None:
    company = books(drawn)
    last = START + dt.timedelta(days=500)
    open_now: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for (kind, identity, _), value in open_items(company, RECEIVABLES, last).items():
        open_now[kind, identity] += value
    for invoice in company.all("Invoice"):
        assert open_now["Invoice", invoice["Id"]] == invoice["Balance"]
    for payment in company.all("Payment"):
        assert -open_now["Payment", payment["Id"]] == payment["UnappliedAmt"]
    for memo in company.all("CreditMemo"):
        assert -open_now["CreditMemo", memo["Id"]] == memo["Balance"]


@FEW
@given(drawn=steps)
def test_the_cash_view_balances_with_the_money_and_knows_no_receivables(drawn: list[Json]) -> None:
    company = books([step for step in drawn if step["kind"] != "JournalEntry"])
    chart = company.records["Account"]
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in cash_lines(company):
        kind = chart[line.entry.account]["AccountType"] if line.entry.account in chart else "Income"
        sums[kind] += line.entry.amount
    assert "Accounts Receivable" not in sums
    assert "Accounts Payable" not in sums
    for kind in ("Bank", "Credit Card"):
        assert sums[kind] == of_type(company, kind, dt.date(2030, 1, 1))
    assert sum(sums.values(), ZERO) == 0
