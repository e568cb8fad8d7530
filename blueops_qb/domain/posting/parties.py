"""Posting rules for parties: customers, their jobs, vendors."""

from __future__ import annotations

from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Customer, Job, Vendor
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef

Documents = dict[DocumentKey, Document]


def customer(record: Customer, lookup: Lookup) -> Documents:
    """A customer at the top level; the first of the sites is the shipping address."""
    exemption = record.exemption
    document = CustomerRecord(
        name=_name(record.name, record.company, f"{record.given_name} {record.family_name}", lookup=lookup),
        company=record.company,
        given_name=record.given_name,
        family_name=record.family_name,
        email=record.email,
        phone=record.phone,
        mobile=record.mobile,
        billing=record.billing,
        shipping=record.sites[0] if record.sites else None,
        terms=lookup.terms(record.terms),
        taxable=_taxable(record, lookup),
        exemption_reason=exemption.reason if exemption else None,
        certificate=exemption.certificate if exemption else "",
        currency=_currency(record.currency, lookup),
        active=record.active,
    )
    return {DocumentKey(record.ref): document}


def job(record: Job, lookup: Lookup) -> Documents:
    """A job: a customer below its customer, with the site as shipping address."""
    document = CustomerRecord(
        name=_name(record.name, lookup=lookup),
        parent=RecordRef(RecordKind.CUSTOMER, record.customer_id),
        shipping=record.site,
        currency=_job_currency(record, lookup),
        active=record.active,
    )
    return {DocumentKey(record.ref): document}


def vendor(record: Vendor, lookup: Lookup) -> Documents:
    """A vendor."""
    document = VendorRecord(
        name=_name(record.name, record.company, lookup=lookup),
        company=record.company,
        email=record.email,
        phone=record.phone,
        address=record.address,
        account_number=record.account_number,
        is_1099=record.is_1099,
        terms=lookup.terms(record.terms),
        currency=_currency(record.currency, lookup),
        active=record.active,
    )
    return {DocumentKey(record.ref): document}


def _currency(currency: str, lookup: Lookup) -> str:
    """What the books are told of it: nothing where they keep one currency only."""
    return currency if lookup.context.profile.multicurrency else ""


def _job_currency(record: Job, lookup: Lookup) -> str:
    customer = lookup.related(Customer, RecordRef(RecordKind.CUSTOMER, record.customer_id))
    return _currency(customer.currency if customer else lookup.context.profile.currency, lookup)


def _name(*names: str, lookup: Lookup) -> str:
    for name in names:
        if name.strip():
            return name.strip()
    raise lookup.held("has no name", "Give it a name in BlueOps; it is sent by itself then.")


def _taxable(record: Customer, lookup: Lookup) -> bool | None:
    """False for a customer who is exempt everywhere and for good; unsaid otherwise, unless said before.

    A certificate of some states, or with an end, frees line by line (accounting-treatments 1.5): the books
    would tax such a customer nowhere.
    """
    exemption = record.exemption
    if exemption is not None and not exemption.states and exemption.valid_to is None:
        return False
    posted = lookup.context.posted.get(DocumentKey(record.ref))
    said = isinstance(posted, CustomerRecord) and posted.taxable is not None
    return True if said else None
