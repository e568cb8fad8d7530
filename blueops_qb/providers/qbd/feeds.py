"""Feeds: what changed since a position, full listings, and what was created since a moment.

One operation asks several queries in one message set; what an answer leaves over is asked for page by page in `then`. A
page is bound to the session of the Web Connector that began it: when that has ended, the query begins anew (`parts`).
Deletions are remembered for 90 days, so an older position needs a full comparison.

What a look-up has missed is not only asked for by time: the clock over there may be days behind. Documents are asked
for by the days that they bear too, and parties by their names; of those answers only what bears our marker counts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import attrs

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import REFERENCE, Unwritable, derived, external_guid
from blueops_qb.providers.qbd.codec.records import marker_of, record_of
from blueops_qb.providers.qbd.codec.short_names import Space, fitted, number_space
from blueops_qb.providers.qbd.entities import ENTITIES, KIND_OF_RET
from blueops_qb.providers.qbd.parts import Part, dumped, first_spans, later_spans, loaded, restarts
from blueops_qb.providers.qbd.positions import Position
from blueops_qb.providers.qbd.qbxml.element import Element, leaf
from blueops_qb.providers.qbd.verdicts import Status, is_done, unknown, verdict
from blueops_qb.providers.qbd.witnesses import put_back, witness_requests
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, Outcome, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb, Want

#: Seconds by which a window overlaps the one before: the two ends of summer time, and a clock that is a little off.
OVERLAP = 2 * 3600.0
#: Deletions are asked for in time: a day less than QuickBooks remembers them.
REACH = dt.timedelta(days=queries.DELETED_DAYS - 1)
#: What a part asks by that asks for the days of documents, or for all deletions; no name of a party has a colon.
DAYS, GONE = "days:", "gone:"
_GONE_TXNS, _GONE_LISTS = "TxnDeletedQueryRq", "ListDeletedQueryRq"
_FEED_KINDS = tuple(kind for kind in ENTITIES if kind is not BooksKind.COMPANY)
#: What is listed before anything is matched.
_MATCHING = (
    BooksKind.CUSTOMER,
    BooksKind.VENDOR,
    BooksKind.EMPLOYEE,
    BooksKind.INVOICE,
    BooksKind.PAYMENT,
)


def is_feed(operation: Operation) -> bool:
    """Whether the operation is one of these."""
    return operation.verb is Verb.CHANGES or (
        operation.verb is Verb.FIND and operation.params.get("by") == "created"
    )


def feed_requests(operation: Operation, *, asked: dt.datetime) -> list[Element]:
    """The queries of one page; raises Unwritable."""
    start = _start(operation, asked)
    kinds = _kinds(operation)
    return [
        *(_request(operation, part, start, kinds) for part in first_spans(_parts(operation))),
        *witness_requests(operation),
    ]


def feed_outcome(
    operation: Operation, responses: Sequence[Element], books: Books, *, asked: dt.datetime, reference: str
) -> Outcome:
    """Found with records and deletions, what is still to be asked, and on a feed's last page the new position."""
    parts, witnesses = first_spans(_parts(operation)), len(witness_requests(operation))
    if len(responses) != len(parts) + witnesses:
        detail = f"{len(responses)} of {len(parts) + witnesses} answers"
        return unknown(
            operation, message="QuickBooks' answer is incomplete.", detail=detail, reference=reference
        )
    records: list[BooksRecord] = []
    deleted: list[BooksRef] = []
    shown: list[str] = []
    onward: list[Part] = []
    for part, response in zip(parts, responses[: len(parts)], strict=True):
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
            reference=reference,
        )
        if restarts(status, operation):
            onward += part.anew(start=_start(operation, asked), asked=asked)
            continue
        if not is_done(status, operation):
            outcome = verdict(status, operation)
            off = isinstance(outcome, Refused) and outcome.why is Why.NOT_AVAILABLE
            if not off and not isinstance(outcome, Absent):
                return outcome
        rets = [ret for ret in response.children if _is_meant(operation, part, ret, books)]
        shown += [ret.get("TimeModified") for ret in response.children]
        deleted += [ref for ret in rets if (ref := _deleted_of(ret)) is not None]
        found = [record for ret in rets if (record := record_of(ret, books)) is not None]
        records += [_marked(operation, record, books) for record in found]
        if int(response.attribute("iteratorRemainingCount") or 0):
            onward.append(part.after(response.attribute("iteratorID")))
    onward += later_spans(_parts(operation))
    position = _position(operation, shown, asked)
    too_old = _is_old(operation, asked)
    # Deletions are not told so far back: what is missing then proves nothing.
    other = None if too_old else put_back(operation, responses[len(parts) :], deleted, reference=reference)
    if other is not None:
        return other
    then = () if too_old else _then(operation, onward, _start(operation, asked), position)
    return Found(
        # What was asked for in two ways is shown twice.
        records=tuple({record.ref: record for record in records}.values()),
        deleted=tuple(deleted),
        cursor=position if not then and position else None,
        too_old=too_old,
        complete=not then,
        then=then,
        reference=reference,
    )


# -- what is asked ---------------------------------------------------------------------------------
def _kinds(operation: Operation) -> tuple[BooksKind, ...]:
    params = operation.params
    named = params.get("kinds") or params.get("kind")
    if named:
        return tuple(BooksKind(kind) for kind in named.split(","))
    if operation.kind is not None:
        return (operation.kind,)
    return _MATCHING if params.get("full") and not params.get("compare") else _FEED_KINDS


def _parts(operation: Operation) -> list[Part]:
    told = operation.params.get("parts")
    if told:
        return loaded(told)
    kinds = [kind for kind in _kinds(operation) if kind in ENTITIES]
    asked = dict.fromkeys(query for kind in kinds for query in ENTITIES[kind].queries)
    parts = [Part(query=query) for query in asked]
    if operation.params.get("full"):
        return parts
    if any(ENTITIES[kind].transaction for kind in kinds):
        parts.append(Part(query=_GONE_TXNS))
    if not all(ENTITIES[kind].transaction for kind in kinds):
        parts.append(Part(query=_GONE_LISTS))
    return [*parts, *_beside_time(operation, kinds)]


def _beside_time(operation: Operation, kinds: Sequence[BooksKind]) -> list[Part]:
    """The queries by which a look-up finds what the clock over there has put out of its window."""
    params = operation.params
    if operation.verb is not Verb.FIND or not params.get("markers"):
        return []
    found = []
    for kind in kinds:
        if ENTITIES[kind].transaction:
            found += [Part(query=query, by=DAYS) for query in ENTITIES[kind].queries if params.get("days")]
        else:
            names = json.loads(params.get("names") or "[]")
            found += [Part(query=query, by=name) for query in ENTITIES[kind].queries for name in names]
    if params.get("numbers") and any(ENTITIES[kind].transaction for kind in kinds):
        found.append(Part(query=_GONE_TXNS, by=GONE))
    if params.get("names") and not all(ENTITIES[kind].transaction for kind in kinds):
        found.append(Part(query=_GONE_LISTS, by=GONE))
    return found


def _request(operation: Operation, part: Part, start: str, kinds: Sequence[BooksKind]) -> Element:
    if part.by == DAYS:
        first, last = (dt.date.fromisoformat(day) for day in operation.params["days"].split("/"))
        return queries.dated(part.query, start=first, end=last, page=part.page)
    if part.by == GONE:
        start = Position(asked=_since(operation)).start(REACH.total_seconds())
    elif part.by:
        return queries.by_name(part.query, part.by, page=part.page)
    if part.query == _GONE_TXNS:
        return queries.deleted_transactions(since=start)
    if part.query == _GONE_LISTS:
        lists = (ENTITIES[kind] for kind in kinds if kind in ENTITIES and not ENTITIES[kind].transaction)
        return queries.deleted_lists((name for entity in lists for name in entity.messages), since=start)
    transactions = any(part.query in entity.queries for entity in ENTITIES.values() if entity.transaction)
    query = queries.changed if transactions else queries.listed
    return query(part.query, since=part.since or start, until=part.until, page=part.page)


def _start(operation: Operation, asked: dt.datetime) -> str:
    """The local moment from which is asked; empty for a full listing."""
    params = operation.params
    if params.get("full"):
        return ""
    if params.get("start"):
        return params["start"]
    if operation.verb is Verb.FIND:
        return Position(asked=_since(operation)).start(OVERLAP)
    return _from(operation, asked).start(OVERLAP)


def _from(operation: Operation, asked: dt.datetime) -> Position:
    cursor = operation.params.get("cursor")
    if not cursor:
        return Position(asked=asked)
    try:
        position = Position.parse(cursor)
    except ValueError:
        raise Unwritable(
            f"The position {cursor!r} in the feed of changes cannot be read. Have everything compared on the "
            "connection page; the feed begins anew then."
        ) from None
    return attrs.evolve(position, asked=asked) if asked - position.asked > REACH else position


def _since(operation: Operation) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(operation.params["since"])
    except (KeyError, ValueError):
        raise Unwritable("A look-up by creation needs `since`; this is a defect of the engine.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


# -- what is answered ------------------------------------------------------------------------------
def _is_meant(operation: Operation, part: Part, ret: Element, books: Books) -> bool:
    """Queries filter by the last change only: what was created before a look-up's moment is left out here.

    What bears a marker that is looked for is meant whenever it was created.
    """
    if operation.verb is not Verb.FIND or _marker_of(operation, ret, books):
        return True
    if part.by:
        return part.by == GONE and _is_sought(operation, ret, books)
    try:
        created = dt.datetime.fromisoformat(ret.get("TimeCreated"))
    except ValueError:
        return True
    if created.tzinfo is None:
        return True
    return created >= _since(operation) - dt.timedelta(seconds=OVERLAP)


def _is_sought(operation: Operation, ret: Element, books: Books) -> bool:
    """Whether what was deleted bore a number or a name of what is looked for, as it would have been written."""
    params = operation.params
    numbers = {
        derived(number, REFERENCE).casefold()
        if kind is BooksKind.PAYMENT
        else _written(number_space(kind), number, books)
        for kind in _kinds(operation)
        if ENTITIES[kind].transaction
        for number in json.loads(params.get("numbers") or "[]")
    }
    names = {_written(Space.NAME, name, books) for name in json.loads(params.get("names") or "[]")}
    name = ret.get("FullName").rpartition(":")[2]
    return ret.get("RefNumber").casefold() in numbers or name.casefold() in names


def _written(space: Space, text: str, books: Books) -> str:
    """A name or number as QuickBooks bears it, in small letters; "-" for one that cannot be written."""
    try:
        return fitted(space, text, books.names, "The number").casefold() or "-"
    except Unwritable:
        return "-"


def _marker_of(operation: Operation, ret: Element, books: Books) -> str:
    """The marker of those looked for that a record bears, in its memo or as its ExternalGUID."""
    markers: list[str] = json.loads(operation.params.get("markers") or "[]")
    memo, guid = marker_of(ret), ret.get("ExternalGUID").casefold()
    if memo in markers:
        return memo
    company = books.profile.company_id
    return next((m for m in markers if guid and external_guid(company, m).casefold() == guid), "")


def _marked(operation: Operation, record: BooksRecord, books: Books) -> BooksRecord:
    """A record whose memo was written over still bears our marker as its ExternalGUID."""
    if operation.verb is not Verb.FIND or record.marker:
        return record
    guid = Element("", "", (leaf("ExternalGUID", record.facts.get("external_guid", "")),))
    return attrs.evolve(record, marker=_marker_of(operation, guid, books))


def _deleted_of(ret: Element) -> BooksRef | None:
    type_ = ret.get("TxnDelType") or ret.get("ListDelType")
    kind, id = KIND_OF_RET.get(f"{type_}Ret"), ret.get("TxnID") or ret.get("ListID")
    return BooksRef(kind, id) if type_ and kind is not None and id else None


def _position(operation: Operation, shown: list[str], asked: dt.datetime) -> str:
    """Where a feed goes on: the time of its first page, as what comes later belongs to the next window."""
    params = operation.params
    if operation.verb is Verb.FIND or params.get("full"):
        return ""
    return params.get("position") or str(_from(operation, asked).after(shown, asked=asked))


def _is_old(operation: Operation, asked: dt.datetime) -> bool:
    params = operation.params
    if operation.verb is Verb.FIND or params.get("full") or params.get("parts") or not params.get("cursor"):
        return False
    return asked - Position.parse(params["cursor"]).asked > REACH


def _then(operation: Operation, onward: list[Part], start: str, position: str) -> tuple[Want, ...]:
    if not onward:
        return ()
    params = {**operation.params, "parts": dumped(onward), "start": start, "position": position}
    return (Want(verb=operation.verb, kind=operation.kind, params=params),)
