"""Handing out: claims ready operations, encodes and commits them as one exchange."""

from __future__ import annotations

import logging
from decimal import Decimal

import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import canary, guard, numbers, outbox, status
from blueops_qb.engine.as_operations import Later, NotThere, as_operations, bare_operation, with_content
from blueops_qb.engine.figures import moved_by
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.pacing import Tokens
from blueops_qb.engine.plan_anew import no_longer_busy
from blueops_qb.engine.ready import Ready, Sent
from blueops_qb.engine.reload import reload
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.doors import Outgoing
from blueops_qb.sdk.provider import Exchange, Lane, Unencodable, Verb
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

#: How many ready operations are looked at per place in an exchange.
_WINDOW = 3


def hand_out(turn: Turn, *, only_sign_in: bool = False) -> Outgoing | None:
    """One exchange, committed with the turn; None when nothing is ready or none may be out now."""
    tokens = Tokens(turn=turn)
    again = _resend(turn, tokens)
    if again is not None:
        return again
    free = turn.description.limits.open_exchanges - _in_flight(turn)
    if free <= 0:
        return None
    question = status.ask(turn, tokens)
    if question is not None or canary.stops(turn):
        return question
    asked = alone = False
    while True:
        chosen = _choose(turn, tokens, free=free, only_sign_in=only_sign_in, alone=alone)
        turn.wait = tokens.wait
        unasked = numbers.unasked(turn, chosen)
        if unasked and not asked:
            # Questions go before creations: no more are asked at once than one exchange can create.
            numbers.ask(turn, unasked)
            asked = True
            continue
        chosen = [ready for ready in chosen if ready not in unasked]
        if not chosen:
            return None
        try:
            operations = tuple(
                with_content(turn, ready, operation)
                for ready, operation in zip(chosen, as_operations(turn, chosen), strict=True)
            )
            exchange = Exchange(
                id=turn.new_exchange_id(),
                connection_id=turn.id,
                company_id=turn.row["company_id"],
                operations=operations,
                created_at=turn.now,
                clears=status.to_clear(turn, operations),
            )
            body = turn.provider.encode(exchange, turn.profile)
        except Unencodable as problem:
            first = next(iter(problem.refs)) if isinstance(problem, NotThere) else None
            ready = next(r for r in chosen if str(r.id) == problem.operation_id)
            _hold(turn, ready, str(problem), waits_for=first)
            continue
        except Later as later:
            _postpone(turn, later)
            continue
        except sa.exc.SQLAlchemyError:
            raise  # of the database, not of a record
        except Exception as problem:
            # A defect of ours in one record holds that record and nobody else.
            if len(chosen) == 1 and chosen[0].source is None:
                raise
            alone = len(chosen) > 1
            if not alone:
                log_trouble(log, "%s could not be encoded", chosen[0].source, problem=problem)
                cause = f"{type(problem).__name__}: {problem}"
                _hold(turn, chosen[0], f"{chosen[0].source} could not be put into the books' words: {cause}")
            continue
        if not _guarded(turn, chosen):
            return None
        tokens.take(turn.provider.cost(exchange.operations))
        turn.wait = None
        return _commit(turn, exchange, chosen, body)


def _guarded(turn: Turn, chosen: list[Ready]) -> bool:
    """Whether what is about to leave stays below the limits of the hour."""
    # Another attempt of the same operation is not another record.
    fresh = [ready for ready in chosen if not ready.row.attempts]
    verbs = [Verb(ready.row.verb) for ready in fresh]
    amount = sum((_moves(ready) for ready in fresh), ZERO)
    return guard.passes(
        turn, creates=verbs.count(Verb.CREATE), removals=verbs.count(Verb.WITHDRAW), amount=amount
    )


def _moves(ready: Ready) -> Decimal:
    """The money that a creation moves, or by how much a change moves it; a removal is counted as such."""
    match Verb(ready.row.verb):
        case Verb.CREATE:
            return moved_by(ready.document)
        case Verb.UPDATE:
            return moved_by(ready.document, ready.previous)
        case _:
            return ZERO


def _resend(turn: Turn, tokens: Tokens) -> Outgoing | None:
    """An exchange that surely did not happen goes out again: the same bytes under the same id."""
    e = t.exchanges
    row = turn.connection.execute(
        sa.select(e.c.id, e.c.body, e.c.sends, e.c.lane, e.c.first_sent_at, e.c.clears, e.c.asked)
        .where(e.c.connection_id == turn.id, e.c.state == "resend", e.c.settle_at <= turn.now)
        .order_by(e.c.first_sent_at)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    if turn.description.limits.paces:
        sent = reload(turn, row._mapping)
        cost = turn.provider.cost(sent.exchange.operations)
        if not tokens.let(cost, row.lane):
            return None
        tokens.take(cost)
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
    query = sa.select(sa.func.count()).where(e.c.connection_id == turn.id, e.c.state.in_(["sent", "asked"]))
    return int(turn.connection.execute(query).scalar_one())


def _busy(turn: Turn) -> set[str]:
    o = t.operations
    query = sa.select(o.c.touches).where(
        o.c.connection_id == turn.id, o.c.state.in_(["out", "uncertain"]), o.c.touches != ""
    )
    return {key for (touches,) in turn.connection.execute(query) for key in touches.split()}


def _choose(turn: Turn, tokens: Tokens, *, free: int, only_sign_in: bool, alone: bool = False) -> list[Ready]:
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
    if free < 2 <= turn.description.limits.open_exchanges:
        query = query.where(o.c.lane != int(Lane.BULK))
    supervised = canary.left(turn)
    if supervised == 0:
        query = query.where(o.c.verb.not_in([verb.value for verb in canary.WRITES]))
    busy: set[str] | None = None
    chosen: list[Ready] = []
    together, taken = ("", 0, ""), set[str]()
    limit, paced = turn.description.limits.operations_per_exchange, bool(turn.description.limits.paces)
    if supervised:
        limit = min(limit, supervised)
    for row in turn.connection.execute(query):
        if busy is None:
            busy = _busy(turn)
        ready = Ready(row=row)
        if ready.touches & busy or ready.touches & taken:
            continue
        bare = bare_operation(ready)
        name = turn.provider.envelope(bare)
        if not chosen:
            if paced and not tokens.let(turn.provider.cost([bare]), row.lane):
                continue
            together = (name, row.lane, row.apart)
        elif (name, row.lane, row.apart) != together:
            continue
        chosen.append(ready)
        taken |= ready.touches
        if alone or not name or len(chosen) >= limit:
            break
    return chosen


def _turn_of(turn: Turn) -> sa.ColumnElement[float]:
    """The order of work: by lane, but a look for changes or the catalog that has waited goes before live work.

    Look-ups go before what waits for their answers.
    """
    o = t.operations
    waited = sa.and_(
        o.c.lane.in_([int(Lane.CHANGES), int(Lane.CATALOG)]), o.c.created_at <= turn.now - turn.scaled(30)
    )
    lane = sa.cast(o.c.lane, sa.Float)
    return sa.case((waited, 0.5), (o.c.verb == Verb.FIND.value, lane - 0.25), else_=lane)


def _postpone(turn: Turn, later: Later) -> None:
    """Tried again by itself after a while; others go meanwhile."""
    o, ready = t.operations, later.ready
    # Never at once: whoever carries would come back to it without end.
    not_before = max(turn.backoff(3), turn.now + turn.scaled(60))
    turn.connection.execute(
        o.update().where(o.c.id == ready.id).values(not_before=not_before, reason=str(later))
    )
    if ready.source is not None:
        remedy = "Nothing to do: it is tried again by itself. If this stays, look at the store of files of BlueOps."
        move = Move(
            ref=ready.source,
            revision=ready.row.revision,
            state=State.WAITING,
            reason=str(later),
            remedy=remedy,
        )
        outbox.move(turn.connection, turn.tenant_id, [move], turn.now)


def _hold(turn: Turn, ready: Ready, sentence: str, *, waits_for: RecordRef | None = None) -> None:
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
            waits_for=None if waits_for is None else str(waits_for),
        )
        outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
        turn.note("held", str(ready.source), reason=sentence)
    elif (waiting := numbers.waits_for(turn, ready)) is not None:
        # Its number cannot be asked for, so it must not be created; what is newer of it, or waits for it, goes on.
        _hold(turn, waiting, sentence)
        if waiting.source is not None:
            no_longer_busy(turn, waiting.source)
            outbox.wake(turn.connection, turn.tenant_id, [waiting.source], turn.now)


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
            "clears": exchange.clears or None,
            "kept_there": turn.now if status.is_kept_there(turn, exchange.operations) else None,
        },
    )
    connection.execute(
        o.update()
        .where(o.c.id.in_([ready.id for ready in chosen]))
        .values(state="out", exchange_id=exchange.id, attempts=o.c.attempts + 1)
    )
    canary.took(turn, [Verb(ready.row.verb) for ready in chosen])
    moves = [
        Move(ref=ready.source, revision=ready.row.revision, state=State.OUT)
        for ready in chosen
        if ready.source is not None
    ]
    outbox.move(connection, turn.tenant_id, moves, turn.now)
    sources = " ".join(str(move.ref) for move in moves)
    if moves:
        turn.note("sent", f"exchange {exchange.id}", numbers=sources)
    ready_by_id = {str(ready.id): ready for ready in chosen}
    turn.sent = Sent(exchange=exchange, ready=ready_by_id, profile=turn.profile)
    return Outgoing(exchange_id=exchange.id, connection_id=turn.id, body=body, deadline=deadline)
