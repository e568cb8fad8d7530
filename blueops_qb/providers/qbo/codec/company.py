"""CompanyInfo and Preferences as one books profile (reference/quickbooks-online.md sections 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueops_qb.domain.profile import BooksProfile, CustomField, SalesTax, Tracking
from blueops_qb.providers.qbo.codec.members import Obj, day_of, ref_id

_CURRENCIES = {"US": "USD", "CA": "CAD", "GB": "GBP", "UK": "GBP", "AU": "AUD", "IN": "INR"}
_COUNTRIES = {"USA": "US"}


def profile_of(company_id: str, info: Obj | None, preferences: Obj | None) -> BooksProfile:
    """What the company has switched on; what it does not say keeps the cautious default."""
    info, preferences = info or {}, preferences or {}
    country = str(info.get("Country") or "")
    country = _COUNTRIES.get(country, country)
    accounting = _section(preferences, "AccountingInfoPrefs")
    sales = _section(preferences, "SalesFormsPrefs")
    currency = _section(preferences, "CurrencyPrefs")
    products = _section(preferences, "ProductAndServicesPrefs")
    return BooksProfile(
        company_id=company_id,
        company_name=str(info.get("CompanyName") or ""),
        country=country,
        currency=ref_id(currency, "HomeCurrency") or _CURRENCIES.get(country, "USD"),
        multicurrency=_flag(currency, "MultiCurrencyEnabled", default=False),
        sales_tax=_sales_tax(preferences),
        class_tracking=_classes(accounting),
        locations=_flag(accounting, "TrackDepartments", default=False),
        custom_numbers=_flag(sales, "CustomTxnNumbers", default=True),
        closing_date=day_of(accounting, "BookCloseDate"),
        auto_apply_credits=_flag(sales, "AutoApplyCredit", default=False)
        or _flag(sales, "AutoApplyPayments", default=False),
        allows_discount=_flag(sales, "AllowDiscount", default=True),
        account_numbers=_flag(accounting, "UseAccountNumbers", default=True),
        item_costs=_flag(products, "ForPurchase", default=True),
        plan=_fact(info, "OfferingSku"),
        custom_fields=tuple(_custom_fields(sales)),
    )


def company_name(info: Obj) -> str:
    """The name by which a person recognises the company."""
    return str(info.get("CompanyName") or info.get("LegalName") or "")


def _section(preferences: Obj, name: str) -> Obj:
    section = preferences.get(name)
    return section if isinstance(section, dict) else {}


def _flag(section: Obj, name: str, *, default: bool) -> bool:
    value: Any = section.get(name)
    if value is None:
        return default
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _sales_tax(preferences: Obj) -> SalesTax:
    prefs = _section(preferences, "TaxPrefs")
    if "UsingSalesTax" not in prefs:
        return SalesTax.UNKNOWN
    if not _flag(prefs, "UsingSalesTax", default=False):
        return SalesTax.OFF
    # Three states: true and false both mean the automatic engine, absent means the company's own rates.
    return SalesTax.AUTOMATIC if prefs.get("PartnerTaxEnabled") is not None else SalesTax.MANUAL


def _classes(accounting: Obj) -> Tracking:
    if _flag(accounting, "ClassTrackingPerTxnLine", default=False):
        return Tracking.PER_LINE
    if _flag(accounting, "ClassTrackingPerTxn", default=False):
        return Tracking.PER_TRANSACTION
    return Tracking.OFF


def _custom_fields(sales: Obj) -> Iterator[CustomField]:
    # Names and switches stand in lists inside lists; field 1 is SalesCustomName1, switched on by UseSalesCustom1.
    rows = {str(row.get("Name") or "").rpartition(".")[2]: row for row in _rows(sales.get("CustomField"))}
    for name, row in rows.items():
        number = name.removeprefix("SalesCustomName")
        switch = rows.get(f"UseSalesCustom{number}", {}).get("BooleanValue", True)
        given = str(row.get("StringValue") or "").strip()
        if number != name and given and str(switch).lower() != "false":
            yield CustomField(name=given, id=number)


def _rows(value: Any) -> Iterator[Obj]:
    for row in value if isinstance(value, list) else []:
        if isinstance(row, dict):
            yield row
            yield from _rows(row.get("CustomField"))


def _fact(info: Obj, name: str) -> str:
    pairs = info.get("NameValue") or []
    return next((str(pair.get("Value") or "") for pair in pairs if pair.get("Name") == name), "")
