"""The structure of the list messages: what a US company file takes and answers, element by element."""

from __future__ import annotations

_PERSON = "CompanyName(41) Salutation(15) FirstName(25) MiddleName(5) LastName(25)"
_REACH = "Phone(21) AltPhone(21) Fax(21) Email(1023) Cc(1023) Contact(41) AltContact(41) @CONTACTS"
_SHIP_TO = "ShipToAddress+{ Name*(41) @ADDR DefaultShipTo(b) }"
_JOB = "JobStatus(e:JobStatus) JobStartDate(d) JobProjectedEndDate(d) JobEndDate(d) JobDesc(99) JobTypeRef[159:JobType]"
_CARD = (
    "CreditCardInfo{ CreditCardNumber(25) ExpirationMonth(i) ExpirationYear(i) NameOnCard(41) CreditCardAddress(41) "
    "CreditCardPostalCode(18) }"
)
_CUSTOMER_TOP = "IsActive(b) ClassRef[159:Class] ParentRef[:Customer]"
_CUSTOMER_TERMS = "CustomerTypeRef[159:CustomerType] TermsRef[31:Terms] SalesRepRef[5:SalesRep]"
_CUSTOMER_TAX = (
    "SalesTaxCodeRef[3:SalesTaxCode] ItemSalesTaxRef[31:TaxItem] ResaleNumber(15) AccountNumber(99) CreditLimit($) "
    "PreferredPaymentMethodRef[31:PaymentMethod]"
)
_DELIVERY = "PreferredDeliveryMethod(e:PreferredDeliveryMethod) PriceLevelRef[31:PriceLevel]"
_CURRENCY = "CurrencyRef[64:Currency]"

_VENDOR_TOP = f"IsActive(b) ClassRef[159:Class] {_PERSON} JobTitle(41)"
_VENDOR_KIND = (
    "VendorTypeRef[159:VendorType] TermsRef[31:Terms] CreditLimit($) VendorTaxIdent(15) "
    "IsVendorEligibleFor1099(b)"
)

_EMPLOYEE = (
    "IsActive(b) Salutation(15) FirstName(25) MiddleName(5) LastName(25) JobTitle(41) Department(31) Description(64) "
    "EmployeeAddress{ Addr1(41) Addr2(41) City(31) State(21) PostalCode(13) } Phone(21) Pager(21) PagerPIN(10) "
    "AltPhone(21) Fax(21) Email(1023) EmployeeType(e:EmployeeType) HiredDate(d) ReleasedDate(d) AccountNumber(99) "
    "Notes(4095)"
)
_OTHER_NAME = (
    f"IsActive(b) {_PERSON} OtherNameAddress{{ @ADDR }} Phone(21) AltPhone(21) Fax(21) Email(1023) Contact(41) "
    "AltContact(41) AccountNumber(99) Notes(4095)"
)
_OTHER_NAME_RET = _OTHER_NAME.replace("Phone(21) Alt", "OtherNameAddressBlock{ @ABLK } Phone(21) Alt", 1)

_ONE = "SalesOrPurchase*{ Desc(4095) ( Price(p) | PricePercent(%) ) AccountRef[159:Account] }"
_BOTH = (
    "SalesAndPurchase*{ SalesDesc(4095) SalesPrice(p) IncomeAccountRef[159:Account] PurchaseDesc(4095) PurchaseCost(p) "
    "ExpenseAccountRef[159:Account] PrefVendorRef[41:Vendor] }"
)
_SIDES = f"*( {_ONE} | {_BOTH} )"
_SIDES_MOD = (
    "( SalesOrPurchaseMod{ Desc(4095) ( Price(p) | PricePercent(%) ) AccountRef[159:Account] "
    "ApplyAccountRefToExistingTxns(b) } | SalesAndPurchaseMod{ SalesDesc(4095) SalesPrice(p) "
    "IncomeAccountRef[159:Account] ApplyIncomeAccountRefToExistingTxns(b) PurchaseDesc(4095) PurchaseCost(p) "
    "ExpenseAccountRef[159:Account] ApplyExpenseAccountRefToExistingTxns(b) PrefVendorRef[41:Vendor] } )"
)
_UOM = "UnitOfMeasureSetRef[31:UnitOfMeasureSet]"
_TAXED = "SalesTaxCodeRef[3:SalesTaxCode]"
_CLASS_PARENT = "IsActive(b) ClassRef[159:Class] ParentRef[:KIND]"
_PARENT_CLASS = (
    "IsActive(b) ParentRef[:KIND] ClassRef[159:Class]"  # as non-inventory parts have it on Add only
)
_STOCK_SALE = "SalesDesc(4095) SalesPrice(p) IncomeAccountRef[159:Account]"
_STOCK_BUY = "PurchaseDesc(4095) PurchaseCost(p) COGSAccountRef[159:Account]"
_STOCK_END = "PrefVendorRef[41:Vendor] AssetAccountRef[159:Account] ReorderPoint(q) Max(q)"
_DISCOUNT = f"ItemDesc(4095) {_TAXED} ( DiscountRate(p) | DiscountRatePercent(%) ) AccountRef[159:Account]"
_MEMBERS = "ItemGroupLine+{ ItemRef[:Item] Quantity(q) UnitOfMeasure(31) }"
_PAYMENT = "ItemDesc(4095) DepositToAccountRef[159:Account] PaymentMethodRef[31:PaymentMethod]"


_RET_TREE = "FullName*(159) BarCodeValue(50) IsActive(b) ClassRef[159:Class] ParentRef[:KIND] Sublevel*(i)"
_GUID = "ExternalGUID(g)"
_FLAT = "BarCodeValue(50) IsActive(b)"


def _tree(kind: str) -> tuple[str, str, str]:
    return (
        f"Name*(31) IsActive(b) ParentRef[:{kind}]",
        "",
        f"Name*(31) FullName*(159) IsActive(b) ParentRef[:{kind}] Sublevel*(i)",
    )


def _item(kind: str, add: str, mod: str, ret: str) -> tuple[str, str, str]:
    return (
        f"Name*(31) @BARCODE {add}".replace("KIND", kind),
        f"Name(31) @BARCODE {mod}".replace("KIND", kind),
        f"Name*(31) {ret} @DXR".replace("KIND", kind),
    )


#: kind -> the members of Add, of Mod (behind ListID and EditSequence; empty: no such message), of Ret
#: (behind ListID, times and EditSequence)
LISTS: dict[str, tuple[str, str, str]] = {
    "Customer": (
        f"Name*(41) {_CUSTOMER_TOP} {_PERSON} JobTitle(41) BillAddress{{ @ADDR }} ShipAddress{{ @ADDR }} {_SHIP_TO} "
        f"{_REACH} {_CUSTOMER_TERMS} OpenBalance($) OpenBalanceDate(d) {_CUSTOMER_TAX} {_CARD} {_JOB} Notes(4095) "
        f"AdditionalNotes+{{ Note*(4095) }} {_DELIVERY} ExternalGUID(g) {_CURRENCY}",
        f"Name(41) {_CUSTOMER_TOP} {_PERSON} JobTitle(41) BillAddress{{ @ADDR }} ShipAddress{{ @ADDR }} {_SHIP_TO} "
        f"{_REACH} {_CUSTOMER_TERMS} {_CUSTOMER_TAX} {_CARD} {_JOB} Notes(4095) "
        f"AdditionalNotesMod+{{ NoteID*(i) Note*(4095) }} {_DELIVERY} {_CURRENCY}",
        f"Name*(41) FullName*(209) {_CUSTOMER_TOP} Sublevel*(i) {_PERSON} JobTitle(41) BillAddress{{ @ADDR }} "
        f"BillAddressBlock{{ @ABLK }} ShipAddress{{ @ADDR }} ShipAddressBlock{{ @ABLK }} {_SHIP_TO} {_REACH} "
        f"{_CUSTOMER_TERMS} Balance($) TotalBalance($) {_CUSTOMER_TAX} {_JOB} Notes(4095) "
        f"AdditionalNotesRet+{{ NoteID*(i) Date*(d) Note*(4095) }} {_DELIVERY} ExternalGUID(g) {_CURRENCY} @DXR",
    ),
    "Vendor": (
        f"Name*(41) {_VENDOR_TOP} VendorAddress{{ @ADDR }} ShipAddress{{ @ADDR }} {_REACH} NameOnCheck(41) "
        f"AccountNumber(99) Notes(4095) AdditionalNotes+{{ Note*(4095) }} {_VENDOR_KIND} OpenBalance($) "
        f"OpenBalanceDate(d) ExternalGUID(g) PrefillAccountRef+[159:Account] {_CURRENCY}",
        f"Name(41) {_VENDOR_TOP} VendorAddress{{ @ADDR }} ShipAddress{{ @ADDR }} {_REACH} NameOnCheck(41) "
        f"AccountNumber(99) Notes(4095) AdditionalNotesMod+{{ NoteID*(i) Note*(4095) }} {_VENDOR_KIND} "
        f"PrefillAccountRef+[159:Account] {_CURRENCY}",
        f"Name*(41) {_VENDOR_TOP} VendorAddress{{ @ADDR }} VendorAddressBlock{{ @ABLK }} ShipAddress{{ @ADDR }} "
        f"{_REACH} NameOnCheck(41) AccountNumber(99) Notes(4095) "
        f"AdditionalNotesRet+{{ NoteID*(i) Date*(d) Note*(4095) }} {_VENDOR_KIND} Balance($) ExternalGUID(g) "
        f"PrefillAccountRef+[159:Account] {_CURRENCY} @DXR",
    ),
    "Employee": (f"{_EMPLOYEE} ExternalGUID(g)", _EMPLOYEE, f"Name*(41) {_EMPLOYEE} ExternalGUID(g) @DXR"),
    "OtherName": (
        f"Name*(41) {_OTHER_NAME} ExternalGUID(g)",
        f"Name(41) {_OTHER_NAME}",
        f"Name*(41) {_OTHER_NAME_RET} ExternalGUID(g) @DXR",
    ),
    "Account": (
        "Name*(31) IsActive(b) ParentRef[:Account] AccountType*(e:AccountType) AccountNumber(7) BankNumber(25) "
        f"Desc(200) OpenBalance($) OpenBalanceDate(d) TaxLineID(i) {_CURRENCY}",
        "Name(31) IsActive(b) ParentRef[:Account] AccountType(e:AccountType) AccountNumber(7) BankNumber(25) "
        f"Desc(200) OpenBalance($) OpenBalanceDate(d) TaxLineID(i) {_CURRENCY}",
        "Name*(31) FullName*(159) IsActive(b) ParentRef[:Account] Sublevel*(i) AccountType*(e:AccountType) "
        "SpecialAccountType AccountNumber(7) BankNumber(25) Desc(200) Balance($) TotalBalance($) "
        f"CashFlowClassification {_CURRENCY} @DXR",
    ),
    "Class": (
        "Name*(31) IsActive(b) ParentRef[:Class]",
        "Name(31) IsActive(b) ParentRef[:Class]",
        _tree("Class")[2],
    ),
    **{kind: _tree(kind) for kind in ("CustomerType", "VendorType", "JobType")},
    "StandardTerms": (
        "Name*(31) IsActive(b) StdDueDays(i) StdDiscountDays(i) DiscountPct(%)",
        "",
        "Name*(31) IsActive(b) StdDueDays(i) StdDiscountDays(i) DiscountPct(%)",
    ),
    "DateDrivenTerms": (
        "Name*(31) IsActive(b) DayOfMonthDue*(i) DueNextMonthDays(i) DiscountDayOfMonth(i) DiscountPct(%)",
        "",
        "Name*(31) IsActive(b) DayOfMonthDue*(i) DueNextMonthDays(i) DiscountDayOfMonth(i) DiscountPct(%)",
    ),
    "PaymentMethod": (
        "Name*(31) IsActive(b) PaymentMethodType(e:PaymentMethodType)",
        "",
        "Name*(31) IsActive(b) PaymentMethodType(e:PaymentMethodType)",
    ),
    "SalesTaxCode": (
        "Name*(3) IsActive(b) IsTaxable*(b) Desc(31)",
        "Name(3) IsActive(b) IsTaxable(b) Desc(31)",
        "Name*(3) IsActive(b) IsTaxable*(b) Desc(31)",
    ),
    "ShipMethod": ("Name*(15) IsActive(b)", "", "Name*(15) IsActive(b)"),
    "CustomerMsg": ("Name*(101) IsActive(b)", "", "Name*(101) IsActive(b)"),
    "SalesRep": (
        "Initial*(5) IsActive(b) SalesRepEntityRef*[41:Entity]",
        "Initial(5) IsActive(b) SalesRepEntityRef[41:Entity]",
        "Initial*(5) IsActive(b) SalesRepEntityRef*[41:Entity]",
    ),
    "ItemService": _item(
        "ItemService",
        f"{_CLASS_PARENT} {_UOM} {_TAXED} {_SIDES} {_GUID}",
        f"{_CLASS_PARENT} {_UOM} ForceUOMChange(b) {_TAXED} {_SIDES_MOD}",
        f"{_RET_TREE} {_UOM} {_TAXED} {_SIDES} {_GUID}",
    ),
    "ItemNonInventory": _item(
        "ItemNonInventory",
        f"{_PARENT_CLASS} ManufacturerPartNumber(31) {_UOM} {_TAXED} {_SIDES} {_GUID}",
        f"{_CLASS_PARENT} ManufacturerPartNumber(31) {_UOM} ForceUOMChange(b) {_TAXED} {_SIDES_MOD}",
        f"{_RET_TREE} ManufacturerPartNumber(31) {_UOM} {_TAXED} {_SIDES} {_GUID}",
    ),
    "ItemOtherCharge": _item(
        "ItemOtherCharge",
        f"{_CLASS_PARENT} {_TAXED} {_SIDES} {_GUID}",
        f"{_CLASS_PARENT} {_TAXED} {_SIDES_MOD}",
        f"{_RET_TREE} {_TAXED} {_SIDES} SpecialItemType {_GUID}",
    ),
    "ItemInventory": _item(
        "ItemInventory",
        f"{_CLASS_PARENT} ManufacturerPartNumber(31) {_UOM} {_TAXED} {_STOCK_SALE} {_STOCK_BUY} {_STOCK_END} "
        f"QuantityOnHand(q) TotalValue($) InventoryDate(d) {_GUID}",
        f"{_CLASS_PARENT} ManufacturerPartNumber(31) {_UOM} ForceUOMChange(b) {_TAXED} {_STOCK_SALE} "
        f"ApplyIncomeAccountRefToExistingTxns(b) {_STOCK_BUY} ApplyCOGSAccountRefToExistingTxns(b) {_STOCK_END}",
        f"{_RET_TREE} ManufacturerPartNumber(31) {_UOM} {_TAXED} {_STOCK_SALE} {_STOCK_BUY} {_STOCK_END} "
        f"QuantityOnHand(q) AverageCost(p) QuantityOnOrder(q) QuantityOnSalesOrder(q) {_GUID}",
    ),
    "ItemDiscount": _item(
        "ItemDiscount",
        f"{_CLASS_PARENT} {_DISCOUNT} {_GUID}",
        f"{_CLASS_PARENT} {_DISCOUNT} ApplyAccountRefToExistingTxns(b)",
        f"{_RET_TREE} {_DISCOUNT} {_GUID}",
    ),
    "ItemPayment": _item(
        "ItemPayment",
        f"IsActive(b) ClassRef[159:Class] {_PAYMENT} {_GUID}",
        f"IsActive(b) ClassRef[159:Class] {_PAYMENT}",
        f"{_FLAT} ClassRef[159:Class] {_PAYMENT} {_GUID}",
    ),
    "ItemSubtotal": _item(
        "ItemSubtotal",
        f"IsActive(b) ItemDesc(4095) {_GUID}",
        "IsActive(b) ItemDesc(4095)",
        f"{_FLAT} ItemDesc(4095) SpecialItemType {_GUID}",
    ),
    "ItemSalesTax": _item(
        "ItemSalesTax",
        f"IsActive(b) ClassRef[159:Class] ItemDesc(4095) TaxRate(%) TaxVendorRef[41:Vendor] {_GUID}",
        "IsActive(b) ClassRef[159:Class] ItemDesc(4095) TaxRate(%) TaxVendorRef[41:Vendor]",
        f"{_FLAT} ClassRef[159:Class] ItemDesc(4095) TaxRate(%) TaxVendorRef[41:Vendor] {_GUID}",
    ),
    "ItemSalesTaxGroup": _item(
        "ItemSalesTaxGroup",
        f"IsActive(b) ItemDesc(4095) {_GUID} ItemSalesTaxRef*+[31:ItemSalesTax]",
        "IsActive(b) ItemDesc(4095) ItemSalesTaxRef+[31:ItemSalesTax]",
        f"{_FLAT} ItemDesc(4095) {_GUID} ItemSalesTaxRef+[31:ItemSalesTax]",
    ),
    "ItemGroup": _item(
        "ItemGroup",
        f"IsActive(b) ItemDesc(4095) {_UOM} IsPrintItemsInGroup(b) {_GUID} {_MEMBERS}",
        f"IsActive(b) ItemDesc(4095) {_UOM} ForceUOMChange(b) IsPrintItemsInGroup(b) "
        f"( ClearItemsInGroup(b) | {_MEMBERS} )",
        f"{_FLAT} ItemDesc(4095) {_UOM} IsPrintItemsInGroup(b) SpecialItemType {_GUID} {_MEMBERS}",
    ),
}
