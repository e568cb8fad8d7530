"""Foreign currency: rates of transactions, their entries in the home currency, and the gain or loss of a payment.

A company with multicurrency keeps one receivable account per currency; ExchangeRate is home units for one foreign unit
(reference section 11.3).  Sales forms and payments of customers may be foreign, purchases may not here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import currencies
from blueops_qb.sandbox.qbo.faults import business
from blueops_qb.sandbox.qbo.wire import Obj, cents, ref_id

if TYPE_CHECKING:
    from blueops_qb.sandbox.qbo.company import Company
    from blueops_qb.sandbox.qbo.draft import Draft

#: Kinds that show their total in the home currency too (the XSD's SalesTransaction, Deposit, JournalEntry).
HOME_TOTAL_KINDS = (
    "Invoice",
    "Estimate",
    "CreditMemo",
    "SalesReceipt",
    "RefundReceipt",
    "Deposit",
    "JournalEntry",
)
FOREIGN_KINDS = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Payment")
_RECEIVABLE = "Accounts Receivable"
_GAIN = "ExchangeGainOrLoss"


def set_rate(draft: Draft) -> None:
    """Give a transaction its rate, which it keeps, and its total in the home currency; raises Fault 6000."""
    company, new = draft.company, draft.new
    if not company.preference("CurrencyPrefs.MultiCurrencyEnabled"):
        return
    code = ref_id(new, "CurrencyRef") or currencies.home(company)
    customer = company.find("Customer", ref_id(new, "CustomerRef")) if draft.kind in FOREIGN_KINDS else None
    if customer is not None and ref_id(customer, "CurrencyRef") != code:
        raise business(
            f"customer {customer['Id']} is in {ref_id(customer, 'CurrencyRef')}, the transaction in {code}",
            "CurrencyRef",
        )
    new["ExchangeRate"] = (draft.old or {}).get("ExchangeRate") or rate_of(company, code)
    if draft.kind in HOME_TOTAL_KINDS and "TotalAmt" in new:
        new["HomeTotalAmt"] = cents(new["TotalAmt"] * new["ExchangeRate"])


def rate_of(company: Company, code: str) -> Decimal:
    """Today's rate of a currency; 1 for the home currency."""
    return Decimal(1) if code == currencies.home(company) else company.hidden.rates.get(code, Decimal(1))


def in_home(company: Company, kind: str, record: Obj, entries: list[Entry]) -> list[Entry]:
    """The entries of a transaction in the home currency, on the receivable of its own."""
    code = ref_id(record, "CurrencyRef")
    if kind not in FOREIGN_KINDS or not code or code == currencies.home(company):
        return entries
    rate = Decimal(record["ExchangeRate"])
    receivable = receivable_of(company, code)
    turned = []
    for entry in entries:
        owed = company.records["Account"][entry.account]["AccountType"] == _RECEIVABLE
        amount = cents(entry.amount * rate)
        if owed and kind == "Payment":
            amount = -_relieved(company, record, rate)
        turned.append(attrs.evolve(entry, account=receivable if owed else entry.account, amount=amount))
    rest = -sum((entry.amount for entry in turned), ZERO)
    if rest and kind == "Payment":
        turned.append(Entry(account=company.account_of_subtype(_GAIN), amount=rest))
    elif rest:
        turned[0] = attrs.evolve(turned[0], amount=turned[0].amount + rest)
    return turned


def receivable_of(company: Company, code: str) -> str:
    """The receivable account of a currency."""
    for account in company.records["Account"].values():
        if account["AccountType"] == _RECEIVABLE and ref_id(account, "CurrencyRef") == code:
            return str(account["Id"])
    raise business(f"the chart has no receivable account in {code}")


def _relieved(company: Company, payment: Obj, rate: Decimal) -> Decimal:
    """What a payment takes off the receivable: each form at its own rate, the rest at the payment's."""
    whole = cents(payment["UnappliedAmt"] * rate)
    for line in payment.get("Line", ()):
        link = line["LinkedTxn"][0]
        target = company.find(link["TxnType"], link["TxnId"]) or {}
        amount = cents(line["Amount"] * Decimal(target.get("ExchangeRate", rate)))
        whole += -amount if line.get("_credit") else amount
    return whole
