"""Write plan: collects the documents and operations of one planning round and writes them in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.compare import apart, differing
from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.posting.context import Blocked, NotPosted, Posted
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import (
    NAMED_KINDS,
    BooksKind,
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    key_of,
    record_of,
)
from blueops_qb.engine import tombstones, variances
from blueops_qb.engine.free_names import FreeNames, Held
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_rows import PlanRows
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import posting_context
from blueops_qb.engine.sides import beside_of
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

#: Documents that settle others: they go before what they settle.
SETTLING = frozenset({BooksKind.PAYMENT, BooksKind.BILL_PAYMENT})
PARTIES = frozenset({RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR})


def is_void(document: Document) -> bool:
    """The document takes itself out of the books."""
    return bool(getattr(document, "void", False))


@attrs.define(kw_only=True)
class WritePlan(PlanRows):
    """What a planning round will write. `known` is added to as documents are planned."""

    snapshots: dict[RecordRef, Snapshot]
    #: The records whose events are planned.
    refs: tuple[RecordRef, ...]
    #: Those of them that are from before the books were connected.
    from_before: frozenset[RecordRef] = frozenset()
    #: Those of them about which the match plan has the last word, unless they have a place already.
    decided: Mapping[RecordRef, Move] = attrs.field(factory=dict)
    #: Records whose documents were looked for already, all of them.
    looked: set[RecordRef] = attrs.field(factory=set)
    names: FreeNames = attrs.field(init=False)
    #: What was there before this round, by record.
    by_source: dict[RecordRef, list[Known]] = attrs.field(init=False)
    _theirs: dict[BooksRef, Any] | None = None
    #: Something of the records waits for a person's choice, and is shown as it is now.
    anew: bool = False
    #: Payments that have other parts than before (`parts`).
    parted: list[Payment] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.by_source = {}
        self.looked |= {known.key.source for known in self.known.values()} | set(self.refs)
        for known in self.known.values():
            self.by_source.setdefault(known.key.source, []).append(known)
        self.names = FreeNames(
            turn=self.turn,
            sources={key.source for key in self.known} | set(self.snapshots) | set(self.refs),
        )

    def of(self, ref: RecordRef) -> list[Known]:
        """The documents of a record as they are planned now."""
        return [known for key, known in self.known.items() if key.source == ref]

    # -- one record --------------------------------------------------------------------------------
    def add(self, ref: RecordRef, revision: int, posted: Posted, mine: list[Known], *, echo: bool) -> Move:
        """Plan the documents of a record; answers where its event goes."""

        def move(state: State, reason: str | None = None, **more: Any) -> Move:
            return Move(ref=ref, revision=revision, state=state, reason=reason, **more)

        waits: list[str] = []
        anything = False
        mark = self.mark()
        try:
            for key, document in posted.documents.items():
                # Before anything is planned: of a record in several parts all are written, or none.
                named = self.names.named(key, document, self.known.get(key))
                self._need_all(named, self.known.get(key), but=posted.documents)
                self._need_parties_there(key, named)
            for key, document in posted.documents.items():
                named = self.names.named(key, document, self.known.get(key))
                self._need_all(named, self.known.get(key))
                step = self._document(key, named, revision)
                anything = anything or step
                waits += self._waits(named) if step and not is_void(named) else []
            superfluous = [k for k in mine if k.key not in posted.documents and k.state != "withdrawn"]
            if superfluous:
                self.cancel([k for k in superfluous if not k.linked])
                # What takes its place must be in the books first, and what uses it must have let it go.
                planned = (self.known[key] for key in posted.documents)
                successors = [k for k in planned if not k.linked or k.ready_operation is not None]
                there = [k for k in superfluous if k.linked]
                settles = [k for k in there if k.kind in SETTLING]
                self.withdraw(settles, revision, after=successors)
                self.withdraw([k for k in there if k not in settles], revision, after=[*successors, *settles])
                anything = anything or any(k.linked for k in superfluous)
        except Held as held:
            # Of a record in several documents all are planned, or none: half of it landed would count as done.
            self.back_to(mark)
            return move(
                held.state,
                held.reason,
                remedy=held.remedy or None,
                hold=held.hold,
                waits_for=str(held.waits_for),
            )
        except Moved as moved:
            self.back_to(mark)
            return move(State.WAITING, str(moved), hold=Hold.BUSY)
        if anything:
            return move(State.WAITING, "waits for " + ", ".join(waits) if waits else "queued")
        if all(self.known[key].state == "withdrawn" for key in posted.documents):
            if self._were_there(self.known[key] for key in posted.documents):
                return move(State.DONE, "void on both sides")
            return move(State.NOT_POSTED, "void before it reached the books")
        return move(State.DONE, "it came from the books" if echo else "nothing to change in the books")

    def _document(self, key: DocumentKey, document: Document, revision: int) -> bool:
        """Plan one document; True when an operation is due."""
        content = wire.dump_document(document)
        known = self.known.get(key)
        if known is not None:
            self._touch(known)
        if known is not None and known.linked and known.state == "withdrawn" and not is_void(document):
            # What was taken out stays out over there; this is another record.
            self._leave(known)
        if known is not None and known.linked:
            return self._linked(known, document, content, revision)
        if is_void(document):
            if known is not None:
                self.cancel([known])
                return False
            self._new(key, document, content, revision).state = "withdrawn"
            self._documents[-1]["state"] = "withdrawn"
            return False
        if known is None:
            known = self._new(key, document, content, revision)
        else:
            # Nothing of it is in the books: it may become another kind of record there.
            known.kind = kind_of(document)
            again = known.state == "withdrawn"
            known.generation += 1 if again else 0
            self._change(known, content, revision, state="open")
        self._operate(known, Verb.CREATE, document, content, revision)
        return True

    def _linked(self, known: Known, document: Document, content: str, revision: int) -> bool:
        if known.kind is not kind_of(document):
            there, wanted = (kind.value.replace("_", " ") for kind in (known.kind, kind_of(document)))
            raise Held(
                State.HELD,
                f"{known.key.source} is {known.place} in the books and would be a {wanted} now; "
                f"a {there} cannot become one",
                remedy="Void it in BlueOps and enter it anew, or change back what made it another kind.",
                hold=Hold.REFUSED,
                waits_for=known.key.source,
            )
        normal = self.turn.provider.normal
        groups: tuple[str, ...] = ()
        if known.base_ours is not None:
            base = wire.load_document(known.kind, known.base_ours)
            same_type = type(base) is type(document)
            groups = differing(normal(base), normal(document)) if same_type else ()
            if same_type:
                groups = tuple(dict.fromkeys((*groups, *self._untold(known, base, document))))
                if is_void(base) and is_void(document):
                    # Nothing more can be taken out, and what else a void document says counts for nothing.
                    groups = ()
            if same_type and not groups:
                # Back at the base: what waits to be written has become superfluous.
                if known.ready_operation is not None:
                    self._cancelled.append(known.ready_operation)
                    known.ready_operation = None
                return False
        if not self._based_on_newest(known):
            raise Moved(f"{known.place} moved in the books too; both are compared first")
        self._change(known, content, revision, state="linked")
        verb = Verb.WITHDRAW if is_void(document) else Verb.UPDATE
        # What we did not move stays as the books have it.
        self._operate(known, verb, document, content, revision, groups=groups)
        return True

    def _untold(self, known: Known, base: Document, document: Document) -> tuple[str, ...]:
        """Groups with something that is told and never compared: it moved here, and the books do not show it yet."""
        one_way, beside = self.turn.provider.one_way, beside_of(known.beside)
        said = {
            field: value
            for field, value in one_way(document).items()
            if field not in beside.told or getattr(beside, field) != value
        }
        before = one_way(base)
        return apart(type(document), {field: before.get(field) for field in said}, said)

    def withdraw(self, knowns: list[Known], revision: int, *, after: Sequence[Known] = ()) -> None:
        """Take linked documents out of the books in the version that they have now, once `after` are there.

        Raises Moved when somebody has changed one there. A name is only set inactive, which loses no change.
        """
        for known in knowns:
            if not self._based_on_newest(known):
                if known.kind not in NAMED_KINDS:
                    raise Moved(f"{known.place} moved in the books too; both are compared first")
                assert self._theirs is not None
                known.version = self._theirs[known.place].version
        super().withdraw(knowns, revision, after=after)

    def _based_on_newest(self, known: Known) -> bool:
        """Whether their side is still what both agreed on; a version without new substance is taken over."""
        if self._theirs is None:
            self._theirs = self._read_theirs()
        row = self._theirs.get(known.place)
        if row is None:
            return True
        if known.base_theirs is not None and (row.document or "") != known.base_theirs:
            self._compare_again([known])
            return False
        known.version = row.version
        return True

    def show_anew(self, knowns: Iterable[Known]) -> None:
        """What of these waits for a person's choice is to be shown as both sides are now."""
        waiting = [k for k in knowns if k.linked and k.doubtful in (tombstones.DOUBT, variances.DOUBT)]
        self.anew = self.anew or bool(waiting)
        self._compare_again(waiting)

    def _were_there(self, knowns: Iterable[Known]) -> bool:
        """Whether any of the documents is or was in the books."""
        mine = list(knowns)
        if any(known.linked for known in mine):
            return True
        ever = sa.select(t.links.c.id).where(t.links.c.document_id.in_([known.id for known in mine])).limit(1)
        return self.turn.connection.execute(ever).first() is not None

    def is_gone(self, known: Known) -> bool:
        """Their side is inactive or deleted."""
        row = self._life(known)
        return row is not None and (row.deleted or not row.active)

    def is_inactive(self, known: Known) -> bool:
        """Their side is a customer or vendor who is there and inactive: as taken out as one of them can be."""
        row = self._life(known) if known.kind in NAMED_KINDS else None
        return row is not None and not row.deleted and not row.active

    def _life(self, known: Known) -> Any:
        m = t.mirror
        return self.turn.connection.execute(
            sa.select(m.c.active, m.c.deleted).where(
                m.c.connection_id == self.turn.id,
                m.c.kind == known.kind.value,
                m.c.books_id == known.books_id,
            )
        ).one_or_none()

    def _read_theirs(self) -> dict[BooksRef, Any]:
        m = t.mirror
        by_kind: dict[str, list[str]] = {}
        for known in self.known.values():
            if known.linked:
                by_kind.setdefault(known.kind.value, []).append(known.books_id)
        arms = [sa.and_(m.c.kind == kind, m.c.books_id.in_(ids)) for kind, ids in by_kind.items()]
        query = sa.select(m.c.kind, m.c.books_id, m.c.version, m.c.document).where(
            m.c.connection_id == self.turn.id, sa.or_(sa.false(), *arms)
        )
        return {BooksRef(BooksKind(r.kind), r.books_id): r for r in self.turn.connection.execute(query)}

    # -- what a document needs ---------------------------------------------------------------------
    def _need_all(
        self, document: Document, known: Known | None, *, but: Collection[DocumentKey] = ()
    ) -> None:
        """Make sure of everything that a document names; what is void needs no document, and nobody once it is out.

        Raises Held.
        """
        if is_void(document) and (known is None or known.out):
            return
        for ref in refs_of(document):
            if isinstance(ref, BooksRef) or key_of(ref) in but:
                continue
            if not is_void(document) or record_of(ref).kind in PARTIES:
                self._need(ref)

    def _need_parties_there(self, key: DocumentKey, document: Document) -> None:
        """What is new cannot name a party that the books have lost. Raises Held."""
        known = self.known.get(key)
        if is_void(document) or (known is not None and known.linked):
            return
        for wanted in refs_of(document):
            party = None if isinstance(wanted, BooksRef) else self.known.get(key_of(wanted))
            if party is None or party.key.source.kind not in PARTIES or party.doubtful != tombstones.DOUBT:
                continue
            if self.is_gone(party):
                ref = party.key.source
                raise Held(
                    State.HELD,
                    f"it needs {ref}, and {party.place} was deleted in the books, or merged into another one",
                    remedy=f"Choose on the conflicts page what becomes of {ref}; this follows by itself.",
                    hold=Hold.MATCH,
                    waits_for=ref,
                )

    def _need(self, wanted: OurRef) -> None:
        """Make sure that `wanted` has a place or will get one before; raises Held."""
        ref = record_of(wanted)
        self._look_for(ref)
        known = self.known.get(key_of(wanted))
        if known is not None and known.state in ("doubtful", "unlinked"):
            words = "may be in the books already" if known.state == "doubtful" else "was unlinked by a person"
            raise Held(
                State.HELD,
                f"it needs {ref}, which {words}",
                remedy=f"Settle {ref} first, on the conflicts or the matching page; this follows by itself.",
                hold=Hold.MATCH,
                waits_for=ref,
            )
        if known is not None and known.undone:
            raise Held(
                State.HELD,
                f"it needs {ref}, which was taken out of the books by undo",
                remedy=f"Take the undo of {ref} back (`blueops-qb undo --take-back {ref}`), or undo this one too.",
                hold=Hold.MATCH,
                waits_for=ref,
            )
        if known is not None and (known.linked or known.open or known.ready_operation is not None):
            if known.doubtful and ref.kind not in PARTIES:
                raise Held(State.WAITING, f"waits for {ref}: {known.doubtful}", hold=Hold.BUSY, waits_for=ref)
            return
        if ref.kind not in PARTIES:
            raise Held(
                State.WAITING,
                f"waits for {ref}, which is not in the books yet",
                hold=Hold.BUSY,
                waits_for=ref,
            )
        snapshot = self.snapshots.get(ref)
        if snapshot is None or snapshot.deleted or snapshot.merged_into:
            merged = snapshot.merged_into if snapshot is not None else None
            became = f"was merged into {merged}" if merged else "does not exist any more"
            raise Held(
                State.HELD,
                f"{ref} {became} in BlueOps, and the record names it",
                remedy="Choose another customer, job or vendor in the record.",
                hold=Hold.REFUSED,
                waits_for=ref,
            )
        result = post(snapshot.record, posting_context(self.turn, self.snapshots, {}), self.turn.rules)
        if not isinstance(result, Posted):
            reason = result.reason if isinstance(result, Blocked | NotPosted) else ""
            remedy = result.remedy if isinstance(result, Blocked) else ""
            raise Held(State.HELD, f"{ref}: {reason}", remedy=remedy, hold=Hold.MAPPING, waits_for=ref)
        for part, document in result.documents.items():
            named = self.names.named(part, document, self.known.get(part))
            self._need_all(named, self.known.get(part))
            self._document(part, named, snapshot.revision)

    def _look_for(self, ref: RecordRef) -> None:
        """A document may name somebody whom its record does not: a refund goes to whom its credit is of there."""
        if ref in self.looked:
            return
        self.looked.add(ref)
        for key, known in load_known(self.turn.connection, self.turn.id, [ref]).items():
            self.known.setdefault(key, known)
        if ref not in self.snapshots:
            found = read_related(self.turn.read_all, [], also=[ref])
            self.snapshots = found | self.snapshots

    def _waits(self, document: Document) -> list[str]:
        keys = (key_of(ref) for ref in refs_of(document) if not isinstance(ref, BooksRef))
        return [str(key.source) for key in keys if key in self.known and not self.known[key].linked]


class Moved(Exception):
    """Their side moved as well; the comparison decides, not the plan."""


__all__ = ["PARTIES", "Held", "Moved", "WritePlan", "is_void"]
