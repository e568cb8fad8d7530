"""The double-entry ledger that stands under the accounting twins.

Every business transaction posts one or more balanced *parts* (the document itself, a cost part computed
later, ...).  Amounts are signed: a debit is positive, a credit negative, so that a part sums to 0.00 and the
whole ledger sums to 0.00 at any moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

import attrs

ZERO = Decimal("0.00")
CENT = Decimal("0.01")


class UnbalancedError(ValueError):
    """A part whose entries do not sum to 0.00, or hold a fraction of a cent."""


@attrs.frozen(kw_only=True, order=True)
class Txn:
    """The transaction that owns entries: its kind in the books (``"Invoice"``) and its id there."""

    kind: str
    id: str


def _padded(amount: Decimal) -> Decimal:
    # 129 and 129.0 are shown as 129.00; a fraction of a cent is left for the check to refuse.
    exponent = amount.as_tuple().exponent
    return amount.quantize(CENT) if isinstance(exponent, int) and exponent > -2 else amount


@attrs.frozen(kw_only=True)
class Entry:
    """One posting: ``amount`` in the home currency, debit positive; empty strings where a tag is not set."""

    account: str
    amount: Decimal = attrs.field(converter=_padded)
    customer: str = ""
    vendor: str = ""
    employee: str = ""
    class_id: str = ""
    department: str = ""
    memo: str = ""


@attrs.frozen(kw_only=True)
class LedgerLine:
    """One entry together with the transaction, the part and the day that carry it."""

    txn: Txn
    part: str
    day: date
    entry: Entry


@attrs.frozen(kw_only=True)
class TrialBalance:
    """Signed balance per account, and the sums of the debit and of the credit column."""

    balances: Mapping[str, Decimal]
    debits: Decimal
    credits: Decimal

    @property
    def difference(self) -> Decimal:
        """Debits minus credits: 0.00 in a sound ledger."""
        return self.debits - self.credits


@attrs.frozen(kw_only=True)
class _Part:
    day: date
    entries: tuple[Entry, ...]


class Ledger:
    """Entries by transaction, with running balances per account and per account and party."""

    def __init__(self) -> None:
        self._parts: dict[Txn, dict[str, _Part]] = {}
        self._accounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self._customers: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._vendors: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)

    def post(self, txn: Txn, *, day: date, entries: Iterable[Entry], part: str = "") -> None:
        """Post or replace one part of a transaction; raises UnbalancedError and then changes nothing."""
        kept = tuple(entries)
        check_balanced(kept, what=f"{txn.kind} {txn.id}")
        self._withdraw(txn, part)
        self._parts.setdefault(txn, {})[part] = _Part(day=day, entries=kept)
        self._count(kept, 1)

    def remove(self, txn: Txn, *, part: str | None = None) -> None:
        """Take a deleted transaction (or one part of it) out of the ledger; unknown ones are no error."""
        for name in [part] if part is not None else list(self._parts.get(txn, {})):
            self._withdraw(txn, name)
        if not self._parts.get(txn, {"": None}):
            del self._parts[txn]

    def zero(self, txn: Txn) -> None:
        """Void: the transaction keeps its entries, all with amount 0.00."""
        for name, part in list(self._parts.get(txn, {}).items()):
            blank = [attrs.evolve(entry, amount=ZERO) for entry in part.entries]
            self.post(txn, day=part.day, entries=blank, part=name)

    def balance(self, account: str, *, until: date | None = None) -> Decimal:
        """Signed balance of one account, of all time or up to and including ``until``."""
        if until is None:
            return self._accounts[account]
        return sum((line.entry.amount for line in self.lines(account=account, until=until)), ZERO)

    def customer_balance(self, account: str, customer: str) -> Decimal:
        """What an account holds in the name of a customer, debit positive."""
        return self._customers[account, customer]

    def vendor_balance(self, account: str, vendor: str) -> Decimal:
        """What an account holds in the name of a vendor, debit positive."""
        return self._vendors[account, vendor]

    def of(self, txn: Txn) -> list[LedgerLine]:
        """All lines of one transaction."""
        parts = self._parts.get(txn, {})
        return [
            LedgerLine(txn=txn, part=name, day=part.day, entry=entry)
            for name, part in parts.items()
            for entry in part.entries
        ]

    def lines(
        self, *, account: str | None = None, since: date | None = None, until: date | None = None
    ) -> Iterator[LedgerLine]:
        """Lines in order of posting, of one account or all, between two days (both included)."""
        for txn, parts in self._parts.items():
            for name, part in parts.items():
                if (since is not None and part.day < since) or (until is not None and part.day > until):
                    continue
                for entry in part.entries:
                    if account is None or entry.account == account:
                        yield LedgerLine(txn=txn, part=name, day=part.day, entry=entry)

    def balances(self, *, since: date | None = None, until: date | None = None) -> dict[str, Decimal]:
        """Signed sums per account over a period; accounts at 0.00 are left out."""
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        if since is None and until is None:
            sums.update(self._accounts)
        else:
            for line in self.lines(since=since, until=until):
                sums[line.entry.account] += line.entry.amount
        return {account: amount for account, amount in sums.items() if amount}

    def trial_balance(self, *, until: date | None = None) -> TrialBalance:
        """Balances per account with both columns summed."""
        return trial_balance_of(self.balances(until=until))

    def _withdraw(self, txn: Txn, part: str) -> None:
        held = self._parts.get(txn, {}).pop(part, None)
        if held is not None:
            self._count(held.entries, -1)

    def _count(self, entries: Iterable[Entry], sign: int) -> None:
        for entry in entries:
            amount = entry.amount * sign
            self._accounts[entry.account] += amount
            if entry.customer:
                self._customers[entry.account, entry.customer] += amount
            if entry.vendor:
                self._vendors[entry.account, entry.vendor] += amount


def check_balanced(entries: Iterable[Entry], *, what: str) -> None:
    """Raise UnbalancedError unless the amounts are whole cents and sum to 0.00; ``what`` names the owner."""
    total = ZERO
    for entry in entries:
        if entry.amount != entry.amount.quantize(CENT):
            raise UnbalancedError(f"{what}: {entry.amount} on account {entry.account} is not in whole cents")
        total += entry.amount
    if total:
        raise UnbalancedError(f"{what}: debits exceed credits by {total}; every transaction must sum to 0.00")


def trial_balance_of(balances: Mapping[str, Decimal]) -> TrialBalance:
    """Sum the two columns of a set of signed balances."""
    debits = sum((amount for amount in balances.values() if amount > 0), ZERO)
    credits = -sum((amount for amount in balances.values() if amount < 0), ZERO)
    return TrialBalance(balances=dict(balances), debits=debits, credits=credits)
