"""Outcomes: the one closed vocabulary for what came of an operation.

    Outcome
    ├── Applied     it is done; the record as the books now show it
    ├── Found       what a read, look-up, change feed or catalog brought
    ├── Absent      a look-up or read found nothing under that name or id
    ├── Gone        it was there and has been deleted in the books
    ├── Refused     the books will not do it; no retry cures that
    ├── Stale       the version we based on is old; read, compare again
    ├── Throttled   too fast or busy; later
    ├── SignIn      the books no longer accept our sign-in
    └── NotKnown    nobody can say whether it happened

Each carries `message` (plain words for the admin), `detail` (for the log) and `reference` (the books' own
number of the call, e.g. intuit_tid), and may ask for `then`: operations the provider wants next.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef

if TYPE_CHECKING:
    from blueops_qb.sdk.provider import Want


@attrs.frozen(kw_only=True)
class BooksRecord:
    """A record as the books showed it.

    `document` is in neutral words with BooksRefs; None for catalog kinds and for kinds not understood.
    `facts` are further strings the engine keeps but never interprets beyond what providers agree on:
    `account_type`, `account_subtype`, `number`, `income_account`, `expense_account`, `item_type`, `parent`,
    `taxable`, `due_days`, `balance`, `changed_by` (who changed a document last, in plain words). `linked` are the
    records it is linked with (payments of an invoice, deposit of a payment). `marker` is our own token found in it.
    `shown` is whatever the provider wants to see again when it changes this record (line ids, members that no document
    knows): opaque text, kept as it is.
    """

    kind: BooksKind
    id: str
    version: str = ""
    name: str = ""
    active: bool = True
    document: Document | None = None
    facts: dict[str, str] = attrs.field(factory=dict)
    linked: tuple[BooksRef, ...] = ()
    marker: str = ""
    updated_at: dt.datetime | None = None
    shown: str = ""

    @property
    def ref(self) -> BooksRef:
        return BooksRef(self.kind, self.id)


@attrs.frozen(kw_only=True)
class LedgerLine:
    """One line on an account of the books' own ledger, as the books report it.

    `amount` is in the home currency, a debit positive, a credit negative. `kind` and `id` name the transaction;
    `kind` is None where we have no word for it, and `type` is the books' own word for it. `customer` is also the
    job. Names are given where the books show one; a reference only where they show an id. `balance` is the
    account's balance after the line, debit positive, where the books show it in a way that can be signed.
    """

    account: BooksRef
    account_name: str = ""
    date: dt.date
    kind: BooksKind | None = None
    id: str = ""
    type: str = ""
    number: str = ""
    name: str = ""
    customer: BooksRef | None = None
    class_name: str = ""
    location_name: str = ""
    vendor: BooksRef | None = None
    class_id: str = ""
    location_id: str = ""
    memo: str = ""
    amount: Decimal
    balance: Decimal | None = None


@attrs.frozen(kw_only=True)
class _Outcome:
    message: str = ""
    detail: str = ""
    reference: str = ""
    then: tuple[Want, ...] = ()


@attrs.frozen(kw_only=True)
class Applied(_Outcome):
    """It is done. `record` is the books' answer; None when a removal left nothing behind."""

    record: BooksRecord | None = None
    #: Other records the same call changed and returned.
    also: tuple[BooksRecord, ...] = ()


@attrs.frozen(kw_only=True)
class Found(_Outcome):
    """What reading brought.

    `deleted` lists refs the books call deleted (to be confirmed by a read). `cursor` is the feed's new
    opaque position, set on the last page only. `too_old`: the feed no longer reaches back that far,
    a full comparison is due. `complete`: there is no further page; `then` asks for it otherwise. `ledger`: the
    account lines of the period that was asked for, or of the part of it that this page covers.
    """

    records: tuple[BooksRecord, ...] = ()
    deleted: tuple[BooksRef, ...] = ()
    cursor: str | None = None
    too_old: bool = False
    complete: bool = True
    profile: BooksProfile | None = None
    ledger: tuple[LedgerLine, ...] = ()


@attrs.frozen(kw_only=True)
class Absent(_Outcome):
    """Nothing is there under that id or name."""


@attrs.frozen(kw_only=True)
class Gone(_Outcome):
    """It was deleted in the books."""


class Why(enum.StrEnum):
    """Why the books refused, as far as it decides the next step."""

    #: The name is taken by another customer, vendor or employee.
    NAME_TAKEN = "name_taken"
    #: The document number is taken.
    NUMBER_TAKEN = "number_taken"
    #: The date lies in a closed period.
    CLOSED_PERIOD = "closed_period"
    #: A referenced record is missing, inactive or not fit for the use.
    REFERENCE = "reference"
    #: It is paid, deposited, reconciled or linked, and so frozen.
    FROZEN = "frozen"
    #: The content itself is not acceptable.
    INVALID = "invalid"
    #: The company's plan or a preference lacks the feature.
    NOT_AVAILABLE = "not_available"
    #: Whoever signed in lacks the right, or the subscription lapsed.
    NOT_ALLOWED = "not_allowed"
    #: We built a wrong request: a defect of the provider.
    DEFECT = "defect"


@attrs.frozen(kw_only=True)
class Refused(_Outcome):
    """The books will not do it. `remedy` tells the admin what to do now."""

    why: Why
    remedy: str = ""
    code: str = ""
    element: str = ""


@attrs.frozen(kw_only=True)
class Stale(_Outcome):
    """Somebody changed the record since the version we sent."""


@attrs.frozen(kw_only=True)
class Throttled(_Outcome):
    """Later: `retry_after` seconds from the answer; None lets the engine choose. Nothing was done.

    `apart`: it then goes only with operations that bear the same word (at most 32 characters), so that of a set in
    which one operation spoils the rest the guilty one is found; empty = with any.
    """

    retry_after: float | None = None
    #: True = the whole connection should rest, not only this operation.
    connection: bool = True
    apart: str = ""


@attrs.frozen(kw_only=True)
class SignIn(_Outcome):
    """Sign in again. `refresh` = a fresh access token may cure it, no person needed yet."""

    refresh: bool = False


@attrs.frozen(kw_only=True)
class NotKnown(_Outcome):
    """The answer does not tell whether it happened (5xx, cut off, unreadable).

    `forgotten`: the books were asked about the exchange and know nothing of it, so asking again is of no use.
    """

    forgotten: bool = False


Outcome = Applied | Found | Absent | Gone | Refused | Stale | Throttled | SignIn | NotKnown
