"""Template: what a company of a trade keeps in its books, as an accountant writes it down."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.mapping import Family

#: Accounts with a duty of the books' own, of which there must never be a second one -> the words of the books for
#: them: the detail types of QuickBooks Online, the special account types of Desktop. Receivables and payables are told
#: by their type alone.
SYSTEM: dict[str, tuple[str, ...]] = {
    "ar": (),
    "ap": (),
    "undeposited": ("UndepositedFunds",),
    "sales_tax": ("SalesTaxPayable", "GlobalTaxPayable"),
    "inventory": ("Inventory", "InventoryAssets"),
    "exchange": ("ExchangeGainOrLoss", "ExchangeGainLoss"),
}


@attrs.frozen(kw_only=True)
class Option:
    """Rows that not every company wants, by the name that `with` and `--with` use."""

    name: str
    title: str


@attrs.frozen(kw_only=True)
class AccountRow:
    """An account. `existing`: it is chosen from what is there and never created, as a bank account is."""

    number: str
    name: str
    type: AccountType
    detail: str = ""
    #: The name for books that keep fewer characters.
    short: str = ""
    #: Other names under which companies keep it.
    also: tuple[str, ...] = ()
    system: str = ""
    existing: bool = False
    option: str = ""

    @property
    def key(self) -> str:
        return f"account {self.number}"


@attrs.frozen(kw_only=True)
class ItemRow:
    """An item; `income` and `cost` are numbers of accounts of the template."""

    name: str
    kind: ItemKind = ItemKind.SERVICE
    income: str = ""
    cost: str = ""
    taxable: bool = False
    short: str = ""
    also: tuple[str, ...] = ()
    option: str = ""

    @property
    def key(self) -> str:
        return f"item {self.name}"

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(number for number in (self.income, self.cost) if number)


@attrs.frozen(kw_only=True)
class ClassRow:
    """A class."""

    name: str
    short: str = ""
    also: tuple[str, ...] = ()
    option: str = ""

    @property
    def key(self) -> str:
        return f"class {self.name}"


@attrs.frozen(kw_only=True)
class MappingRow:
    """A key of BlueOps, and the rows of the template that it leads to."""

    family: Family
    key: str
    scope: str = ""
    account: str = ""
    item: str = ""
    class_: str = ""
    taxable: bool | None = None
    option: str = ""

    @property
    def label(self) -> str:
        return f"{self.family.value} {self.key}" + (f" for {self.scope}" if self.scope else "")


Row = AccountRow | ItemRow | ClassRow


@attrs.frozen(kw_only=True)
class Template:
    """A whole template, with the rows of those that it extends in front."""

    name: str
    title: str
    options: tuple[Option, ...] = ()
    accounts: tuple[AccountRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    mappings: tuple[MappingRow, ...] = ()
    #: The options that come without being asked for.
    chosen: tuple[str, ...] = ()

    @property
    def rows(self) -> Iterator[Row]:
        """Accounts, items and classes."""
        yield from self.accounts
        yield from self.items
        yield from self.classes

    def with_options(self, more: Collection[str] = ()) -> Template:
        """The template with the rows of no other options than those chosen and `more`.

        Raises ValueError, with a sentence, for an option that it does not have.
        """
        known = {option.name for option in self.options}
        if unknown := sorted(set(more) - known):
            raise ValueError(
                f"the template “{self.name}” has no option “{unknown[0]}”; it has: {', '.join(sorted(known)) or 'none'}"
            )
        chosen = {*self.chosen, *more}
        return attrs.evolve(
            self,
            accounts=tuple(row for row in self.accounts if not row.option or row.option in chosen),
            items=tuple(row for row in self.items if not row.option or row.option in chosen),
            classes=tuple(row for row in self.classes if not row.option or row.option in chosen),
            mappings=tuple(row for row in self.mappings if not row.option or row.option in chosen),
            chosen=tuple(sorted(chosen)),
        )
