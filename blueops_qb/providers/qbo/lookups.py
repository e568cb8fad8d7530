"""Look-ups: by name, by number, and by what was created since a moment (reference section 5).

Names and numbers of one exchange share one query per kind; a name that cannot stand in a query is searched by
its beginning and compared here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.providers.qbo.batches import batch, batch_answer, captured, rows_of
from blueops_qb.providers.qbo.codec import Obj, from_qbo, is_deleted
from blueops_qb.providers.qbo.codec.members import moment_of
from blueops_qb.providers.qbo.entities import BY_NAME, CAP, ENTITIES, REACH, WRITTEN
from blueops_qb.providers.qbo.fault_text import Fault
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.positions import books_time
from blueops_qb.providers.qbo.queries import (
    ALL_ROWS,
    PAGE,
    any_of,
    is_safe,
    quoted,
    safe_start,
    select,
    since,
)
from blueops_qb.providers.qbo.tax_codes import with_documents
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, Gone, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb, Want

#: The three lists that share one pool of names.
POOL = (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE)
_DELETED = " (deleted)"
_CDC = "cdc"
#: The rates of tax codes that are looked up; the codes only name them.
_RATES = "rates"
_UNPARSED = "4000"


def shares(operation: Operation) -> bool:
    """Whether a look-up may travel with others: by name or number that can stand in a query, first page."""
    by, params = operation.params.get("by"), operation.params
    if params.get("local") or params.get("page"):
        return False
    if by == "name":
        return is_safe(params.get("name", ""))
    return by == "number" and is_safe(params.get("number", ""))


def encode_find(exchange: Exchange, *, minorversion: str, overlap: float) -> Request:
    """The batch of queries; raises Unencodable."""
    first = exchange.operations[0]
    by = first.params.get("by")
    if by == "created":
        items = _created_items(first, overlap, now=exchange.created_at)
    elif by == "name":
        items = _name_items(exchange.operations)
    elif by == "number":
        items = _number_items(exchange.operations)
    else:
        raise Unencodable(
            first.id, f"QuickBooks Online cannot be searched by {by!r}; this is a defect of the engine."
        )
    return batch(exchange, items, minorversion=minorversion)


def questions_of_find(operations: Sequence[Operation]) -> int:
    """How many queries these look-ups ask together; each is metered as a read. One that cannot be asked is one."""
    first = operations[0]
    by, since_ = first.params.get("by"), first.params.get("since", "")
    try:
        if by == "name":
            return len(_name_items(tuple(operations)))
        if by == "number":
            return len(_number_items(tuple(operations)))
        return len(_created_items(first, 0.0, now=dt.datetime.fromisoformat(since_)))
    except (Unencodable, ValueError):
        return 1


def decode_find(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Found, or Absent when nothing bears the name or number, per operation.

    By `created` it is always Found: candidates, and what was deleted since.
    """
    heard, answered = Heard.of(answer), batch_answer(answer)
    operations = exchange.operations
    if answered.fault is not None:
        return {op.id: verdict(answered.fault, op, heard) for op in operations}
    faults = [fault for _, fault in map(answered.item, answered.items) if fault is not None]
    if faults:
        return _faulted(exchange, faults[0], Heard.of(answer, item=True))
    seen = _Seen()
    for bid, item in answered.items.items():
        for name, rows in captured(item) if bid == _CDC else rows_of(item):
            entity = BY_NAME.get(name)
            if bid == _RATES:
                seen.rates += [row for row in rows if "Id" in row]
            elif entity is not None:
                seen.take(entity.kind, rows, profile, from_feed=bid == _CDC)
    seen.records = with_documents(seen.records, seen.codes, seen.rates, profile)
    asked = _asked(exchange)
    if not asked <= answered.items.keys():
        message, detail = "QuickBooks' answer is incomplete.", f"asked {sorted(asked)}"
        return {op.id: unknown(op, heard, message=message, detail=detail) for op in operations}
    now = books_time(answer.json(), answer)
    behind = 0.0 if now is None else (exchange.created_at - now).total_seconds()
    return {op.id: _earlier(op, behind, heard) or _outcome(op, seen, heard) for op in operations}


@attrs.define
class _Seen:
    """What an answer showed: records, deletions, kinds whose page was full, and how far a cut feed came."""

    records: list[BooksRecord] = attrs.field(factory=list)
    deleted: list[BooksRef] = attrs.field(factory=list)
    full: set[BooksKind] = attrs.field(factory=set)
    #: Tax codes and tax rates as they were shown.
    codes: list[Obj] = attrs.field(factory=list)
    rates: list[Obj] = attrs.field(factory=list)
    captured: int = 0
    latest: dt.datetime | None = None

    def take(self, kind: BooksKind, rows: list[Obj], profile: BooksProfile, *, from_feed: bool) -> None:
        rows = [row for row in rows if "Id" in row]
        self.deleted += [BooksRef(kind, str(row["Id"])) for row in rows if is_deleted(row)]
        if from_feed:  # the queries show the records; the feed is asked for the deletions
            self.captured += len(rows)
            moments = (moment_of(row, "LastUpdatedTime") for row in rows)
            self.latest = max((moment for moment in (self.latest, *moments) if moment), default=None)
            return
        self.records += [from_qbo(kind, row, profile, entry=True) for row in rows if not is_deleted(row)]
        if kind is BooksKind.TAX_CODE:
            self.codes += rows
        if len(rows) >= PAGE:
            self.full.add(kind)


# -- what is asked ---------------------------------------------------------------------------------
def _created_items(operation: Operation, overlap: float, *, now: dt.datetime) -> list[Obj]:
    params = operation.params
    try:
        moment = dt.datetime.fromisoformat(params["since"]) - dt.timedelta(seconds=overlap)
        feed_from = dt.datetime.fromisoformat(params["feed"]) if params.get("feed") else moment
    except (KeyError, ValueError):
        raise Unencodable(
            operation.id, "A look-up by creation needs `since`; this is a defect of the engine."
        ) from None
    kinds, page = _kinds(operation), int(params.get("page") or 1)
    created = since("CreateTime", moment)
    items: list[Obj] = []
    for n, kind in enumerate(() if params.get("feed") else kinds):
        conditions = (ALL_ROWS, created) if ENTITIES[kind].listed else (created,)
        items.append({"bId": str(n), "Query": select(kind, *conditions, page=page)})
    feed = [ENTITIES[kind].name for kind in kinds if ENTITIES[kind].in_cdc]
    if feed and page == 1 and now - feed_from < REACH:
        asked = {"Entities": ",".join(feed), "ChangedSince": feed_from.isoformat(timespec="seconds")}
        items.append({"bId": _CDC, "CDCQuery": asked})
    return [*items, *_rate_items(kinds)]


def _name_items(operations: tuple[Operation, ...]) -> list[Obj]:
    first = operations[0]
    if first.params.get("local") or not shares(first):
        start = safe_start(first.params.get("name", "")).strip() if not first.params.get("local") else ""
        begins = quoted(start + "%")
        page = int(first.params.get("page") or 1)
        asked = [
            select(kind, ALL_ROWS, *([f"{_named(first, kind)} like {begins}"] if start else []), page=page)
            for kind in _kinds(first)
        ]
        return [
            *({"bId": str(n), "Query": query} for n, query in enumerate(asked)),
            *_rate_items(_kinds(first)),
        ]
    names = dict.fromkeys(op.params["name"].strip() for op in operations)
    both = [shown for name in names for shown in (name, name + _DELETED)]
    kinds = {kind: op for op in operations for kind in _kinds(op)}
    asked = [select(kind, ALL_ROWS, any_of(_named(op, kind), both)) for kind, op in kinds.items()]
    return [*({"bId": str(n), "Query": query} for n, query in enumerate(asked)), *_rate_items(kinds)]


def _rate_items(kinds: Iterable[BooksKind]) -> list[Obj]:
    """The rates that tax codes consist of; a list without pages, as a company has a handful."""
    if BooksKind.TAX_CODE not in kinds:
        return []
    return [{"bId": _RATES, "Query": select(BooksKind.TAX_RATE, ALL_ROWS)}]


def _named(operation: Operation, kind: BooksKind) -> str:
    entity = ENTITIES[kind]
    if not entity.named:
        raise Unencodable(operation.id, f"QuickBooks Online cannot search {entity.name} by name.")
    return entity.named


def _number_items(operations: tuple[Operation, ...]) -> list[Obj]:
    first = operations[0]
    if first.kind is not None and ENTITIES[first.kind].number and not shares(first):
        # It cannot stand in a query: all that begin like it, page by page, compared here.
        start = safe_start(first.params.get("number", ""))
        if not start:
            number = first.params.get("number", "")
            sentence = (
                f"QuickBooks Online cannot be asked whether the number “{number}” is free, as it begins with a "
                "character that no query may hold. Give it a number that begins with a plain letter or digit."
            )
            raise Unencodable(first.id, sentence)
        begins = f"{ENTITIES[first.kind].number} like {quoted(start + '%')}"
        page = int(first.params.get("page") or 1)
        return [{"bId": "0", "Query": select(first.kind, begins, page=page)}]
    numbers: dict[BooksKind, list[str]] = {}
    for op in operations:
        entity = ENTITIES[op.kind] if op.kind is not None else None
        if entity is None or not entity.number:
            what = "this kind" if entity is None else entity.name
            raise Unencodable(op.id, f"QuickBooks Online cannot search {what} by number.")
        numbers.setdefault(entity.kind, []).append(op.params.get("number", ""))
    return [
        {"bId": str(n), "Query": select(kind, any_of(ENTITIES[kind].number, dict.fromkeys(asked)))}
        for n, (kind, asked) in enumerate(numbers.items())
    ]


def _asked(exchange: Exchange) -> set[str]:
    first = exchange.operations[0]
    by = first.params.get("by")
    if by == "number":
        items = _number_items(exchange.operations)
    elif by == "name":
        items = _name_items(exchange.operations)
    else:
        items = _created_items(first, 0.0, now=exchange.created_at)
    return {str(item["bId"]) for item in items}


def _kinds(operation: Operation) -> tuple[BooksKind, ...]:
    named = operation.params.get("kinds")
    if named:
        return tuple(BooksKind(kind) for kind in named.split(","))
    if operation.params.get("by") == "name" and (operation.kind is None or operation.kind in NAMED_KINDS):
        return POOL
    return WRITTEN if operation.kind is None else (operation.kind,)


# -- clocks that differ ----------------------------------------------------------------------------
#: What the engine asks too early already, for clocks that differ (seconds); half of it is left for long calls.
_CLOCKS_DIFFER = 300.0


def _earlier(operation: Operation, behind: float, heard: Heard) -> Found | None:
    """The books' clock is far behind ours: what was created is asked for once more, from as much earlier."""
    params = operation.params
    if params.get("by") != "created" or params.get("behind") or behind <= _CLOCKS_DIFFER:
        return None
    since = dt.datetime.fromisoformat(params["since"]) - dt.timedelta(seconds=behind)
    want = _again(operation, since=since.isoformat(), behind=str(round(behind)), page="1")
    detail = f"the clock of QuickBooks is {behind:.0f} s behind"
    return Found(complete=False, then=(want,), detail=detail, reference=heard.reference)


# -- what is answered ------------------------------------------------------------------------------
def name_key(name: str) -> str:
    """A name as the pool compares it: without regard to case, outer and repeated blanks."""
    return " ".join(name.casefold().split())


def _outcome(operation: Operation, seen: _Seen, heard: Heard) -> Outcome:
    mine = [record for record in seen.records if _is_hit(record, operation)]
    by_creation = operation.params.get("by") == "created"
    onward = [kind.value for kind in _kinds(operation) if kind in seen.full]
    then: list[Want] = []
    if onward and (by_creation or not mine):
        page = str(int(operation.params.get("page") or 1) + 1)
        then.append(_again(operation, page=page, kinds=",".join(onward)))
    if seen.captured >= CAP:
        before = operation.params.get("feed")
        if seen.latest is None or (before and seen.latest <= dt.datetime.fromisoformat(before)):
            message = "QuickBooks lists too many changes at once to be sure what was deleted."
            return unknown(operation, heard, message=message, detail=f"stuck at {seen.latest}")
        then.append(_again(operation, feed=seen.latest.isoformat(), page="1"))
    if not by_creation and not mine and not then:
        return Absent(message="Nothing in QuickBooks bears it.", reference=heard.reference)
    return Found(
        records=tuple(mine),
        deleted=tuple(seen.deleted) if by_creation else (),
        complete=not then,
        then=tuple(then),
        reference=heard.reference,
    )


def _is_hit(record: BooksRecord, operation: Operation) -> bool:
    params = operation.params
    if params.get("by") == "name":
        same = name_key(record.name) == name_key(params.get("name", ""))
        return same and record.kind in _kinds(operation)
    if params.get("by") == "number":
        number = record.facts.get("number", "").casefold()
        return record.kind is operation.kind and number == params.get("number", "").casefold()
    return True


def _again(operation: Operation, **more: str) -> Want:
    return Want(verb=Verb.FIND, kind=operation.kind, params={**operation.params, **more})


def _faulted(exchange: Exchange, fault: Fault, heard: Heard) -> dict[str, Outcome]:
    first = exchange.operations[0]
    if fault.code != _UNPARSED or first.params.get("by") != "name" or first.params.get("local"):
        outcomes = {op.id: verdict(fault, op, heard) for op in exchange.operations}
        # A question that was not answered must never look like "nothing found".
        for op in exchange.operations:
            if isinstance(outcomes[op.id], Found | Absent | Gone):
                message = "QuickBooks could not answer the question."
                outcomes[op.id] = unknown(op, heard, message=message, detail=fault.log)
        return outcomes
    # A name that the service cannot parse: each one again alone, all rows, compared here.
    return {
        op.id: Found(
            complete=False,
            then=(_again(op, local="1"),),
            detail="the name cannot stand in a query",
        )
        for op in exchange.operations
    }
