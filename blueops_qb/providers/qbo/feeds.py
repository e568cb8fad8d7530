"""Feeds: what changed since a cursor, and full listings (reference/quickbooks-online.md section 6).

A cursor is the position (`positions`) of the answer that brought the last page; the overlap is subtracted when
asking. An answer of 1,000 objects is cut: the same window is then asked for fewer kinds, and a single kind
goes on from the newest moment that it showed, if it was shown in order of time. What cannot be had that way
needs a full comparison, which lists every record: what is linked and not listed any more was deleted. So does
a clock of the books that was set back: what was written since may bear a time before any window.
"""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.batches import batch, batch_answer, captured, rows_of
from blueops_qb.providers.qbo.codec import Obj, from_qbo, is_deleted
from blueops_qb.providers.qbo.codec.members import moment_of
from blueops_qb.providers.qbo.entities import BY_NAME, CAP, ENTITIES, FEED_KINDS, REACH
from blueops_qb.providers.qbo.fault_text import fault_of
from blueops_qb.providers.qbo.framing import Answer, Request, get
from blueops_qb.providers.qbo.positions import SLACK, Position, books_time
from blueops_qb.providers.qbo.queries import ALL_ROWS, PAGE, select
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb, Want

_MATCHING = (
    BooksKind.CUSTOMER,
    BooksKind.VENDOR,
    BooksKind.EMPLOYEE,
    BooksKind.INVOICE,
    BooksKind.PAYMENT,
)
#: The company's plan lacks the kind (sections 4.2 and 10): bills, orders, classes and the like.
_NOT_IN_PLAN = frozenset({"5020", "5030"})
#: Kinds with an open balance to filter by.
_OPEN = frozenset({BooksKind.BILL})


def encode_changes(exchange: Exchange, *, minorversion: str, overlap: float) -> Request:
    """The feed as a call of its own, or one page of a full listing as a batch; raises Unencodable."""
    (operation,) = exchange.operations
    if operation.params.get("full"):
        return _encode_listing(exchange, operation, minorversion=minorversion)
    start = _asked_from(exchange, operation, overlap)
    names = ",".join(ENTITIES[kind].name for kind in _kinds(operation))
    asked = {"entities": names, "changedSince": start.isoformat(timespec="seconds")}
    return get(exchange.company_id, "cdc", {"requestid": exchange.id, **asked, "minorversion": minorversion})


def questions_of_changes(operation: Operation) -> int:
    """How many queries it asks; each is metered as a read, the feed as one for all kinds."""
    return len(_listed(operation)) if operation.params.get("full") else 1


def decode_changes(
    exchange: Exchange, answer: Answer, profile: BooksProfile, *, overlap: float
) -> dict[str, Outcome]:
    """Found with records, deletions and, on the last page, the new cursor."""
    (operation,) = exchange.operations
    if operation.params.get("full"):
        return {operation.id: _decode_listing(operation, answer, profile)}
    heard, value = Heard.of(answer), answer.json()
    fault = fault_of(answer, value)
    if fault is not None and fault.code in _NOT_IN_PLAN:
        asked = _asked_from(exchange, operation, overlap)
        return {operation.id: _without(operation, asked, _position(exchange, value, answer), heard)}
    if fault is not None:
        outcome = verdict(fault, operation, heard)
        if isinstance(outcome, Found):  # too old: start anew from the books' present
            now = _position(exchange, value, answer)
            outcome = Found(
                too_old=bool(operation.params.get("cursor")),
                cursor=now,
                message=outcome.message,
                detail=outcome.detail,
                reference=heard.reference,
            )
        return {operation.id: outcome}
    if value is None or "CDCResponse" not in value:
        detail = f"HTTP {answer.status}: {answer.text[:200]}"
        message = "QuickBooks' list of changes cannot be read."
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    asked = _asked_from(exchange, operation, overlap)
    now = _position(exchange, value, answer)
    found = _feed(operation, asked, value, now, profile, heard)
    if _fell_back(operation, now):
        # Whatever the window shows is true; what it does not show is found by comparing everything.
        message = "The clock of QuickBooks was set back; everything is compared instead of what changed."
        found = attrs.evolve(found, cursor=now, too_old=True, complete=True, then=(), message=message)
    return {operation.id: found}


# -- the feed --------------------------------------------------------------------------------------
def _feed(
    operation: Operation, asked: dt.datetime, value: Obj, now: str | None, profile: BooksProfile, heard: Heard
) -> Found:
    records: list[BooksRecord] = []
    deleted: list[BooksRef] = []
    moments: list[dt.datetime | None] = []
    for name, rows in captured(value):
        entity = BY_NAME.get(name)
        for row in rows:
            moments.append(moment_of(row, "LastUpdatedTime"))
            if entity is None or "Id" not in row:
                continue
            if is_deleted(row):
                deleted.append(BooksRef(entity.kind, str(row["Id"])))
            else:
                records.append(from_qbo(entity.kind, row, profile))
    params = operation.params
    # The position to go on from is that of the first answer: what comes later belongs to the next window.
    position = params.get("position") or now
    if len(moments) >= CAP:
        then = _split(operation, asked, position, _newest(moments))
        too_old = then is None
    else:
        then, too_old = _rest(operation, position), _is_old(operation, position)
    return Found(
        records=tuple(records),
        deleted=tuple(deleted),
        cursor=None if then is not None else position or params.get("cursor"),
        too_old=too_old,
        complete=then is None,
        then=() if then is None else (then,),
        reference=heard.reference,
    )


def _without(operation: Operation, asked: dt.datetime, now: str | None, heard: Heard) -> Outcome:
    """One of the kinds is not in the company's plan: the others are asked for in halves until it stands alone."""
    position = operation.params.get("position") or now
    several = len(_kinds(operation)) > 1
    then = _split(operation, asked, position, None) if several else _rest(operation, position)
    return Found(
        cursor=None if then is not None else position or operation.params.get("cursor"),
        complete=then is None,
        then=() if then is None else (then,),
        detail="a kind that was asked for is not in the company's plan",
        reference=heard.reference,
    )


def _newest(moments: list[dt.datetime | None]) -> dt.datetime | None:
    """The newest moment of a page in order of time; None for a page of which the cut part may be older."""
    known = [moment for moment in moments if moment is not None]
    return known[-1] if known and len(known) == len(moments) and known == sorted(known) else None


def _split(
    operation: Operation, asked: dt.datetime, position: str | None, latest: dt.datetime | None
) -> Want | None:
    kinds = _kinds(operation)
    waiting = operation.params.get("rest", "")
    if len(kinds) > 1:
        first, rest = kinds[: len(kinds) // 2], kinds[len(kinds) // 2 :]
        parts = [",".join(kind.value for kind in rest), *([waiting] if waiting else [])]
        return _want(operation, asked, first, ";".join(parts), position)
    if latest is None or latest <= asked:
        # A thousand changes of one kind in one moment, or out of order: only a full comparison helps.
        return None
    return _want(operation, latest, kinds, waiting, position)


def _rest(operation: Operation, position: str | None) -> Want | None:
    waiting = operation.params.get("rest", "")
    if not waiting:
        return None
    part, _, rest = waiting.partition(";")
    kinds = tuple(BooksKind(kind) for kind in part.split(","))
    return _want(operation, dt.datetime.fromisoformat(operation.params["origin"]), kinds, rest, position)


def _want(
    operation: Operation, start: dt.datetime, kinds: tuple[BooksKind, ...], rest: str, position: str | None
) -> Want:
    params = {
        "cursor": start.isoformat(),
        # The overlap is subtracted once, on the first page.
        "origin": operation.params.get("origin") or start.isoformat(),
        "kinds": ",".join(kind.value for kind in kinds),
        "rest": rest,
        "position": position or "",
    }
    return Want(verb=Verb.CHANGES, params={key: value for key, value in params.items() if value})


def _kinds(operation: Operation) -> tuple[BooksKind, ...]:
    named = operation.params.get("kinds")
    if named:
        return tuple(BooksKind(kind) for kind in named.split(","))
    return (operation.kind,) if operation.kind is not None else FEED_KINDS


def _asked_from(exchange: Exchange, operation: Operation, overlap: float) -> dt.datetime:
    before = dt.timedelta(seconds=0 if operation.params.get("origin") else overlap)
    cursor = operation.params.get("cursor")
    if not cursor:
        return exchange.created_at - before
    try:
        return Position.parse(cursor).at - before
    except ValueError:
        raise Unencodable(
            operation.id, f"The position {cursor!r} in the change feed cannot be read."
        ) from None


def _is_old(operation: Operation, position: str | None) -> bool:
    start = operation.params.get("origin") or operation.params.get("cursor")
    if not start or not position:
        return False
    return Position.parse(position).at - Position.parse(start).at > REACH


def _fell_back(operation: Operation, now: str | None) -> bool:
    """The first page of a window tells: the books' clock has been set back farther than the overlap may hide."""
    start = operation.params.get("cursor")
    if not start or not now or operation.params.get("origin"):
        return False
    return Position.parse(now).fell_back(Position.parse(start)).total_seconds() > SLACK


def _position(exchange: Exchange, value: Obj | None, answer: Answer) -> str | None:
    """Where the feed stands with this answer; None when the books do not say their time."""
    at = books_time(value, answer)
    return None if at is None else str(Position(at=at, asked=exchange.created_at))


# -- full listings ---------------------------------------------------------------------------------
def _encode_listing(exchange: Exchange, operation: Operation, *, minorversion: str) -> Request:
    page = int(operation.params.get("page") or 1)
    items: list[Obj] = [
        {"bId": str(n), "Query": select(kind, *_conditions(kind, operation), page=page)}
        for n, kind in enumerate(_listed(operation))
    ]
    return batch(exchange, items, minorversion=minorversion)


def _decode_listing(operation: Operation, answer: Answer, profile: BooksProfile) -> Outcome:
    heard, answered = Heard.of(answer), batch_answer(answer)
    if answered.fault is not None:
        return verdict(answered.fault, operation, heard)
    records: list[BooksRecord] = []
    onward: list[str] = []
    for n, kind in enumerate(_listed(operation)):
        item, fault = answered.item(str(n))
        if fault is not None and fault.code in _NOT_IN_PLAN and len(_listed(operation)) > 1:
            continue  # there can be none of this kind; the others are listed all the same
        if fault is not None:
            return verdict(fault, operation, Heard.of(answer, item=True))
        if item is None:
            return unknown(operation, heard, message="QuickBooks' listing is incomplete.", detail=kind.value)
        rows = [row for _, rows in rows_of(item) for row in rows if "Id" in row]
        records += [from_qbo(kind, row, profile) for row in rows]
        if len(rows) >= PAGE:
            onward.append(kind.value)
    then: tuple[Want, ...] = ()
    if onward:
        page = int(operation.params.get("page") or 1) + 1
        params = {**operation.params, "page": str(page), "kinds": ",".join(onward)}
        then = (Want(verb=Verb.CHANGES, kind=operation.kind, params=params),)
    return Found(records=tuple(records), complete=not then, then=then, reference=heard.reference)


def _listed(operation: Operation) -> tuple[BooksKind, ...]:
    named = operation.params.get("kinds") or operation.params.get("kind")
    if named:
        return tuple(BooksKind(kind) for kind in named.split(","))
    if operation.kind is not None:
        return (operation.kind,)
    # A comparison after a gap looks at everything that the feed would have told of.
    return FEED_KINDS if operation.params.get("compare") else _MATCHING


def _conditions(kind: BooksKind, operation: Operation) -> tuple[str, ...]:
    found = [ALL_ROWS] if ENTITIES[kind].listed else []
    # A comparison lists all there is: reading what a filter hides one by one would cost a call for each record.
    if kind in _OPEN and not operation.params.get("compare"):
        found.append("Balance > '0'")
    return tuple(found)
