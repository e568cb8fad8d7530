"""The table of entities: our kinds beside QuickBooks Online's names, paths, removals and page links."""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Removal


@attrs.frozen(kw_only=True)
class Entity:
    """One kind of record as the v3 API knows it.

    `link` is the page behind "open in QuickBooks" (reference/quickbooks-online.md section 11.1), `number`
    the member that holds the document number where it can be queried (section 5), `in_cdc` whether change
    data capture covers it (section 6).
    """

    kind: BooksKind
    name: str
    removal: Removal | None = None
    link: str = ""
    number: str = ""
    named: str = ""
    listed: bool = False
    in_cdc: bool = True

    @property
    def path(self) -> str:
        """The lower-case path segment."""
        return self.name.lower()


def _txn(kind: BooksKind, name: str, *, removal: Removal = Removal.DELETE) -> Entity:
    return Entity(kind=kind, name=name, removal=removal, link=f"{name.lower()}?txnId=", number="DocNumber")


def _entry(kind: BooksKind, name: str) -> Entity:
    """An entry of a list that is created once and then never changed."""
    return Entity(kind=kind, name=name, removal=Removal.HOLD, named="Name", listed=True)


_TABLE = (
    Entity(kind=BooksKind.COMPANY, name="CompanyInfo", in_cdc=False),
    _entry(BooksKind.ACCOUNT, "Account"),
    _entry(BooksKind.ITEM, "Item"),
    _entry(BooksKind.CLASS, "Class"),
    Entity(kind=BooksKind.LOCATION, name="Department", named="Name", listed=True),
    Entity(
        kind=BooksKind.TAX_CODE,
        name="TaxCode",
        removal=Removal.HOLD,  # created by a call of its own, then never changed
        named="Name",
        listed=True,
        in_cdc=False,
    ),
    Entity(kind=BooksKind.TAX_RATE, name="TaxRate", named="Name", listed=True, in_cdc=False),
    Entity(kind=BooksKind.TAX_AGENCY, name="TaxAgency", named="DisplayName", in_cdc=False),
    Entity(kind=BooksKind.CURRENCY, name="CompanyCurrency", named="Name", listed=True, in_cdc=False),
    Entity(kind=BooksKind.TERM, name="Term", named="Name", listed=True),
    Entity(kind=BooksKind.PAYMENT_METHOD, name="PaymentMethod", named="Name", listed=True),
    Entity(
        kind=BooksKind.CUSTOMER,
        name="Customer",
        removal=Removal.DEACTIVATE,
        link="customerdetail?nameId=",
        named="DisplayName",
        listed=True,
    ),
    Entity(
        kind=BooksKind.VENDOR,
        name="Vendor",
        removal=Removal.DEACTIVATE,
        link="vendordetail?nameId=",
        named="DisplayName",
        listed=True,
    ),
    Entity(kind=BooksKind.EMPLOYEE, name="Employee", named="DisplayName", listed=True),
    Entity(
        kind=BooksKind.INVOICE,
        name="Invoice",
        removal=Removal.UNAPPLY_FIRST,
        link="invoice?txnId=",
        number="DocNumber",
    ),
    Entity(kind=BooksKind.PAYMENT, name="Payment", removal=Removal.VOID, link="recvpayment?txnId="),
    Entity(
        kind=BooksKind.EXPENSE,
        name="Purchase",
        removal=Removal.DELETE,
        link="expense?txnId=",
        number="DocNumber",
    ),
    Entity(kind=BooksKind.BILL, name="Bill", removal=Removal.DELETE, link="bill?txnId=", number="DocNumber"),
    Entity(
        kind=BooksKind.JOURNAL,
        name="JournalEntry",
        removal=Removal.DELETE,
        link="journal?txnId=",
        number="DocNumber",
    ),
    Entity(kind=BooksKind.DEPOSIT, name="Deposit", removal=Removal.DELETE, link="deposit?txnId="),
    _txn(BooksKind.ESTIMATE, "Estimate"),
    _txn(BooksKind.CREDIT_MEMO, "CreditMemo"),
    _txn(BooksKind.SALES_RECEIPT, "SalesReceipt", removal=Removal.VOID),
    _txn(BooksKind.REFUND_RECEIPT, "RefundReceipt"),
    _txn(BooksKind.BILL_PAYMENT, "BillPayment", removal=Removal.VOID),
    _txn(BooksKind.VENDOR_CREDIT, "VendorCredit"),
    _txn(BooksKind.PURCHASE_ORDER, "PurchaseOrder"),
    Entity(kind=BooksKind.ATTACHMENT, name="Attachable", removal=Removal.DELETE, in_cdc=False),
)
ENTITIES: dict[BooksKind, Entity] = {entity.kind: entity for entity in _TABLE}
BY_NAME: dict[str, Entity] = {entity.name: entity for entity in _TABLE}
#: Kinds whose void is an update with the option `void` (section 3).
VOIDABLE = frozenset({BooksKind.INVOICE, BooksKind.PAYMENT, BooksKind.SALES_RECEIPT, BooksKind.BILL_PAYMENT})
#: Kinds that we write, change and take out.
WRITTEN: tuple[BooksKind, ...] = tuple(
    entity.kind for entity in _TABLE if entity.removal not in (None, Removal.HOLD)
)
#: Kinds that QuickBooks numbers twice without a word, or refuses (code 6140) by a setting that cannot be read
#: (section 4.16).
NUMBERS_ASKED = frozenset({BooksKind.INVOICE, BooksKind.BILL, BooksKind.JOURNAL})
#: How far back change data capture is trusted to reach: 30 days, less one as a margin (section 6).
REACH = dt.timedelta(days=29)
#: Most objects that one answer of change data capture holds.
CAP = 1000
#: What webhooks name, in lower case, that change data capture does not tell of: the lists are read anew.
CATALOG_HINTS = frozenset(
    {"companycurrency", "companyinfo", "currency", "preferences", "taxagency", "taxcode", "taxrate"}
)
#: What a change feed asks for.
FEED_KINDS: tuple[BooksKind, ...] = tuple(entity.kind for entity in _TABLE if entity.in_cdc)
