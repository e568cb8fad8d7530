"""Two providers on books in memory, one that is called and one that calls: the engine knows neither."""

import json
from collections.abc import Iterable

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.engine import Engine
from blueops_qb.sdk.doors import Reply
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import WRITES, Limits, Operation, Transport, Vault
from blueops_qb.sdk.simple import Change, SimpleProvider
from tests.fake_books import FakeBooks


class FakeProvider(SimpleProvider):
    """The five functions, straight on the books."""

    kinds = SimpleProvider.kinds | {BooksKind.ATTACHMENT}
    limits = Limits(open_exchanges=2, operations_per_exchange=10, settle_after_seconds=0.0)

    def __init__(self, books: FakeBooks) -> None:
        self.books = books

    def envelope(self, operation: Operation) -> str:
        """Writes travel together."""
        return "writes" if operation.verb in WRITES else ""

    def deliver(self, body: bytes) -> Reply:
        """Hand an exchange to the books."""
        frame = json.loads(body)
        writes = any(operation["verb"] in WRITES for operation in frame["operations"])
        return self.books.answer(frame["exchange"], body, writes, self.perform)

    def write(self, operation: Operation) -> BooksRecord | None:
        return self.books.write(operation)

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        return self.books.read(kind, id)

    def find(self, operation: Operation) -> Iterable[Change]:
        return self.books.find(operation)

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        return self.books.changes(cursor)

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        return self.books.catalog()


class CalledFake(FakeProvider):
    """Books that are called: a runner sends through the transport."""

    name = "called"

    def transport(self, vault: Vault, company_id: str) -> Transport:
        del vault, company_id
        return Line(self)


@attrs.frozen
class Line:
    """The transport of the called books."""

    provider: CalledFake

    def send(self, body: bytes) -> Reply:
        return self.provider.deliver(body)

    def close(self) -> None:
        """Nothing is open."""


class CallingFake(FakeProvider):
    """Books that call: `Caller` asks for work, as the Web Connector does."""

    name = "calling"

    def transport(self, vault: Vault, company_id: str) -> None:
        del vault, company_id


@attrs.frozen
class Caller:
    """The books' own client: it comes by, asks what is to be done, and tells how it went."""

    engine: Engine
    provider: FakeProvider

    def carry_one(self, connection_id: str) -> bool:
        """Ask for one exchange and carry it; False when there was none."""
        outgoing = self.engine.next_exchange(connection_id)
        if outgoing is None:
            return False
        self.engine.finish(outgoing.exchange_id, self.provider.deliver(outgoing.body))
        return True

    def drain(self, connection_id: str, *, most: int = 500) -> int:
        """Carry until nothing is due; answers how many exchanges were carried."""
        carried = 0
        while carried < most and self.carry_one(connection_id):
            carried += 1
        return carried
