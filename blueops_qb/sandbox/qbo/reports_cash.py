"""The cash view of the ledger: income and cost count when they are paid, pro rata of what is paid.

An invoice or bill (and a credit) is recognised by what settles it, on the later of the two dates; what a payment
leaves unapplied is income of its own until it is applied.  A journal entry counts on its own date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO, Entry, LedgerLine
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.wire import Obj, cents

RECEIVED, PAID = "unapplied-received", "unapplied-paid"
#: accounts of this view for a chart that lacks them, by an id that no account of a chart can have
UNAPPLIED: dict[str, Obj] = {
    RECEIVED: {
        "Id": "",
        "Name": "Unapplied Cash Payment Income",
        "FullyQualifiedName": "Unapplied Cash Payment Income",
        "AccountType": "Income",
        "Classification": "Revenue",
    },
    PAID: {
        "Id": "",
        "Name": "Unapplied Cash Bill Payment Expense",
        "FullyQualifiedName": "Unapplied Cash Bill Payment Expense",
        "AccountType": "Expense",
        "Classification": "Expense",
    },
}
_SETTLES = ("Payment", "BillPayment")
_CONTROL = ("Accounts Receivable", "Accounts Payable")


def cash_lines(company: Company) -> Iterator[LedgerLine]:
    """The lines of the ledger as cash basis has them; receivables and payables are not among them."""
    view = _View(company)
    for key in view.lines:
        if key[0] in _SETTLES:
            yield from view.payment(key)
        elif key[0] != "JournalEntry" and view.control(key):
            yield from view.form(key)
        else:
            yield from view.others(key)


class _View:
    def __init__(self, company: Company) -> None:
        self.company = company
        chart = company.records["Account"]
        self._control = {i for i, a in chart.items() if a["AccountType"] in _CONTROL}
        self._cash = {
            i
            for i, a in chart.items()
            if a["AccountType"] in ("Bank", "Credit Card") or a["AccountSubType"] == "UndepositedFunds"
        }
        found = {str(a["AccountSubType"]): i for i, a in chart.items()}
        self._unapplied = {
            "Payment": found.get("UnappliedCashPaymentIncome", RECEIVED),
            "BillPayment": found.get("UnappliedCashBillPaymentExpense", PAID),
        }
        self.lines: dict[Key, list[LedgerLine]] = defaultdict(list)
        for line in company.ledger.lines():
            self.lines[line.txn.kind, line.txn.id].append(line)
        self._settled: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
        self._applied: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
        for target, sources in company.links.items():
            for source, settled in sources.items():
                if source[0] in _SETTLES and self.control(target):
                    day = max(self.lines[target][0].day, self.lines[source][0].day)
                    sign = 1 if self.control(target) > 0 else -1
                    self._settled[target].append((day, settled * sign))
                    self._applied[source].append((day, settled * sign))

    def control(self, key: Key) -> Decimal:
        """What the transaction holds on receivables and payables, debit positive."""
        found = (line.entry.amount for line in self.lines.get(key, []) if line.entry.account in self._control)
        return sum(found, ZERO)

    def others(self, key: Key) -> Iterator[LedgerLine]:
        """Its lines beside those."""
        return (line for line in self.lines[key] if line.entry.account not in self._control)

    def payment(self, key: Key) -> Iterator[LedgerLine]:
        """Money received or paid: what is not applied yet is unapplied income (or expense)."""
        yield from self.others(key)
        held = self.control(key)  # negative when a customer paid
        if not held and not self._applied[key]:
            return
        first = self.lines[key][0]
        account = self._unapplied[key[0]]
        party = next(line.entry for line in self.lines[key])
        changes: dict[date, Decimal] = defaultdict(lambda: ZERO)
        changes[first.day] += held
        for day, applied in self._applied[key]:
            changes[day] += applied
        for day, change in changes.items():
            if change:
                yield attrs.evolve(
                    first,
                    day=day,
                    part="unapplied",
                    entry=Entry(account=account, amount=change, customer=party.customer, vendor=party.vendor),
                )

    def form(self, key: Key) -> Iterator[LedgerLine]:
        """An invoice, bill or credit: its lines by the share that is settled."""
        rest, paid_down = [], ZERO
        day = self.lines[key][0].day
        for line in self.others(key):
            if line.entry.account in self._cash:
                paid_down += line.entry.amount
                yield line
            else:
                rest.append(line)
        whole = self.control(key) + paid_down
        if not whole:
            return
        events = sorted([(day, paid_down)] if paid_down else []) + sorted(self._settled[key])
        settled, told = ZERO, [ZERO] * len(rest)
        for when, part in events:
            settled += part
            upto = _shares(rest, settled, whole)
            for place, line in enumerate(rest):
                change = upto[place] - told[place]
                if change:
                    yield attrs.evolve(line, day=when, entry=attrs.evolve(line.entry, amount=change))
            told = upto


def _shares(lines: list[LedgerLine], settled: Decimal, whole: Decimal) -> list[Decimal]:
    """What is recognised of each line once so much of the whole is settled; the leftover cent goes to the largest."""
    if settled == whole:
        return [line.entry.amount for line in lines]
    shares = [cents(line.entry.amount * settled / whole) for line in lines]
    total = sum((line.entry.amount for line in lines), ZERO)
    left = cents(total * settled / whole) - sum(shares, ZERO)
    if left and lines:
        largest = max(range(len(lines)), key=lambda place: abs(lines[place].entry.amount))
        shares[largest] += left
    return shares
