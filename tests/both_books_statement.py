"""What each twin's own ledger and open documents come to: balances, ageing, job profit; nothing of the providers.

Both readers answer the same values, so that two sets of books can be laid beside each other.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import attrs
import requests

from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.theirs import Online

ZERO = Decimal("0.00")
RECEIVABLE = "1100"
#: Where an open amount stands by the days since it was due.
BUCKETS = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
Sums = Mapping[tuple[str, ...], Decimal]


@attrs.frozen(kw_only=True)
class Line:
    """One line of a ledger: number of the account, `customer` or `customer:job`, names of class and location."""

    account: str
    amount: Decimal
    customer: str
    class_name: str
    location: str
    document: str


@attrs.frozen(kw_only=True)
class Open:
    """What a document has open of receivables; what is owed to the customer is negative."""

    customer: str
    due: dt.date
    amount: Decimal
    document: str


@attrs.frozen(kw_only=True)
class Statement:
    """One set of books."""

    lines: tuple[Line, ...]
    open: tuple[Open, ...]
    today: dt.date

    def since(self, opening: Statement) -> Statement:
        """Without what was posted before the company began."""
        before = {line.document for line in opening.lines}
        return attrs.evolve(self, lines=tuple(line for line in self.lines if line.document not in before))

    @property
    def balances(self) -> Sums:
        """(account,) -> balance, debit positive."""
        return _sums(((line.account,), line.amount) for line in self.lines)

    @property
    def ageing(self) -> Sums:
        """(customer or job, bucket) -> open."""
        return _sums(((o.customer, bucket(o.due, self.today)), o.amount) for o in self.open)

    @property
    def profit(self) -> Sums:
        """(job, account) -> what the job earned or cost there, debit positive."""
        return _sums(
            ((line.customer, line.account), line.amount)
            for line in self.lines
            if ":" in line.customer and _counts(line)
        )

    @property
    def classes(self) -> Sums:
        """(class, account) -> income and cost."""
        return _sums(((line.class_name, line.account), line.amount) for line in self.lines if _counts(line))

    @property
    def locations(self) -> Sums:
        """(location, account) -> income and cost."""
        return _sums(((line.location, line.account), line.amount) for line in self.lines if _counts(line))

    @property
    def owed(self) -> tuple[Sums, Sums]:
        """(customer,) -> receivables by the ledger, and by the open documents; jobs count as their customer."""
        by_ledger = _sums(
            ((line.customer.split(":")[0],), line.amount) for line in self.lines if line.account == RECEIVABLE
        )
        return by_ledger, _sums(((o.customer.split(":")[0],), o.amount) for o in self.open)


def _counts(line: Line) -> bool:
    """Whether a line is income or cost."""
    return line.account[0] in "456"


def bucket(due: dt.date, today: dt.date) -> str:
    """Where an amount stands in the ageing."""
    days = (today - due).days
    return next((name for most, name in BUCKETS if days <= most), "over 90")


def _sums(parts: Iterable[tuple[tuple[str, ...], Decimal]]) -> Sums:
    sums: defaultdict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for key, amount in parts:
        sums[key] += amount
    return {key: amount for key, amount in sorted(sums.items()) if amount}


# -- QuickBooks Online -------------------------------------------------------------------------------
def online_statement(books: Online, *, today: dt.date) -> Statement:
    """Asked over HTTP: the ledger, the lists, the documents."""
    customers = {id: str(raw["FullyQualifiedName"]) for id, raw in _asked(books, "Customer", lists=True)}
    classes = {id: str(raw["FullyQualifiedName"]) for id, raw in _asked(books, "Class", lists=True)}
    places = {id: str(raw["FullyQualifiedName"]) for id, raw in _asked(books, "Department", lists=True)}
    address = books.address
    told = requests.get(f"{address.base_url}/twin/ledger", params={"realm": address.realm}, timeout=60).json()
    lines = tuple(
        Line(
            account=raw["account_number"] or raw["account_name"],
            amount=Decimal(raw["amount"]),
            customer=customers.get(raw["customer"], ""),
            class_name=classes.get(raw["class"], ""),
            location=places.get(raw["department"], ""),
            document=f"{raw['txn_type']} {raw['txn_id']}",
        )
        for raw in told["lines"]
    )
    found = []
    for kind, sign, member in (
        ("Invoice", 1, "Balance"),
        ("CreditMemo", -1, "Balance"),
        ("Payment", -1, "UnappliedAmt"),
    ):
        for id, raw in _asked(books, kind):
            amount = sign * Decimal(str(raw.get(member, 0)))
            if amount:
                found.append(
                    Open(
                        customer=customers[raw["CustomerRef"]["value"]],
                        due=dt.date.fromisoformat(raw.get("DueDate") or raw["TxnDate"]),
                        amount=amount,
                        document=f"{kind} {id}",
                    )
                )
    return Statement(lines=lines, open=tuple(found), today=today)


def _asked(books: Online, kind: str, *, lists: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    where = " where Active in (true, false)" if lists else ""
    address = books.address
    start = 1
    while True:
        answer = requests.get(
            f"{address.base_url}/v3/company/{address.realm}/query",
            params={"query": f"select * from {kind}{where} startposition {start} maxresults 500"},
            headers={"Authorization": f"Bearer {address.token}", "Accept": "application/json"},
            timeout=60,
        )
        answer.raise_for_status()
        rows = answer.json()["QueryResponse"].get(kind, [])
        yield from ((str(raw["Id"]), raw) for raw in rows)
        if len(rows) < 500:
            return
        start += 500


# -- QuickBooks Desktop ------------------------------------------------------------------------------
#: Document -> (sign, where its open amount stands, the members that give the day it is due).
DESKTOP_OPEN: Mapping[str, tuple[int, str, tuple[str, ...]]] = {
    "Invoice": (1, "BalanceRemaining", ("DueDate", "TxnDate")),
    "CreditMemo": (-1, "CreditRemaining", ("TxnDate",)),
    "ReceivePayment": (-1, "UnusedPayment", ("TxnDate",)),
}


def desktop_statement(books: Desktop, *, today: dt.date) -> Statement:
    """Asked in qbXML: lists and documents; the ledger as the company file keeps it."""
    ask = books.address.ask
    accounts = {
        id: _text(raw, "AccountNumber") or _text(raw, "FullName") for id, raw in _told(ask, "Account")
    }
    customers = {id: _text(raw, "FullName") for id, raw in _told(ask, "Customer")}
    classes = {id: _text(raw, "FullName") for id, raw in _told(ask, "Class")}
    lines = tuple(
        Line(
            account=accounts[line.entry.account],
            amount=line.entry.amount,
            customer=customers.get(line.entry.customer, ""),
            class_name=classes.get(line.entry.class_id, ""),
            location="",
            document=f"{line.txn.kind} {line.txn.id}",
        )
        for line in books.file.company.ledger.lines()
    )
    found = []
    for kind, (sign, member, days) in DESKTOP_OPEN.items():
        for id, raw in _told(ask, kind):
            amount = sign * Decimal(_text(raw, member) or 0)
            if amount:
                due = next(text for name in days if (text := _text(raw, name)))
                found.append(
                    Open(
                        customer=_text(raw, "CustomerRef/FullName"),
                        due=dt.date.fromisoformat(due),
                        amount=amount,
                        document=f"{kind} {id}",
                    )
                )
    return Statement(lines=lines, open=tuple(found), today=today)


def _told(ask: Callable[[str], str], kind: str) -> Iterator[tuple[str, ElementTree.Element]]:
    inner = "" if kind in DESKTOP_OPEN else "<ActiveStatus>All</ActiveStatus>"
    head = '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">'
    (answer,) = ElementTree.fromstring(
        ask(f"{head}<{kind}QueryRq>{inner}</{kind}QueryRq></QBXMLMsgsRq></QBXML>")
    )[0]
    assert answer.get("statusCode") in ("0", "1"), answer.attrib
    yield from ((_text(raw, "ListID") or _text(raw, "TxnID"), raw) for raw in answer)


def _text(raw: ElementTree.Element, path: str) -> str:
    return (raw.findtext(path) or "").strip()
