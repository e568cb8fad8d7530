"""Explain: all that stands behind one record: events, rule, versions, exact messages, debits and credits, and why.

It reads only, runs the same posting rules as planning with a trace, and works for records that are pending, held, done
or came from the books.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
import logging
import re
from collections.abc import Iterable
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import Document
from blueops_qb.domain.posting.context import Blocked, NotPosted, Posted
from blueops_qb.domain.posting.rules import RULES
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import messages, preview
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.preview import NoSuchRecord
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import context_for, post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.why import PostingWhy, Whys
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

#: How many events and messages of one record are told.
MOST = 50
#: Which part of the accounting reference a module of rules follows, where its first sentence does not say so.
SECTIONS = {"payments": "2.1", "deposits": "2.5", "parties": "0.1", "costs": "3"}


@attrs.frozen(kw_only=True)
class EventTold:
    """One event of the record with its state."""

    revision: int
    action: str
    state: str
    reason: str
    remedy: str
    hold: str
    cause: str
    occurred_at: dt.datetime | None
    at: dt.datetime | None


@attrs.frozen(kw_only=True)
class MessageTold:
    """One exchange about a document: this document's part of what left and of what came back."""

    exchange: str
    verb: str
    state: str
    revision: int
    reason: str
    sent_at: dt.datetime | None
    request: str
    answer: str
    #: Why there is no message to show, if so.
    instead: str


@attrs.frozen(kw_only=True)
class DocumentTold:
    """One document of the record: where it stands on both sides, its messages, debits and credits."""

    key: str
    kind: str
    state: str
    generation: int
    revision: int
    books: str
    version: str
    linked_at: dt.datetime | None
    #: ours (written by us), theirs (entered in the books or matched), none (not in the books).
    origin: str
    doubtful: str
    mapping_version: int
    policy_version: int
    agreed: bool
    base_ours: Any
    base_theirs: Any
    undone: str
    messages: tuple[MessageTold, ...]
    postings: tuple[PostingWhy, ...]
    notes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Explanation:
    """The whole answer; `waiting` is what planning would do now, where something is still to be written."""

    ref: str
    revision: int
    rule: str
    section: str
    mapping_version: int
    policy_version: int
    events: tuple[EventTold, ...]
    documents: tuple[DocumentTold, ...]
    blocked: str = ""
    remedy: str = ""
    waiting: tuple[preview.DocumentPreview, ...] = ()


def explain(turn: Turn, ref: RecordRef, *, whole: bool = False) -> Explanation:
    """Explain `ref`; `whole` shows messages with what else travelled in them. Raises NoSuchRecord."""
    events = _events(turn, ref)
    known = load_known(turn.connection, turn.id, [ref])
    snapshot = turn.core.read(turn.tenant_id, [ref]).get(ref)
    if not events and not known and snapshot is None:
        raise NoSuchRecord(f"there is no {ref} in BlueOps; `records` lists what there is")
    record = snapshot.record if snapshot is not None else _recorded(turn, ref, None)
    planned = None
    if record is not None and snapshot is not None and not snapshot.deleted:
        planned = _previewed(turn, ref, snapshot.revision)
    rule, section = rule_of(record) if record is not None else ("", "")
    return Explanation(
        ref=str(ref),
        revision=snapshot.revision if snapshot is not None else _newest(events, known.values()),
        rule=rule,
        section=section,
        mapping_version=int(turn.row["mapping_version"]),
        policy_version=int(turn.row["policy_version"]),
        events=events,
        documents=_documents(turn, ref, list(known.values()), whole=whole),
        blocked=planned.blocked if planned else "",
        remedy=planned.remedy if planned else "",
        waiting=tuple(d for d in planned.documents if d.step != "nothing") if planned else (),
    )


def _newest(events: Iterable[EventTold], known: Iterable[Known]) -> int:
    """The revision of a record that core does not show."""
    return max([*(event.revision for event in events), *(k.revision for k in known)], default=0)


def _previewed(turn: Turn, ref: RecordRef, revision: int) -> preview.Preview:
    """What planning would do; a defect of ours in this record is told and does not hide the rest."""
    try:
        return preview.preview(turn, ref)
    except sa.exc.SQLAlchemyError:
        raise  # of the database, not of a record
    except Exception as problem:
        log_trouble(log, "%s could not be previewed", ref, problem=problem)
        reason = f"{ref} could not be planned: {type(problem).__name__}: {problem}"
        remedy = "Report it to BlueOps support with this sentence."
        return preview.Preview(ref=str(ref), revision=revision, blocked=reason, remedy=remedy)


def whys_of(turn: Turn, ref: RecordRef) -> dict[str, tuple[PostingWhy, ...]]:
    """The debits and credits of a record's documents, each with its why, by key of the document."""
    known = load_known(turn.connection, turn.id, [ref])
    return {told.key: told.postings for told in _documents(turn, ref, list(known.values()), whole=False)}


def rule_of(record: Record) -> tuple[str, str]:
    """(module and function of the posting rule, section of the accounting reference it follows)."""
    rule = RULES[type(record)]
    module = inspect.getmodule(rule)
    words = f"{getattr(module, '__doc__', '')} {rule.__doc__ or ''}"
    told = re.search(r"accounting-treatments (?:sections? )?(\d+(?:\.\d+)?)", words)
    name = rule.__module__.removeprefix("blueops_qb.domain.")
    return f"{name}.{getattr(rule, '__name__', '')}", (
        told.group(1) if told else SECTIONS.get(name.rpartition(".")[2], "")
    )


# -- events --------------------------------------------------------------------------------------------
def _events(turn: Turn, ref: RecordRef) -> tuple[EventTold, ...]:
    o = t.outbox
    query = (
        sa.select(o)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(MOST)
    )
    return tuple(
        EventTold(
            revision=row.revision,
            action=row.action,
            state=row.state,
            reason=row.reason or "",
            remedy=row.remedy or "",
            hold=row.hold or "",
            cause=row.cause or "",
            occurred_at=row.occurred_at,
            at=row.at,
        )
        for row in turn.connection.execute(query)
    )


def _recorded(turn: Turn, ref: RecordRef, revision: int | None) -> Record | None:
    """The record as an event showed it, at a revision or at the newest one; None when that was erased."""
    o = t.outbox
    query = sa.select(o.c.payload).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.ref_kind == ref.kind.value,
        o.c.ref_id == ref.id,
        o.c.payload != "",
    )
    if revision is not None:
        query = query.where(o.c.revision == revision)
    text = turn.connection.execute(query.order_by(o.c.revision.desc()).limit(1)).scalar_one_or_none()
    if text is None:
        return None
    try:
        return wire.load_event(text).record
    except wire.Malformed:
        return None


# -- documents -----------------------------------------------------------------------------------------
def _documents(turn: Turn, ref: RecordRef, knowns: list[Known], *, whole: bool) -> tuple[DocumentTold, ...]:
    told = _messages(turn, [known.id for known in knowns], whole=whole)
    links = _links(turn, [known.id for known in knowns])
    traced: dict[int, _Traced] = {}
    found: list[DocumentTold] = []
    for known in sorted(knowns, key=lambda k: k.key):
        if known.revision not in traced:
            traced[known.revision] = _trace(turn, ref, known.revision, knowns)
        found.append(_document(known, links.get(known.id), told.get(known.id, ()), traced[known.revision]))
    return tuple(found)


@attrs.frozen(kw_only=True)
class _Traced:
    """The rules once more, as they were pinned, on the record as it was then."""

    whys: Whys
    documents: dict[str, Document]
    note: str = ""


def _trace(turn: Turn, ref: RecordRef, revision: int, knowns: list[Known]) -> _Traced:
    trace = Trace()
    record, note = _recorded(turn, ref, revision), ""
    if record is None:
        snapshot = turn.core.read(turn.tenant_id, [ref]).get(ref)
        record = snapshot.record if snapshot is not None else None
        if snapshot is not None and snapshot.revision != revision:
            note = (
                f"what revision {revision} said was erased; the look-ups are those of the record as it is now"
            )
    if record is None:
        empty = Whys(turn=turn, mapping=turn.mapping, steps=())
        return _Traced(
            whys=empty, documents={}, note="neither BlueOps nor an event shows the record any more"
        )
    related = read_related(turn.read_all, [record])
    try:
        result = post_record(turn, record, related, knowns, trace=trace)
    except Exception as problem:  # pure rules: whatever they raise is a defect of ours in this record
        log_trouble(log, "%s could not be explained", ref, problem=problem)
        whys = Whys(turn=turn, mapping=turn.mapping, steps=trace.steps)
        return _Traced(
            whys=whys, documents={}, note=f"the rules fail on it: {type(problem).__name__}: {problem}"
        )
    mapping = context_for(turn, record, related, knowns).mapping
    documents = {str(k): d for k, d in result.documents.items()} if isinstance(result, Posted) else {}
    if isinstance(result, Blocked | NotPosted):
        note = note or f"the rules answer today: {result.reason}"
    return _Traced(whys=Whys(turn=turn, mapping=mapping, steps=trace.steps), documents=documents, note=note)


def _document(known: Known, link: Any, told: tuple[MessageTold, ...], traced: _Traced) -> DocumentTold:
    document = wire.load_document(known.kind, known.content) if known.content else None
    today = traced.documents.get(str(known.key))
    notes = [traced.note] if traced.note else []
    if document is None:
        notes.append("its content was erased")
    elif today is not None and type(today) is not type(document):
        notes.append("the rules make another kind of document of the record today")
    origin = "none"
    if link is not None:
        origin = "ours" if link.written_version else "theirs"
    if origin == "theirs":
        notes.append(
            "it was entered in the books or matched with what stood there; its coding there is the books' own"
        )
    return DocumentTold(
        key=str(known.key),
        kind=known.kind.value,
        state=known.state,
        generation=known.generation,
        revision=known.revision,
        books=str(known.place) if known.linked else "",
        version=known.version,
        linked_at=link.linked_at if link is not None else None,
        origin=origin,
        doubtful=known.doubtful,
        mapping_version=known.mapping_version,
        policy_version=known.policy_version,
        agreed=known.linked and known.base_ours is not None and known.base_theirs is not None,
        base_ours=_plain(known.base_ours),
        base_theirs=_plain(known.base_theirs),
        undone=known.undone,
        messages=told,
        postings=tuple(traced.whys.postings(document)) if document is not None else (),
        notes=tuple(notes),
    )


def _plain(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _links(turn: Turn, ids: list[int]) -> dict[int, Any]:
    lk = t.links
    query = (
        sa.select(lk.c.document_id, lk.c.linked_at, lk.c.written_version)
        .where(lk.c.document_id.in_(ids))
        .order_by(lk.c.generation)
    )
    return {row.document_id: row for row in turn.connection.execute(query)}


def _messages(turn: Turn, ids: list[int], *, whole: bool) -> dict[int, tuple[MessageTold, ...]]:
    o, e = t.operations, t.exchanges
    query = (
        sa.select(o, e.c.sent_at)
        .select_from(o.outerjoin(e, e.c.id == o.c.exchange_id))
        .where(o.c.document_id.in_(ids))
        .order_by(o.c.id.desc())
        .limit(MOST)
    )
    rows = turn.connection.execute(query).all()
    kept = messages.load(turn, [row.exchange_id for row in rows if row.exchange_id])
    found: dict[int, tuple[MessageTold, ...]] = {}
    for row in rows:
        message = kept.get(row.exchange_id or "")
        found[row.document_id] = (*found.get(row.document_id, ()), _message(turn, row, message, whole=whole))
    return found


def _message(turn: Turn, row: Any, message: messages.Message | None, *, whole: bool) -> MessageTold:
    def part(text: str) -> str:
        if not text or whole or message is None or str(row.id) not in message.operations:
            return text
        return turn.provider.excerpt(text.encode(), message.operations.index(str(row.id)))

    return MessageTold(
        exchange=row.exchange_id or "",
        verb=row.verb,
        state=row.state,
        revision=row.revision,
        reason=row.reason,
        sent_at=row.sent_at,
        request=part(message.request) if message else "",
        answer=part(message.answer) if message else "",
        instead=message.instead if message else "it has not left yet",
    )
