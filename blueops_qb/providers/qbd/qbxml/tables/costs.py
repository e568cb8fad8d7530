"""Bills, vendor credits, checks, card charges and credits, purchase orders (section 4.8 and the schema).

All expense lines come before all item lines.
"""

from __future__ import annotations

_CHANGED = "TxnID*(id) EditSequence*(16)"
_BEARER = "CustomerRef[209] ClassRef[159] @BILLABLE"
_EXPENSE = f"AccountRef[159] Amount($) Memo(4095) {_BEARER} SalesRepRef[5]"
_ITEM = f"Cost(p) Amount($) {_BEARER} OverrideItemAccountRef[159]"
#: Custom fields of lines exist since 13.0.
_ADDED = (
    f"ExpenseLineAdd+{{ {_EXPENSE} @EXTENSIONS }}"
    f" ( ItemLineAdd{{ ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) {_ITEM}"
    " LinkToTxn{ TxnID*(id) TxnLineID*(id) } SalesRepRef[5] @EXTENSIONS }"
    " | ItemGroupLineAdd{ ItemGroupRef*[31] Quantity(q) UnitOfMeasure(31) @EXTENSIONS } )+"
)
_ITEM_CHANGED = (
    "TxnLineID*(id) ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) OverrideUOMSetRef[31]"
    f" {_ITEM} SalesRepRef[5]"
)
_LINES_CHANGED = (
    f"ClearExpenseLines(b) ExpenseLineMod+{{ TxnLineID*(id) {_EXPENSE} }} ClearItemLines(b)"
    f" ( ItemLineMod{{ {_ITEM_CHANGED} }} | ItemGroupLineMod{{ TxnLineID*(id) ItemGroupRef[31] Quantity(q)"
    f" UnitOfMeasure(31) OverrideUOMSetRef[31] ItemLineMod+{{ {_ITEM_CHANGED} }} }} )+"
)
_BILL = (
    "VendorAddress{ @ADDRESS } APAccountRef[159] TxnDate(d) DueDate(d) RefNumber(20) TermsRef[31] Memo(4095)"
)
_CREDIT = "APAccountRef[159] TxnDate(d) RefNumber(20) Memo(4095)"
_CHECK = "PayeeEntityRef[209] RefNumber(11) TxnDate(d) Memo(4095) Address{ @ADDRESS } IsToBePrinted(b) ExchangeRate(f)"
_CARD = "PayeeEntityRef[209] TxnDate(d) RefNumber(11) Memo(4095) ExchangeRate(f)"
_ORDER = (
    "ClassRef[159] ShipToEntityRef[209] TemplateRef[31] TxnDate(d) RefNumber(11) VendorAddress{ @ADDRESS }"
    " ShipAddress{ @ADDRESS } TermsRef[31] DueDate(d) ExpectedDate(d) ShipMethodRef[15] FOB(13)"
)
_ORDER_TAIL = (
    "Memo(4095) VendorMsg(99) IsToBePrinted(b) IsToBeEmailed(b) Other1(25) Other2(29) ExchangeRate(f)"
)
_ORDER_LINE = "Rate(p) ClassRef[159] Amount($) CustomerRef[209] ServiceDate(d)"

MESSAGES: dict[str, str] = {
    "BillAdd": f"VendorRef*[41] {_BILL} ExchangeRate(f) ExternalGUID(g) LinkToTxnID+(id) {_ADDED}",
    "BillMod": f"{_CHANGED} VendorRef[41] {_BILL} ExchangeRate(f) {_LINES_CHANGED}",
    "VendorCreditAdd": f"VendorRef*[41] {_CREDIT} ExchangeRate(f) ExternalGUID(g) {_ADDED}",
    "VendorCreditMod": f"{_CHANGED} VendorRef[41] {_CREDIT} ExchangeRate(f) {_LINES_CHANGED}",
    "CheckAdd": f"AccountRef*[159] {_CHECK} ExternalGUID(g) ApplyCheckToTxnAdd+{{ TxnID*(id) Amount($) }} {_ADDED}",
    "CheckMod": f"{_CHANGED} AccountRef[159] {_CHECK} ApplyCheckToTxnMod+{{ TxnID*(id) Amount($) }} {_LINES_CHANGED}",
    "CreditCardChargeAdd": f"AccountRef*[159] {_CARD} ExternalGUID(g) {_ADDED}",
    "CreditCardChargeMod": f"{_CHANGED} AccountRef[159] {_CARD} {_LINES_CHANGED}",
    "CreditCardCreditAdd": f"AccountRef*[159] {_CARD} ExternalGUID(g) {_ADDED}",
    "CreditCardCreditMod": f"{_CHANGED} AccountRef[159] {_CARD} {_LINES_CHANGED}",
    "PurchaseOrderAdd": f"VendorRef[41] {_ORDER} {_ORDER_TAIL} ExternalGUID(g)"
    " ( PurchaseOrderLineAdd{ ItemRef[s] ManufacturerPartNumber(31) Desc(4095) Quantity(q) UnitOfMeasure(31)"
    f" {_ORDER_LINE} OverrideItemAccountRef[159] Other1(29) Other2(29) @EXTENSIONS }}"
    " | PurchaseOrderLineGroupAdd{ ItemGroupRef*[31] Quantity(q) UnitOfMeasure(31) @EXTENSIONS } )+",
    "PurchaseOrderMod": f"{_CHANGED} VendorRef[41] {_ORDER} IsManuallyClosed(b) {_ORDER_TAIL}"
    " ( PurchaseOrderLineMod{ @ORDER_LINE } | PurchaseOrderLineGroupMod{ TxnLineID*(id) ItemGroupRef[31] Quantity(q)"
    " UnitOfMeasure(31) OverrideUOMSetRef[31] PurchaseOrderLineMod+{ @ORDER_LINE } } )+",
}
LINES: dict[str, str] = {
    "ORDER_LINE": "TxnLineID*(id) ItemRef[s] ManufacturerPartNumber(31) Desc(4095) Quantity(q) UnitOfMeasure(31)"
    f" OverrideUOMSetRef[31] {_ORDER_LINE} IsManuallyClosed(b) OverrideItemAccountRef[159] Other1(29) Other2(29)",
}
