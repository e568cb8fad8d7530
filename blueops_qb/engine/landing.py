"""Landing: what the books showed, taken into mirror, links, bases and postings, written in bulk.

One entry for answers, look-ups, reads and change pages alike. A direct answer that equals what was sent
becomes the base of the link; one that differs leaves no base and is held as a variance.
"""

from __future__ import annotations

from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import Document
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.posting import salestax
from blueops_qb.domain.posting.kinds import REVERSES
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, RecordRef
from blueops_qb.domain.reversal import reverses
from blueops_qb.engine import (
    one_sided,
    outbox,
    reclass_back,
    subledger,
    take_back,
    template_steps,
    undo,
    unsettled,
    variances,
)
from blueops_qb.engine.conflicts import conflict_row, doubt_row, write_conflicts
from blueops_qb.engine.figures import cents_in, generation_in, total_in
from blueops_qb.engine.freed_credits import Freed, freed_credits, note_freed
from blueops_qb.engine.known import Known
from blueops_qb.engine.link_rows import compared
from blueops_qb.engine.mirroring import (
    Mirroring,
    digest_of,
    make_dirty,
)
from blueops_qb.engine.newly_ours import now_ours, waiting_for_link
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.sides import agreed_beside
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert
from blueops_qb.store.types import new_id


@attrs.define(kw_only=True)
class Landing(Mirroring):
    """Collects what one exchange or look-up brought; `write` stores it."""

    _links: list[dict[str, Any]] = attrs.field(factory=list)
    _relinks: list[dict[str, Any]] = attrs.field(factory=list)
    _linked: list[int] = attrs.field(factory=list)
    _withdrawn: list[int] = attrs.field(factory=list)
    #: What took back a document of a closed period.
    _reversals: list[Ready] = attrs.field(factory=list)
    _postings: list[subledger.Entry] = attrs.field(factory=list)
    _members: list[dict[str, Any]] = attrs.field(factory=list)
    _conflicts: list[dict[str, Any]] = attrs.field(factory=list)
    _closed: list[dict[str, Any]] = attrs.field(factory=list)
    _moves: list[Move] = attrs.field(factory=list)
    _finished: dict[RecordRef, int] = attrs.field(factory=dict)
    _newer: list[BooksRef] = attrs.field(factory=list)
    #: What was sent, was never heard of, and was found: a payment of it may have been taken in before it was found.
    _found: list[BooksRef] = attrs.field(factory=list)
    _failed: list[tuple[RecordRef, str, str, Hold]] = attrs.field(factory=list)
    #: Documents that were taken out, and such that reverse others: an undo may end with them.
    _undoing: list[int] = attrs.field(factory=list)
    _undone: dict[RecordRef, str] = attrs.field(factory=dict)
    #: Documents with the conflict of which a choice was taken back.
    _taken_back: list[tuple[int, int]] = attrs.field(factory=list)

    _freed: list[Freed] = attrs.field(factory=list)

    # -- our documents -----------------------------------------------------------------------------
    def landed(
        self, ready: Ready, operation: Operation, record: BooksRecord | None, *, row: Any = None
    ) -> None:
        """An operation on a document is done; `record` is what the books show of it now.

        `row` of the mirror is given where it was found there: the record is then only what is compared of it.
        """
        self._close(ready, "done")
        if Verb(ready.row.verb) is Verb.WITHDRAW:
            self._taken_out(ready, operation, record, row)
            return
        if record is None:
            remedy = "Look in the books whether it is there, then choose on the conflicts page."
            self.doubt(ready, "the books accepted it but did not show it", remedy)
            return
        shown_text = self._show(record, row)
        shown = None if record.document is None else self.normal(record.document)
        text = None if record.document is None else self.text(record.document)
        if text != shown_text:
            # The mirror has seen a newer state already: both are compared on the base of this answer.
            self._newer.append(record.ref)
        sent = self.turn.provider.sent(operation, self.turn.profile)
        if sent is not None and shown is not None:
            shown = as_decided(sent, shown)
        agrees = sent is None or sent == shown
        gap = not agrees and salestax.is_tax_gap(sent, shown, limit=self.turn.policy.tax_gap)
        next_to = self._beside(ready, record, row) if agrees else ""
        assert ready.source is not None
        assert ready.document is not None
        if text is not None and one_sided.is_one_sided(ready):
            self._in_part(ready, operation, record, text, agrees=agrees, beside=next_to)
            return
        self._link(ready, record, text, agrees=agrees, gap=gap, beside=next_to)
        if agrees:
            if reverses(ready.row.marker):
                self._undoing.append(ready.row.document_id)
            self._finish(ready)
            self._linked.append(ready.row.document_id)
            self._postings += subledger.landed(ready, operation, record.document)
        elif gap:
            # Planned again with the difference as a line of its own.
            self._linked.append(ready.row.document_id)
            self._moves.append(Move(ref=ready.source, revision=ready.row.revision, state=State.PENDING))
        else:
            self._variance(ready, record, sent, shown)
        self.turn.note(
            "landed" if agrees else "variance",
            str(ready.source),
            numbers=f"{record.ref} v{record.version} {total_in(ready.document)}",
            marker=operation.marker,
        )

    def _in_part(
        self, ready: Ready, operation: Operation, record: BooksRecord, text: str, *, agrees: bool, beside: str
    ) -> None:
        """The rest of the record still waits for a person, and is compared with what it shows now."""
        assert ready.source is not None
        if agrees:
            one_sided.landed(self.turn, ready, record.version, text, beside)
            self._postings += subledger.landed(ready, operation, record.document)
        elif ignored := one_sided.ignored(self.turn, ready, text):
            self.hold(ready.source, ready.row.revision, *one_sided.in_vain(ignored))
            self._finished.setdefault(ready.source, -1)
            return
        self._newer.append(record.ref)
        self._moves.append(one_sided.compared_next(ready.source, ready.row.revision))
        self.turn.note("landed in part", str(ready.source), numbers=f"{record.ref} v{record.version}")

    def _show(self, record: BooksRecord, row: Any) -> str | None:
        if row is None:
            return self.show(record, origin="ours", compare=False)
        compared(self.turn, row)
        text: str | None = row["document"]
        return text

    def _link(
        self, ready: Ready, record: BooksRecord, text: str | None, *, agrees: bool, gap: bool, beside: str
    ) -> None:
        values = {
            "version": record.version,
            "base_ours": ready.row.content if agrees else None,
            "base_theirs": text if agrees else None,
            "written_version": record.version,
            "written_digest": digest_of(text),
            "doubtful": "" if agrees or gap else variances.DOUBT,
            "beside": beside,
        }
        if Verb(ready.row.verb) is Verb.CREATE:
            if REVERSES in ready.row.marker:
                self._reversals.append(ready)
            if ready.row.state == "uncertain":
                self._found.append(record.ref)
            self._links.append(
                {
                    "id": new_id(),
                    "connection_id": self.turn.id,
                    "document_id": ready.row.document_id,
                    "generation": generation_in(ready.row.marker),
                    "books_kind": record.kind.value,
                    "books_id": record.id,
                    "state": "live",
                    "linked_at": self.turn.now,
                    **values,
                }
            )
            self._members.append(
                {
                    "document_id": ready.row.document_id,
                    "ref_kind": ready.row.source_kind,
                    "ref_id": ready.row.source_id,
                    "share_cents": cents_in(ready.document),
                }
            )
        else:
            self._relinks.append(
                {
                    "b_document": ready.row.document_id,
                    **{f"b_{k}": v for k, v in values.items()},
                    "b_state": "live",
                }
            )

    def _beside(self, ready: Ready, record: BooksRecord, row: Any) -> str:
        """What the books show beside the document, and which of their lines is which of ours."""
        if ready.document is None or record.document is None:
            return ""
        shown = self.beside(record.document) if row is None else row["beside"]
        return agreed_beside(self.turn, ready.document, shown, "", equal=True)

    def _taken_out(self, ready: Ready, operation: Operation, record: BooksRecord | None, row: Any) -> None:
        text = None
        if record is not None:
            text = self._show(record, row)
        else:
            assert operation.kind is not None
            self.deleted(BooksRef(operation.kind, operation.target_id), origin="ours")
            self._mirror[BooksRef(operation.kind, operation.target_id)]["dirty"] = False
        self._undoing.append(ready.row.document_id)
        self._freed += freed_credits(self.turn, ready)
        party = operation.kind in NAMED_KINDS
        self._relinks.append(
            {
                "b_document": ready.row.document_id,
                "b_version": record.version if record else "",
                "b_base_ours": ready.row.content,
                "b_base_theirs": text,
                "b_written_version": record.version if record else "",
                "b_written_digest": digest_of(text),
                "b_doubtful": "",
                "b_beside": "",
                "b_state": "live" if record is not None else "withdrawn",
            }
        )
        if not party:
            self._withdrawn.append(ready.row.document_id)
        self._finish(ready)
        self.turn.note("withdrawn", str(ready.source), numbers=f"{operation.kind}#{operation.target_id}")

    def _variance(
        self, ready: Ready, record: BooksRecord, sent: Document | None, shown: Document | None
    ) -> None:
        row, move = variances.opened(self.turn, ready, record, sent, shown)
        self._conflicts.append(row)
        self._moves.append(move)

    def conflict(self, **values: Any) -> None:
        """Open a conflict (`conflicts.conflict_row`), once per place and group."""
        self._conflicts.append(conflict_row(self.turn, **values))

    # -- operations and events ---------------------------------------------------------------------
    def failed(self, ready: Ready, reason: str, remedy: str, *, hold: Hold = Hold.REFUSED) -> None:
        """An operation cannot be done; its event is held."""
        self._close(ready, "failed", reason)
        if ready.source is None:
            return
        sentence = f"{ready.source}: {reason}"
        self._moves.append(
            Move(
                ref=ready.source,
                revision=ready.row.revision,
                state=State.HELD,
                hold=hold,
                reason=sentence,
                remedy=remedy,
            )
        )
        self._finished.setdefault(ready.source, -1)
        self._failed.append((ready.source, sentence, remedy, hold))
        self.turn.note("held", str(ready.source), reason=sentence, remedy=remedy)

    def hold(self, ref: RecordRef, revision: int, reason: str, remedy: str) -> None:
        """Hold an event whose operation is closed already."""
        sentence = f"{ref}: {reason}"
        move = Move(
            ref=ref, revision=revision, state=State.HELD, hold=Hold.REFUSED, reason=sentence, remedy=remedy
        )
        self._moves.append(move)
        self.turn.note("held", str(ref), reason=sentence, remedy=remedy)

    def doubt(self, ready: Ready, reason: str, remedy: str) -> None:
        """Nobody knows whether the document is in the books; it is not planned before a person has chosen."""
        self.failed(ready, reason, remedy, hold=Hold.EXISTENCE)
        if Verb(ready.row.verb) is not Verb.CREATE:
            return
        self._set_documents([ready.row.document_id], "doubtful")
        self._conflicts.append(doubt_row(self.turn, ready, reason, remedy))

    def dropped(self, ready: Ready, reason: str) -> None:
        """An operation is not needed any more; its event is planned again."""
        self._close(ready, "cancelled", reason)
        if ready.source is not None:
            self._moves.append(Move(ref=ready.source, revision=ready.row.revision, state=State.PENDING))
            self._finished.setdefault(ready.source, -1)

    def read_again(self, known: Known) -> None:
        """A linked record was read because something about it was in doubt: its event is planned again.

        Where its base was set back meanwhile (`take_back`), both sides are compared although it shows as before.
        """
        shown = self._mirror.get(known.place)
        if known.base_theirs is not None and shown is not None and shown["document"] != known.base_theirs:
            self._newer.append(known.place)
        self._finished.setdefault(known.key.source, -1)

    def done(self, ready: Ready) -> None:
        """An operation that is not about a document is done."""
        self._close(ready, "done")

    def _close(self, ready: Ready, state: str, reason: str = "") -> None:
        if state in ("done", "failed", "cancelled") and (conflict := take_back.undoes(ready.row)):
            self._taken_back.append((ready.row.document_id, conflict))
        self._closed.append({"b_id": ready.id, "b_state": state, "b_reason": reason, "b_at": self.turn.now})

    def _finish(self, ready: Ready) -> None:
        assert ready.source is not None
        revision = max(ready.row.revision, self._finished.get(ready.source, -1))
        self._finished[ready.source] = revision

    # -- writing -----------------------------------------------------------------------------------
    def write(self) -> None:
        """Store everything; a handful of statements for any number of documents."""
        turn, connection = self.turn, self.turn.connection
        self.write_mirror()
        make_dirty(turn, self._newer)
        insert_all(connection, t.links, self._links)
        self._write_relinks()
        if self._linked:
            self._set_documents(self._linked, "linked")
        if self._withdrawn:
            self._set_documents(self._withdrawn, "withdrawn")
        if free := [*self._linked, *self._withdrawn]:
            a = t.operation_after
            connection.execute(a.delete().where(a.c.document_id.in_(free)))
        self._undone |= undo.settled(turn, self._undoing)
        subledger.withdraw(turn, self._withdrawn)
        reclass_back.take_back(turn, self._withdrawn)
        reclass_back.reversed_in_open_period(turn, self._reversals)
        subledger.post(turn, self._postings)
        upsert(connection, t.memberships, self._members)
        write_conflicts(turn, self._conflicts)
        note_freed(turn, self._freed)
        new = {BooksRef(BooksKind(link["books_kind"]), link["books_id"]) for link in self._links}
        waiting_for_link(turn, new, just_written=True)
        now_ours(turn, self._found)
        if self._closed:
            o = t.operations
            connection.execute(
                o.update()
                .where(o.c.id == sa.bindparam("b_id"))
                .values(
                    state=sa.bindparam("b_state"),
                    reason=sa.bindparam("b_reason"),
                    closed_at=sa.bindparam("b_at"),
                ),
                self._closed,
            )
        for document_id, conflict_id in self._taken_back:
            take_back.landed(turn, document_id, conflict_id)
        self._write_events()
        if any(BooksKind(link["books_kind"]) in LIST_KINDS for link in self._links):
            template_steps.carry_on(turn)

    def _write_relinks(self) -> None:
        if self._relinks:
            lk = t.links
            self.turn.connection.execute(
                lk.update()
                .where(lk.c.document_id == sa.bindparam("b_document"), lk.c.state == "live")
                .values(
                    version=sa.bindparam("b_version"),
                    base_ours=sa.bindparam("b_base_ours"),
                    base_theirs=sa.bindparam("b_base_theirs"),
                    written_version=sa.bindparam("b_written_version"),
                    written_digest=sa.bindparam("b_written_digest"),
                    doubtful=sa.bindparam("b_doubtful"),
                    beside=sa.bindparam("b_beside"),
                    state=sa.bindparam("b_state"),
                ),
                self._relinks,
            )

    def _set_documents(self, ids: list[int], state: str) -> None:
        d = t.documents
        self.turn.connection.execute(d.update().where(d.c.id.in_(ids)).values(state=state))

    def _write_events(self) -> None:
        turn, connection = self.turn, self.turn.connection
        self._moves += unsettled.reread(turn, self._finished, moving={m.ref for m in self._moves})
        done = unsettled.told(turn, self._finished, undone=self._undone, moving={m.ref for m in self._moves})
        outbox.move(connection, turn.tenant_id, done + self._moves, turn.now)
        for ref, sentence, remedy, hold in self._failed:
            unsettled.say_held(turn, ref, sentence, remedy, hold)
        refs = list(self._finished)
        if refs:
            outbox.wake(connection, turn.tenant_id, refs, turn.now)
            outbox.again(
                connection, turn.tenant_id, turn.now, refs=refs, states=[State.WAITING], holds=[Hold.BUSY]
            )
