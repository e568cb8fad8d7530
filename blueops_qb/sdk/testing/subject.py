"""Subject: the provider that is tried, with a way to its books, and what the checks ask of it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.outcomes import Applied, BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Description, Exchange, Operation, Provider, Verb
from blueops_qb.sdk.testing.samples import NEEDS, SAMPLES, Places, World, content_of

#: How many pages a feed or catalog may have before a check gives up.
MOST_PAGES = 200


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.define(kw_only=True)
class Subject:
    """A provider and its books.

    `carry` sends the bytes of an exchange and answers what came back: the `send` of a called provider's
    transport, or a driver that plays the books' own client. None tries only what needs no books. `places` says
    where samples may post; None finds places in the catalog. Every sample has a name of its own, so that books
    may be tried again and again.

    What a provider declares may need a hand in the books: `close_books(day)` closes them up to and including a day,
    None opens them again (feature `closing`); `trial_balance(day)` answers what the books' own report says of each
    account at the end of a day, by account id, in the home currency, a debit positive, accounts at 0.00 left out or
    not (feature `ledger`). A case that lacks its hand fails and says so.
    """

    provider: Provider
    carry: Callable[[bytes], Reply] | None = None
    company_id: str = "1"
    places: Places | None = None
    now: Callable[[], dt.datetime] = _now
    close_books: Callable[[dt.date | None], None] | None = None
    trial_balance: Callable[[dt.date], Mapping[str, Decimal]] | None = None
    _profile: BooksProfile | None = None
    _described: Description | None = attrs.field(default=None, init=False)

    # -- features ----------------------------------------------------------------------------------
    def able(self, feature: Feature) -> bool:
        """Whether the provider says that it can."""
        if self._described is None:
            self._described = self.provider.describe()
        return any(c.feature is feature and c.able for c in self._described.capabilities)

    def samples(self) -> dict[Feature, Document]:
        """A document per feature that the provider can write, on made-up places."""
        world = World(places=self.places or Places.anywhere(), tag="x1")
        return {feature: make(world) for feature, make in SAMPLES.items() if self.able(feature)}

    # -- exchanges ---------------------------------------------------------------------------------
    def exchange(self, operations: Sequence[Operation], *, id: str = "") -> Exchange:
        """An envelope with a fresh id."""
        return Exchange(
            id=id or secrets.token_hex(12),
            connection_id="kit",
            company_id=self.company_id,
            operations=tuple(operations),
            created_at=self.now(),
        )

    @property
    def profile(self) -> BooksProfile:
        """The company's profile; read once where there are books."""
        if self._profile is None:
            self._profile = BooksProfile() if self.carry is None else self.catalog()[0]
        return self._profile

    def send(self, operation: Operation) -> Outcome:
        """One operation in an exchange of its own, there and back."""
        assert self.carry is not None, "this case needs books: give the subject `carry`"
        exchange = self.exchange([operation])
        profile = self._profile or BooksProfile()
        reply = self.carry(self.provider.encode(exchange, profile))
        assert isinstance(reply, Answered), f"the books did not answer: {reply}"
        outcome = self.provider.decode(exchange, reply.body, profile)[operation.id]
        return outcome

    def pages(self, verb: Verb, *, kind: BooksKind | None = None, **params: str) -> list[Found]:
        """Every page of a feed, look-up or catalog, as `then` asks for them."""
        found: list[Found] = []
        waiting = [Operation(id="1", verb=verb, kind=kind, params=params)]
        while waiting:
            outcome = self.send(waiting.pop(0))
            assert isinstance(outcome, Found), f"{verb} answered {outcome}"
            found.append(outcome)
            assert len(found) < MOST_PAGES, f"{verb} does not end"
            waiting += [
                Operation(id="1", verb=w.verb, kind=w.kind, target_id=w.target_id, params=w.params)
                for w in outcome.then
            ]
        return found

    # -- books -------------------------------------------------------------------------------------
    def catalog(self) -> tuple[BooksProfile, list[BooksRecord]]:
        """The company and its lists."""
        pages = self.pages(Verb.CATALOG)
        profiles = [page.profile for page in pages if page.profile is not None]
        assert profiles, "the catalog tells no profile of the company"
        return profiles[-1], [record for page in pages for record in page.records]

    def world(self) -> World:
        """Fresh names, on places of these books."""
        places = self.places
        if places is None:
            profile, records = self.catalog()
            self._profile = profile
            places = self.places = Places.among(records)
        return World(places=places, tag=secrets.token_hex(4))

    def prepared(self, feature: Feature, world: World) -> tuple[Operation, World]:
        """The creation of the feature's sample, once what it names is written; and the world then."""
        for needed in NEEDS.get(feature, ()):
            if self.able(needed) and needed not in world.there:
                world = self.write(needed, world)[2]
        return creation(SAMPLES[feature](world), marker=f"{feature.value}:{world.tag}.1"), world

    def write(self, feature: Feature, world: World) -> tuple[Operation, BooksRecord, World]:
        """Write the feature's sample with what it needs; answers the operation, the record, the world then."""
        operation, world = self.prepared(feature, world)
        record = self.applied(operation)
        there: Mapping[Feature, BooksRef] = {**world.there, feature: record.ref}
        return operation, record, attrs.evolve(world, there=there)

    def applied(self, operation: Operation) -> BooksRecord:
        """The record that came of a write; the write must be applied."""
        assert self.profile
        outcome = self.send(operation)
        assert isinstance(outcome, Applied), f"{operation.verb} of {operation.kind} answered {outcome}"
        assert outcome.record is not None, f"{operation.verb} of {operation.kind} showed no record"
        return outcome.record

    def read(self, ref: BooksRef) -> Outcome:
        """What reading a record answers."""
        return self.send(Operation(id="1", verb=Verb.READ, kind=ref.kind, target_id=ref.id))

    def there(self, ref: BooksRef) -> BooksRecord:
        """The record as reading it shows it; it must be there, once."""
        outcome = self.read(ref)
        assert isinstance(outcome, Found), f"{ref} was written, and reading it answers {outcome}"
        hits = [record for record in outcome.records if record.ref == ref]
        assert len(hits) == 1, f"{ref} was written, and reading it shows {len(hits)} of it"
        return hits[0]

    def created(self, kind: BooksKind | None, since: dt.datetime) -> list[BooksRecord]:
        """What the look-up after a lost answer brings: records of a kind created since a moment."""
        pages = self.pages(Verb.FIND, kind=kind, by="created", since=since.isoformat())
        return [record for page in pages for record in page.records]


def creation(document: Document, *, marker: str = "") -> Operation:
    """The operation that creates a document."""
    return Operation(
        id="1",
        verb=Verb.CREATE,
        kind=kind_of(document),
        document=document,
        data=content_of(document),
        marker=marker,
    )


def changing(operation: Operation, document: Document | None, record: BooksRecord, verb: Verb) -> Operation:
    """A change of what an operation wrote, on the version that the record shows."""
    return attrs.evolve(
        operation,
        verb=verb,
        document=document,
        target_id=record.id,
        version=record.version,
        previous=record.document,
        shown=record.shown,
        data=None,
    )
