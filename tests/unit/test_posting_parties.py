"""How customers, jobs and vendors become records in the books."""

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.records import Address, Customer, Job, Record, TaxExemption, Vendor
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef
from tests.plumbing import CUSTOMER, JOB, blocked, company, document

HOME = Address(line1="1 Pump St", city="Reno", state="NV", postal_code="89501")
SITE = Address(line1="9 Mill Rd", city="Reno", state="NV")
ADA = Customer(
    id="7",
    name="Hill, Ada",
    company="Hill Estates",
    given_name="Ada",
    family_name="Hill",
    email="ada@example.com",
    phone="775-555-0101",
    mobile="775-555-0102",
    billing=HOME,
    sites=(SITE, HOME),
    terms="net30",
)


def test_a_customer_keeps_its_fields() -> None:
    sent = document(ADA)
    assert isinstance(sent, CustomerRecord)
    assert (sent.name, sent.company, sent.given_name, sent.family_name) == (
        "Hill, Ada",
        "Hill Estates",
        "Ada",
        "Hill",
    )
    assert (sent.email, sent.phone, sent.mobile) == ("ada@example.com", "775-555-0101", "775-555-0102")
    assert (sent.billing, sent.shipping, sent.parent, sent.active) == (HOME, SITE, None, True)
    assert sent.terms is not None
    assert sent.taxable is None


def test_an_exempt_customer_carries_reason_and_certificate() -> None:
    exempt = attrs.evolve(ADA, exemption=TaxExemption(reason=9, certificate="R-1"))
    sent = document(exempt)
    assert (sent.taxable, sent.exemption_reason, sent.certificate) == (False, 9, "R-1")


def test_a_customer_who_is_no_longer_exempt_is_made_taxable_again() -> None:
    before = document(attrs.evolve(ADA, exemption=TaxExemption(reason=9)))
    after = document(ADA, company(posted={DocumentKey(ADA.ref): before}))
    assert after.taxable is True
    assert document(ADA, company(posted={DocumentKey(ADA.ref): after})) == after


def test_a_job_is_a_customer_below_its_customer() -> None:
    sent = document(attrs.evolve(JOB, site=SITE, active=False))
    assert (sent.name, sent.parent) == ("Kitchen", RecordRef(RecordKind.CUSTOMER, "7"))
    assert (sent.shipping, sent.active) == (SITE, False)


def test_a_vendor_keeps_its_fields() -> None:
    vendor = Vendor(
        id="9",
        name="Ferguson",
        email="ar@example.com",
        phone="1",
        address=HOME,
        account_number="A-1",
        is_1099=True,
    )
    sent = document(vendor)
    assert isinstance(sent, VendorRecord)
    assert (sent.name, sent.email, sent.address, sent.account_number, sent.is_1099) == (
        "Ferguson",
        "ar@example.com",
        HOME,
        "A-1",
        True,
    )


def test_unmapped_terms_are_left_out() -> None:
    assert document(attrs.evolve(ADA, terms="net99")).terms is None


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (attrs.evolve(ADA, name=" "), "Hill Estates"),
        (attrs.evolve(ADA, name="", company=""), "Ada Hill"),
        (Vendor(id="9", name="", company="Ferguson"), "Ferguson"),
        (attrs.evolve(ADA, name="  Ada  "), "Ada"),
    ],
)
def test_a_name_is_found_where_there_is_one(record: Record, name: str) -> None:
    assert document(record).name == name


@pytest.mark.parametrize(
    "record",
    [Customer(id="88", name=""), Job(id="88", customer_id="7", name=""), Vendor(id="88", name=" ")],
)
def test_a_party_without_any_name_waits(record: Record) -> None:
    assert "has no name" in blocked(record).reason


def test_a_customer_of_another_currency_waits_unless_the_books_keep_several() -> None:
    foreign = attrs.evolve(CUSTOMER, currency="CAD")
    assert "CAD" in blocked(foreign).reason
    assert document(foreign, company(multicurrency=True)).name == "Ada Hill"
