"""Agreement with BlueOps itself: what its records would post now beside what both sides agreed on.

The sub-ledger holds what was agreed, and the books' ledger is compared with that; so a change of a record that never
became a document, and two sides that were agreed on although they differ, would show nowhere. Records are read in
pages, with a handful of statements each, and posted again where they have moved since their document was made; between
two pages nobody is kept waiting.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement import Compared, Difference, Kind, Line, compare
from blueops_qb.domain.agreement_rules import Chart
from blueops_qb.domain.documents import Document
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.refs import BooksKind, DocumentKey, RecordRef
from blueops_qb.engine import agreement_sides as sides
from blueops_qb.engine import subledger
from blueops_qb.engine.agreement_accepted import Acceptance, end, keep, kept
from blueops_qb.engine.agreement_said import (
    Said,
    Settles,
    bound_to,
    digest_of,
    lines_of,
    ours_in_books,
    settled_by,
    told_one_by_one,
)
from blueops_qb.engine.agreement_slice import DIFFERENCE, lines_json
from blueops_qb.engine.built_on import built_on
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.newest import OF_OUR_OWN
from blueops_qb.engine.outbox import OPEN_STATES, ref_condition
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_as_open, post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

ACCEPTED = "accepted"
#: Documents of one page.
PAGE = 400
#: What the books may choose or code by themselves; their ledger is compared for that.
_CODING = frozenset({Kind.ACCOUNT, Kind.ITEM_ACCOUNT, Kind.CLASS, Kind.LOCATION})
REMEDY = (
    "Correct it on the side that is wrong; the other side follows. Or accept that they differ, with a reason."
)

Row = dict[str, Any]


@attrs.frozen(kw_only=True)
class _Both:
    known: Known
    now: Said
    agreed: Said


# -- a run ---------------------------------------------------------------------------------------------
@attrs.define(kw_only=True)
class Here:
    """What a run found: rows of findings without their owner and number, and how many could not be told."""

    found: list[Row] = attrs.field(factory=list)
    #: Linked documents whose record cannot be posted as it is now.
    unknown: int = 0


def look(engine: Engine, connection_id: str, start: dt.date, end: dt.date) -> Here:
    """Compare every linked document of the period; what people accepted and has moved since ends here."""
    here, last = Here(), 0
    while True:
        with engine.turns.open(connection_id) as turn:
            assert turn is not None
            ids = _page(turn, start, end, last)
            if not ids:
                return here
            last = ids[-1]
            both, unknown = _both(turn, ids)
            here.unknown += unknown
            here.found += _rows(turn, both, _apart(turn, both))


def _page(turn: Turn, start: dt.date, end: dt.date, last: int) -> list[int]:
    """Linked documents that have, or had, something in the period."""
    p, lk = t.postings, t.links
    query = (
        sa.select(p.c.document_id)
        .distinct()
        .select_from(p.join(lk, sa.and_(lk.c.document_id == p.c.document_id, lk.c.state == "live")))
        .where(p.c.connection_id == turn.id, p.c.date.between(start, end), p.c.document_id > last)
        .order_by(p.c.document_id)
        .limit(PAGE)
    )
    return list(turn.connection.execute(query).scalars())


# -- both sides ----------------------------------------------------------------------------------------
def _apart(turn: Turn, both: Sequence[_Both]) -> list[_Both]:
    """Those that differ. What a closed period makes of them is looked at where that could be the cause only."""
    chart = sides.chart_of(turn.catalog)
    apart = [one for one in both if differences(one.now, one.agreed, chart)]
    if not apart or turn.profile.closing_date is None:
        return apart
    return [
        one
        for one in _both(turn, [one.known.id for one in apart], as_open=False)[0]
        if differences(one.now, one.agreed, chart)
    ]


def _both(turn: Turn, ids: Sequence[int], *, as_open: bool = True) -> tuple[list[_Both], int]:
    """Documents of which both sides can be told, and how many cannot."""
    wanted = set(ids)
    refs = _settled_refs(turn, ids)
    snapshots = turn.read_all(refs)
    by_source = _by_source(turn, refs)
    now: dict[int, tuple[Known, Document | None]] = {}
    moved: dict[RecordRef, list[Known]] = {}
    for ref in refs:
        mine, snapshot = by_source.get(ref, []), snapshots.get(ref)
        if snapshot is None or any(k.undone or k.doubtful or k.busy for k in mine):
            continue
        asked = [k for k in mine if k.id in wanted and k.linked]
        if snapshot.deleted:
            now |= {k.id: (k, None) for k in asked}
        elif as_open and all(k.revision == snapshot.revision for k in asked):
            # Made from the record as it is now: it would come out the same once more.
            now |= {k.id: (k, wire.load_document(k.kind, k.content)) for k in asked}
        else:
            moved[ref] = asked
    unknown = 0
    for ref, documents in _posted(turn, moved, snapshots, by_source, as_open=as_open):
        unknown += len(moved[ref]) if documents is None else 0
        now |= {k.id: (k, documents[k.key]) for k in moved[ref] if documents and k.key in documents}
    return _said(turn, now), unknown


def _by_source(turn: Turn, refs: Iterable[RecordRef]) -> dict[RecordRef, list[Known]]:
    found: dict[RecordRef, list[Known]] = {}
    for known in load_known(turn.connection, turn.id, refs).values():
        found.setdefault(known.key.source, []).append(known)
    return found


def _posted(
    turn: Turn,
    refs: Iterable[RecordRef],
    snapshots: Mapping[RecordRef, Snapshot],
    by_source: dict[RecordRef, list[Known]],
    *,
    as_open: bool,
) -> Iterator[tuple[RecordRef, Mapping[DocumentKey, Document] | None]]:
    """The documents of records as they would be posted now; None where one cannot be."""
    records = {ref: snapshots[ref].record for ref in refs}
    related = read_related(turn.read_all, records.values())
    named = {ref for record in records.values() for ref in built_on(record)} - by_source.keys()
    known = by_source | _by_source(turn, named)
    rules = post_as_open if as_open else post_record
    for ref, record in records.items():
        result = rules(turn, record, related, by_source[ref], known=known)
        yield ref, result.documents if isinstance(result, Posted) else None


def _settled_refs(turn: Turn, ids: Sequence[int]) -> list[RecordRef]:
    """Their records, those left out of which something is still to be written."""
    o = t.outbox
    refs = {one.ref for one in sides.by_id(turn.connection, ids, turn.now) if one.ref.kind not in OF_OUR_OWN}
    open_ = sa.select(o.c.ref_kind, o.c.ref_id).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.state.in_([state.value for state in OPEN_STATES]),
        ref_condition(o.c.ref_kind, o.c.ref_id, refs),
    )
    waiting = {(row.ref_kind, row.ref_id) for row in turn.connection.execute(open_)}
    return sorted((ref for ref in refs if (ref.kind.value, ref.id) not in waiting), key=str)


def _said(turn: Turn, now: Mapping[int, tuple[Known, Document | None]]) -> list[_Both]:
    agreed = sides.ours(turn.connection, turn.id, list(now))
    bases: dict[int, Document] = {}
    for id, (known, document) in now.items():
        asked = known.kind is BooksKind.PAYMENT or getattr(document, "tax", True) is None
        if asked and known.base_theirs:
            bases[id] = wire.load_document(known.kind, known.base_theirs)
    documents = {
        id: subledger.told(document, bases.get(id))
        for id, (_, document) in now.items()
        if document is not None
    }
    bound = bound_to(turn, documents)
    owners = subledger.owners_of(turn, list(bound.values()))
    ours = ours_in_books(turn, [*bound.values(), *bases.values()])
    found = []
    for id, (known, _) in now.items():
        lines = lines_of(turn, bound[id], owners) if id in bound else ()
        settled = id in bound and id in bases
        mine = told_one_by_one(ours, (documents[id], _base(known))) if settled else frozenset()
        found.append(
            _Both(
                known=known,
                now=Said(lines=lines, settles=settled_by(bound[id], mine) if settled else ()),
                agreed=Said(
                    lines=tuple(agreed.get(id, ())), settles=settled_by(bases[id], mine) if settled else ()
                ),
            )
        )
    return found


def _base(known: Known) -> Document | None:
    """What our side said when both agreed."""
    return wire.load_document(known.kind, known.base_ours) if known.base_ours else None


# -- what differs --------------------------------------------------------------------------------------
def differences(now: Said, agreed: Said, chart: Chart) -> tuple[Difference, ...]:
    """In what BlueOps differs from what was agreed, coding left aside."""
    found: list[Difference] = []
    if _plain(now.lines) != _plain(agreed.lines):
        shown = agreed.lines or tuple(attrs.evolve(line, cents=0) for line in now.lines)
        said = now.lines or tuple(attrs.evolve(line, cents=0) for line in agreed.lines)
        compared: Compared = compare(said, shown, chart)
        found += [one for one in compared.differences if one.kind not in _CODING]
    if now.settles != agreed.settles:
        words = f"{_in_words(now.settles)} in BlueOps, {_in_words(agreed.settles)} was agreed"
        sums = Counter(dict(now.settles))
        sums.subtract(dict(agreed.settles))
        moved = sum(abs(cents) for cents in sums.values())
        found.append(Difference(kind=Kind.UNAPPLIED, cents=moved, detail=words))
    return tuple(found)


def _plain(lines: Iterable[Line]) -> dict[Any, int]:
    sums: Counter[Any] = Counter()
    for line in lines:
        sums[line.item or line.duty or line.account, line.day, line.customer or line.vendor] += line.cents
    return {place: cents for place, cents in sums.items() if cents}


def _in_words(settles: Settles) -> str:
    parts = [f"{place} with {Decimal(cents).scaleb(-2):,.2f}" for place, cents in settles]
    return "it settles " + ", ".join(parts) if parts else "it settles nothing"


@attrs.frozen(kw_only=True)
class Apart:
    """A document that differs: the row of its finding, and the digest by which a person may accept it."""

    known: Known
    digest: str
    row: Row


def apart_now(turn: Turn, document_ids: Sequence[int]) -> dict[int, Apart]:
    """Those of the documents that differ now, and how."""
    chart = sides.chart_of(turn.catalog)
    return {
        one.known.id: Apart(
            known=one.known,
            digest=digest_of(one.now, one.agreed),
            row=_row(one, differences(one.now, one.agreed, chart), None),
        )
        for one in _apart(turn, _both(turn, document_ids)[0])
    }


def _rows(turn: Turn, both: Sequence[_Both], apart: Sequence[_Both]) -> Iterator[Row]:
    chart = sides.chart_of(turn.catalog)
    accepted = kept(turn, [one.known for one in both])
    _end_moved(turn, (*both, *apart), accepted)
    for one in apart:
        by = accepted.get(one.known.id)
        holds = by is not None and by.value == digest_of(one.now, one.agreed)
        yield _row(one, differences(one.now, one.agreed, chart), by if holds else None)


def _end_moved(turn: Turn, seen: Iterable[_Both], accepted: Mapping[int, Acceptance]) -> None:
    """What was accepted ends where the sides do not come to that any more, whatever a closed period makes of them."""
    differs: dict[int, set[str]] = {}
    knowns: dict[int, Known] = {}
    for one in seen:
        if one.known.id in accepted:
            knowns[one.known.id] = one.known
            differs.setdefault(one.known.id, set()).add(digest_of(one.now, one.agreed))
    end(turn, [knowns[id] for id, digests in differs.items() if accepted[id].value not in digests])


def _row(one: _Both, found: Sequence[Difference], accepted: Acceptance | None) -> Row:
    known, now, agreed = one.known, one.now, one.agreed
    words = "; ".join(dict.fromkeys(part.detail for part in found if part.detail))
    if now.whole != agreed.whole:
        amounts = (f"{Decimal(side.whole).scaleb(-2):,.2f}" for side in (now, agreed))
        words = "BlueOps has {}, {} was agreed".format(*amounts)
    sentence = f"{known.key.source} ({known.place}): differs from BlueOps: {words}"
    lines = lines_json(now.lines, agreed.lines)
    if accepted is not None:
        sentence += f"; {accepted.words}"
        said = {"by": accepted.by, "at": accepted.at.isoformat(), "why": accepted.why}
        lines = json.dumps({**json.loads(lines), "accepted": said}, separators=(",", ":"))
    return {
        "sort": DIFFERENCE if accepted is None else ACCEPTED,
        "kind": Kind.FROM_BLUEOPS.value,
        "document_id": known.id,
        "ref": str(known.key.source),
        "books_kind": known.place.kind.value,
        "books_id": known.place.id,
        "day": min((line.day for line in (*now.lines, *agreed.lines)), default=None),
        "accounts": " ".join(dict.fromkeys(a for part in found for a in part.accounts if a)),
        "customers": " ".join(dict.fromkeys(c for part in found for c in part.customers if c)),
        "cents": abs(now.whole - agreed.whole) or max(part.cents for part in found),
        "sentence": sentence,
        "remedy": REMEDY if accepted is None else "",
        "lines_json": lines,
    }


# -- what a person accepted ----------------------------------------------------------------------------
def accept(turn: Turn, known: Known, ours: Document, agreed: Document, actor: str) -> None:
    """Keep that a person left both sides of a document as they are; `agreed` is what the books show."""
    ours = subledger.told(ours, agreed)
    bound = bound_to(turn, {0: ours, 1: agreed})
    owners = subledger.owners_of(turn, list(bound.values()))
    settled = told_one_by_one(ours_in_books(turn, bound.values()), (ours, _base(known)))
    now, then = (
        Said(lines=lines_of(turn, bound[n], owners), settles=settled_by(bound[n], settled)) for n in (0, 1)
    )
    keep(turn, known, digest_of(now, then), actor=actor)
