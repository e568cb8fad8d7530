"""What-if: records of a span of days posted once more under a draft mapping, as a difference by account.

Nothing is written anywhere and nobody is asked but core and our own tables: the pure rules run twice, as each record
is or would be posted and under the draft. Records stream by in pages, so the memory grows with the number of accounts
(and, on demand, customers and classes), not with the number of records.
"""

from __future__ import annotations

import datetime as dt
import enum
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

import attrs

from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.own_entries import Entry
from blueops_qb.domain.posting.context import Blocked, Posted, Result
from blueops_qb.domain.posting.rules import RULES, dated
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import RECORD_TYPES, Customer, Job, ListEntry, Record, Vendor
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import suggest
from blueops_qb.engine.built_on import built_on
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import context_for, post_under
from blueops_qb.engine.subledger import effects_of, ours_named, owners_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Snapshot

#: Records of one page, and how many documents are named behind one difference.
PAGE, NAMED = 250, 20
#: Kinds of records that post to accounts.
KINDS = tuple(
    kind
    for kind, type_ in RECORD_TYPES.items()
    if type_ in RULES and type_ not in (Customer, Job, Vendor, Reclass, Entry, ListEntry)
)


class By(enum.StrEnum):
    """What a difference may be told by beside the account."""

    CUSTOMER = "customer"
    CLASS = "class"
    LOCATION = "location"


@attrs.frozen(order=True)
class Line:
    """Where an amount stands: account id, customer or job, class and location, as the sub-ledger keeps them."""

    account: str
    customer: str = ""
    class_: str = ""
    location: str = ""


Cents = Counter[Line]


@attrs.frozen(kw_only=True)
class Behind:
    """One document behind a difference, with what it changes there."""

    document: str
    change: Decimal


@attrs.frozen(kw_only=True)
class Difference:
    """What an account (and customer, class, location, where asked for) would show otherwise; debits positive."""

    account_id: str
    account: str
    customer: str
    class_: str
    location: str
    before: Decimal
    after: Decimal
    change: Decimal
    #: The documents that change most, and how many there are.
    documents: tuple[Behind, ...]
    document_count: int


@attrs.frozen(kw_only=True)
class Told:
    """One record that would be held, or would be held no more, with the reason."""

    ref: str
    reason: str


@attrs.frozen(kw_only=True)
class WhatIf:
    """The whole answer; `held` and `released` name the first of so many."""

    since: dt.date
    until: dt.date
    records: int
    differing: int
    differences: tuple[Difference, ...]
    held: tuple[Told, ...]
    held_count: int
    released: tuple[Told, ...]
    released_count: int


@attrs.define(kw_only=True)
class _Tally:
    """Sums per line, and the documents that weigh most."""

    before: Cents = attrs.field(factory=Counter)
    after: Cents = attrs.field(factory=Counter)
    #: Per line a heap of (absolute change, document, change), at most NAMED.
    behind: dict[Line, list[tuple[int, str, int]]] = attrs.field(factory=dict)
    counts: Counter[Line] = attrs.field(factory=Counter)

    def add(self, document: str, before: Cents, after: Cents) -> bool:
        self.before.update(before)
        self.after.update(after)
        moved = False
        for line in before.keys() | after.keys():
            change = after[line] - before[line]
            if not change:
                continue
            moved = True
            self.counts[line] += 1
            heap = self.behind.setdefault(line, [])
            push = heapq.heappushpop if len(heap) >= NAMED else heapq.heappush
            push(heap, (abs(change), document, change))
        return moved


def replay(turn: Turn, draft: Rules, *, since: dt.date, until: dt.date, by: Iterable[By] = ()) -> WhatIf:
    """Post the records dated in the span (both days included) under `draft`; see the module."""
    narrow, tally = _narrowed(frozenset(by)), _Tally()
    held: list[Told] = []
    released: list[Told] = []
    counts: Counter[str] = Counter()
    for ref, record, related, known in dated_records(turn, since=since, until=until):
        mine = known.get(ref, [])
        own = context_for(turn, record, related, mine, known=known).mapping
        now = post_under(turn, record, related, mine, own, known=known)
        then = post_under(turn, record, related, mine, draft, known=known)
        counts["records"] += 1
        _note_holds(ref, now, then, held, released, counts)
        before, after = postings(turn, now, own), postings(turn, then, draft)
        moved = False
        for key in before.keys() | after.keys():
            one, other = narrow(before.get(key)), narrow(after.get(key))
            moved = tally.add(key, one, other) or moved
        counts["differing"] += moved
    return WhatIf(
        since=since,
        until=until,
        records=counts["records"],
        differing=counts["differing"],
        differences=tuple(_differences(turn, tally)),
        held=tuple(held),
        held_count=counts["held"],
        released=tuple(released),
        released_count=counts["released"],
    )


def dated_records(
    turn: Turn, *, since: dt.date, until: dt.date
) -> Iterator[tuple[RecordRef, Record, dict[RecordRef, Snapshot], dict[RecordRef, list[Known]]]]:
    """Core's records dated in the span, with what they name and the documents of both; a page in memory at a time."""
    revision = 0
    while True:
        page = list(turn.core.iterate(turn.tenant_id, since_revision=revision, kinds=KINDS, limit=PAGE))
        wanted = [s for s in page if _in_span(s, since, until)]
        related = read_related(turn.read_all, [s.record for s in wanted])
        known: dict[RecordRef, list[Known]] = {}
        refs = {s.ref for s in wanted} | {ref for s in wanted for ref in built_on(s.record)}
        for one in load_known(turn.connection, turn.id, refs).values():
            known.setdefault(one.key.source, []).append(one)
        for snapshot in wanted:
            yield snapshot.ref, snapshot.record, related, known
        if len(page) < PAGE:
            return
        revision = max(s.revision for s in page)


def _in_span(snapshot: Snapshot, since: dt.date, until: dt.date) -> bool:
    day = dated(snapshot.record)
    gone = snapshot.deleted or snapshot.merged_into is not None
    return not gone and day is not None and since <= day <= until


def postings(turn: Turn, result: Result, mapping: Rules) -> dict[str, Cents]:
    """The postings of each document that the rules answered, by key; none for what is held."""
    if not isinstance(result, Posted):
        return {}
    owners = owners_of(turn, list(result.documents.values()))
    posted = {
        str(key): effects_of(turn, document, owners, mapping=mapping)
        for key, document in result.documents.items()
    }
    ours = ours_named(turn, {str(line.customer) for lines in posted.values() for line in lines})
    found: dict[str, Cents] = {}
    for key, lines in posted.items():
        sums: Cents = Counter()
        for line in lines:
            customer = str(line.customer or "")
            where = Line(line.account, ours.get(customer, customer), line.class_, line.location)
            sums[where] += int(line.amount * 100)
        if sums:
            found[key] = sums
    return found


def _narrowed(by: frozenset[By]) -> Callable[[Cents | None], Cents]:
    def narrow(lines: Cents | None) -> Cents:
        found: Cents = Counter()
        for line, cents in (lines or {}).items():
            found[
                Line(
                    line.account,
                    line.customer if By.CUSTOMER in by else "",
                    line.class_ if By.CLASS in by else "",
                    line.location if By.LOCATION in by else "",
                )
            ] += cents
        return found

    return narrow


def _note_holds(
    ref: RecordRef,
    now: Result,
    then: Result,
    held: list[Told],
    released: list[Told],
    counts: Counter[str],
) -> None:
    if isinstance(then, Blocked) and not isinstance(now, Blocked):
        counts["held"] += 1
        if len(held) < NAMED:
            held.append(Told(ref=str(ref), reason=then.reason))
    elif isinstance(now, Blocked) and not isinstance(then, Blocked):
        counts["released"] += 1
        if len(released) < NAMED:
            released.append(Told(ref=str(ref), reason=now.reason))


def _differences(turn: Turn, tally: _Tally) -> Iterator[Difference]:
    for line in sorted(tally.counts):
        before, after = tally.before[line], tally.after[line]
        heaviest = sorted(tally.behind[line], key=lambda one: (-one[0], one[1]))
        yield Difference(
            account_id=line.account,
            account=label(turn, BooksKind.ACCOUNT, line.account) or "(the books choose)",
            customer=line.customer,
            class_=label(turn, BooksKind.CLASS, line.class_),
            location=label(turn, BooksKind.LOCATION, line.location),
            before=amount(before),
            after=amount(after),
            change=amount(after - before),
            documents=tuple(
                Behind(document=document, change=amount(change)) for _, document, change in heaviest
            ),
            document_count=tally.counts[line],
        )


def label(turn: Turn, kind: BooksKind, id: str) -> str:
    """How a person finds an entry of the catalog; empty for none."""
    return suggest.label_of(turn.catalog, BooksRef(kind, id)) if id else ""


def amount(cents: int) -> Decimal:
    """Whole cents as an amount."""
    return Decimal(cents).scaleb(-2)
