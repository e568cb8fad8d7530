"""Incoming: compares what moved in the books with our side, record by record, and brings it to core.

What core is told, the link, its bases and the audit entry commit in one transaction. Overlaps become conflicts;
nothing is ever overwritten without a decision or a policy.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of, unbind
from blueops_qb.domain.compare import CONTACT_TYPES, Step, as_decided, decide, merged
from blueops_qb.domain.documents import CustomerPayment, Document
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import arrivals, arrived_credits, guard, outbox, resolve, to_core
from blueops_qb.engine.free_names import kept_name
from blueops_qb.engine.known import Known, load_by_place, places_of, sources_of
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.told import as_told
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, RefusedChange, Snapshot, Stale
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)


def compare_dirty(turn: Turn) -> int:
    """Compare records that moved in the books; answers how many were looked at."""
    if turn.row["state"] != "live":
        return 0
    m = t.mirror
    query = (
        sa.select(m)
        .where(m.c.connection_id == turn.id, m.c.dirty.is_(True))
        # Parties before documents, invoices before payments.
        .order_by(_rank(m.c.kind), m.c.seen_at, m.c.books_id)
        # Some may have to wait; they must not starve the others.
        .limit(turn.settings.compare_batch * 10)
    )
    rows = sorted(turn.connection.execute(query).mappings().all(), key=_order)
    if not rows:
        return 0
    known = load_by_place(turn.connection, turn.id, [_place(row) for row in rows])
    settled = 0
    for row in rows:
        if settled >= turn.settings.compare_batch:
            break
        if not guard.passes(turn, incoming=_brought(turn) + 1, count=False):
            break
        place = _place(row)
        clean = _compare_apart(turn, row, known.get(place))
        if clean:
            _clean(turn, place)
            settled += 1
    if brought := _brought(turn):
        guard.passes(turn, incoming=brought)
    return settled


def _brought(turn: Turn) -> int:
    """Changes that core has taken in this turn."""
    return sum(entry.action in ("brought in", "arrived") for entry in turn.entries)


def _compare_apart(turn: Turn, row: Any, known: Known | None) -> bool:
    """Compare one record; a defect of ours in it is put to a person and stops nobody else."""
    entries = len(turn.entries)
    try:
        with turn.connection.begin_nested():
            return arrivals.arrived(turn, row) if known is None else _compare(turn, row, known)
    except Exception as problem:
        del turn.entries[entries:]
        place = _place(row)
        log_trouble(log, "%s could not be compared", place, problem=problem)
        landing = Landing(turn=turn)
        landing.conflict(
            cause="incoming",
            place=place,
            ref=known.key.source if known else None,
            document_id=known.id if known else None,
            group="defect",
            theirs=row["document"],
            reason=f"{place} could not be compared: {type(problem).__name__}: {problem}",
            remedy="Report it to BlueOps support with this sentence; it is tried again when it changes.",
        )
        landing.write()
        return True


def _order(row: Any) -> tuple[int, bool, int, str]:
    """Parties before documents, parents before their jobs, invoices before payments, then by number."""
    kinds = [kind.value for kind in _FIRST]
    rank = kinds.index(row["kind"]) if row["kind"] in kinds else len(kinds)
    return rank, '"parent"' in (row["document"] or ""), len(row["books_id"]), row["books_id"]


def _rank(column: Any) -> Any:
    order = [*_FIRST, BooksKind.PAYMENT]
    return sa.case({kind.value: n for n, kind in enumerate(order)}, value=column, else_=len(order))


#: What others name comes first: parties, then invoices and credits, which payments settle and use up.
_FIRST = (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.INVOICE, BooksKind.CREDIT_MEMO)


def _place(row: Any) -> BooksRef:
    return BooksRef(BooksKind(row["kind"]), row["books_id"])


def _clean(turn: Turn, place: BooksRef) -> None:
    m = t.mirror
    turn.connection.execute(
        m.update()
        .where(m.c.connection_id == turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id)
        .values(dirty=False)
    )


def _compare(turn: Turn, row: Any, known: Known) -> bool:
    """Compare one linked record; False when it must stay dirty for now."""
    if known.busy:
        return False
    if row["deleted"]:
        _removed_there(turn, known)
        return True
    theirs = wire.load_document(known.kind, row["document"])
    if known.base_theirs is None:
        _variance(turn, row, known)
        return True
    if known.base_ours is None:
        # A person has decided that ours is right: it is written on whatever they show now.
        _agree(turn, known, version=row["version"], theirs=row["document"])
        return True
    newly_ours = _settles_newly_ours(turn, known, theirs)
    if row["document"] == known.base_theirs and not newly_ours:
        _agree(turn, known, version=row["version"], theirs=row["document"])
        return True
    snapshot = turn.tx.read(known.key.source)
    if snapshot is None or snapshot.deleted:
        _conflict(
            turn, known, "record", f"{known.key.source} no longer exists in BlueOps", theirs=row["document"]
        )
        return True
    return _three_ways(turn, row, known, snapshot, theirs, newly_ours=newly_ours)


def _settles_newly_ours(turn: Turn, known: Known, theirs: Document) -> bool:
    """The payment settles a document that was not ours yet when both sides agreed."""
    if not isinstance(theirs, CustomerPayment) or known.base_ours is None:
        return False
    base = wire.load_document(known.kind, known.base_ours)
    assert isinstance(base, CustomerPayment)
    settled = [a.invoice for a in theirs.allocations if isinstance(a.invoice, BooksRef)]
    ours = set(sources_of(turn.connection, turn.id, settled).values())
    return not ours <= {a.invoice for a in base.allocations}


def _variance(turn: Turn, row: Any, known: Known) -> None:
    """A variance waits for a person, unless the bookkeeper has made it what was sent."""
    c = t.conflicts
    conflict = turn.connection.execute(
        sa.select(c.c.id, c.c.ours).where(
            c.c.connection_id == turn.id,
            c.c.document_id == known.id,
            c.c.cause == "variance",
            c.c.state == "open",
        )
    ).first()
    if conflict is None or conflict.ours is None:
        return
    sent = wire.load_document(known.kind, conflict.ours)
    if as_decided(sent, wire.load_document(known.kind, row["document"])) == sent:
        resolve.resolve(turn, conflict.id, "theirs", "the books, which show now what was sent")


def _three_ways(
    turn: Turn, row: Any, known: Known, snapshot: Snapshot, theirs: Document, *, newly_ours: bool
) -> bool:
    normal = turn.provider.normal
    related = read_related(turn.core, turn.tenant_id, [snapshot.record])
    result = post_record(turn, snapshot.record, related, [known])
    if not isinstance(result, Posted) or known.key not in result.documents:
        _conflict(turn, known, "record", "our side cannot be posted as it is now", theirs=row["document"])
        return True
    ours = result.documents[known.key]
    assert known.base_ours is not None
    assert known.base_theirs is not None
    base_ours = wire.load_document(known.kind, known.base_ours)
    ours = kept_name(turn, known.key.source, ours)
    places = places_of(
        turn.connection,
        turn.id,
        [r for d in (ours, base_ours) for r in refs_of(d) if not isinstance(r, BooksRef)],
    )
    bound = normal(loosely_bound(ours, places))
    policy = turn.policy.contacts_overlap if isinstance(ours, CONTACT_TYPES) else turn.policy.money_overlap
    decision = decide(
        base_ours=normal(loosely_bound(base_ours, places)),
        ours=bound,
        base_theirs=wire.load_document(known.kind, known.base_theirs),
        theirs=theirs,
        policy=policy,
    )
    clash, pull, push = (decision.groups(step) for step in (Step.CONFLICT, Step.PULL, Step.PUSH))
    if getattr(bound, "void", False) and not getattr(theirs, "void", False):
        # What was noted there goes with the document; only its money could matter.
        clash, pull = (tuple(group for group in groups if group == "money") for groups in (clash, pull))
    if newly_ours and "money" in push:
        # Written now, our side would take the money off that document again.
        clash, push = (*clash, "money"), tuple(group for group in push if group != "money")
    elif newly_ours and "money" not in (*clash, *pull):
        pull = (*pull, "money")
    if clash:
        for group in clash:
            _conflict(
                turn,
                known,
                group,
                f"{known.key.source}: {group} was changed in BlueOps and in QuickBooks",
                ours=wire.dump_document(bound),
                theirs=row["document"],
                base=known.base_theirs,
            )
        _hold_in_conflict(turn, known, snapshot.revision, clash)
        return True
    if pull:
        return _pull(turn, row, known, snapshot, theirs, pull, push, ours)
    if push:
        _push(turn, row, known)
        return True
    agreed = wire.dump_document(as_told(turn, base_ours, ours))
    _agree(turn, known, version=row["version"], theirs=row["document"], ours=agreed)
    return True


def _pull(
    turn: Turn,
    row: Any,
    known: Known,
    snapshot: Snapshot,
    theirs: Document,
    pull: tuple[str, ...],
    push: tuple[str, ...],
    ours: Document,
) -> bool:
    shown = [theirs, *([wire.load_document(known.kind, known.base_theirs)] if known.base_theirs else [])]
    places = [r for document in shown for r in refs_of(document) if isinstance(r, BooksRef)]
    sources = sources_of(turn.connection, turn.id, places)
    unbound = unbind(theirs, sources)
    change = to_core.change_for(turn, snapshot, unbound, pull)
    if change is None:
        _conflict(
            turn,
            known,
            "+".join(pull)[:32],
            f"{known.key.source}: {', '.join(pull)} was changed in QuickBooks",
            theirs=row["document"],
            base=known.base_theirs,
            cause="changed_there",
        )
        return True
    key = f"{turn.id}:{known.place}:{row['version']}"
    answer = turn.tx.apply(change, expected_revision=snapshot.revision, key=key)
    if isinstance(answer, Stale):
        return False
    if isinstance(answer, RefusedChange):
        _conflict(
            turn,
            known,
            "+".join(pull)[:32],
            f"{known.key.source}: BlueOps does not accept the change made in QuickBooks: {answer.why}",
            theirs=row["document"],
            base=known.base_theirs,
            cause="incoming",
        )
        return True
    assert isinstance(answer, Applied)
    if isinstance(unbound, CustomerPayment) and unbound.amount:
        was = unbind(wire.load_document(known.kind, known.base_theirs or ""), sources)
        arrived_credits.used_up(turn, unbound, before=was, key=key)
    fresh = turn.tx.read(known.key.source)
    assert fresh is not None
    result = post_record(turn, fresh.record, read_related(turn.core, turn.tenant_id, [fresh.record]), [known])
    now_ours = result.documents[known.key] if isinstance(result, Posted) else ours
    now_ours = kept_name(turn, known.key.source, now_ours)
    turn.note(
        "brought in",
        str(known.key.source),
        numbers=f"{known.place} v{row['version']} r{answer.revision}",
        groups=list(pull),
    )
    base = wire.load_document(known.kind, known.base_ours or "")
    agreed = merged(base, now_ours, pull) if push else as_told(turn, base, now_ours)
    _agree(turn, known, version=row["version"], theirs=row["document"], ours=wire.dump_document(agreed))
    return True


def _push(turn: Turn, row: Any, known: Known) -> None:
    """Only our side moved in substance: rebase on their version and write."""
    _agree(turn, known, version=row["version"], theirs=row["document"])
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=[known.key.source],
        states=[State.WAITING],
        holds=[Hold.BUSY],
    )


def _agree(turn: Turn, known: Known, *, version: str, theirs: str, ours: str | None = None) -> None:
    """Both sides agree on `theirs` (and `ours`, if given) from now on; waiting events are planned again."""
    lk = t.links
    # Seen and compared: whatever was in doubt about it no longer is.
    values: dict[str, Any] = {"version": version, "base_theirs": theirs, "doubtful": ""}
    if ours is not None:
        values["base_ours"] = ours
        turn.connection.execute(t.documents.update().where(t.documents.c.id == known.id).values(content=ours))
    turn.connection.execute(lk.update().where(lk.c.id == known.link_id).values(**values))
    c = t.conflicts
    turn.connection.execute(
        c.update()
        .where(c.c.connection_id == turn.id, c.c.document_id == known.id, c.c.state == "open")
        .values(state="closed", closed_at=turn.now, choice="both sides agree again")
    )
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=[known.key.source],
        states=[State.WAITING, State.CONFLICT, State.HELD],
        holds=[Hold.BUSY, Hold.REMOVED],
    )


def _hold_in_conflict(turn: Turn, known: Known, revision: int, groups: tuple[str, ...]) -> None:
    move = Move(
        ref=known.key.source,
        revision=revision,
        state=State.CONFLICT,
        reason=f"{', '.join(groups)} was changed on both sides",
        remedy="Choose on the conflicts page which side is right.",
        hold=Hold.BUSY,
    )
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)


def _conflict(
    turn: Turn,
    known: Known,
    group: str,
    reason: str,
    *,
    cause: str = "overlap",
    base: str | None = None,
    ours: str | None = None,
    theirs: str | None = None,
) -> None:
    landing = Landing(turn=turn)
    landing.conflict(
        cause=cause,
        place=known.place,
        ref=known.key.source,
        document_id=known.id,
        group=group,
        base=base,
        ours=ours or known.base_ours,
        theirs=theirs,
        reason=reason,
        remedy="Choose on the conflicts page which side is right.",
    )
    landing.write()


def _removed_there(turn: Turn, known: Known) -> None:
    """Never automatic: a record removed in the books waits for a choice."""
    lk = t.links
    turn.connection.execute(
        lk.update()
        .where(lk.c.id == known.link_id)
        .values(doubtful="it was removed in the books and waits for a choice")
    )
    _conflict(
        turn,
        known,
        "existence",
        f"{known.key.source}: {known.place} was deleted in QuickBooks",
        cause="removed_there",
        base=known.base_theirs,
    )
