"""Company: what the Web Connector tells of the company that is open, and whether it is the one we know.

With its first request the Web Connector hands over answers about host, company and preferences (section 1.2 of
reference/quickbooks-desktop.md). They may be missing or bare. The company is known by the FileID that the Web Connector
wrote into it when it was set up; a path says nothing (section 1.6). What is not told is unknown, never different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

#: Answers longer than this are left unread.
LONGEST = 1024 * 1024
#: Longer ones are cut; a path has at most 260 characters, a name 59.
LONGEST_FACT = 500

#: Our name for a fact -> where it stands in the answers.
_PLACES: Mapping[str, str] = {
    "product": "HostQueryRs/HostRet/ProductName",
    "country": "HostQueryRs/HostRet/Country",
    "file_mode": "HostQueryRs/HostRet/QBFileMode",
    "company": "CompanyQueryRs/CompanyRet/CompanyName",
    "accountants_copy": "CompanyQueryRs/CompanyRet/AccountantCopy/AccountantCopyExists",
    "class_tracking": "PreferencesQueryRs/PreferencesRet/AccountingPreferences/IsUsingClassTracking",
    "requires_accounts": "PreferencesQueryRs/PreferencesRet/AccountingPreferences/IsRequiringAccounts",
    "closing_date": "PreferencesQueryRs/PreferencesRet/AccountingPreferences/ClosingDate",
    "multicurrency": "PreferencesQueryRs/PreferencesRet/MultiCurrencyPreferences/IsMultiCurrencyOn",
    "home_currency": "PreferencesQueryRs/PreferencesRet/MultiCurrencyPreferences/HomeCurrencyRef/FullName",
    "auto_apply": "PreferencesQueryRs/PreferencesRet/SalesAndCustomersPreferences/IsAutoApplyingPayments",
    "sales_tax_item": "PreferencesQueryRs/PreferencesRet/SalesTaxPreferences/DefaultItemSalesTaxRef/FullName",
    "taxable_code": "PreferencesQueryRs/PreferencesRet/SalesTaxPreferences/DefaultTaxableSalesTaxCodeRef/FullName",
    "untaxed_code": "PreferencesQueryRs/PreferencesRet/SalesTaxPreferences/DefaultNonTaxableSalesTaxCodeRef/FullName",
    "automatic_login": "PreferencesQueryRs/PreferencesRet/CurrentAppAccessRights/IsAutomaticLoginAllowed",
}


def facts(told: str, *, owner_id: str) -> dict[str, str]:
    """What the answers say, by our names; nothing for what they do not say.

    `versions` are the supported versions of qbXML, `file_id` is the FileID that belongs to `owner_id`.
    """
    root = _root(told)
    if root is None:
        return {}
    found = {name: text for name, place in _PLACES.items() if (text := _first(root, place))}
    versions = [_plain(e.text) for e in _all(root, "HostQueryRs/HostRet/SupportedQBXMLVersion")]
    if any(versions):
        found["versions"] = " ".join(version for version in versions if version)
    file_id = _file_id(root, owner_id)
    if file_id:
        found["file_id"] = file_id
    return found


def same_id(one: str, other: str) -> bool:
    """Whether two GUIDs are the same, whatever their case and braces."""
    return _bare(one) == _bare(other)


def _bare(guid: str) -> str:
    return guid.strip().strip("{}").upper()


def _root(told: str) -> etree._Element | None:
    if not told.strip() or len(told) > LONGEST or "<!DOCTYPE" in told:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        return etree.fromstring(told.strip().encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return None


def _all(root: etree._Element, place: str) -> Iterator[etree._Element]:
    # The answers stand in QBXML/QBXMLMsgsRs, or in whatever else a Web Connector wraps them in.
    first, _, rest = place.partition("/")
    for answer in root.iter(first):
        yield from answer.iterfind(rest)


def _first(root: etree._Element, place: str) -> str:
    return next((text for e in _all(root, place) if (text := _plain(e.text))), "")


def _file_id(root: etree._Element, owner_id: str) -> str:
    for extension in _all(root, "CompanyQueryRs/CompanyRet/DataExtRet"):
        owner, name, value = (
            _plain(extension.findtext(part)) for part in ("OwnerID", "DataExtName", "DataExtValue")
        )
        if name == "FileID" and value and same_id(owner, owner_id):
            return _bare(value)
    return ""


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())[:LONGEST_FACT]
