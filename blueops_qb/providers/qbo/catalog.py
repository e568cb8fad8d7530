"""The catalog: company, preferences and all lists that a mapping chooses from, in one batch.

Preferences that a server does not have are tolerated: the profile keeps its cautious defaults then.
"""

from __future__ import annotations

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.batches import BatchAnswer, batch, batch_answer, rows_of
from blueops_qb.providers.qbo.codec import Obj, from_qbo, profile_of
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.queries import ALL_ROWS, PAGE, select
from blueops_qb.providers.qbo.verdicts import Heard, verdict
from blueops_qb.sdk.outcomes import BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Verb, Want

_LISTS = (
    BooksKind.ACCOUNT,
    BooksKind.ITEM,
    BooksKind.CLASS,
    BooksKind.LOCATION,
    BooksKind.TAX_CODE,
    BooksKind.TAX_RATE,
    BooksKind.TAX_AGENCY,
    BooksKind.TERM,
    BooksKind.PAYMENT_METHOD,
)
_COMPANY, _PREFERENCES = "company", "prefs"
#: Codes of a server that cannot filter a list by Active; it is then asked for what it shows by itself.
_NO_FILTER = frozenset({"4000", "4001"})


def encode_catalog(exchange: Exchange, *, minorversion: str) -> Request:
    """The first page asks for everything; a further one (`page`, `kinds`) for the lists that go on."""
    (operation,) = exchange.operations
    page = _page(operation)
    unfiltered = bool(operation.params.get("unfiltered"))
    items: list[Obj] = []
    if _asks_company(operation):
        items.append({"bId": _COMPANY, "Query": "select * from CompanyInfo"})
        items.append({"bId": _PREFERENCES, "Query": "select * from Preferences"})
    for n, kind in enumerate(_kinds(operation)):
        conditions = (ALL_ROWS,) if ENTITIES[kind].listed and not unfiltered else ()
        items.append({"bId": str(n), "Query": select(kind, *conditions, page=page)})
    return batch(exchange, items, minorversion=minorversion)


def questions_of_catalog(operation: Operation) -> int:
    """How many queries one page asks; each is metered as a read."""
    return len(_kinds(operation)) + (2 if _asks_company(operation) else 0)


def decode_catalog(exchange: Exchange, answer: Answer) -> dict[str, Outcome]:
    """Found with the lists and, on the first page, the profile."""
    (operation,) = exchange.operations
    heard, answered = Heard.of(answer), batch_answer(answer)
    if answered.fault is not None:
        return {operation.id: verdict(answered.fault, operation, heard)}
    records: list[BooksRecord] = []
    onward: list[str] = []
    unfiltered: list[str] = []
    trouble: list[str] = []
    for n, kind in enumerate(_kinds(operation)):
        item, fault = answered.item(str(n))
        if fault is not None and fault.code in _NO_FILTER and not operation.params.get("unfiltered"):
            unfiltered.append(kind.value)
        elif item is None or fault is not None:
            trouble.append(f"{ENTITIES[kind].name}: {'not answered' if fault is None else fault.log}")
        else:
            rows = [row for _, rows in rows_of(item) for row in rows if "Id" in row]
            records += [from_qbo(kind, row) for row in rows]
            if len(rows) >= PAGE:
                onward.append(kind.value)
    then = [*_more(onward, page=_page(operation) + 1, operation=operation)]
    then += [
        Want(verb=Verb.CATALOG, params={"page": "1", "kinds": ",".join(unfiltered), "unfiltered": "1"})
        for _ in unfiltered[:1]
    ]
    profile = None
    if _asks_company(operation):
        info, preferences = (
            _single(answered, _COMPANY, "CompanyInfo"),
            _single(answered, _PREFERENCES, "Preferences"),
        )
        profile = profile_of(exchange.company_id, info, preferences)
        if info is not None and "Id" in info:
            records.insert(0, from_qbo(BooksKind.COMPANY, info))
        trouble += [
            f"{name} not shown"
            for name, got in (("CompanyInfo", info), ("Preferences", preferences))
            if got is None
        ]
    found = Found(
        records=tuple(records),
        profile=profile,
        complete=not then,
        then=tuple(then),
        detail="; ".join(trouble),
        reference=heard.reference,
    )
    return {operation.id: found}


def _more(kinds: list[str], *, page: int, operation: Operation) -> list[Want]:
    if not kinds:
        return []
    params = {"page": str(page), "kinds": ",".join(kinds)}
    if operation.params.get("unfiltered"):
        params["unfiltered"] = "1"
    return [Want(verb=Verb.CATALOG, params=params)]


def _asks_company(operation: Operation) -> bool:
    return not operation.params.get("kinds")


def _page(operation: Operation) -> int:
    return int(operation.params.get("page") or 1)


def _kinds(operation: Operation) -> tuple[BooksKind, ...]:
    named = operation.params.get("kinds")
    return tuple(BooksKind(kind) for kind in named.split(",")) if named else _LISTS


def _single(answered: BatchAnswer, bid: str, name: str) -> Obj | None:
    item, fault = answered.item(bid)
    if item is None or fault is not None:
        return None
    rows = [row for entity, rows in rows_of(item) if entity == name for row in rows]
    direct = item.get(name)
    return rows[0] if rows else direct if isinstance(direct, dict) else None
