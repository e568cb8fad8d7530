"""Customers, jobs, vendors and employees (reference/quickbooks-online.md sections 4.4 and 4.5)."""

from __future__ import annotations

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.members import (
    Obj,
    Unfit,
    address,
    address_of,
    exactly,
    is_active,
    is_set,
    leaf_of,
    put_ref,
    ref_id,
    ref_of,
    shown_name,
)

_FORBIDDEN = ":\t\n\r"
#: Sales tax of customers only means something where the company uses it.
_TAXING = (SalesTax.MANUAL, SalesTax.AUTOMATIC)


def customer_body(document: CustomerRecord, profile: BooksProfile) -> Obj:
    """The members of a customer, or of a job as a sub-customer; raises Unfit."""
    body: Obj = {"DisplayName": _name(document.name)}
    if document.parent is not None:
        body["Job"] = True
        put_ref(body, "ParentRef", document.parent, "The customer of the job")
        body["BillWithParent"] = False
    _text(body, "CompanyName", document.company, 100)
    _text(body, "GivenName", document.given_name, 100)
    _text(body, "FamilyName", document.family_name, 100)
    _email(body, document.email)
    _phone(body, "PrimaryPhone", document.phone)
    _phone(body, "Mobile", document.mobile)
    _address(body, "BillAddr", document.billing)
    _address(body, "ShipAddr", document.shipping)
    put_ref(body, "SalesTermRef", document.terms, "The terms")
    if profile.sales_tax in _TAXING:
        body.update(_taxability(document, profile))
    body["Active"] = document.active
    return body


def _currency_of(obj: Obj, profile: BooksProfile) -> str:
    """A name's currency, where the company keeps several."""
    return ref_id(obj, "CurrencyRef") if profile.multicurrency else ""


def customer_of(obj: Obj, profile: BooksProfile) -> CustomerRecord:
    """The document that a Customer object shows."""
    taxing = profile.sales_tax in _TAXING
    reason = obj.get("TaxExemptionReasonId") if profile.sales_tax is SalesTax.AUTOMATIC else None
    taxable = obj.get("Taxable") if taxing else None
    return CustomerRecord(
        name=shown_name(obj, "DisplayName"),
        parent=ref_of(obj, "ParentRef", BooksKind.CUSTOMER),
        company=str(obj.get("CompanyName") or ""),
        given_name=str(obj.get("GivenName") or ""),
        family_name=str(obj.get("FamilyName") or ""),
        email=leaf_of(obj, "PrimaryEmailAddr", "Address"),
        phone=leaf_of(obj, "PrimaryPhone", "FreeFormNumber"),
        mobile=leaf_of(obj, "Mobile", "FreeFormNumber"),
        billing=address_of(obj, "BillAddr"),
        shipping=address_of(obj, "ShipAddr"),
        terms=ref_of(obj, "SalesTermRef", BooksKind.TERM),
        taxable=None if taxable is None else is_set(obj, "Taxable"),
        exemption_reason=int(reason) if reason else None,
        certificate=str(obj.get("ResaleNum") or "") if taxing else "",
        currency=_currency_of(obj, profile),
        active=is_active(obj),
    )


def vendor_body(document: VendorRecord, _: BooksProfile) -> Obj:
    """The members of a vendor; raises Unfit."""
    body: Obj = {"DisplayName": _name(document.name)}
    _text(body, "CompanyName", document.company, 100)
    _email(body, document.email)
    _phone(body, "PrimaryPhone", document.phone)
    _address(body, "BillAddr", document.address)
    _text(body, "AcctNum", document.account_number, 100)
    body["Vendor1099"] = document.is_1099
    put_ref(body, "TermRef", document.terms, "The terms")
    body["Active"] = document.active
    return body


def vendor_of(obj: Obj, profile: BooksProfile) -> VendorRecord:
    """The document that a Vendor object shows."""
    return VendorRecord(
        name=shown_name(obj, "DisplayName"),
        company=str(obj.get("CompanyName") or ""),
        email=leaf_of(obj, "PrimaryEmailAddr", "Address"),
        phone=leaf_of(obj, "PrimaryPhone", "FreeFormNumber"),
        address=address_of(obj, "BillAddr"),
        account_number=str(obj.get("AcctNum") or ""),
        is_1099=is_set(obj, "Vendor1099"),
        terms=ref_of(obj, "TermRef", BooksKind.TERM),
        currency=_currency_of(obj, profile),
        active=is_active(obj),
    )


def _name(name: str) -> str:
    shown = exactly(name, 500, "The name")
    held = sorted({mark for mark in _FORBIDDEN if mark in shown})
    if held:
        marks = ", ".join("colon" if mark == ":" else "tab or line break" for mark in held)
        raise Unfit(f"The name “{shown}” holds a {marks}, which QuickBooks Online does not allow; change it.")
    if not shown:
        raise Unfit("The name is empty; QuickBooks Online needs one.")
    return shown


def _taxability(document: CustomerRecord, profile: BooksProfile) -> Obj:
    if document.exemption_reason is not None or document.taxable is False:
        body: Obj = {"Taxable": False}
        if document.exemption_reason is not None and profile.sales_tax is SalesTax.AUTOMATIC:
            body["TaxExemptionReasonId"] = str(document.exemption_reason)
        _text(body, "ResaleNum", document.certificate, 16)
        return body
    # A job takes the word of its customer; invoices say it line by line in any case.
    return {} if document.parent is not None and document.taxable is None else {"Taxable": True}


def _text(body: Obj, member: str, value: str, limit: int) -> None:
    shown = exactly(value, limit, f"The {member}")
    if shown:
        body[member] = shown


def _email(body: Obj, value: str) -> None:
    shown = exactly(value, 100, "The e-mail address")
    if shown:
        body["PrimaryEmailAddr"] = {"Address": shown}


def _phone(body: Obj, member: str, value: str) -> None:
    shown = exactly(value, 30, "The phone number")
    if shown:
        body[member] = {"FreeFormNumber": shown}


def _address(body: Obj, member: str, value: Address | None) -> None:
    parts = address(value)
    if parts:
        body[member] = parts
