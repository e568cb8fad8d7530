"""Plan rows: the documents and operations that a planning round collects, written in bulk at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import linked_refs, refs_of
from blueops_qb.domain.documents import AttachedFile, Document, kind_of
from blueops_qb.domain.refs import (
    NAMED_KINDS,
    BooksKind,
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    Ref,
    key_of,
)
from blueops_qb.engine import outbox
from blueops_qb.engine.known import Known, marker_of, number_mark
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Lane, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id


def _linked_before(known: Known) -> tuple[Ref, ...]:
    """What a payment is linked with in the books still: an update or removal changes that too."""
    if known.kind is not BooksKind.PAYMENT or known.base_ours is None:
        return ()
    return linked_refs(wire.load_document(known.kind, known.base_ours))


@attrs.define(kw_only=True)
class PlanRows:
    """Collects rows; `known` is added to as documents are planned."""

    turn: Turn
    known: dict[DocumentKey, Known]
    #: The record that is planned goes below live work.
    bulk: bool = False
    _documents: list[dict[str, Any]] = attrs.field(factory=list)
    _changed: list[dict[str, Any]] = attrs.field(factory=list)
    _operations: list[dict[str, Any]] = attrs.field(factory=list)
    _replaced: list[dict[str, Any]] = attrs.field(factory=list)
    _after: list[dict[str, Any]] = attrs.field(factory=list)
    _cancelled: list[int] = attrs.field(factory=list)
    _dirty: list[dict[str, Any]] = attrs.field(factory=list)
    #: Links of what was taken out before its document became another record.
    _left: list[int] = attrs.field(factory=list)
    #: Documents that were there before, each as it was when something was first planned for it, in order.
    _touched: list[tuple[Known, Known]] = attrs.field(factory=list)

    def _touch(self, known: Known) -> None:
        """Something is about to be planned for the document."""
        self._touched.append((known, attrs.evolve(known)))

    def _compare_again(self, knowns: Iterable[Known]) -> None:
        """Their side of these is laid beside ours once more."""
        self._dirty += [
            {"b_kind": known.kind.value, "b_id": known.books_id, "b_connection": self.turn.id}
            for known in knowns
        ]

    def _leave(self, known: Known) -> None:
        """The document has nothing in the books any more; what was there stays void, and nobody follows it."""
        assert known.link_id is not None
        self._left.append(known.link_id)
        known.link_id, known.books_id, known.version = None, "", ""
        known.base_ours = known.base_theirs = None
        known.beside = known.doubtful = ""

    def _new(self, key: DocumentKey, document: Document, content: str, revision: int) -> Known:
        known = Known(
            id=new_id(),
            key=key,
            kind=kind_of(document),
            generation=1,
            revision=revision,
            content=content,
            state="open",
            mapping_version=self.turn.row["mapping_version"],
            policy_version=self.turn.row["policy_version"],
        )
        self.known[key] = known
        self._documents.append(
            {
                "id": known.id,
                "connection_id": self.turn.id,
                "source_kind": key.source.kind.value,
                "source_id": key.source.id,
                "role": key.role,
                "part": key.part,
                "books_kind": known.kind.value,
                "generation": 1,
                "revision": revision,
                "content": content,
                "state": "open",
                "mapping_version": self.turn.row["mapping_version"],
                "policy_version": self.turn.row["policy_version"],
            }
        )
        return known

    def _change(self, known: Known, content: str, revision: int, *, state: str) -> None:
        known.content, known.revision, known.state = content, revision, state
        if not known.linked:
            # What is not in the books yet was made by the rules of now; those it is pinned to.
            known.mapping_version = self.turn.row["mapping_version"]
            known.policy_version = self.turn.row["policy_version"]
        self._changed.append(
            {
                "b_id": known.id,
                "b_books_kind": known.kind.value,
                "b_content": content,
                "b_revision": revision,
                "b_state": state,
                "b_generation": known.generation,
                "b_mapping": known.mapping_version,
                "b_policy": known.policy_version,
            }
        )

    def _operate(
        self,
        known: Known,
        verb: Verb,
        document: Document,
        content: str,
        revision: int,
        *,
        groups: tuple[str, ...] = (),
        mark: str = "",
    ) -> None:
        role = document.of if isinstance(document, AttachedFile) else "main"
        linked = [*linked_refs(document), *_linked_before(known)]
        ours = [self._document_of(r, role) for r in linked if not isinstance(r, BooksRef)]
        named = dict.fromkeys(f"d{other.id}" for other in ours if other is not None)
        touches = [f"d{known.id}", *named]
        touches += [str(r) for r in linked_refs(document) if isinstance(r, BooksRef)]
        number = getattr(document, "number", "")
        params = {"groups": " ".join(groups), **({mark: "1"} if mark else {})} if groups else {}
        if verb is Verb.CREATE and number and known.kind in self.turn.description.numbers_asked:
            touches.append(number_mark(known.kind, number))
        values = {
            "verb": verb.value,
            "kind": known.kind.value,
            # Live work may need a party at any moment.
            "lane": int(Lane.BULK if self.bulk and known.kind not in NAMED_KINDS else Lane.LIVE),
            "revision": revision,
            "content": content,
            "target_id": known.books_id,
            "version": known.version,
            "previous": known.base_theirs,
            "marker": marker_of(known.key, known.generation),
            "params_json": json.dumps(params) if params else "",
            "touches": " ".join(touches),
        }
        if known.ready_operation is not None:
            operation_id = known.ready_operation
            self._replaced.append({"b_id": operation_id, **{f"b_{k}": v for k, v in values.items()}})
        else:
            operation_id = known.ready_operation = new_id()
            self._operations.append(
                {
                    "id": operation_id,
                    "connection_id": self.turn.id,
                    "document_id": known.id,
                    "state": "ready",
                    "attempts": 0,
                    "created_at": self.turn.now,
                    **values,
                }
            )
            known.open = (*known.open, "ready")
        # What is taken out waits for nothing that it names.
        for ref in () if verb is Verb.WITHDRAW else refs_of(document):
            if not isinstance(ref, BooksRef):
                other = self._document_of(ref, role)
                if other is not None and not other.linked:
                    self._after.append({"operation_id": operation_id, "document_id": other.id})

    def update(
        self, known: Known, document: Document, revision: int, *, groups: tuple[str, ...], mark: str
    ) -> None:
        """Write these groups of a linked document, as `document` has them; `mark` goes into the parameters."""
        text = wire.dump_document(document)
        self._operate(known, Verb.UPDATE, document, text, revision, groups=groups, mark=mark)

    def _document_of(self, ref: OurRef, role: str) -> Known | None:
        return self.known.get(DocumentKey(ref, role) if isinstance(ref, RecordRef) else key_of(ref))

    def cancel(self, knowns: list[Known]) -> None:
        """Documents that never reached the books are not needed any more."""
        for known in knowns:
            self._touch(known)
            if known.ready_operation is not None:
                self._cancelled.append(known.ready_operation)
                known.ready_operation = None
            self._change(known, known.content, known.revision, state="withdrawn")

    def withdraw(self, knowns: list[Known], revision: int, *, after: Sequence[Known] = ()) -> None:
        """Take linked documents out of the books, once `after` are there."""
        for known in knowns:
            self._touch(known)
            document = wire.load_document(known.kind, known.content)
            self._operate(known, Verb.WITHDRAW, document, known.content, revision)
            self._after += [
                {"operation_id": known.ready_operation, "document_id": other.id} for other in after
            ]

    def mark(self) -> tuple[tuple[int, ...], frozenset[DocumentKey]]:
        """Where the plan stands before a record is added."""
        return tuple(map(len, (self._touched, *self._lists()))), frozenset(self.known)

    def back_to(self, mark: tuple[tuple[int, ...], frozenset[DocumentKey]]) -> None:
        """Forget what was collected since the mark; what is to be compared again still is."""
        (touched, *lengths), keys = mark
        while len(self._touched) > touched:
            known, before = self._touched.pop()
            for field in attrs.fields(Known):
                setattr(known, field.name, getattr(before, field.name))
        made = {row["id"] for row in self._documents[lengths[0] :]}
        for rows, length in zip(self._lists(), lengths, strict=True):
            del rows[length:]
        # What was only looked for meanwhile is there all the same.
        for key in [key for key, known in self.known.items() if key not in keys and known.id in made]:
            del self.known[key]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self._documents,
            self._changed,
            self._operations,
            self._replaced,
            self._after,
            self._cancelled,
            self._left,
        )

    def write(self) -> None:
        """Write everything; some ten statements for any number of records."""
        connection, d, o = self.turn.connection, t.documents, t.operations
        insert_all(connection, d, self._documents)
        if self._changed:
            connection.execute(
                d.update()
                .where(d.c.id == sa.bindparam("b_id"))
                .values(
                    books_kind=sa.bindparam("b_books_kind"),
                    content=sa.bindparam("b_content"),
                    revision=sa.bindparam("b_revision"),
                    state=sa.bindparam("b_state"),
                    generation=sa.bindparam("b_generation"),
                    mapping_version=sa.bindparam("b_mapping"),
                    policy_version=sa.bindparam("b_policy"),
                ),
                self._changed,
            )
        insert_all(connection, o, self._operations)
        if self._replaced:
            names = [k[2:] for k in self._replaced[0] if k != "b_id"]
            connection.execute(
                o.update()
                .where(o.c.id == sa.bindparam("b_id"), o.c.state == "ready")
                .values(**{name: sa.bindparam(f"b_{name}") for name in names}, reason="", not_before=None),
                self._replaced,
            )
        replaced = [row["b_id"] for row in self._replaced]
        if replaced:
            connection.execute(
                t.operation_after.delete().where(t.operation_after.c.operation_id.in_(replaced))
            )
        after = {(row["operation_id"], row["document_id"]): row for row in self._after}
        insert_all(connection, t.operation_after, list(after.values()))
        if self._cancelled:
            connection.execute(
                o.update()
                .where(o.c.id.in_(self._cancelled), o.c.state == "ready")
                .values(state="cancelled", closed_at=self.turn.now)
            )
        self._no_longer_waited_for()
        if self._left:
            connection.execute(t.links.update().where(t.links.c.id.in_(self._left)).values(state="gone"))
        if self._dirty:
            m = t.mirror
            connection.execute(
                m.update()
                .where(
                    m.c.connection_id == sa.bindparam("b_connection"),
                    m.c.kind == sa.bindparam("b_kind"),
                    m.c.books_id == sa.bindparam("b_id"),
                )
                .values(dirty=True),
                self._dirty,
            )

    def _no_longer_waited_for(self) -> None:
        """What was to go after a document that is not needed any more is planned again: that one never comes.

        Nor does what was queued behind it, whatever that plan makes of it: it may have to wait for something else.
        """
        last = {row["b_id"]: row["b_state"] for row in self._changed}
        gone = [id for id, state in last.items() if state == "withdrawn"]
        if not gone:
            return
        d, o, a = t.documents, t.operations, t.operation_after
        query = (
            sa.select(d.c.source_kind, d.c.source_id, o.c.id)
            .select_from(a.join(o, o.c.id == a.c.operation_id).join(d, d.c.id == o.c.document_id))
            .where(a.c.document_id.in_(gone), o.c.state == "ready")
        )
        turn = self.turn
        rows = turn.connection.execute(query).all()
        refs = [RecordRef(RecordKind(row.source_kind), row.source_id) for row in rows]
        if refs:
            reason = "what it was to go after is not needed any more"
            turn.connection.execute(
                o.update()
                .where(o.c.id.in_({row.id for row in rows}), o.c.state == "ready")
                .values(state="cancelled", reason=reason, closed_at=turn.now)
            )
            states = [outbox.State.WAITING]
            outbox.again(turn.connection, turn.tenant_id, turn.now, refs=refs, states=states)
