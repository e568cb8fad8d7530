"""Refusal cases: what books must not do quietly; part of the conformance kit."""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.domain.documents import CustomerRecord, SalesInvoice, VendorRecord
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import Applied, BooksRecord, Refused, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.testing.samples import DAY
from blueops_qb.sdk.testing.subject import Subject, creation
from blueops_qb.sdk.testing.writing_cases import APART

#: No books have it.
_NOWHERE = "999999999"


def refuses_an_unknown_reference(subject: Subject) -> None:
    """An invoice for a customer, or with an item, that is not there is refused as `reference`, not written."""
    since = subject.now() - APART
    operation, _ = subject.prepared(Feature.INVOICES, subject.world())
    assert isinstance(operation.document, SalesInvoice)
    lines = tuple(
        attrs.evolve(line, item=BooksRef(BooksKind.ITEM, _NOWHERE)) for line in operation.document.lines
    )
    wrong = {
        "customer": attrs.evolve(operation.document, customer=BooksRef(BooksKind.CUSTOMER, _NOWHERE)),
        "item": attrs.evolve(operation.document, lines=lines),
    }
    for what, document in wrong.items():
        outcome = subject.send(attrs.evolve(operation, document=document))
        assert isinstance(outcome, Refused), f"an invoice that names an unknown {what} answered {outcome}"
        assert outcome.why is Why.REFERENCE, f"an unknown {what} is refused as {outcome.why}: {outcome}"
        assert outcome.message, f"the refusal of an unknown {what} says nothing that an admin can read"
        _nothing_of(subject, operation, since)


def _nothing_of(subject: Subject, operation: Operation, since: dt.datetime) -> None:
    written = [one.ref for one in subject.created(operation.kind, since) if one.marker == operation.marker]
    assert not written, f"what was refused has been written all the same: {written}"


def keeps_two_of_one_name_apart(subject: Subject) -> None:
    """A second party of a name is refused as `name_taken` or becomes a record of its own.

    The first is neither taken for it nor changed.
    """
    operation, first, _ = subject.write(Feature.CUSTOMERS, subject.world())
    before = subject.there(first.ref)
    _apart(subject, attrs.evolve(operation, marker=""), before)
    if subject.able(Feature.VENDORS):
        assert isinstance(operation.document, CustomerRecord)
        _apart(subject, creation(VendorRecord(name=operation.document.name)), before)


def _apart(subject: Subject, operation: Operation, first: BooksRecord) -> None:
    outcome = subject.send(operation)
    if isinstance(outcome, Refused):
        assert outcome.why is Why.NAME_TAKEN, (
            f"a second {operation.kind} of a name is refused as {outcome.why}"
        )
    else:
        assert isinstance(outcome, Applied), f"a second {operation.kind} of a name answered {outcome}"
        assert outcome.record is not None, f"a second {operation.kind} of a name shows no record"
        assert outcome.record.ref != first.ref, f"{first.ref} was taken for the second {operation.kind}"
    after = subject.there(first.ref)
    assert (after.version, after.document) == (first.version, first.document), (
        f"{first.ref} was changed by a second {operation.kind} of its name"
    )


def keeps_a_closed_period_closed(subject: Subject) -> None:
    """The profile tells the closing date, and a write of that day is refused as `closed_period`.

    It passes when the books are open again.
    """
    close = subject.close_books
    assert close is not None, "the provider declares `closing`: give the kit `close_books`"
    since = subject.now() - APART
    operation, _ = subject.prepared(Feature.INVOICES, subject.world())
    close(DAY)
    try:
        told = subject.catalog()[0].closing_date
        outcome = subject.send(operation)
    finally:
        close(None)
    assert told == DAY, f"the books are closed up to {DAY}, and the profile says {told}"
    assert isinstance(outcome, Refused), f"a write into a closed period answered {outcome}"
    assert outcome.why is Why.CLOSED_PERIOD, f"a write into a closed period is refused as {outcome.why}"
    _nothing_of(subject, operation, since)
    subject.applied(operation)
