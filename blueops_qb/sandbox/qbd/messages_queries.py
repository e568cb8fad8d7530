"""The structure of queries, removals and data extensions: requests, and answers that are no list record."""

from __future__ import annotations

_LIST_TAIL = "MaxReturned(i) @LISTF"
_TOTAL = "TotalBalanceFilter{ Operator*(e:Operator) Amount*($) } @CURRENCY"
_CLASSES = "ClassFilter{ @TREE }"
_OWNER = "OwnerID+(g)"


def _list(tail: str = "", *, owner: bool = False) -> str:
    return f"( ListID+(id) | FullName+ | {_LIST_TAIL} {tail} ) @IRE {_OWNER if owner else ''}"


_FLAT_LISTS = (
    "Class CustomerType VendorType JobType StandardTerms DateDrivenTerms Terms SalesTaxCode ShipMethod CustomerMsg "
    "SalesRep Entity"
)
_ITEMS = (
    "ItemService ItemNonInventory ItemOtherCharge ItemInventory ItemDiscount ItemPayment ItemSubtotal ItemSalesTax "
    "ItemSalesTaxGroup ItemGroup"
)
#: Items without a class have no filter by class.
_NO_CLASS = ("ItemSubtotal", "ItemSalesTaxGroup", "ItemGroup")

LIST_QUERIES: dict[str, str] = {
    **{kind: _list() for kind in _FLAT_LISTS.split()},
    "Customer": _list(f"{_TOTAL} {_CLASSES}", owner=True),
    "Vendor": _list(f"{_TOTAL} {_CLASSES}", owner=True),
    "Employee": _list(owner=True),
    "OtherName": _list(owner=True),
    "Account": _list("AccountType+(e:AccountType) @CURRENCY", owner=True),
    "PaymentMethod": _list("PaymentMethodType+(e:PaymentMethodType)"),
    "Item": _list(owner=True),
    **{kind: _list("" if kind in _NO_CLASS else _CLASSES, owner=True) for kind in _ITEMS.split()},
}


def _txn(*, paid: bool = False, linked: bool = False, numbered: bool = True) -> str:
    numbers = "| RefNumber+ | RefNumberCaseSensitive+" if numbered else ""
    return (
        f"( TxnID+(id) {numbers} | MaxReturned(i) @WHEN @WHOSE {'@REFNO' if numbered else ''} @CURRENCY "
        f"{'PaidStatus(e:PaidStatus)' if paid else ''} ) IncludeLineItems(b) "
        f"{'IncludeLinkedTxns(b)' if linked else ''} @IRE {_OWNER}"
    )


TXN_QUERIES: dict[str, str] = {
    "Invoice": _txn(paid=True, linked=True),
    "CreditMemo": _txn(linked=True),
    "SalesReceipt": _txn(),
    "Estimate": _txn(linked=True),
    "Bill": _txn(paid=True, linked=True),
    "VendorCredit": _txn(linked=True),
    "Check": _txn(linked=True),
    "CreditCardCharge": _txn(),
    "CreditCardCredit": _txn(),
    "PurchaseOrder": _txn(linked=True),
    "ReceivePayment": _txn(),
    "BillPaymentCheck": _txn(),
    "BillPaymentCreditCard": _txn(),
    "ARRefundCreditCard": _txn(),
    "Deposit": _txn(numbered=False),
    "JournalEntry": _txn(),
}

_NUMBER = (
    "( RefNumber+ | RefNumberCaseSensitive+ | RefNumberFilter{ MatchCriterion*(e:MatchCriterion) RefNumber* } "
    "| RefNumberRangeFilter{ FromRefNumber ToRefNumber } )"
)


def _by(name: str, values: str) -> str:
    return (
        f"Transaction{name}Filter{{ ( {name}TypeFilter(e:{values}) | ListID+(id) | FullName+ | ListIDWithChildren(id) "
        "| FullNameWithChildren ) }"
    )


_OBJECT = (
    "OwnerID*(g) DataExtName*(31) *( ListDataExtType*(e:ListDataExtType) ListObjRef*[159:DataOwner] "
    "| TxnDataExtType*(e:TxnDataExtType) TxnID*(id) TxnLineID(id) | OtherDataExtType*(e:OtherDataExtType) )"
)

#: message -> what its request holds
OTHERS: dict[str, str] = {
    "HostQuery": "IncludeListMetaData{ IncludeMaxCapacity*(b) } @IRE",
    "CompanyQuery": "@IRE OwnerID+(g)",
    "PreferencesQuery": "@IRE",
    "TxnVoid": "TxnVoidType*(e:TxnVoidType) TxnID*(id)",
    "TxnDel": "TxnDelType*(e:TxnDelType) TxnID*(id)",
    "ListDel": "ListDelType*(e:ListDelType) ListID*(id)",
    "TxnDeletedQuery": (
        "TxnDelType*+(e:TxnDelType) DeletedDateRangeFilter{ FromDeletedDate(dt) ToDeletedDate(dt) } @IRE"
    ),
    "ListDeletedQuery": (
        "ListDelType*+(e:ListDelType) DeletedDateRangeFilter{ FromDeletedDate(dt) ToDeletedDate(dt) } @IRE"
    ),
    "BillToPayQuery": ("PayeeEntityRef*[209:Entity] APAccountRef[159:Account] DueDate(d) @CURRENCY @IRE"),
    "ReceivePaymentToDepositQuery": "@IRE",
    "TransactionQuery": (
        f"( TxnID+(id) | MaxReturned(i) {_NUMBER} "
        "TransactionModifiedDateRangeFilter{ ( FromModifiedDate(dt) ToModifiedDate(dt) | DateMacro(e:DateMacro) ) } "
        "TransactionDateRangeFilter{ ( FromTxnDate(d) ToTxnDate(d) | DateMacro(e:DateMacro) ) } "
        f"{_by('Entity', 'EntityType')} {_by('Account', 'AccountTypeFilter')} {_by('Item', 'ItemTypeFilter')} "
        "TransactionClassFilter{ @TREE } TransactionTypeFilter{ TxnTypeFilter*+(e:TxnTypeFilter) } "
        "TransactionDetailLevelFilter(e:DetailLevel) TransactionPostingStatusFilter(e:PostingStatus) "
        "TransactionPaidStatusFilter(e:OpenStatus) @CURRENCY ) @IRE"
    ),
    "DataExtDefAdd": (
        "DataExtDefAdd*{ OwnerID*(g) DataExtName*(31) DataExtType*(e:DataExtType) AssignToObject+(e:AssignToObject) "
        "DataExtListRequire(b) DataExtTxnRequire(b) DataExtFormatString } @IRE"
    ),
    "DataExtDefQuery": "( OwnerID+(g) | AssignToObject+(e:AssignToObject) ) @IRE",
    "DataExtAdd": f"DataExtAdd*{{ {_OBJECT} DataExtValue* }}",
    "DataExtMod": f"DataExtMod*{{ {_OBJECT} DataExtValue* }}",
    "DataExtDel": f"DataExtDel*{{ {_OBJECT} }}",
}

_CAPACITIES = [
    "Account",
    "BillingRate",
    "Class",
    "CustomerMsg",
    "CustomerType",
    "Entity",
    "Item",
    "JobType",
    "PaymentMethod",
    "PayrollItem",
    "PriceLevel",
    "SalesRep",
    "SalesTaxCode",
    "ShipMethod",
    "Template",
    "Terms",
    "ToDo",
    "Vehicle",
    "VendorType",
]
_PREFERENCES = (
    "AccountingPreferences*{ IsUsingAccountNumbers*(b) IsRequiringAccounts*(b) IsUsingClassTracking*(b) "
    "AssignClassesTo IsUsingAuditTrail*(b) IsAssigningJournalEntryNumbers*(b) ClosingDate(d) } "
    "FinanceChargePreferences*{ AnnualInterestRate(%) MinFinanceCharge($) GracePeriod*(i) "
    "FinanceChargeAccountRef[159:Account] IsAssessingForOverdueCharges*(b) CalculateChargesFrom* "
    "IsMarkedToBePrinted*(b) } JobsAndEstimatesPreferences*{ IsUsingEstimates*(b) IsUsingProgressInvoicing*(b) "
    "IsPrintingItemsWithZeroAmounts*(b) } MultiCurrencyPreferences{ IsMultiCurrencyOn(b) "
    "HomeCurrencyRef[64:Currency] } PurchasesAndVendorsPreferences*{ IsUsingInventory*(b) DaysBillsAreDue*(i) "
    "IsAutomaticallyUsingDiscounts*(b) DefaultDiscountAccountRef[159:Account] } ReportsPreferences*{ AgingReportBasis* "
    "SummaryReportBasis* } SalesAndCustomersPreferences*{ DefaultShipMethodRef[15:ShipMethod] DefaultFOB(13) "
    "DefaultMarkup(%) IsTrackingReimbursedExpensesAsIncome*(b) IsAutoApplyingPayments*(b) PriceLevels{ "
    "IsUsingPriceLevels*(b) IsRoundingSalesPriceUp(b) } } SalesTaxPreferences{ DefaultItemSalesTaxRef*[31:TaxItem] "
    "PaySalesTax* DefaultTaxableSalesTaxCodeRef*[3:SalesTaxCode] DefaultNonTaxableSalesTaxCodeRef*[3:SalesTaxCode] } "
    "TimeTrackingPreferences{ FirstDayOfWeek* } CurrentAppAccessRights*{ IsAutomaticLoginAllowed*(b) "
    "AutomaticLoginUserName(29) IsPersonalDataAccessAllowed*(b) } ItemsAndInventoryPreferences{ "
    "EnhancedInventoryReceivingEnabled(b) FIFOEnabled(b) }"
)

#: record -> its members, for those that are neither of a list nor a transaction
OTHER_RETS: dict[str, str] = {
    "Host": (
        "ProductName*(255) MajorVersion*(5) MinorVersion*(5) Country(2) SupportedQBXMLVersion*+(10) "
        "IsAutomaticLogin(b) QBFileMode* ListMetaData{ "
        + " ".join(f"{kind}MetaData*{{ MaxCapacity*(i) }}" for kind in _CAPACITIES)
        + " }"
    ),
    "Company": (
        "IsSampleCompany*(b) CompanyName(59) LegalCompanyName(59) Address{ @ADDR } AddressBlock{ @ABLK } "
        "LegalAddress{ @ADDR } Phone(51) Fax(51) Email(1023) CompanyWebSite(128) FirstMonthFiscalYear "
        "FirstMonthIncomeTaxYear CompanyType(255) EIN(20) TaxForm AccountantCopy{ AccountantCopyExists*(b) "
        "DividingDate(d) } @DXR"
    ),
    "Preferences": _PREFERENCES,
    "TxnDeleted": "TxnDelType* TxnID*(id) TimeCreated*(dt) TimeDeleted*(dt) RefNumber",
    "ListDeleted": "ListDelType* ListID*(id) TimeCreated*(dt) TimeDeleted*(dt) FullName",
    "BillToPay": (
        "( BillToPay{ TxnID*(id) TxnType* APAccountRef*[159:Account] TxnDate*(d) RefNumber(20) DueDate(d) "
        "AmountDue*($) } "
        "| CreditToApply{ TxnID*(id) TxnType* APAccountRef*[159:Account] TxnDate*(d) RefNumber(20) "
        "CreditRemaining*($) } )"
    ),
    "ReceivePaymentToDeposit": (
        "TxnID*(id) TxnLineID(id) TxnType* CustomerRef[209:Customer] TxnDate*(d) RefNumber Amount*($)"
    ),
    "Transaction": (
        "TxnType TxnID(id) TxnLineID(id) TimeCreated(dt) TimeModified(dt) EntityRef[209:Entity] "
        "AccountRef[159:Account] TxnDate(d) RefNumber Amount($) Memo(4095)"
    ),
    "DataExtDef": (
        "OwnerID(g) DataExtID*(i) DataExtName*(31) DataExtType* AssignToObject+ DataExtListRequire*(b) "
        "DataExtTxnRequire*(b) DataExtFormatString*"
    ),
    "DataExt": "OwnerID(g) DataExtName*(31) DataExtType* DataExtValue*",
    "DataExtDel": (
        "OwnerID(g) DataExtName*(31) ( ListDataExtType ListObjRef[159:DataOwner] | TxnDataExtType TxnID(id) "
        "TxnLineID(id) | OtherDataExtType ) TimeDeleted(dt)"
    ),
}

#: message -> what stands in its answer directly, without a record around it
DIRECT: dict[str, str] = {
    "TxnVoid": "TxnVoidType TxnID(id) TimeCreated(dt) TimeModified(dt) RefNumber",
    "TxnDel": "TxnDelType TxnID(id) TimeDeleted(dt) RefNumber",
    "ListDel": "ListDelType ListID(id) TimeDeleted(dt) FullName",
}

RECOVERY = (
    "ErrorRecovery{ ( ListID(id) | OwnerID(g) | TxnID(id) ) TxnNumber(i) EditSequence(16) ExternalGUID(g) }"
)
