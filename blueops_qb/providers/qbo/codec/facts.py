"""Facts and links: the strings that the engine keeps beside a record, one table row per fact.

The keys are those that providers agree on (`blueops_qb.sdk.outcomes.BooksRecord`) and a few of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.members import Obj, amount_of, leaf_of, ref_id
from blueops_qb.providers.qbo.codec.receipts import other_links

Fact = Callable[[Obj], str]


def _text(member: str) -> Fact:
    return lambda obj: _spelled(obj.get(member))


def _id(member: str) -> Fact:
    return lambda obj: ref_id(obj, member)


def _leaf(member: str, leaf: str) -> Fact:
    return lambda obj: leaf_of(obj, member, leaf)


def _money(member: str) -> Fact:
    return lambda obj: str(amount_of(obj, member)) if obj.get(member) is not None else ""


def _spelled(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rates(obj: Obj) -> str:
    """The ids of the rates that a tax code is made of, parted by blanks."""
    rows = (obj.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    return " ".join(ref_id(row, "TaxRateRef") for row in rows)


_TXN: dict[str, Fact] = {"number": _text("DocNumber"), "total": _money("TotalAmt")}
_SALE: dict[str, Fact] = {**_TXN, "customer": _id("CustomerRef")}
FACTS: dict[BooksKind, dict[str, Fact]] = {
    BooksKind.ACCOUNT: {
        "account_type": _text("AccountType"),
        "account_subtype": _text("AccountSubType"),
        "classification": _text("Classification"),
        "number": _text("AcctNum"),
        "parent": _id("ParentRef"),
        "full_name": _text("FullyQualifiedName"),
    },
    BooksKind.ITEM: {
        "item_type": _text("Type"),
        "income_account": _id("IncomeAccountRef"),
        "expense_account": _id("ExpenseAccountRef"),
        "asset_account": _id("AssetAccountRef"),
        "taxable": _text("Taxable"),
        "parent": _id("ParentRef"),
        "full_name": _text("FullyQualifiedName"),
        "sku": _text("Sku"),
    },
    BooksKind.CLASS: {"parent": _id("ParentRef"), "full_name": _text("FullyQualifiedName")},
    BooksKind.LOCATION: {"parent": _id("ParentRef"), "full_name": _text("FullyQualifiedName")},
    BooksKind.TAX_CODE: {
        "group": _text("TaxGroup"),
        "taxable": _text("Taxable"),
        "hidden": _text("Hidden"),
        "rates": _rates,
    },
    BooksKind.TAX_RATE: {"rate": _text("RateValue"), "agency": _id("AgencyRef")},
    BooksKind.TERM: {"due_days": _text("DueDays"), "day_of_month": _text("DayOfMonthDue")},
    BooksKind.PAYMENT_METHOD: {"method_type": _text("Type")},
    BooksKind.CUSTOMER: {
        "parent": _id("ParentRef"),
        "balance": _money("Balance"),
        "full_name": _text("FullyQualifiedName"),
        "email": _leaf("PrimaryEmailAddr", "Address"),
        "project": _text("IsProject"),
        "billed_with_parent": _text("BillWithParent"),
        "taxable": _text("Taxable"),
    },
    BooksKind.VENDOR: {"balance": _money("Balance"), "email": _leaf("PrimaryEmailAddr", "Address")},
    BooksKind.EMPLOYEE: {"email": _leaf("PrimaryEmailAddr", "Address")},
    BooksKind.INVOICE: {**_SALE, "balance": _money("Balance")},
    BooksKind.PAYMENT: {
        "number": _text("PaymentRefNum"),
        "total": _money("TotalAmt"),
        "unapplied": _money("UnappliedAmt"),
        "customer": _id("CustomerRef"),
        "other_links": other_links,
    },
    BooksKind.EXPENSE: {**_TXN, "payment_type": _text("PaymentType")},
    BooksKind.BILL: {**_TXN, "balance": _money("Balance")},
    BooksKind.JOURNAL: {"number": _text("DocNumber")},
    BooksKind.ESTIMATE: {**_SALE, "status": _text("TxnStatus")},
    BooksKind.CREDIT_MEMO: {
        **_SALE,
        "balance": _money("Balance"),
        "remaining_credit": _money("RemainingCredit"),
    },
    BooksKind.SALES_RECEIPT: _SALE,
    BooksKind.REFUND_RECEIPT: _SALE,
    BooksKind.BILL_PAYMENT: {**_TXN, "vendor": _id("VendorRef")},
    BooksKind.VENDOR_CREDIT: {**_TXN, "balance": _money("Balance"), "vendor": _id("VendorRef")},
    BooksKind.PURCHASE_ORDER: {**_TXN, "vendor": _id("VendorRef"), "status": _text("POStatus")},
    BooksKind.DEPOSIT: {"total": _money("TotalAmt")},
}

#: What a link's type means among our kinds.
LINK_KINDS: dict[str, BooksKind] = {
    "Invoice": BooksKind.INVOICE,
    "Payment": BooksKind.PAYMENT,
    "Deposit": BooksKind.DEPOSIT,
    "JournalEntry": BooksKind.JOURNAL,
    "Bill": BooksKind.BILL,
    "Expense": BooksKind.EXPENSE,
    "Check": BooksKind.EXPENSE,
    "CreditCardCredit": BooksKind.EXPENSE,
    "CreditMemo": BooksKind.CREDIT_MEMO,
    "Estimate": BooksKind.ESTIMATE,
    "SalesReceipt": BooksKind.SALES_RECEIPT,
    "RefundReceipt": BooksKind.REFUND_RECEIPT,
    "BillPayment": BooksKind.BILL_PAYMENT,
    "BillPaymentCheck": BooksKind.BILL_PAYMENT,
    "BillPaymentCreditCard": BooksKind.BILL_PAYMENT,
    "VendorCredit": BooksKind.VENDOR_CREDIT,
    "PurchaseOrder": BooksKind.PURCHASE_ORDER,
}


def facts_of(kind: BooksKind, obj: Obj) -> dict[str, str]:
    """The facts that are there."""
    found = ((name, read(obj)) for name, read in FACTS.get(kind, {}).items())
    return {name: value for name, value in found if value}


def linked_of(obj: Obj) -> tuple[BooksRef, ...]:
    """The records that a transaction is linked with, its lines' links included, each once."""
    return tuple(dict.fromkeys(_links(obj)))


def _links(obj: Obj) -> Iterator[BooksRef]:
    lists = [obj.get("LinkedTxn") or [], *(line.get("LinkedTxn") or [] for line in obj.get("Line") or [])]
    for links in lists:
        for link in links:
            kind = LINK_KINDS.get(str(link.get("TxnType")))
            if kind is not None and link.get("TxnId"):
                yield BooksRef(kind, str(link["TxnId"]))
