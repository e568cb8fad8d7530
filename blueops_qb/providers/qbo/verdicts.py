"""Verdicts: turns a fault, or an answer that is none of ours, into an outcome for one operation.

The dictionary says what a fault means; here is added what only the operation knows: after a write nobody may
assume that nothing happened, and "not found" is a different thing for what is changed and for what is named.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.providers.qbo.fault_rules import Result, Rule
from blueops_qb.providers.qbo.fault_text import Fault
from blueops_qb.providers.qbo.faults import rule_for
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.sdk.outcomes import (
    Absent,
    Found,
    Gone,
    NotKnown,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import WRITES, Operation, Verb, Want

PAUSE = 60.0
_SHORT = 30.0


@attrs.frozen(kw_only=True)
class Heard:
    """What is known of the call: its HTTP status, Intuit's number, the wait it asks for."""

    status: int
    reference: str = ""
    retry_after: float | None = None
    #: The fault stands in one item of a batch; the call as a whole went through.
    item: bool = False

    @classmethod
    def of(cls, answer: Answer, *, item: bool = False) -> Heard:
        """From an answer."""
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else None
        return cls(status=answer.status, reference=answer.reference, retry_after=seconds, item=item)


def verdict(fault: Fault, operation: Operation, heard: Heard) -> Outcome:
    """The outcome of an operation that met this fault."""
    about = operation.kind if operation.verb in WRITES else None
    rule = rule_for(fault.code, fault.text, about)
    if rule is None:
        return _unlisted(fault, operation, heard)
    writing = operation.verb in WRITES
    common: dict[str, Any] = {"message": rule.message, "detail": fault.log, "reference": heard.reference}
    match rule.result:
        case Result.REFUSED:
            return _refused(rule, fault, heard)
        case Result.STALE:
            return Stale(**common)
        case Result.GONE | Result.ABSENT:
            return _missing(rule, fault, operation, heard)
        case Result.LATER:
            wait = heard.retry_after or rule.wait
            return Throttled(retry_after=wait, connection=rule.connection, **common)
        case Result.REFRESH:
            return SignIn(refresh=True, **common)
        case Result.SIGN_IN:
            return _no_rights(rule, fault, heard)
        case Result.TOO_OLD:
            return Found(too_old=True, **common)
        case Result.UNKNOWN:
            return unknown(operation, heard, message=rule.message, detail=fault.log, writing=writing)


def unknown(
    operation: Operation, heard: Heard, *, message: str, detail: str, writing: bool | None = None
) -> Outcome:
    """Nobody can say for a write; a read is simply asked again."""
    if operation.verb in WRITES if writing is None else writing:
        return NotKnown(message=message, detail=detail, reference=heard.reference)
    wait = heard.retry_after or _SHORT
    return Throttled(
        message=message, detail=detail, reference=heard.reference, retry_after=wait, connection=False
    )


def _refused(rule: Rule, fault: Fault, heard: Heard) -> Refused:
    message = rule.message
    # What QuickBooks itself says helps a person where our own words are general.
    if rule.why in (Why.INVALID, Why.DEFECT, Why.REFERENCE) and fault.detail:
        message = f"{message} QuickBooks says: {fault.detail.strip().rstrip('.')}."
    return Refused(
        why=rule.why or Why.INVALID,
        message=message,
        remedy=rule.remedy,
        detail=fault.log,
        reference=heard.reference,
        code=fault.code,
        element=fault.element,
    )


def _no_rights(rule: Rule, fault: Fault, heard: Heard) -> Outcome:
    if heard.item:  # the rest of the batch went through: this record only
        return Refused(
            why=Why.NOT_AVAILABLE,
            message=rule.message,
            remedy=rule.remedy,
            detail=fault.log,
            reference=heard.reference,
            code=fault.code,
        )
    return SignIn(message=rule.message, detail=fault.log, reference=heard.reference)


def _missing(rule: Rule, fault: Fault, operation: Operation, heard: Heard) -> Outcome:
    common: dict[str, Any] = {"message": rule.message, "detail": fault.log, "reference": heard.reference}
    if operation.verb is Verb.CREATE:  # it cannot be the record itself: something that it names
        return Refused(
            why=Why.REFERENCE,
            code=fault.code,
            element=fault.element,
            remedy="Look at what it belongs to or settles in QuickBooks; if that was deleted, link it anew.",
            **{**common, "message": "Something that it uses is not in QuickBooks any more."},
        )
    if operation.verb in WRITES:
        # Either the record or something it names; a read of the record tells which.
        look = Want(verb=Verb.READ, kind=operation.kind, target_id=operation.target_id)
        return Gone(then=(look,), **common)
    return Gone(**common) if rule.result is Result.GONE else Absent(**common)


def _unlisted(fault: Fault, operation: Operation, heard: Heard) -> Outcome:
    status, kind = heard.status, fault.type.lower()
    common: dict[str, Any] = {"detail": f"HTTP {status}, {fault.log}", "reference": heard.reference}
    if status == 429 or "throttle" in fault.text.lower():
        wait = heard.retry_after or PAUSE
        return Throttled(retry_after=wait, message="QuickBooks asks for a pause (too many calls).", **common)
    if status == 401 or "authentication" in kind:
        return SignIn(refresh=True, message="QuickBooks does not accept the sign-in any more.", **common)
    if status == 403 or "authoriz" in kind:
        return SignIn(message="QuickBooks does not authorise the connection any more.", **common)
    if status == 413:
        return Refused(
            why=Why.INVALID,
            message="It is too large for QuickBooks.",
            remedy="Split it into smaller documents in BlueOps.",
            **common,
        )
    if fault.code and (heard.item or status in (200, 400)) and "system" not in kind:
        return Refused(
            why=Why.INVALID,
            message=f"QuickBooks refuses it with code {fault.code}: {fault.text or 'without a text'}",
            remedy="Correct it in BlueOps or in QuickBooks as the text says, then retry.",
            code=fault.code,
            element=fault.element,
            **common,
        )
    return unknown(operation, heard, message=_nothing_readable(status), detail=common["detail"])


def _nothing_readable(status: int) -> str:
    if 300 <= status < 400:
        return (
            "QuickBooks answered with the address of another place, which is never followed. Check the "
            "address of QuickBooks in the host's configuration and any proxy on the way."
        )
    if status >= 500:
        return f"QuickBooks had a failure of its own (HTTP {status})."
    return f"QuickBooks gave an answer that cannot be read (HTTP {status})."
