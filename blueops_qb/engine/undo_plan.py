"""Undo plan: which documents are provably ours and untouched since we wrote them, and how each can be taken back.

Provably ours means: we created it in this generation, the books still show exactly what they showed after our last
write, nobody else's document is linked with it, it lies in no deposit, and its period is open. What is not, is told
with the reason. Children (payments, deposits, files) come before what they are linked with.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import SalesInvoice, kind_of
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.domain.reversal import UNDO_ROLES, Irreversible, reversal_of, with_their_tax
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.mirroring import digest_of
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.undo_candidates import LOOK, Candidate, judge_links, ordered
from blueops_qb.engine.undo_moves import judge_moves, with_what_came_back
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

#: Documents that one undo may look at: each is judged beside everything that names it.
MOST = 5000


class TooMuch(ValueError):
    """More documents are meant than one undo looks at; the sentence says how many."""


@attrs.frozen(kw_only=True)
class UndoStep:
    """One document that would be taken out, in the order in which it happens; `after` names what goes first."""

    document: str
    books: str
    #: The version that the books show now, with which the plan was made.
    version: str
    #: void, unapply_first, delete, deactivate (the removal table's word), or reverse.
    way: str
    date: dt.date | None
    amount: str
    sentence: str
    after: tuple[str, ...]
    #: For a reversal: the kind of document that is written instead, and its day.
    reversed_by: str = ""
    reversed_on: dt.date | None = None


@attrs.frozen(kw_only=True)
class Kept:
    """One document that stays, why, and what can be done."""

    document: str
    books: str
    reason: str
    remedy: str


@attrs.frozen(kw_only=True)
class UndoPlan:
    """What an undo would do, children first, and what it would leave and why."""

    steps: tuple[UndoStep, ...]
    kept: tuple[Kept, ...]
    #: What else is to be known before it is carried out.
    note: str = ""

    @property
    def mark(self) -> str:
        """Digest of what would be done, to which versions: a person confirms exactly this."""
        said = [f"{s.document} {s.books} {s.version} {s.way} {s.reversed_on}" for s in self.steps]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def plan(
    turn: Turn,
    *,
    refs: Sequence[RecordRef] = (),
    since: dt.datetime | None = None,
    exchange_id: str = "",
    backfill_id: int | None = None,
) -> UndoPlan:
    """The plan for records, or for what was written since a moment, by an exchange or by a backfill.

    Changes nothing. Raises TooMuch.
    """
    chosen = candidates(turn, refs=refs, since=since, exchange_id=exchange_id, backfill_id=backfill_id)
    return told(turn, chosen)


def told(turn: Turn, chosen: Sequence[Candidate]) -> UndoPlan:
    """Candidates as a person reads them."""
    most = turn.settings.guard_removals_per_hour
    count = sum(not one.reason for one in chosen)
    note = ""
    if count > most:
        note = (
            f"the hourly guard lets {most} removals pass and stops the connection before the next one; "
            "press Resume on the overview to go on"
        )
    return UndoPlan(
        steps=tuple(_step(one) for one in chosen if not one.reason),
        kept=tuple(
            Kept(
                document=str(one.known.key),
                books=str(one.known.place) if one.known.linked else "",
                reason=one.reason,
                remedy=one.remedy,
            )
            for one in chosen
            if one.reason
        ),
        note=note,
    )


_SENTENCES = {
    Removal.VOID: "is voided; it stays in the books at 0.00",
    Removal.UNAPPLY_FIRST: "is voided once nothing is applied to it any more; it stays in the books at 0.00",
    Removal.DELETE: "is deleted",
    Removal.DEACTIVATE: "is set inactive",
}


def _step(one: Candidate) -> UndoStep:
    value = getattr(one.document, "total", None)
    value = getattr(one.document, "amount", None) if value is None else value
    sentence = _SENTENCES.get(one.way, "")
    if one.reversal is not None:
        kind = kind_of(one.reversal).value.replace("_", " ")
        day = getattr(one.reversal, "date", None)
        sentence = f"stays in its closed period and is reversed by a {kind} of {day}"
        if one.known.kind in (BooksKind.INVOICE, BooksKind.BILL):
            sentence += "; the two settle one another"
    return UndoStep(
        document=str(one.known.key),
        books=str(one.known.place),
        version=str(one.row.version),
        way=one.way.value,
        date=one.date,
        amount="" if value is None else str(value),
        sentence=sentence,
        after=tuple(str(key) for key in one.after),
        reversed_by=kind_of(one.reversal).value if one.reversal is not None else "",
        reversed_on=getattr(one.reversal, "date", None),
    )


# -- which documents -----------------------------------------------------------------------------------
def candidates(
    turn: Turn,
    *,
    refs: Sequence[RecordRef] = (),
    since: dt.datetime | None = None,
    exchange_id: str = "",
    backfill_id: int | None = None,
) -> list[Candidate]:
    """Every document that is meant, judged, children first; raises TooMuch."""
    ids, changed = _meant(turn, since, exchange_id)
    ids |= _by_backfill(turn, backfill_id) if backfill_id is not None else set()
    if len(ids) > MOST:
        raise TooMuch(
            f"{len(ids)} documents are meant, and one undo looks at {MOST} at most. Undo it in parts: name records, "
            "or a moment since which there are fewer."
        )
    sources = with_what_came_back(turn, [*refs, *_sources(turn, ids)])
    refs = [*refs, *(ref for ref in sources if ref.kind is RecordKind.RECLASS)]
    known = load_known(turn.connection, turn.id, sources)
    wanted = {k.key: k for k in known.values() if k.key.source in refs or k.id in ids}
    # A file goes with the document that it hangs on.
    files = [k for k in known.values() if k.kind is BooksKind.ATTACHMENT and k.linked]
    wanted |= {k.key: k for k in files if any(w.source == k.key.source for w in wanted)}
    wanted = {key: k for key, k in wanted.items() if key.role not in UNDO_ROLES}
    found = _loaded(turn, list(wanted.values()))
    for one in found:
        if one.known.id in changed and one.known.id not in ids - changed:
            one.keep(
                f"exchange {exchange_id} changed it and did not create it; undo takes whole documents out",
                "Name the record to take it out, or change it back in BlueOps.",
            )
    _judge(turn, found)
    judge_links(turn, found)
    judge_moves(found)
    return ordered(found)


def _meant(turn: Turn, since: dt.datetime | None, exchange_id: str) -> tuple[set[int], set[int]]:
    """(documents that are meant, those of them that were only changed)."""
    lk, o = t.links, t.operations
    ids: set[int] = set()
    changed: set[int] = set()
    if since is not None:
        query = sa.select(lk.c.document_id).where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            lk.c.written_version != "",
            lk.c.linked_at >= since,
        )
        ids |= set(turn.connection.execute(query).scalars())
    if exchange_id:
        asked = sa.select(o.c.document_id, o.c.verb).where(
            o.c.connection_id == turn.id,
            o.c.exchange_id == exchange_id,
            o.c.state == "done",
            o.c.document_id.is_not(None),
        )
        for row in turn.connection.execute(asked):
            ids.add(row.document_id)
            if row.verb != Verb.CREATE.value:
                changed.add(row.document_id)
    return ids, changed


def _by_backfill(turn: Turn, backfill_id: int) -> set[int]:
    """Documents that were created for the records that a backfill queued, since it was asked for."""
    b, d, o, e = t.backfills, t.documents, t.operations, t.outbox
    asked_at = turn.connection.execute(
        sa.select(b.c.asked_at).where(b.c.id == backfill_id, b.c.connection_id == turn.id)
    ).scalar_one_or_none()
    if asked_at is None:
        return set()
    queued = sa.exists().where(
        e.c.tenant_id == turn.tenant_id,
        e.c.ref_kind == d.c.source_kind,
        e.c.ref_id == d.c.source_id,
        e.c.backfill_id == backfill_id,
    )
    query = (
        sa.select(d.c.id)
        .select_from(d.join(o, o.c.document_id == d.c.id))
        .where(
            d.c.connection_id == turn.id,
            o.c.verb == Verb.CREATE.value,
            o.c.state == "done",
            o.c.closed_at >= asked_at,
            queued,
        )
    )
    return set(turn.connection.execute(query).scalars())


def _sources(turn: Turn, ids: Iterable[int]) -> list[RecordRef]:
    d = t.documents
    query = sa.select(d.c.source_kind, d.c.source_id).where(d.c.id.in_(sorted(ids)))
    return [RecordRef.parse(f"{row.source_kind}:{row.source_id}") for row in turn.connection.execute(query)]


def _loaded(turn: Turn, knowns: list[Known]) -> list[Candidate]:
    lk, m = t.links, t.mirror
    ids = [known.id for known in knowns]
    links = {
        row.document_id: row
        for row in turn.connection.execute(
            sa.select(lk).where(lk.c.document_id.in_(ids), lk.c.state == "live")
        )
    }
    by_kind: dict[str, list[str]] = {}
    for known in knowns:
        if known.linked:
            by_kind.setdefault(known.kind.value, []).append(known.books_id)
    arms = [sa.and_(m.c.kind == kind, m.c.books_id.in_(places)) for kind, places in by_kind.items()]
    query = sa.select(m).where(m.c.connection_id == turn.id, sa.or_(sa.false(), *arms))
    rows = {BooksRef(BooksKind(r.kind), r.books_id): r for r in turn.connection.execute(query)}
    return [
        Candidate(
            known=known,
            document=wire.load_document(known.kind, known.content) if known.content else None,
            row=rows.get(known.place) if known.linked else None,
            link=links.get(known.id),
        )
        for known in sorted(knowns, key=lambda k: k.key)
    ]


# -- one by one ----------------------------------------------------------------------------------------
_WAIT = "Try again once it is settled."


def _judge(turn: Turn, found: list[Candidate]) -> None:
    created = _created(turn, [one.known for one in found])
    conflicts = _in_conflict(turn, [one.known.id for one in found])
    for one in found:
        for reason, remedy in _objections(one, created, conflicts):
            one.keep(reason, remedy)
        if not one.reason:
            _choose_way(turn, one)


def _objections(one: Candidate, created: set[int], conflicts: set[int]) -> Iterator[tuple[str, str]]:
    """Everything that speaks against taking a document out, the plainest first."""
    known, row, link = one.known, one.row, one.link
    if known.undone == "done":
        yield "it was undone already", "Take the undo back if it shall be in the books again."
    elif not known.linked or row is None:
        yield "it is not in the books", "There is nothing to undo."
        return
    elif known.busy or ("ready" in known.open and not known.undone):
        yield "a change of it is on its way", _WAIT
    elif known.doubtful:
        yield f"it is in doubt: {known.doubtful}", _WAIT
    if known.id not in created:
        yield "we did not create it: it was entered in the books, or matched with what stood there", LOOK
    elif not link.written_version:
        yield (
            "it was written before it was kept what the books showed then, so nothing proves it untouched",
            LOOK,
        )
    elif row.deleted:
        yield "it was deleted in the books", "There is nothing left to take out."
    elif getattr(one.document, "void", False):
        yield "it is void already", "There is nothing to undo."
    elif row.dirty:
        yield "the books have moved it since; both sides are compared first", _WAIT
    elif digest_of(row.document) != link.written_digest:
        yield "somebody has changed it in the books since we wrote it", LOOK
    if known.id in conflicts:
        yield "it waits for a choice on the conflicts page", "Choose there first."


def _created(turn: Turn, knowns: list[Known]) -> set[int]:
    """Documents of which we created this very generation."""
    o = t.operations
    markers = {known.id: known.marker for known in knowns}
    query = sa.select(o.c.document_id, o.c.marker).where(
        o.c.document_id.in_(list(markers)), o.c.verb == Verb.CREATE.value, o.c.state == "done"
    )
    return {
        row.document_id for row in turn.connection.execute(query) if row.marker == markers[row.document_id]
    }


def _in_conflict(turn: Turn, ids: list[int]) -> set[int]:
    c = t.conflicts
    query = sa.select(c.c.document_id).where(c.c.document_id.in_(ids), c.c.state == "open")
    return set(turn.connection.execute(query).scalars())


def _choose_way(turn: Turn, one: Candidate) -> None:
    """The removal table's way; in a closed period a reversal, where the policy lets us date it later."""
    closing, day = turn.profile.closing_date, one.date
    if closing is not None and day is not None and day <= closing:
        _reverse(turn, one, closing)
        return
    one.way = turn.description.removals.get(one.known.kind, Removal.HOLD)
    if one.way is Removal.HOLD:
        one.keep("the books do not let this kind be taken out", LOOK)
    elif one.way is Removal.REVERSE:
        assert day is not None
        _write_reversal(turn, one, day)


def _reverse(turn: Turn, one: Candidate, closing: dt.date) -> None:
    if turn.policy.closed_period is not ClosedPeriod.REDATE:
        one.keep(
            f"it is dated {one.date}, and the books are closed until {closing}",
            "Move the closing date in the books, or let the policy date corrections on the first open day.",
        )
        return
    one.way = Removal.REVERSE
    _write_reversal(turn, one, closing + dt.timedelta(days=1))


def _write_reversal(turn: Turn, one: Candidate, day: dt.date) -> None:
    document, catalog = one.document, turn.catalog
    assert document is not None
    if isinstance(document, SalesInvoice):
        document = with_their_tax(document, wire.load_document(one.known.kind, one.row.document))
    lines = effects(
        document,
        roles=roles_of(turn.mapping, one.date),
        item_accounts=catalog.item_accounts,
        item_cost_accounts=catalog.item_cost_accounts,
    )
    known = one.known
    number = getattr(document, "number", "") or f"{turn.policy.number_prefix}{known.key.source.id}"
    try:
        one.reversal = reversal_of(
            document,
            lines,
            day=day,
            number=f"{number}-U{known.generation}",
            memo=f"Reverses {known.place.kind.value.replace('_', ' ')} {number} of {one.date}",
        )
    except Irreversible as problem:
        one.keep(f"it is dated {one.date} in a closed period: {problem}", "Ask your accountant.")
