"""Invoices, credit memos, sales receipts and estimates (sections 4.5, 4.6 and the schema).

A Mod whose line list is named at all must name every line that is to stay, in its order.
"""

from __future__ import annotations

_PRICE = "( Rate(p) | RatePercent(%) | PriceLevelRef[31] )"
_ADDRESSES = "BillAddress{ @ADDRESS } ShipAddress{ @ADDRESS }"
_SHIPPING = "PONumber(25) TermsRef[31] DueDate(d) SalesRepRef[5] FOB(13) ShipDate(d) ShipMethodRef[15]"
_TAXED = "ItemSalesTaxRef[31] Memo(4095) CustomerMsgRef[101] IsToBePrinted(b) IsToBeEmailed(b)"
_TAIL = f"{_TAXED} CustomerSalesTaxCodeRef[3]"
_OTHER = "Other(29) ExchangeRate(f)"
_CHANGED = "TxnID*(id) EditSequence*(16)"
_RULE = "OptionForPriceRuleConflict(e:Zero|BasePrice)"
_OVERRIDDEN = "OverrideItemAccountRef[159] Other1(29) Other2(29)"


def _added(name: str, *, head: str = "", before: str = "", rule: str = _RULE) -> str:
    """The lines of an Add; a bundle is only named, its members come from its definition."""
    return (
        f"{head} ( {name}LineAdd{{ ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) {_PRICE} ClassRef[159]"
        f" Amount($) {rule} ServiceDate(d) SalesTaxCodeRef[3] {_OVERRIDDEN} {before} @EXTENSIONS }}"
        f" | {name}LineGroupAdd{{ ItemGroupRef*[31] Quantity(q) UnitOfMeasure(31) @EXTENSIONS }} )+"
    )


def _changed(
    name: str, *, rule: str = _RULE, overridden: str = _OVERRIDDEN, dated: str = "ServiceDate(d)"
) -> str:
    """The lines of a Mod."""
    line = (
        f"TxnLineID*(id) ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) OverrideUOMSetRef[31] {_PRICE}"
        f" ClassRef[159] Amount($) {rule} {dated} SalesTaxCodeRef[3] {overridden}"
    )
    return (
        f"( {name}LineMod{{ {line} }} | {name}LineGroupMod{{ TxnLineID*(id) ItemGroupRef[31] Quantity(q)"
        f" UnitOfMeasure(31) OverrideUOMSetRef[31] {name}LineMod+{{ {line} }} }} )+"
    )


_OWED = f"ClassRef[159] ARAccountRef[159] TemplateRef[31] TxnDate(d) RefNumber(11) {_ADDRESSES} IsPending(b)"
_PAID = (
    f"ClassRef[159] TemplateRef[31] TxnDate(d) RefNumber(11) {_ADDRESSES} IsPending(b) CheckNumber(25)"
    f" PaymentMethodRef[31] DueDate(d) SalesRepRef[5] ShipDate(d) ShipMethodRef[15] FOB(13) {_TAIL}"
    " DepositToAccountRef[159]"
)
_OFFERED = f"ClassRef[159] TemplateRef[31] TxnDate(d) RefNumber(11) {_ADDRESSES} IsActive(b)"
_OFFER = (
    "PONumber(25) TermsRef[31] DueDate(d) SalesRepRef[5] FOB(13) ItemSalesTaxRef[31] Memo(4095) CustomerMsgRef[101]"
    " IsToBeEmailed(b) CustomerSalesTaxCodeRef[3]"
)
_LINKED = "LinkToTxn{ TxnID*(id) TxnLineID*(id) }"

MESSAGES: dict[str, str] = {
    "InvoiceAdd": f"CustomerRef*[209] {_OWED} IsFinanceCharge(b) {_SHIPPING} {_TAIL} {_OTHER} ExternalGUID(g)"
    f" LinkToTxnID+(id) @CREDITS {_added('Invoice', before=_LINKED)}",
    "InvoiceMod": f"{_CHANGED} CustomerRef[209] {_OWED} {_SHIPPING} {_TAIL} {_OTHER} @CREDITS {_changed('Invoice')}",
    "CreditMemoAdd": f"CustomerRef*[209] {_OWED} {_SHIPPING} {_TAIL} {_OTHER} ExternalGUID(g)"
    f" {_added('CreditMemo', rule='')}",
    "CreditMemoMod": f"{_CHANGED} CustomerRef[209] {_OWED} {_SHIPPING} {_TAIL} {_OTHER}"
    f" {_changed('CreditMemo', rule='')}",
    "SalesReceiptAdd": f"CustomerRef[209] {_PAID} {_OTHER} ExternalGUID(g) {_added('SalesReceipt')}",
    "SalesReceiptMod": f"{_CHANGED} CustomerRef[209] {_PAID} {_OTHER} {_changed('SalesReceipt')}",
    "EstimateAdd": f"CustomerRef*[209] {_OFFERED} {_OFFER} {_OTHER} ExternalGUID(g)"
    " ( EstimateLineAdd{ ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) ( Rate(p) | RatePercent(%) )"
    f" ClassRef[159] Amount($) {_RULE} SalesTaxCodeRef[3] ( MarkupRate(p) | MarkupRatePercent(%) | PriceLevelRef[31] )"
    f" {_OVERRIDDEN} @EXTENSIONS }}"
    " | EstimateLineGroupAdd{ ItemGroupRef*[31] Quantity(q) UnitOfMeasure(31) @EXTENSIONS } )+",
    "EstimateMod": f"{_CHANGED} CustomerRef[209] {_OFFERED} CreateChangeOrder(b) {_OFFER} {_OTHER}"
    " ( EstimateLineMod{ @ESTIMATE_LINE } | EstimateLineGroupMod{ TxnLineID*(id) ItemGroupRef[31] Quantity(q)"
    " UnitOfMeasure(31) OverrideUOMSetRef[31] EstimateLineMod+{ @ESTIMATE_LINE } } )+",
}
LINES: dict[str, str] = {
    "ESTIMATE_LINE": "TxnLineID*(id) ItemRef[s] Desc(4095) Quantity(q) UnitOfMeasure(31) OverrideUOMSetRef[31]"
    f" ( Rate(p) | RatePercent(%) ) ClassRef[159] Amount($) {_RULE} SalesTaxCodeRef[3]"
    " ( MarkupRate(p) | MarkupRatePercent(%) | PriceLevelRef[31] ) Other1(29) Other2(29)",
}
