"""The general ledger report: per account the balance before, every posting of the period, and the total.

Amount and balance are *natural*: a plus is a debit on assets and expenses, a credit on all else.  A parent
account's own postings stand in a section without a header inside its section.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO, LedgerLine
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.reports_columns import COLUMNS, HOME, SHOWN_WHEN, Posting, is_silent
from blueops_qb.sandbox.qbo.reports_frame import (
    Filters,
    Params,
    amount,
    basis_of,
    cell,
    chart_order,
    column,
    direction,
    filters_of,
    header,
    leaf,
    roots_of,
    section,
)
from blueops_qb.sandbox.qbo.reports_period import Period, fiscal_year_start, period_of
from blueops_qb.sandbox.qbo.wire import Obj

CUT = "Unable to display more data. Please reduce the date range."
_DEFAULT = "tx_date,txn_type,doc_num,name,memo,split_acc,subt_nat_amount,rbal_nat_amount"
#: the columns that the foot of a section sums, by their place among (debits, credits, natural sum)
_SUMMED = {"debt_amt": 0, "credit_amt": 1, "subt_nat_amount": 2}


def general_ledger(company: Company, params: Params) -> Obj:
    """All accounts with a balance or a posting, limited by account, type, name, class and location."""
    period = period_of(company, params)
    basis = basis_of(company, params, report="GeneralLedger")
    if params.get("summarize_column_by", "Total").lower() != "total":
        raise Fault("500", "Unsupported Operation : GeneralLedger is only served per transaction.")
    filters = filters_of(company, params)
    keys = _columns(company, params)
    writer = _Writer(
        company=company,
        keys=keys,
        order=_sorting(params),
        cells=company.hidden.report_cells,
        **_gathered(company, period, filters),
    )
    rows = writer.sections(_accounts(company, params))
    columns = [column(COLUMNS[key][0], COLUMNS[key][1], key) for key in keys]
    head = header(company, "GeneralLedger", period, basis=basis, filters=filters, empty=not rows)
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows} if rows else {}}


def _columns(company: Company, params: Params) -> list[str]:
    # A name that the service does not know brings no column, and no fault.
    keys: list[str] = []
    for key in (part.strip().lower() for part in (params.get("columns") or _DEFAULT).split(",")):
        kept = key not in SHOWN_WHEN or any(company.preference(path) for path in SHOWN_WHEN[key])
        if key in COLUMNS and kept and key not in keys:
            keys.append(key)
    if not keys:
        raise Fault("2170", f"Invalid Enumeration : columns {params['columns']!r} names none.", "columns")
    return keys


def _sorting(params: Params) -> tuple[str, bool]:
    key, way = params.get("sort_by", ""), params.get("sort_order", "ascend")
    if key and key not in COLUMNS:
        raise Fault("2170", f"Invalid Enumeration : sort_by {key!r} is no column.", "sort_by")
    if way not in ("ascend", "descend"):
        raise Fault("2170", f"Invalid Enumeration : sort_order {way!r}.", "sort_order")
    return key, way == "descend"


def _accounts(company: Company, params: Params) -> frozenset[str]:
    wanted = set(company.records["Account"])
    if params.get("account"):
        asked = {part.strip() for part in params["account"].split(",")}
        unknown = sorted(asked - wanted)
        if unknown:
            raise Fault("2500", f"Invalid Reference Id : Account {unknown[0]!r} does not exist.", "account")
        wanted = asked
    if params.get("account_type"):
        # The parameter writes types as one word: AccountsReceivable.
        types = {part.strip().lower() for part in params["account_type"].split(",")}
        chart = company.records["Account"]
        wanted = {i for i in wanted if chart[i]["AccountType"].replace(" ", "").lower() in types}
    return frozenset(wanted)


def _gathered(company: Company, period: Period, filters: Filters) -> Obj:
    chart = company.records["Account"]
    opening: dict[str, Decimal] = defaultdict(lambda: ZERO)
    lines: dict[str, list[LedgerLine]] = defaultdict(list)
    since = period.since or date.min
    year = fiscal_year_start(company, since) if period.since else date.min
    earned = ZERO
    for line in company.ledger.lines(until=period.until):
        entry = line.entry
        if not filters.admits(
            customer=entry.customer,
            vendor=entry.vendor,
            employee=entry.employee,
            department=entry.department,
            **{"class": entry.class_id},
        ):
            continue
        if line.day >= since:
            lines[entry.account].append(line)
        elif chart[entry.account]["Classification"] in ("Revenue", "Expense") and line.day < year:
            earned += entry.amount
        else:
            opening[entry.account] += entry.amount
    if earned:
        opening[company.account_of_subtype("RetainedEarnings")] += earned
    return {"opening": opening, "lines": lines}


class _Full(Exception):
    """The report has as many cells as one answer may hold."""


@attrs.define(kw_only=True)
class _Writer:
    company: Company
    keys: list[str]
    order: tuple[str, bool]
    opening: dict[str, Decimal]
    lines: dict[str, list[LedgerLine]]
    cells: int  #: how many more the answer may hold
    _others: dict[tuple[object, str], tuple[str, ...]] = attrs.field(factory=dict)

    def sections(self, accounts: Iterable[str]) -> list[Obj]:
        """The sections of these accounts and of the parents above them, in chart order."""
        told = [i for i in accounts if self.lines.get(i) or self.opening.get(i)]
        tree = roots_of(self.company, told, "Account")
        out: list[Obj] = []
        try:
            for identity in self._ordered(tree[""]):
                self._section(identity, tree, frozenset(told), out)
        except _Full:
            pass  # what was written so far has the notice at its end
        return out

    def _ordered(self, ids: Iterable[str]) -> list[str]:
        chart = self.company.records["Account"]
        return [account["Id"] for account in chart_order(self.company, [chart[i] for i in ids])]

    def _section(
        self, identity: str, tree: dict[str, list[str]], told: frozenset[str], into: list[Obj]
    ) -> tuple[Decimal, Decimal, bool]:
        """Write one account; answers its debits and credits, those of sub-accounts included, and if it has any."""
        account = self.company.records["Account"][identity]
        name, below = str(account["Name"]), self._ordered(tree.get(identity, []))
        head = [cell(name, identity), *(cell() for _ in self.keys[1:])]
        if not below:
            found = section(head, [], None)
            into.append(found)
            return self._own(found, account, f"Total for {name}")
        outer = section(head, [], None)
        into.append(outer)
        outer["Rows"] = {"Row": []}
        inner: list[Obj] = outer["Rows"]["Row"]
        debits, credits, any_lines = ZERO, ZERO, False
        if identity in told:
            own = section(None, [], None)
            inner.append(own)
            debits, credits, any_lines = self._own(own, account, f"Total for {name}")
        for child in below:
            more = self._section(child, tree, told, inner)
            debits, credits, any_lines = debits + more[0], credits + more[1], any_lines or more[2]
        label = f"Total for {name} with sub-accounts"
        outer["Summary"] = {"ColData": self._total(label, account, debits, credits, any_lines)}
        return debits, credits, any_lines

    def _own(self, into: Obj, account: Obj, label: str) -> tuple[Decimal, Decimal, bool]:
        rows: list[Obj] = []
        into["Rows"] = {"Row": rows}
        opening = self.opening.get(account["Id"], ZERO) * direction(account)
        balances = [key for key in self.keys if HOME.get(key, key) == "rbal_nat_amount"]
        if opening and any(not is_silent(self.company, key) for key in balances):
            self._room(rows)
            cells = [
                amount(opening) if key in balances and not is_silent(self.company, key) else cell()
                for key in self.keys
            ]
            rows.append(leaf([cell("Beginning Balance"), *cells[1:]]))
        debits = credits = ZERO
        postings = self._postings(account, opening)
        for posting in postings:
            self._room(rows)
            debits += max(posting.line.entry.amount, ZERO)
            credits += max(-posting.line.entry.amount, ZERO)
            rows.append(leaf([COLUMNS[key][2](posting) for key in self.keys]))
        into["Summary"] = {"ColData": self._total(label, account, debits, credits, bool(postings))}
        return debits, credits, bool(postings)

    def _postings(self, account: Obj, balance: Decimal) -> list[Posting]:
        lines = sorted(
            self.lines.get(account["Id"], []), key=lambda line: (line.day, int(line.txn.id), line.txn.kind)
        )
        out: list[Posting] = []
        for line in lines:
            balance += line.entry.amount * direction(account)
            record = self.company.records.get(line.txn.kind, {}).get(line.txn.id, {})
            out.append(
                Posting(
                    company=self.company,
                    line=line,
                    account=account,
                    record=record,
                    balance=balance,
                    others=self._sides(line),
                )
            )
        key, backwards = self.order
        if key and COLUMNS[key][1] == "Money":
            out.sort(key=lambda p: Decimal(COLUMNS[key][2](p)["value"] or 0), reverse=backwards)
        elif key or backwards:
            read = COLUMNS[key or "tx_date"][2]
            out.sort(key=lambda p: str(read(p)["value"]).casefold(), reverse=backwards)
        return out

    def _sides(self, line: LedgerLine) -> tuple[str, ...]:
        known = self._others.get((line.txn, line.part))
        if known is None:
            found = (o.entry.account for o in self.company.ledger.of(line.txn) if o.part == line.part)
            known = self._others[line.txn, line.part] = tuple(dict.fromkeys(found))
        return tuple(account for account in known if account != line.entry.account)

    def _room(self, rows: list[Obj]) -> None:
        self.cells -= len(self.keys)
        if self.cells < 0:
            rows.append(leaf([cell(CUT), *(cell() for _ in self.keys[1:])]))
            raise _Full

    def _total(
        self, label: str, account: Obj, debits: Decimal, credits: Decimal, any_lines: bool
    ) -> list[Obj]:
        sums = (debits, credits, (debits - credits) * direction(account))
        cells = [
            amount(sums[_SUMMED[HOME.get(key, key)]])
            if HOME.get(key, key) in _SUMMED and any_lines and not is_silent(self.company, key)
            else cell()
            for key in self.keys
        ]
        return [cell(label), *cells[1:]]
