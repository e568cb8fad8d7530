"""The trials of the fault matrix: refusals in Intuit's words, and answers that are none, as data.

Wording and form: reference/quickbooks-online.md sections 1.7, 9.2 and 10. `kinds` and `verbs` say at which
writes a fault can occur, `only` why it cannot at the others.
"""

from __future__ import annotations

import enum
from typing import TypedDict, Unpack

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_rules import Result
from blueops_qb.sdk.provider import Verb

K = BooksKind
_NAMES = frozenset({K.CUSTOMER, K.VENDOR})
_SOLD = frozenset({K.INVOICE, K.ESTIMATE, K.CREDIT_MEMO, K.SALES_RECEIPT, K.REFUND_RECEIPT})
_BOUGHT = frozenset({K.BILL, K.EXPENSE, K.VENDOR_CREDIT, K.PURCHASE_ORDER})
_LINED = _SOLD | _BOUGHT
_NUMBERED = _LINED | {K.JOURNAL, K.BILL_PAYMENT}
_SETTLING = frozenset({K.PAYMENT, K.BILL_PAYMENT})
_DOCUMENTS = _NUMBERED | {K.PAYMENT, K.DEPOSIT}
#: What moves money at once, and what a bank statement may be matched with.
_MONEY = frozenset(
    {K.PAYMENT, K.EXPENSE, K.BILL, K.JOURNAL, K.DEPOSIT, K.SALES_RECEIPT, K.REFUND_RECEIPT, K.BILL_PAYMENT}
)
_ALL = _NAMES | _DOCUMENTS
_WRITTEN = frozenset({Verb.CREATE, Verb.UPDATE})
_CHANGED = frozenset({Verb.UPDATE, Verb.WITHDRAW})
_CREATED, _TAKEN_OUT = frozenset({Verb.CREATE}), frozenset({Verb.WITHDRAW})
_EVERY = _WRITTEN | _TAKEN_OUT

_NO_CONTENT = "a removal sends no content but id and version"


class Seen(enum.StrEnum):
    """Where the trial is met."""

    #: In one item of a batch; the other items go through.
    ITEM = "item"
    #: The whole call is refused.
    CALL = "call"
    #: What comes back is no answer of the API at all.
    ANSWER = "answer"


@attrs.frozen(kw_only=True)
class Trial:
    """One way in which a write can fail."""

    name: str
    code: str = ""
    message: str = ""
    detail: str = ""
    type: str = "ValidationFault"
    seen: Seen = Seen.ITEM
    #: Of a refused call.
    status: int = 0
    #: `json`, `gateway` (lower case) or `xml`; of an answer that is none: the trouble of the twin.
    form: str = "json"
    kinds: frozenset[BooksKind] = _ALL
    verbs: frozenset[Verb] = _EVERY
    only: str = ""
    #: What it comes to where no row of the dictionary fits.
    unlisted: Result = Result.UNKNOWN


class _More(TypedDict, total=False):
    """What a trial may say beside its words."""

    type: str
    seen: Seen
    form: str
    kinds: frozenset[BooksKind]
    verbs: frozenset[Verb]
    only: str
    unlisted: Result


def _item(code: str, message: str, detail: str, name: str = "", **more: Unpack[_More]) -> Trial:
    return Trial(name=name or code, code=code, message=message, detail=detail, **more)


def _call(status: int, code: str, message: str, detail: str, name: str, **more: Unpack[_More]) -> Trial:
    more = {"seen": Seen.CALL, **more}
    return Trial(name=name, code=code, message=message, detail=detail, status=status, **more)


def _answer(name: str, trouble: str, unlisted: Result = Result.UNKNOWN) -> Trial:
    return Trial(name=name, seen=Seen.ANSWER, form=trouble, unlisted=unlisted)


#: Forms in which no whole answer comes back.
UNANSWERED = frozenset({"truncated", "drop_before", "drop_after"})
_BUSINESS = "A business validation error has occurred while processing your request"

TRIALS: tuple[Trial, ...] = (
    # -- the record
    _item(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed: If you need to, first delete the deposit.",
        kinds=frozenset({K.PAYMENT, K.SALES_RECEIPT}),
        verbs=_CHANGED,
        only="only money received that is in the books can be part of a bank deposit",
    ),
    _item(
        "620",
        "Transaction cannot be linked",
        "One of the transactions cannot be linked: it is of another customer, closed or inactive.",
        kinds=_SETTLING | {K.DEPOSIT},
        verbs=_WRITTEN,
        only="only payments (bill payments too) and deposits link other transactions, and a removal links none",
    ),
    _item("6000", _BUSINESS, "You must set an amount for this transaction.", "6000, any rule"),
    _item(
        "6000",
        _BUSINESS,
        "The transaction date is prior to the company's closing date.",
        "6000, closing date",
        kinds=_DOCUMENTS,
        only="customers and vendors have no date",
    ),
    _item(
        "6000",
        _BUSINESS,
        "This transaction is linked to other transactions.",
        "6000, linked",
        kinds=_DOCUMENTS,
        verbs=_CHANGED,
        only="only a transaction that exists is linked to others",
    ),
    _item(
        "6000",
        _BUSINESS,
        "The amount is more than the balance due of the invoice.",
        "6000, more than is open",
        kinds=_SETTLING,
        verbs=_WRITTEN,
        only="only payments and bill payments settle what is open",
    ),
    _item(
        "6070",
        "Amount is not equal to UnitPrice * Qty",
        "Amount calculation incorrect in the request. Amount is not equal to UnitPrice * Qty. Supplied value:10",
        kinds=_LINED,
        verbs=_WRITTEN,
        only="only lines of what is sold or bought have a quantity and a price",
    ),
    _item(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used.",
        kinds=_NUMBERED,
        verbs=_WRITTEN,
        only="customers, vendors, payments and deposits are written without a number",
    ),
    _item(
        "6190", "Invalid Company Status", "Subscription period has ended or canceled or there was a problem."
    ),
    _item(
        "6240",
        "Duplicate Name Exists Error",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name.",
        kinds=_NAMES,
        verbs=_WRITTEN,
        only="only customers and vendors have a name that must be free",
    ),
    _item(
        "610",
        "Object Not Found",
        "Object Not Found : Another user has deleted this transaction.",
        "610, deleted",
        kinds=_DOCUMENTS,
        verbs=_CHANGED,
        only="customers and vendors are never deleted there, and what is only being created cannot have been",
    ),
    _item(
        "610",
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive.",
        "610, reference inactive",
        verbs=_WRITTEN,
        only=_NO_CONTENT,
    ),
    _item(
        "610",
        "Object Not Found",
        "Object Not Found : no object with that id",
        "610, reference unknown",
        verbs=_CREATED,
        only="at a change the record itself is meant",
    ),
    _item(
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : Accounts element id 99 not found",
        verbs=_WRITTEN,
        only=_NO_CONTENT,
    ),
    _item(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and another user were working on this at the same time.",
        "5010, stale",
        verbs=_CHANGED,
        only="what is only being created has no version",
    ),
    _item(
        "5010",
        "Stale Object Error",
        "The account period has closed and the transaction cannot be changed.",
        "5010, closed period",
        kinds=_DOCUMENTS,
        only="customers and vendors have no date",
    ),
    _item(
        "6210",
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through the Services API.",
        kinds=_DOCUMENTS,
        only="customers and vendors have no date",
    ),
    _item(
        "800",
        "Dependencies",
        "Cannot delete: other transactions depend on it.",
        verbs=_TAKEN_OUT,
        only="only a removal is refused for what depends on the record",
    ),
    _item(
        "6220",
        "Delete: open balance",
        "A customer or vendor with an open balance cannot be made inactive.",
        kinds=_NAMES,
        verbs=_TAKEN_OUT,
        only="only customers and vendors are made inactive",
    ),
    _item(
        "6400",
        "Linked to an invoice",
        "The purchase is linked to an invoice and cannot be deleted.",
        kinds=frozenset({K.EXPENSE, K.BILL}),
        verbs=_TAKEN_OUT,
        only="only costs are billed on an invoice",
    ),
    _item(
        "6480",
        "Matched",
        "The transaction is matched with the bank feed and cannot be deleted.",
        kinds=_MONEY,
        verbs=_TAKEN_OUT,
        only="only what moves money is matched with the bank, and only its removal is refused for it",
    ),
    _item(
        "6010",
        "Invalid account type",
        "Invalid account type used.",
        kinds=_DOCUMENTS - {K.INVOICE, K.ESTIMATE, K.CREDIT_MEMO},
        verbs=_WRITTEN,
        only="customers, vendors, invoices, estimates and credit memos name no account, and a removal none at all",
    ),
    _item(
        "6250",
        "Invalid customer",
        "The customer is inactive or missing.",
        kinds=_LINED | {K.PAYMENT, K.JOURNAL},
        verbs=_WRITTEN,
        only="vendors, bill payments and deposits name no customer, and a removal none at all",
    ),
    _item(
        "2050",
        "String length is either shorter or longer than supported",
        "String length specified does not match the supported length. Min:0 Max:4000 supported. Supplied length:4001",
        verbs=_WRITTEN,
        only=_NO_CONTENT,
    ),
    _item(
        "2020",
        "Required param missing, need to supply the required value for the API",
        "Required parameter Line is missing in the request",
    ),
    _item("5020", "Permission Denied", "The feature is not part of the company's plan."),
    _item("120", "Authorization Failure", "The feature is not included in the subscription.", "120, plan"),
    _item("120", "Authorization Failure", "-11014-You do not have access.", "120, rights, in an item"),
    _item("1000", "Operation failed", "The operation could not be carried out."),
    _item("10000", "An application error has occurred", "Unexpected error", "10000, in an item"),
    _item(
        "9999", "Something new", "A code that nobody has listed.", "an unlisted code", unlisted=Result.REFUSED
    ),
    # -- the whole call
    _call(
        401,
        "3200",
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "Token expired",
        "3200, the gateway's 401",
        form="gateway",
        type="AUTHENTICATION",
    ),
    _call(
        401,
        "120",
        "Authorization Failure",
        "-11014-You do not have access to this company any more.",
        "120, the whole call",
        type="AuthorizationFault",
    ),
    _call(
        403,
        "3100",
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "The token was not issued for this company.",
        "3100",
        type="SERVICE",
    ),
    _call(
        400,
        "6190",
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a problem.",
        "6190, the whole call",
    ),
    _call(
        429,
        "3001",
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        "429",
        type="SERVICE",
    ),
    _call(
        429,
        "3001",
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        "429 as XML",
        type="SERVICE",
        form="xml",
    ),
    _call(400, "140", "Company locked", "The company is locked.", "140"),
    _call(500, "10000", "An application error has occurred", "Unexpected error", "10000", type="SystemFault"),
    _call(
        500,
        "500",
        "Unsupported Operation",
        "Operation batch is not supported.",
        "500, the fault code",
    ),
    # -- no answer of the API
    _answer("HTTP 500 without a fault", "error_before"),
    _answer("HTTP 500 after it was done", "error_after"),
    _answer("HTTP 503 with a page", "unavailable"),
    _answer("an HTML page with status 200", "html"),
    _answer("an HTML page after it was done", "html_after"),
    _answer("an answer that breaks off", "truncated"),
    _answer("a connection that closes before", "drop_before"),
    _answer("a connection that closes after", "drop_after"),
)

#: What an upload of a file can meet besides whatever refuses a whole call or is no answer; it travels alone.
FILE_TRIALS: tuple[Trial, ...] = (
    _call(400, "6030", "File too big", "The file exceeds the limit.", "6030"),
    _call(400, "6041", "File type", "The type of the file is not supported.", "6041"),
    _call(400, "6050", "Not attachable", "The entity cannot have attachments.", "6050"),
)
UPLOAD_TRIALS: tuple[Trial, ...] = (
    *FILE_TRIALS,
    *(trial for trial in TRIALS if trial.seen is not Seen.ITEM),
)
