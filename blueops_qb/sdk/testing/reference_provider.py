"""Reference provider: the smallest provider that declares everything the conformance kit can try.

It settles by status, answers a repeated exchange from memory, numbers lines, closes periods and shows a ledger. The
kit's own tests break it in one place at a time and look which case finds out.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.outcomes import BooksRecord, Gone, LedgerLine, NotKnown, Outcome
from blueops_qb.sdk.provider import WRITES, Description, Exchange, Limits, Operation, Settle, Verb
from blueops_qb.sdk.simple import ENTRY_FEATURES, Change, SimpleProvider, Told
from blueops_qb.sdk.testing.reference_books import CATALOG, ReferenceBooks

#: What is answered about an exchange that never came.
FORGOTTEN = b'{"forgotten":true}'


class ReferenceProvider(SimpleProvider):
    """The five functions and the ledger on `ReferenceBooks`, with a memory of exchanges around them."""

    name = "reference"
    title = "Reference books"
    kinds = SimpleProvider.kinds | {BooksKind.ATTACHMENT, BooksKind.TAX_CODE}
    also = frozenset({Feature.LEDGER, Feature.REPLAYS, Feature.CLOSING, Feature.LINE_IDS, *ENTRY_FEATURES})
    removals: Mapping[BooksKind, Removal] = {
        BooksKind.BILL: Removal.DELETE,
        BooksKind.JOURNAL: Removal.DELETE,
        BooksKind.ATTACHMENT: Removal.DELETE,
        BooksKind.TAX_CODE: Removal.HOLD,
    }
    numbers_asked = frozenset({BooksKind.INVOICE})
    limits = Limits(open_exchanges=1, operations_per_exchange=10, feed_overlap_seconds=60.0)

    def __init__(self) -> None:
        self.books = ReferenceBooks(removals=self.describe().removals)

    def describe(self) -> Description:
        """As a simple provider, and asked for what became of an exchange."""
        return attrs.evolve(super().describe(), settle=Settle.STATUS)

    def envelope(self, operation: Operation) -> str:
        """Writes travel together."""
        return "writes" if operation.verb in WRITES else ""

    # -- exchanges ---------------------------------------------------------------------------------
    def perform(self, body: bytes) -> bytes:
        """Carry out what is new, answer what came before, tell what is asked about."""
        frame = json.loads(body)
        id = frame["exchange"]
        if frame.get("asks"):
            return self.books.answers.get(id, FORGOTTEN)
        if id in self.books.answers:
            return self.books.answers[id]
        answer = super().perform(body)
        if any(operation["verb"] in WRITES for operation in frame["operations"]):
            self.books.answers[id] = answer
        return answer

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        """The same exchange, marked as a question."""
        del exchange_id  # it is in the body
        return json.dumps({**json.loads(body), "asks": True}, separators=(",", ":"), sort_keys=True).encode()

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """One outcome per operation; what the books do not know any more is forgotten."""
        if exchange.asks and reply == FORGOTTEN:
            lost = NotKnown(message="The books know nothing of this exchange.", forgotten=True)
            return {operation.id: lost for operation in exchange.operations}
        return super().decode(exchange, reply, profile)

    # -- the functions -----------------------------------------------------------------------------
    def write(self, operation: Operation) -> BooksRecord | None:
        """Create, update or withdraw."""
        assert operation.kind is not None
        if operation.verb is Verb.CREATE:
            assert operation.document is not None
            return self.books.shown(self.books.create(operation.document, operation.marker))
        ref = BooksRef(operation.kind, operation.target_id)
        if operation.verb is Verb.UPDATE:
            self.books.update(ref, operation)
        else:
            self.books.take_out(ref, operation)
        return None if self.books.records[ref].deleted else self.books.shown(ref)

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        """The record; a deleted one is gone."""
        kept = self.books.records.get(BooksRef(kind, id))
        if kept is not None and kept.deleted:
            raise Told(Gone(message=f"{kind.value} {id} was deleted."))
        return None if kept is None else self.books.shown(BooksRef(kind, id))

    def find(self, operation: Operation) -> Iterable[Change]:
        """By creation, name or number."""
        params = operation.params
        for ref, kept in self.books.records.items():
            if ref.kind is not operation.kind:
                continue
            if params["by"] == "created":
                fits = kept.created_at >= dt.datetime.fromisoformat(params["since"])
            else:
                fits = getattr(kept.document, params["by"], "") == params[params["by"]]
            if fits:
                yield ref if kept.deleted else self.books.shown(ref)

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        """A cursor is a moment; what lies up to the overlap before it is shown again."""
        position = self.books.now().isoformat()
        overlap = dt.timedelta(seconds=self.limits.feed_overlap_seconds)
        since = dt.datetime.fromisoformat(cursor) - overlap if cursor else None
        changed = [
            ref if kept.deleted else self.books.shown(ref)
            for ref, kept in self.books.records.items()
            if since is None or kept.updated_at >= since
        ]
        return changed, position

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        """The company, its lists and what was created in them."""
        created = [self.books.shown(ref) for ref in self.books.records if ref.kind in CATALOG_KINDS]
        return self.books.profile(), [*CATALOG, *created]

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        """The lines of a period."""
        return self.books.ledger(start, end)
