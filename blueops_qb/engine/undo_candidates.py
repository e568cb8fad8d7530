"""Undo candidates: documents that somebody wants undone, and what each is linked with on either side."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import AttachedFile, Document
from blueops_qb.domain.refs import CATALOG_KINDS, NAMED_KINDS, BooksKind, BooksRef, DocumentKey, RecordRef
from blueops_qb.engine.known import Known, places_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.capability import Removal
from blueops_qb.store import tables as t

#: Documents whose content names others that they are linked with.
_LINKING = (
    BooksKind.PAYMENT,
    BooksKind.DEPOSIT,
    BooksKind.BILL_PAYMENT,
    BooksKind.INVOICE,
    BooksKind.BILL,
    BooksKind.ATTACHMENT,
)
_NAMES = re.compile(r'"([a-z_]+#[^"]+)"')
#: What a person can do about a document that is not provably ours.
LOOK = "Look at it in the books, and take it out there by hand if it is wrong."


@attrs.define(kw_only=True)
class Candidate:
    """A document that somebody wants undone, as the plan judges it."""

    known: Known
    document: Document | None
    row: Any
    link: Any
    reason: str = ""
    remedy: str = ""
    way: Removal = Removal.HOLD
    reversal: Document | None = None
    #: What must be gone before it.
    after: tuple[DocumentKey, ...] = ()

    def keep(self, reason: str, remedy: str) -> None:
        """Leave it, for the first reason that was found."""
        if not self.reason:
            self.reason, self.remedy = reason, remedy

    @property
    def date(self) -> dt.date | None:
        day = getattr(self.document, "date", None)
        return day if isinstance(day, dt.date) else None


def judge_links(turn: Turn, found: list[Candidate]) -> None:
    """What others link with stays; what ours link with waits for them, and stays where one of them stays."""
    ours = {one.known.place: one for one in found if one.known.linked}
    naming = _naming(turn, {one.known.place for one in found if one.known.linked and not one.reason})
    for child, parent in _hanging(turn, found):
        naming.setdefault(parent, set()).add(child)
    for place, others in naming.items():
        one = ours[place]
        for other in sorted(others):
            if other not in ours:
                one.keep(*_named_by(turn, other))
            elif not (ours[other].reason and ours[other].known.undone == "done"):
                one.after = (*one.after, ours[other].known.key)
    for one in found:
        touched = one.row is not None and one.link is not None and one.row.version != one.link.written_version
        if touched and not naming.get(one.known.place) and not _ours_moved_it(turn, one):
            one.keep("its version in the books has moved since we wrote it, and nobody knows why", LOOK)
    moving = True
    while moving:
        moving = False
        staying = {one.known.key: one for one in found if one.reason}
        for one in found:
            if not one.reason:
                stays = next((staying[key] for key in one.after if key in staying), None)
                if stays is not None:
                    one.keep(
                        f"{stays.known.key}, which is linked with it, stays: {stays.reason}", stays.remedy
                    )
                    moving = True


def _naming(turn: Turn, wanted: set[BooksRef]) -> dict[BooksRef, set[BooksRef]]:
    """Which records of the books name these in what they are made of; void and deleted ones do not count."""
    m = t.mirror
    parties = any(place.kind in NAMED_KINDS for place in wanted)
    kinds = [k for k in BooksKind if k not in CATALOG_KINDS] if parties else list(_LINKING)
    query = sa.select(m.c.kind, m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.deleted.is_(False),
        m.c.kind.in_([kind.value for kind in kinds]),
        m.c.document.is_not(None),
    )
    found: dict[BooksRef, set[BooksRef]] = {}
    if not wanted:
        return found
    texts = {str(place): place for place in wanted}
    for row in turn.connection.execute(query.execution_options(yield_per=1000)):
        if '"void":true' in row.document:
            continue
        for name in set(_NAMES.findall(row.document)) & texts.keys():
            found.setdefault(texts[name], set()).add(BooksRef(BooksKind(row.kind), row.books_id))
    return found


def _hanging(turn: Turn, found: list[Candidate]) -> Iterator[tuple[BooksRef, BooksRef]]:
    """(our file, the document that it hangs on): the books do not always show that."""
    files = [one for one in found if isinstance(one.document, AttachedFile) and one.known.linked]
    refs = [r for one in files if one.document is not None for r in refs_of(one.document)]
    places = places_of(turn.connection, turn.id, [r for r in refs if not isinstance(r, BooksRef)])
    linked = {one.known.place for one in found if one.known.linked}
    for one in files:
        assert isinstance(one.document, AttachedFile)
        to = one.document.to
        parent = to if isinstance(to, BooksRef) else places.get(to)
        if isinstance(parent, BooksRef) and parent in linked:
            yield one.known.place, parent


def _named_by(turn: Turn, other: BooksRef) -> tuple[str, str]:
    lk, d = t.links, t.documents
    row = turn.connection.execute(
        sa.select(d.c.source_kind, d.c.source_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == turn.id,
            lk.c.books_kind == other.kind.value,
            lk.c.books_id == other.id,
            lk.c.state == "live",
        )
    ).one_or_none()
    if row is not None:
        ref = f"{row.source_kind}:{row.source_id}"
        return f"{ref} ({other}) is linked with it", f"Undo {ref} as well: name both."
    if other.kind is BooksKind.DEPOSIT:
        return f"it lies in {other} in the books", "Take it out of that deposit first."
    return (
        f"{other}, which was entered in the books, is linked with it",
        "Unlink or remove that one there first.",
    )


def _ours_moved_it(turn: Turn, one: Candidate) -> bool:
    """A document of ours that was linked with it has been written or taken out since: that moves the version."""
    o, since = t.operations, one.link.linked_at
    if one.known.kind in NAMED_KINDS:
        return _moved_its_balance(turn, one.known.key.source, since)
    mark = f"d{one.known.id}"
    query = sa.select(o.c.touches).where(
        o.c.connection_id == turn.id,
        o.c.state == "done",
        o.c.document_id != one.known.id,
        o.c.closed_at >= since,
        o.c.touches.contains(mark),
    )
    return any(mark in touches.split() for touches in turn.connection.execute(query).scalars())


def _moved_its_balance(turn: Turn, party: RecordRef, since: dt.datetime) -> bool:
    """Something of ours that names the party, or one of its jobs, went to the books: that moves its version too."""
    d, o = t.documents, t.operations
    jobs = sa.select(d.c.source_kind, d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.books_kind == BooksKind.CUSTOMER.value,
        d.c.content.contains(f'"{party}"', autoescape=True),
    )
    names = [str(party), *(f"{row.source_kind}:{row.source_id}" for row in turn.connection.execute(jobs))]
    query = (
        sa.select(o.c.id)
        .select_from(o.join(d, d.c.id == o.c.document_id))
        .where(
            o.c.connection_id == turn.id,
            o.c.state == "done",
            o.c.closed_at >= since,
            sa.or_(*(d.c.content.contains(f'"{name}"', autoescape=True) for name in names)),
        )
        .limit(1)
    )
    return turn.connection.execute(query).first() is not None


def ordered(found: list[Candidate]) -> list[Candidate]:
    """Children before what they are linked with, parties last; what stays keeps its place at the end."""
    by_key = {one.known.key: one for one in found}
    done: dict[DocumentKey, Candidate] = {}

    def put(one: Candidate) -> None:
        if one.known.key in done:
            return
        for key in one.after:
            if key in by_key and key != one.known.key:
                put(by_key[key])
        done[one.known.key] = one

    for one in sorted(found, key=lambda c: (c.known.kind in NAMED_KINDS, c.known.key)):
        put(one)
    return sorted(done.values(), key=lambda one: bool(one.reason))
