"""Known: our documents with their links and open operations, loaded in bulk."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.beside import Beside
from blueops_qb.domain.overrides import LineOverride
from blueops_qb.domain.posting.kinds import BESIDE
from blueops_qb.domain.refs import (
    BooksKind,
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    Ref,
    key_of,
    ref_of_key,
)
from blueops_qb.engine.moves import moved_by
from blueops_qb.engine.outbox import ref_condition
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t


@attrs.define(kw_only=True)
class Known:
    """A document of ours; the link's part is empty while it is not in the books."""

    id: int
    key: DocumentKey
    kind: BooksKind
    generation: int
    revision: int
    content: str
    state: str
    link_id: int | None = None
    books_id: str = ""
    version: str = ""
    base_ours: str | None = None
    base_theirs: str | None = None
    doubtful: str = ""
    #: What the books showed beside `base_theirs` (`domain.beside.Beside`), empty when it is not known.
    beside: str = ""
    #: How a bookkeeper coded its lines.
    overrides: tuple[LineOverride, ...] = ()
    mapping_version: int = 0
    policy_version: int = 0
    #: Moves between accounts that concern it, where it is an invoice or a cost: what mirrors it or takes its place goes
    #: where it was moved to.
    moves: tuple[str, ...] = ()
    #: How a person's undo stands: empty (there is none), asked, done.
    undone: str = ""
    #: States of its open operations.
    open: tuple[str, ...] = ()
    ready_operation: int | None = None

    @property
    def linked(self) -> bool:
        return self.link_id is not None

    @property
    def out(self) -> bool:
        """It is not in the books, or what is there was void when both sides last agreed."""
        base = None if self.base_ours is None else wire.load_document(self.kind, self.base_ours)
        return not self.linked or bool(getattr(base, "void", False))

    @property
    def busy(self) -> bool:
        """Something of it is on its way, or its state over there is in doubt."""
        return "out" in self.open or "uncertain" in self.open

    @property
    def marker(self) -> str:
        return marker_of(self.key, self.generation)

    @property
    def place(self) -> BooksRef:
        return BooksRef(self.kind, self.books_id)


def marker_of(key: DocumentKey, generation: int) -> str:
    """The token that our documents carry in the books."""
    return f"{key}.{generation}"


def number_mark(kind: BooksKind, number: str) -> str:
    """What operations touch that create a document of this number: two of them never go side by side."""
    return f"n{kind.value}:{zlib.crc32(number.casefold().encode()):08x}"


#: Roles of documents that take a cost back in an open period, and settle it with that.
REVERSING = BESIDE
#: What a cost may become.
COSTS = frozenset({BooksKind.BILL, BooksKind.EXPENSE, BooksKind.JOURNAL})
_MOVABLE = COSTS | {BooksKind.INVOICE}
_d, _l, _u = t.documents, t.links, t.undos
_LINKED = _d.outerjoin(_l, sa.and_(_l.c.document_id == _d.c.id, _l.c.state == "live")).outerjoin(
    _u, sa.and_(_u.c.document_id == _d.c.id, _u.c.state != "taken_back")
)
_COLUMNS = (
    _d.c.id,
    _d.c.source_kind,
    _d.c.source_id,
    _d.c.role,
    _d.c.part,
    _d.c.books_kind,
    _d.c.generation,
    _d.c.revision,
    _d.c.content,
    _d.c.state,
    _d.c.mapping_version,
    _d.c.policy_version,
    _l.c.id.label("link_id"),
    _l.c.books_id,
    _l.c.version,
    _l.c.base_ours,
    _l.c.base_theirs,
    _l.c.doubtful,
    _u.c.state.label("undone"),
    _l.c.beside,
)


def _known(row: Any) -> Known:
    return Known(
        id=row.id,
        key=DocumentKey(RecordRef(RecordKind(row.source_kind), row.source_id), row.role, row.part),
        kind=BooksKind(row.books_kind),
        generation=row.generation,
        revision=row.revision,
        content=row.content,
        state=row.state,
        link_id=row.link_id,
        books_id=row.books_id or "",
        version=row.version or "",
        base_ours=row.base_ours,
        base_theirs=row.base_theirs,
        doubtful=row.doubtful or "",
        beside=row.beside or "",
        mapping_version=row.mapping_version,
        policy_version=row.policy_version,
        undone=row.undone or "",
    )


def load_known(
    connection: sa.Connection, connection_id: str, refs: Iterable[RecordRef]
) -> dict[DocumentKey, Known]:
    """All documents of the records, with links and open operations."""
    wanted = list(refs)
    if not wanted:
        return {}
    query = (
        sa.select(*_COLUMNS)
        .select_from(_LINKED)
        .where(
            _d.c.connection_id == connection_id,
            ref_condition(_d.c.source_kind, _d.c.source_id, wanted),
        )
    )
    found = {known.key: known for known in map(_known, connection.execute(query))}
    _note_rest(connection, found.values())
    return found


def load_by_place(
    connection: sa.Connection, connection_id: str, places: Iterable[BooksRef]
) -> dict[BooksRef, Known]:
    """The documents that are linked to records of the books."""
    by_kind: dict[str, list[str]] = {}
    for place in places:
        by_kind.setdefault(place.kind.value, []).append(place.id)
    if not by_kind:
        return {}
    arms = [sa.and_(_l.c.books_kind == kind, _l.c.books_id.in_(ids)) for kind, ids in by_kind.items()]
    query = (
        sa.select(*_COLUMNS)
        .select_from(_LINKED)
        .where(_l.c.connection_id == connection_id, _l.c.state == "live", sa.or_(*arms))
    )
    found = {known.place: known for known in map(_known, connection.execute(query))}
    _note_rest(connection, found.values())
    return found


def _note_rest(connection: sa.Connection, knowns: Iterable[Known]) -> None:
    by_id = {known.id: known for known in knowns}
    if not by_id:
        return
    o = t.operations
    query = sa.select(o.c.id, o.c.document_id, o.c.state).where(
        o.c.document_id.in_(list(by_id)), o.c.state.in_(["ready", "out", "uncertain"])
    )
    for row in connection.execute(query):
        known = by_id[row.document_id]
        known.open = (*known.open, row.state)
        if row.state == "ready":
            known.ready_operation = row.id
    v = t.line_overrides
    for found in connection.execute(
        sa.select(v.c.document_id, v.c.content).where(v.c.document_id.in_(list(by_id)))
    ):
        known = by_id[found.document_id]
        known.overrides = (*known.overrides, wire.load(LineOverride, found.content, "the override of a line"))
    if movable := [known.id for known in by_id.values() if known.linked and known.kind in _MOVABLE]:
        for id, moves in moved_by(connection, movable).items():
            by_id[id].moves = moves


def places_of(
    connection: sa.Connection, connection_id: str, refs: Iterable[OurRef], *, ever: bool = False
) -> dict[OurRef, Ref]:
    """Where records are in the books: their main documents, or of a cost the kind that took its place.

    A document of a record that is no main one is found by its own key. What has no live link is left out, or
    with `ever` is where it was last.
    """
    wanted = set(refs)
    if not wanted:
        return {}
    keys = sorted({key_of(ref) for ref in wanted})
    query = (
        sa.select(_d.c.source_kind, _d.c.source_id, _d.c.role, _d.c.part, _l.c.books_kind, _l.c.books_id)
        .select_from(
            _d.join(_l, sa.and_(_l.c.document_id == _d.c.id, sa.true() if ever else _l.c.state == "live"))
        )
        .where(
            _d.c.connection_id == connection_id,
            sa.or_(
                sa.and_(_d.c.role == "main", _d.c.part == 1),
                _d.c.role.in_(sorted({key.role for key in keys if key.part > 1 or key.role != "main"})),
                sa.and_(
                    _d.c.source_kind == RecordKind.EXPENSE.value,
                    _d.c.books_kind.in_([kind.value for kind in COSTS]),
                ),
            ),
            ref_condition(_d.c.source_kind, _d.c.source_id, sorted({key.source for key in keys})),
        )
        # The main document wins where both are there; the live link, then the newest, among its links.
        .order_by(_l.c.state == "live", _d.c.role == "main", _l.c.generation)
    )
    found: dict[OurRef, Ref] = {}
    for row in connection.execute(query):
        key = DocumentKey(RecordRef(RecordKind(row.source_kind), row.source_id), row.role, row.part)
        name = _name_of(key)
        if name in wanted:
            found[name] = BooksRef(BooksKind(row.books_kind), row.books_id)
    return found


def _name_of(key: DocumentKey) -> OurRef:
    """How other documents name this one; a cost has one document, whatever its role, but for what reverses it."""
    if key.source.kind is RecordKind.EXPENSE and key.role not in REVERSING:
        return key.source
    return ref_of_key(key)


@attrs.frozen
class Shown:
    """A record of the books: the provider's own text of it, and the document that it shows."""

    text: str = ""
    document: str | None = None


def shown_of(
    connection: sa.Connection, connection_id: str, versions: Mapping[BooksRef, str]
) -> dict[BooksRef, Shown]:
    """What records show in just these versions; what the mirror has moved past is left out."""
    by_kind: dict[str, list[str]] = {}
    for ref in versions:
        by_kind.setdefault(ref.kind.value, []).append(ref.id)
    if not by_kind:
        return {}
    m = t.mirror
    arms = [sa.and_(m.c.kind == kind, m.c.books_id.in_(ids)) for kind, ids in by_kind.items()]
    query = sa.select(m.c.kind, m.c.books_id, m.c.version, m.c.shown, m.c.document).where(
        m.c.connection_id == connection_id, ~m.c.deleted, sa.or_(*arms)
    )
    rows = ((BooksRef(BooksKind(row.kind), row.books_id), row) for row in connection.execute(query))
    return {ref: Shown(row.shown, row.document) for ref, row in rows if row.version == versions[ref]}


def told_of(connection: sa.Connection, document_ids: Iterable[int]) -> dict[int, str]:
    """What was agreed on last of our documents, as we told it; those without a base are left out."""
    wanted = list(document_ids)
    if not wanted:
        return {}
    query = sa.select(_l.c.document_id, _l.c.base_ours).where(
        _l.c.document_id.in_(wanted), _l.c.state == "live", _l.c.base_ours.is_not(None)
    )
    return {row.document_id: row.base_ours for row in connection.execute(query)}


def pairs_of_lines(connection: sa.Connection, document_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Which line of ours (by our id) is which of the books', as both sides agreed last; by document."""
    wanted = list(document_ids)
    if not wanted:
        return {}
    query = sa.select(_l.c.document_id, _l.c.beside).where(
        _l.c.document_id.in_(wanted), _l.c.state == "live", _l.c.beside != ""
    )
    found = {}
    for row in connection.execute(query):
        beside = wire.load(Beside, row.beside, "what the books showed beside a document")
        found[row.document_id] = {mine: theirs for mine, theirs in beside.pairs if theirs in beside.lines}
    return found


def sources_of(
    connection: sa.Connection, connection_id: str, places: Iterable[BooksRef]
) -> dict[Ref, OurRef]:
    """Which of our records, or documents of theirs, stand behind records of the books."""
    return {
        place: _name_of(known.key)
        for place, known in load_by_place(connection, connection_id, places).items()
    }
