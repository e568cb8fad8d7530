"""Mirroring: what we last saw of each record of the books, taken in without ever going back in time."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.beside import Beside, beside
from blueops_qb.domain.documents import CreditMemo, Document, kind_of
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import CATALOG_KINDS, NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.engine import outbox
from blueops_qb.engine.mirror_traits import columns_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: Kinds that are compared with our side when they move over there.
COMPARED = frozenset(
    {
        BooksKind.CUSTOMER,
        BooksKind.VENDOR,
        BooksKind.INVOICE,
        BooksKind.PAYMENT,
        BooksKind.BILL,
        BooksKind.EXPENSE,
        BooksKind.JOURNAL,
        BooksKind.DEPOSIT,
        BooksKind.ESTIMATE,
        BooksKind.CREDIT_MEMO,
        BooksKind.SALES_RECEIPT,
        BooksKind.REFUND_RECEIPT,
        BooksKind.BILL_PAYMENT,
        BooksKind.VENDOR_CREDIT,
        BooksKind.PURCHASE_ORDER,
    }
)
#: Kinds of which line ids and one-way fields are kept; of credits, which have no such field in BlueOps, line ids alone.
WITH_BESIDE = frozenset({BooksKind.INVOICE, BooksKind.BILL, BooksKind.EXPENSE, BooksKind.CREDIT_MEMO})
#: How the mirror first saw what came after the first day: in the feed, or as a look-up for something of ours found it.
CAME = frozenset({"changes", "lookup"})


@attrs.define(kw_only=True)
class Seen:
    """A mirror row as it was before."""

    version: str
    document: str | None
    deleted: bool
    updated_at: Any
    name_key: str = ""
    active: bool = True
    dirty: bool = False
    marker: str = ""
    linked: str = ""
    beside: str = ""
    seen_at: dt.datetime | None = None


@attrs.define(kw_only=True)
class Mirroring:
    """Rows of the mirror that one exchange or look-up brought; `write_mirror` stores them."""

    turn: Turn
    #: When these books, which answer one question after the other, were asked: what was seen before is no newer.
    asked_at: dt.datetime | None = None
    _mirror: dict[BooksRef, dict[str, Any]] = attrs.field(factory=dict)
    _seen: dict[BooksRef, Seen] = attrs.field(factory=dict)
    _catalog: bool = False
    #: The last document that was made normal, what came of it, and what stood beside it.
    _made_of: Document | None = None
    _made: Document | None = None
    _made_text: str | None = None
    _made_beside: str | None = None

    def look(self, refs: Iterable[BooksRef]) -> None:
        """Load what the mirror has of these records, before they are shown again."""
        by_kind: dict[str, list[str]] = {}
        for ref in refs:
            by_kind.setdefault(ref.kind.value, []).append(ref.id)
        m = t.mirror
        for kind, ids in by_kind.items():
            for start in range(0, len(ids), 500):
                query = sa.select(
                    m.c.books_id,
                    m.c.version,
                    m.c.document,
                    m.c.deleted,
                    m.c.updated_at,
                    m.c.name_key,
                    m.c.active,
                    m.c.dirty,
                    m.c.marker,
                    m.c.linked,
                    m.c.beside,
                    m.c.seen_at,
                ).where(
                    m.c.connection_id == self.turn.id,
                    m.c.kind == kind,
                    m.c.books_id.in_(ids[start : start + 500]),
                )
                for row in self.turn.connection.execute(query):
                    self._seen[BooksRef(BooksKind(kind), row.books_id)] = Seen(
                        version=row.version,
                        document=row.document,
                        deleted=row.deleted,
                        updated_at=row.updated_at,
                        name_key=row.name_key,
                        active=row.active,
                        dirty=row.dirty,
                        marker=row.marker,
                        linked=row.linked,
                        beside=row.beside,
                        seen_at=row.seen_at,
                    )

    def show(self, record: BooksRecord, *, origin: str, compare: bool) -> str | None:
        """Take a record into the mirror; answers its normal text. An older view than ours is dropped."""
        known = self._seen.get(record.ref)
        if known is not None and _older(record, known, asked_at=self.asked_at):
            return known.document
        text, next_to = None, ""
        if record.document is not None:
            text = self.text(record.document)
            next_to = self.beside(record.document)
        moved = known is None or known.document != text or known.deleted or _moved_beside(known, next_to)
        self._mirror[record.ref] = {
            "connection_id": self.turn.id,
            "kind": record.kind.value,
            "books_id": record.id,
            "version": record.version,
            "name": record.name,
            "name_key": name_key(record.name) if record.kind in NAMED_KINDS else "",
            "active": record.active,
            "deleted": False,
            "document": text,
            "shown": record.shown,
            "beside": next_to,
            **columns_of(record.id, self.normal(record.document) if record.document is not None else None),
            "facts_json": json.dumps(record.facts, sort_keys=True) if record.facts else "",
            "linked": _linked(record, known),
            "marker": record.marker,
            "updated_at": record.updated_at,
            "seen_at": self.turn.now,
            "origin": origin,
            # What still waits to be compared goes on waiting when it is shown once more; only the answer
            # to a write of ours, which is the new base, settles it.
            "dirty": record.kind in COMPARED
            and ((compare and moved) or (origin != "ours" and known is not None and known.dirty)),
        }
        if record.kind in CATALOG_KINDS:
            self._catalog = True
        return text

    def normal(self, document: Document) -> Document:
        """The document in normal form; the same one asked for once more is not made again."""
        if document is not self._made_of:
            self._made_of, self._made = document, self.turn.provider.normal(document)
            self._made_text = self._made_beside = None
        assert self._made is not None
        return self._made

    def text(self, document: Document) -> str:
        """The normal form as text; the same one asked for once more is not made again."""
        made = self.normal(document)
        if self._made_text is None:
            self._made_text = wire.dump_document(made)
        return self._made_text

    def beside(self, document: Document) -> str:
        """What the books show beside the normal document, as text; empty where that is nothing."""
        if kind_of(document) not in WITH_BESIDE:
            return ""
        made, provider = self.normal(document), self.turn.provider
        if self._made_beside is None:
            found = beside(
                document,
                lambda d: made if d is document else provider.normal(d),
                (lambda _: {}) if isinstance(document, CreditMemo) else provider.one_way,
            )
            self._made_beside = wire.dump(found)
        return self._made_beside

    def has(self, record: BooksRecord) -> bool:
        """The mirror has it at this very version and moment: a window of changes that overlaps shows it once more."""
        known = self._seen.get(record.ref)
        return (
            known is not None
            and not known.deleted
            and record.updated_at is not None
            and (known.version, known.updated_at) == (record.version, record.updated_at)
            and (known.active, known.marker, known.linked)
            == (record.active, record.marker, _linked(record, known))
        )

    def deleted(self, ref: BooksRef, *, origin: str = "changes") -> None:
        """The books say that a record is gone (confirmed)."""
        known = self._seen.get(ref)
        self._mirror[ref] = {
            "connection_id": self.turn.id,
            "kind": ref.kind.value,
            "books_id": ref.id,
            "version": known.version if known else "",
            "name": "",
            "name_key": "",
            "active": False,
            "deleted": True,
            "document": known.document if known else None,
            "shown": "",
            "beside": known.beside if known else "",
            **columns_of(ref.id, None),
            "facts_json": "",
            "linked": known.linked if known and ref.kind is BooksKind.REFUND_RECEIPT else "",
            "marker": known.marker if known else "",
            "updated_at": None,
            "seen_at": self.turn.now,
            "origin": origin,
            "dirty": ref.kind in COMPARED and not (known and known.deleted and not known.dirty),
        }
        if ref.kind in CATALOG_KINDS:
            self._catalog = True

    def shown(self) -> frozenset[BooksRef]:
        """What was shown and is not stored yet."""
        return frozenset(self._mirror)

    def knows(self, ref: BooksRef) -> bool:
        """The mirror had this record before."""
        return ref in self._seen

    def is_gone(self, ref: BooksRef) -> bool:
        """The mirror has it as deleted already."""
        return ref in self._seen and self._seen[ref].deleted

    def write_mirror(self) -> None:
        """Store what was shown; a changed catalog is noticed by its time stamp."""
        upsert(self.turn.connection, t.mirror, list(self._mirror.values()), keep=("origin",))
        if self._catalog:
            self.turn.set(catalog_at=self.turn.now)
        freed = [
            ref
            for ref, row in self._mirror.items()
            if ref.kind in NAMED_KINDS
            and row["origin"] != "ours"
            and (ref not in self._seen or row["name_key"] != self._seen[ref].name_key)
        ]
        revived = any(
            row["active"] and ref in self._seen and not self._seen[ref].active
            for ref, row in self._mirror.items()
            if ref.kind in CATALOG_KINDS
        )
        if revived:
            holds = [outbox.Hold.MAPPING, outbox.Hold.REFUSED]
            outbox.again(
                self.turn.connection,
                self.turn.tenant_id,
                self.turn.now,
                states=[outbox.State.HELD],
                holds=holds,
            )
        if freed:
            # A name that stood in somebody's way may be free now.
            turn = self.turn
            outbox.again(
                turn.connection,
                turn.tenant_id,
                turn.now,
                states=[outbox.State.HELD],
                holds=[outbox.Hold.MATCH],
            )


def digest_of(text: str | None) -> str:
    """The digest of a normal document's text, by which it is told later whether anybody has touched it."""
    return hashlib.sha256((text or "").encode()).hexdigest()


def _moved_beside(known: Seen, now: str) -> bool:
    """Something beside the document moved; what was seen before that was kept says nothing."""
    if not known.beside or not now or known.beside == now:
        return False
    return not wire.load(Beside, known.beside).same(wire.load(Beside, now))


def _linked(record: BooksRecord, known: Seen | None) -> str:
    """What it is linked with; a refund keeps what it once paid out and may not name any more."""
    names = dict.fromkeys(str(ref) for ref in record.linked)
    if known is not None and record.kind is BooksKind.REFUND_RECEIPT:
        names |= dict.fromkeys(known.linked.split())
    return " ".join(names)


def make_dirty(turn: Turn, places: Iterable[BooksRef]) -> None:
    """Have records of the mirror compared again."""
    m = t.mirror
    by_kind: dict[BooksKind, list[str]] = {}
    for place in dict.fromkeys(places):
        by_kind.setdefault(place.kind, []).append(place.id)
    for kind, ids in sorted(by_kind.items()):
        for start in range(0, len(ids), _AT_ONCE):
            chunk = sorted(ids[start : start + _AT_ONCE])
            turn.connection.execute(
                m.update()
                .where(m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.books_id.in_(chunk))
                .values(dirty=True)
            )


#: Ids in one statement.
_AT_ONCE = 500


def _older(record: BooksRecord, known: Seen, *, asked_at: dt.datetime | None) -> bool:
    """The record shows an older state than the mirror has."""
    if asked_at is not None and known.seen_at is not None and known.seen_at < asked_at:
        return False
    if record.updated_at is None or known.updated_at is None or known.deleted:
        return False
    numbered = record.version.isdigit() and known.version.isdigit()
    if record.updated_at != known.updated_at:
        # The books' clock may have gone back: a version that counts further is newer whatever the moments say.
        counts_further = numbered and int(record.version) > int(known.version)
        return bool(record.updated_at < known.updated_at) and not counts_further
    return numbered and int(record.version) < int(known.version)
