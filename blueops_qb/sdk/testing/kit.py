"""Conformance kit: what every provider must keep to; its author runs it in a few lines of pytest:

    from blueops_qb.sdk.testing.kit import CHECKS, Check, Subject
    @pytest.mark.parametrize("check", CHECKS, ids=str)
    def test_conformance(check: Check, subject: Subject) -> None:
        check.run(subject)

The fixture `subject` gives a `Subject`: the provider and a way to books that may be written to. A check of a
feature that the provider does not offer does nothing. A check fails by AssertionError with a sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs

from blueops_qb.domain.documents import DOCUMENT_TYPES, CustomerRecord, Document, kind_of
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, NotKnown, Stale
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.ledger_checks import reads_a_ledger_that_balances
from blueops_qb.sdk.testing.line_checks import LINED, changing_a_line
from blueops_qb.sdk.testing.samples import SAMPLES, Places, content_of
from blueops_qb.sdk.testing.status_checks import asks_and_runs_nothing
from blueops_qb.sdk.testing.subject import Subject
from blueops_qb.sdk.testing.tax_checks import creates_a_tax_code_once

#: What may come back instead of an answer.
GARBAGE = (
    b"",
    b" ",
    b"\x00\xff\xfe",
    b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    b'<?xml version="1.0"?><fault/>',
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"42",
    b'"words"',
    b'{"exchange": 1, "outcomes": []}',
    b'{"status": 200, "headers": {}, "text": "<html>"}',
)


@attrs.frozen
class Check:
    """One promise of the interface; `run` raises AssertionError where it is broken."""

    name: str
    run: Callable[[Subject], None]
    #: It writes to or reads from books; without `carry` it cannot be run.
    needs_books: bool = False

    def __str__(self) -> str:
        return self.name


# -- what it says of itself ------------------------------------------------------------------------
def describes_itself(subject: Subject) -> None:
    """Every feature once, with a reason; the same answer every time."""
    described = subject.provider.describe()
    assert described.name, "describe() gives no name"
    assert described.title, "describe() gives no title"
    features = [capability.feature for capability in described.capabilities]
    assert sorted(features) == sorted(Feature), "describe() must name every feature exactly once"
    for capability in described.capabilities:
        assert capability.reason.strip(), f"{capability.feature} has no reason that an admin can read"
    assert described.steps, "describe() names no step by which an admin connects"
    assert subject.provider.describe() == described, "describe() changes its mind"


def has_sensible_limits(subject: Subject) -> None:
    """At least one exchange with one operation, and positive times."""
    limits = subject.provider.describe().limits
    for name in ("open_exchanges", "operations_per_exchange", "deadline_seconds"):
        assert getattr(limits, name) > 0, f"limits.{name} must be above zero"
    assert min(limits.settle_after_seconds, limits.reads_per_month) >= 0
    names = [pace.name for pace in limits.paces]
    assert len(set(names)) == len(names), f"two paces have the same name: {names}"
    for pace in limits.paces:
        assert 0 < len(pace.name) <= 16, f"the pace {pace.name!r} needs a name of at most 16 characters"
        assert pace.calls > 0, f"the pace {pace.name} lets nothing through"
        assert pace.seconds > 0, f"the pace {pace.name} counts over no time"
        assert pace.burst >= 1, f"the pace {pace.name} never holds a whole token"


def tells_what_an_exchange_takes(subject: Subject) -> None:
    """Every cost names paces that exist, and counts nothing below zero."""
    limits = subject.provider.describe().limits
    known = {pace.name for pace in limits.paces}
    for verb in Verb:
        kind = BooksKind.CUSTOMER if verb not in (Verb.SIGN_IN, Verb.CATALOG) else None
        params = {"by": "created", "since": "2026-01-02T03:04:05+00:00"} if verb is Verb.FIND else {}
        cost = subject.provider.cost([Operation(id="1", verb=verb, kind=kind, params=params)])
        assert cost.paces <= known, f"{verb} draws from {sorted(cost.paces - known)}, which describe() lacks"
        assert min(cost.reads, cost.writes) >= 0, f"{verb} costs less than nothing"


def says_how_every_kind_is_removed(subject: Subject) -> None:
    """The removal table covers the kinds that can be written."""
    removals = subject.provider.describe().removals
    for feature, document in subject.samples().items():
        assert kind_of(document) in removals, f"removals has no way for {feature.value}"
    assert set(removals.values()) <= set(Removal)


# -- bytes there and back ----------------------------------------------------------------------------
def _writes(document: Document) -> list[Operation]:
    kind = kind_of(document)
    data = content_of(document)
    create = Operation(
        id="11", verb=Verb.CREATE, kind=kind, document=document, data=data, marker="invoice:1041.1"
    )
    again = attrs.evolve(create, verb=Verb.UPDATE, target_id="77", version="3", previous=document)
    return [create, again, attrs.evolve(again, verb=Verb.WITHDRAW)]


def _reads(subject: Subject) -> list[Operation]:
    since = subject.now().isoformat()
    operations = [
        Operation(id="21", verb=Verb.READ, kind=BooksKind.CUSTOMER, target_id="77"),
        Operation(id="22", verb=Verb.FIND, kind=BooksKind.CUSTOMER, params={"by": "created", "since": since}),
        Operation(id="23", verb=Verb.CATALOG),
    ]
    if subject.able(Feature.CHANGES):
        operations.append(Operation(id="24", verb=Verb.CHANGES, params={"cursor": ""}))
    return operations


def encodes_the_same_exchange_to_the_same_bytes(subject: Subject) -> None:
    """And to other bytes under another id: the id travels with a write, unaltered."""
    for document in subject.samples().values():
        for operation in _writes(document):
            exchange = subject.exchange([operation], id="0123456789abcdef01234567")
            first = subject.provider.encode(exchange, subject.profile)
            assert subject.provider.encode(exchange, subject.profile) == first, (
                f"{operation.verb} of {operation.kind} is encoded differently the second time"
            )
            assert exchange.id.encode() in first, (
                f"{operation.verb} of {operation.kind} does not carry the exchange's id as it is"
            )


def names_envelopes_steadily(subject: Subject) -> None:
    """The envelope of an operation does not depend on when it is asked for."""
    operations = [o for document in subject.samples().values() for o in _writes(document)]
    for operation in [*operations, *_reads(subject)]:
        named = subject.provider.envelope(operation)
        assert subject.provider.envelope(operation) == named


def takes_garbage_for_not_known(subject: Subject) -> None:
    """Whatever comes back for a write, decode answers per operation and never says that it was done."""
    for document in subject.samples().values():
        for operation in _writes(document):
            exchange = subject.exchange([operation])
            for body in GARBAGE:
                outcome = subject.provider.decode(exchange, body, subject.profile)[operation.id]
                assert isinstance(outcome, NotKnown), f"{operation.verb} with the answer {body!r}: {outcome}"


def never_finds_anything_in_garbage(subject: Subject) -> None:
    """Whatever comes back for a read, decode answers per operation and finds neither something nor nothing."""
    for operation in _reads(subject):
        exchange = subject.exchange([operation])
        for body in GARBAGE:
            outcome = subject.provider.decode(exchange, body, subject.profile)[operation.id]
            assert not isinstance(outcome, Applied | Found | Absent | Gone), (
                f"{operation.verb} with the answer {body!r}: {outcome}"
            )


# -- the lens ----------------------------------------------------------------------------------------
def looks_through_the_lens_once(subject: Subject) -> None:
    """normal() is idempotent, gives equal answers for equal documents and keeps the type."""
    for feature, document in subject.samples().items():
        once = subject.provider.normal(document)
        assert type(once) is type(document)
        assert subject.provider.normal(once) == once, f"normal() of {feature.value} changes it again"
        assert subject.provider.normal(document) == once, f"normal() of {feature.value} is not steady"


def tells_one_way_what_it_never_compares(subject: Subject) -> None:
    """one_way() names fields of the document, steadily, and none that normal() would show to have moved."""
    for feature, document in subject.samples().items():
        told = subject.provider.one_way(document)
        named = {field.name for field in attrs.fields(type(document))}
        assert set(told) <= named, f"one_way() of {feature.value} names {sorted(set(told) - named)}"
        assert subject.provider.one_way(document) == told, f"one_way() of {feature.value} is not steady"
        seen = subject.provider.normal(document)
        for name in set(told) - {"lines"}:
            empty = subject.provider.normal(attrs.evolve(document, **{name: _empty(document, name)}))
            assert empty == seen, f"{name} of {feature.value} is told one way and compared as well"


def _empty(document: Document, name: str) -> Any:
    default = getattr(attrs.fields(type(document)), name).default
    return getattr(document, name) if default is attrs.NOTHING else default


def compares_the_same_after_it_was_stored(subject: Subject) -> None:
    """A base is kept as text; read back it is still the same document."""
    for feature, document in subject.samples().items():
        normal = subject.provider.normal(document)
        stored = wire.load_document(kind_of(document), wire.dump_document(normal))
        assert stored == normal, f"{feature.value} is another document after it was stored"
        assert subject.provider.normal(stored) == normal


def counts_a_void_document_as_nothing(subject: Subject) -> None:
    """The lens shows a void document at 0.00."""
    for feature, document in subject.samples().items():
        if hasattr(document, "void"):
            gone: dict[str, Any] = {"void": True}
            void = subject.provider.normal(attrs.evolve(document, **gone))
            shown = [getattr(void, name, None) for name in ("total", "amount")]
            assert set(shown) <= {None, ZERO}, f"a void one of {feature.value} shows {shown}"
            assert getattr(void, "void", False)


def says_what_it_sends_through_the_lens(subject: Subject) -> None:
    """sent() is what normal() makes of it already."""
    for document in subject.samples().values():
        sent = subject.provider.sent(_writes(document)[0], subject.profile)
        assert sent is None or subject.provider.normal(sent) == sent


# -- with books --------------------------------------------------------------------------------------
def reads_the_company_and_its_lists(subject: Subject) -> None:
    """A profile, and accounts with ids of their own."""
    profile, records = subject.catalog()
    assert profile.company_name, "the profile names no company"
    refs = [record.ref for record in records]
    assert any(ref.kind is BooksKind.ACCOUNT for ref in refs), "the catalog holds no account"
    assert len(refs) == len(set(refs)), "the catalog holds a record twice"
    assert Places.among(records)


def _same(subject: Subject, operation: Operation, record: BooksRecord) -> None:
    sent = subject.provider.sent(operation, subject.profile)
    assert record.document is not None, f"{record.ref} shows no document"
    shown = subject.provider.normal(record.document)
    if sent is not None:
        assert shown == sent, f"{record.ref} shows something else than was sent:\n{shown}\n{sent}"


def _there(subject: Subject, ref: BooksRef) -> BooksRecord:
    outcome = subject.read(ref)
    assert isinstance(outcome, Found), f"{ref} was written, and reading it answers {outcome}"
    (record,) = [record for record in outcome.records if record.ref == ref]
    return record


def _writing(feature: Feature) -> Callable[[Subject], None]:
    def writes_and_reads_back_the_same(subject: Subject) -> None:
        """Write, read back, compare: no change; the marker is found again; then it is taken out."""
        if not subject.able(feature):
            return
        started = subject.now() - dt.timedelta(minutes=5)
        operation, record, _ = subject.write(feature, subject.world())
        _same(subject, operation, record)
        read = _there(subject, record.ref)
        _same(subject, operation, read)
        pages = subject.pages(Verb.FIND, kind=operation.kind, by="created", since=started.isoformat())
        (found,) = [r for page in pages for r in page.records if r.ref == record.ref]
        if not isinstance(operation.document, CustomerRecord | DOCUMENT_TYPES[BooksKind.VENDOR]):
            assert found.marker == operation.marker, f"{record.ref} does not show its marker"
        _take_out(subject, operation, read)

    return writes_and_reads_back_the_same


def _take_out(subject: Subject, operation: Operation, record: BooksRecord) -> None:
    assert operation.kind is not None
    if subject.provider.describe().removals[operation.kind] in (Removal.HOLD, Removal.REVERSE):
        return
    gone = attrs.evolve(
        operation,
        verb=Verb.WITHDRAW,
        target_id=record.id,
        version=record.version,
        previous=record.document,
        shown=record.shown,
    )
    outcome = subject.send(gone)
    assert isinstance(outcome, Applied), f"taking {record.ref} out answered {outcome}"
    after = subject.read(record.ref)
    if isinstance(after, Found):
        (shown,) = after.records
        assert not shown.active or getattr(shown.document, "void", False), f"{record.ref} is still there"
    else:
        assert isinstance(after, Absent | Gone), f"{record.ref} after its removal: {after}"


def changes_a_record_on_the_version_it_was_compared_with(subject: Subject) -> None:
    """An update is applied once; the old version is stale from then on."""
    operation, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    assert isinstance(operation.document, CustomerRecord)
    changed = attrs.evolve(
        operation,
        verb=Verb.UPDATE,
        document=attrs.evolve(operation.document, phone="(415) 555-7777", email=""),
        target_id=record.id,
        version=record.version,
        previous=record.document,
        shown=record.shown,
    )
    after = subject.applied(changed)
    _same(subject, changed, after)
    assert after.version != record.version, "the version did not move with the change"
    outcome = subject.send(changed)
    assert isinstance(outcome, Stale), f"an update on an old version answered {outcome}"


def shows_what_changed_since(subject: Subject) -> None:
    """The first position of the feed is now; what is written after it shows once it is asked again."""
    if not subject.able(Feature.CHANGES):
        return
    cursor = subject.pages(Verb.CHANGES, cursor="")[-1].cursor
    assert cursor, "the feed gives no position to go on from"
    _, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    pages = subject.pages(Verb.CHANGES, cursor=cursor)
    assert record.ref in [r.ref for page in pages for r in page.records], f"{record.ref} is not in the feed"
    assert pages[-1].cursor, "the last page gives no position to go on from"
    assert all(page.cursor is None for page in pages[:-1]), "a page before the last one moves the position"


def tells_absent_from_unreadable(subject: Subject) -> None:
    """A record that never was is absent or gone, and not an error."""
    outcome = subject.read(BooksRef(BooksKind.CUSTOMER, "999999999"))
    assert isinstance(outcome, Absent | Gone), f"reading what never was answered {outcome}"


def knows_nothing_from_a_cut_answer(subject: Subject) -> None:
    """Half of the answer to a write that was done tells nothing."""
    world = subject.world()
    document = SAMPLES[Feature.CUSTOMERS](world)
    operation = Operation(id="1", verb=Verb.CREATE, kind=kind_of(document), document=document)
    exchange = subject.exchange([operation])
    assert subject.carry is not None
    reply = subject.carry(subject.provider.encode(exchange, subject.profile))
    assert isinstance(reply, Answered)
    whole = subject.provider.decode(exchange, reply.body, subject.profile)[operation.id]
    assert isinstance(whole, Applied), f"the whole answer says {whole}"
    length = len(reply.body)
    for cut in sorted({0, 1, length // 4, length // 2, 3 * length // 4, length - 1}):
        outcome = subject.provider.decode(exchange, reply.body[:cut], subject.profile)[operation.id]
        assert isinstance(outcome, NotKnown), f"{cut} of {length} bytes say {outcome}"


def _check(run: Callable[[Subject], None], *, name: str = "", needs_books: bool = False) -> Check:
    return Check(name or run.__name__, run, needs_books)


#: What needs no books.
PURE: tuple[Check, ...] = (
    _check(describes_itself),
    _check(has_sensible_limits),
    _check(tells_what_an_exchange_takes),
    _check(says_how_every_kind_is_removed),
    _check(encodes_the_same_exchange_to_the_same_bytes),
    _check(names_envelopes_steadily),
    _check(takes_garbage_for_not_known),
    _check(never_finds_anything_in_garbage),
    _check(looks_through_the_lens_once),
    _check(tells_one_way_what_it_never_compares),
    _check(compares_the_same_after_it_was_stored),
    _check(counts_a_void_document_as_nothing),
    _check(says_what_it_sends_through_the_lens),
)
#: What is tried on books that may be written to.
WITH_BOOKS: tuple[Check, ...] = (
    _check(reads_the_company_and_its_lists, needs_books=True),
    *(
        _check(_writing(feature), name=f"writes_and_reads_back_{feature.value}", needs_books=True)
        for feature in SAMPLES
    ),
    _check(changes_a_record_on_the_version_it_was_compared_with, needs_books=True),
    *(
        _check(changing_a_line(feature), name=f"changes_one_line_of_{feature.value}", needs_books=True)
        for feature in LINED
    ),
    _check(shows_what_changed_since, needs_books=True),
    _check(reads_a_ledger_that_balances, needs_books=True),
    _check(creates_a_tax_code_once, needs_books=True),
    _check(tells_absent_from_unreadable, needs_books=True),
    _check(knows_nothing_from_a_cut_answer, needs_books=True),
    _check(asks_and_runs_nothing, needs_books=True),
)
CHECKS: tuple[Check, ...] = PURE + WITH_BOOKS

__all__ = ["CHECKS", "PURE", "WITH_BOOKS", "Check", "Places", "Subject"]
