"""Books in memory: records with versions, names and deletions, a memory of exchanges, faults by script."""

import datetime as dt
import enum
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
    Document,
    SalesInvoice,
    VendorRecord,
    kind_of,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.doors import Answered, NotSent, Reply, Unknown
from blueops_qb.sdk.outcomes import (
    BooksRecord,
    Found,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.simple import Change, Refusal, Told

K = BooksKind


class Fault(enum.Enum):
    """What goes wrong with one exchange that writes."""

    #: Nothing was done, and nobody says so.
    LOSE_BEFORE = enum.auto()
    #: All was done, and nobody says so.
    LOSE_AFTER = enum.auto()
    #: The first operation was done, the others not, and nobody says so.
    LOSE_HALF = enum.auto()
    #: It surely never arrived.
    NOT_SENT = enum.auto()
    #: Nothing was done; a web page comes back.
    HTML = enum.auto()
    #: All was done; half of the answer comes back.
    CUT = enum.auto()


#: What books answer that were asked about an exchange they do not know.
FORGOTTEN = b'{"forgotten":true}'

#: Outcomes that the books may tell instead of acting.
REFUSED = Refused(why=Why.INVALID, message="The amount does not suit the books.", remedy="Change the amount.")
STALE = Stale(message="Somebody changed it.")
BUSY = Throttled(message="The books are busy.", retry_after=0.0, connection=False)
REST = Throttled(message="Too many calls.", retry_after=1800.0)
SIGNED_OUT = SignIn(message="The password was changed.")
NOT_ALLOWED = Refused(why=Why.NOT_ALLOWED, message="The subscription has lapsed.")


@attrs.define(kw_only=True)
class Kept:
    """A record as the books keep it."""

    document: Document | None
    name: str = ""
    version: int = 0
    marker: str = ""
    created_at: dt.datetime
    updated_at: dt.datetime
    active: bool = True
    deleted: bool = False
    facts: dict[str, str] = attrs.field(factory=dict)


CATALOG: dict[BooksRef, tuple[str, dict[str, str]]] = {
    BooksRef(K.ACCOUNT, "1000"): ("Checking", {"account_type": "Bank", "number": "1000"}),
    BooksRef(K.ACCOUNT, "1050"): ("Card Clearing", {"account_type": "Other Current Asset"}),
    BooksRef(K.ACCOUNT, "1090"): ("Undeposited Funds", {"account_type": "Other Current Asset"}),
    BooksRef(K.ACCOUNT, "1100"): ("Receivables", {"account_type": "Accounts Receivable"}),
    BooksRef(K.ACCOUNT, "2000"): ("Payables", {"account_type": "Accounts Payable"}),
    BooksRef(K.ACCOUNT, "2100"): ("Company card", {"account_type": "Credit Card"}),
    BooksRef(K.ACCOUNT, "6100"): ("Merchant fees", {"account_type": "Expense"}),
    BooksRef(K.ACCOUNT, "4010"): ("Repair income", {"account_type": "Income"}),
    BooksRef(K.ACCOUNT, "5010"): ("Job materials", {"account_type": "Expense"}),
    BooksRef(K.ITEM, "R"): ("Repair", {"income_account": "4010", "item_type": "service"}),
    BooksRef(K.ITEM, "T"): ("Trip", {"income_account": "4010", "item_type": "service"}),
    BooksRef(K.PAYMENT_METHOD, "CK"): ("Check", {}),
}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def settled(payment: CustomerPayment) -> tuple[Allocation, ...]:
    """What a payment settles; the credits that it uses are only ever named."""
    return tuple(
        a
        for a in payment.allocations
        if not (isinstance(a.invoice, BooksRef) and a.invoice.kind is BooksKind.CREDIT)
    )


class FakeBooks:
    """One company's books, what was sent to them, and what is to go wrong next."""

    def __init__(self, company_id: str = "F1", now: Callable[[], dt.datetime] = _now) -> None:
        self.company_id = company_id
        self.records: dict[BooksRef, Kept] = {}
        #: Every change in order; a cursor is a length of this list.
        self.log: list[BooksRef] = []
        self.script: deque[Fault | Outcome] = deque()
        #: Exchange id -> answer: an id that comes again gets the same answer and nothing is done.
        self.answers: dict[str, bytes] = {}
        self.forgets_ids = False
        #: Ids of exchanges that the books were asked about, and how many of the next answers get lost.
        self.asked: list[str] = []
        self.loses_status = 0
        #: (exchange id, bytes) as they came.
        self.heard: list[tuple[str, bytes]] = []
        #: Cursors before this one are too old.
        self.oldest_cursor = 0
        #: Raised by the next call of this verb that reads.
        self.reading_fails: Verb | None = None
        #: What was uploaded, in order.
        self.uploads: list[bytes] = []
        #: Numbers that were asked for, in order.
        self.numbers_looked_up: list[str] = []
        #: What the books make of a document when they keep it (a rounding of their own, say).
        self.alters: Callable[[Document], Document] = lambda document: document
        self._now = now
        self._ids = 100
        self._line_ids = 0
        self._told: Outcome | None = None
        self._left: int | None = None
        for ref, (name, facts) in CATALOG.items():
            moment = now()
            self.records[ref] = Kept(
                document=None, name=name, created_at=moment, updated_at=moment, facts=dict(facts)
            )

    # -- one exchange ------------------------------------------------------------------------------
    def answer(self, id: str, body: bytes, writes: bool, perform: Callable[[bytes], bytes]) -> Reply:
        """Take an exchange, act by the script, answer."""
        self.heard.append((id, body))
        if id in self.answers and not self.forgets_ids:
            return Answered(body=self.answers[id])
        step = self.script.popleft() if self.script and writes else None
        match step:
            case Fault.LOSE_BEFORE:
                return Unknown(why="the line broke while sending")
            case Fault.NOT_SENT:
                return NotSent(why="the books are switched off")
            case Fault.HTML:
                return Answered(body=b"<html><body>Bad gateway</body></html>")
            case Fault.LOSE_HALF:
                self._left = 1
        self._told = None if step is None or isinstance(step, Fault) else step
        try:
            answer = perform(body)
        finally:
            self._told = self._left = None
        if step is None or step in (Fault.LOSE_AFTER, Fault.CUT):
            self.answers[id] = answer
        if step in (Fault.LOSE_AFTER, Fault.LOSE_HALF):
            return Unknown(why="the line broke while waiting")
        return Answered(body=answer[: len(answer) // 2] if step is Fault.CUT else answer)

    def status(self, id: str) -> Reply:
        """What became of an exchange; nothing runs."""
        self.asked.append(id)
        if self.loses_status:
            self.loses_status -= 1
            return Unknown(why="the line broke while asking")
        known = id in self.answers and not self.forgets_ids
        return Answered(body=self.answers[id] if known else FORGOTTEN)

    # -- the five ----------------------------------------------------------------------------------
    def write(self, operation: Operation) -> BooksRecord | None:
        if self._told is not None:
            raise Told(self._told)
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise RuntimeError("the line is broken")
        if operation.verb is Verb.CREATE:
            assert operation.document is not None
            if operation.data is not None:
                self.uploads.append(operation.data)
            return self.shown(self.enter(operation.document, marker=operation.marker))
        assert operation.kind is not None
        ref = BooksRef(operation.kind, operation.target_id)
        kept = self._live(ref)
        if str(kept.version) != operation.version:
            raise Told(Stale(message=f"{ref} is at version {kept.version}"))
        if operation.verb is Verb.UPDATE:
            assert operation.document is not None
            self._keep(ref, operation.document, marker=operation.marker or kept.marker)
        elif ref.kind in NAMED_KINDS:
            self.edit(ref, active=False)
        elif ref.kind is BooksKind.ATTACHMENT:
            self.delete(ref)
            return None
        else:
            self.void(ref)
        return self.shown(ref)

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        self._may_read(Verb.READ)
        kept = self.records.get(BooksRef(kind, id))
        return None if kept is None or kept.deleted else self.shown(BooksRef(kind, id))

    def find(self, operation: Operation) -> Iterable[Change]:
        self._may_read(Verb.FIND)
        if operation.params["by"] == "number":
            self.numbers_looked_up.append(operation.params["number"])
            for ref, kept in self.records.items():
                number = getattr(kept.document, "number", "")
                if ref.kind is operation.kind and not kept.deleted and number == operation.params["number"]:
                    yield self.shown(ref)
            return
        since = dt.datetime.fromisoformat(operation.params["since"])
        for ref, kept in self.records.items():
            if ref.kind is operation.kind and max(kept.created_at, kept.updated_at) >= since:
                yield ref if kept.deleted else self.shown(ref)

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        self._may_read(Verb.CHANGES)
        position = str(len(self.log))
        if cursor and int(cursor) < self.oldest_cursor:
            raise Told(Found(too_old=True, cursor=position))
        refs = dict.fromkeys(self.log[int(cursor) :] if cursor else self.records)
        return [ref if self.records[ref].deleted else self.shown(ref) for ref in refs], position

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        self._may_read(Verb.CATALOG)
        profile = BooksProfile(
            company_id=self.company_id, company_name=f"Books {self.company_id}", sales_tax=SalesTax.MANUAL
        )
        return profile, [self.shown(ref) for ref in self.records if ref in CATALOG]

    # -- the bookkeeper ----------------------------------------------------------------------------
    def enter(self, document: Document, *, marker: str = "") -> BooksRef:
        """A new record; refused like the engine's own."""
        self._ids += 1
        ref = BooksRef(kind_of(document), str(self._ids))
        self._keep(ref, document, marker=marker)
        return ref

    def edit(self, ref: BooksRef, **changes: Any) -> None:
        """Change fields of a record's document; `active` also of catalog entries."""
        kept = self._live(ref)
        if kept.document is None:
            kept.active = changes["active"]
            self._touch(ref)
        else:
            self._keep(ref, attrs.evolve(kept.document, **changes), marker=kept.marker)

    def void(self, ref: BooksRef) -> None:
        """Void a document; one that is paid is frozen."""
        if self.paid(ref):
            raise Refusal(Why.FROZEN, f"{ref} is paid.", "Void the payment first.")
        self.edit(ref, void=True)

    def delete(self, ref: BooksRef) -> None:
        """Remove a record for good."""
        self._live(ref).deleted = True
        self._touch(ref)

    def put_back(self, *lost: BooksRef) -> None:
        """A backup takes the place of the books: these were never there, and nothing tells of them."""
        for ref in lost:
            del self.records[ref]
        self.log = [ref for ref in self.log if ref not in lost]

    # -- looking -----------------------------------------------------------------------------------
    def shown(self, ref: BooksRef) -> BooksRecord:
        """The record as the books show it."""
        kept = self.records[ref]
        return BooksRecord(
            kind=ref.kind,
            id=ref.id,
            version=str(kept.version),
            name=kept.name,
            active=kept.active,
            document=kept.document,
            facts=dict(kept.facts),
            marker=kept.marker,
            updated_at=kept.updated_at,
        )

    def of(self, kind: BooksKind) -> list[BooksRecord]:
        """The records of a kind that are not deleted, oldest first."""
        return [
            self.shown(ref) for ref, kept in self.records.items() if ref.kind is kind and not kept.deleted
        ]

    def document(self, ref: BooksRef) -> Any:
        """The document of a record, loosely typed: tests look at its fields."""
        return self.records[ref].document

    def one(self, kind: BooksKind) -> BooksRecord:
        """The only record of a kind."""
        (only,) = self.of(kind)
        return only

    def paid(self, ref: BooksRef, *, but: BooksRef | None = None) -> Any:
        """What payments, except one, settle of an invoice."""
        return sum(
            (
                allocation.amount
                for other, kept in self.records.items()
                if isinstance(kept.document, CustomerPayment) and not kept.deleted and not kept.document.void
                for allocation in kept.document.allocations
                if allocation.invoice == ref and other != but
            ),
            ZERO,
        )

    # -- steps -------------------------------------------------------------------------------------
    def _may_read(self, verb: Verb) -> None:
        if self.reading_fails is verb:
            self.reading_fails = None
            raise ConnectionResetError("the line broke while reading")

    def _live(self, ref: BooksRef) -> Kept:
        kept = self.records.get(ref)
        if kept is None or kept.deleted:
            raise Refusal(Why.REFERENCE, f"{ref} is not there.", "Look for it in the books.")
        return kept

    def _keep(self, ref: BooksRef, document: Document, *, marker: str) -> None:
        self._check(ref, document)
        document = self.alters(document)
        kept = self.records.get(ref)
        document = self._with_line_ids(document, kept.document if kept is not None else None)
        if kept is None:
            moment = self._now()
            kept = self.records[ref] = Kept(
                document=document, created_at=moment, updated_at=moment, version=-1
            )
        kept.document, kept.marker = document, marker
        kept.name = getattr(document, "name", "") or getattr(document, "number", "")
        kept.active = getattr(document, "active", True)
        self._touch(ref)
        if isinstance(document, CustomerPayment):
            # Whoever pays an invoice also moves its version, as real books do.
            for allocation in settled(document):
                assert isinstance(allocation.invoice, BooksRef)
                self._touch(allocation.invoice)

    def _with_line_ids(self, document: Any, before: Any) -> Any:
        """Every line has an id of the books'; one that is written without keeps that of the line in its place."""
        lines = getattr(document, "lines", ())
        if not lines or not hasattr(lines[0], "books_line_id"):
            return document
        taken = {line.books_line_id for line in lines}
        old = [line.books_line_id for line in getattr(before, "lines", ())]
        named = []
        for n, line in enumerate(lines):
            id = line.books_line_id or (old[n] if n < len(old) and old[n] not in taken else "")
            if not id:
                self._line_ids += 1
                id = f"L{self._line_ids}"
            taken.add(id)
            named.append(attrs.evolve(line, books_line_id=id))
        return attrs.evolve(document, lines=tuple(named))

    def _touch(self, ref: BooksRef) -> None:
        kept = self.records[ref]
        kept.version += 1
        kept.updated_at = self._now()
        self.log.append(ref)

    def _check(self, ref: BooksRef, document: Document) -> None:
        for other in refs_of(document):
            assert isinstance(other, BooksRef), f"{other} was sent unbound"
            if other.kind is not BooksKind.CREDIT:  # only ever named
                self._live(other)
        match document:
            case CustomerRecord() | VendorRecord():
                key = name_key(document.name)
                for other, kept in self.records.items():
                    pool = other.kind in NAMED_KINDS and other != ref and not kept.deleted
                    if pool and name_key(kept.name) == key:
                        raise Refusal(Why.NAME_TAKEN, f"{other} has the name {document.name}.", "Rename one.")
            case CustomerPayment() if not document.void:
                for allocation in settled(document):
                    assert isinstance(allocation.invoice, BooksRef)
                    invoice = self.document(allocation.invoice)
                    paid = self.paid(allocation.invoice, but=ref)
                    if invoice.void or paid + allocation.amount > invoice.total:
                        raise Refusal(Why.INVALID, f"{allocation.invoice} is paid already.", "Unapply it.")
            case SalesInvoice():
                if (ZERO if document.void else document.total or ZERO) < self.paid(ref):
                    raise Refusal(Why.FROZEN, f"{ref} is paid.", "Void the payment first.")
