"""Verdicts: turns the status of one request into an outcome, with what only the operation knows.

After a write nobody may assume that nothing happened, and "not found" is a different thing for what is changed and
for what is named (reference/quickbooks-desktop.md sections 6 and 8).
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.refs import NAMED_KINDS, BooksRef
from blueops_qb.providers.qbd.status import rule_for
from blueops_qb.providers.qbd.status_rules import Result, Rule
from blueops_qb.sdk.outcomes import Absent, Gone, NotKnown, Outcome, Refused, Stale, Throttled, Why
from blueops_qb.sdk.provider import WRITES, Operation, Verb, Want

#: Seconds until a read is asked again that nobody could answer, and until what was never started is sent again.
_SHORT, _AGAIN = 60.0, 5.0


@attrs.frozen(kw_only=True)
class Status:
    """What QuickBooks says of one request; `reference` names the message set."""

    code: str
    message: str = ""
    severity: str = ""
    reference: str = ""

    @property
    def log(self) -> str:
        """Everything, for the log."""
        return f"status {self.code} {self.severity}: {self.message}".strip()


def is_done(status: Status, operation: Operation) -> bool:
    """Whether the request went through, so that its answer counts."""
    return rule_for(status.code, status.message, operation.verb).result is Result.DONE


def verdict(status: Status, operation: Operation) -> Outcome:
    """The outcome of an operation that met this status; not for one that is done."""
    rule = rule_for(status.code, status.message, operation.verb)
    common: dict[str, Any] = {"message": rule.message, "detail": status.log, "reference": status.reference}
    match rule.result:
        case Result.REFUSED:
            return _refused(rule, status, operation)
        case Result.STALE:
            # Section 5.1: read by id, compare again, once more.
            return Stale(then=(_look(operation),), **common)
        case Result.GONE | Result.ABSENT:
            return _missing(rule, operation, common)
        case Result.LATER:
            return Throttled(retry_after=rule.wait, connection=rule.connection, **common)
        case Result.NOT_RUN | Result.RESTART:
            return Throttled(retry_after=_AGAIN, connection=False, **common)
        case Result.UNKNOWN | Result.DONE:
            return unknown(operation, **common)


def unknown(operation: Operation, *, message: str, detail: str, reference: str = "") -> Outcome:
    """Nobody can say for a write; a read is simply asked again."""
    if operation.verb in WRITES:
        return NotKnown(message=message, detail=detail, reference=reference)
    return Throttled(
        message=message, detail=detail, reference=reference, retry_after=_SHORT, connection=False
    )


def _refused(rule: Rule, status: Status, operation: Operation) -> Refused:
    message = rule.message
    # What QuickBooks itself says helps a person where our own words are general.
    if rule.why in (Why.INVALID, Why.DEFECT, Why.REFERENCE) and status.message:
        message = f"{message} QuickBooks says: {status.message.strip().rstrip('.')}."
    return Refused(
        why=rule.why or Why.INVALID,
        message=message,
        remedy=rule.remedy,
        detail=status.log,
        reference=status.reference,
        code=status.code,
        then=_party(operation) if rule.why is Why.REFERENCE else (),
    )


def _missing(rule: Rule, operation: Operation, common: dict[str, Any]) -> Outcome:
    if operation.verb is Verb.CREATE:  # it cannot be the record itself: something that it names
        told = {**common, "message": "Something that it uses is not in QuickBooks any more."}
        return Refused(
            why=Why.REFERENCE,
            code=rule.code,
            remedy="Look at what it belongs to or settles in QuickBooks; if that was deleted, link it anew.",
            **{**told, "then": _party(operation)},
        )
    if operation.verb in WRITES:
        # Either the record or something it names; a read of the record tells which.
        return Gone(then=(_look(operation),), **common)
    return Gone(**common) if rule.result is Result.GONE else Absent(**common)


def _party(operation: Operation) -> tuple[Want, ...]:
    """A read of the customer or vendor whom a document names: he may have been merged into another one."""
    document = operation.document
    named = (getattr(document, name, None) for name in ("customer", "vendor", "payee"))
    return tuple(
        Want(verb=Verb.READ, kind=party.kind, target_id=party.id)
        for party in named
        if isinstance(party, BooksRef) and party.kind in NAMED_KINDS
    )


def _look(operation: Operation) -> Want:
    return Want(verb=Verb.READ, kind=operation.kind, target_id=operation.target_id)
