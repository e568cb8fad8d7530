"""Backfill: brings older documents of a stretch of days to the books, page by page, below live work.

Core's records are walked by revision, first to count and then to queue; the position is stored with what was queued,
so that a kill loses nothing and repeats nothing. No more is queued than is soon worked off, so that memory and tables
stay small however much there is.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.backfill_match import find_there
from blueops_qb.engine.dates import date_of
from blueops_qb.engine.known import load_known
from blueops_qb.engine.outbox import Hold, State, ref_condition
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.provider import Lane
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import micros, new_id

#: What is dated; customers, jobs and vendors are written when a document names them.
KINDS = (
    RecordKind.INVOICE,
    RecordKind.CREDIT,
    RecordKind.PAYMENT,
    RecordKind.REFUND,
    RecordKind.PAYMENT_RETURN,
    RecordKind.PAYOUT,
    RecordKind.EXPENSE,
)
#: Records looked at in one transaction, and how much may be queued and not worked off.
PAGE, AHEAD = 250, 500
_MOVING = (State.PENDING.value, State.WAITING.value, State.OUT.value, State.UNCERTAIN.value)


class BackfillState(enum.StrEnum):
    """Where a backfill stands."""

    #: Core's records are being counted; nothing is queued yet.
    COUNTING = "counting"
    #: Records are queued and written.
    RUNNING = "running"
    #: Somebody paused it; what was queued already goes on.
    PAUSED = "paused"
    #: Everything was queued and worked off; what is held waits for a person.
    DONE = "done"
    #: Somebody ended it; what was written stays.
    CANCELLED = "cancelled"


#: Those that a connection has at most one of.
UNDER_WAY = (BackfillState.COUNTING, BackfillState.RUNNING, BackfillState.PAUSED)


class CannotBackfill(ValueError):
    """A backfill cannot be started, paused, resumed or cancelled now; the sentence says why and what to do."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far a backfill has come. `rate` is records per minute, `left` seconds; both None before anything is known."""

    id: int
    first: dt.date
    last: dt.date
    state: BackfillState
    total: int
    #: In the books, or rightly not posted.
    done: int
    #: Waits for a person.
    held: int
    #: Waits for its turn, for another record or for an answer.
    moving: int
    rate: float | None
    left: float | None

    @property
    def sentence(self) -> str:
        """One line for people."""
        span = f"{self.first.isoformat()} to {self.last.isoformat()}"
        if self.state is BackfillState.COUNTING:
            return f"Backfill {span}: {self.total} records counted so far; nothing is written yet."
        share = f"{self.done} of {self.total} records"
        held = f", {self.held} wait for you" if self.held else ""
        rate = f", {self.rate:.0f} a minute" if self.rate else ""
        left = f", about {_span(self.left)} left" if self.left is not None and self.left >= 1 else ""
        return f"Backfill {span} is {self.state.value}: {share} done{held}{rate}{left}."


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


# -- what people do ------------------------------------------------------------------------------------
def start(turn: Turn, first: dt.date, last: dt.date, *, actor: str) -> int:
    """Ask for the documents dated from `first` to `last`; answers the backfill's id. Raises CannotBackfill."""
    if last < first:
        raise CannotBackfill(f"The last day, {last}, is before the first, {first}: change one of the two.")
    if turn.row["state"] != "live":
        raise CannotBackfill(
            "The books are not live yet: accept the match plan first, then start the backfill."
        )
    present = current(turn.connection, turn.id)
    if present is not None:
        raise CannotBackfill(
            f"A backfill from {present.first_day} to {present.last_day} is {present.state}: wait until it is done, "
            "or cancel it first."
        )
    id = new_id()
    insert_all(
        turn.connection,
        t.backfills,
        [
            {
                "id": id,
                "connection_id": turn.id,
                "first_day": first,
                "last_day": last,
                "state": BackfillState.COUNTING.value,
                "asked_by": actor,
                "asked_at": turn.now,
            }
        ],
    )
    turn.set(backfill_id=id)
    turn.note("backfill asked", f"backfill {id}", numbers=f"{first} to {last}", actor=actor)
    return id


def pause(turn: Turn, *, actor: str) -> None:
    """Queue nothing more until resumed; raises CannotBackfill when none is under way."""
    row = _one(turn, BackfillState.COUNTING, BackfillState.RUNNING)
    _set(turn, row.id, state=BackfillState.PAUSED.value, paused_at=turn.now)
    turn.note("backfill paused", f"backfill {row.id}", actor=actor)


def resume(turn: Turn, *, actor: str) -> None:
    """Go on where it stood; raises CannotBackfill when none is paused."""
    row = _one(turn, BackfillState.PAUSED)
    rested = row.rested_us + max(0, micros(turn.now) - micros(row.paused_at or turn.now))
    state = BackfillState.RUNNING if row.started_at is not None else BackfillState.COUNTING
    _set(turn, row.id, state=state.value, paused_at=None, rested_us=rested)
    turn.note("backfill resumed", f"backfill {row.id}", actor=actor)


def cancel(turn: Turn, *, actor: str) -> None:
    """End it; what was not planned yet is held as before, what was written stays. Raises CannotBackfill."""
    row = _one(turn, *UNDER_WAY)
    o = t.outbox
    turn.connection.execute(
        o.update()
        .where(o.c.tenant_id == turn.tenant_id, o.c.state == State.PENDING.value, o.c.backfill_id == row.id)
        .values(
            state=State.HELD.value,
            hold=Hold.MATCH.value,
            reason="the backfill that it belonged to was cancelled",
            remedy="Start a backfill for its day again, or leave it.",
            at=turn.now,
        )
    )
    _set(turn, row.id, state=BackfillState.CANCELLED.value, closed_at=turn.now)
    turn.set(backfill_id=None)
    turn.note("backfill cancelled", f"backfill {row.id}", actor=actor)


def current(connection: sa.Connection, connection_id: str) -> Any | None:
    """The backfill that is under way, as it is stored."""
    b = t.backfills
    query = sa.select(b).where(
        b.c.connection_id == connection_id, b.c.state.in_([state.value for state in UNDER_WAY])
    )
    return connection.execute(query).one_or_none()


def _one(turn: Turn, *states: BackfillState) -> Any:
    row = current(turn.connection, turn.id)
    if row is None or row.state not in {state.value for state in states}:
        stands = "none is under way" if row is None else f"it is {row.state}"
        raise CannotBackfill(f"This cannot be done to the backfill now: {stands}.")
    return row


def _set(turn: Turn, id: int, **values: Any) -> None:
    b = t.backfills
    turn.connection.execute(b.update().where(b.c.id == id), values)


def covered(turn: Turn, records: Iterable[Record]) -> frozenset[RecordRef]:
    """Those that were asked for by a backfill that is not cancelled."""
    b = t.backfills
    query = sa.select(b.c.first_day, b.c.last_day).where(
        b.c.connection_id == turn.id, b.c.state != BackfillState.CANCELLED.value
    )
    spans = [(row.first_day, row.last_day) for row in turn.connection.execute(query)]
    return frozenset(
        record.ref for record in records if any(first <= date_of(record) <= last for first, last in spans)
    )


# -- how it goes on ------------------------------------------------------------------------------------
def step(turn: Turn) -> bool:
    """Count or queue one page, where a backfill is under way; True when the next page need not wait."""
    if turn.row["backfill_id"] is None or turn.row["state"] != "live":
        return False
    row = current(turn.connection, turn.id)
    if row is None or row.state == BackfillState.PAUSED.value:
        return False
    if row.state == BackfillState.COUNTING.value:
        _count(turn, row)
        return True
    if _ahead(turn, row.id) >= AHEAD:
        return False
    return _queue(turn, row)


def _page(turn: Turn, since: int) -> list[Snapshot]:
    return list(turn.core.iterate(turn.tenant_id, since_revision=since, kinds=KINDS, limit=PAGE))


def _within(row: Any, page: Iterable[Snapshot]) -> list[Snapshot]:
    return [
        snapshot
        for snapshot in page
        if not snapshot.deleted
        and snapshot.merged_into is None
        and row.first_day <= date_of(snapshot.record) <= row.last_day
    ]


def _count(turn: Turn, row: Any) -> None:
    page = _page(turn, row.counted_to)
    values: dict[str, Any] = {"total": row.total + len(_within(row, page))}
    if page:
        values["counted_to"] = max(snapshot.revision for snapshot in page)
    if len(page) < PAGE:
        values |= {"state": BackfillState.RUNNING.value, "started_at": turn.now}
    _set(turn, row.id, **values)


def _queue(turn: Turn, row: Any) -> bool:
    # What changes from now on has its own event; the walk ends where the count ended.
    page = [s for s in _page(turn, row.queued_to) if s.revision <= row.counted_to]
    wanted = _within(row, page)
    if wanted:
        find_there(turn, wanted)
        _enqueue(turn, row.id, wanted)
    if page:
        _set(
            turn,
            row.id,
            queued_to=max(snapshot.revision for snapshot in page),
            queued=row.queued + len(wanted),
        )
        return True
    if not _ahead(turn, row.id):
        _set(turn, row.id, state=BackfillState.DONE.value, closed_at=turn.now)
        turn.set(backfill_id=None)
        turn.note("backfill done", f"backfill {row.id}", numbers=f"{row.queued} records")
    return False


def _enqueue(turn: Turn, id: int, wanted: list[Snapshot]) -> None:
    """What is linked already, or on its way, is left alone; what was held as older goes on; the rest gets a row."""
    o = t.outbox
    linked = {
        known.key.source
        for known in load_known(turn.connection, turn.id, [s.ref for s in wanted]).values()
        if known.linked or known.open
    }
    todo = {s.ref: s for s in wanted if s.ref not in linked}
    if not todo:
        return
    mine = (o.c.tenant_id == turn.tenant_id, ref_condition(o.c.ref_kind, o.c.ref_id, todo))
    seen = {
        (row.ref_kind, row.ref_id): row.revision
        for row in turn.connection.execute(
            sa.select(o.c.ref_kind, o.c.ref_id, sa.func.max(o.c.revision).label("revision"))
            .where(*mine)
            .group_by(o.c.ref_kind, o.c.ref_id)
        )
    }
    turn.connection.execute(
        o.update()
        .where(*mine, o.c.state == State.HELD.value, o.c.hold == Hold.MATCH.value)
        .values(state=State.PENDING.value, reason=None, remedy=None, hold=None, backfill_id=id, at=turn.now)
    )
    # What has happened since the company went live is due anyhow; a backfill that is cancelled must not keep it.
    before = [] if turn.row["live_since"] is None else [o.c.occurred_at < turn.row["live_since"]]
    turn.connection.execute(
        o.update().where(*mine, o.c.state == State.PENDING.value, *before).values(backfill_id=id)
    )
    rows = [
        {**row_of(turn.tenant_id, snapshot, turn.now), "backfill_id": id}
        for ref, snapshot in todo.items()
        if seen.get((ref.kind.value, ref.id), -1) < snapshot.revision
    ]
    insert_all(turn.connection, o, rows)


def _ahead(turn: Turn, id: int) -> int:
    """How much is queued and not worked off: what waits for another record only does not count."""
    o, p = t.outbox, t.operations
    pending = sa.select(sa.func.count()).where(
        o.c.tenant_id == turn.tenant_id, o.c.state == State.PENDING.value, o.c.backfill_id == id
    )
    ready = sa.select(sa.func.count()).where(
        p.c.connection_id == turn.id,
        p.c.state.in_(["ready", "out", "uncertain"]),
        p.c.lane == int(Lane.BULK),
        p.c.document_id.is_not(None),
    )
    return int(turn.connection.execute(pending).scalar_one()) + int(
        turn.connection.execute(ready).scalar_one()
    )


# -- how far it is -------------------------------------------------------------------------------------
def progress(
    connection: sa.Connection, connection_id: str, tenant_id: str, now: dt.datetime
) -> Progress | None:
    """How far the newest backfill of the connection is; None when there never was one."""
    b, o = t.backfills, t.outbox
    row = connection.execute(
        sa.select(b).where(b.c.connection_id == connection_id).order_by(b.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    open_states = [*_MOVING, State.HELD.value, State.CONFLICT.value]
    query = (
        sa.select(o.c.state, sa.func.count())
        .where(o.c.tenant_id == tenant_id, o.c.backfill_id == row.id, o.c.state.in_(open_states))
        .group_by(o.c.state)
    )
    counts = {str(found[0]): int(found[1]) for found in connection.execute(query)}
    moving = sum(counts.get(state, 0) for state in _MOVING)
    held = counts.get(State.HELD.value, 0) + counts.get(State.CONFLICT.value, 0)
    done = max(0, row.queued - moving - held)
    rate = _rate(row, done, now)
    left = 60 * (row.total - done - held) / rate if rate and row.closed_at is None else None
    return Progress(
        id=row.id,
        first=row.first_day,
        last=row.last_day,
        state=BackfillState(row.state),
        total=row.total,
        done=done,
        held=held,
        moving=moving,
        rate=rate,
        left=None if left is None else max(0.0, round(left, 1)),
    )


def _rate(row: Any, done: int, now: dt.datetime) -> float | None:
    if row.started_at is None or not done:
        return None
    until = row.closed_at or row.paused_at or now
    seconds = (micros(until) - micros(row.started_at) - row.rested_us) / 1_000_000
    return round(60 * done / seconds, 1) if seconds > 0 else None
