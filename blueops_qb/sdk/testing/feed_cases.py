"""Feed cases: what changed in the books is told, late arrivals and deletions too; part of the conformance kit."""

from __future__ import annotations

from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import Applied, Found
from blueops_qb.sdk.provider import Verb
from blueops_qb.sdk.testing.case import deletable
from blueops_qb.sdk.testing.subject import Subject, changing


def _position(subject: Subject) -> str:
    cursor = subject.pages(Verb.CHANGES, cursor="")[-1].cursor
    assert cursor, "the feed gives no position to go on from"
    return cursor


def _since(subject: Subject, cursor: str) -> list[Found]:
    pages = subject.pages(Verb.CHANGES, cursor=cursor)
    assert pages[-1].cursor, "the last page gives no position to go on from"
    assert all(page.cursor is None for page in pages[:-1]), "a page before the last one moves the position"
    return pages


def shows_what_changed_since(subject: Subject) -> None:
    """The first position of the feed is now; what is written after it shows once it is asked again."""
    cursor = _position(subject)
    _, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    shown = [one.ref for page in _since(subject, cursor) for one in page.records]
    assert record.ref in shown, f"{record.ref} is not in the feed"


def overlaps_its_last_position(subject: Subject) -> None:
    """What was written shortly before the position shows again, since it may have become visible only after."""
    _, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    cursor = _position(subject)
    shown = [one.ref for page in _since(subject, cursor) for one in page.records]
    seconds = subject.provider.describe().limits.feed_overlap_seconds
    assert record.ref in shown, f"the feed does not reach back {seconds:g} s: {record.ref} is not in it"


def tells_what_was_deleted(subject: Subject) -> None:
    """A record that was deleted after the position is told as deleted, and not just no longer shown."""
    feature = deletable(subject.provider.describe())
    assert feature is not None, "no kind is removed by deletion"
    operation, record, _ = subject.write(feature, subject.world())
    cursor = _position(subject)
    gone = changing(operation, operation.document, subject.there(record.ref), Verb.WITHDRAW)
    outcome = subject.send(gone)
    assert isinstance(outcome, Applied), f"taking {record.ref} out answered {outcome}"
    pages = _since(subject, cursor)
    deleted = [ref for page in pages for ref in page.deleted]
    assert record.ref in deleted, f"{record.ref} was deleted, and the feed tells only of {deleted}"
    shown = [one.ref for page in pages for one in page.records if one.active]
    assert record.ref not in shown, f"{record.ref} was deleted, and the feed shows it as well"
