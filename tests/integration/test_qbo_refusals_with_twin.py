"""What the twin of QuickBooks Online refuses, and bad weather on the way, as outcomes with words."""

from collections.abc import Iterator
from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
)
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import (
    Gone,
    NotKnown,
    Outcome,
    Refused,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_plumbing import (
    DOCUMENTS,
    INVOICE,
    JOB,
    TODAY,
)
from tests.qbo_twin import Connected, connected


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


def test_a_name_of_a_vendor_is_taken(books: Connected) -> None:
    op = Operation(id="1", verb=Verb.CREATE, document=CustomerRecord(name="sierra pipe supply"))
    (outcome,) = books.do(op)
    assert isinstance(outcome, Refused)
    assert (outcome.why, outcome.code) == (Why.NAME_TAKEN, "6240")


def test_an_old_version_is_stale(books: Connected) -> None:
    record = books.write(attrs.evolve(INVOICE, number="STALE"))
    books.write(
        attrs.evolve(INVOICE, number="STALE", memo="b"),
        target_id=record.id,
        version="0",
        previous=record.document,
    )
    op = Operation(id="1", verb=Verb.UPDATE, document=INVOICE, target_id=record.id, version="0")
    assert isinstance(books.do(op)[0], Stale)


def test_a_deleted_record_is_gone_and_an_update_of_it_asks_for_a_read(books: Connected) -> None:
    bill = attrs.evolve(DOCUMENTS["bill"], number="GONE")
    record = books.write(bill)
    books.admin("do", action="delete", kind="Bill", id=record.id)
    outcome = books.one(Verb.UPDATE, document=bill, target_id=record.id, version="0")
    assert isinstance(outcome, Gone)
    assert [(want.verb, want.target_id) for want in outcome.then] == [(Verb.READ, record.id)]


def test_a_payment_for_a_deleted_invoice_names_the_reference(books: Connected) -> None:
    record = books.write(attrs.evolve(INVOICE, number="DEAD"))
    books.admin("do", action="delete", kind="Invoice", id=record.id)
    allocation = Allocation(invoice=record.ref, amount=D("1.00"))
    payment = CustomerPayment(customer=JOB, date=TODAY, amount=D("1.00"), allocations=(allocation,))
    outcome = books.one(Verb.CREATE, document=payment)
    assert isinstance(outcome, Refused)
    assert outcome.why is Why.REFERENCE


def test_an_inactive_item_names_the_remedy() -> None:
    with connected() as books:
        books.admin("do", action="inactivate", kind="Item", id="1")
        outcome = books.one(Verb.CREATE, document=attrs.evolve(INVOICE, tax_code=None))
        assert isinstance(outcome, Refused)
        assert outcome.why is Why.REFERENCE
        assert "inactive" in outcome.message
        assert "mapping page" in outcome.remedy


def test_a_closed_period_is_told_apart() -> None:
    with connected() as books:
        books.admin("closing", date=TODAY.isoformat())
        books.refresh_profile()
        assert books.profile.closing_date == TODAY
        outcome = books.one(Verb.CREATE, document=INVOICE)
        assert isinstance(outcome, Refused)
        assert outcome.why is Why.CLOSED_PERIOD


def test_a_lapsed_company_and_a_small_plan_are_told_apart() -> None:
    with connected() as books:
        books.admin("company", plan_lacks=["Bill"])
        small = books.one(Verb.CREATE, document=DOCUMENTS["bill"])
        assert isinstance(small, Refused)
        assert small.why is Why.NOT_AVAILABLE
        books.admin("company", lapsed=True)
        lapsed = books.one(Verb.CREATE, document=INVOICE)
        assert isinstance(lapsed, Refused)
        assert lapsed.why is Why.NOT_ALLOWED


WEATHER: dict[str, type[Outcome]] = {
    "error_before": NotKnown,
    "error_after": NotKnown,
    "unavailable": NotKnown,
    "html": NotKnown,
    "html_after": NotKnown,
    "throttled": Throttled,
    "throttled_xml": Throttled,
}


@pytest.mark.parametrize("trouble", list(WEATHER))
def test_bad_weather_on_a_write_and_on_a_read(trouble: str, books: Connected) -> None:
    try:
        books.admin("faults", trouble=trouble, match="/batch", count=1)
        (outcome,) = books.do(
            Operation(id="1", verb=Verb.CREATE, document=attrs.evolve(INVOICE, number=f"W-{trouble}"))
        )
        assert isinstance(outcome, WEATHER[trouble])
        books.admin("faults", trouble=trouble, match="/invoice", count=1)
        assert isinstance(books.read(BooksKind.INVOICE, "1"), Throttled)
    finally:
        books.admin("faults/clear", sure=True)


def test_an_answer_that_breaks_off_settles_nothing() -> None:
    with connected(read_timeout=2.0) as books:
        for trouble in ("truncated", "drop_before", "timeout_after"):
            books.admin("faults", trouble=trouble, match="/batch", seconds=4)
            exchange = books.envelope(
                Operation(id="1", verb=Verb.CREATE, document=attrs.evolve(INVOICE, tax_code=None))
            )
            reply = books.send(exchange)
            if type(reply).__name__ == "Answered":
                assert isinstance(books.decode(exchange, reply)[0], NotKnown)
            else:
                assert type(reply).__name__ == "Unknown"
