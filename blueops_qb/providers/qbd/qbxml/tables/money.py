"""Payments, deposits, journal entries and refunds (sections 4.7, 4.9 and the schema)."""

from __future__ import annotations

_CHANGED = "TxnID*(id) EditSequence*(16)"
_RECEIVED = "ARAccountRef[159] TxnDate(d) RefNumber(20) TotalAmount($) ExchangeRate(f) PaymentMethodRef[31] Memo(4095)"
_BROUGHT = (
    "PaymentTxnID*(id) PaymentTxnLineID(id) OverrideMemo(4095) OverrideCheckNumber(11) OverrideClassRef[159]"
)
_PLAIN = "Memo(4095) CheckNumber(11) PaymentMethodRef[31] ClassRef[159] Amount($)"
_POSTING = "AccountRef[159] Amount($) Memo(4095) EntityRef[209] ClassRef[159] @BILLABLE"
_NUMBERED = "( IsToBePrinted(b) | RefNumber(11) )"

MESSAGES: dict[str, str] = {
    "ReceivePaymentAdd": f"CustomerRef*[209] {_RECEIVED} DepositToAccountRef[159] ExternalGUID(g)"
    " ( IsAutoApply(b) | AppliedToTxnAdd+{ @SETTLING } )*",
    "ReceivePaymentMod": f"{_CHANGED} CustomerRef[209] {_RECEIVED} DepositToAccountRef[159]"
    " AppliedToTxnMod+{ @SETTLING }",
    "BillPaymentCheckAdd": f"PayeeEntityRef*[209] APAccountRef[159] TxnDate(d) BankAccountRef*[159] {_NUMBERED}*"
    " Memo(4095) ExchangeRate(f) ExternalGUID(g) AppliedToTxnAdd*+{ @SETTLING }",
    "BillPaymentCheckMod": f"{_CHANGED} TxnDate(d) BankAccountRef[159] Amount($) ExchangeRate(f) {_NUMBERED}"
    " Memo(4095) AppliedToTxnMod+{ @SETTLING }",
    "BillPaymentCreditCardAdd": "PayeeEntityRef*[209] APAccountRef[159] TxnDate(d) CreditCardAccountRef*[159]"
    " RefNumber(11) Memo(4095) ExchangeRate(f) ExternalGUID(g) AppliedToTxnAdd*+{ @SETTLING }",
    "ARRefundCreditCardAdd": "CustomerRef*[209] RefundFromAccountRef[159] ARAccountRef[159] TxnDate(d) RefNumber(11)"
    " Address{ @ADDRESS } PaymentMethodRef[31] Memo(4095) ExchangeRate(f) ExternalGUID(g)"
    " RefundAppliedToTxnAdd*+{ TxnID*(id) RefundAmount*($) }",
    "DepositAdd": "TxnDate(d) DepositToAccountRef*[159] Memo(4095) CashBackInfoAdd{ AccountRef*[159] Memo(4095)"
    " Amount($) } CurrencyRef[64] ExchangeRate(f) ExternalGUID(g)"
    f" DepositLineAdd+{{ ( {_BROUGHT} | EntityRef[209] AccountRef*[159] {_PLAIN} )* }}",
    "DepositMod": f"{_CHANGED} TxnDate(d) DepositToAccountRef[159] Memo(4095) CashBackInfoMod{{ AccountRef[159]"
    " Memo(4095) Amount($) } CurrencyRef[64] ExchangeRate(f)"
    f" DepositLineMod+{{ TxnLineID*(id) ( {_BROUGHT} | EntityRef[209] AccountRef[159] {_PLAIN} ) }}",
    "JournalEntryAdd": "TxnDate(d) RefNumber(11) IsAdjustment(b)"
    " ( IsHomeCurrencyAdjustment(b) | IsAmountsEnteredInHomeCurrency(b) CurrencyRef[64] ExchangeRate(f) )"
    " ExternalGUID(g)"
    f" ( JournalDebitLine{{ TxnLineID(id) {_POSTING} }} | JournalCreditLine{{ TxnLineID(id) {_POSTING} }} )*+",
    "JournalEntryMod": f"{_CHANGED} TxnDate(d) RefNumber(11) IsAdjustment(b) IsAmountsEnteredInHomeCurrency(b)"
    " CurrencyRef[64] ExchangeRate(f)"
    f" JournalLineMod+{{ TxnLineID*(id) JournalLineType(e:Debit|Credit) {_POSTING} }}",
}
