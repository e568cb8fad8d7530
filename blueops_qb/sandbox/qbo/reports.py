"""Ledger reports in the service's report shape; the trial balance (reference sections 2.1 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.accounts import ACCOUNT_TYPES
from blueops_qb.sandbox.qbo.clock import stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import Obj

_RESULT = ("Revenue", "Expense")


def report(company: Company, name: str, params: Mapping[str, str]) -> Obj:
    """Answer a report by name; raises Fault 500 for one the twin does not have."""
    if name != "TrialBalance":
        raise Fault("500", f"Unsupported Operation : report {name} is not available.")
    return trial_balance(company, params)


def trial_balance(company: Company, params: Mapping[str, str]) -> Obj:
    """Debit and credit per account at ``end_date`` (default today), accrual basis."""
    until = _day(params.get("end_date")) or company.clock.today()
    since = _day(params.get("start_date")) or until.replace(month=1, day=1)
    rows: list[Obj] = []
    debits = credits = ZERO
    for account, balance in closing_balances(company, until=until):
        debit, credit = max(balance, ZERO), max(-balance, ZERO)
        debits += debit
        credits += credit
        rows.append(_row(account["FullyQualifiedName"], account["Id"], debit, credit))
    total = {"ColData": [{"value": "TOTAL"}, {"value": str(debits)}, {"value": str(credits)}]}
    rows.append({"Summary": total, "type": "Section", "group": "GrandTotal"})
    columns = [_column("", "Account"), _column("Debit", "Money"), _column("Credit", "Money")]
    return {
        "Header": {
            "Time": stamp(company.clock.now()),
            "ReportName": "TrialBalance",
            "ReportBasis": "Accrual",
            "StartPeriod": since.isoformat(),
            "EndPeriod": until.isoformat(),
            "SummarizeColumnsBy": "Total",
            "Currency": "USD",
            "Option": [{"Name": "NoReportData", "Value": "false" if len(rows) > 1 else "true"}],
        },
        "Columns": {"Column": columns},
        "Rows": {"Row": rows},
    }


def closing_balances(company: Company, *, until: date) -> list[tuple[Obj, Decimal]]:
    """Signed balances at a day, in chart order; results of earlier years sit in retained earnings."""
    year = until.replace(month=1, day=1)
    at_end = company.ledger.balances(until=until)
    before = company.ledger.balances(until=year - timedelta(days=1))
    earned = ZERO
    balances: dict[str, Decimal] = {}
    for identity, amount in at_end.items():
        if company.records["Account"][identity]["Classification"] in _RESULT:
            carried = before.get(identity, ZERO)
            earned += carried
            amount -= carried
        balances[identity] = amount
    if earned:
        retained = company.account_of_subtype("RetainedEarnings")
        balances[retained] = balances.get(retained, ZERO) + earned
    order = list(ACCOUNT_TYPES)
    accounts = sorted(company.all("Account"), key=lambda a: (order.index(a["AccountType"]), int(a["Id"])))
    return [(account, balances[account["Id"]]) for account in accounts if balances.get(account["Id"])]


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Fault("2060", f"{text!r} is not a date (YYYY-MM-DD)") from None


def _row(name: str, identity: str, debit: Decimal, credit: Decimal) -> Obj:
    # A side without an amount is an empty string, as in the service's own reports.
    cells = [{"value": name, "id": identity}]
    cells += [{"value": str(amount) if amount else ""} for amount in (debit, credit)]
    return {"ColData": cells}


def _column(title: str, kind: str) -> Obj:
    return {"ColTitle": title, "ColType": kind}
