"""What every change has in common: the record is found, free, as the caller knew it, and in an open period."""

from __future__ import annotations

from copy import deepcopy

from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, not_found
from blueops_qb.sandbox.qbd.values import Obj

#: members of which a record has one at most: what is sent takes the place of the other
_ALTERNATIVES = (
    ("DiscountRate", "DiscountRatePercent"),
    ("Rate", "RatePercent"),
    ("MarkupRate", "MarkupRatePercent"),
)


def fetched(company: Company, kind: str, identity: str) -> Obj:
    """A copy of a record that is about to be changed; raises Refusal 3120."""
    record = company.get(kind, identity)
    if record is None:
        raise not_found(kind, identity)
    return deepcopy(record)


def must_be_free(company: Company, identity: str) -> None:
    """Raise Refusal 3175 where somebody has the record open."""
    if identity in company.switches.in_use:
        raise Refusal(
            3175, f'There was an error: the object "{identity}" is in use by another user or window.'
        )


def related_must_be_free(company: Company, identity: str) -> None:
    """Raise Refusal 3176 where a record that is touched on the side is open."""
    if identity in company.switches.in_use:
        raise Refusal(3176, f'A related object "{identity}" is in use by another user or window.')


def must_be_current(record: Obj, sent: Obj) -> None:
    """Raise Refusal 3200 where the EditSequence is not that of the record."""
    if sent["EditSequence"] != record["EditSequence"]:
        raise Refusal(
            3200,
            f'The provided edit sequence "{sent["EditSequence"]}" is out-of-date: '
            f'the object is at "{record["EditSequence"]}".',
        )


def must_be_open(company: Company, day: str, *, deleting: bool = False) -> None:
    """Raise Refusal 3171 (3161 for a deletion) for a day on or before the closing date."""
    closing = company.closing_date
    if closing and day <= closing:
        what = "delete" if deleting else "modify"
        raise Refusal(
            3161 if deleting else 3171,
            f"An attempt was made to {what} a transaction dated {day}, on or before the closing date {closing}.",
        )


def merged(record: Obj, sent: Obj) -> Obj:
    """A record with what was sent laid over it: an empty element clears, a missing one leaves as it was."""
    fresh = dict(record)
    for one, other in _ALTERNATIVES:
        for said, gone in ((one, other), (other, one)):
            if sent.get(said):
                fresh.pop(gone, None)
    for name, value in sent.items():
        if value in ("", None, {}):
            fresh.pop(name, None)
        else:
            fresh[name] = value
    return fresh


def without_empty(sent: Obj) -> Obj:
    """What was sent, without empty elements."""
    return {name: value for name, value in sent.items() if value not in ("", None, {}, [])}
