"""Requests without a block of their own: queries, removals, deletions (sections 4.10 to 4.13); custom fields."""

from __future__ import annotations

#: What can be voided; payments of customers, estimates and purchase orders cannot.
VOIDABLE = (
    "ARRefundCreditCard|Bill|BillPaymentCheck|BillPaymentCreditCard|Check|CreditCardCharge|CreditCardCredit"
    "|CreditMemo|Deposit|Invoice|JournalEntry|SalesReceipt|VendorCredit"
)
DELETABLE = f"{VOIDABLE}|Estimate|PurchaseOrder|ReceivePayment"
_LISTS = (
    "Account|Class|Customer|DateDrivenTerms|Employee|ItemDiscount|ItemFixedAsset|ItemGroup|ItemInventory"
    "|ItemInventoryAssembly|ItemNonInventory|ItemOtherCharge|ItemPayment|ItemSalesTax|ItemSalesTaxGroup|ItemService"
    "|ItemSubtotal|OtherName|PaymentMethod|SalesTaxCode|StandardTerms|Vendor"
)
_DELETED = "DeletedDateRangeFilter{ FromDeletedDate(dt) ToDeletedDate(dt) } @RETURNED"
_BY_NAME = "ListID*+(id) | FullName*+(s)"
_OWNED = "@RETURNED OwnerID+(g)"
_TXN = "( TxnID*+(id) | RefNumber*+(s) | RefNumberCaseSensitive*+(s) | MaxReturned(i) @WHEN @WHOM @NUMBERED"
_EXTENDED = (
    "( ListDataExtType*(e:Account|Customer|Employee|Item|OtherName|Vendor) ListObjRef*[159]"
    " | TxnDataExtType*(e:ARRefundCreditCard|Bill|BillPaymentCheck|BillPaymentCreditCard|Check|CreditCardCharge"
    "|CreditCardCredit|CreditMemo|Deposit|Estimate|Invoice|JournalEntry|PurchaseOrder|ReceivePayment|SalesReceipt"
    "|VendorCredit) TxnID*(id) TxnLineID(id) | OtherDataExtType*(e:Company) )*"
)


def _list(more: str = "", *, owned: bool = True) -> str:
    return f"( {_BY_NAME} | @LISTED {more} ) {_OWNED if owned else '@RETURNED'}"


def _txn(more: str = "", *, links: bool = True, numbers: bool = True) -> str:
    which = _TXN if numbers else "( TxnID*+(id) | MaxReturned(i) @WHEN @WHOM"
    return f"{which} {more} ) IncludeLineItems(b) {'IncludeLinkedTxns(b)' if links else ''} {_OWNED}"


_PAID = "PaidStatus(e:All|PaidOnly|NotPaidOnly)"

MESSAGES: dict[str, str] = {
    # -- removals and what was removed
    "TxnVoidRq": f"TxnVoidType*(e:{VOIDABLE}) TxnID*(id)",
    "TxnDelRq": f"TxnDelType*(e:{DELETABLE}) TxnID*(id)",
    "ListDelRq": f"ListDelType*(e:{_LISTS}) ListID*(id)",
    "TxnDeletedQueryRq": f"TxnDelType*+(e:{DELETABLE}) {_DELETED}",
    "ListDeletedQueryRq": f"ListDelType*+(e:{_LISTS}) {_DELETED}",
    # -- the company
    "HostQueryRq": "IncludeListMetaData{ IncludeMaxCapacity*(b) } @RETURNED",
    "CompanyQueryRq": "@RETURNED OwnerID+(g)",
    "PreferencesQueryRq": "@RETURNED",
    # -- lists
    "AccountQueryRq": _list(),
    "ClassQueryRq": _list(owned=False),
    "ItemQueryRq": _list(),
    "ItemSubtotalQueryRq": _list(),
    "ItemSalesTaxQueryRq": _list(),
    "SalesTaxCodeQueryRq": _list(owned=False),
    "TermsQueryRq": _list(owned=False),
    "PaymentMethodQueryRq": _list(owned=False),
    "CustomerQueryRq": _list(),
    "VendorQueryRq": _list(),
    "EmployeeQueryRq": _list(),
    "OtherNameQueryRq": _list(),
    "EntityQueryRq": _list(owned=False),
    # -- transactions
    "InvoiceQueryRq": _txn(_PAID),
    "BillQueryRq": _txn(_PAID),
    "CreditMemoQueryRq": _txn(),
    "SalesReceiptQueryRq": _txn(links=False),
    "EstimateQueryRq": _txn(),
    "ReceivePaymentQueryRq": _txn(links=False),
    "VendorCreditQueryRq": _txn(),
    "CheckQueryRq": _txn(),
    "CreditCardChargeQueryRq": _txn(links=False),
    "CreditCardCreditQueryRq": _txn(links=False),
    "JournalEntryQueryRq": _txn(links=False),
    "PurchaseOrderQueryRq": _txn(),
    "BillPaymentCheckQueryRq": _txn(links=False),
    "BillPaymentCreditCardQueryRq": _txn(links=False),
    "ARRefundCreditCardQueryRq": _txn(links=False),
    "DepositQueryRq": _txn(links=False, numbers=False),
    "BillToPayQueryRq": "PayeeEntityRef*[209] APAccountRef[159] DueDate(d) @RETURNED",
    "ReceivePaymentToDepositQueryRq": "@RETURNED",
    "TransactionQueryRq": "( TxnID*+(id) | MaxReturned(i) ( RefNumber+(s) | RefNumberCaseSensitive+(s) )"
    " TransactionModifiedDateRangeFilter{ FromModifiedDate(dt) ToModifiedDate(dt) }"
    " TransactionDateRangeFilter{ FromTxnDate(d) ToTxnDate(d) }"
    " TransactionAccountFilter{ ( ListID+(id) | FullName+(s) ) }"
    " TransactionDetailLevelFilter(e:All|SummaryOnly|AllExceptSummary)"
    " TransactionPostingStatusFilter(e:Either|NonPosting|Posting) ) @RETURNED",
    # -- private fields
    "DataExtDefAdd": "OwnerID*(g) DataExtName*(31) DataExtType*(e:STR255TYPE) AssignToObject*+(e:Company)",
    "DataExtAdd": f"OwnerID*(g) DataExtName*(31) {_EXTENDED} DataExtValue*(s)",
}
#: Queries that can be read page by page (section 3.4); the attribute on another one spoils the whole set.
PAGED = frozenset(
    f"{name}QueryRq"
    for name in (
        *(
            "Customer",
            "Vendor",
            "Entity",
            "Item",
            "ItemSalesTax",
            "Invoice",
            "CreditMemo",
            "ReceivePayment",
            "Bill",
        ),
        *(
            "Check",
            "CreditCardCharge",
            "JournalEntry",
            "Deposit",
            "Estimate",
            "PurchaseOrder",
            "SalesReceipt",
        ),
        *("Transaction", "VendorCredit", "CreditCardCredit", "BillPaymentCheck", "BillPaymentCreditCard"),
        "ARRefundCreditCard",
    )
)
