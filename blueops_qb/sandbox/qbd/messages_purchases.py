"""The structure of the purchase forms: bill, vendor credit, check, card charge and credit, purchase order."""

from __future__ import annotations

from blueops_qb.sandbox.qbd.reading import LINES

_EXPENSE = (
    "AccountRef[159:Account] Amount($) Memo(4095) CustomerRef[209:Customer] ClassRef[159:Class] "
    "BillableStatus(e:BillableStatus)"
)
_REP = "SalesRepRef[5:SalesRep]"
_DATA = "DataExt+{ @DX }"
_UOM = "OverrideUOMSetRef[31:UnitOfMeasureSet]"
_ITEM = "ItemRef[:Item] @SITE Desc(4095) Quantity(q) UnitOfMeasure(31)"
_COST = "Cost(p) Amount($) CustomerRef[209:Customer] ClassRef[159:Class] BillableStatus(e:BillableStatus)"
_ACCOUNT = "OverrideItemAccountRef[159:Account]"
_SITES = "InventorySiteRef[31:Site] InventorySiteLocationRef[31:Site]"
_LINK = "LinkToTxn{ TxnID*(id) TxnLineID*(id) }"
_CURRENCY = "CurrencyRef[64:Currency] ExchangeRate(f)"
_GUID = "ExternalGUID(g)"


def _add(link: str = "") -> str:
    group = f"ItemGroupRef*[31:ItemGroup] Quantity(q) UnitOfMeasure(31) {_SITES} {_DATA}"
    return (
        f"ExpenseLineAdd+{{ {_EXPENSE} {_REP} {_DATA} }} "
        f"< ItemLineAdd{{ {_ITEM} {_COST} {_ACCOUNT} {link} {_REP} {_DATA} }} | ItemGroupLineAdd{{ {group} }} >"
    )


_ITEM_MOD = f"TxnLineID*(id) {_ITEM} {_UOM} {_COST} {_ACCOUNT} {_REP}"
_MOD = (
    f"ClearExpenseLines(b) ExpenseLineMod+{{ TxnLineID*(id) {_EXPENSE} {_REP} }} ClearItemLines(b) "
    f"< ItemLineMod{{ {_ITEM_MOD} }} | ItemGroupLineMod{{ TxnLineID*(id) ItemGroupRef[31:ItemGroup] Quantity(q) "
    f"UnitOfMeasure(31) {_UOM} ItemLineMod+{{ {_ITEM_MOD} }} }} >"
)
_ITEM_RET = f"TxnLineID*(id) {_ITEM} {_UOM} {_COST} {_REP} @DXR"
_RET = (
    f"ExpenseLineRet+{{ TxnLineID*(id) {_EXPENSE} {_REP} @DXR }} "
    f"< ItemLineRet{{ {_ITEM_RET} }} | ItemGroupLineRet{{ TxnLineID*(id) ItemGroupRef*[31:ItemGroup] Desc(4095) "
    f"Quantity(q) UnitOfMeasure(31) {_UOM} TotalAmount*($) ItemLineRet+{{ {_ITEM_RET} }} }} >"
)

_BILL = (
    "VendorAddress{ @ADDR } APAccountRef[159:Account] TxnDate(d) DueDate(d) RefNumber(20) TermsRef[31:Terms] "
    "Memo(4095)"
)
_CREDIT = "APAccountRef[159:Account] TxnDate(d) RefNumber(20) Memo(4095)"
_CHECK = "PayeeEntityRef[209:Entity] RefNumber(11) TxnDate(d) Memo(4095) Address{ @ADDR } IsToBePrinted(b)"
_CARD = "PayeeEntityRef[209:Entity] TxnDate(d) RefNumber(11) Memo(4095)"

_PO_HEAD = (
    "VendorRef[41:Vendor] ClassRef[159:Class] ( InventorySiteRef[31:Site] | ShipToEntityRef[209:Entity] ) "
    "TemplateRef[31:Template] TxnDate(d) RefNumber(11) VendorAddress{ @ADDR } ShipAddress{ @ADDR } "
    "TermsRef[31:Terms] DueDate(d) ExpectedDate(d) ShipMethodRef[15:ShipMethod] FOB(13)"
)
_PO_HEAD_RET = (
    "VendorRef[41:Vendor] ClassRef[159:Class] InventorySiteRef[31:Site] ShipToEntityRef[209:Entity] "
    "TemplateRef[31:Template] TxnDate*(d) RefNumber(11) VendorAddress{ @ADDR } VendorAddressBlock{ @ABLK } "
    "ShipAddress{ @ADDR } ShipAddressBlock{ @ABLK } TermsRef[31:Terms] DueDate(d) ExpectedDate(d) "
    "ShipMethodRef[15:ShipMethod] FOB(13)"
)
_PO_TAIL = "Memo(4095) VendorMsg(99) IsToBePrinted(b) IsToBeEmailed(b) Other1(25) Other2(29)"
_PO_ITEM = "ItemRef[:Item] ManufacturerPartNumber(31) Desc(4095) Quantity(q) UnitOfMeasure(31)"
_PO_COST = (
    "Rate(p) ClassRef[159:Class] Amount($) InventorySiteLocationRef[31:Site] CustomerRef[209:Customer] "
    "ServiceDate(d)"
)
_OTHERS = "Other1(29) Other2(29)"
_PO_MOD = f"TxnLineID*(id) {_PO_ITEM} {_UOM} {_PO_COST} IsManuallyClosed(b) {_ACCOUNT} {_OTHERS}"
_PO_RET = (
    f"TxnLineID*(id) {_PO_ITEM} {_UOM} {_PO_COST} ReceivedQuantity(q) UnbilledQuantity(q) IsBilled(b) "
    f"IsManuallyClosed(b) {_OTHERS} @DXR"
)

#: kind -> the members of Add, of Mod (behind TxnID and EditSequence), of Ret (behind ids, times, TxnNumber)
PURCHASES: dict[str, tuple[str, str, str]] = {
    "Bill": (
        f"VendorRef*[41:Vendor] {_BILL} ExchangeRate(f) {_GUID} LinkToTxnID+(id) {_add(_LINK)}",
        f"VendorRef[41:Vendor] {_BILL} ExchangeRate(f) {_MOD}",
        "VendorRef*[41:Vendor] VendorAddress{ @ADDR } APAccountRef[159:Account] TxnDate*(d) DueDate(d) AmountDue*($) "
        f"{_CURRENCY} AmountDueInHomeCurrency($) RefNumber(20) TermsRef[31:Terms] Memo(4095) IsPaid(b) {_GUID} @LINKS "
        f"{_RET} OpenAmount($) @DXR",
    ),
    "VendorCredit": (
        f"VendorRef*[41:Vendor] {_CREDIT} ExchangeRate(f) {_GUID} {_add()}",
        f"VendorRef[41:Vendor] {_CREDIT} ExchangeRate(f) {_MOD}",
        f"VendorRef*[41:Vendor] APAccountRef[159:Account] TxnDate*(d) CreditAmount*($) {_CURRENCY} "
        f"CreditAmountInHomeCurrency($) RefNumber(20) Memo(4095) {_GUID} @LINKS {_RET} OpenAmount($) @DXR",
    ),
    "Check": (
        f"AccountRef*[159:Account] {_CHECK} ExchangeRate(f) {_GUID} ApplyCheckToTxnAdd+{{ TxnID*(id) Amount($) }} "
        f"{_add()}",
        f"AccountRef[159:Account] {_CHECK} ExchangeRate(f) ApplyCheckToTxnMod+{{ TxnID*(id) Amount($) }} {_MOD}",
        f"AccountRef*[159:Account] PayeeEntityRef[209:Entity] RefNumber(11) TxnDate*(d) Amount*($) {_CURRENCY} "
        "AmountInHomeCurrency($) Memo(4095) Address{ @ADDR } AddressBlock{ @ABLK } IsToBePrinted(b) "
        f"{_GUID} @LINKS {_RET} @DXR",
    ),
    **{
        kind: (
            f"AccountRef*[159:Account] {_CARD} ExchangeRate(f) {_GUID} {_add()}",
            f"AccountRef[159:Account] {_CARD} ExchangeRate(f) {_MOD}",
            f"AccountRef*[159:Account] PayeeEntityRef[209:Entity] TxnDate*(d) Amount*($) {_CURRENCY} "
            f"AmountInHomeCurrency($) RefNumber(11) Memo(4095) {_GUID} {_RET} @DXR",
        )
        for kind in ("CreditCardCharge", "CreditCardCredit")
    },
    "PurchaseOrder": (
        f"{_PO_HEAD} {_PO_TAIL} ExchangeRate(f) {_GUID} *< PurchaseOrderLineAdd{{ {_PO_ITEM} {_PO_COST} {_ACCOUNT} "
        f"{_OTHERS} {_DATA} }} | PurchaseOrderLineGroupAdd{{ ItemGroupRef*[31:ItemGroup] Quantity(q) "
        f"UnitOfMeasure(31) InventorySiteLocationRef[31:Site] {_DATA} }} >",
        f"{_PO_HEAD} IsManuallyClosed(b) {_PO_TAIL} ExchangeRate(f) < PurchaseOrderLineMod{{ {_PO_MOD} }} "
        "| PurchaseOrderLineGroupMod{ TxnLineID*(id) ItemGroupRef[31:ItemGroup] Quantity(q) UnitOfMeasure(31) "
        f"{_UOM} PurchaseOrderLineMod+{{ {_PO_MOD} }} }} >",
        f"{_PO_HEAD_RET} TotalAmount($) {_CURRENCY} TotalAmountInHomeCurrency($) IsManuallyClosed(b) "
        f"IsFullyReceived(b) {_PO_TAIL} {_GUID} @LINKS < PurchaseOrderLineRet{{ {_PO_RET} }} "
        "| PurchaseOrderLineGroupRet{ TxnLineID*(id) ItemGroupRef*[31:ItemGroup] Desc(4095) Quantity(q) "
        f"UnitOfMeasure(31) {_UOM} IsPrintItemsInGroup*(b) TotalAmount*($) PurchaseOrderLineRet+{{ {_PO_RET} }} "
        "@DXR } > @DXR",
    ),
}

#: the keys under which a purchase form keeps its lines
EXPENSES, ITEMS = "ExpenseLineRet", LINES
