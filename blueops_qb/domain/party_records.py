"""Parties: customers, their jobs and vendors as core shows them."""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.domain.refs import RecordKind, RecordRef


@attrs.frozen(kw_only=True)
class Address:
    """A postal address; `state` is the two-letter code in the US, `country` ISO or empty for home."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@attrs.frozen(kw_only=True)
class TaxExemption:
    """Why a customer pays no sales tax; `reason` is the number of accounting-treatments 1.5."""

    reason: int
    certificate: str = ""
    states: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@attrs.frozen(kw_only=True)
class Customer:
    """Somebody who is invoiced. `terms` is a BlueOps key; `sites` are the places where work is done."""

    id: str
    name: str
    company: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    billing: Address | None = None
    sites: tuple[Address, ...] = ()
    segment: str = ""
    terms: str = ""
    exemption: TaxExemption | None = None
    currency: str = "USD"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.CUSTOMER, self.id)


@attrs.frozen(kw_only=True)
class Job:
    """Work for a customer at one site; costs and income are collected under it."""

    id: str
    customer_id: str
    name: str
    site: Address | None = None
    industry: str = ""
    segment: str = ""
    job_type: str = ""
    contract_type: str = ""
    branch: str = ""
    class_key: str = ""
    status: str = "open"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.JOB, self.id)


@attrs.frozen(kw_only=True)
class Vendor:
    """Somebody who is paid: supplier, subcontractor, employee, authority or manufacturer."""

    id: str
    name: str
    company: str = ""
    email: str = ""
    phone: str = ""
    address: Address | None = None
    account_number: str = ""
    vendor_type: str = "supplier"
    is_1099: bool = False
    terms: str = ""
    currency: str = "USD"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.VENDOR, self.id)
