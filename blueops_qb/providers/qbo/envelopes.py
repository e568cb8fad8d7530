"""Envelopes: an exchange as bytes and an answer as outcomes, by what its operations ask for."""

from __future__ import annotations

import json

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.catalog import decode_catalog, encode_catalog
from blueops_qb.providers.qbo.feeds import decode_changes, encode_changes
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.ledger import decode_ledger, encode_ledger
from blueops_qb.providers.qbo.lookups import decode_find, encode_find, shares
from blueops_qb.providers.qbo.reads import decode_read, encode_read
from blueops_qb.providers.qbo.signin import error_sentence, needs_person
from blueops_qb.providers.qbo.tax_codes import decode_tax_code, encode_tax_code, is_tax_code
from blueops_qb.providers.qbo.uploads import decode_upload, encode_upload, is_upload
from blueops_qb.providers.qbo.verdicts import Heard, unknown
from blueops_qb.providers.qbo.writes import decode_writes, encode_writes
from blueops_qb.sdk.outcomes import Applied, Outcome, SignIn, Throttled
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb

#: Verbs that a batch of writes mixes freely.
BATCHED = frozenset({Verb.CREATE, Verb.UPDATE, Verb.WITHDRAW})


def envelope_of(operation: Operation) -> str:
    """The name of the envelope that the operation may share; empty = it travels alone."""
    if is_upload(operation) or is_tax_code(operation):
        return ""
    if operation.verb in BATCHED:
        return "batch"
    if operation.verb is Verb.FIND and shares(operation):
        return f"find {operation.params['by']}"
    return ""


def encode_exchange(exchange: Exchange, profile: BooksProfile, *, minorversion: str, overlap: float) -> bytes:
    """The bytes; the same exchange always gives the same. Raises Unencodable."""
    verb = exchange.operations[0].verb
    if verb is Verb.SIGN_IN:
        frame = {"sign_in": "refresh", "asked_at": exchange.created_at.isoformat()}
        return json.dumps(frame, separators=(",", ":")).encode()
    request: Request
    if is_upload(exchange.operations[0]):
        request = encode_upload(exchange, profile, minorversion=minorversion)
    elif is_tax_code(exchange.operations[0]):
        request = encode_tax_code(exchange, profile, minorversion=minorversion)
    elif verb in BATCHED:
        request = encode_writes(exchange, profile, minorversion=minorversion)
    elif verb is Verb.READ:
        request = encode_read(exchange, minorversion=minorversion)
    elif verb is Verb.FIND:
        request = encode_find(exchange, minorversion=minorversion, overlap=overlap)
    elif verb is Verb.CHANGES:
        request = encode_changes(exchange, minorversion=minorversion, overlap=overlap)
    elif verb is Verb.CATALOG:
        request = encode_catalog(exchange, minorversion=minorversion)
    elif verb is Verb.LEDGER:
        request = encode_ledger(exchange, profile, minorversion=minorversion)
    else:
        raise Unencodable(
            exchange.operations[0].id, f"QuickBooks Online cannot do “{verb.value}” in this version."
        )
    return request.to_bytes()


def decode_exchange(
    exchange: Exchange, reply: bytes, profile: BooksProfile, *, overlap: float
) -> dict[str, Outcome]:
    """One outcome per operation; never raises: what cannot be read may have happened."""
    try:
        answer = Answer.from_bytes(reply)
        return _decode(exchange, answer, profile, overlap)
    except Exception as problem:  # the contract: nothing that comes back may break the engine
        heard = Heard(status=0)
        message = "The answer of QuickBooks cannot be read."
        detail = f"{type(problem).__name__}: {problem}; {reply[:200]!r}"
        return {
            operation.id: unknown(operation, heard, message=message, detail=detail)
            for operation in exchange.operations
        }


def _decode(exchange: Exchange, answer: Answer, profile: BooksProfile, overlap: float) -> dict[str, Outcome]:
    verb = exchange.operations[0].verb
    if answer.status in (400, 401) and (answer.json() or {}).get("error") == "no_tokens":
        signed_out = SignIn(message=error_sentence("no_tokens"), detail="no tokens are stored")
        return {operation.id: signed_out for operation in exchange.operations}
    if verb is Verb.SIGN_IN:
        return {operation.id: _signed_in(answer) for operation in exchange.operations}
    if is_upload(exchange.operations[0]):
        return decode_upload(exchange, answer, profile)
    if is_tax_code(exchange.operations[0]):
        return decode_tax_code(exchange, answer, profile)
    if verb in BATCHED:
        return decode_writes(exchange, answer, profile)
    if verb is Verb.READ:
        return decode_read(exchange, answer, profile)
    if verb is Verb.FIND:
        return decode_find(exchange, answer, profile)
    if verb is Verb.CHANGES:
        return decode_changes(exchange, answer, profile, overlap=overlap)
    if verb is Verb.LEDGER:
        return decode_ledger(exchange, answer, profile)
    return decode_catalog(exchange, answer)


def _signed_in(answer: Answer) -> Outcome:
    value = answer.json() or {}
    error = str(value.get("error") or "")
    if answer.status == 200 and not error:
        return Applied(detail=answer.text, reference=answer.reference)
    detail = f"HTTP {answer.status}, {error or answer.text[:200]}"
    if not needs_person(error) and answer.status not in (400, 401, 403):
        wait = Heard.of(answer).retry_after or 60.0
        return Throttled(
            message="Intuit could not renew the sign-in just now.",
            detail=detail,
            reference=answer.reference,
            retry_after=wait,
        )
    return SignIn(message=error_sentence(error), detail=detail, reference=answer.reference)
