"""Outbox: every event stands in exactly one state, and this is the only place that moves it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.store import tables as t


class State(enum.StrEnum):
    """Where an event stands."""

    #: Not planned yet.
    PENDING = "pending"
    #: Planned; waits for its turn or for another record, see `reason`.
    WAITING = "waiting"
    #: On its way to the books.
    OUT = "out"
    #: Sent, and nobody knows yet whether it arrived.
    UNCERTAIN = "uncertain"
    #: Waits for a person; `reason` and `remedy` say why and what to do.
    HELD = "held"
    #: Both sides changed the same; waits for a choice.
    CONFLICT = "conflict"
    #: The books agree with it.
    DONE = "done"
    #: A newer event of the same record took its place.
    SUPERSEDED = "superseded"
    #: Rightly has no place in the books, see `reason`.
    NOT_POSTED = "not_posted"


END_STATES = frozenset({State.DONE, State.SUPERSEDED, State.NOT_POSTED})
OPEN_STATES = tuple(state for state in State if state not in END_STATES)


class Hold(enum.StrEnum):
    """The kind of a hold or wait; it decides what wakes it."""

    MAPPING = "mapping"
    REFUSED = "refused"
    MATCH = "match"
    VARIANCE = "variance"
    MALFORMED = "malformed"
    DEFECT = "defect"
    MERGE = "merge"
    REMOVED = "removed"
    BUSY = "busy"
    #: Somebody held it back; nothing but a person wakes it.
    PERSON = "person"
    #: It may be in the books already; nothing is written before that is known.
    EXISTENCE = "existence"


@attrs.frozen(kw_only=True)
class Move:
    """Moves all open events of a record up to a revision into one state."""

    ref: RecordRef
    revision: int
    state: State
    reason: str | None = None
    remedy: str | None = None
    hold: str | None = None
    waits_for: str | None = None
    #: Leave events alone that wait for a person or for another change to end, or that have been put back to be planned.
    only_moving: bool = False


_o = t.outbox
# Literal, because a list of parameters cannot be bound in a bulk statement.
_IS_OPEN = _o.c.state.in_([sa.literal_column(f"'{state.value}'") for state in OPEN_STATES])
_later = t.outbox.alias("later")
# The newest event, where it waits for a change to end: it was put back since, so that what has landed is not all of it.
_IS_PUT_BACK = sa.and_(
    _o.c.state == sa.literal_column(f"'{State.WAITING.value}'"),
    _o.c.hold == sa.literal_column(f"'{Hold.BUSY.value}'"),
    ~sa.exists().where(
        _later.c.tenant_id == _o.c.tenant_id,
        _later.c.ref_kind == _o.c.ref_kind,
        _later.c.ref_id == _o.c.ref_id,
        _later.c.revision > _o.c.revision,
    ),
)
_IS_MOVING = sa.and_(
    _o.c.state.not_in([sa.literal_column(f"'{state}'") for state in ("pending", "held", "conflict")]),
    sa.not_(sa.func.coalesce(_IS_PUT_BACK, sa.false())),
)
_MOVE = (
    _o.update()
    .where(
        _o.c.tenant_id == sa.bindparam("b_tenant"),
        _o.c.ref_kind == sa.bindparam("b_kind"),
        _o.c.ref_id == sa.bindparam("b_id"),
        _o.c.revision <= sa.bindparam("b_revision"),
        _IS_OPEN,
        sa.or_(sa.bindparam("b_any"), _IS_MOVING),
    )
    .values(
        state=sa.bindparam("b_state"),
        reason=sa.bindparam("b_reason"),
        remedy=sa.bindparam("b_remedy"),
        hold=sa.bindparam("b_hold"),
        waits_for=sa.bindparam("b_waits"),
        at=sa.bindparam("b_at"),
    )
)
_SUPERSEDE = (
    _o.update()
    .where(
        _o.c.tenant_id == sa.bindparam("b_tenant"),
        _o.c.ref_kind == sa.bindparam("b_kind"),
        _o.c.ref_id == sa.bindparam("b_id"),
        _o.c.revision < sa.bindparam("b_revision"),
        _IS_OPEN,
    )
    .values(
        state=State.SUPERSEDED.value,
        reason=None,
        remedy=None,
        hold=None,
        waits_for=None,
        at=sa.bindparam("b_at"),
    )
)


def move(connection: sa.Connection, tenant_id: str, moves: Sequence[Move], now: dt.datetime) -> None:
    """Carry out moves with one statement."""
    if not moves:
        return
    connection.execute(
        _MOVE,
        [
            {
                "b_tenant": tenant_id,
                "b_kind": m.ref.kind.value,
                "b_id": m.ref.id,
                "b_revision": m.revision,
                "b_state": m.state.value,
                "b_reason": m.reason,
                "b_remedy": m.remedy,
                "b_hold": m.hold,
                "b_waits": m.waits_for,
                "b_at": now,
                "b_any": not m.only_moving,
            }
            for m in moves
        ],
    )


def supersede(
    connection: sa.Connection, tenant_id: str, newest: Iterable[tuple[RecordRef, int]], now: dt.datetime
) -> None:
    """Events older than the newest one of their record are superseded."""
    rows = [
        {"b_tenant": tenant_id, "b_kind": ref.kind.value, "b_id": ref.id, "b_revision": revision, "b_at": now}
        for ref, revision in newest
    ]
    if rows:
        connection.execute(_SUPERSEDE, rows)


def wake(
    connection: sa.Connection,
    tenant_id: str,
    refs: Sequence[RecordRef],
    now: dt.datetime,
    *,
    only: RecordKind | None = None,
) -> None:
    """What waited for these records is planned again; `only`: records of this kind."""
    if refs:
        kinds = [] if only is None else [_o.c.ref_kind == only.value]
        connection.execute(
            _o.update()
            .where(
                _o.c.tenant_id == tenant_id,
                _o.c.state.in_([State.WAITING.value, State.HELD.value]),
                _o.c.waits_for.in_([str(ref) for ref in refs]),
                *kinds,
            )
            .values(state=State.PENDING.value, reason=None, remedy=None, waits_for=None, hold=None, at=now)
        )


def again(
    connection: sa.Connection,
    tenant_id: str,
    now: dt.datetime,
    *,
    refs: Sequence[RecordRef] | None = None,
    states: Sequence[State] = (State.HELD,),
    holds: Sequence[Hold] | None = None,
) -> int:
    """Put events back to pending: of some records, states or kinds of hold; answers how many."""
    where: list[Any] = [_o.c.tenant_id == tenant_id, _o.c.state.in_([s.value for s in states])]
    if holds is not None:
        where.append(_o.c.hold.in_([h.value for h in holds]))
    if refs is not None:
        where.append(ref_condition(_o.c.ref_kind, _o.c.ref_id, refs))
    values = {"state": State.PENDING.value, "reason": None, "remedy": None, "hold": None, "waits_for": None}
    result = connection.execute(_o.update().where(*where).values(**values, at=now))
    return int(result.rowcount)


def reopen(
    connection: sa.Connection,
    tenant_id: str,
    ref: RecordRef,
    now: dt.datetime,
    state: State,
    reason: str | None,
    *,
    waits_for: str | None = None,
) -> int:
    """Put the newest event of a record into a state once more, although it had come to an end; answers how many."""
    newest = (
        sa.select(_o.c.id)
        .where(_o.c.tenant_id == tenant_id, _o.c.ref_kind == ref.kind.value, _o.c.ref_id == ref.id)
        .order_by(_o.c.revision.desc(), _o.c.id.desc())
        .limit(1)
    )
    id = connection.execute(newest).scalar_one_or_none()
    if id is None:
        return 0
    values = {"state": state.value, "reason": reason, "remedy": None, "hold": None, "waits_for": waits_for}
    return int(connection.execute(_o.update().where(_o.c.id == id).values(**values, at=now)).rowcount)


def ref_condition(kind: Any, id: Any, refs: Iterable[RecordRef]) -> sa.ColumnElement[bool]:
    """`(kind, id)` is one of `refs`."""
    by_kind: dict[str, list[str]] = {}
    for ref in refs:
        by_kind.setdefault(ref.kind.value, []).append(ref.id)
    arms = [sa.and_(kind == name, id.in_(sorted(set(ids)))) for name, ids in sorted(by_kind.items())]
    return sa.or_(*arms) if arms else sa.false()
