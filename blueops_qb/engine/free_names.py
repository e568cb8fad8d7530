"""Free names: whether a party may be created, and under which name, before anything is written."""

from __future__ import annotations

from collections.abc import Collection

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord
from blueops_qb.domain.naming import derived_name, name_key
from blueops_qb.domain.refs import NAMED_KINDS, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.job_names import JobNames, below
from blueops_qb.engine.known import Known
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: Why a party is not created, by what the match plan says of it.
_UNDECIDED = {
    "skip": "it is skipped",
    "link": "the record of the books that it was to be linked with is not there any more",
}


class Held(Exception):
    """A record that another one needs cannot be written now; carries the move of the needy record."""

    def __init__(
        self, state: State, reason: str, *, remedy: str = "", hold: Hold, waits_for: RecordRef
    ) -> None:
        super().__init__(reason)
        self.state, self.reason, self.remedy, self.hold, self.waits_for = (
            state,
            reason,
            remedy,
            hold,
            waits_for,
        )


@attrs.define(kw_only=True)
class FreeNames:
    """The names in the books' common pool and the decisions of the match plan, read once per round."""

    turn: Turn
    #: The records of the round.
    sources: Collection[RecordRef]
    _derived: dict[str, tuple[str, str]] | None = None
    _names: dict[str, str] | None = None
    _decisions: dict[RecordRef, tuple[str, str]] | None = None
    _jobs: JobNames | None = None

    def named(self, key: DocumentKey, document: Document, known: Known | None) -> Document:
        """The document under a name that is free in the books; raises Held when a person must choose."""
        if not isinstance(document, CustomerRecord | VendorRecord) or (known is not None and known.linked):
            return self.kept(key, document)
        self._decided(key.source, there_before=known is not None and known.generation > 1)
        if known is not None and known.ready_operation is not None:
            return self.kept(key, document)
        books = self.turn.description
        if len(document.name) > books.name_length or any(c in document.name for c in books.name_forbidden):
            return self._derive(key, document, suffix=f" ({key.source.id})")
        name = self._key(document, document.name)
        owner = self._taken().get(name)
        if owner is None:
            self._taken()[name] = str(key.source)
            return document
        if owner == str(key.source):
            return document
        if key.source.kind is RecordKind.JOB:
            # Two customers, or one, may have a “Kitchen” twice; the books want every name once.
            return self._derive(key, document, suffix=f" ({key.source.id})")
        if self._decisions and self._decisions.get(key.source, ("", ""))[0] == "create":
            # A person has decided that it is somebody else and may be told apart by a mark.
            mark = "V" if isinstance(document, VendorRecord) else "C"
            return self._derive(key, document, suffix=f" ({mark})")
        raise Held(
            State.HELD,
            f"{key.source} “{document.name}” cannot be created: the name is already used in the books by {owner}",
            remedy="Link it to that record or let it be created under a marked name on the matching page, "
            "or change the name on one side.",
            hold=Hold.MATCH,
            waits_for=key.source,
        )

    def _derive(self, key: DocumentKey, document: CustomerRecord | VendorRecord, *, suffix: str) -> Document:
        """A name made from the record's own that the books accept, kept in a table from now on."""
        taken = self._taken()
        books = self.turn.description
        if not document.name.translate(str.maketrans("", "", books.name_forbidden)).strip():
            raise Held(
                State.HELD,
                f"{key.source} has the name “{document.name}”, and the books take none of its characters",
                remedy="Give it another name in BlueOps; it is sent by itself then.",
                hold=Hold.REFUSED,
                waits_for=key.source,
            )
        derived = derived_name(
            document.name,
            taken=lambda name: taken.get(self._key(document, name), str(key.source)) != str(key.source),
            length=books.name_length,
            forbidden=books.name_forbidden,
            suffix=suffix,
        )
        taken[self._key(document, derived)] = str(key.source)
        self._kept()[str(key.source)] = (document.name, derived)
        row = {
            "connection_id": self.turn.id,
            "space": "name",
            "source": str(key.source),
            "original": document.name,
            "derived": derived,
        }
        upsert(self.turn.connection, t.derived_names, [row])
        return attrs.evolve(document, name=derived)

    def kept(self, key: DocumentKey, document: Document) -> Document:
        """The document under the name that was derived for it before."""
        if not isinstance(document, CustomerRecord | VendorRecord):
            return document
        original, derived = self._kept().get(str(key.source), ("", ""))
        return attrs.evolve(document, name=derived) if original == document.name else document

    def _kept(self) -> dict[str, tuple[str, str]]:
        """Names that had to be derived before, by record, for the records of this round."""
        if self._derived is None:
            n = t.derived_names
            rows = self.turn.connection.execute(
                sa.select(n.c.source, n.c.original, n.c.derived).where(
                    n.c.connection_id == self.turn.id,
                    n.c.space == "name",
                    n.c.source.in_(sorted({str(ref) for ref in self.sources})),
                )
            )
            self._derived = {row.source: (row.original, row.derived) for row in rows}
        return self._derived

    def _key(self, document: CustomerRecord | VendorRecord, name: str) -> str:
        """What a name is compared by: among all of them, or among those of a customer where the books part them so."""
        customer = below(document) if self.turn.description.names_below_parent else None
        if customer is None:
            return name_key(name)
        if self._jobs is None:
            self._jobs = JobNames(turn=self.turn)
            self._taken().update(self._jobs.under_way())
        return self._jobs.key(customer, name)

    def _taken(self) -> dict[str, str]:
        """Every name in the books' common pool, inactive ones included, and who has it."""
        if self._names is None:
            m = t.mirror
            rows = self.turn.connection.execute(
                sa.select(m.c.name_key, m.c.kind, m.c.books_id).where(
                    m.c.connection_id == self.turn.id,
                    m.c.kind.in_([k.value for k in NAMED_KINDS]),
                    m.c.deleted.is_(False),
                )
            )
            self._names = {row.name_key: f"{row.kind} {row.books_id}" for row in rows}
        return self._names

    def _decided(self, ref: RecordRef, *, there_before: bool) -> None:
        """The match plan must have decided what becomes of a party before it is created.

        What was to be linked is never created instead, unless it was linked and then taken out over there.
        """
        if self._decisions is None:
            m = t.matches
            rows = self.turn.connection.execute(
                sa.select(m.c.ref_kind, m.c.ref_id, m.c.decision, m.c.reason).where(
                    m.c.connection_id == self.turn.id,
                    m.c.ref_kind.in_([kind.value for kind in RecordKind]),
                    sa.or_(
                        # A proposal that nobody accepted is no decision; the others are accepted when going live.
                        m.c.decision.in_(["open", "skip", "wait", "link", "?link", "?skip", "?wait"]),
                        sa.and_(m.c.bucket.in_(["taken", "ambiguous", "weak"]), m.c.decision == "create"),
                    ),
                )
            )
            self._decisions = {
                RecordRef(RecordKind(row.ref_kind), row.ref_id): (row.decision, row.reason) for row in rows
            }
        decision = self._decisions.get(ref)
        if decision is None or decision[0] == "create" or (decision[0] == "link" and there_before):
            return
        word = _UNDECIDED.get(decision[0], "nobody has decided yet which record of the books it is")
        raise Held(
            State.HELD,
            f"{ref}: {word} ({decision[1]})" if decision[1] else f"{ref}: {word}",
            remedy="Decide on the matching page: link it, create it or skip it.",
            hold=Hold.MATCH,
            waits_for=ref,
        )


def kept_name(turn: Turn, source: RecordRef, document: Document) -> Document:
    """The document under the name that was derived for the books, while its own name still stands."""
    if not isinstance(document, CustomerRecord | VendorRecord):
        return document
    names = FreeNames(turn=turn, sources=[source])
    return names.kept(DocumentKey(source), document)
