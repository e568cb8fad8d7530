"""Facts and links: the strings that the engine keeps beside a record (`blueops_qb.sdk.outcomes.BooksRecord`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.applied import kind_of_type
from blueops_qb.providers.qbd.qbxml.element import Element

Fact = Callable[[Element], str]
_SIDES = ("SalesOrPurchase", "SalesAndPurchase")


def _at(*path: str) -> Fact:
    return lambda ret: ret.get(*path)


def _any(*paths: tuple[str, ...]) -> Fact:
    return lambda ret: next((text for path in paths if (text := ret.get(*path))), "")


def _item_type(ret: Element) -> str:
    """The type in the words that the mapping knows: `Service`, `NonInventory`, `Inventory`, else Desktop's own."""
    return ret.name.removeprefix("Item").removesuffix("Ret")


_LIST: dict[str, Fact] = {"full_name": _at("FullName"), "parent": _at("ParentRef", "ListID")}
_TXN: dict[str, Fact] = {"number": _at("RefNumber"), "external_guid": _at("ExternalGUID")}
_SALE: dict[str, Fact] = {**_TXN, "customer": _at("CustomerRef", "ListID"), "tax": _at("SalesTaxTotal")}
_COST: dict[str, Fact] = {**_TXN, "vendor": _any(("VendorRef", "ListID"), ("PayeeEntityRef", "ListID"))}
FACTS: dict[BooksKind, dict[str, Fact]] = {
    BooksKind.ACCOUNT: {
        **_LIST,
        "account_type": _at("AccountType"),
        "account_subtype": _at("SpecialAccountType"),
        "number": _at("AccountNumber"),
        "balance": _at("Balance"),
    },
    BooksKind.ITEM: {
        **_LIST,
        "item_type": _item_type,
        "income_account": _any(
            ("SalesAndPurchase", "IncomeAccountRef", "ListID"),
            ("SalesOrPurchase", "AccountRef", "ListID"),
            ("IncomeAccountRef", "ListID"),
            ("AccountRef", "ListID"),
        ),
        "expense_account": _any(
            ("SalesAndPurchase", "ExpenseAccountRef", "ListID"),
            ("SalesOrPurchase", "AccountRef", "ListID"),
            ("COGSAccountRef", "ListID"),
        ),
        "asset_account": _at("AssetAccountRef", "ListID"),
        "taxable": _at("SalesTaxCodeRef", "FullName"),
    },
    BooksKind.CLASS: _LIST,
    BooksKind.TAX_CODE: {
        "rate": _at("TaxRate"),
        "group": lambda ret: "true" if ret.name == "ItemSalesTaxGroupRet" else "false",
        "rates": lambda ret: " ".join(member.get("ListID") for member in ret.all("ItemSalesTaxRef")),
    },
    BooksKind.TERM: {"due_days": _at("StdDueDays"), "day_of_month": _at("DayOfMonthDue")},
    BooksKind.PAYMENT_METHOD: {"method_type": _at("PaymentMethodType")},
    BooksKind.CUSTOMER: {
        **_LIST,
        "balance": _at("TotalBalance"),
        "email": _at("Email"),
        "taxable": _at("SalesTaxCodeRef", "FullName"),
        "external_guid": _at("ExternalGUID"),
    },
    BooksKind.VENDOR: {
        "balance": _at("Balance"),
        "email": _at("Email"),
        "external_guid": _at("ExternalGUID"),
    },
    BooksKind.EMPLOYEE: {"email": _at("Email"), "type": lambda ret: ret.name.removesuffix("Ret")},
    BooksKind.INVOICE: {**_SALE, "balance": _at("BalanceRemaining")},
    BooksKind.CREDIT_MEMO: {**_SALE, "total": _at("TotalAmount"), "remaining_credit": _at("CreditRemaining")},
    BooksKind.SALES_RECEIPT: {**_SALE, "total": _at("TotalAmount")},
    BooksKind.ESTIMATE: {**_SALE, "total": _at("TotalAmount")},
    BooksKind.REFUND_RECEIPT: {**_SALE, "total": _at("TotalAmount")},
    BooksKind.PAYMENT: {
        **_TXN,
        "customer": _at("CustomerRef", "ListID"),
        "total": _at("TotalAmount"),
        "unapplied": _at("UnusedPayment"),
    },
    # Some versions leave out what is open, or tell it wrongly; a read sets it right (providers.qbd.open_bills).
    BooksKind.BILL: {**_COST, "total": _at("AmountDue"), "balance": _at("OpenAmount")},
    BooksKind.VENDOR_CREDIT: {**_COST, "total": _at("CreditAmount"), "balance": _at("OpenAmount")},
    BooksKind.PURCHASE_ORDER: {**_COST, "total": _at("TotalAmount")},
    BooksKind.EXPENSE: {**_COST, "total": _at("Amount"), "type": lambda ret: ret.name.removesuffix("Ret")},
    BooksKind.BILL_PAYMENT: {
        **_COST,
        "total": _at("Amount"),
        "type": lambda ret: ret.name.removesuffix("Ret"),
    },
    BooksKind.JOURNAL: _TXN,
    BooksKind.DEPOSIT: {"total": _at("DepositTotal"), "external_guid": _at("ExternalGUID")},
}


def facts_of(kind: BooksKind, ret: Element) -> dict[str, str]:
    """The facts that are there."""
    found = ((name, read(ret)) for name, read in FACTS.get(kind, {}).items())
    return {name: value for name, value in found if value}


def linked_of(ret: Element) -> tuple[BooksRef, ...]:
    """The records that a transaction is linked with, each once."""
    return tuple(dict.fromkeys(_links(ret)))


def _links(ret: Element) -> Iterator[BooksRef]:
    for link in ret.all("LinkedTxn", "AppliedToTxnRet", "RefundAppliedToTxnRet", "DepositLineRet"):
        if link.get("TxnID"):
            yield kind_of_type(link.get("TxnType"), link.get("TxnID"))
        yield from _links(link)
