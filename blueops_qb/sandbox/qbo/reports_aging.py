"""Receivables and payables by age: what each customer or vendor owes or is owed at a day, from the ledger.

Every posting on a receivable or payable account belongs to one open item; what a payment or credit settles is
moved from it to the item it settles, as far as both are dated up to the day.  So the total is the balance of the
accounts at that day, whatever was applied to what.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.reports_frame import (
    NOT_SPECIFIED,
    Filters,
    Params,
    amount,
    basis_of,
    cell,
    column,
    filters_of,
    header,
    roots_of,
    section,
)
from blueops_qb.sandbox.qbo.reports_period import Period, day_of, period_of
from blueops_qb.sandbox.qbo.wire import Obj

LONGEST, MOST_PERIODS = 365, 12

#: (kind of transaction, its id, party)
Item = tuple[str, str, str]


@attrs.frozen(kw_only=True)
class Side:
    """Receivables or payables."""

    report: str
    account_type: str
    party: str  #: kind of record that owes or is owed
    sign: int  #: 1 = a debit is owed to us


RECEIVABLES = Side(report="AgedReceivables", account_type="Accounts Receivable", party="Customer", sign=1)
PAYABLES = Side(report="AgedPayables", account_type="Accounts Payable", party="Vendor", sign=-1)


def aged_receivables(company: Company, params: Params) -> Obj:
    """Who owes us, by days past due; jobs stand below their customers."""
    return _aged(company, params, RECEIVABLES)


def aged_payables(company: Company, params: Params) -> Obj:
    """Whom we owe, by days past due."""
    return _aged(company, params, PAYABLES)


def open_items(company: Company, side: Side, until: date) -> dict[Item, Decimal]:
    """What is open of every transaction and party at the end of a day; a credit is negative."""
    accounts = {a["Id"] for a in company.all("Account") if a["AccountType"] == side.account_type}
    posted: dict[Item, Decimal] = defaultdict(lambda: ZERO)
    for line in company.ledger.lines(until=until):
        if line.entry.account in accounts:
            party = line.entry.customer if side is RECEIVABLES else line.entry.vendor
            posted[line.txn.kind, line.txn.id, party] += line.entry.amount * side.sign
    left = dict(posted)
    parties: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, identity, party in posted:
        parties[kind, identity].append(party)
    for target, sources in company.links.items():
        for source, settled in sources.items():
            if target in parties and source in parties:
                payer = parties[source][0]
                owner = payer if payer in parties[target] else parties[target][0]
                moved = settled if posted[*target, owner] > 0 else -settled
                left[*target, owner] -= moved
                left[*source, payer] += moved
    return {item: value for item, value in left.items() if value}


@attrs.frozen(kw_only=True)
class _Buckets:
    """Columns of days past due: current, then ``count`` of ``days`` each, the last without an end."""

    days: int
    count: int

    def place(self, past: int) -> int:
        """The column for so many days past due."""
        return 0 if past <= 0 else min((past - 1) // self.days + 1, self.count)

    def titles(self) -> list[str]:
        """Their headings."""
        bounds = [(n * self.days + 1, (n + 1) * self.days) for n in range(self.count - 1)]
        last = f"{(self.count - 1) * self.days + 1} and over"
        return ["Current", *(f"{low} - {high}" for low, high in bounds), last]


def _aged(company: Company, params: Params, side: Side) -> Obj:
    basis_of(company, params, report=side.report)
    until = day_of(params, "report_date") or _macro_end(company, params)
    buckets = _Buckets(
        days=_number(params, "aging_period", 30, LONGEST),
        count=_number(params, "num_periods", 4, MOST_PERIODS),
    )
    filters = filters_of(company, params, names=[side.party.lower()])
    aged_at = _aging_day(company, params, until)
    amounts = _amounts(company, side, filters, until=until, aged_at=aged_at, buckets=buckets)
    rows = _rows(company, side, amounts, width=buckets.count + 2)
    columns = [column("", side.party)]
    for place, title in enumerate(buckets.titles()):
        columns.append(column(title, "Money", "current" if place == 0 else str(place - 1)))
    columns.append(column("Total", "Money", "total"))
    period = Period(since=until, until=until, macro=params.get("date_macro", ""))
    head = header(
        company,
        side.report,
        period,
        filters=filters,
        summarize="Total",
        empty=not rows,
        options={"report_date": until.isoformat()},
    )
    if rows:
        sums = [sum(values, ZERO) for values in zip(*amounts.values(), strict=True)]
        rows.append(
            section(None, [], [cell("TOTAL"), *(amount(value) for value in sums)], group="GrandTotal")
        )
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows} if rows else {}}


def _amounts(
    company: Company, side: Side, filters: Filters, *, until: date, aged_at: date, buckets: _Buckets
) -> dict[str, list[Decimal]]:
    """Party id -> amounts per column, the last their sum; parties without an amount are left out."""
    found: dict[str, list[Decimal]] = {}
    for (kind, identity, party), value in open_items(company, side, until).items():
        if not filters.admits(**{side.party.lower(): party}):
            continue
        row = found.setdefault(party, [ZERO] * (buckets.count + 2))
        due = _due(company, kind, identity)
        row[buckets.place((aged_at - due).days)] += value
        row[-1] += value
    return {party: row for party, row in found.items() if any(row)}


def _due(company: Company, kind: str, identity: str) -> date:
    # A payment, credit or journal line ages from its own date, and all else where the company prefers so.
    record = company.records[kind][identity]
    if company.preference("ReportPrefs.CalcAgingReportFromTxnDate"):
        return date.fromisoformat(record["TxnDate"])
    return date.fromisoformat(record.get("DueDate") or record["TxnDate"])


def _rows(company: Company, side: Side, amounts: dict[str, list[Decimal]], *, width: int) -> list[Obj]:
    tree = roots_of(company, [party for party in amounts if party], side.party)
    rows = [_row(company, side, party, tree, amounts, width) for party in _sorted(company, side, tree[""])]
    if "" in amounts:
        rows.append({"ColData": _cells(NOT_SPECIFIED, "", amounts[""])})
    return rows


def _row(
    company: Company,
    side: Side,
    party: str,
    tree: dict[str, list[str]],
    amounts: dict[str, list[Decimal]],
    width: int,
    *,
    top: bool = True,
) -> Obj:
    name = str(company.records[side.party][party]["DisplayName"])
    own, below = amounts.get(party, [ZERO] * width), _sorted(company, side, tree.get(party, []))
    cells = _cells(name, party, own)
    if not below:
        # Only rows inside a section say that they are data.
        return {"ColData": cells} if top else {"ColData": cells, "type": "Data"}
    rows = [_row(company, side, child, tree, amounts, width, top=False) for child in below]
    sums = _summed(party, tree, amounts, width)
    return section(cells, rows, [cell(f"Total {name}"), *(amount(value) for value in sums)])


def _summed(
    party: str, tree: dict[str, list[str]], amounts: dict[str, list[Decimal]], width: int
) -> list[Decimal]:
    sums = list(amounts.get(party, [ZERO] * width))
    for child in tree.get(party, []):
        sums = [a + b for a, b in zip(sums, _summed(child, tree, amounts, width), strict=True)]
    return sums


def _cells(name: str, identity: str, values: list[Decimal]) -> list[Obj]:
    inner = [amount(value, zero=False) for value in values[:-1]]
    return [cell(name, identity), *inner, amount(values[-1])]


def _sorted(company: Company, side: Side, ids: list[str]) -> list[str]:
    return sorted(ids, key=lambda i: (str(company.records[side.party][i]["DisplayName"]).casefold(), int(i)))


def _macro_end(company: Company, params: Params) -> date:
    if params.get("date_macro") or params.get("end_date"):
        return period_of(company, params).until
    return company.clock.today()


def _aging_day(company: Company, params: Params, until: date) -> date:
    method = params.get("aging_method", "Report_Date").lower()
    if method not in ("report_date", "current"):
        raise Fault(
            "2170",
            f"Invalid Enumeration : aging_method {params['aging_method']!r} is neither Report_Date nor Current.",
            "aging_method",
        )
    return company.clock.today() if method == "current" else until


def _number(params: Params, name: str, usual: int, most: int) -> int:
    text = params.get(name, "")
    if not text:
        return usual
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Fault("2070", f"Invalid Number : {name} {text!r} must be a number from 1 to {most}.", name)
    return int(text)
