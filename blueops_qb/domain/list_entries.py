"""List entries: accounts, items and classes that a person approved, to be created in the books and never changed.

What a template proposes and the books lack becomes one of these. Like tax codes they are created once; afterwards they
are the bookkeeper's, who may rename or renumber them as he likes.
"""

from __future__ import annotations

import enum

import attrs

from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef


class AccountType(enum.StrEnum):
    """The types of accounts, in the words of QuickBooks Online; Desktop writes them without spaces."""

    BANK = "Bank"
    RECEIVABLE = "Accounts Receivable"
    OTHER_CURRENT_ASSET = "Other Current Asset"
    FIXED_ASSET = "Fixed Asset"
    OTHER_ASSET = "Other Asset"
    PAYABLE = "Accounts Payable"
    CREDIT_CARD = "Credit Card"
    OTHER_CURRENT_LIABILITY = "Other Current Liability"
    LONG_TERM_LIABILITY = "Long Term Liability"
    EQUITY = "Equity"
    INCOME = "Income"
    OTHER_INCOME = "Other Income"
    COST_OF_GOODS_SOLD = "Cost of Goods Sold"
    EXPENSE = "Expense"
    OTHER_EXPENSE = "Other Expense"


class ItemKind(enum.StrEnum):
    """What an item is; books that do not tell two of these apart keep them as one."""

    SERVICE = "service"
    NON_INVENTORY = "non_inventory"
    OTHER_CHARGE = "other_charge"
    DISCOUNT = "discount"


@attrs.frozen(kw_only=True)
class AccountRecord:
    """An account; `detail` is the detail type of QuickBooks Online, empty = the usual one of the type.

    `number` has at most 7 characters (reference/quickbooks-online.md section 4.6, quickbooks-desktop.md 5.2).
    """

    name: str
    type: AccountType
    detail: str = ""
    number: str = ""


@attrs.frozen(kw_only=True)
class ItemRecord:
    """An item: sold on `income_account`, bought on `expense_account`, at least one of them."""

    name: str
    kind: ItemKind = ItemKind.SERVICE
    income_account: BooksRef | None = None
    expense_account: BooksRef | None = None
    taxable: bool = False


@attrs.frozen(kw_only=True)
class ClassRecord:
    """A class at the top of its tree."""

    name: str


@attrs.frozen(kw_only=True)
class ListEntry:
    """One entry that a person approved for the books of a company; exactly one of the three is set.

    `id` says which proposal it is of, and which row; it is carried out once.
    """

    id: str
    #: The books' id of the company that it was approved for.
    company_id: str
    account: AccountRecord | None = None
    item: ItemRecord | None = None
    class_: ClassRecord | None = None

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.LIST_ENTRY, self.id)

    @property
    def document(self) -> AccountRecord | ItemRecord | ClassRecord:
        """What is to be created; raises ValueError for an entry of nothing, or of several."""
        told = [one for one in (self.account, self.item, self.class_) if one is not None]
        if len(told) != 1:
            raise ValueError(f"{self.ref} is to create {len(told)} entries; it must be exactly one")
        return told[0]

    @classmethod
    def of(cls, document: AccountRecord | ItemRecord | ClassRecord, *, id: str, company_id: str) -> ListEntry:
        """The entry that creates a document."""
        match document:
            case AccountRecord():
                return cls(id=id, company_id=company_id, account=document)
            case ItemRecord():
                return cls(id=id, company_id=company_id, item=document)
            case ClassRecord():
                return cls(id=id, company_id=company_id, class_=document)


#: The kinds of the books that list entries become.
LIST_KINDS: frozenset[BooksKind] = frozenset({BooksKind.ACCOUNT, BooksKind.ITEM, BooksKind.CLASS})
