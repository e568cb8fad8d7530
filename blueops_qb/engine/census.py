"""Census: where every event and record stands, for pages, command line and proof that nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.outbox import State
from blueops_qb.store import tables as t


@attrs.frozen(kw_only=True)
class EventLine:
    """The newest event of a record, as a list shows it."""

    ref: RecordRef
    action: str
    revision: int
    state: State
    reason: str
    remedy: str
    at: dt.datetime
    books_kind: str = ""
    books_id: str = ""


def states(connection: sa.Connection, tenant_id: str) -> dict[str, int]:
    """Events by state; their sum is the number of events taken in."""
    o = t.outbox
    query = sa.select(o.c.state, sa.func.count()).where(o.c.tenant_id == tenant_id).group_by(o.c.state)
    counted: dict[str, int] = dict(tuple(row) for row in connection.execute(query))
    return {state.value: counted.get(state.value, 0) for state in State}


def lines(
    connection: sa.Connection,
    tenant_id: str,
    *,
    connection_id: str | None = None,
    states: Sequence[State] = (),
    kinds: Sequence[RecordKind] = (),
    text: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[tuple[int, EventLine]]:
    """(key, newest event of a record), newest first, keyset-paged: pass the last key as `before`."""
    o, d, lk = t.outbox, t.documents, t.links
    newer = o.alias("newer")
    where = [
        o.c.tenant_id == tenant_id,
        ~sa.exists().where(
            newer.c.tenant_id == o.c.tenant_id,
            newer.c.ref_kind == o.c.ref_kind,
            newer.c.ref_id == o.c.ref_id,
            sa.or_(
                newer.c.revision > o.c.revision,
                sa.and_(newer.c.revision == o.c.revision, newer.c.id > o.c.id),
            ),
        ),
    ]
    if states:
        where.append(o.c.state.in_([s.value for s in states]))
    if kinds:
        where.append(o.c.ref_kind.in_([k.value for k in kinds]))
    if text:
        where.append(
            sa.or_(o.c.ref_id == text, o.c.payload.ilike(f"%{text}%"), o.c.reason.ilike(f"%{text}%"))
        )
    if before is not None:
        where.append(o.c.id < before)
    on_document = sa.and_(
        d.c.connection_id == (connection_id or ""),
        d.c.source_kind == o.c.ref_kind,
        d.c.source_id == o.c.ref_id,
        d.c.role == "main",
        d.c.part == 1,
    )
    query = (
        sa.select(
            o.c.id,
            o.c.ref_kind,
            o.c.ref_id,
            o.c.action,
            o.c.revision,
            o.c.state,
            o.c.reason,
            o.c.remedy,
            o.c.at,
            lk.c.books_kind,
            lk.c.books_id,
        )
        .select_from(
            o.outerjoin(d, on_document).outerjoin(
                lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")
            )
        )
        .where(*where)
        .order_by(o.c.id.desc())
        .limit(limit)
    )
    return [
        (
            row.id,
            EventLine(
                ref=RecordRef(_kind(row.ref_kind), row.ref_id),
                action=row.action,
                revision=row.revision,
                state=State(row.state),
                reason=row.reason or "",
                remedy=row.remedy or "",
                at=row.at,
                books_kind=row.books_kind or "",
                books_id=row.books_id or "",
            ),
        )
        for row in connection.execute(query)
    ]


def _kind(text: str) -> RecordKind:
    """The kind; a word that this release does not know is shown as it stands."""
    return RecordKind(text) if text in set(RecordKind) else cast(RecordKind, text)


def open_conflicts(
    connection: sa.Connection, connection_id: str, *, before: int | None = None, limit: int | None = None
) -> list[sa.RowMapping]:
    """Conflicts that wait for a choice, newest first, keyset-paged: pass the last one's id as `before`."""
    c = t.conflicts
    query = (
        sa.select(c).where(c.c.connection_id == connection_id, c.c.state == "open").order_by(c.c.id.desc())
    )
    if before is not None:
        query = query.where(c.c.id < before)
    if limit is not None:
        query = query.limit(limit)
    return list(connection.execute(query).mappings())


def count_conflicts(connection: sa.Connection, connection_id: str) -> int:
    """How many conflicts wait for a choice."""
    c = t.conflicts
    query = sa.select(sa.func.count()).where(c.c.connection_id == connection_id, c.c.state == "open")
    return int(connection.execute(query).scalar_one())


def quiet(connection: sa.Connection, tenant_id: str, connection_id: str) -> bool:
    """Nothing is on its way, waiting for its turn or to be compared."""
    o, p, m = t.outbox, t.operations, t.mirror
    moving = [State.PENDING.value, State.WAITING.value, State.OUT.value, State.UNCERTAIN.value]
    queries = (
        sa.select(o.c.id).where(o.c.tenant_id == tenant_id, o.c.state.in_(moving)),
        sa.select(p.c.id).where(
            p.c.connection_id == connection_id, p.c.state.in_(["ready", "out", "uncertain"])
        ),
        sa.select(m.c.books_id).where(m.c.connection_id == connection_id, m.c.dirty.is_(True)),
    )
    return not any(connection.execute(query.limit(1)).first() for query in queries)
