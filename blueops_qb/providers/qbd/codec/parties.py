"""Customers, jobs and vendors (reference/quickbooks-desktop.md sections 4.1 and 4.2)."""

from __future__ import annotations

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    COMPANY,
    LINE,
    Unwritable,
    address,
    address_of,
    derived,
    exactly,
    flag,
    is_set,
    named_ref,
    put,
    put_ref,
    ref_of,
    words,
)
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.characters import folded
from blueops_qb.providers.qbd.qbxml.element import Element


def customer_body(document: CustomerRecord, books: Books) -> list[Element]:
    """The members of a customer, or of a job below its customer; raises Unwritable."""
    name = fitted(Space.NAME, document.name, books.names, "The name")
    body = [_name(name)]
    put_ref(body, "ParentRef", document.parent, "The customer of the job")
    put(body, "CompanyName", derived(document.company, COMPANY))
    put(body, "FirstName", exactly(document.given_name, 25, "The first name"))
    put(body, "LastName", exactly(document.family_name, 25, "The last name"))
    label = _label(document, name) if books.settings.name_in_address else ""
    for member, value in (("BillAddress", document.billing), ("ShipAddress", document.shipping)):
        block = address(member, value, label=label if member == "BillAddress" else "")
        if block is not None:
            body.append(block)
    put(body, "Phone", exactly(document.phone, 21, "The phone number"))
    # Companies in the United States have no field for a mobile number.
    put(body, "AltPhone", exactly(document.mobile, 21, "The mobile number"))
    put(body, "Email", exactly(document.email, 1023, "The e-mail address"))
    put_ref(body, "TermsRef", document.terms, "The terms")
    if books.taxing:
        body += _taxability(document, books)
    return [*body, flag("IsActive", document.active)]


def customer_of(ret: Element, books: Books) -> CustomerRecord:
    """The document that a CustomerRet shows."""
    code = ret.get("SalesTaxCodeRef", "FullName").casefold()
    taxable = None
    if books.taxing and code:
        taxable = code != books.untaxed.casefold()
    return CustomerRecord(
        name=ret.get("Name"),
        parent=ref_of(ret, "ParentRef", BooksKind.CUSTOMER),
        company=ret.get("CompanyName"),
        given_name=ret.get("FirstName"),
        family_name=ret.get("LastName"),
        email=ret.get("Email"),
        phone=ret.get("Phone"),
        mobile=ret.get("AltPhone"),
        billing=address_of(ret, "BillAddress", labels=_labels(ret, books)),
        shipping=address_of(ret, "ShipAddress"),
        terms=ref_of(ret, "TermsRef", BooksKind.TERM),
        taxable=taxable,
        certificate=ret.get("ResaleNumber") if books.taxing else "",
        currency=currency_of(ret, books.profile) if books.profile.multicurrency else "",
        active=is_set(ret, "IsActive", default=True),
    )


def vendor_body(document: VendorRecord, books: Books) -> list[Element]:
    """The members of a vendor; raises Unwritable."""
    body = [_name(fitted(Space.NAME, document.name, books.names, "The name"))]
    put(body, "CompanyName", derived(document.company, COMPANY))
    block = address("VendorAddress", document.address)
    if block is not None:
        body.append(block)
    put(body, "Phone", exactly(document.phone, 21, "The phone number"))
    put(body, "Email", exactly(document.email, 1023, "The e-mail address"))
    put(body, "AccountNumber", exactly(document.account_number, 99, "The account number"))
    put_ref(body, "TermsRef", document.terms, "The terms")
    body.append(flag("IsVendorEligibleFor1099", document.is_1099))
    return [*body, flag("IsActive", document.active)]


def vendor_of(ret: Element, books: Books) -> VendorRecord:
    """The document that a VendorRet shows."""
    return VendorRecord(
        name=ret.get("Name"),
        company=ret.get("CompanyName"),
        email=ret.get("Email"),
        phone=ret.get("Phone"),
        address=address_of(ret, "VendorAddress"),
        account_number=ret.get("AccountNumber"),
        is_1099=is_set(ret, "IsVendorEligibleFor1099"),
        terms=ref_of(ret, "TermsRef", BooksKind.TERM),
        currency=currency_of(ret, books.profile) if books.profile.multicurrency else "",
        active=is_set(ret, "IsActive", default=True),
    )


def _name(name: str) -> Element:
    if not name:
        raise Unwritable("It has no name that QuickBooks Desktop could keep; give it one in BlueOps.")
    return Element("Name", name)


def _taxability(document: CustomerRecord, books: Books) -> list[Element]:
    if document.exemption_reason is not None or document.taxable is False:
        body = [named_ref("SalesTaxCodeRef", books.untaxed)]
        put(body, "ResaleNumber", exactly(document.certificate, 15, "The certificate's number"))
        return body
    # A job takes the word of its customer; invoices say it line by line in any case.
    if document.parent is not None and document.taxable is None:
        return []
    return [named_ref("SalesTaxCodeRef", books.taxed)]


def _label(document: CustomerRecord, name: str) -> str:
    person = " ".join(filter(None, (folded(document.given_name), folded(document.family_name))))
    return derived(document.company, COMPANY) or person or ("" if document.parent is not None else name)


def _labels(ret: Element, books: Books) -> frozenset[str]:
    if not books.settings.name_in_address:
        return frozenset()
    person = " ".join(filter(None, (ret.get("FirstName"), ret.get("LastName"))))
    # A job bears no name of its own above its address; QuickBooks puts its customer's there.
    name = ret.get("ParentRef", "FullName").rpartition(":")[2] if ret.has("ParentRef") else ret.get("Name")
    return frozenset(words(one, LINE).casefold() for one in (name, ret.get("CompanyName"), person) if one)
