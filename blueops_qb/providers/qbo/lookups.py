"""Look-ups: by name, by number, and by what was created since a moment (reference section 5).

Names and numbers of one exchange share one query per kind; a name that cannot stand in a query is searched by
its beginning and compared here.
"""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.providers.qbo.batches import batch, batch_answer, captured, rows_of
from blueops_qb.providers.qbo.codec import Obj, from_qbo, is_deleted
from blueops_qb.providers.qbo.entities import BY_NAME, ENTITIES
from blueops_qb.providers.qbo.framing import Answer, Request
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
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb, Want

#: The three lists that share one pool of names.
POOL = (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE)
_DELETED = " (deleted)"
_CDC = "cdc"
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
        items = _created_items(first, overlap)
    elif by == "name":
        items = _name_items(exchange.operations)
    elif by == "number":
        items = _number_items(exchange.operations)
    else:
        raise Unencodable(
            first.id, f"QuickBooks Online cannot be searched by {by!r}; this is a defect of the engine."
        )
    return batch(exchange, items, minorversion=minorversion)


def decode_find(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Found, or Absent when nothing bears the name or number, per operation.

    By `created` it is always Found: candidates, and what was deleted since.
    """
    heard, answered = Heard.of(answer), batch_answer(answer)
    operations = exchange.operations
    if answered.fault is not None:
        return {op.id: verdict(answered.fault, op, heard) for op in operations}
    records: list[BooksRecord] = []
    deleted: list[BooksRef] = []
    full: list[BooksKind] = []
    for bid, item in answered.items.items():
        _, fault = answered.item(bid)
        if fault is not None:
            return _faulted(
                exchange,
                fault_code=fault.code,
                outcomes={op.id: verdict(fault, op, Heard.of(answer, item=True)) for op in operations},
            )
        pairs = captured(item) if bid == _CDC else rows_of(item)
        for name, rows in pairs:
            entity = BY_NAME.get(name)
            if entity is None:
                continue
            if bid != _CDC and len(rows) >= PAGE:
                full.append(entity.kind)
            for row in rows:
                if "Id" not in row:
                    continue
                if is_deleted(row):
                    deleted.append(BooksRef(entity.kind, str(row["Id"])))
                elif bid != _CDC:
                    records.append(from_qbo(entity.kind, row, profile))
    asked = _asked(exchange)
    if not asked <= answered.items.keys():
        return {
            op.id: unknown(
                op, heard, message="QuickBooks' answer is incomplete.", detail=f"asked {sorted(asked)}"
            )
            for op in operations
        }
    return {op.id: _outcome(op, records, deleted, full, heard.reference) for op in operations}


# -- what is asked ---------------------------------------------------------------------------------
def _created_items(operation: Operation, overlap: float) -> list[Obj]:
    try:
        moment = dt.datetime.fromisoformat(operation.params["since"]) - dt.timedelta(seconds=overlap)
    except (KeyError, ValueError):
        raise Unencodable(
            operation.id, "A look-up by creation needs `since`; this is a defect of the engine."
        ) from None
    kinds, page = _kinds(operation), int(operation.params.get("page") or 1)
    created = since("CreateTime", moment)
    items: list[Obj] = []
    for n, kind in enumerate(kinds):
        conditions = (ALL_ROWS, created) if ENTITIES[kind].listed else (created,)
        items.append({"bId": str(n), "Query": select(kind, *conditions, page=page)})
    feed = [ENTITIES[kind].name for kind in kinds if ENTITIES[kind].in_cdc]
    if feed and page == 1:
        asked = {"Entities": ",".join(feed), "ChangedSince": moment.isoformat(timespec="seconds")}
        items.append({"bId": _CDC, "CDCQuery": asked})
    return items


def _name_items(operations: tuple[Operation, ...]) -> list[Obj]:
    first = operations[0]
    if first.params.get("local") or not shares(first):
        start = safe_start(first.params.get("name", "")).strip() if not first.params.get("local") else ""
        condition = [f"DisplayName like {quoted(start + '%')}"] if start else []
        page = int(first.params.get("page") or 1)
        return [
            {"bId": str(n), "Query": select(kind, ALL_ROWS, *condition, page=page)}
            for n, kind in enumerate(_kinds(first))
        ]
    names = dict.fromkeys(op.params["name"].strip() for op in operations)
    both = any_of("DisplayName", [shown for name in names for shown in (name, name + _DELETED)])
    kinds = dict.fromkeys(kind for op in operations for kind in _kinds(op))
    return [{"bId": str(n), "Query": select(kind, ALL_ROWS, both)} for n, kind in enumerate(kinds)]


def _number_items(operations: tuple[Operation, ...]) -> list[Obj]:
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
        items = _created_items(first, 0.0)
    return {str(item["bId"]) for item in items}


def _kinds(operation: Operation) -> tuple[BooksKind, ...]:
    named = operation.params.get("kinds")
    if named:
        return tuple(BooksKind(kind) for kind in named.split(","))
    by_name = operation.params.get("by") == "name"
    if operation.kind is None or (by_name and operation.kind in NAMED_KINDS):
        return POOL
    return (operation.kind,)


# -- what is answered ------------------------------------------------------------------------------
def name_key(name: str) -> str:
    """A name as the pool compares it: without regard to case, outer and repeated blanks."""
    return " ".join(name.casefold().split())


def _outcome(
    operation: Operation,
    records: list[BooksRecord],
    deleted: list[BooksRef],
    full: list[BooksKind],
    reference: str,
) -> Outcome:
    params, by = operation.params, operation.params.get("by")
    kinds = _kinds(operation)
    if by == "name":
        wanted = name_key(params.get("name", ""))
        mine = [record for record in records if name_key(record.name) == wanted]
    elif by == "number":
        number = params.get("number", "").casefold()
        mine = [
            record
            for record in records
            if record.kind is operation.kind and record.facts.get("number", "").casefold() == number
        ]
    else:
        mine = [record for record in records if record.kind in kinds]
    onward = [kind for kind in kinds if kind in full]
    if onward and (by == "created" or not mine):
        page = int(params.get("page") or 1) + 1
        more = {**params, "page": str(page), "kinds": ",".join(kind.value for kind in onward)}
        want = Want(verb=Verb.FIND, kind=operation.kind, params=more)
        return Found(records=tuple(mine), complete=False, then=(want,), reference=reference)
    if by == "created":
        gone = tuple(ref for ref in deleted if ref.kind in kinds)
        return Found(records=tuple(mine), deleted=gone, reference=reference)
    if not mine:
        return Absent(message="Nothing in QuickBooks bears it.", reference=reference)
    return Found(records=tuple(mine), reference=reference)


def _faulted(exchange: Exchange, *, fault_code: str, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    # A name that the service cannot parse: each one again alone, all rows, compared here.
    first = exchange.operations[0]
    if fault_code != _UNPARSED or first.params.get("by") != "name" or first.params.get("local"):
        return outcomes
    return {
        op.id: Found(
            complete=False,
            then=(Want(verb=Verb.FIND, kind=op.kind, params={**op.params, "local": "1"}),),
            detail="the name cannot stand in a query",
        )
        for op in exchange.operations
    }
