"""Company, host and preferences as one books profile (reference/quickbooks-desktop.md sections 1.2, 4.11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.providers.qbd.codec.currencies import code_of
from blueops_qb.providers.qbd.codec.members import day_of, is_set
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.settings import LocationAs, QbdSettings

#: The private field in which the Web Connector keeps the FileID of a connection.
FILE_ID = "FileID"
_CURRENCIES = {"US": "USD", "CA": "CAD", "UK": "GBP", "AU": "AUD"}


def profile_of(
    company_id: str,
    *,
    host: Element | None,
    company: Element | None,
    preferences: Element | None,
    items: Sequence[Element] = (),
    settings: QbdSettings | None = None,
) -> BooksProfile:
    """What the company has switched on; what it does not say keeps the cautious default.

    `items` are those of type discount and subtotal.
    """
    settings = settings or QbdSettings()
    prefs = preferences if preferences is not None else Element("PreferencesRet")
    accounting = prefs.child("AccountingPreferences") or Element("AccountingPreferences")
    currencies = prefs.child("MultiCurrencyPreferences") or Element("MultiCurrencyPreferences")
    sales = prefs.child("SalesAndCustomersPreferences") or Element("SalesAndCustomersPreferences")
    tax = prefs.child("SalesTaxPreferences")
    country = (host.get("Country") if host is not None else "") or "US"
    home = currencies.get("HomeCurrencyRef", "FullName")
    classes = is_set(accounting, "IsUsingClassTracking")
    product = "" if host is None else f"{host.get('ProductName')} {host.get('MajorVersion')}".strip()
    return BooksProfile(
        company_id=company_id,
        company_name="" if company is None else company.get("CompanyName"),
        country=country,
        currency=code_of(home) if home else _CURRENCIES.get(country, "USD"),
        multicurrency=is_set(currencies, "IsMultiCurrencyOn"),
        sales_tax=_sales_tax(preferences, tax),
        class_tracking=Tracking.PER_LINE if classes else Tracking.OFF,
        locations=(settings.location_as is LocationAs.FIELD and bool(settings.locations))
        or (classes and settings.location_as is LocationAs.CLASS),
        account_numbers=is_set(accounting, "IsUsingAccountNumbers", default=True),
        closing_date=day_of(accounting, "ClosingDate"),
        auto_apply_credits=is_set(sales, "IsAutoApplyingPayments"),
        plan=product,
        taxed_code="" if tax is None else tax.get("DefaultTaxableSalesTaxCodeRef", "FullName"),
        untaxed_code="" if tax is None else tax.get("DefaultNonTaxableSalesTaxCodeRef", "FullName"),
        discount_items=_discount_items(items),
        subtotal_items=_subtotals(items),
    )


def with_items(profile: BooksProfile, items: Sequence[Element]) -> BooksProfile:
    """The profile with those of these elements that are items of type discount and subtotal beside what it knows."""
    subtotals = {*profile.subtotal_items, *_subtotals(items)}
    return attrs.evolve(
        profile,
        discount_items={**_discount_items(items), **profile.discount_items},
        subtotal_items=tuple(sorted(subtotals)),
    )


def _subtotals(items: Iterable[Element]) -> tuple[str, ...]:
    return tuple(sorted(item.get("ListID") for item in items if item.name == "ItemSubtotalRet"))


def _discount_items(items: Iterable[Element]) -> dict[str, str]:
    """The first active discount item of each account."""
    found: dict[str, str] = {}
    for item in items:
        if item.name == "ItemDiscountRet" and is_set(item, "IsActive", default=True):
            found.setdefault(item.get("AccountRef", "ListID"), item.get("ListID"))
    return found


def file_id_of(company: Element) -> str:
    """The FileID by which a company file is known; empty when the Web Connector has set none."""
    rows = (row for row in company.all("DataExtRet") if row.get("DataExtName") == FILE_ID)
    return next((row.get("DataExtValue") for row in rows), "")


def versions_of(host: Element) -> tuple[str, ...]:
    """The versions of qbXML that QuickBooks speaks, as it lists them."""
    return tuple(child.text.strip() for child in host.all("SupportedQBXMLVersion"))


def _sales_tax(preferences: Element | None, tax: Element | None) -> SalesTax:
    if preferences is None:
        return SalesTax.UNKNOWN
    # Without the section sales tax is switched off; with it the company's own items decide.
    return SalesTax.OFF if tax is None else SalesTax.MANUAL
