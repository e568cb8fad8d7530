"""Handing out: claims ready operations, encodes and commits them as one exchange."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import Unbound, bind, refs_of
from blueops_qb.domain.compare import merged
from blueops_qb.domain.documents import CustomerPayment, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, Ref
from blueops_qb.engine import guard, outbox
from blueops_qb.engine.known import places_of, shown_of, sources_of
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.doors import Outgoing
from blueops_qb.sdk.provider import Exchange, Lane, Operation, Unencodable, Verb
from blueops_qb.store import tables as t

#: How many ready operations are looked at per place in an exchange.
_WINDOW = 3


@attrs.define(kw_only=True, slots=False)
class Ready:
    """A ready operation with the record it comes from."""

    row: Any

    @cached_property
    def document(self) -> Document | None:
        """The document to write, still ours (unbound)."""
        row = self.row
        return wire.load_document(BooksKind(row.kind), row.content) if row.content else None

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def source(self) -> RecordRef | None:
        return source_of(self.row)

    @property
    def touches(self) -> frozenset[str]:
        return frozenset((self.row.touches or "").split())


@attrs.frozen(kw_only=True)
class Sent:
    """An exchange that is out, with the rows of its operations."""

    exchange: Exchange
    ready: dict[str, Ready]


def source_of(row: Any) -> RecordRef | None:
    """The record behind an operation's row that was joined with its document."""
    return RecordRef(RecordKind(row.source_kind), row.source_id) if row.source_kind else None


def hand_out(turn: Turn, *, only_sign_in: bool = False) -> Outgoing | None:
    """One exchange, committed with the turn; None when nothing is ready or none may be out now."""
    again = _resend(turn)
    if again is not None:
        return again
    in_flight = _in_flight(turn)
    free = turn.description.limits.open_exchanges - in_flight
    if free <= 0:
        return None
    while True:
        chosen = _choose(turn, free=free, only_sign_in=only_sign_in)
        if not chosen or not _guarded(turn, chosen):
            return None
        places = _places(turn, chosen)
        try:
            operations = _operations(turn, chosen, places)
            exchange = Exchange(
                id=secrets.token_hex(12),
                connection_id=turn.id,
                company_id=turn.row["company_id"],
                operations=operations,
                created_at=turn.now,
            )
            body = turn.provider.encode(exchange, turn.profile)
        except Unencodable as problem:
            _hold(turn, next(r for r in chosen if str(r.id) == problem.operation_id), str(problem))
            continue
        return _commit(turn, exchange, chosen, body)


def reload(turn: Turn, exchange_row: Any) -> Sent:
    """The exchange as it was handed out, from our tables."""
    o, d = t.operations, t.documents
    query = (
        sa.select(o, d.c.source_kind, d.c.source_id)
        .select_from(o.outerjoin(d, d.c.id == o.c.document_id))
        .where(o.c.exchange_id == exchange_row["id"], o.c.state.in_(["out", "uncertain"]))
        .order_by(o.c.lane, o.c.id)
    )
    chosen = [Ready(row=row) for row in turn.connection.execute(query)]
    places = _places(turn, chosen)
    exchange = Exchange(
        id=exchange_row["id"],
        connection_id=turn.id,
        company_id=turn.row["company_id"],
        operations=_operations(turn, chosen, places),
        created_at=exchange_row["first_sent_at"],
    )
    return Sent(exchange=exchange, ready={str(ready.id): ready for ready in chosen})


def _guarded(turn: Turn, chosen: list[Ready]) -> bool:
    """Whether what is about to leave stays below the limits of the hour."""
    # Another attempt of the same operation is not another record.
    fresh = [ready for ready in chosen if not ready.row.attempts]
    verbs = [Verb(ready.row.verb) for ready in fresh]
    amount = sum(
        (
            Decimal(getattr(ready.document, "total", None) or getattr(ready.document, "amount", None) or 0)
            for ready, verb in zip(fresh, verbs, strict=True)
            if verb is Verb.CREATE
        ),
        ZERO,
    )
    return guard.passes(
        turn, creates=verbs.count(Verb.CREATE), removals=verbs.count(Verb.WITHDRAW), amount=amount
    )


def _resend(turn: Turn) -> Outgoing | None:
    """An exchange that surely did not happen goes out again: the same bytes under the same id."""
    e = t.exchanges
    row = turn.connection.execute(
        sa.select(e.c.id, e.c.body, e.c.sends)
        .where(e.c.connection_id == turn.id, e.c.state == "resend", e.c.settle_at <= turn.now)
        .order_by(e.c.first_sent_at)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    deadline = turn.now + turn.scaled(turn.description.limits.deadline_seconds)
    turn.connection.execute(
        e.update()
        .where(e.c.id == row.id)
        .values(
            state="sent", sends=row.sends + 1, sent_at=turn.now, deadline=deadline, fence=turn.row["fence"]
        )
    )
    return Outgoing(exchange_id=row.id, connection_id=turn.id, body=row.body, deadline=deadline)


def _in_flight(turn: Turn) -> int:
    e = t.exchanges
    query = sa.select(sa.func.count()).where(e.c.connection_id == turn.id, e.c.state == "sent")
    return int(turn.connection.execute(query).scalar_one())


def _busy(turn: Turn) -> set[str]:
    o = t.operations
    query = sa.select(o.c.touches).where(
        o.c.connection_id == turn.id, o.c.state.in_(["out", "uncertain"]), o.c.touches != ""
    )
    return {key for (touches,) in turn.connection.execute(query) for key in touches.split()}


def _choose(turn: Turn, *, free: int, only_sign_in: bool) -> list[Ready]:
    o, d, a = t.operations, t.documents, t.operation_after
    query = (
        sa.select(o, d.c.source_kind, d.c.source_id)
        .select_from(o.outerjoin(d, d.c.id == o.c.document_id))
        .where(
            o.c.connection_id == turn.id,
            o.c.state == "ready",
            sa.or_(o.c.not_before.is_(None), o.c.not_before <= turn.now),
            ~sa.exists().where(a.c.operation_id == o.c.id),
        )
        .order_by(_turn_of(turn), o.c.id)
        .limit(_WINDOW * turn.description.limits.operations_per_exchange + 30)
    )
    if only_sign_in:
        query = query.where(o.c.verb == Verb.SIGN_IN.value)
    if free < 2:
        query = query.where(o.c.lane != int(Lane.BULK))
    busy: set[str] | None = None
    chosen: list[Ready] = []
    envelope, lane, taken = "", 0, set[str]()
    limit = turn.description.limits.operations_per_exchange
    for row in turn.connection.execute(query):
        if busy is None:
            busy = _busy(turn)
        ready = Ready(row=row)
        if ready.touches & busy or ready.touches & taken:
            continue
        name = turn.provider.envelope(_bare(ready))
        if not chosen:
            envelope, lane = name, row.lane
        elif name != envelope or row.lane != lane:
            continue
        chosen.append(ready)
        taken |= ready.touches
        if not envelope or len(chosen) >= limit:
            break
    return chosen


def _turn_of(turn: Turn) -> sa.ColumnElement[float]:
    """The order of work: by lane, but a look for changes or the catalog that has waited goes before live work."""
    o = t.operations
    waited = sa.and_(
        o.c.lane.in_([int(Lane.CHANGES), int(Lane.CATALOG)]), o.c.created_at <= turn.now - turn.scaled(30)
    )
    return sa.case((waited, 0.5), else_=sa.cast(o.c.lane, sa.Float))


def _bare(ready: Ready) -> Operation:
    return Operation(
        id=str(ready.id),
        verb=Verb(ready.row.verb),
        kind=BooksKind(ready.row.kind) if ready.row.kind else None,
        params=json.loads(ready.row.params_json) if ready.row.params_json else {},
    )


def _places(turn: Turn, chosen: list[Ready]) -> dict[RecordRef, Ref]:
    refs = {
        ref
        for ready in chosen
        if ready.document is not None
        for ref in refs_of(ready.document)
        if isinstance(ref, RecordRef)
    }
    return places_of(turn.connection, turn.id, refs)


def _operations(turn: Turn, chosen: list[Ready], places: dict[RecordRef, Ref]) -> tuple[Operation, ...]:
    shown = shown_of(turn.connection, turn.id, _versions(chosen))
    operations = [_operation(ready, places, shown) for ready in chosen]
    paid = {
        allocation.invoice
        for operation in operations
        if isinstance(operation.previous, CustomerPayment)
        for allocation in operation.previous.allocations
        if isinstance(allocation.invoice, BooksRef)
    }
    ours = sources_of(turn.connection, turn.id, paid) if paid else {}
    return tuple(_with_their_allocations(operation, ours) for operation in operations)


def _versions(chosen: list[Ready]) -> dict[BooksRef, str]:
    """The versions of the records that are changed."""
    return {
        BooksRef(BooksKind(ready.row.kind), ready.row.target_id): ready.row.version
        for ready in chosen
        if ready.row.verb == Verb.UPDATE.value and ready.row.target_id
    }


def _with_their_allocations(operation: Operation, ours: Mapping[Ref, RecordRef]) -> Operation:
    """What a payment settles of documents that BlueOps does not have stays as the books have it."""
    document, previous = operation.document, operation.previous
    if operation.verb is not Verb.UPDATE or not isinstance(document, CustomerPayment):
        return operation
    if not isinstance(previous, CustomerPayment) or document.void:
        return operation
    mine = {allocation.invoice for allocation in document.allocations}
    theirs = tuple(a for a in previous.allocations if a.invoice not in ours and a.invoice not in mine)
    allocations = (*document.allocations, *theirs)
    applied = sum((a.amount for a in allocations), ZERO)
    if applied > document.amount:
        raise Unencodable(
            operation.id,
            f"The payment of {document.amount} would settle {applied}: QuickBooks applies part of it to documents "
            "that BlueOps does not have. Correct the applications in BlueOps, or un-apply it there in QuickBooks.",
        )
    return attrs.evolve(operation, document=attrs.evolve(document, allocations=allocations))


def _operation(ready: Ready, places: dict[RecordRef, Ref], shown: Mapping[BooksRef, str]) -> Operation:
    row = ready.row
    document = ready.document
    if document is not None:
        try:
            document = bind(document, places)
        except Unbound as problem:
            raise Unencodable(
                str(ready.id), f"{ready.source}: {problem}; retry once those are there"
            ) from None
    kind = BooksKind(row.kind) if row.kind else None
    previous = wire.load_document(kind, row.previous) if row.previous and kind is not None else None
    bare = _bare(ready)
    groups = tuple(bare.params.get("groups", "").split())
    if groups and document is not None and previous is not None:
        document = merged(previous, document, groups)
    return attrs.evolve(
        bare,
        document=document,
        target_id=row.target_id,
        version=row.version,
        previous=previous,
        shown=shown.get(BooksRef(kind, row.target_id), "") if kind is not None else "",
        marker=row.marker,
    )


def _hold(turn: Turn, ready: Ready, sentence: str) -> None:
    o = t.operations
    turn.connection.execute(
        o.update().where(o.c.id == ready.id).values(state="failed", reason=sentence, closed_at=turn.now)
    )
    if ready.source is not None:
        move = Move(
            ref=ready.source,
            revision=ready.row.revision,
            state=State.HELD,
            hold=Hold.DEFECT,
            reason=sentence,
            remedy="Correct the record or its mapping, then retry.",
        )
        outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
        turn.note("held", str(ready.source), reason=sentence)


def _commit(turn: Turn, exchange: Exchange, chosen: list[Ready], body: bytes) -> Outgoing:
    connection, o = turn.connection, t.operations
    deadline = turn.now + turn.scaled(turn.description.limits.deadline_seconds)
    connection.execute(
        t.exchanges.insert(),
        {
            "id": exchange.id,
            "connection_id": turn.id,
            "fence": turn.row["fence"],
            "lane": chosen[0].row.lane,
            "body": body,
            "state": "sent",
            "sends": 1,
            "first_sent_at": turn.now,
            "sent_at": turn.now,
            "deadline": deadline,
        },
    )
    connection.execute(
        o.update()
        .where(o.c.id.in_([ready.id for ready in chosen]))
        .values(state="out", exchange_id=exchange.id, attempts=o.c.attempts + 1)
    )
    moves = [
        Move(ref=ready.source, revision=ready.row.revision, state=State.OUT)
        for ready in chosen
        if ready.source is not None
    ]
    outbox.move(connection, turn.tenant_id, moves, turn.now)
    sources = " ".join(str(move.ref) for move in moves)
    if moves:
        turn.note("sent", f"exchange {exchange.id}", numbers=sources)
    turn.sent = Sent(exchange=exchange, ready={str(ready.id): ready for ready in chosen})
    return Outgoing(exchange_id=exchange.id, connection_id=turn.id, body=body, deadline=deadline)
