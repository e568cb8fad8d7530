"""The provider interface: what an adapter to an accounting system implements.

Encoding and decoding are pure and apart from sending. A *called* provider gives a transport that a runner
uses; a *calling* one gives a gate, a WSGI app in which the books ask for work. Everything a provider must keep
(tokens) or start (next_exchange, finish, tell) it reaches through Protocols handed to it.
"""

from __future__ import annotations

import abc
import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.calling import Caller, Calls, SetUpFile, Visit
from blueops_qb.sdk.capability import Capability, Removal
from blueops_qb.sdk.doors import Reply
from blueops_qb.sdk.outcomes import Outcome


class Verb(enum.StrEnum):
    """What an operation asks of the books."""

    CREATE = "create"
    UPDATE = "update"
    #: Take out, by the way of the removal table.
    WITHDRAW = "withdraw"
    READ = "read"
    #: Look something up: see `FindBy`.
    FIND = "find"
    #: Everything that changed since the cursor.
    CHANGES = "changes"
    #: Company, preferences and all catalog kinds.
    CATALOG = "catalog"
    #: The account lines of a period: `Found.ledger`.
    LEDGER = "ledger"
    #: Renew the sign-in.
    SIGN_IN = "sign_in"


#: Verbs that change the books.
WRITES: frozenset[Verb] = frozenset({Verb.CREATE, Verb.UPDATE, Verb.WITHDRAW})


class Lane(enum.IntEnum):
    """The order of work; a lower number goes first."""

    SETTLE = 0
    LIVE = 1
    CHANGES = 2
    CATALOG = 3
    BULK = 4


@attrs.frozen(kw_only=True)
class Operation:
    """One unit of work as a provider sees it; references in `document` are bound (BooksRefs only).

    `target_id`, `version` and `previous` name the record to change as it was when the comparison was made;
    `previous` is normal, `shown` is the provider's own text of that very version (`BooksRecord.shown`), empty when
    the mirror does not have it any more. `told` is the document as it was sent or agreed on last, for what is never
    compared (`Provider.one_way`); None when that is not known.
    `marker` is the token to write into the record (memo) so that a look-up recognises it.
    `params` by verb - FIND: `by` = `created` | `name` | `number`, `since` (ISO time), `until`, `name`, `number`; what
    was created may also be known, whatever the books' clock shows, by `markers` (a JSON list), `days` (the first and
    the last ISO day of the documents, with a slash between), `names` (a JSON list, of parties) and, where what was
    deleted tells no more than that, `numbers` (a JSON list, of documents);
    CHANGES: `cursor` (empty = from now on), `page`; CATALOG: `page`; LEDGER: `start`, `end` (ISO days, both
    included), `reading`, and `settled`, with which the payments of the period come too, as records, where the ledger
    does not tell what they settle (every `Want` for a further part repeats these); READ: none. Further keys are
    the provider's own (they come back from `Want.params`).
    """

    id: str
    verb: Verb
    kind: BooksKind | None = None
    document: Document | None = None
    target_id: str = ""
    version: str = ""
    previous: Document | None = None
    shown: str = ""
    told: Document | None = None
    #: The content of the file that a creation of an attachment uploads; None where only the answer is read.
    data: bytes | None = attrs.field(default=None, repr=False)
    marker: str = ""
    params: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Want:
    """An operation that a provider asks for next (a further page, a confirming read, half of a refused set)."""

    verb: Verb
    kind: BooksKind | None = None
    target_id: str = ""
    params: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Exchange:
    """An envelope around operations: one round trip. `id` has at most 24 characters of [A-Za-z0-9]."""

    id: str
    connection_id: str
    company_id: str
    operations: tuple[Operation, ...]
    #: When it was made ready, in our clock.
    created_at: dt.datetime
    #: For books that are asked by STATUS: an earlier exchange that is settled. Whatever the books keep of it can be
    #: forgotten once this one has run; empty = none.
    clears: str = ""
    #: Only when an answer is read: it answers `Provider.status_check`, not the exchange itself. What the books tell
    #: then is what they did the first time, and what went wrong with the asking is `NotKnown`.
    asks: bool = False


@attrs.frozen(kw_only=True)
class Pace:
    """How fast a connection may be worked: a bucket that gains `calls` tokens every `seconds` and holds `burst`.

    No span of `seconds` sees more than `calls + burst` calls. Each exchange takes one token from every pace that
    `Provider.cost` names for it; by default from those whose `verbs` contain its verb. `name` has at most 16
    characters; it is the key of the row that all workers share.
    """

    name: str
    calls: float
    seconds: float = 60.0
    burst: float = 1.0
    verbs: frozenset[Verb] = frozenset(Verb) - {Verb.SIGN_IN}


@attrs.frozen(kw_only=True)
class Cost:
    """What carrying one exchange takes: names of paces, and what the books' owner meters.

    `reads` and `writes` count the calls, or parts of a call, that are metered when they are answered.
    """

    paces: frozenset[str] = frozenset()
    reads: int = 0
    writes: int = 0


@attrs.frozen(kw_only=True)
class Limits:
    """How a connection may be worked. `settle_after` seconds pass before an uncertain exchange is looked up."""

    open_exchanges: int = 4
    operations_per_exchange: int = 30
    #: What it draws tokens from; none = as fast as it can be carried.
    paces: tuple[Pace, ...] = ()
    #: Metered reads of one month for the whole installation, all companies together; 0 = nothing is metered.
    reads_per_month: int = 0
    deadline_seconds: float = 150.0
    settle_after_seconds: float = 5.0
    #: How many seconds a change feed overlaps its last position.
    feed_overlap_seconds: float = 180.0


class Settle(enum.StrEnum):
    """How an exchange of unknown fate is settled."""

    #: Look for what it would have created or changed.
    FIND = "find"
    #: Ask the books about the exchange itself (`Provider.status_check`); nothing runs again. What they do not know
    #: any more is looked for, and goes out again if it is not there: once under its own id, then under a new one.
    STATUS = "status"


@attrs.frozen(kw_only=True)
class Picture:
    """What a step looks like: an SVG image of its own, and the same in words for those who do not see it."""

    svg: str
    words: str


@attrs.frozen(kw_only=True)
class SetupStep:
    """One step of the connection as the admin sees it."""

    key: str
    title: str
    text: str
    picture: Picture | None = None


@attrs.frozen(kw_only=True)
class Description:
    """What a provider is and can do."""

    name: str
    title: str
    capabilities: tuple[Capability, ...] = ()
    limits: Limits = attrs.field(factory=Limits)
    settle: Settle = Settle.FIND
    #: The books' own client calls us (`gate`) and asks for work; nobody calls the books.
    calls: bool = False
    #: So many of the newest linked records each look at the changes names (`params["witnesses"]`, a JSON list of kind,
    #: id, version and last change, ISO 8601 or empty), where the books are a file that may be put back; 0 = none.
    witnesses: int = 0
    steps: tuple[SetupStep, ...] = ()
    removals: Mapping[BooksKind, Removal] = attrs.field(factory=dict)
    #: Longest document number and name; longer ones are derived, never cut.
    number_length: int = 21
    name_length: int = 500
    #: Longest name of an account, item or class.
    list_name_length: int = 100
    #: Kinds whose number is looked up before a creation, as the books may take a number twice without a word.
    numbers_asked: frozenset[BooksKind] = frozenset()
    #: Characters a name may not hold.
    name_forbidden: str = ":\t\n"
    #: The name of a job must differ from those of the same customer only.
    names_below_parent: bool = False
    #: What lines of the books' ledger do not tell: `class`, `location`, `party` (of some kinds); it is not compared.
    ledger_omits: frozenset[str] = frozenset()
    #: What a payment settles cannot be changed while a bank deposit holds it; the deposit lets it go for that long.
    freezes_deposited: bool = False
    #: What a hint names as `entity` when the company or a list moved that the change feed does not tell of.
    catalog_hints: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class SignInEnds:
    """Until when a sign-in lasts: `unused` = unless it is renewed before, `final` = in any case; None = not known."""

    unused: dt.datetime | None = None
    final: dt.datetime | None = None


class Vault(Protocol):
    """Sealed secrets of one connection; each call is a short transaction of its own."""

    def get(self, purpose: str) -> bytes | None:
        """The secret, newest version; None when there is none. Raises MissingKey when it cannot be opened."""

    def put(self, purpose: str, secret: bytes) -> None:
        """Store, sealed together with connection and purpose."""

    def drop(self, purpose: str) -> None:
        """Forget it."""


class Transport(Protocol):
    """Sends the bytes of an exchange, adds credentials and nothing else."""

    def send(self, body: bytes) -> Reply:
        """Answered, NotSent or Unknown; never raises for what the network or the books do."""

    def close(self) -> None:
        """Let go of connections."""


class Provider(abc.ABC):
    """An accounting system. Frozen values in and out; no I/O outside transport, sign-in and gate."""

    @abc.abstractmethod
    def describe(self) -> Description:
        """Name, capabilities, limits, set-up steps, removal table."""

    @abc.abstractmethod
    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        """The bytes of the exchange, without credentials; the same exchange gives the same bytes.

        Raises Unencodable for an operation that cannot be written.
        """

    @abc.abstractmethod
    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """One outcome per operation id. Never raises: what it cannot read is NotKnown."""

    @abc.abstractmethod
    def normal(self, document: Document) -> Document:
        """The lens for every comparison: write, read back, compare = no change."""

    def envelope(self, operation: Operation) -> str:
        """Operations with the same name may travel in one exchange; empty = alone."""
        return ""

    def cost(self, operations: Sequence[Operation]) -> Cost:
        """What one exchange of these operations takes; looks at verb, kind and params only.

        By default every operation counts as one read or one write, a sign-in as nothing.
        """
        verbs = {operation.verb for operation in operations}
        counted = [operation.verb in WRITES for operation in operations if operation.verb is not Verb.SIGN_IN]
        return Cost(
            paces=frozenset(pace.name for pace in self.describe().limits.paces if pace.verbs & verbs),
            reads=counted.count(False),
            writes=counted.count(True),
        )

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        """The document as the books will be able to show it (what they do not keep is left out), normal."""
        return None if operation.document is None else self.normal(operation.document)

    def one_way(self, document: Document) -> Mapping[str, Any]:
        """Fields that `normal` keeps out of every comparison and that are told all the same when ours change.

        Field -> value made plain, so that equal values are equal; an update carries in `Operation.told` what was
        told before. The books may fill such a field in or flatten it without a difference.
        """
        return {}

    def excerpt(self, message: bytes, place: int) -> str:
        """What one operation was of a message, or of its answer, as a person reads it; `place` counts from 0.

        By default the whole message. Never raises: what it cannot read is shown whole.
        """
        return message.decode("utf-8", "replace")

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        """The bytes that ask what became of an exchange, made from those that it left with; nothing runs again.

        For providers that settle by STATUS. The answer is decoded with `Exchange.asks` set; an exchange that the
        books do not know (any more) is `NotKnown(forgotten=True)`.
        """
        raise NotImplementedError(f"{self.describe().name} does not say how the books are asked")

    def transport(self, vault: Vault, company_id: str) -> Transport | None:
        """For called providers."""
        return None

    def needs_sign_in(self, vault: Vault, now: dt.datetime) -> bool:
        """Whether a SIGN_IN exchange should go first."""
        return False

    def sign_in_ends(self, vault: Vault) -> SignInEnds | None:
        """Until when the stored sign-in lasts; None when it has no end or there is none."""
        return None

    def gate(self, desk: GateDesk) -> WSGIApp | None:
        """For calling providers, and for webhooks of called ones."""
        return None

    def set_up_file(
        self, caller: Caller, *, gate_url: str, support_url: str, choices: Mapping[str, str]
    ) -> SetUpFile | None:
        """For calling providers: the file that tells the books' client where to call; the same every time.

        `gate_url` is the address of the gate, `support_url` a page that answers everybody. `choices` are the provider's
        own; raises ValueError, with a sentence, for addresses or choices that the client would refuse.
        """
        return None

    def why_silent(self, last: Visit | None) -> str:
        """For calling providers: why the client has probably not come for long, and what helps, in sentences.

        `last` is how it came last; None = it never did. Empty where nothing can be said.
        """
        return ""

    def deep_link(self, kind: BooksKind, id: str) -> str | None:
        """The address of the record's page in the books."""
        return None


class Unencodable(Exception):
    """An operation cannot be written: `operation_id`, and a sentence with record, cause and remedy."""

    def __init__(self, operation_id: str, message: str) -> None:
        super().__init__(message)
        self.operation_id = operation_id


WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


#: What is told of one company: one mapping of short texts per change, such as `entity`, `id`, `operation`, `time`.
Hints = Sequence[Mapping[str, str]]


class Tells(Protocol):
    """Takes hints that something changed over there.

    A hint says "look", never what to believe. Hints of companies that are connected nowhere are ignored.
    """

    def tell(self, company_id: str, hints: Hints) -> None:
        """Store the hints of one company."""

    def tell_all(self, hints: Mapping[str, Hints]) -> None:
        """Store hints by company id with one statement."""


class GateDesk(Tells, Protocol):
    """What a gate may start: a hint that something changed; for books that call, sessions with the doors."""

    @property
    def calls(self) -> Calls:
        """For books that call: who comes in, their sessions, and work in them."""
