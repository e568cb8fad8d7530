"""The batch operation: up to 30 items, each with its own result or fault (reference section 8)."""

from __future__ import annotations

from collections.abc import Callable

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.changes import changed_since
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault, missing
from blueops_qb.sandbox.qbo.query import run_query
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import Obj

LARGEST = 30
LONGEST_BID_WITH_REQUESTID = 10

#: operation name -> how it is done
_WRITES: dict[str, Callable[..., Obj]] = {
    "create": writing.create,
    "update": writing.update,
    "delete": writing.delete,
    "void": writing.void,
}


def check_batch(body: object, *, request_id: str) -> list[Obj]:
    """The items of a batch request; raises Fault 1040, 2020, 2010 or 2130."""
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if len(items) > LARGEST:
        raise Fault("1040", f"The batch holds {len(items)} items; at most {LARGEST} are allowed.")
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or not item.get("bId"):
            raise missing("bId")
        identity = str(item["bId"])
        if identity in seen:
            raise Fault("2010", f"bId {identity!r} is used twice in one batch.", "bId")
        if request_id and len(identity) > LONGEST_BID_WITH_REQUESTID:
            raise Fault("2130", f"bId {identity!r} is longer than {LONGEST_BID_WITH_REQUESTID} characters.")
        seen.add(identity)
    return items


def run_items(company: Company, items: list[Obj]) -> list[Obj]:
    """Do the items one after the other; a refusal is the result of its item.

    Neither the order of the work nor that of the answers is promised (reference section 8): the company's switch
    ``batch_shuffled`` turns both round.
    """
    if company.hidden.batch_shuffled:
        items = items[::-1]
    return [run_item(company, item) for item in items]


def run_item(company: Company, item: Obj) -> Obj:
    """Do one item; a refusal is its result."""
    result: Obj = {"bId": item["bId"]}
    try:
        result.update(_done(company, item))
    except Fault as fault:
        result["Fault"] = fault.body()
    return result


def _done(company: Company, item: Obj) -> Obj:
    if "Query" in item:
        return {"QueryResponse": run_query(company, str(item["Query"]))}
    if "CDCQuery" in item:
        asked = item["CDCQuery"]
        if not isinstance(asked, dict):
            raise Fault("2010", "Property CDCQuery must be an object", "CDCQuery")
        kinds, since = str(asked.get("Entities", "")), str(asked.get("ChangedSince", ""))
        return {"CDCResponse": [changed_since(company, kinds, since)]}
    kinds_named = [name for name in item if name in ENTITIES]
    if len(kinds_named) != 1:
        unknown = sorted(name for name in item if name[:1].isupper())
        if not kinds_named and unknown:
            raise Fault("2000", f"Unsupported object {unknown[0]} in a batch item.", unknown[0])
        raise Fault("2010", "A batch item holds exactly one entity, Query or CDCQuery.")
    kind = kinds_named[0]
    body, operation = item[kind], str(item.get("operation", ""))
    options = [option.strip() for option in str(item.get("optionsData", "")).split(",") if option.strip()]
    if not isinstance(body, dict):
        raise Fault("2010", f"Property {kind} must be an object", kind)
    if operation == "update" and "void" in options:
        operation = "void"
    if operation not in _WRITES:
        raise Fault("500", f"Unsupported Operation : operation {operation!r} in a batch.", "operation")
    if operation in ("create", "update"):
        record = _WRITES[operation](company, kind, body, include=options)
    else:
        record = _WRITES[operation](company, kind, body)
    return {kind: record if operation == "delete" else shown(company, kind, record)}
