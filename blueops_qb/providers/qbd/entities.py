"""The table of entities: our kinds beside what QuickBooks Desktop calls them, and how each is taken out."""

from __future__ import annotations

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.qbxml.tables.requests import VOIDABLE
from blueops_qb.sdk.capability import Removal


@attrs.frozen(kw_only=True)
class Entity:
    """One kind: `messages` are the words before Add, Mod, Query and Ret; `query` the one query of a mixed list.

    `paged` = can be read page by page; `linked` = its query can name the transactions that it is linked with.
    """

    kind: BooksKind
    messages: tuple[str, ...]
    query: str = ""
    removal: Removal | None = None
    transaction: bool = False
    linked: bool = False

    @property
    def queries(self) -> tuple[str, ...]:
        """The requests that read it."""
        return (f"{self.query}QueryRq",) if self.query else tuple(f"{name}QueryRq" for name in self.messages)


def _txn(kind: BooksKind, *messages: str, removal: Removal = Removal.VOID, linked: bool = False) -> Entity:
    return Entity(kind=kind, messages=messages, removal=removal, transaction=True, linked=linked)


_ITEMS = (
    *("ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory", "ItemInventoryAssembly"),
    *("ItemFixedAsset", "ItemSubtotal", "ItemDiscount", "ItemPayment", "ItemGroup"),
)
#: Taxes of a place are items here, alone or as a group, and stand in the list of items (section 4.3).
TAX_ITEMS = ("ItemSalesTax", "ItemSalesTaxGroup")
_TABLE = (
    Entity(kind=BooksKind.COMPANY, messages=("Company",)),
    # Created once, from an approved template, then never changed.
    Entity(kind=BooksKind.ACCOUNT, messages=("Account",), removal=Removal.HOLD),
    Entity(kind=BooksKind.ITEM, messages=_ITEMS, query="Item", removal=Removal.HOLD),
    Entity(kind=BooksKind.CLASS, messages=("Class",), removal=Removal.HOLD),
    Entity(kind=BooksKind.TAX_CODE, messages=TAX_ITEMS, query="Item"),
    Entity(kind=BooksKind.TERM, messages=("StandardTerms", "DateDrivenTerms"), query="Terms"),
    Entity(kind=BooksKind.PAYMENT_METHOD, messages=("PaymentMethod",)),
    Entity(kind=BooksKind.CUSTOMER, messages=("Customer",), removal=Removal.DEACTIVATE),
    Entity(kind=BooksKind.VENDOR, messages=("Vendor",), removal=Removal.DEACTIVATE),
    # Other names share the names of customers, vendors and employees, and nothing else.
    Entity(kind=BooksKind.EMPLOYEE, messages=("Employee", "OtherName")),
    _txn(BooksKind.INVOICE, "Invoice", removal=Removal.UNAPPLY_FIRST, linked=True),
    # A payment cannot be voided at all (section 0).
    _txn(BooksKind.PAYMENT, "ReceivePayment", removal=Removal.DELETE),
    _txn(BooksKind.EXPENSE, "Check", "CreditCardCharge", "CreditCardCredit"),
    _txn(BooksKind.BILL, "Bill", linked=True),
    _txn(BooksKind.JOURNAL, "JournalEntry"),
    # Voiding would leave the payments inside it at the bank; deleting sets them free.
    _txn(BooksKind.DEPOSIT, "Deposit", removal=Removal.DELETE),
    _txn(BooksKind.ESTIMATE, "Estimate", removal=Removal.DELETE, linked=True),
    _txn(BooksKind.CREDIT_MEMO, "CreditMemo", linked=True),
    _txn(BooksKind.SALES_RECEIPT, "SalesReceipt"),
    _txn(BooksKind.REFUND_RECEIPT, "ARRefundCreditCard"),
    _txn(BooksKind.BILL_PAYMENT, "BillPaymentCheck", "BillPaymentCreditCard"),
    _txn(BooksKind.VENDOR_CREDIT, "VendorCredit", linked=True),
    _txn(BooksKind.PURCHASE_ORDER, "PurchaseOrder", removal=Removal.DELETE, linked=True),
)
ENTITIES: dict[BooksKind, Entity] = {entity.kind: entity for entity in _TABLE}
#: The kind behind the name of a Ret element.
KIND_OF_RET: dict[str, BooksKind] = {
    f"{name}Ret": entity.kind for entity in _TABLE for name in entity.messages
}
VOIDABLE_TYPES = frozenset(VOIDABLE.split("|"))
#: Kinds of which QuickBooks takes a number twice without a word: the warning is the window's alone (sections 4.5, 4.8).
NUMBERS_ASKED = frozenset({BooksKind.INVOICE, BooksKind.BILL, BooksKind.JOURNAL})
