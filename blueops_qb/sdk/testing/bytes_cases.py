"""Bytes cases: what goes out and what is made of whatever comes back; part of the conformance kit."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Absent, Applied, Found, Gone, NotKnown
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.samples import content_of
from blueops_qb.sdk.testing.subject import Subject

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
#: The id under which the engine encodes what it only shows.
PREVIEW = "preview"
_ID = "0123456789abcdef01234567"


def writes_of(document: Document) -> list[Operation]:
    """Its creation, change and removal, as the engine would ask for them."""
    create = Operation(
        id="11",
        verb=Verb.CREATE,
        kind=kind_of(document),
        document=document,
        data=content_of(document),
        marker="invoice:1041.1",
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
    """An exchange that is encoded again gives the very bytes, so that an id is only ever sent with the same ones."""
    for document in subject.samples().values():
        for operation in writes_of(document):
            exchange = subject.exchange([operation], id=_ID)
            first = subject.provider.encode(exchange, subject.profile)
            assert subject.provider.encode(exchange, subject.profile) == first, (
                f"{operation.verb} of {operation.kind} is encoded differently the second time"
            )


def carries_the_id_of_the_exchange(subject: Subject) -> None:
    """The id travels with a write as it is, never shortened, so that books can recognise what arrives twice."""
    for document in subject.samples().values():
        for operation in writes_of(document):
            body = subject.provider.encode(subject.exchange([operation], id=_ID), subject.profile)
            assert _ID.encode() in body, (
                f"{operation.verb} of {operation.kind} does not carry the exchange's id as it is"
            )


def previews_what_it_sends(subject: Subject) -> None:
    """What the engine shows beforehand, encoded under the id `preview`, is what leaves, but for the id.

    So is its excerpt.
    """
    for document in subject.samples().values():
        for operation in writes_of(document):
            if operation.data is not None:
                continue  # files are shown by their name
            exchange = subject.exchange([operation], id=_ID)
            sent = subject.provider.encode(exchange, subject.profile)
            shown = subject.provider.encode(attrs.evolve(exchange, id=PREVIEW), subject.profile)
            what = f"{operation.verb} of {operation.kind}"
            assert shown.replace(PREVIEW.encode(), _ID.encode()) == sent, (
                f"the preview of {what} shows something else than is sent:\n{shown!r}\n{sent!r}"
            )
            excerpts = [subject.provider.excerpt(message, 0) for message in (shown, sent)]
            assert excerpts[0].replace(PREVIEW, _ID) == excerpts[1], f"the excerpt of {what} is another"
            assert excerpts[1].strip(), f"the excerpt of {what} is empty"


def names_envelopes_steadily(subject: Subject) -> None:
    """The envelope of an operation does not depend on when it is asked for."""
    operations = [o for document in subject.samples().values() for o in writes_of(document)]
    for operation in [*operations, *_reads(subject)]:
        named = subject.provider.envelope(operation)
        assert subject.provider.envelope(operation) == named, f"{operation.verb} changes its envelope"


def takes_garbage_for_not_known(subject: Subject) -> None:
    """Whatever comes back for a write instead of an answer, its outcome is uncertain: never that it was done."""
    for document in subject.samples().values():
        for operation in writes_of(document):
            exchange = subject.exchange([operation])
            for body in GARBAGE:
                outcome = subject.provider.decode(exchange, body, subject.profile)[operation.id]
                assert isinstance(outcome, NotKnown), f"{operation.verb} with the answer {body!r}: {outcome}"


def never_finds_anything_in_garbage(subject: Subject) -> None:
    """Whatever comes back for a read instead of an answer, neither something nor nothing was found."""
    for operation in _reads(subject):
        exchange = subject.exchange([operation])
        for body in GARBAGE:
            outcome = subject.provider.decode(exchange, body, subject.profile)[operation.id]
            assert not isinstance(outcome, Applied | Found | Absent | Gone), (
                f"{operation.verb} with the answer {body!r}: {outcome}"
            )


def knows_nothing_from_a_cut_answer(subject: Subject) -> None:
    """A part of the answer to a write that was done leaves its outcome uncertain."""
    operation, _ = subject.prepared(Feature.CUSTOMERS, subject.world())
    exchange = subject.exchange([operation])
    assert subject.carry is not None
    reply = subject.carry(subject.provider.encode(exchange, subject.profile))
    assert isinstance(reply, Answered), f"the books did not answer: {reply}"
    whole = subject.provider.decode(exchange, reply.body, subject.profile)[operation.id]
    assert isinstance(whole, Applied), f"the whole answer says {whole}"
    length = len(reply.body)
    for cut in sorted({0, 1, length // 4, length // 2, 3 * length // 4, length - 1}):
        outcome = subject.provider.decode(exchange, reply.body[:cut], subject.profile)[operation.id]
        assert isinstance(outcome, NotKnown), f"{cut} of {length} bytes say {outcome}"
