"""Reads: one record by its id (reference/quickbooks-online.md section 2.1).

Always a call of its own: a query never shows what was deleted, a read says so (code 610).
"""

from __future__ import annotations

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.codec import from_qbo, is_deleted
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.fault_text import fault_of
from blueops_qb.providers.qbo.framing import Answer, Request, get
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Found, Gone, Outcome
from blueops_qb.sdk.provider import Exchange, Unencodable


def encode_read(exchange: Exchange, *, minorversion: str) -> Request:
    """GET of the one record; raises Unencodable."""
    (operation,) = exchange.operations
    if operation.kind is None or not operation.target_id:
        raise Unencodable(operation.id, "A read needs kind and id; this is a defect of the engine.")
    if operation.kind not in ENTITIES:
        raise Unencodable(operation.id, f"Records of the kind {operation.kind} are only named, never read.")
    resource = f"{ENTITIES[operation.kind].path}/{_segment(operation.target_id)}"
    return get(exchange.company_id, resource, {"requestid": exchange.id, "minorversion": minorversion})


def decode_read(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Found with the record, Gone, Absent, or what the fault means."""
    (operation,) = exchange.operations
    heard, value = Heard.of(answer), answer.json()
    fault = fault_of(answer, value)
    if fault is not None:
        return {operation.id: verdict(fault, operation, heard)}
    assert operation.kind is not None
    obj = (value or {}).get(ENTITIES[operation.kind].name)
    if not isinstance(obj, dict) or "Id" not in obj:
        detail = f"HTTP {answer.status}: {answer.text[:200]}"
        message = "QuickBooks' answer does not show the record."
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    if is_deleted(obj):
        return {operation.id: Gone(message="It has been deleted in QuickBooks.", reference=heard.reference)}
    record = from_qbo(operation.kind, obj, profile)
    return {operation.id: Found(records=(record,), reference=heard.reference)}


def _segment(id: str) -> str:
    # Ids are numbers; anything else (a placeholder of a preview) must not reach into the path.
    return "".join(mark if mark.isalnum() or mark in "-_" else "_" for mark in id)
