"""New list elements: accounts, classes and items that a person approved from a template (sections 4.3, 4.4).

They are created and never changed. An item that is only sold or only bought has one account, and QuickBooks does not
tell which of the two it is.
"""

from __future__ import annotations

from blueops_qb.domain.list_entries import AccountRecord, AccountType, ClassRecord, ItemKind, ItemRecord
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    exactly,
    flag,
    named_ref,
    put,
    put_ref,
    ref_of,
)
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.characters import folded
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

#: Longest number of an account.
ACCOUNT_NUMBER = 7
#: The types of items that templates make; a type can hardly be changed later.
MESSAGES: dict[ItemKind, str] = {
    ItemKind.SERVICE: "ItemService",
    ItemKind.NON_INVENTORY: "ItemNonInventory",
    ItemKind.OTHER_CHARGE: "ItemOtherCharge",
    ItemKind.DISCOUNT: "ItemDiscount",
}
_KINDS = {f"{message}Ret": kind for kind, message in MESSAGES.items()}
_TYPES = {type_.value.replace(" ", ""): type_ for type_ in AccountType}


def account_head(account: AccountRecord, books: Books, marker: str) -> list[Element]:
    """The members of an account; raises Unwritable."""
    del marker
    body = [
        leaf("Name", fitted(Space.ITEM, account.name, books.names, "The account")),
        flag("IsActive", True),
        leaf("AccountType", account.type.value.replace(" ", "")),
    ]
    put(body, "AccountNumber", exactly(account.number, ACCOUNT_NUMBER, "The account number"))
    return body


def account_of(ret: Element, books: Books) -> AccountRecord:
    """The document that an account shows; raises KeyError for a type that BlueOps does not create."""
    number = ret.get("AccountNumber") if books.profile.account_numbers else ""
    return AccountRecord(name=ret.get("Name"), type=_TYPES[ret.get("AccountType")], number=number)


def class_head(new: ClassRecord, books: Books, marker: str) -> list[Element]:
    """The members of a class; raises Unwritable."""
    del marker
    return [leaf("Name", fitted(Space.ITEM, new.name, books.names, "The class")), flag("IsActive", True)]


def class_of(ret: Element, books: Books) -> ClassRecord:
    """The document that a class shows."""
    del books
    return ClassRecord(name=ret.get("Name"))


def item_message(item: ItemRecord) -> str:
    """The word before `AddRq`."""
    return MESSAGES[item.kind]


def item_head(item: ItemRecord, books: Books, marker: str) -> list[Element]:
    """The members of an item; raises Unwritable where it lacks the account that QuickBooks wants."""
    del marker
    body = [leaf("Name", fitted(Space.ITEM, item.name, books.names, "The item")), flag("IsActive", True)]
    item = one_account(item)
    if item.income_account is None:
        raise Unwritable(f"The item “{item.name}” has no account; choose one in the template.")
    if books.taxing:
        body.append(named_ref("SalesTaxCodeRef", books.taxed if item.taxable else books.untaxed))
    if item.kind is ItemKind.DISCOUNT:
        put_ref(body, "AccountRef", item.income_account)
    elif item.expense_account is None:
        sides: list[Element] = []
        put_ref(sides, "AccountRef", item.income_account)
        body.append(branch("SalesOrPurchase", sides))
    else:
        sides = []
        put_ref(sides, "IncomeAccountRef", item.income_account)
        put_ref(sides, "ExpenseAccountRef", item.expense_account)
        body.append(branch("SalesAndPurchase", sides))
    return body


def item_of(ret: Element, books: Books) -> ItemRecord:
    """The document that an item shows; raises KeyError for a type that BlueOps does not create."""
    both = ret.child("SalesAndPurchase")
    one = ret.child("SalesOrPurchase") or ret
    return ItemRecord(
        name=ret.get("Name"),
        kind=_KINDS[ret.name],
        income_account=ref_of(one, "AccountRef", BooksKind.ACCOUNT)
        if both is None
        else ref_of(both, "IncomeAccountRef", BooksKind.ACCOUNT),
        expense_account=None if both is None else ref_of(both, "ExpenseAccountRef", BooksKind.ACCOUNT),
        taxable=books.taxing and folded(ret.get("SalesTaxCodeRef", "FullName")) == folded(books.taxed),
    )


def one_account(item: ItemRecord) -> ItemRecord:
    """An item that has one account shows it in one place, whatever it is; a discount has no other."""
    return ItemRecord(
        name=item.name,
        kind=item.kind,
        income_account=item.income_account or item.expense_account,
        expense_account=None
        if item.income_account is None or item.kind is ItemKind.DISCOUNT
        else item.expense_account,
        taxable=item.taxable,
    )
