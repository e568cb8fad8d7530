"""Profit and loss: income less cost over a period, in one column or one per month, class, customer or location."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO, LedgerLine
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.reports_cash import UNAPPLIED, cash_lines
from blueops_qb.sandbox.qbo.reports_frame import (
    CASH,
    NOT_SPECIFIED,
    Params,
    amount,
    basis_of,
    cell,
    chart_order,
    column,
    filters_of,
    header,
    leaf,
    roots_of,
    section,
)
from blueops_qb.sandbox.qbo.reports_period import Period, add_months, period_of, week_start
from blueops_qb.sandbox.qbo.wire import Obj

#: group -> (account type, heading, shown even when empty); a block is a plus or a minus for the result
_BLOCKS: dict[str, tuple[str, str, bool]] = {
    "Income": ("Income", "Income", True),
    "COGS": ("Cost of Goods Sold", "Cost of Goods Sold", False),
    "Expenses": ("Expense", "Expenses", True),
    "OtherIncome": ("Other Income", "Other Income", False),
    "OtherExpenses": ("Other Expense", "Other Expenses", False),
}
_TAGS: dict[str, tuple[str, Callable[[LedgerLine], str]]] = {
    "classes": ("Class", lambda line: line.entry.class_id),
    "customers": ("Customer", lambda line: line.entry.customer),
    "departments": ("Department", lambda line: line.entry.department),
    "vendors": ("Vendor", lambda line: line.entry.vendor),
    "employees": ("Employee", lambda line: line.entry.employee),
}
_SPANS: dict[str, Callable[[date], date]] = {
    "month": lambda day: add_months(day, 1),
    "quarter": lambda day: add_months(day, 3 - (day.month - 1) % 3),
    "year": lambda day: date(day.year + 1, 1, 1),
    "week": lambda day: week_start(day) + timedelta(days=7),
    "days": lambda day: day + timedelta(days=1),
}
_NAMES = {
    "total": "Total",
    "month": "Month",
    "quarter": "Quarter",
    "year": "Year",
    "week": "Week",
    "days": "Days",
    "classes": "Classes",
    "customers": "Customers",
    "departments": "Departments",
    "vendors": "Vendors",
    "employees": "Employees",
}


@attrs.frozen(kw_only=True)
class _Columns:
    """The columns beside the account's name; a line counts in the one its key says, and in the total."""

    shown: tuple[Obj, ...]
    keys: tuple[str, ...]
    key_of: Callable[[LedgerLine], str]


def profit_and_loss(company: Company, params: Params) -> Obj:
    """Income, cost of goods sold, expenses and the rest with their results; accrual or cash basis."""
    period = period_of(company, params)
    basis = basis_of(company, params, report="ProfitAndLoss", cash=True)
    filters = filters_of(company, params)
    way = params.get("summarize_column_by", "Total").lower()
    if way not in _NAMES:
        raise Fault(
            "500",
            f"Unsupported Operation : ProfitAndLoss cannot be summarised by {params['summarize_column_by']!r}; "
            f"served are {', '.join(_NAMES.values())}.",
            "summarize_column_by",
        )
    chart = {**company.records["Account"], **UNAPPLIED}
    every = cash_lines(company) if basis == CASH else company.ledger.lines()
    lines = [
        line
        for line in every
        if (period.since is None or line.day >= period.since)
        and line.day <= period.until
        and chart[line.entry.account]["Classification"] in ("Revenue", "Expense")
        and filters.admits(
            customer=line.entry.customer,
            vendor=line.entry.vendor,
            employee=line.entry.employee,
            department=line.entry.department,
            **{"class": line.entry.class_id},
        )
    ]
    columns = _columns(company, way, period, lines)
    statement = _Statement(company=company, chart=chart, amounts=_amounts(lines, columns, chart))
    head = header(
        company,
        "ProfitAndLoss",
        period,
        basis=basis,
        filters=filters,
        summarize=_NAMES[way],
        empty=not lines,
        options={"AccountingStandard": "GAAP"},
    )
    shown = [column("", "Account", "account"), *columns.shown]
    return {
        "Header": head,
        "Columns": {"Column": shown},
        "Rows": {"Row": statement.rows(width=len(columns.keys))},
    }


def _columns(company: Company, way: str, period: Period, lines: Sequence[LedgerLine]) -> _Columns:
    total = column("Total", "Money", "total")
    if way == "total":
        return _Columns(shown=(total,), keys=("total",), key_of=lambda _: "")
    if way in _TAGS:
        kind, key_of = _TAGS[way]
        records = company.records[kind]
        found = {key_of(line) for line in lines}
        ids = sorted(found - {""}, key=lambda i: (_title(records[i]).casefold(), int(i)))
        shown = [column(_title(records[i]), "Money", i, ID=i) for i in ids]
        if "" in found:
            ids.append("")
            shown.append(column(NOT_SPECIFIED, "Money", "not_specified"))
        return _Columns(shown=(*shown, total), keys=(*ids, "total"), key_of=key_of)
    spans = _spans(way, period)
    titles = [_span_title(way, start, end) for start, end in spans]
    shown = [
        column(title, "Money", title, StartDate=start.isoformat(), EndDate=end.isoformat())
        for title, (start, end) in zip(titles, spans, strict=True)
    ]

    def span_of(line: LedgerLine) -> str:
        return next(start.isoformat() for start, end in spans if start <= line.day <= end)

    keys = [start.isoformat() for start, _ in spans]
    return _Columns(shown=(*shown, total), keys=(*keys, "total"), key_of=span_of)


def _title(record: Obj) -> str:
    return str(record.get("DisplayName") or record.get("FullyQualifiedName", ""))


def _spans(way: str, period: Period) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    start = period.shown_since
    while start <= period.until:
        after = _SPANS[way](start)
        spans.append((start, min(after - timedelta(days=1), period.until)))
        start = after
    return spans


def _span_title(way: str, start: date, end: date) -> str:
    whole = start.day == 1 and (end + timedelta(days=1)).day == 1
    if way == "month" and whole:
        return f"{start:%b %Y}"
    if way == "year" and whole and (start.month, end.month) == (1, 12):
        return f"{start:%Y}"
    if start == end:
        return f"{start:%b} {start.day}, {start.year}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start:%b} {start.day} - {end.day}, {end.year}"
    if whole and start.year == end.year:
        return f"{start:%b} - {end:%b}, {end.year}"
    return f"{start:%b} {start.day}, {start.year} - {end:%b} {end.day}, {end.year}"


def _amounts(
    lines: Iterable[LedgerLine], columns: _Columns, chart: dict[str, Obj]
) -> dict[str, list[Decimal]]:
    """Account id -> amounts per column; income counts as a plus when it is credited."""
    places = {key: place for place, key in enumerate(columns.keys)}
    found: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * len(columns.keys))
    for line in lines:
        value = line.entry.amount
        if chart[line.entry.account]["Classification"] == "Revenue":
            value = -value
        row = found[line.entry.account]
        row[-1] += value
        if len(columns.keys) > 1:
            row[places[columns.key_of(line)]] += value
    return dict(found)


@attrs.frozen(kw_only=True)
class _Statement:
    company: Company
    chart: dict[str, Obj]
    amounts: dict[str, list[Decimal]]

    def rows(self, *, width: int) -> list[Obj]:
        """All blocks in the order of the report, with the results between them."""
        none = [ZERO] * width
        sums = {group: self._sum(kind, none) for group, (kind, _, _) in _BLOCKS.items()}
        gross = _less(sums["Income"], sums["COGS"])
        operating = _less(gross, sums["Expenses"])
        other = _less(sums["OtherIncome"], sums["OtherExpenses"])
        net = [a + b for a, b in zip(operating, other, strict=True)]
        rows = [
            *self._block("Income", sums),
            *self._block("COGS", sums),
            _result("GrossProfit", "Gross Profit", gross),
            *self._block("Expenses", sums),
            _result("NetOperatingIncome", "Net Operating Income", operating),
            *self._block("OtherIncome", sums),
            *self._block("OtherExpenses", sums),
        ]
        if any(self._of(kind) for kind in ("Other Income", "Other Expense")):
            rows.append(_result("NetOtherIncome", "Net Other Income", other))
        return [*rows, _result("NetIncome", "Net Income", net)]

    def _of(self, account_type: str) -> list[str]:
        return [i for i in self.amounts if self.chart[i]["AccountType"] == account_type]

    def _sum(self, account_type: str, none: list[Decimal]) -> list[Decimal]:
        total = list(none)
        for identity in self._of(account_type):
            total = [a + b for a, b in zip(total, self.amounts[identity], strict=True)]
        return total

    def _block(self, group: str, sums: dict[str, list[Decimal]]) -> list[Obj]:
        kind, heading, always = _BLOCKS[group]
        ids, width = self._of(kind), len(sums[group])
        if not ids and not always:
            return []
        tree = roots_of(self.company, ids, "Account")
        rows = [self._account(identity, tree, width) for identity in self._ordered(tree[""])]
        head = [cell(heading), *(cell() for _ in range(width))]
        total = [amount(value) if ids else cell() for value in sums[group]]
        return [section(head, rows, [cell(f"Total {heading}"), *total], group=group)]

    def _account(self, identity: str, tree: dict[str, list[str]], width: int) -> Obj:
        account, below = self.chart[identity], self._ordered(tree.get(identity, []))
        own = self.amounts.get(identity)
        values = [cell()] * width if own is None else [amount(value, zero=False) for value in own[:-1]]
        if own is not None:
            values.append(amount(own[-1]))
        first = cell(str(account["Name"]), identity if account["Id"] else "")
        if not below:
            return leaf([first, *values])
        rows = [self._account(child, tree, width) for child in below]
        sums = [amount(value) for value in self._with_subs(identity, tree, width)]
        return section([first, *values], rows, [cell(f"Total {account['Name']}"), *sums])

    def _with_subs(self, identity: str, tree: dict[str, list[str]], width: int) -> list[Decimal]:
        total = list(self.amounts.get(identity, [ZERO] * width))
        for child in tree.get(identity, []):
            total = [a + b for a, b in zip(total, self._with_subs(child, tree, width), strict=True)]
        return total

    def _ordered(self, ids: Iterable[str]) -> list[str]:
        by_record = {id(self.chart[i]): i for i in ids}
        return [
            by_record[id(a)] for a in chart_order(self.company, (self.chart[i] for i in by_record.values()))
        ]


def _less(minuend: list[Decimal], subtrahend: list[Decimal]) -> list[Decimal]:
    return [a - b for a, b in zip(minuend, subtrahend, strict=True)]


def _result(group: str, label: str, values: list[Decimal]) -> Obj:
    return section(None, [], [cell(label), *(amount(value) for value in values)], group=group)
