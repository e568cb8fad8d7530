"""The fault matrix: what becomes of a record whose write meets a fault, for every fault and kind of write.

A trial is a refusal as Intuit words it, or an answer that is none; the dictionary of refusals says what it comes
to, and from that follows where the record stands and what happens next. Which write can meet which fault:
reference/quickbooks-online.md sections 3, 4, 9 and 10. The documentation page and the tests read it here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_rules import Result
from blueops_qb.providers.qbo.faults import rule_for
from blueops_qb.providers.qbo.matrix_trials import TRIALS, UNANSWERED, Seen, Trial
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.provider import Verb

VERBS = (Verb.CREATE, Verb.UPDATE, Verb.WITHDRAW)
KINDS = (
    BooksKind.CUSTOMER,
    BooksKind.VENDOR,
    BooksKind.INVOICE,
    BooksKind.PAYMENT,
    BooksKind.BILL,
    BooksKind.EXPENSE,
    BooksKind.JOURNAL,
    BooksKind.DEPOSIT,
    BooksKind.ESTIMATE,
    BooksKind.CREDIT_MEMO,
    BooksKind.SALES_RECEIPT,
    BooksKind.REFUND_RECEIPT,
    BooksKind.BILL_PAYMENT,
    BooksKind.VENDOR_CREDIT,
    BooksKind.PURCHASE_ORDER,
)
#: Writes that BlueOps never makes.
NEVER: Mapping[tuple[Verb, BooksKind], str] = {
    (Verb.UPDATE, BooksKind.DEPOSIT): "a settled payout never changes; it is voided and settled anew",
}


class Stands(enum.StrEnum):
    """Where the record's event stands when the answer has been heard: words of docs/reference/states.md."""

    HELD = "held"
    #: Queued for another attempt.
    WAITING = "waiting"
    #: Sent, and looked up in the books before anything else.
    UNCERTAIN = "uncertain"
    #: The record is read, then both sides are compared anew.
    COMPARED = "pending"
    DONE = "done"


class Health(enum.StrEnum):
    """How the connection fares then."""

    OK = "ok"
    REFRESH = "refresh"
    SIGN_IN = "sign_in"
    STOPPED = "stopped"
    #: No answer came; it is tried again by itself.
    UNREACHED = "unreached"


class Next(enum.StrEnum):
    """What brings the record into the books."""

    ITSELF = "Nothing to do: it is sent again by itself"
    LOOKED_UP = "Nothing to do: it is looked up, and sent again only if it did not arrive"
    COMPARED = "Nothing to do: both sides are compared anew (choose on the conflicts page where both moved)"
    RETRY = "Do what the sentence says, then press Retry (a change in BlueOps sends it as well)"
    SIGN_IN = "Sign in again on the connection page; it is sent by itself then"
    RESUME = "Mend it in QuickBooks, then press “It is mended, go on” on the overview"
    CHOOSE = "Choose on the conflicts page what shall become of it"
    NOTHING = "Nothing to do: what was to be taken out is not there any more"


@attrs.frozen(kw_only=True)
class Cell:
    """One trial at one kind of write; `cannot` is set instead of the rest where it cannot occur."""

    stands: Stands | None = None
    health: Health = Health.OK
    next: Next | None = None
    cannot: str = ""


def cell(trial: Trial, verb: Verb, kind: BooksKind) -> Cell:
    """What becomes of a write of the kind that meets the trial."""
    never = NEVER.get((verb, kind), "")
    if never or kind not in trial.kinds or verb not in trial.verbs:
        return Cell(cannot=never or trial.only)
    return _met(trial, verb)


def upload_cell(trial: Trial) -> Cell:
    """What becomes of a cost whose file meets the trial on its way up."""
    return _met(trial, Verb.CREATE)


def cells() -> Iterator[tuple[Trial, Verb, BooksKind, Cell]]:
    """The whole matrix."""
    for trial in TRIALS:
        for verb in VERBS:
            for kind in KINDS:
                yield trial, verb, kind, cell(trial, verb, kind)


def result_of(trial: Trial) -> tuple[Result, Why | None]:
    """What the dictionary says, or for an answer without a listed code what its form says."""
    rule = rule_for(trial.code, f"{trial.message} {trial.detail}") if trial.code else None
    if rule is None:
        return trial.unlisted, Why.INVALID if trial.unlisted is Result.REFUSED else None
    if rule.result is Result.SIGN_IN and trial.seen is Seen.ITEM:
        # The rest of the batch went through: this record only.
        return Result.REFUSED, Why.NOT_AVAILABLE
    return rule.result, rule.why


def _met(trial: Trial, verb: Verb) -> Cell:
    result, why = result_of(trial)
    if why is Why.NOT_ALLOWED:
        return Cell(stands=Stands.WAITING, health=Health.STOPPED, next=Next.RESUME)
    if result in (Result.GONE, Result.ABSENT):
        return _MISSING[verb]
    if trial.form in UNANSWERED:
        return attrs.evolve(_CELLS[result], health=Health.UNREACHED)
    return _CELLS[result]


_CELLS: Mapping[Result, Cell] = {
    Result.REFUSED: Cell(stands=Stands.HELD, next=Next.RETRY),
    Result.STALE: Cell(stands=Stands.COMPARED, next=Next.COMPARED),
    Result.LATER: Cell(stands=Stands.WAITING, next=Next.ITSELF),
    Result.REFRESH: Cell(stands=Stands.WAITING, health=Health.REFRESH, next=Next.ITSELF),
    Result.SIGN_IN: Cell(stands=Stands.WAITING, health=Health.SIGN_IN, next=Next.SIGN_IN),
    Result.UNKNOWN: Cell(stands=Stands.UNCERTAIN, next=Next.LOOKED_UP),
}
_MISSING: Mapping[Verb, Cell] = {
    # It names something that is not there.
    Verb.CREATE: Cell(stands=Stands.HELD, next=Next.RETRY),
    # The record itself was deleted; a read confirms it.
    Verb.UPDATE: Cell(stands=Stands.HELD, next=Next.CHOOSE),
    Verb.WITHDRAW: Cell(stands=Stands.DONE, next=Next.NOTHING),
}
