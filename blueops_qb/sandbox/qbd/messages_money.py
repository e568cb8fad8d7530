"""The structure of what moves money: payments in and out, refunds, deposits, journal entries."""

from __future__ import annotations

_CREDITS = "SetCredit+{ CreditTxnID*(id) AppliedAmount*($) Override(b) }"
_DISCOUNT = "DiscountAmount($) DiscountAccountRef[159:Account] DiscountClassRef[159:Class]"
_APPLY = f"TxnID*(id) PaymentAmount($) {_CREDITS} {_DISCOUNT}"
_APPLIED = (
    "AppliedToTxnRet+{ TxnID*(id) TxnType* TxnDate(d) RefNumber(20) BalanceRemaining($) Amount($) "
    f"{_DISCOUNT} @LINKS }}"
)
_GUID = "ExternalGUID(g)"
_CURRENCY = "CurrencyRef[64:Currency] ExchangeRate(f)"
_PAYMENT = "CustomerRef{req}[209:Customer] ARAccountRef[159:Account] TxnDate(d) RefNumber(20) TotalAmount($)"
_HOW = "PaymentMethodRef[31:PaymentMethod] Memo(4095) DepositToAccountRef[159:Account]"

_BILL_PAYMENT = "PayeeEntityRef*[209:Entity] APAccountRef[159:Account] TxnDate(d)"
_BILL_PAYMENT_RET = "PayeeEntityRef[209:Entity] APAccountRef[159:Account] TxnDate(d)"
_PRINT_OR_NUMBER = "( IsToBePrinted*(b) | RefNumber*(11) )"

_OVERRIDE = (
    "PaymentTxnID*(id) PaymentTxnLineID(id) OverrideMemo(4095) OverrideCheckNumber(11) "
    "OverrideClassRef[159:Class]"
)
_DIRECT = (
    "EntityRef[209:Entity] AccountRef[159:Account] Memo(4095) CheckNumber(11) PaymentMethodRef[31:PaymentMethod] "
    "ClassRef[159:Class] Amount($)"
)
_CASH_BACK = "AccountRef{req}[159:Account] Memo(4095) Amount($)"

_JOURNAL_LINE = (
    "AccountRef[159:Account] Amount($) Memo(4095) EntityRef[209:Entity] ClassRef[159:Class] "
    "BillableStatus(e:BillableStatus)"
)
_JOURNAL_LINES = (
    f"*< JournalDebitLine{{ TxnLineID(id) {_JOURNAL_LINE} }} "
    f"| JournalCreditLine{{ TxnLineID(id) {_JOURNAL_LINE} }} >"
)

#: kind -> the members of Add, of Mod (behind TxnID and EditSequence; empty: no such message), of Ret
MONEY: dict[str, tuple[str, str, str]] = {
    "ReceivePayment": (
        f"{_PAYMENT.format(req='*')} ExchangeRate(f) {_HOW} @CARD {_GUID} "
        f"*( IsAutoApply*(b) | AppliedToTxnAdd*+{{ {_APPLY} }} )",
        f"{_PAYMENT.format(req='')} ExchangeRate(f) {_HOW} AppliedToTxnMod+{{ {_APPLY} }}",
        f"{_PAYMENT.format(req='')} {_CURRENCY} TotalAmountInHomeCurrency($) {_HOW} UnusedPayment($) UnusedCredits($) "
        f"{_GUID} {_APPLIED} @DXR",
    ),
    "BillPaymentCheck": (
        f"{_BILL_PAYMENT} BankAccountRef*[159:Account] *{_PRINT_OR_NUMBER} Memo(4095) ExchangeRate(f) {_GUID} "
        f"AppliedToTxnAdd*+{{ {_APPLY} }}",
        f"TxnDate(d) BankAccountRef[159:Account] Amount($) ExchangeRate(f) {_PRINT_OR_NUMBER} Memo(4095) "
        f"AppliedToTxnMod+{{ {_APPLY} }}",
        f"{_BILL_PAYMENT_RET} BankAccountRef[159:Account] Amount($) {_CURRENCY} AmountInHomeCurrency($) RefNumber(11) "
        f"Memo(4095) Address{{ @ADDR }} AddressBlock{{ @ABLK }} IsToBePrinted(b) {_GUID} {_APPLIED} @DXR",
    ),
    "BillPaymentCreditCard": (
        f"{_BILL_PAYMENT} CreditCardAccountRef*[159:Account] RefNumber(11) Memo(4095) ExchangeRate(f) {_GUID} "
        f"AppliedToTxnAdd*+{{ {_APPLY} }}",
        "",
        f"{_BILL_PAYMENT_RET} CreditCardAccountRef[159:Account] Amount($) {_CURRENCY} AmountInHomeCurrency($) "
        f"RefNumber(11) Memo(4095) {_GUID} {_APPLIED} @DXR",
    ),
    "ARRefundCreditCard": (
        "CustomerRef*[209:Customer] RefundFromAccountRef[159:Account] ARAccountRef[159:Account] TxnDate(d) "
        "RefNumber(11) Address{ @ADDR } PaymentMethodRef[31:PaymentMethod] Memo(4095) @CARD ExchangeRate(f) "
        f"{_GUID} RefundAppliedToTxnAdd*+{{ TxnID*(id) RefundAmount*($) }}",
        "",
        "CustomerRef[209:Customer] RefundFromAccountRef[159:Account] ARAccountRef[159:Account] TxnDate(d) "
        f"RefNumber(11) TotalAmount($) {_CURRENCY} TotalAmountInHomeCurrency($) Address{{ @ADDR }} "
        f"AddressBlock{{ @ABLK }} PaymentMethodRef[31:PaymentMethod] Memo(4095) {_GUID} RefundAppliedToTxnRet+{{ "
        "TxnID*(id) TxnType* TxnDate*(d) RefNumber(20) CreditRemaining*($) RefundAmount*($) } @DXR",
    ),
    "Deposit": (
        "TxnDate(d) DepositToAccountRef*[159:Account] Memo(4095) "
        f"CashBackInfoAdd{{ {_CASH_BACK.format(req='*')} }} {_CURRENCY} {_GUID} "
        f"DepositLineAdd+{{ ( {_OVERRIDE} | {_DIRECT} ) }}",
        "TxnDate(d) DepositToAccountRef[159:Account] Memo(4095) "
        f"CashBackInfoMod{{ {_CASH_BACK.format(req='')} }} {_CURRENCY} "
        f"DepositLineMod+{{ TxnLineID*(id) ( {_OVERRIDE} | {_DIRECT} ) }}",
        f"TxnDate*(d) DepositToAccountRef*[159:Account] Memo(4095) DepositTotal($) {_CURRENCY} "
        "DepositTotalInHomeCurrency($) CashBackInfoRet{ TxnLineID*(id) AccountRef*[159:Account] Memo(4095) Amount($) } "
        f"{_GUID} DepositLineRet+{{ TxnType TxnID(id) TxnLineID*(id) PaymentTxnLineID(id) {_DIRECT} }} @DXR",
    ),
    "JournalEntry": (
        "TxnDate(d) RefNumber(11) IsAdjustment(b) ( IsHomeCurrencyAdjustment(b) | IsAmountsEnteredInHomeCurrency(b) "
        f"{_CURRENCY} ) {_GUID} {_JOURNAL_LINES}",
        f"TxnDate(d) RefNumber(11) IsAdjustment(b) IsAmountsEnteredInHomeCurrency(b) {_CURRENCY} "
        f"JournalLineMod+{{ TxnLineID*(id) JournalLineType(e:JournalLineType) {_JOURNAL_LINE} }}",
        "TxnDate*(d) RefNumber(11) IsAdjustment(b) IsHomeCurrencyAdjustment(b) IsAmountsEnteredInHomeCurrency(b) "
        f"{_CURRENCY} {_GUID} {_JOURNAL_LINES} @DXR",
    ),
}
