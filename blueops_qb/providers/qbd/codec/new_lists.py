"""New list elements: accounts, classes and items that a person approved from a template (sections 4.3, 4.4)."""

from __future__ import annotations

import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.refs import BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    exactly,
    five,
    flag,
    named_ref,
    put,
    put_ref,
    words,
)
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

#: Longest number of an account and its description.
ACCOUNT_NUMBER, ACCOUNT_TEXT = 7, 200


class ItemType(enum.StrEnum):
    """The types of items that templates make; a type can hardly be changed later."""

    SERVICE = "ItemService"
    NON_INVENTORY = "ItemNonInventory"
    OTHER_CHARGE = "ItemOtherCharge"
    DISCOUNT = "ItemDiscount"
    SUBTOTAL = "ItemSubtotal"


@attrs.frozen(kw_only=True)
class NewAccount:
    """An account; `type` in Desktop's own word, such as `OtherCurrentLiability`."""

    name: str
    type: str
    number: str = ""
    parent: BooksRef | None = None
    description: str = ""


@attrs.frozen(kw_only=True)
class NewClass:
    """A class."""

    name: str
    parent: BooksRef | None = None


@attrs.frozen(kw_only=True)
class NewItem:
    """An item. With both accounts it is bought and sold; a discount has `account` only, a subtotal none."""

    name: str
    type: ItemType
    description: str = ""
    account: BooksRef | None = None
    expense_account: BooksRef | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    taxable: bool = False
    parent: BooksRef | None = None


def account_request(account: NewAccount, books: Books) -> Element:
    """The request for an account; raises Unwritable."""
    body = [
        leaf("Name", fitted(Space.ITEM, account.name, books.names, "The account")),
        flag("IsActive", True),
    ]
    put_ref(body, "ParentRef", account.parent, "The account above")
    body.append(leaf("AccountType", account.type))
    put(body, "AccountNumber", exactly(account.number, ACCOUNT_NUMBER, "The account number"))
    put(body, "Desc", words(account.description, ACCOUNT_TEXT))
    return checked("AccountAddRq", [branch("AccountAdd", body)])


def class_request(new: NewClass, books: Books) -> Element:
    """The request for a class; raises Unwritable."""
    body = [leaf("Name", fitted(Space.ITEM, new.name, books.names, "The class")), flag("IsActive", True)]
    put_ref(body, "ParentRef", new.parent, "The class above")
    return checked("ClassAddRq", [branch("ClassAdd", body)])


def item_request(item: NewItem, books: Books) -> Element:
    """The request for an item; raises Unwritable where it lacks the account that QuickBooks wants."""
    body = [leaf("Name", fitted(Space.ITEM, item.name, books.names, "The item")), flag("IsActive", True)]
    put_ref(body, "ParentRef", item.parent, "The item above")
    if item.type is ItemType.SUBTOTAL:
        if item.parent is not None:
            raise Unwritable(
                f"The subtotal item “{item.name}” cannot stand below another one; leave that out."
            )
        put(body, "ItemDesc", words(item.description))
        return checked(f"{item.type}AddRq", [branch(f"{item.type}Add", body)])
    if item.account is None:
        raise Unwritable(f"The item “{item.name}” has no account; choose one in the template.")
    if books.taxing:
        body.append(named_ref("SalesTaxCodeRef", books.taxed if item.taxable else books.untaxed))
    if item.type is ItemType.DISCOUNT:
        put(body, "ItemDesc", words(item.description))
        put_ref(body, "AccountRef", item.account)
    elif item.expense_account is None:
        body.append(branch("SalesOrPurchase", _sold(item, "Desc", "Price", "AccountRef")))
    else:
        sides = _sold(item, "SalesDesc", "SalesPrice", "IncomeAccountRef")
        put(sides, "PurchaseDesc", words(item.description))
        _put_price(sides, "PurchaseCost", item.cost)
        put_ref(sides, "ExpenseAccountRef", item.expense_account)
        body.append(branch("SalesAndPurchase", sides))
    return checked(f"{item.type}AddRq", [branch(f"{item.type}Add", body)])


def _sold(item: NewItem, text: str, price: str, account: str) -> list[Element]:
    sides: list[Element] = []
    put(sides, text, words(item.description))
    _put_price(sides, price, item.price)
    put_ref(sides, account, item.account)
    return sides


def _put_price(sides: list[Element], name: str, price: Decimal | None) -> None:
    if price is not None:
        sides.append(leaf(name, five(price)))
