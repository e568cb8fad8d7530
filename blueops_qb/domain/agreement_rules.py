"""Rules of agreement: what the books choose by themselves, and by which rule a difference is expected.

Each rule names the accounts that it may touch and holds to the cent; what it does not cover stays a difference.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import attrs


class Rule(enum.StrEnum):
    """Why a difference is expected."""

    #: An account that we did not name; the books took their own of that duty.
    BOOKS_CHOOSE = "books_choose"
    #: Tax goes to an account per agency; together they hold what is expected.
    TAX_AGENCIES = "tax_agencies"
    #: The books take the cost of goods in stock out by themselves when they are sold.
    COST_OF_GOODS = "cost_of_goods"
    #: The books post what an exchange rate won or lost against receivable or payable.
    EXCHANGE = "exchange"


@attrs.frozen(order=True)
class Place:
    """Everything that tells lines apart but their amount; ids of the books, empty where there is none."""

    account: str
    day: dt.date
    customer: str = ""
    vendor: str = ""
    class_: str = ""
    location: str = ""


@attrs.frozen(kw_only=True)
class Line:
    """A line on an account, debit positive, in cents. `duty` and `item` are known on our side only."""

    account: str
    cents: int
    day: dt.date
    customer: str = ""
    vendor: str = ""
    class_: str = ""
    location: str = ""
    duty: str = ""
    item: str = ""

    @property
    def place(self) -> Place:
        return Place(self.account, self.day, self.customer, self.vendor, self.class_, self.location)

    def without(self, parts: Collection[str]) -> Line:
        """The line without what is left aside, `class`, `location` or `party`."""
        named = "party" not in parts
        return attrs.evolve(
            self,
            customer=self.customer if named else "",
            vendor=self.vendor if named else "",
            class_="" if "class" in parts else self.class_,
            location="" if "location" in parts else self.location,
        )

    def plain(self) -> Line:
        """As a ledger shows it: a line bears one name, the customer's before the vendor's."""
        return attrs.evolve(self, vendor="") if self.customer and self.vendor else self


@attrs.frozen(kw_only=True)
class Account:
    """What an account is, in the books' own words (`Accounts Receivable`, `UndepositedFunds`)."""

    type: str = ""
    subtype: str = ""


@attrs.frozen(kw_only=True)
class Item:
    """Where an item posts to; `stock` is empty for what is not kept in stock."""

    income: str = ""
    cost: str = ""
    stock: str = ""


@attrs.frozen(kw_only=True)
class Chart:
    """The accounts and items of the books as they are now."""

    accounts: Mapping[str, Account] = attrs.field(factory=dict)
    items: Mapping[str, Item] = attrs.field(factory=dict)

    def accounts_of(self, item: str) -> frozenset[str]:
        """The accounts that an item leads to."""
        found = self.items.get(item, Item())
        return frozenset({found.income, found.cost, found.stock} - {""})

    def fits(self, account: str, duty: str) -> bool:
        """Whether an account may have the duty."""
        known = self.accounts.get(account)
        return known is not None and known in _Duty(duty)


@attrs.frozen(kw_only=True)
class Explained:
    """So much more (or less, negative) than expected at a place, by a rule; 0 where it only named the account."""

    rule: Rule
    place: Place
    cents: int


_TYPES: Mapping[str, frozenset[str]] = {
    "ar": frozenset({"accounts receivable"}),
    "ap": frozenset({"accounts payable"}),
}
_SUBTYPES: Mapping[str, frozenset[str]] = {
    "undeposited": frozenset({"undepositedfunds"}),
    "discounts": frozenset({"discountsrefundsgiven"}),
    "tax_payable": frozenset({"salestaxpayable", "globaltaxpayable", "globaltaxsuspense"}),
    "exchange": frozenset({"exchangegainorloss"}),
}


@attrs.frozen
class _Duty:
    """The accounts that may have a duty, by type or detail type."""

    name: str

    def __contains__(self, account: Account) -> bool:
        return account.type.lower() in _TYPES.get(
            self.name, frozenset()
        ) or account.subtype.lower() in _SUBTYPES.get(self.name, frozenset())


# -- accounts that we did not name ---------------------------------------------------------------------
def resolved(
    ours: Sequence[Line], theirs: Sequence[Line], chart: Chart
) -> tuple[tuple[Line, ...], tuple[Explained, ...]]:
    """Our lines with the accounts that the books chose where we named none, and which those are."""
    lines: list[Line] = []
    explained: list[Explained] = []
    for line in ours:
        account = line.account or _chosen(line, ours, theirs, chart)
        if account and not line.account:
            line = attrs.evolve(line, account=account)
            explained.append(Explained(rule=Rule.BOOKS_CHOOSE, place=line.place, cents=0))
        lines.append(line)
    return tuple(lines), tuple(explained)


def _chosen(line: Line, ours: Sequence[Line], theirs: Sequence[Line], chart: Chart) -> str:
    """The only account of the books that can be meant; empty when there is none or more than one."""
    if line.duty:
        fitting = {there.account for there in theirs if chart.fits(there.account, line.duty)}
    else:
        named = {here.account for here in ours}
        alike = attrs.evolve(line.place, account="")
        fitting = {
            there.account
            for there in theirs
            if there.account not in named
            and there.cents == line.cents
            and attrs.evolve(there.place, account="") == alike
        }
    return fitting.pop() if len(fitting) == 1 else ""


# -- what the books post by themselves -----------------------------------------------------------------
_Apart = Mapping[Place, int]


def explain(ours: Sequence[Line], apart: _Apart, chart: Chart) -> tuple[Explained, ...]:
    """What rules explain of a document's differences; `apart` is what the books hold more, by place."""
    left, found = dict(apart), list[Explained]()
    for rule in _RULES:
        for one in rule(ours, left, chart):
            found.append(one)
            left[one.place] -= one.cents
    return tuple(found)


def _tax_agencies(ours: Sequence[Line], apart: _Apart, chart: Chart) -> Iterator[Explained]:
    taxed = {line.place for line in ours if line.duty == "tax_payable"}
    groups: dict[Place, list[Place]] = defaultdict(list)
    for place, cents in apart.items():
        if cents and (place in taxed or chart.fits(place.account, "tax_payable")):
            groups[attrs.evolve(place, account="")].append(place)
    for places in groups.values():
        if any(place in taxed for place in places) and not sum(apart[place] for place in places):
            for place in sorted(places):
                yield Explained(rule=Rule.TAX_AGENCIES, place=place, cents=apart[place])


def _cost_of_goods(ours: Sequence[Line], apart: _Apart, chart: Chart) -> Iterator[Explained]:
    sold = [chart.items[line.item] for line in ours if line.item in chart.items]
    accounts = {account for item in sold if item.stock for account in (item.stock, item.cost)} - {""}
    mine = {line.place for line in ours}
    places = [p for p, cents in apart.items() if cents and p.account in accounts and p not in mine]
    if places and not sum(apart[place] for place in places):
        for place in sorted(places):
            yield Explained(rule=Rule.COST_OF_GOODS, place=place, cents=apart[place])


def _exchange(_: Sequence[Line], apart: _Apart, chart: Chart) -> Iterator[Explained]:
    won = [p for p, cents in apart.items() if cents and chart.fits(p.account, "exchange")]
    owed = [
        p
        for p, cents in apart.items()
        if cents and (chart.fits(p.account, "ar") or chart.fits(p.account, "ap"))
    ]
    if won and owed and not sum(apart[place] for place in (*won, *owed)):
        for place in sorted((*won, *owed)):
            yield Explained(rule=Rule.EXCHANGE, place=place, cents=apart[place])


_RULES: tuple[Callable[[Sequence[Line], _Apart, Chart], Iterator[Explained]], ...] = (
    _tax_agencies,
    _cost_of_goods,
    _exchange,
)
