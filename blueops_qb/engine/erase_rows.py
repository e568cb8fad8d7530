"""Erase rows: the statements of an erasure, table by table; each says which rows it may touch and which never.

Rows stay; what can be read in them is emptied. Nothing that is open, on its way, held or in doubt is touched.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.outbox import END_STATES, OPEN_STATES, ref_condition
from blueops_qb.engine.retention import CLOSED, SAID_NO_MORE
from blueops_qb.store import tables as t

CHUNK = 400
_END = [state.value for state in END_STATES]
_OPEN = [state.value for state in OPEN_STATES]
#: Fields of a customer or vendor, ours or the books', that tell who it is.
_TELLING = {"name", "company", "given_name", "family_name", "email", "phone", "mobile", "line1", "line2"}


def chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Pieces that fit into one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


@attrs.frozen(kw_only=True)
class Rows:
    """Our tables, as one transaction sees them, for one tenant and all its connections, retired ones included."""

    connection: sa.Connection
    tenant_id: str

    def _mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        c = t.connections
        return table.c.connection_id.in_(sa.select(c.c.id).where(c.c.tenant_id == self.tenant_id))

    # -- what there is -------------------------------------------------------------------------------
    def documents(self, refs: Sequence[RecordRef]) -> list[int]:
        """Ids of the records' documents."""
        d = t.documents
        return [
            id
            for chunk in chunks(refs)
            for id in self.connection.execute(
                sa.select(d.c.id).where(self._mine(d), ref_condition(d.c.source_kind, d.c.source_id, chunk))
            ).scalars()
        ]

    def mentioning(self, ref: RecordRef) -> set[RecordRef]:
        """Records whose documents name the record; also such that core no longer has."""
        d = t.documents
        query = sa.select(d.c.source_kind, d.c.source_id).where(
            self._mine(d), d.c.content.contains(f'"{ref}"', autoescape=True)
        )
        kinds = set(RecordKind)
        return {
            RecordRef(RecordKind(kind), id) for kind, id in self.connection.execute(query) if kind in kinds
        }

    def events(self, refs: Sequence[RecordRef], *, states: Sequence[str] = (*_END, *_OPEN)) -> int:
        """How many events of the records are in these states."""
        o = t.outbox
        return sum(
            int(
                self.connection.execute(
                    sa.select(sa.func.count()).where(
                        o.c.tenant_id == self.tenant_id,
                        o.c.state.in_(states),
                        ref_condition(o.c.ref_kind, o.c.ref_id, chunk),
                    )
                ).scalar_one()
            )
            for chunk in chunks(refs)
        )

    def open_events(self, refs: Sequence[RecordRef]) -> int:
        """How many events of the records are on their way or wait for a person."""
        return self.events(refs, states=_OPEN)

    def open_operations(self, documents: Sequence[int]) -> int:
        """How many operations on the documents are not closed, or travel in an exchange that is not."""
        o, e = t.operations, t.exchanges
        open_exchange = sa.exists().where(e.c.id == o.c.exchange_id, e.c.state != "closed")
        return sum(
            int(
                self.connection.execute(
                    sa.select(sa.func.count()).where(
                        o.c.document_id.in_(chunk), sa.or_(o.c.state.not_in(CLOSED), open_exchange)
                    )
                ).scalar_one()
            )
            for chunk in chunks(documents)
        )

    def linked(self, documents: Sequence[int]) -> int:
        """How many of the documents have a live link."""
        lk = t.links
        return sum(
            int(
                self.connection.execute(
                    sa.select(sa.func.count()).where(lk.c.document_id.in_(chunk), lk.c.state == "live")
                ).scalar_one()
            )
            for chunk in chunks(documents)
        )

    def words(self, ref: RecordRef) -> set[str]:
        """What our history says of who the record is: names, addresses, numbers."""
        o, d, m, lk = t.outbox, t.documents, t.mirror, t.links
        mine = d.c.source_kind == ref.kind.value, d.c.source_id == ref.id
        queries = (
            sa.select(o.c.payload).where(
                o.c.tenant_id == self.tenant_id, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id
            ),
            sa.select(d.c.content).where(self._mine(d), *mine),
            sa.select(m.c.document)
            .join(
                lk,
                sa.and_(
                    lk.c.connection_id == m.c.connection_id,
                    lk.c.books_kind == m.c.kind,
                    lk.c.books_id == m.c.books_id,
                ),
            )
            .join(d, d.c.id == lk.c.document_id)
            .where(self._mine(d), *mine),
        )
        return {
            word
            for query in queries
            for text in self.connection.execute(query).scalars()
            for word in _told_in(text)
        }

    # -- what is emptied -----------------------------------------------------------------------------
    def empty_audit_texts(self, refs: Sequence[RecordRef], words: Iterable[str]) -> int:
        """Texts about the records, and those of whatever entry quotes the person."""
        a, p = t.audit, t.audit_payloads
        own = sa.and_(p.c.tenant_id == self.tenant_id, a.c.tenant_id == p.c.tenant_id, a.c.seq == p.c.seq)
        conditions: list[sa.ColumnElement[bool]] = [
            a.c.subject.in_([str(ref) for ref in chunk]) for chunk in chunks(refs)
        ]
        conditions += [_quotes(p.c.payload, word) for word in words]
        found: set[int] = set()
        for condition in conditions:
            found |= set(self.connection.execute(sa.select(p.c.seq).where(own, condition)).scalars())
        for chunk in chunks(sorted(found)):
            self.connection.execute(p.delete().where(p.c.tenant_id == self.tenant_id, p.c.seq.in_(chunk)))
        return len(found)

    def empty_events(self, refs: Sequence[RecordRef]) -> int:
        """Payloads and reasons of events that came to an end."""
        o = t.outbox
        said = sa.or_(o.c.payload != "", o.c.reason.is_not(None), o.c.remedy.is_not(None))
        return sum(
            self.connection.execute(
                o.update()
                .where(
                    o.c.tenant_id == self.tenant_id,
                    o.c.state.in_(_END),
                    ref_condition(o.c.ref_kind, o.c.ref_id, chunk),
                    said,
                )
                .values(payload="", reason=None, remedy=None)
            ).rowcount
            for chunk in chunks(refs)
        )

    def empty_operations(self, documents: Sequence[int], words: Iterable[str]) -> int:
        """Closed operations on the documents, and closed look-ups that quote the person."""
        o, e = t.operations, t.exchanges
        open_exchange = sa.exists().where(e.c.id == o.c.exchange_id, e.c.state != "closed")
        said = sa.or_(
            o.c.content.is_not(None), o.c.previous.is_not(None), o.c.params_json != "", o.c.reason != ""
        )
        conditions: list[sa.ColumnElement[bool]] = [o.c.document_id.in_(chunk) for chunk in chunks(documents)]
        conditions += [sa.or_(_quotes(o.c.params_json, word), _quotes(o.c.reason, word)) for word in words]
        return sum(
            self.connection.execute(
                o.update()
                .where(self._mine(o), o.c.state.in_(CLOSED), condition, said, ~open_exchange)
                .values(content=None, previous=None, params_json="", reason="")
            ).rowcount
            for condition in conditions
        )

    def empty_exchanges(self, words: Iterable[str]) -> int:
        """Remarks on closed exchanges that quote the person; their bytes were emptied when they closed."""
        e = t.exchanges
        return sum(
            self.connection.execute(
                e.update()
                .where(self._mine(e), e.c.state == "closed", _quotes(e.c.note, word))
                .values(note="", body=b"")
            ).rowcount
            for word in words
        )

    def empty_messages(self, documents: Sequence[int], words: Iterable[str], now: dt.datetime) -> int:
        """Messages that wrote the documents, whoever else was written by them, and those that quote the person."""
        m, o, e = t.messages, t.operations, t.exchanges
        open_exchange = sa.exists().where(e.c.id == m.c.exchange_id, e.c.state != "closed")
        conditions: list[sa.ColumnElement[bool]] = [
            m.c.exchange_id.in_(sa.select(o.c.exchange_id).where(o.c.document_id.in_(chunk)))
            for chunk in chunks(documents)
        ]
        conditions += [sa.or_(_quotes(m.c.request, w), _quotes(m.c.answer, w)) for w in words]
        return sum(
            self.connection.execute(
                m.update()
                .where(self._mine(m), m.c.erased_at.is_(None), condition, ~open_exchange)
                .values(request="", answer="", erased_at=now)
            ).rowcount
            for condition in conditions
        )

    def empty_conflicts(self, refs: Sequence[RecordRef], documents: Sequence[int]) -> int:
        """Conflicts that were decided."""
        c = t.conflicts
        said = sa.or_(c.c.base.is_not(None), c.c.ours.is_not(None), c.c.theirs.is_not(None), c.c.reason != "")
        conditions = [c.c.ref.in_([str(ref) for ref in chunk]) for chunk in chunks(refs)]
        conditions += [c.c.document_id.in_(chunk) for chunk in chunks(documents)]
        return sum(
            self.connection.execute(
                c.update().where(self._mine(c), c.c.state != "open", condition, said).values(**SAID_NO_MORE)
            ).rowcount
            for condition in conditions
        )

    def empty_matches(self, refs: Sequence[RecordRef]) -> int:
        """Rows of the match plan that were decided."""
        m = t.matches
        said = sa.or_(m.c.name != "", m.c.candidates != "", m.c.reason != "")
        return sum(
            self.connection.execute(
                m.update()
                .where(
                    self._mine(m),
                    m.c.decision.in_(["link", "create", "skip", "wait"]),
                    ref_condition(m.c.ref_kind, m.c.ref_id, chunk),
                    said,
                )
                .values(name="", candidates="", reason="")
            ).rowcount
            for chunk in chunks(refs)
        )

    def empty_choices(self, refs: Sequence[RecordRef]) -> int:
        """Why people accepted differences of the records, there and where comparisons list them."""
        c, f, r = t.record_choices, t.agreement_findings, t.agreement_runs
        count = 0
        for chunk in chunks(refs):
            count += self.connection.execute(
                c.update()
                .where(self._mine(c), ref_condition(c.c.ref_kind, c.c.ref_id, chunk), c.c.reason != "")
                .values(reason="")
            ).rowcount
            own = sa.exists().where(r.c.id == f.c.owner_id, self._mine(r))
            self.connection.execute(
                f.update()
                .where(own, f.c.sort == "accepted", f.c.ref.in_([str(ref) for ref in chunk]))
                .values(
                    sentence=f.c.ref + ": differs, and was accepted; the reason was erased", lines_json=""
                )
            )
        return count

    def empty_working_state(self, refs: Sequence[RecordRef]) -> dict[str, int]:
        """Documents without a live link of records that core no longer has, their old links, names and mirror."""
        counts = dict.fromkeys(("documents", "links", "mirror", "derived_names"), 0)
        d, lk, m, n, op = t.documents, t.links, t.mirror, t.derived_names, t.operations
        live = sa.exists().where(lk.c.document_id == d.c.id, lk.c.state == "live")
        moving = sa.exists().where(op.c.document_id == d.c.id, op.c.state.not_in(CLOSED))
        for chunk in chunks(refs):
            query = sa.select(d.c.id).where(
                self._mine(d),
                ref_condition(d.c.source_kind, d.c.source_id, chunk),
                d.c.state != "doubtful",
                ~live,
                ~moving,
            )
            ids = list(self.connection.execute(query).scalars())
            if not ids:
                continue
            # Without content it must not be taken for one that could still be written.
            counts["documents"] += self.connection.execute(
                d.update().where(d.c.id.in_(ids), d.c.content != "").values(content="", state="withdrawn")
            ).rowcount
            bases = sa.or_(lk.c.base_ours.is_not(None), lk.c.base_theirs.is_not(None))
            counts["links"] += self.connection.execute(
                lk.update()
                .where(lk.c.document_id.in_(ids), lk.c.state != "live", bases)
                .values(base_ours=None, base_theirs=None, beside="")
            ).rowcount
            # What the books still have comes back with its next change, and its name must stay reserved till then.
            place = sa.exists().where(
                lk.c.document_id.in_(ids),
                lk.c.connection_id == m.c.connection_id,
                lk.c.books_kind == m.c.kind,
                lk.c.books_id == m.c.books_id,
            )
            counts["mirror"] += self.connection.execute(
                m.delete().where(self._mine(m), m.c.deleted.is_(True), place)
            ).rowcount
            counts["derived_names"] += self.connection.execute(
                n.delete().where(self._mine(n), n.c.source.in_([str(ref) for ref in chunk]))
            ).rowcount
        return counts


def _quotes(column: Any, word: str) -> sa.ColumnElement[bool]:
    """The text holds the word as it is, or as JSON writes it."""
    escaped = json.dumps(word)[1:-1]
    plain: sa.ColumnElement[bool] = column.contains(word, autoescape=True)
    return plain if escaped == word else sa.or_(plain, column.contains(escaped, autoescape=True))


def _told_in(text: str | None) -> Iterator[str]:
    try:
        value = json.loads(text or "null")
    except ValueError:
        return
    yield from _telling(value.get("record", value) if isinstance(value, dict) else value)


def _telling(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _TELLING and isinstance(inner, str):
                yield inner
            else:
                yield from _telling(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _telling(inner)
