"""Uploads: a file and its metadata in one multipart call (reference/quickbooks-online.md section 4.21)."""

from __future__ import annotations

from blueops_qb.domain.attachments import AttachedFile
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import Obj, Unfit, from_qbo, to_qbo
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.fault_text import fault_in, fault_of
from blueops_qb.providers.qbo.framing import Answer, FilePart, Request, post_file
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Applied, Outcome, Refused, Why
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb

#: The largest request that Intuit takes, less the room for what is around the file.
LARGEST = 100 * 2**20 - 64 * 2**10


def is_upload(operation: Operation) -> bool:
    """A file is created by a call of its own kind; what changes or removes it is an ordinary write.

    Told by verb and kind: envelopes and costs are asked for before the document is at hand.
    """
    return operation.verb is Verb.CREATE and operation.kind is BooksKind.ATTACHMENT


def encode_upload(exchange: Exchange, profile: BooksProfile, *, minorversion: str) -> Request:
    """The two parts; raises Unencodable. The bytes travel raw, as base64 has damaged files (section 12, no. 23)."""
    (operation,) = exchange.operations
    document = operation.document
    assert isinstance(document, AttachedFile)
    if operation.data is None:
        raise Unencodable(
            operation.id, "The content of the file is not at hand; this is a defect of the engine."
        )
    if not operation.data:
        raise Unencodable(
            operation.id, f"The file “{document.filename}” is empty; attach it anew in BlueOps or remove it."
        )
    if len(operation.data) > LARGEST:
        raise Unencodable(
            operation.id,
            f"The file “{document.filename}” has {len(operation.data)} bytes; QuickBooks Online takes 100 MB at "
            "most. Attach a smaller one.",
        )
    try:
        metadata = to_qbo(document, operation, profile)
    except Unfit as problem:
        raise Unencodable(operation.id, str(problem)) from None
    file = FilePart(
        filename=document.filename.strip(),
        content_type=document.content_type or "application/octet-stream",
        data=operation.data,
    )
    parameters = {"requestid": exchange.id, "minorversion": minorversion}
    return post_file(exchange.company_id, "upload", parameters, metadata, file)


def decode_upload(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Applied with the attachable, or what the fault means; a file that arrived in another size is refused."""
    (operation,) = exchange.operations
    heard, value = Heard.of(answer), answer.json()
    fault = fault_of(answer, value)
    if fault is not None:
        return {operation.id: verdict(fault, operation, heard)}
    rows = (value or {}).get("AttachableResponse")
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict) else {}
    fault = fault_in(row)
    if fault is not None:
        return {operation.id: verdict(fault, operation, Heard.of(answer, item=True))}
    obj = row.get(ENTITIES[BooksKind.ATTACHMENT].name)
    if not isinstance(obj, dict) or "Id" not in obj:
        message, detail = "QuickBooks' answer does not say what became of the file.", f"{answer.text:.200}"
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    return {operation.id: _damaged(obj, operation, heard) or _applied(obj, profile, heard)}


def _applied(obj: Obj, profile: BooksProfile, heard: Heard) -> Applied:
    return Applied(record=from_qbo(BooksKind.ATTACHMENT, obj, profile), reference=heard.reference)


def _damaged(obj: Obj, operation: Operation, heard: Heard) -> Refused | None:
    size = obj.get("Size")
    if operation.data is None or size is None or int(size) == len(operation.data):
        return None
    return Refused(
        why=Why.INVALID,
        message=f"The file arrived with {size} bytes instead of {len(operation.data)} (attachment {obj['Id']}).",
        remedy="Delete that attachment in QuickBooks, then retry.",
        reference=heard.reference,
    )
