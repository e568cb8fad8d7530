"""The structure of the sales forms: invoice, credit memo, sales receipt, estimate."""

from __future__ import annotations

_WHO = "CustomerRef*[209:Customer] ClassRef[159:Class]"
_WHO_MOD = "CustomerRef[209:Customer] ClassRef[159:Class]"
_AR = "ARAccountRef[159:Account]"
_DATED = "TemplateRef[31:Template] TxnDate(d) RefNumber(11) BillAddress{ @ADDR } ShipAddress{ @ADDR }"
_DATED_RET = (
    "TemplateRef[31:Template] TxnDate*(d) RefNumber(11) BillAddress{ @ADDR } BillAddressBlock{ @ABLK } "
    "ShipAddress{ @ADDR } ShipAddressBlock{ @ABLK }"
)
_TERMS = "PONumber(25) TermsRef[31:Terms] DueDate(d) SalesRepRef[5:SalesRep] FOB(13)"
_SHIPPED = "ShipDate(d) ShipMethodRef[15:ShipMethod]"
_TAX = "ItemSalesTaxRef[31:TaxItem]"
_TAXED = f"Subtotal($) {_TAX} SalesTaxPercentage(%) SalesTaxTotal($)"
_WORDS = "Memo(4095) CustomerMsgRef[101:CustomerMsg]"
_SEND = "IsToBePrinted(b) IsToBeEmailed(b)"
_CODE = "CustomerSalesTaxCodeRef[3:SalesTaxCode]"
_RATE = "ExchangeRate(f)"
_GUID = "ExternalGUID(g)"
_CREDITS = "SetCredit+{ CreditTxnID*(id) AppliedAmount*($) Override(b) }"
_CURRENCY = "CurrencyRef[64:Currency] ExchangeRate(f)"

_ITEM = "ItemRef[:Item] Desc(4095) Quantity(q) UnitOfMeasure(31)"
_PRICE = "( Rate(p) | RatePercent(%) | PriceLevelRef[31:PriceLevel] )"
_PRICE_RET = "( Rate(p) | RatePercent(%) )"
_CLASS_AMOUNT = "ClassRef[159:Class] Amount($)"
_CONFLICT = "OptionForPriceRuleConflict(e:OptionForPriceRuleConflict)"
_SERVICE = "@SITE ServiceDate(d) SalesTaxCodeRef[3:SalesTaxCode]"
_OTHERS = "Other1(29) Other2(29)"
_ACCOUNT = "OverrideItemAccountRef[159:Account]"
_DATA = "DataExt+{ @DX }"
_UOM = "OverrideUOMSetRef[31:UnitOfMeasureSet]"
_SITES = "InventorySiteRef[31:Site] InventorySiteLocationRef[31:Site]"
_MARKUP = "( MarkupRate(p) | MarkupRatePercent(%) | PriceLevelRef[31:PriceLevel] )"
_MARKUP_RET = "( MarkupRate(p) | MarkupRatePercent(%) )"

#: kind -> what a line of Add has before the data extensions, what a line of Mod has, what a line of Ret has
_LINE: dict[str, tuple[str, str, str]] = {
    "Invoice": (
        f"{_ITEM} {_PRICE} {_CLASS_AMOUNT} {_CONFLICT} {_SERVICE} {_ACCOUNT} {_OTHERS} "
        "LinkToTxn{ TxnID*(id) TxnLineID*(id) }",
        f"{_ITEM} {_UOM} {_PRICE} {_CLASS_AMOUNT} {_CONFLICT} {_SERVICE} {_ACCOUNT} {_OTHERS}",
        f"{_ITEM} {_UOM} {_PRICE_RET} {_CLASS_AMOUNT} {_SERVICE} {_OTHERS}",
    ),
    "CreditMemo": (
        f"{_ITEM} {_PRICE} {_CLASS_AMOUNT} {_SERVICE} {_ACCOUNT} {_OTHERS} @CARD",
        f"{_ITEM} {_UOM} {_PRICE} {_CLASS_AMOUNT} {_SERVICE} {_ACCOUNT} {_OTHERS}",
        f"{_ITEM} {_UOM} {_PRICE_RET} {_CLASS_AMOUNT} {_SERVICE} {_OTHERS}",
    ),
    "SalesReceipt": (
        f"{_ITEM} {_PRICE} {_CLASS_AMOUNT} {_CONFLICT} {_SERVICE} {_ACCOUNT} {_OTHERS} @CARD",
        f"{_ITEM} {_UOM} {_PRICE} {_CLASS_AMOUNT} {_CONFLICT} {_SERVICE} {_ACCOUNT} {_OTHERS}",
        f"{_ITEM} {_UOM} {_PRICE_RET} {_CLASS_AMOUNT} {_SERVICE} {_OTHERS}",
    ),
    "Estimate": (
        f"{_ITEM} {_PRICE_RET} {_CLASS_AMOUNT} {_CONFLICT} {_SITES} SalesTaxCodeRef[3:SalesTaxCode] {_MARKUP} "
        f"{_ACCOUNT} {_OTHERS}",
        f"{_ITEM} {_UOM} {_PRICE_RET} {_CLASS_AMOUNT} {_CONFLICT} {_SITES} SalesTaxCodeRef[3:SalesTaxCode] "
        f"{_MARKUP} {_OTHERS}",
        f"{_ITEM} {_UOM} {_PRICE_RET} {_CLASS_AMOUNT} {_SITES} SalesTaxCodeRef[3:SalesTaxCode] {_MARKUP_RET} "
        f"{_OTHERS}",
    ),
}


def _lines_add(kind: str) -> str:
    add, _, _ = _LINE[kind]
    group = f"ItemGroupRef*[31:ItemGroup] Quantity(q) UnitOfMeasure(31) {_SITES} {_DATA}"
    some = "" if kind == "Invoice" else "*"
    return f"{some}< {kind}LineAdd{{ {add} {_DATA} }} | {kind}LineGroupAdd{{ {group} }} >"


def _lines_mod(kind: str) -> str:
    _, mod, _ = _LINE[kind]
    line = f"TxnLineID*(id) {mod}"
    group = f"TxnLineID*(id) ItemGroupRef[31:ItemGroup] Quantity(q) UnitOfMeasure(31) {_UOM} {kind}LineMod+{{ {line} }}"
    return f"< {kind}LineMod{{ {line} }} | {kind}LineGroupMod{{ {group} }} >"


def _lines_ret(kind: str) -> str:
    _, _, ret = _LINE[kind]
    line = f"TxnLineID*(id) {ret} @DXR"
    group = (
        f"TxnLineID*(id) ItemGroupRef*[31:ItemGroup] Desc(4095) Quantity(q) UnitOfMeasure(31) {_UOM} "
        f"IsPrintItemsInGroup*(b) TotalAmount*($) {kind}LineRet+{{ {line} }} @DXR"
    )
    return f"< {kind}LineRet{{ {line} }} | {kind}LineGroupRet{{ {group} }} >"


#: kind -> the members of Add, of Mod (behind TxnID and EditSequence), of Ret (behind ids, times, TxnNumber)
SALES: dict[str, tuple[str, str, str]] = {
    "Invoice": (
        f"{_WHO} {_AR} {_DATED} IsPending(b) IsFinanceCharge(b) {_TERMS} {_SHIPPED} {_TAX} {_WORDS} {_SEND} {_CODE} "
        f"Other(29) {_RATE} {_GUID} LinkToTxnID+(id) {_CREDITS} {_lines_add('Invoice')}",
        f"{_WHO_MOD} {_AR} {_DATED} IsPending(b) {_TERMS} {_SHIPPED} {_TAX} {_WORDS} {_SEND} {_CODE} Other(29) "
        f"{_RATE} {_CREDITS} {_lines_mod('Invoice')}",
        f"{_WHO} {_AR} {_DATED_RET} IsPending(b) IsFinanceCharge(b) {_TERMS} {_SHIPPED} {_TAXED} AppliedAmount($) "
        f"BalanceRemaining($) {_CURRENCY} BalanceRemainingInHomeCurrency($) Memo(4095) IsPaid(b) "
        f"CustomerMsgRef[101:CustomerMsg] {_SEND} {_CODE} SuggestedDiscountAmount($) SuggestedDiscountDate(d) "
        f"Other(29) {_GUID} @LINKS {_lines_ret('Invoice')} @DXR",
    ),
    "CreditMemo": (
        f"{_WHO} {_AR} {_DATED} IsPending(b) {_TERMS} {_SHIPPED} {_TAX} {_WORDS} {_SEND} {_CODE} Other(29) {_RATE} "
        f"{_GUID} {_lines_add('CreditMemo')}",
        f"{_WHO_MOD} {_AR} {_DATED} IsPending(b) {_TERMS} {_SHIPPED} {_TAX} {_WORDS} {_SEND} {_CODE} Other(29) "
        f"{_RATE} {_lines_mod('CreditMemo')}",
        f"{_WHO} {_AR} {_DATED_RET} IsPending(b) {_TERMS} {_SHIPPED} {_TAXED} TotalAmount($) CreditRemaining($) "
        f"{_CURRENCY} CreditRemainingInHomeCurrency($) {_WORDS} {_SEND} {_CODE} Other(29) {_GUID} @LINKS "
        f"{_lines_ret('CreditMemo')} @DXR",
    ),
    "SalesReceipt": (
        f"CustomerRef[209:Customer] ClassRef[159:Class] {_DATED} IsPending(b) CheckNumber(25) "
        f"PaymentMethodRef[31:PaymentMethod] DueDate(d) SalesRepRef[5:SalesRep] {_SHIPPED} FOB(13) {_TAX} {_WORDS} "
        f"{_SEND} {_CODE} DepositToAccountRef[159:Account] @CARD Other(29) {_RATE} {_GUID} "
        f"{_lines_add('SalesReceipt')}",
        f"{_WHO_MOD} {_DATED} IsPending(b) CheckNumber(25) PaymentMethodRef[31:PaymentMethod] DueDate(d) "
        f"SalesRepRef[5:SalesRep] {_SHIPPED} FOB(13) {_TAX} {_WORDS} {_SEND} {_CODE} "
        f"DepositToAccountRef[159:Account] Other(29) {_RATE} {_lines_mod('SalesReceipt')}",
        f"{_WHO_MOD} {_DATED_RET} IsPending(b) CheckNumber(25) PaymentMethodRef[31:PaymentMethod] DueDate(d) "
        f"SalesRepRef[5:SalesRep] {_SHIPPED} FOB(13) {_TAXED} TotalAmount($) {_CURRENCY} TotalAmountInHomeCurrency($) "
        f"{_WORDS} {_SEND} {_CODE} DepositToAccountRef[159:Account] Other(29) {_GUID} {_lines_ret('SalesReceipt')} "
        "@DXR",
    ),
    "Estimate": (
        f"{_WHO} {_DATED} IsActive(b) {_TERMS} {_TAX} {_WORDS} IsToBeEmailed(b) {_CODE} Other(29) {_RATE} {_GUID} "
        f"{_lines_add('Estimate')}",
        f"{_WHO_MOD} {_DATED} IsActive(b) CreateChangeOrder(b) {_TERMS} {_TAX} {_WORDS} IsToBeEmailed(b) {_CODE} "
        f"Other(29) {_RATE} {_lines_mod('Estimate')}",
        f"{_WHO} {_DATED_RET} IsActive(b) {_TERMS} {_TAXED} TotalAmount($) {_CURRENCY} TotalAmountInHomeCurrency($) "
        f"{_WORDS} IsToBeEmailed(b) {_CODE} Other(29) {_GUID} @LINKS {_lines_ret('Estimate')} @DXR",
    ),
}
