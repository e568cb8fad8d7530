"""The frame of a report: header, columns, cells and rows in the service's report shape.

A report is ``{"Header", "Columns", "Rows"}``; a row is a leaf with ``ColData`` or a section with ``Header``,
``Rows`` and ``Summary`` (Report.xsd beside the reference).  Every cell is a string; amounts have two decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.sandbox.qbo.accounts import ACCOUNT_TYPES
from blueops_qb.sandbox.qbo.clock import stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.reports_period import Period
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

ACCRUAL, CASH = "Accrual", "Cash"
NOT_SPECIFIED = "Not Specified"
#: request parameter -> (kind of record, member of the header that repeats it)
FILTERS: dict[str, tuple[str, str]] = {
    "customer": ("Customer", "Customer"),
    "vendor": ("Vendor", "Vendor"),
    "employee": ("Employee", "Employee"),
    "class": ("Class", "Class"),
    "department": ("Department", "Department"),
}
_CREDIT_SIDE = ("Liability", "Equity", "Revenue")

Params = Mapping[str, str]


@attrs.frozen(kw_only=True)
class Filters:
    """What a report is limited to: ids per filter, sub-customers and sub-classes included; empty = all."""

    ids: Mapping[str, frozenset[str]]
    asked: Mapping[str, str]  #: as the request had them, for the header

    def admits(self, **tags: str) -> bool:
        """Does an entry with these tags belong to the report?"""
        return all(tags.get(name, "") in wanted for name, wanted in self.ids.items())


def filters_of(company: Company, params: Params, *, names: Iterable[str] = tuple(FILTERS)) -> Filters:
    """Read the filters; raises Fault 2500 for an unknown id and 500 for a filter that is not served."""
    if params.get("item"):
        raise Fault("500", "Unsupported Operation : this report cannot be filtered by item.", "item")
    ids: dict[str, frozenset[str]] = {}
    asked: dict[str, str] = {}
    for name in names:
        text = params.get(name, "")
        if not text:
            continue
        kind = FILTERS[name][0]
        wanted: set[str] = set()
        for identity in (part.strip() for part in text.split(",")):
            if identity not in company.records[kind]:
                raise Fault("2500", f"Invalid Reference Id : {kind} {identity!r} does not exist.", name)
            wanted |= descendants(company, kind, identity)
        ids[name], asked[FILTERS[name][1]] = frozenset(wanted), text
    return Filters(ids=ids, asked=asked)


def descendants(company: Company, kind: str, identity: str) -> set[str]:
    """A list record and all that stand below it."""
    found = {identity}
    for child in company.children.get((kind, identity), ()):
        found |= descendants(company, kind, child)
    return found


def basis_of(company: Company, params: Params, *, report: str, cash: bool = False) -> str:
    """Accrual or Cash: as asked, else as the company prefers; raises Fault where cash is not served."""
    text = params.get("accounting_method") or company.preference("ReportPrefs.ReportBasis") or ACCRUAL
    basis = {"accrual": ACCRUAL, "cash": CASH}.get(str(text).lower())
    if basis is None:
        raise Fault(
            "2170",
            f"Invalid Enumeration : accounting_method {text!r} is neither Accrual nor Cash.",
            "accounting_method",
        )
    if basis == CASH and not cash:
        raise Fault(
            "500",
            f"Unsupported Operation : report {report} is only served with accounting_method=Accrual.",
            "accounting_method",
        )
    return basis


def header(
    company: Company,
    name: str,
    period: Period,
    *,
    basis: str = "",
    filters: Filters | None = None,
    summarize: str = "",
    empty: bool,
    options: Mapping[str, str] | None = None,
) -> Obj:
    """The head of a report; ``empty`` says that there is nothing to report."""
    out: Obj = {"Time": stamp(company.clock.now()), "ReportName": name}
    if period.macro:
        out["DateMacro"] = period.macro
    if basis:
        out["ReportBasis"] = basis
    out["StartPeriod"] = period.shown_since.isoformat()
    out["EndPeriod"] = period.until.isoformat()
    if summarize:
        out["SummarizeColumnsBy"] = summarize
    out["Currency"] = "USD"
    out.update(filters.asked if filters else {})
    told = {**(options or {}), "NoReportData": "true" if empty else "false"}
    out["Option"] = [{"Name": option, "Value": value} for option, value in told.items()]
    return out


def column(title: str, kind: str, key: str = "", **more: str) -> Obj:
    """One column; ``key`` becomes its ColKey."""
    out: Obj = {"ColTitle": title, "ColType": kind}
    meta = {**more, **({"ColKey": key} if key else {})}
    if meta:
        out["MetaData"] = [{"Name": name, "Value": value} for name, value in meta.items()]
    return out


def cell(value: str = "", identity: str | None = None) -> Obj:
    """One cell."""
    return {"value": value} if identity is None else {"value": value, "id": identity}


def amount(value: Decimal | None, *, zero: bool = True) -> Obj:
    """A cell with an amount; without ``zero`` 0.00 is shown as nothing."""
    if value is None or (not value and not zero):
        return cell()
    return cell(f"{value + 0:.2f}")


def section(
    head: Sequence[Obj] | None, rows: Sequence[Obj], summary: Sequence[Obj] | None, *, group: str = ""
) -> Obj:
    """A section; what it lacks is left out."""
    out: Obj = {}
    if head is not None:
        out["Header"] = {"ColData": list(head)}
    if rows:
        out["Rows"] = {"Row": list(rows)}
    if summary is not None:
        out["Summary"] = {"ColData": list(summary)}
    out["type"] = "Section"
    if group:
        out["group"] = group
    return out


def leaf(cells: Sequence[Obj]) -> Obj:
    """A row of data."""
    return {"ColData": list(cells), "type": "Data"}


def chart_order(company: Company, accounts: Iterable[Obj]) -> list[Obj]:
    """Accounts by type as a chart lists them, then by number where the company shows them, then by name."""
    order = list(ACCOUNT_TYPES)
    numbered = bool(company.preference("AccountingInfoPrefs.UseAccountNumbers"))

    def place(account: Obj) -> tuple[int, str, str, int]:
        number = str(account.get("AcctNum", "")) if numbered else ""
        name = str(account["FullyQualifiedName"]).casefold()
        return order.index(account["AccountType"]), number, name, int(account["Id"] or 0)

    return sorted(accounts, key=place)


def direction(account: Obj) -> int:
    """1 where a debit is a plus (assets, expenses), -1 where a credit is one."""
    return -1 if account["Classification"] in _CREDIT_SIDE else 1


def roots_of(company: Company, ids: Iterable[str], kind: str) -> dict[str, list[str]]:
    """The tree above these list records: parent id -> children that lead to one of them; ``""`` is the top."""
    tree: dict[str, list[str]] = {"": []}
    for identity in ids:
        child = identity
        while True:
            parent = ref_id(company.records[kind].get(child, {}), "ParentRef")
            siblings = tree.setdefault(parent, [])
            if child in siblings:
                break
            siblings.append(child)
            if not parent:
                break
            child = parent
    return tree
