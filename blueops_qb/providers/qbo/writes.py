"""Writes: creates, updates, removals, always as a batch (reference/quickbooks-online.md sections 3, 8)."""

from __future__ import annotations

from blueops_qb.domain.documents import kind_of
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.batches import batch, batch_answer
from blueops_qb.providers.qbo.codec import Obj, Unfit, from_qbo, is_deleted, removal_body, to_qbo
from blueops_qb.providers.qbo.entities import ENTITIES, WRITTEN
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Applied, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb


def encode_writes(exchange: Exchange, profile: BooksProfile, *, minorversion: str) -> Request:
    """One batch item per operation, in their order; raises Unencodable."""
    items = [_item(str(n), operation, profile) for n, operation in enumerate(exchange.operations)]
    return batch(exchange, items, minorversion=minorversion)


def decode_writes(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Applied with the record as the books show it now, or what the fault means, per operation."""
    heard, answered = Heard.of(answer), batch_answer(answer)
    if answered.fault is not None:
        return {op.id: verdict(answered.fault, op, heard) for op in exchange.operations}
    inside = Heard.of(answer, item=True)
    outcomes: dict[str, Outcome] = {}
    for n, operation in enumerate(exchange.operations):
        item, fault = answered.item(str(n))
        if fault is not None:
            outcomes[operation.id] = verdict(fault, operation, inside)
        else:
            outcomes[operation.id] = _applied(item, operation, profile, heard)
    return outcomes


def written_kind(operation: Operation) -> BooksKind:
    """The kind that a write touches; raises Unencodable when it names none."""
    if operation.document is not None:
        return kind_of(operation.document)
    if operation.kind is None:
        raise Unencodable(
            operation.id, "The operation names no kind of record; this is a defect of the engine."
        )
    return operation.kind


def _item(bid: str, operation: Operation, profile: BooksProfile) -> Obj:
    entity = ENTITIES[written_kind(operation)]
    if entity.kind not in WRITTEN and not (entity.kind in LIST_KINDS and operation.verb is Verb.CREATE):
        raise Unencodable(
            operation.id, f"{entity.name} records are kept in QuickBooks only; change them there."
        )
    try:
        if operation.verb is Verb.WITHDRAW:
            verb, option, body = removal_body(operation, entity.kind)
        elif operation.document is None:
            raise Unfit("There is no document to write; this is a defect of the engine.")
        else:
            verb = "create" if operation.verb is Verb.CREATE else "update"
            option, body = "", to_qbo(operation.document, operation, profile)
    except Unfit as problem:
        raise Unencodable(operation.id, str(problem)) from None
    item: Obj = {"bId": bid, "operation": verb}
    if option:
        item["optionsData"] = option
    item[entity.name] = body
    return item


def _applied(item: Obj | None, operation: Operation, profile: BooksProfile, heard: Heard) -> Outcome:
    kind = written_kind(operation)
    obj = None if item is None else item.get(ENTITIES[kind].name)
    if not isinstance(obj, dict) or "Id" not in obj:
        return unknown(
            operation,
            heard,
            message="QuickBooks' answer does not say what became of it.",
            detail=f"HTTP {heard.status}, no {ENTITIES[kind].name} in the batch item: {item!r:.200}",
        )
    if is_deleted(obj):
        return Applied(reference=heard.reference)
    return Applied(record=from_qbo(kind, obj, profile, entry=True), reference=heard.reference)
