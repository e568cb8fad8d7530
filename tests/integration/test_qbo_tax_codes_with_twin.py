"""Tax codes of BlueOps are created in the twin whole and once, and an independent client reads what was sent."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import attrs
import pytest
import requests
from quickbooks.objects.taxagency import TaxAgency
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxrate import TaxRate as ListedRate

from blueops_qb.domain.documents import TaxCodeRecord, TaxRate, TaxUse
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.doors import Unknown
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, NotKnown, Refused, Why
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from tests.qbo_twin import Connected, connected
from tests.twin_library import library

K = BooksKind


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as found:
        found.refresh_profile()
        yield found


@pytest.fixture
def agency(books: Connected) -> BooksRef:
    outcome = books.one(Verb.CATALOG)
    assert isinstance(outcome, Found)
    return next(record.ref for record in outcome.records if record.kind is K.TAX_AGENCY)


def code(agency: BooksRef, name: str) -> TaxCodeRecord:
    rates = (
        TaxRate(name=f"{name} St", percent=D("4.6"), agency=agency),
        TaxRate(name=f"{name} Co", percent=D("3.665"), agency=agency),
        TaxRate(name=f"{name} Use", percent=D(8), agency=agency, on=TaxUse.PURCHASES),
    )
    return TaxCodeRecord(name=f"{name}, NV", rates=rates)


def create(document: TaxCodeRecord) -> Operation:
    return Operation(id="1", verb=Verb.CREATE, kind=K.TAX_CODE, document=document)


def find(books: Connected, name: str) -> list[BooksRecord]:
    outcome = books.one(Verb.FIND, K.TAX_CODE, params={"by": "name", "name": name})
    if isinstance(outcome, Absent):
        return []
    assert isinstance(outcome, Found), outcome
    return list(outcome.records)


def charges_as(books: Connected, record: BooksRecord, document: TaxCodeRecord) -> bool:
    """Whether the books show the code with these very rates."""
    shown = record.document
    return shown is not None and books.provider.normal(shown) == books.provider.normal(document)


def test_what_is_created_comes_back_and_is_found_as_sent(books: Connected, agency: BooksRef) -> None:
    created = books.write(code(agency, "Reno"))
    (found,) = find(books, "reno, nv")
    assert found.ref == created.ref
    assert charges_as(books, found, code(agency, "Reno"))
    listed = books.one(Verb.CATALOG)
    assert isinstance(listed, Found)
    entries = {record.ref: record for record in listed.records}
    assert (entries[created.ref].name, entries[created.ref].active) == ("Reno, NV", True)
    # The list says which rates it has; the answer to a creation does not.
    listed_facts = dict(entries[created.ref].facts)
    assert len(listed_facts.pop("rates").split()) == 2
    assert {**created.facts, "hidden": "false"} == listed_facts
    rates = {record.name: record.facts for record in listed.records if record.kind is K.TAX_RATE}
    assert rates["Reno Co"] == {"rate": "3.665", "agency": agency.id}


def test_python_quickbooks_reads_back_what_we_created(books: Connected, agency: BooksRef) -> None:
    created = books.write(code(agency, "Sparks"))
    with library(books.twin) as client:
        (read,) = TaxCode.filter(Name="Sparks, NV", qb=client)
        assert (read.Id, read.Active, read.TaxGroup) == (created.id, True, True)
        lists = {"sales": read.SalesTaxRateList, "purchases": read.PurchaseTaxRateList}
        shown = {
            use: [ListedRate.get(row.TaxRateRef.value, qb=client) for row in listed.TaxRateDetail]
            for use, listed in lists.items()
        }
        assert {
            use: [(rate.Name, D(str(rate.RateValue))) for rate in rates] for use, rates in shown.items()
        } == {
            "sales": [("Sparks St", D("4.6")), ("Sparks Co", D("3.665"))],
            "purchases": [("Sparks Use", D(8))],
        }
        owed_to = {rate.AgencyRef.value for rates in shown.values() for rate in rates}
        assert owed_to == {agency.id}
        assert TaxAgency.get(agency.id, qb=client).DisplayName


# -- once ------------------------------------------------------------------------------------------
def test_the_same_request_is_carried_out_once(books: Connected, agency: BooksRef) -> None:
    exchange = books.envelope(create(code(agency, "Elko")))
    first, again = (books.decode(exchange, books.send(exchange))[0] for _ in range(2))
    assert isinstance(first, Applied)
    assert isinstance(again, Applied)
    assert first.record == again.record
    assert len(find(books, "Elko, NV")) == 1


@pytest.mark.parametrize("trouble", ["drop_after", "error_after", "html_after", "truncated"])
@pytest.mark.parametrize("ignored", [False, True], ids=["requestid remembered", "requestid ignored"])
def test_a_lost_answer_is_settled_by_the_name_and_leaves_one_code(
    books: Connected, agency: BooksRef, trouble: str, ignored: bool
) -> None:
    name = f"{trouble[:3]}{trouble[-3]}{int(ignored)}"
    books.admin("switches", requestid_ignored=ignored)
    books.admin("faults", trouble=trouble, match="/taxservice", count=1)
    try:
        exchange = books.envelope(create(code(agency, name)))
        assert lost(books, exchange)
        (hit,) = find(books, f"{name}, NV")
        assert charges_as(books, hit, code(agency, name))
        # Whoever sends it again all the same is told that it is there.
        (again,) = books.decode(exchange, books.send(exchange))
        assert isinstance(again, Applied | Refused), again
        assert [record.ref for record in find(books, f"{name}, NV")] == [hit.ref]
    finally:
        books.admin("faults/clear")
        books.admin("switches", requestid_ignored=False)


@pytest.mark.parametrize("trouble", ["drop_before", "error_before"])
def test_a_call_that_never_arrived_is_not_found_and_goes_again(
    books: Connected, agency: BooksRef, trouble: str
) -> None:
    name = f"{trouble[:4]}{trouble[-3]}"
    books.admin("faults", trouble=trouble, match="/taxservice", count=1)
    exchange = books.envelope(create(code(agency, name)))
    assert lost(books, exchange)
    assert find(books, f"{name}, NV") == []
    (outcome,) = books.decode(exchange, books.send(exchange))
    assert isinstance(outcome, Applied), outcome
    assert len(find(books, f"{name}, NV")) == 1


def lost(books: Connected, exchange: Exchange) -> bool:
    """Send; whether nobody can say what came of it."""
    reply = books.send(exchange)
    return isinstance(reply, Unknown) or isinstance(books.decode(exchange, reply)[0], NotKnown)


# -- refused ---------------------------------------------------------------------------------------
def test_a_name_that_is_taken_is_refused_with_words_about_tax_codes(
    books: Connected, agency: BooksRef
) -> None:
    books.write(code(agency, "Ely"))
    (outcome,) = books.do(create(attrs.evolve(code(agency, "Ely2"), name="ELY, nv")))
    assert isinstance(outcome, Refused), outcome
    assert outcome.why is Why.NAME_TAKEN
    assert "tax code" in outcome.message
    assert "another name" in outcome.remedy
    (kept,) = find(books, "Ely, NV")
    assert charges_as(books, kept, code(agency, "Ely"))


def test_an_agency_that_is_not_there_is_refused_and_nothing_is_made(books: Connected) -> None:
    (outcome,) = books.do(create(code(BooksRef(K.TAX_AGENCY, "9999"), "Baker")))
    assert isinstance(outcome, Refused), outcome
    assert outcome.why is Why.REFERENCE
    assert "tax agency" in outcome.message
    assert find(books, "Baker, NV") == []


def test_what_the_twin_takes_is_what_is_checked_before_sending(books: Connected, agency: BooksRef) -> None:
    """The twin refuses by its own rules what the provider never sends: both draw the same line."""
    url = f"{books.twin.base_url}/v3/company/{books.twin.realm}/taxservice/taxcode"
    for wrong in ({"TaxRateName": "eleven long"}, {"RateValue": "100.01"}, {"RateValue": "-1"}):
        row = {"TaxRateName": "Fine", "RateValue": "1", "TaxAgencyId": agency.id, **wrong}
        answer = requests.post(
            url,
            json={"TaxCode": f"Wrong {wrong}"[:100], "TaxRateDetails": [row]},
            headers={"Authorization": f"Bearer {books.twin.access_token}", "Accept": "application/json"},
            timeout=60,
        )
        assert answer.status_code == 400, answer.text


def test_reading_what_never_was_is_absent(books: Connected) -> None:
    assert isinstance(books.read(K.TAX_CODE, "999999"), Absent | Gone)


def test_a_look_up_by_creation_shows_what_it_charges_too(books: Connected, agency: BooksRef) -> None:
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)).isoformat()
    created = books.write(code(agency, "Wells"))
    found = books.one(Verb.FIND, K.TAX_CODE, params={"by": "created", "since": since})
    assert isinstance(found, Found), found
    (hit,) = [record for record in found.records if record.ref == created.ref]
    assert charges_as(books, hit, code(agency, "Wells"))
