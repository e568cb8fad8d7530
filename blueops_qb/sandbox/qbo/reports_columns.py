"""What the general ledger report shows of one posting: its columns, and how each cell is read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO, LedgerLine
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.reports_frame import amount, cell, direction
from blueops_qb.sandbox.qbo.wire import Obj

_TYPES = {
    "BillPayment": "Bill Payment",
    "CreditMemo": "Credit Memo",
    "InventoryAdjustment": "Inventory Qty Adjust",
    "InventoryStart": "Inventory Starting Value",
    "JournalEntry": "Journal Entry",
    "RefundReceipt": "Refund",
    "SalesReceipt": "Sales Receipt",
    "VendorCredit": "Vendor Credit",
}


@attrs.frozen(kw_only=True)
class Posting:
    """One line of the report with all that its columns are read from."""

    company: Company
    line: LedgerLine
    account: Obj
    record: Obj
    balance: Decimal  #: natural, after this line
    others: tuple[str, ...]  #: ids of the accounts on the other side

    @property
    def natural(self) -> Decimal:
        """The amount, a plus on the account's own side."""
        return self.line.entry.amount * direction(self.account)

    @property
    def party(self) -> tuple[str, str]:
        """(kind, id) of the name on the line."""
        entry = self.line.entry
        for kind, identity in (
            ("Customer", entry.customer),
            ("Vendor", entry.vendor),
            ("Employee", entry.employee),
        ):
            if identity:
                return kind, identity
        return "", ""


def txn_type(kind: str, record: Obj) -> str:
    """The name of a transaction's type as reports spell it."""
    if kind == "Purchase":
        if record.get("PaymentType") == "Check":
            return "Check"
        if record.get("PaymentType") == "CreditCard" and record.get("Credit"):
            return "Credit Card Credit"
        return "Expense"
    if kind == "BillPayment":
        way = {"Check": "Check", "CreditCard": "Credit Card"}.get(str(record.get("PayType")), "Check")
        return f"Bill Payment ({way})"
    return _TYPES.get(kind, kind)


def _named(posting: Posting, kind: str, identity: str, member: str = "FullyQualifiedName") -> Obj:
    record = posting.company.records[kind].get(identity, {}) if kind else {}
    return cell(str(record.get(member) or record.get("DisplayName", "")), identity)


def _party(posting: Posting, kind: str) -> Obj:
    found, identity = posting.party
    return _named(posting, kind, identity, "DisplayName") if found == kind else cell("", "")


def _split(posting: Posting) -> Obj:
    if len(posting.others) != 1:
        return cell("-Split-" if posting.others else "", "")
    return _named(posting, "Account", posting.others[0])


def _day(posting: Posting, member: str) -> Obj:
    return cell(str(posting.record.get("MetaData", {}).get(member, ""))[:10])


#: column key -> (title, type, how its cell is read)
COLUMNS: dict[str, tuple[str, str, Callable[[Posting], Obj]]] = {
    "tx_date": ("Date", "Date", lambda p: cell(p.line.day.isoformat())),
    "txn_type": (
        "Transaction Type",
        "String",
        lambda p: cell(txn_type(p.line.txn.kind, p.record), p.line.txn.id),
    ),
    "doc_num": (
        "Num",
        "String",
        lambda p: cell(str(p.record.get("DocNumber") or p.record.get("PaymentRefNum") or "")),
    ),
    "name": ("Name", "String", lambda p: _named(p, *p.party, "DisplayName")),
    "cust_name": ("Customer", "String", lambda p: _party(p, "Customer")),
    "vend_name": ("Vendor", "String", lambda p: _party(p, "Vendor")),
    "emp_name": ("Employee", "String", lambda p: _party(p, "Employee")),
    "memo": (
        "Memo/Description",
        "String",
        lambda p: cell(p.line.entry.memo or str(p.record.get("PrivateNote", ""))),
    ),
    "account_name": (
        "Account",
        "String",
        lambda p: cell(p.account["FullyQualifiedName"], p.account["Id"]),
    ),
    "account_num": ("Account #", "String", lambda p: cell(str(p.account.get("AcctNum", "")))),
    "split_acc": ("Split", "String", _split),
    "klass_name": ("Class", "String", lambda p: _named(p, "Class", p.line.entry.class_id)),
    "dept_name": ("Location", "String", lambda p: _named(p, "Department", p.line.entry.department)),
    "create_date": ("Create Date", "Date", lambda p: _day(p, "CreateTime")),
    "last_mod_date": ("Last Modified", "Date", lambda p: _day(p, "LastUpdatedTime")),
    "is_adj": ("Adj", "Boolean", lambda p: cell("Yes" if p.record.get("Adjustment") else "No")),
}
#: column key -> (title, how its amount is read, whether 0.00 is shown)
_AMOUNTS: dict[str, tuple[str, Callable[[Posting], Decimal], bool]] = {
    "debt_amt": ("Debit", lambda p: max(p.line.entry.amount, ZERO), False),
    "credit_amt": ("Credit", lambda p: max(-p.line.entry.amount, ZERO), False),
    "subt_nat_amount": ("Amount", lambda p: p.natural, True),
    "rbal_nat_amount": ("Balance", lambda p: p.balance, True),
}
#: the same in the home currency: where there are several currencies only these carry amounts
HOME = {
    "debt_home_amt": "debt_amt",
    "credit_home_amt": "credit_amt",
    "subt_nat_home_amount": "subt_nat_amount",
    "rbal_nat_home_amount": "rbal_nat_amount",
}
MULTI = "CurrencyPrefs.MultiCurrencyEnabled"


def _money(key: str) -> tuple[str, str, Callable[[Posting], Obj]]:
    title, read, zero = _AMOUNTS[HOME.get(key, key)]

    def shown(posting: Posting) -> Obj:
        return cell() if is_silent(posting.company, key) else amount(read(posting), zero=zero)

    return title, "Money", shown


def is_silent(company: Company, key: str) -> bool:
    """Is it a column of amounts that stays empty, because another one is in the home currency?"""
    return key in _AMOUNTS and bool(company.preference(MULTI))


COLUMNS |= {key: _money(key) for key in (*_AMOUNTS, *HOME)}
#: columns that are there only when the company keeps the dimension, or several currencies
SHOWN_WHEN = {
    "klass_name": ("AccountingInfoPrefs.ClassTrackingPerTxn", "AccountingInfoPrefs.ClassTrackingPerTxnLine"),
    "dept_name": ("AccountingInfoPrefs.TrackDepartments",),
    **dict.fromkeys(HOME, (MULTI,)),
}
