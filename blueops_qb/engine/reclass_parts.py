"""Reclass parts: what one document has a move between accounts carry, or why it stays where it is."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import Document, SalesInvoice
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.recoding import coded_as
from blueops_qb.domain.records import Credit, Invoice, Record
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.rule_room import context_for, post_under
from blueops_qb.engine.subledger import ours_named
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.what_if import Cents, Line, label, postings
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

#: Types of accounts that a journal entry may move amounts between; receivables, payables, bank and card accounts are
#: moved by documents only (accounting-treatments 0.1).
MOVABLE = frozenset(
    {
        "income",
        "otherincome",
        "costofgoodssold",
        "expense",
        "otherexpense",
        "othercurrentasset",
        "othercurrentliability",
        "otherasset",
        "longtermliability",
    }
)
#: Accounts of those types that the books keep by themselves.
KEPT_BY_BOOKS = frozenset({"undepositedfunds", "salestaxpayable", "globaltaxpayable", "inventory"})


@attrs.frozen(kw_only=True)
class Judged:
    """One document as it stands under the mapping: what it takes to bring it there, or why it stays where it is."""

    known: Known
    #: What the mapping makes of it.
    document: Document | None
    lines: Cents
    reason: str


def moved_with(
    turn: Turn,
    record: Record,
    related: dict[RecordRef, Snapshot],
    found: dict[RecordRef, list[Known]],
    mapping: Rules,
    first: dt.date,
    alive: frozenset[str],
) -> dict[DocumentKey, Document]:
    """The invoice that a credit mirrors, as the mapping codes it, where it is moved there itself or stands there."""
    if not isinstance(record, Credit) or not record.invoice_id:
        return {}
    sale = related.get(RecordRef(RecordKind.INVOICE, record.invoice_id))
    if sale is None or not isinstance(sale.record, Invoice) or sale.record.issue_date < first:
        return {}
    coded: dict[DocumentKey, Document] = {}
    for one in judged(turn, sale.record, related, found.get(sale.ref, []), mapping, alive):
        posted = wire.load_document(one.known.kind, one.known.content)
        if not one.reason and isinstance(one.document, SalesInvoice) and isinstance(posted, SalesInvoice):
            coded[one.known.key] = coded_as(posted, one.document)
    return coded


def judged(
    turn: Turn,
    record: Record,
    related: dict[RecordRef, Snapshot],
    mine: list[Known],
    mapping: Rules,
    alive: frozenset[str],
    *,
    known: dict[RecordRef, list[Known]] | None = None,
    mirrors: dict[DocumentKey, Document] | None = None,
) -> Iterator[Judged]:
    """The documents of a record that stand in the books and post to accounts."""
    linked = {str(k.key): k for k in mine if k.linked and k.state == "linked" and not k.undone}
    if not linked:
        return
    result = post_under(turn, record, related, mine, mapping, known=known, mirrors=mirrors)
    then = postings(turn, result, mapping)
    own = context_for(turn, record, related, mine, known=known).mapping
    now = postings(turn, post_under(turn, record, related, mine, own, known=known), own)
    stands = _stands(turn, list(linked.values()), alive)
    for key, one in linked.items():
        if key not in now:
            continue
        posted, moved_before = stands[one.id]
        lines: Cents = Counter()
        reason = ""
        # Where the mapping says nothing new, what was moved before may still have to come back.
        if now[key] != then.get(key) or moved_before:
            reason = _unfit(one, posted, now[key], then.get(key))
            lines = Counter() if reason else _less(_less(then[key], posted), moved_before)
            reason = reason or _fixed(turn, lines)
        document = result.documents.get(one.key) if isinstance(result, Posted) else None
        yield Judged(known=one, document=document, lines=lines, reason=reason)


def _fixed(turn: Turn, lines: Cents) -> str:
    """Why an entry cannot move these amounts; empty where it can."""
    fixed = [line.account for line in lines if not _movable(turn, line.account)]
    if not fixed:
        return ""
    named = label(turn, BooksKind.ACCOUNT, fixed[0]) or "an account that the books choose"
    return f"it would move what stands on {named}, which takes documents and no journal entry"


def _unfit(known: Known, posted: Cents, now: Cents, then: Cents | None) -> str:
    """Why a document cannot be moved; empty when it can."""
    if not posted:
        return "it was entered in the books, so its accounts are the bookkeeper's own choice"
    if known.open or known.doubtful or posted != now:
        return (
            "it is being changed, or its record has changed since it was posted; move it once it is settled"
        )
    if then is None:
        return "the new rules do not post it this way"
    return ""


def _less(one: Cents, other: Cents) -> Cents:
    found: Cents = Counter(one)
    found.subtract(other)
    return Counter({line: cents for line, cents in found.items() if cents})


def _stands(turn: Turn, knowns: list[Known], alive: frozenset[str]) -> dict[int, tuple[Cents, Cents]]:
    """Per document what the sub-ledger has of its newest revision, and what earlier moves have moved of it."""
    p, m, ids = t.postings, t.moved, [known.id for known in knowns]
    found: dict[int, tuple[Cents, Cents]] = {id: (Counter(), Counter()) for id in ids}
    newest: dict[int, int] = {}
    query = (
        sa.select(p)
        .where(p.c.document_id.in_(ids), p.c.counts)
        .order_by(p.c.document_id, p.c.revision.desc())
    )
    rows = turn.connection.execute(query).all()
    ours = ours_named(turn, {row.customer for row in rows})
    for row in rows:
        if newest.setdefault(row.document_id, row.revision) == row.revision:
            customer = ours.get(row.customer, row.customer)
            found[row.document_id][0][Line(row.account, customer, row.class_id, row.location_id)] += row.cents
    for row in turn.connection.execute(sa.select(m).where(m.c.document_id.in_(ids))):
        if row.reclass_id in alive:
            where = Line(row.account, row.customer, row.class_id, row.location_id)
            found[row.document_id][1][where] += row.cents
    return found


def _movable(turn: Turn, account_id: str) -> bool:
    entry = turn.catalog.entries.get(BooksRef(BooksKind.ACCOUNT, account_id))
    if entry is None:
        return False
    type_, subtype = (
        "".join(entry.facts.get(name, "").split()).casefold() for name in ("account_type", "account_subtype")
    )
    return type_ in MOVABLE and subtype not in KEPT_BY_BOOKS
