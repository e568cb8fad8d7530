"""Ledger reports by name, in the service's report shape, all worked out from the double-entry ledger.

``/reports/<Name>`` is named in reference section 2.1; names of parameters and the shape follow Report.xsd.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.reports_aging import aged_payables, aged_receivables
from blueops_qb.sandbox.qbo.reports_frame import Params, amount, basis_of, cell, chart_order, column, header
from blueops_qb.sandbox.qbo.reports_general_ledger import general_ledger
from blueops_qb.sandbox.qbo.reports_period import fiscal_year_start, period_of
from blueops_qb.sandbox.qbo.reports_profit import profit_and_loss
from blueops_qb.sandbox.qbo.wire import Obj

_RESULT = ("Revenue", "Expense")


def report(company: Company, name: str, params: Params) -> Obj:
    """Answer a report by name; raises Fault 500 for one the twin does not have."""
    maker = REPORTS.get(name)
    if maker is None:
        known = ", ".join(REPORTS)
        raise Fault("500", f"Unsupported Operation : report {name!r} is not available; served are {known}.")
    return maker(company, params)


def trial_balance(company: Company, params: Params) -> Obj:
    """Debit and credit per account at the end of the period, accrual basis."""
    period = period_of(company, params)
    basis = basis_of(company, params, report="TrialBalance")
    rows: list[Obj] = []
    debits = credits = ZERO
    for account, balance in closing_balances(company, until=period.until):
        debit, credit = max(balance, ZERO), max(-balance, ZERO)
        debits += debit
        credits += credit
        # A side without an amount is an empty string, as in the service's own reports.
        sides = [amount(side, zero=False) for side in (debit, credit)]
        rows.append({"ColData": [cell(account["FullyQualifiedName"], account["Id"]), *sides]})
    head = header(company, "TrialBalance", period, basis=basis, summarize="Total", empty=not rows)
    total = {"ColData": [cell("TOTAL"), amount(debits), amount(credits)]}
    rows.append({"Summary": total, "type": "Section", "group": "GrandTotal"})
    columns = [column("", "Account"), column("Debit", "Money"), column("Credit", "Money")]
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}


def closing_balances(company: Company, *, until: date) -> list[tuple[Obj, Decimal]]:
    """Signed balances at a day, in chart order; results of earlier years sit in retained earnings."""
    year = fiscal_year_start(company, until)
    at_end = company.ledger.balances(until=until)
    before = company.ledger.balances(until=year - timedelta(days=1))
    earned = ZERO
    balances: dict[str, Decimal] = {}
    for identity in at_end.keys() | before.keys():
        held = at_end.get(identity, ZERO)
        if company.records["Account"][identity]["Classification"] in _RESULT:
            carried = before.get(identity, ZERO)
            earned += carried
            held -= carried
        balances[identity] = held
    if earned:
        retained = company.account_of_subtype("RetainedEarnings")
        balances[retained] = balances.get(retained, ZERO) + earned
    accounts = chart_order(company, company.all("Account"))
    return [(account, balances[account["Id"]]) for account in accounts if balances.get(account["Id"])]


REPORTS: dict[str, Callable[[Company, Params], Obj]] = {
    "TrialBalance": trial_balance,
    "GeneralLedger": general_ledger,
    "AgedReceivables": aged_receivables,
    "AgedPayables": aged_payables,
    "ProfitAndLoss": profit_and_loss,
}
