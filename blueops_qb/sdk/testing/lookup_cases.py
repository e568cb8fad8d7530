"""Look-up cases: what the engine finds before it writes, and after it does not know; part of the conformance kit."""

from __future__ import annotations

import attrs

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import Absent, Applied
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.case import deletable, numbered
from blueops_qb.sdk.testing.subject import Subject, changing
from blueops_qb.sdk.testing.writing_cases import APART


def finds_a_number_that_is_taken(subject: Subject) -> None:
    """The look-up by number, before a creation, shows the document that has it, and none for a number that is free."""
    feature = numbered(subject.provider.describe())
    assert feature is not None, "no number is looked up"
    operation, record, _ = subject.write(feature, subject.world())
    number = getattr(operation.document, "number", "")
    hits = _of_number(subject, record.kind, number)
    assert hits == [record.ref], f"the number {number} is {record.ref}'s, and the look-up shows {hits}"
    free = f"{number[:-1]}Z"
    others = _of_number(subject, record.kind, free)
    assert others == [], f"the number {free} is free, and the look-up shows {others}"


def _of_number(subject: Subject, kind: BooksKind, number: str) -> list[BooksRef]:
    params = {"by": "number", "number": number}
    if isinstance(subject.send(Operation(id="1", verb=Verb.FIND, kind=kind, params=params)), Absent):
        return []
    return [one.ref for page in subject.pages(Verb.FIND, kind=kind, **params) for one in page.records]


def finds_what_was_created_and_deleted(subject: Subject) -> None:
    """The look-up after a lost answer tells a record as deleted that somebody has removed meanwhile.

    Without that the engine would take it for never created, and write it again.
    """
    since = subject.now() - APART
    feature = deletable(subject.provider.describe())
    assert feature is not None, "no kind is removed by deletion"
    operation, record, _ = subject.write(feature, subject.world())
    gone = changing(operation, operation.document, subject.there(record.ref), Verb.WITHDRAW)
    outcome = subject.send(attrs.evolve(gone, marker=""))
    assert isinstance(outcome, Applied), f"taking {record.ref} out answered {outcome}"
    pages = subject.pages(Verb.FIND, kind=operation.kind, by="created", since=since.isoformat())
    deleted = [ref for page in pages for ref in page.deleted]
    assert record.ref in deleted, (
        f"{record.ref} was created and deleted, and the look-up tells only of {deleted}"
    )
