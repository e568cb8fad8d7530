"""The Desktop provider and the Desktop twin together: what the one encodes, the other carries out and answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import attrs

from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.gate_reply import Reply as Told
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.seed import Seed
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.outcomes import Applied, BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from tests.qbd_twin import Desk, new_desk

COMPANY = "file-1"
_IDS = itertools.count(1)


@attrs.define
class Meeting:
    """A provider and the file that it works with, in one session with QuickBooks."""

    desk: Desk
    provider: QbdProvider = attrs.field(factory=QbdProvider)
    profile: BooksProfile = attrs.field(factory=BooksProfile)
    catalog: tuple[BooksRecord, ...] = ()
    #: The last message set, and what came back for it.
    sent: bytes = b""
    heard: bytes = b""

    def carry(self, body: bytes) -> Reply:
        """A message set there and back; a failure comes as the Web Connector reports it."""
        self.sent = body
        try:
            self.heard = self.desk.process(body.decode("ascii")).encode()
        except ProcessorError as failure:
            self.heard = Told(hresult=failure.hresult, message=failure.message).dump()
        return Answered(body=self.heard)

    def exchange(self, *operations: Operation) -> Exchange:
        """An envelope at the desk's time."""
        return Exchange(
            id=f"meeting{next(_IDS):017d}",
            connection_id="1",
            company_id=COMPANY,
            operations=operations,
            created_at=self.desk.time(),
        )

    def outcomes(self, *operations: Operation) -> dict[str, Outcome]:
        """What comes of operations that travel together; raises Unencodable."""
        exchange = self.exchange(*operations)
        self.carry(self.provider.encode(exchange, self.profile))
        return dict(self.provider.decode(exchange, self.heard, self.profile))

    def ask(self, operation: Operation) -> Outcome:
        """What comes of one operation."""
        return self.outcomes(operation)[operation.id]

    def create(self, document: Document, *, marker: str = "") -> Outcome:
        """What comes of writing a document."""
        return self.ask(
            Operation(
                id="1",
                verb=Verb.CREATE,
                kind=kind_of(document),
                document=document,
                marker=marker or f"kit:{next(_IDS)}.1",
            )
        )

    def update(self, record: BooksRecord, document: Document, told: Document) -> Outcome:
        """What comes of changing a record."""
        assert record.document is not None, record.facts
        return self.ask(
            Operation(
                id="1",
                verb=Verb.UPDATE,
                kind=record.kind,
                document=document,
                target_id=record.id,
                version=record.version,
                previous=self.provider.normal(record.document),
                shown=record.shown,
                told=told,
                marker=record.marker,
            )
        )

    def withdraw(self, record: BooksRecord) -> Outcome:
        """What comes of taking a record out."""
        return self.ask(
            Operation(
                id="1",
                verb=Verb.WITHDRAW,
                kind=record.kind,
                target_id=record.id,
                version=record.version,
                previous=record.document,
                shown=record.shown,
            )
        )

    def read(self, ref: BooksRef) -> Outcome:
        """What reading a record answers."""
        return self.ask(Operation(id="1", verb=Verb.READ, kind=ref.kind, target_id=ref.id))

    def pages(self, verb: Verb, *, kind: BooksKind | None = None, **params: str) -> Iterator[Found]:
        """Every page, as `then` asks for them."""
        waiting = [Operation(id="1", verb=verb, kind=kind, params=params)]
        while waiting:
            found = self.ask(waiting.pop(0))
            assert isinstance(found, Found), found
            yield found
            waiting += [
                Operation(
                    id="1", verb=want.verb, kind=want.kind, target_id=want.target_id, params=want.params
                )
                for want in found.then
            ]

    def named(self, kind: BooksKind, name: str) -> BooksRef:
        """A member of a list by its full name."""
        (found,) = [record for record in self.catalog if record.kind is kind and record.name == name]
        return found.ref


def new_meeting(path: Path | None = None) -> Meeting:
    """A seeded file, its catalog read."""
    meeting = Meeting(desk=new_desk(path, seed=Seed.NAMES))
    for page in meeting.pages(Verb.CATALOG):
        meeting.catalog += page.records
        meeting.profile = page.profile or meeting.profile
    return meeting


def applied(outcome: Outcome) -> BooksRecord:
    """The record of a write that was applied."""
    assert isinstance(outcome, Applied), outcome
    assert outcome.record is not None, outcome
    return outcome.record


def found(outcome: Outcome) -> BooksRecord:
    """The one record that a read found."""
    assert isinstance(outcome, Found), outcome
    (record,) = outcome.records
    return record
