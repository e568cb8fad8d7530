"""Words: how states, holds, kinds and families read to an office; one table each."""

from __future__ import annotations

import attrs

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.refs import BooksKind, RecordKind
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.sdk.core import Permission


@attrs.frozen
class Word:
    """A label, the tone it is shown in (`good`, `busy`, `bad`, `quiet`) and what it means."""

    label: str
    tone: str
    meaning: str


STATES: dict[State, Word] = {
    State.PENDING: Word("Received", "busy", "Taken in from BlueOps; not planned yet."),
    State.WAITING: Word("Waiting", "busy", "Waits for its turn or for another record."),
    State.OUT: Word("Sending", "busy", "On its way to the books."),
    State.UNCERTAIN: Word(
        "Checking", "busy", "Sent, but no answer came; it is looked up before anything else."
    ),
    State.HELD: Word("Held", "bad", "Waits for you: the reason and what to do are beside it."),
    State.CONFLICT: Word("Conflict", "bad", "Changed on both sides; choose which side is right."),
    State.DONE: Word("In the books", "good", "Both sides agree."),
    State.SUPERSEDED: Word("Replaced", "quiet", "A newer change of the same record took its place."),
    State.NOT_POSTED: Word(
        "Not for the books", "quiet", "Rightly has no place in the books; the reason says why."
    ),
}

#: Filters of the records list: name -> label and states.
VIEWS: dict[str, tuple[str, tuple[State, ...]]] = {
    "all": ("All", ()),
    "attention": ("Needs attention", (State.HELD, State.CONFLICT)),
    "moving": ("Under way", (State.PENDING, State.WAITING, State.OUT, State.UNCERTAIN)),
    "done": ("In the books", (State.DONE,)),
    "quiet": ("Not for the books", (State.NOT_POSTED,)),
}


@attrs.frozen
class Cause:
    """Why records are held, and the one button that helps them all: `page` is where it leads."""

    title: str
    advice: str
    button: str
    page: str = "records"


CAUSES: dict[str, Cause] = {
    Hold.MAPPING: Cause(
        "Not mapped", "A category, fee or account has no place in the books yet.", "Map them", "mapping"
    ),
    Hold.REFUSED: Cause("Refused", "The record cannot be sent as it is.", "See them"),
    Hold.MATCH: Cause(
        "Match undecided",
        "It is not clear which customer or vendor in the books it is.",
        "Decide",
        "matching",
    ),
    Hold.VARIANCE: Cause(
        "Books show something else", "What came back is not what was sent.", "Compare", "conflicts"
    ),
    Hold.REMOVED: Cause(
        "Removed in the books", "It was deleted there; choose what should happen.", "Choose", "conflicts"
    ),
    Hold.MALFORMED: Cause("Unreadable", "BlueOps handed over something that cannot be read.", "See them"),
    Hold.DEFECT: Cause("Cannot be written", "The record cannot be put into the books' form.", "See them"),
    Hold.MERGE: Cause("Merged in BlueOps", "Merge the two in the books as well, then retry.", "See them"),
    Hold.EXISTENCE: Cause(
        "Perhaps in the books already",
        "Nobody knows whether it arrived; look in the books, then choose.",
        "Choose",
        "conflicts",
    ),
    Hold.PERSON: Cause("Held back by you", "Somebody pressed Hold.", "See them"),
    "conflict": Cause("Changed on both sides", "Choose which side is right.", "Choose", "conflicts"),
}
OTHER_CAUSE = Cause("Held", "Waits for a person.", "See them")

RECORD_KINDS: dict[RecordKind, str] = {
    RecordKind.CUSTOMER: "Customer",
    RecordKind.JOB: "Job",
    RecordKind.VENDOR: "Vendor",
    RecordKind.INVOICE: "Invoice",
    RecordKind.PAYMENT: "Payment",
    RecordKind.EXPENSE: "Expense",
    RecordKind.PAYOUT: "Payout",
    RecordKind.RECLASS: "Move between accounts",
    RecordKind.ENTRY: "Own entry",
    RecordKind.LIST_ENTRY: "Entry of the books' lists",
    RecordKind.CREDIT: "Credit",
    RecordKind.REFUND: "Refund",
    RecordKind.PAYMENT_RETURN: "Returned payment",
}
#: For which documents a change of the mapping counts.
WHENS = {
    "now": "New documents, from now on",
    "from": "Documents dated from this day on",
    "past": "From now on, and move what was posted in open periods",
}

FAMILIES: dict[Family, tuple[str, str]] = {
    Family.ROLE: ("Special accounts", "Accounts with a duty of their own."),
    Family.SERVICE: ("Services", "Which item a service is sold as."),
    Family.MATERIAL_SOLD: ("Materials sold", "Which item a material is sold as."),
    Family.FEE: ("Fees and discounts", "Which item a fee, a line discount or tax as a line is."),
    Family.MATERIAL_COST: ("Materials bought", "Where the cost of a material goes."),
    Family.EXPENSE: ("Expenses", "Where an expense category goes."),
    Family.COST_CODE: ("Cost codes", "Which item a cost code is."),
    Family.MONEY_ACCOUNT: ("Bank and card accounts", "Which account money comes from and goes to."),
    Family.PAYMENT_METHOD: ("Payment methods", "How the books name a way of paying."),
    Family.BRANCH: ("Branches", "Which location a branch is."),
    Family.CLASS: ("Classes", "Which class a line belongs to."),
    Family.TERMS: ("Terms", "Which terms of the books are meant."),
    Family.TAX: ("Sales tax", "Which tax code a jurisdiction is."),
}

PARTS: dict[str, str] = {
    "item": "Item",
    "account": "Account",
    "class_": "Class",
    "location": "Location",
    "tax_code": "Tax code",
    "method": "Payment method",
    "terms": "Terms",
}

BOOKS_KINDS: dict[BooksKind, str] = {
    **{kind: kind.value.replace("_", " ").capitalize() for kind in BooksKind},
    BooksKind.JOURNAL: "Journal entry",
    BooksKind.DEPOSIT: "Bank deposit",
}

BUCKETS: dict[str, tuple[str, str]] = {
    "ambiguous": ("Several fit", "More than one record there fits, or one fits several of yours."),
    "weak": ("May be it", "One record there may be it; too little agrees to link it unasked."),
    "taken": ("Name is taken", "A customer, vendor or employee there has the name already."),
    "strong": ("Found in the books", "Another spelling, and enough else agrees. It will be linked."),
    "exact": ("Same name", "The same name there, and nothing speaks against it. It will be linked."),
    "none": ("New to the books", "Nothing there fits."),
}

CONFLICT_CAUSES: dict[str, str] = {
    "overlap": "Changed on both sides",
    "changed_there": "Changed in the books",
    "removed_there": "Removed in the books",
    "variance": "The books show something else",
    "twice": "Twice in the books",
    "incoming": "Not taken into BlueOps",
    "setting": "A setting was turned in the books",
}

VERBS: dict[str, str] = {
    "create": "Create",
    "update": "Change",
    "withdraw": "Take out",
    "read": "Read",
    "find": "Look up",
    "upload": "Upload",
}
OPERATION_STATES: dict[str, Word] = {
    "ready": Word("Queued", "busy", ""),
    "out": Word("On its way", "busy", ""),
    "uncertain": Word("Checking", "busy", ""),
    "done": Word("Done", "good", ""),
    "failed": Word("Refused", "bad", ""),
    "cancelled": Word("Not needed", "quiet", ""),
}

PERMISSIONS: dict[Permission, str] = {
    Permission.VIEW: "look at these pages",
    Permission.RESOLVE: "decide on held records, matches and conflicts",
    Permission.CONFIGURE: "connect the books and change mapping and policy",
}


def either(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
