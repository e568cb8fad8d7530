"""Retention: empties what was said of settled work once it is old enough; ids, numbers and states stay.

Purged are payloads that nothing needs any more: of events that came to an end, of operations that are closed and whose
exchange is, the text of closed conflicts, hints that were worked. Never purged is what is open, uncertain or held, what
an exchange of unknown fate would be settled by, and what both sides are compared with: documents, links with their
bases, the mirror, postings. Everything goes in small transactions, so that nobody waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine.outbox import END_STATES, OPEN_STATES
from blueops_qb.sdk.core import Core
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now

#: Days after settlement, unless the company has entered another number.
USUAL_DAYS = 90
KEY, AUDIT_KEY = "retention_days", "audit_text_days"
#: Rows of one transaction.
BATCH = 500
CLOSED = ("done", "failed", "cancelled")
#: What a settled conflict says is emptied, what it was about and who chose what stays; nothing can be undone then.
SAID_NO_MORE: dict[str, Any] = {
    **dict.fromkeys(("base", "ours", "theirs")),
    **dict.fromkeys(("reason", "remedy", "options_json", "before_json"), ""),
}
#: Hints say nothing but "look": once worked they are only of use to whoever looks into yesterday.
HINT_DAYS = 7


@attrs.frozen(kw_only=True)
class Purged:
    """How many rows were emptied or deleted."""

    events: int = 0
    operations: int = 0
    exchanges: int = 0
    conflicts: int = 0
    audit_texts: int = 0
    hints: int = 0
    messages: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(attrs.astuple(self))


def days(core: Core, tenant_id: str) -> tuple[int, int]:
    """(days that payloads are kept, days that audit texts are kept), 0 = for ever; what is no number is the usual."""
    entered = core.settings(tenant_id)
    payloads, texts = entered.get(KEY, ""), entered.get(AUDIT_KEY, "")
    return (
        int(payloads) if payloads.isdecimal() else USUAL_DAYS,
        int(texts) if texts.isdecimal() else 0,
    )


def purge(core: Core, tenant_id: str) -> Purged:
    """Empty what is old enough; run again at any time, it goes on where it ended."""
    with core.engine.connect() as connection:
        now = db_now(connection)
    payload_days, text_days = days(core, tenant_id)
    step = _Steps(core=core, tenant_id=tenant_id)
    found = Purged(hints=step.hints(now - dt.timedelta(days=HINT_DAYS)))
    if payload_days:
        before = now - dt.timedelta(days=payload_days)
        found = attrs.evolve(
            found,
            events=step.events(before),
            operations=step.operations(before),
            exchanges=step.exchanges(before),
            conflicts=step.conflicts(before),
            messages=step.messages(before, now),
        )
    if text_days:
        found = attrs.evolve(found, audit_texts=step.audit_texts(now - dt.timedelta(days=text_days)))
    return found


@attrs.frozen(kw_only=True)
class _Steps:
    core: Core
    tenant_id: str

    def events(self, before: dt.datetime) -> int:
        o = t.outbox
        where = (
            o.c.tenant_id == self.tenant_id,
            o.c.state.in_([state.value for state in END_STATES]),
            o.c.at < before,
            o.c.payload != "",
        )
        return self._empty(o, o.c.id, where, {"payload": ""})

    def operations(self, before: dt.datetime) -> int:
        o, e = t.operations, t.exchanges
        open_exchange = sa.exists().where(e.c.id == o.c.exchange_id, e.c.state != "closed")
        said = sa.or_(
            o.c.content.is_not(None), o.c.previous.is_not(None), o.c.params_json != "", o.c.reason != ""
        )
        where = (
            o.c.connection_id.in_(self._connections()),
            o.c.state.in_(CLOSED),
            o.c.closed_at < before,
            said,
            ~open_exchange,
            ~self._unsettled(o.c.document_id),
        )
        values = {"content": None, "previous": None, "params_json": "", "reason": ""}
        return self._empty(o, o.c.id, where, values)

    def exchanges(self, before: dt.datetime) -> int:
        e = t.exchanges
        said = sa.or_(sa.func.length(e.c.body) > 0, e.c.note != "")
        where = (
            e.c.connection_id.in_(self._connections()),
            e.c.state == "closed",
            e.c.closed_at < before,
            said,
        )
        return self._empty(e, e.c.id, where, {"body": b"", "note": ""})

    def messages(self, before: dt.datetime, now: dt.datetime) -> int:
        """That and when they were erased stays."""
        m, e = t.messages, t.exchanges
        open_exchange = sa.exists().where(e.c.id == m.c.exchange_id, e.c.state != "closed")
        where = (
            m.c.connection_id.in_(self._connections()),
            m.c.kept_at < before,
            m.c.erased_at.is_(None),
            ~open_exchange,
        )
        values = {"request": "", "answer": "", "erased_at": now}
        return self._empty(m, m.c.exchange_id, where, values)

    def conflicts(self, before: dt.datetime) -> int:
        c = t.conflicts
        said = sa.or_(c.c.base.is_not(None), c.c.ours.is_not(None), c.c.theirs.is_not(None), c.c.reason != "")
        where = (
            c.c.connection_id.in_(self._connections()),
            c.c.state != "open",
            c.c.closed_at < before,
            said,
        )
        return self._empty(c, c.c.id, where, SAID_NO_MORE)

    def audit_texts(self, before: dt.datetime) -> int:
        """The oldest texts are looked at until one is young enough; numbers rise with time."""
        a, p = t.audit, t.audit_payloads
        count = 0
        while True:
            with self.core.begin(self.tenant_id) as tx:
                query = (
                    sa.select(p.c.seq, a.c.at)
                    .select_from(p.join(a, sa.and_(a.c.tenant_id == p.c.tenant_id, a.c.seq == p.c.seq)))
                    .where(p.c.tenant_id == self.tenant_id)
                    .order_by(p.c.seq)
                    .limit(BATCH)
                )
                rows = tx.connection.execute(query).all()
                old = [row.seq for row in rows if row.at < before]
                if old:
                    tx.connection.execute(p.delete().where(p.c.tenant_id == self.tenant_id, p.c.seq.in_(old)))
            count += len(old)
            if len(old) < BATCH:
                return count

    def hints(self, before: dt.datetime) -> int:
        """Worked ones by their age; ones of a company that is connected no more as well."""
        h, c = t.hints, t.connections
        mine = sa.exists().where(
            c.c.tenant_id == self.tenant_id, c.c.provider == h.c.provider, c.c.company_id == h.c.company_id
        )
        alive = sa.exists().where(
            c.c.provider == h.c.provider, c.c.company_id == h.c.company_id, c.c.state != "retired"
        )
        where = (mine, h.c.received_at < before, sa.or_(h.c.processed_at.is_not(None), ~alive))
        return self._batches(h, h.c.id, where, lambda ids: h.delete().where(h.c.id.in_(ids)))

    def _unsettled(self, document_id: Any) -> sa.ColumnElement[bool]:
        """The document is in doubt, or somebody is still to decide about it or its record."""
        d, o, c = t.documents, t.outbox, t.conflicts
        event = sa.exists().where(
            o.c.tenant_id == self.tenant_id,
            o.c.ref_kind == d.c.source_kind,
            o.c.ref_id == d.c.source_id,
            o.c.state.in_([state.value for state in OPEN_STATES]),
        )
        conflict = sa.exists().where(c.c.document_id == d.c.id, c.c.state == "open")
        return sa.exists().where(d.c.id == document_id, sa.or_(d.c.state == "doubtful", event, conflict))

    # -- how -----------------------------------------------------------------------------------------
    def _connections(self) -> sa.Select[tuple[str]]:
        c = t.connections
        return sa.select(c.c.id).where(c.c.tenant_id == self.tenant_id)

    def _empty(self, table: sa.Table, key: Any, where: tuple[Any, ...], values: dict[str, Any]) -> int:
        return self._batches(
            table, key, where, lambda ids: table.update().where(key.in_(ids)).values(**values)
        )

    def _batches(
        self, table: sa.Table, key: Any, where: tuple[Any, ...], act: Callable[[list[Any]], Any]
    ) -> int:
        """Go through the keys once, a batch per transaction; the condition is asked again where it is written."""
        count, last = 0, None
        while True:
            onward = () if last is None else (key > last,)
            with self.core.engine.connect() as connection:
                query = sa.select(key).select_from(table).where(*where, *onward).order_by(key).limit(BATCH)
                ids = list(connection.execute(query).scalars())
            if not ids:
                return count
            with self.core.begin(self.tenant_id) as tx:
                count += int(tx.connection.execute(act(ids).where(*where)).rowcount)
            last = ids[-1]
