"""Rules of company currencies, and which currency a name or transaction may carry (reference section 11.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj

if TYPE_CHECKING:
    from blueops_qb.sandbox.qbo.draft import Draft

#: ISO 4217 code -> the name the service shows
CURRENCIES = {
    "AED": "United Arab Emirates Dirham",
    "AUD": "Australian Dollar",
    "BRL": "Brazilian Real",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "CNY": "Chinese Yuan",
    "CZK": "Czech Koruna",
    "DKK": "Danish Krone",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "HKD": "Hong Kong Dollar",
    "HUF": "Hungarian Forint",
    "ILS": "Israeli New Shekel",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "KRW": "South Korean Won",
    "MXN": "Mexican Peso",
    "MYR": "Malaysian Ringgit",
    "NOK": "Norwegian Krone",
    "NZD": "New Zealand Dollar",
    "PHP": "Philippine Peso",
    "PLN": "Polish Zloty",
    "SEK": "Swedish Krona",
    "SGD": "Singapore Dollar",
    "THB": "Thai Baht",
    "TRY": "Turkish Lira",
    "TWD": "New Taiwan Dollar",
    "USD": "United States Dollar",
    "VND": "Vietnamese Dong",
    "ZAR": "South African Rand",
}
#: kinds that may carry a foreign currency
_TAKES_FOREIGN = (
    *("Customer", "Vendor", "Account"),
    *("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Payment"),
)
_ENABLED = "CurrencyPrefs.MultiCurrencyEnabled"


def prepare_currency(draft: Draft) -> None:
    """Complete a company currency; only a company with multicurrency has any (5030)."""
    company, new, old = draft.company, draft.new, draft.old
    if not company.preference(_ENABLED):
        raise Fault("5030", "Feature Not Supported : multicurrency is switched off in this company.")
    code = str(new["Code"]).upper()
    if old is not None and code != old["Code"]:
        raise business(f"the code of currency {old['Code']} cannot change; add {code} instead", "Code")
    if code not in CURRENCIES:
        raise Fault("2170", f"{new['Code']!r} is no ISO 4217 currency code.", "Code")
    if code == home(company):
        raise business(f"{code} is the home currency of the company", "Code")
    for other in company.all("CompanyCurrency"):
        if other["Code"] == code and other["Id"] != new.get("Id"):
            raise Fault("630", f"Duplicate Object : currency {code} is in the list as {other['Id']}.", "Code")
    new["Code"] = code
    draft.default("Name", CURRENCIES[code])
    draft.default("Active", True)


def home(company: Company) -> str:
    """The code of the home currency."""
    ref = company.preference("CurrencyPrefs.HomeCurrency") or {}
    return str(ref.get("value", "USD"))


def require_currency(draft: Draft) -> None:
    """With multicurrency every new transaction must say its currency (2020)."""
    if draft.created and draft.company.preference(_ENABLED) and "CurrencyRef" not in draft.sent:
        raise missing("CurrencyRef")


def check_currency(company: Company, kind: str, ref: Obj) -> None:
    """Refuse (2500) a currency that is not active here, and (6000) a transaction in a foreign one.

    Names, sales forms and payments of customers may be in another than the home currency.
    """
    code = str(ref["value"]).upper()
    if code != home(company):
        active = any(row["Code"] == code and row["Active"] for row in company.all("CompanyCurrency"))
        if not active or not company.preference(_ENABLED):
            raise Fault(
                "2500", f"Invalid Reference Id : currency {ref['value']} is not active here", "CurrencyRef"
            )
        if kind not in _TAKES_FOREIGN:
            raise business(
                f"{kind} in {code}: the practice books take customers' money only in a foreign currency",
                "CurrencyRef",
            )
    ref["value"], ref["name"] = code, CURRENCIES[code]
