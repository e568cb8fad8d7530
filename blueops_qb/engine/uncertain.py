"""Uncertain: exchanges of unknown fate, and how they are settled without ever posting blindly.

Each becomes known by looking: records created since (recognised by our marker, parties and entries of lists by their
name), and the targets of changes read again. One hit is applied; no hit for the whole set = the identical bytes go out
again under the same id; some hits = the missing ones go out in a new exchange; several hits, or something created and
deleted over there meanwhile, is for a person. Books that can be asked about the exchange itself are asked first
(`status`); only what they have forgotten is looked for, and what is not there then goes out as above, the second time
under a new id.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import CustomerRecord, Document, Listed, VendorRecord
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import messages, outbox, status
from blueops_qb.engine.books_tax import tell_core_tax
from blueops_qb.engine.due import operation_row
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.link_rows import as_compared, live_link
from blueops_qb.engine.outbox import Move, State
from blueops_qb.engine.ready import Ready, Sent
from blueops_qb.engine.reload import reload
from blueops_qb.engine.renamed_there import newest_number, renamed
from blueops_qb.engine.sides import beside_of
from blueops_qb.engine.sought import sought_by
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import OUT_OF_DATE
from blueops_qb.sdk.provider import WRITES, Lane, Operation, Verb
from blueops_qb.store import tables as t

#: How far before the first sending a look-up reaches back, for clocks that differ.
_CLOCKS_DIFFER = dt.timedelta(minutes=10)

_BY_ITSELF = "Nothing to do: it is sent by itself as soon as the books answer."
#: What sends a queued record on its way, where the connection needs a person first.
_GOES_ON = {
    "sign_in": "Sign in to the books again on the connection page; it is sent by itself then.",
    "stopped": "Mend what stopped the connection, as the overview says, and press “It is mended, go on” there.",
}


def queue_events(turn: Turn, readies: list[Ready], reason: str) -> None:
    """Events whose operations go out later are queued again."""
    moves = [
        Move(
            ref=r.source,
            revision=r.row.revision,
            state=State.WAITING,
            reason=f"{r.source} is queued; {reason}",
            remedy=_GOES_ON.get(turn.row["health"], _BY_ITSELF),
        )
        for r in readies
        if r.source is not None
    ]
    outbox.move(turn.connection, turn.tenant_id, moves, turn.now)


def overdue(turn: Turn, *, ended: str = "") -> None:
    """Exchanges whose answer did not come in time are of unknown fate; all that are out, where the line has `ended`."""
    e = t.exchanges
    query = sa.select(e).where(e.c.connection_id == turn.id, e.c.state.in_(["sent", status.ASKED]))
    if not ended:
        query = query.where(e.c.deadline <= turn.now)
    for row in turn.connection.execute(query).mappings().all():
        why = ended or "no answer came in time"
        if row["asked"]:
            status.unanswered(turn, row, why)
        else:
            became(turn, row, reload(turn, row), why)


def became(turn: Turn, row: Any, sent: Sent, why: str) -> None:
    """Nobody can say what came of an exchange."""
    writes = [ready for ready in sent.ready.values() if Verb(ready.row.verb) in WRITES]
    reads = [ready for ready in sent.ready.values() if Verb(ready.row.verb) not in WRITES]
    o = t.operations
    for ready in reads:
        turn.connection.execute(
            o.update()
            .where(o.c.id == ready.id)
            .values(state="ready", exchange_id=None, not_before=turn.backoff(ready.row.attempts), reason=why)
        )
    if writes:
        partly(turn, row, writes, why)
    else:
        e = t.exchanges
        turn.connection.execute(
            e.update()
            .where(e.c.id == row["id"])
            .values(state="closed", closed_at=turn.now, note=why, body=b"")
        )


def partly(turn: Turn, row: Any, unknown: list[Ready], why: str = "the answer does not tell") -> None:
    """These operations of an exchange are of unknown fate; they are looked up after a while."""
    connection, o, e = turn.connection, t.operations, t.exchanges
    connection.execute(
        o.update().where(o.c.id.in_([r.id for r in unknown])).values(state="uncertain", reason=why)
    )
    settle_at = row["sent_at"] + turn.scaled(turn.description.limits.settle_after_seconds)
    if row["asked"]:
        settle_at = turn.backoff(row["asked"])
    connection.execute(
        e.update()
        .where(e.c.id == row["id"])
        .values(state="uncertain", settle_at=max(settle_at, turn.now), note=why)
    )
    moves = [
        Move(
            ref=r.source,
            revision=r.row.revision,
            state=State.UNCERTAIN,
            reason=f"{r.source} was sent, but {why}",
            remedy="Nothing to do: the books are asked what became of it."
            if status.is_asked(turn)
            else "Nothing to do: it is looked up in the books by itself.",
        )
        for r in unknown
        if r.source is not None
    ]
    outbox.move(connection, turn.tenant_id, moves, turn.now)
    turn.note("uncertain", f"exchange {row['id']}", numbers=str(len(unknown)), reason=why)


def look_up(turn: Turn) -> None:
    """Start the look-ups that are due."""
    e, o = t.exchanges, t.operations
    query = sa.select(e).where(
        e.c.connection_id == turn.id,
        e.c.state == "uncertain",
        e.c.settle_at <= turn.now,
        # Books that can tell are asked first.
        *([e.c.forgotten] if status.is_asked(turn) else []),
        ~sa.exists().where(o.c.settles == e.c.id, o.c.state.in_(["ready", "out", "uncertain"])),
    )
    for row in turn.connection.execute(query).mappings().all():
        _look_up_one(turn, row)


def _look_up_one(turn: Turn, row: Any) -> None:
    sent = reload(turn, row)
    since = row["first_sent_at"] - _CLOCKS_DIFFER
    rows: list[dict[str, Any]] = []
    sought: dict[BooksKind, list[Operation]] = {}
    for operation in sent.exchange.operations:
        assert operation.kind is not None
        if isinstance(operation.document, Listed):  # books keep no marker of it, and list it by name
            named = {"by": "name", "name": operation.document.name}
            rows.append(operation_row(turn, Verb.FIND, kind=operation.kind, params=named, settles=row["id"]))
        elif operation.verb is Verb.CREATE:
            sought.setdefault(operation.kind, []).append(operation)
        else:
            rows.append(
                operation_row(
                    turn,
                    Verb.READ,
                    kind=operation.kind,
                    target_id=operation.target_id,
                    lane=Lane.SETTLE,
                    settles=row["id"],
                )
            )
    rows += [
        operation_row(turn, Verb.FIND, kind=kind, params=sought_by(since, missed), settles=row["id"])
        for kind, missed in sought.items()
    ]
    if rows:
        turn.connection.execute(t.operations.insert(), rows)
    later = turn.now + turn.scaled(60)
    turn.connection.execute(t.exchanges.update().where(t.exchanges.c.id == row["id"]).values(settle_at=later))


def judge(turn: Turn, exchange_id: str) -> None:
    """All look-ups of an exchange are back: decide what became of each of its operations."""
    e, o = t.exchanges, t.operations
    row = turn.connection.execute(sa.select(e).where(e.c.id == exchange_id)).mappings().one()
    still = sa.select(sa.func.count()).where(
        o.c.settles == exchange_id, o.c.state.in_(["ready", "out", "uncertain"])
    )
    if row["state"] != "uncertain" or turn.connection.execute(still).scalar_one():
        return
    sent = reload(turn, row)
    landing = Landing(turn=turn)
    since = row["first_sent_at"] - _CLOCKS_DIFFER
    missing: list[Ready] = []
    settled = 0
    for operation in sent.exchange.operations:
        ready = sent.ready[operation.id]
        create = operation.verb is Verb.CREATE
        found = _created(turn, operation, since) if create else _changed(turn, operation)
        if found == "missing":
            missing.append(ready)
        elif found == "moved":
            landing.dropped(ready, OUT_OF_DATE)
            settled += 1
        elif not isinstance(found, str):
            record = as_compared(found)
            landing.landed(ready, operation, record, row=found)
            tell_core_tax(turn, ready, record)
            settled += 1
        elif found == "gone":
            assert operation.kind is not None
            landing.look([BooksRef(operation.kind, operation.target_id)])
            landing.landed(ready, operation, None)
            settled += 1
        else:
            _for_a_person(landing, ready, found)
            settled += 1
    landing.write()
    turn.note("looked up", f"exchange {exchange_id}", numbers=f"{settled} settled, {len(missing)} missing")
    whole = len(sent.exchange.operations)
    # Books that know nothing of an id get it once more: whoever still holds the set carries it out under that id as
    # well, and they run it once. Where that fails too, they may take it for another one, and get a new one.
    again = row["sends"] < 1000 and (not row["forgotten"] or row["sends"] == 1)
    if missing and len(missing) == whole and again and _is_whole(turn, exchange_id, whole):
        wait = turn.backoff(row["sends"] - 1) if row["sends"] > 1 else turn.now
        values = {"state": "resend", "settle_at": wait, **(status.as_new() if row["forgotten"] else {})}
        turn.connection.execute(e.update().where(e.c.id == exchange_id).values(**values))
        return
    if missing:
        attempts = max(ready.row.attempts for ready in missing)
        turn.connection.execute(
            o.update()
            .where(o.c.id.in_([r.id for r in missing]))
            .values(
                state="ready",
                exchange_id=None,
                # Books that fail the same way each time are not tried without end.
                not_before=turn.backoff(attempts - 1) if attempts > 1 else None,
                reason="it did not arrive",
                params_json=sa.case((o.c.verb == Verb.CREATE.value, ""), else_=o.c.params_json),
            )
        )
        queue_events(turn, missing, "the first attempt did not arrive")
    messages.keep(turn, row, sent)
    turn.connection.execute(
        e.update().where(e.c.id == exchange_id).values(state="closed", closed_at=turn.now, body=b"")
    )


def _is_whole(turn: Turn, exchange_id: str, uncertain_count: int) -> bool:
    """No other operation of the exchange has been settled before: its bytes may go out once more."""
    o = t.operations
    query = sa.select(sa.func.count()).where(o.c.exchange_id == exchange_id)
    return int(turn.connection.execute(query).scalar_one()) == uncertain_count


def _created(turn: Turn, operation: Operation, since: dt.datetime) -> sa.RowMapping | str:
    """Its row of the mirror, or what became of it in a word or sentence."""
    m, lk = t.mirror, t.links
    assert operation.kind is not None
    assert operation.document is not None
    unlinked = ~live_link()
    query = sa.select(m).where(
        m.c.connection_id == turn.id, m.c.kind == operation.kind.value, m.c.deleted.is_(False), unlinked
    )
    if isinstance(operation.document, CustomerRecord | VendorRecord):
        keys = _name_keys(turn, operation.document)
        named = sa.and_(m.c.name_key.in_(keys), m.c.origin != "listing")
        query = query.where(sa.or_(named, m.c.marker == operation.marker) if operation.marker else named)
    elif isinstance(operation.document, Listed):
        sent: Any = turn.provider.sent(operation, turn.profile)
        query = query.where(m.c.name == sent.name, m.c.active)
    else:
        query = query.where(m.c.marker == operation.marker)
    hits = turn.connection.execute(query).mappings().all()
    hits = [hit for hit in hits if _is_below(hit, operation.document)] or renamed(turn, operation, since)
    if len(hits) == 1:
        return hits[0]
    if hits:
        return "is in the books more than once: " + ", ".join(
            f"{operation.kind}#{h['books_id']}" for h in hits
        )
    seen_and_gone = sa.select(sa.func.count()).where(
        m.c.connection_id == turn.id, m.c.deleted.is_(True), m.c.marker == (operation.marker or "-")
    )
    if turn.connection.execute(seen_and_gone).scalar_one():
        return "arrived and was deleted in the books at once"
    vanished = sa.select(m.c.books_id).where(
        m.c.connection_id == turn.id,
        m.c.kind == operation.kind.value,
        m.c.deleted.is_(True),
        # Told by the look-up, or by the feed before it; what was ever seen itself is known to be something else.
        m.c.origin.in_(["lookup", "changes"]),
        m.c.document.is_(None),
        m.c.seen_at >= since,
        # One that carried another marker, or was ever linked, is known to be something else.
        m.c.marker == "",
        ~sa.exists().where(
            lk.c.connection_id == m.c.connection_id,
            lk.c.books_kind == m.c.kind,
            lk.c.books_id == m.c.books_id,
        ),
    )
    newest = newest_number(turn, operation.kind, since)
    ids = turn.connection.execute(vanished).scalars().all()
    # Numbers are given in order of creation: what is below the newest one known before was there before.
    if any(not id.isdigit() or int(id) > newest for id in ids):
        return "may have arrived and been deleted in the books at once"
    return "missing"


def _name_keys(turn: Turn, document: CustomerRecord | VendorRecord) -> set[str]:
    """What the name of a party may be in the mirror; books that name jobs below their customer tell both names."""
    keys = {name_key(document.name)}
    parent = getattr(document, "parent", None)
    if isinstance(parent, BooksRef):
        m = t.mirror
        query = sa.select(m.c.name).where(
            m.c.connection_id == turn.id, m.c.kind == parent.kind.value, m.c.books_id == parent.id
        )
        keys |= {name_key(f"{name}:{document.name}") for name in turn.connection.execute(query).scalars()}
    return keys


def _is_below(hit: Any, document: Document) -> bool:
    """Whether what was found by its name stands below the same customer, or as this one below none."""
    shown = as_compared(hit).document
    if not isinstance(document, CustomerRecord) or not isinstance(shown, CustomerRecord):
        return True
    return document.parent is None or shown.parent == document.parent


def _changed(turn: Turn, operation: Operation) -> sa.RowMapping | str:
    """Its row of the mirror where it shows what was sent, or what became of it in a word."""
    m = t.mirror
    assert operation.kind is not None
    row = (
        turn.connection.execute(
            sa.select(m).where(
                m.c.connection_id == turn.id,
                m.c.kind == operation.kind.value,
                m.c.books_id == operation.target_id,
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return "missing"
    if row["deleted"]:
        return "gone" if operation.verb is Verb.WITHDRAW else "moved"
    record = as_compared(row)
    sent = turn.provider.sent(operation, turn.profile)
    unmoved = row["version"] == operation.version
    if operation.verb is Verb.WITHDRAW:
        if getattr(record.document, "void", False) or not record.active:
            return row
    elif unmoved and operation.version:
        # What is told and never compared may be all that was to change: the version says that nothing arrived.
        return "missing"
    elif sent is not None and record.document is not None and as_decided(sent, record.document) == sent:
        return row if _is_told(turn, operation, row["beside"]) else "moved"
    return "missing" if unmoved else "moved"


def _is_told(turn: Turn, operation: Operation, beside: str) -> bool:
    """What the change was to tell beside what is compared is there, as far as the books show it."""
    if operation.document is None or operation.told is None:
        return True
    shown, one_way = beside_of(beside), turn.provider.one_way
    now, before = one_way(operation.document), one_way(operation.told)
    moved = [field for field in shown.told if now.get(field) != before.get(field)]
    return all(now.get(field) == getattr(shown, field) for field in moved)


def _for_a_person(landing: Landing, ready: Ready, reason: str) -> None:
    remedy = (
        "Look at it in the books and delete what is one too many, then choose on the conflicts page: "
        "link the one that stays, or create it again. Nothing is sent before that."
    )
    landing.doubt(ready, reason, remedy)
