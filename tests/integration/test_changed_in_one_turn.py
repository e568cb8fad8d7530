"""What core has taken in a turn is read as it is now by whatever else that turn looks at."""

import attrs

from blueops_qb.domain.records import Credit, CreditReason, Customer, InvoiceLine, Job, LineKind
from blueops_qb.domain.refs import BooksRef, RecordKind
from blueops_qb.sdk.core import Applied, MergeParty, SaveCustomer
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import sent_customer

pytest_plugins = ["tests.engine_fixtures"]


def goodwill(house: EngineHouse, invoice_id: str, job: Job) -> Credit:
    """5.00 is given back on an invoice of a job."""
    line = InvoiceLine(
        line_id="credit",
        kind=LineKind.SERVICE,
        service_category="repair",
        unit_price=D("5.00"),
        amount=D("5.00"),
        taxable=False,
    )
    with house.work() as tx:
        found: Credit = tx.issue_credit(
            Credit(
                id="",
                number="",
                customer_id=job.customer_id,
                job_id=job.id,
                invoice_id=invoice_id,
                issue_date=DAY,
                reason=CreditReason.GOODWILL,
                lines=(line,),
                total=D("5.00"),
            )
        )
    house.drain()
    return found


def under(house: EngineHouse, name: BooksRef, *records: object) -> None:
    """The bookkeeper puts documents under another customer or job, and all is heard of at once."""
    for record in records:
        ref = house.place(record)
        house.books.edit(ref, customer=name)
    house.poll()
    house.poll()


def test_a_credit_that_moves_to_another_job_with_its_invoice_moves_here_too(house: EngineHouse) -> None:
    ann = sent_customer(house)
    kitchen, bath = house.job(ann), house.job(ann, "Bath")
    invoice = house.invoice(kitchen)
    house.drain()
    credit = goodwill(house, invoice.id, kitchen)
    under(house, house.place(bath), invoice, credit)
    assert house.here(invoice.ref).job_id == bath.id
    assert house.here(credit.ref).job_id == bath.id
    assert house.conflicts() == []
    assert house.quiet()


def test_a_credit_of_another_job_than_its_invoice_stays_there(house: EngineHouse) -> None:
    ann = sent_customer(house)
    kitchen, bath = house.job(ann), house.job(ann, "Bath")
    invoice = house.invoice(kitchen)
    house.drain()
    credit = goodwill(house, invoice.id, kitchen)
    under(house, house.place(bath), invoice)
    assert house.here(invoice.ref).job_id == bath.id
    assert house.here(credit.ref).job_id == kitchen.id
    assert house.there(credit).customer == house.place(kitchen)
    assert house.quiet()


def test_a_turn_reads_what_it_has_changed_itself(house: EngineHouse) -> None:
    ann, bob = sent_customer(house), sent_customer(house, "Bob")
    invoice = house.invoice(ann)
    house.drain()
    with house.turn() as turn:
        before = turn.read_all([bob.ref])[bob.ref]
        assert _phone(before.record) != "555 0199"
        change = SaveCustomer(record=attrs.evolve(bob, phone="555 0199"))
        answer = turn.tx.apply(change, expected_revision=before.revision, key="one")
        assert isinstance(answer, Applied), answer
        assert _phone(turn.read_all([bob.ref])[bob.ref].record) == "555 0199"
        merge = MergeParty(kind=RecordKind.CUSTOMER, loser_id=ann.id, survivor_id=bob.id)
        assert isinstance(turn.tx.apply(merge, expected_revision=None, key="two"), Applied)
        assert getattr(turn.read_all([invoice.ref])[invoice.ref].record, "customer_id", "") == bob.id


def _phone(record: object) -> str:
    assert isinstance(record, Customer)
    return record.phone
