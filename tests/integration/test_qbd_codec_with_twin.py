"""What the Desktop provider writes, a Desktop file takes as it was meant, and shows again as it was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from blueops_qb.domain.documents import (
    CustomerRecord,
    Document,
    SalesForm,
    VendorRecord,
)
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.open_bills import open_bills_of
from blueops_qb.providers.qbd.gate_reply import load_reply
from blueops_qb.providers.qbd.qbxml.reading import read
from blueops_qb.providers.qbd.qbxml.writing import VERSION, MessageSet, written
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, Refused, Why
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbd_bound import bill, bound, customer, invoice, vendor, vendor_credit
from tests.qbd_documents import BY_TYPE, pairs
from tests.qbd_meeting import Meeting, applied, found, new_meeting

TYPES = tuple(BY_TYPE)
SOME = settings(
    max_examples=settings().max_examples // 4,
    # The file remembers: an example is not tried again on what it has written itself.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def meeting() -> Meeting:
    """A seeded file with the provider."""
    return new_meeting()


def sent_of(meeting: Meeting, document: Document, record: BooksRecord) -> tuple[Document, Document]:
    """What was sent and what is shown, through the lens; tax and total where they are QuickBooks' to say are shown."""
    assert record.document is not None, record.facts
    operation = Operation(id="1", verb=Verb.CREATE, kind=record.kind, document=document)
    sent = meeting.provider.sent(operation, meeting.profile)
    shown = meeting.provider.normal(record.document)
    assert sent is not None
    # A number that is left out is QuickBooks' to give.
    if not getattr(sent, "number", "x"):
        unnumbered: Any = shown
        shown = attrs.evolve(unnumbered, number="")
    # So is the day it is due where only terms are told.
    if getattr(sent, "due_date", shown) is None:
        due: Any = shown
        shown = attrs.evolve(due, due_date=None)
    if isinstance(sent, SalesForm) and isinstance(shown, SalesForm):
        shown = attrs.evolve(shown, tax=sent.tax, total=sent.total, tax_code=sent.tax_code)
    return sent, shown


def judged(meeting: Meeting, outcome: Any) -> BooksRecord | None:
    """The record, when it was taken; a refusal is QuickBooks' own, never a set that it cannot read."""
    failed = load_reply(meeting.heard)
    assert not failed.hresult, (failed, meeting.sent.decode())
    if isinstance(outcome, Refused):
        assert outcome.why is not Why.DEFECT, (outcome, meeting.sent.decode())
        event(f"refused: {outcome.code} {outcome.detail[:60]}")
        return None
    record = applied(outcome)
    event("applied")
    return record


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.__name__)
def test_a_document_is_written_changed_and_taken_out_as_it_was_sent(
    meeting: Meeting, type_: type[Document]
) -> None:
    reached: Counter[str] = Counter()

    @SOME
    @given(pair=pairs(type_))
    def tried(pair: tuple[Document, Document]) -> None:
        try:
            reached.update(the_way_of(meeting, *pair))
        except Unencodable as refusal:
            event(f"not queued: {str(refusal)[:40]}")

    tried()
    assert reached["written"], "no document of the kind was ever written"


def the_way_of(meeting: Meeting, document: Document, before: Document) -> Iterator[str]:
    """Writes, changes and takes out; every step is compared. Raises Unencodable for what is not queued."""
    document, before = bound(meeting, document), bound(meeting, before)
    record = judged(meeting, meeting.create(before))
    if record is None:
        return
    compare(meeting, before, record)
    yield "written"
    changed = judged(meeting, meeting.update(record, document, before))
    if changed is not None:
        compare(meeting, document, changed)
        yield "changed"
    gone = meeting.withdraw(changed or record)
    assert isinstance(gone, Applied), gone
    after = meeting.read(record.ref)
    if isinstance(after, Found):
        (left,) = after.records
        assert not left.active or getattr(left.document, "void", False)
    else:
        assert isinstance(after, Absent | Gone)
    yield "gone"


def compare(meeting: Meeting, document: Document, record: BooksRecord) -> None:
    """The answer and a read of the record show what was sent."""
    for shown in (record, found(meeting.read(record.ref))):
        sent, seen = sent_of(meeting, document, shown)
        fields = [field.name for field in attrs.fields(type(sent))]
        assert [name for name in fields if getattr(seen, name) != getattr(sent, name)] == [], (sent, seen)


def test_a_record_without_a_name_is_refused_before_it_is_queued(meeting: Meeting) -> None:
    for document in (CustomerRecord(name="\x00 "), VendorRecord(name="")):
        with pytest.raises(Unencodable, match="has no name"):
            meeting.create(document)


def test_a_form_below_zero_is_refused_before_it_is_queued(meeting: Meeting) -> None:
    document = invoice(meeting, customer(meeting), D("-1.00"))
    with pytest.raises(Unencodable, match=r"comes to -1\.00"):
        meeting.create(document)


def test_the_catalog_of_a_file_is_read_whole() -> None:
    meeting = new_meeting()
    company = meeting.desk.file.company
    shown = {record.id for record in meeting.catalog}
    for kind in (
        "Account",
        "Class",
        "Customer",
        "Vendor",
        "Employee",
        "OtherName",
        "ItemService",
        "ItemSalesTax",
    ):
        assert company.records[kind].keys() <= shown
    assert meeting.profile.company_name == "BlueOps Practice Plumbing"
    assert meeting.profile.sales_tax is SalesTax.MANUAL
    assert meeting.profile.class_tracking is Tracking.PER_LINE


def test_a_number_and_a_name_are_looked_up(meeting: Meeting) -> None:
    document = attrs.evolve(invoice(meeting, customer(meeting), D("5.00")), number="BO-777")
    record = applied(meeting.create(document))
    by_number = Operation(
        id="1", verb=Verb.FIND, kind=BooksKind.INVOICE, params={"by": "number", "number": "BO-777"}
    )
    assert found(meeting.ask(by_number)).ref == record.ref
    by_name = Operation(
        id="1", verb=Verb.FIND, kind=BooksKind.VENDOR, params={"by": "name", "name": "Larkin Offices"}
    )
    assert found(meeting.ask(by_name)).ref == customer(meeting)
    nobody = attrs.evolve(by_name, params={"by": "name", "name": "Nobody at all"})
    assert isinstance(meeting.ask(nobody), Absent)


def test_what_is_open_of_a_vendors_bills_is_read_as_the_file_tells_it() -> None:
    meeting = new_meeting()
    shop = vendor(meeting)
    owed = applied(meeting.create(bill(meeting, shop, D("30.00")))).ref
    credited = applied(meeting.create(vendor_credit(meeting, shop, D("12.00")))).ref
    asked = written(MessageSet(requests=(queries.open_bills(shop.id),), version=VERSION))
    told = meeting.carry(asked)
    assert isinstance(told, Answered)
    answer = read(told.body).children[0].children[0]
    assert open_bills_of(answer) == {owed: D("30.00"), credited: D("-12.00")}
