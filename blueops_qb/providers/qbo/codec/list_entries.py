"""List entries: accounts, items and classes as they are created (reference/quickbooks-online.md sections 4.6 to 4.8).

They have no room for our marker and are never changed. An item is a service, or a non-inventory part where it is only
bought: QuickBooks wants an income account of every service.
"""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.list_entries import AccountRecord, AccountType, ClassRecord, ItemKind, ItemRecord
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.members import Obj, Unfit, exactly, is_set, ref_of, shown_name

#: Longest name of an entry, and longest number of an account in a US company.
NAME, NUMBER = 100, 7
_TYPES = {ItemKind.NON_INVENTORY: "NonInventory"}


def account_body(document: AccountRecord, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of an account; raises Unfit."""
    del marker, whole
    body: Obj = {"Name": _name(document.name, "account", forbidden=':"'), "AccountType": document.type.value}
    if document.detail:
        body["AccountSubType"] = document.detail
    if document.number and profile.account_numbers:
        body["AcctNum"] = exactly(document.number, NUMBER, "The number of an account")
    return body


def account_of(obj: Obj, profile: BooksProfile) -> AccountRecord:
    """The document that an account shows; raises ValueError or KeyError for one that lacks a part."""
    return AccountRecord(
        name=shown_name(obj, "Name"),
        type=AccountType(obj["AccountType"]),
        detail=str(obj.get("AccountSubType") or ""),
        number=str(obj.get("AcctNum") or "") if profile.account_numbers else "",
    )


def item_body(document: ItemRecord, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of an item; raises Unfit."""
    del profile, marker, whole
    if document.income_account is None and document.expense_account is None:
        raise Unfit(f"The item “{document.name}” has no account; give it one in the template.")
    kind = plain_kind(document)
    body: Obj = {
        "Name": _name(document.name, "item", forbidden=":"),
        "Type": _TYPES.get(kind, "Service"),
        "Taxable": document.taxable,
    }
    for member, account in (
        ("IncomeAccountRef", document.income_account),
        ("ExpenseAccountRef", document.expense_account),
    ):
        if account is not None:
            body[member] = {"value": account.id}
    return body


def item_of(obj: Obj, profile: BooksProfile) -> ItemRecord:
    """The document that an item shows; raises KeyError for one that lacks a part."""
    del profile
    kinds: dict[Any, ItemKind] = {"Service": ItemKind.SERVICE, "NonInventory": ItemKind.NON_INVENTORY}
    return ItemRecord(
        name=shown_name(obj, "Name"),
        kind=kinds[obj["Type"]],
        income_account=ref_of(obj, "IncomeAccountRef", BooksKind.ACCOUNT),
        expense_account=ref_of(obj, "ExpenseAccountRef", BooksKind.ACCOUNT),
        taxable=is_set(obj, "Taxable"),
    )


def class_body(document: ClassRecord, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a class; raises Unfit."""
    del profile, marker, whole
    return {"Name": _name(document.name, "class", forbidden=":")}


def class_of(obj: Obj, profile: BooksProfile) -> ClassRecord:
    """The document that a class shows."""
    del profile
    return ClassRecord(name=shown_name(obj, "Name"))


def plain_kind(document: ItemRecord) -> ItemKind:
    """What the books can tell of an item's kind: a discount and a charge are services."""
    only_bought = document.income_account is None
    return (
        ItemKind.NON_INVENTORY if only_bought or document.kind is ItemKind.NON_INVENTORY else ItemKind.SERVICE
    )


def _name(name: str, what: str, *, forbidden: str) -> str:
    shown = exactly(name, NAME, f"The name of the {what}")
    if not shown or set(shown) & set(forbidden):
        cause = "is empty" if not shown else f"holds {' or '.join(sorted(set(shown) & set(forbidden)))}"
        raise Unfit(
            f"The name “{shown}” of the {what} {cause}, which QuickBooks Online does not take; change it in the "
            "template."
        )
    return shown
