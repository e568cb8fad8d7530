"""Rule room: calls the posting rules with everything they may look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import (
    AttachedFile,
    Bill,
    BillPayment,
    CustomerPayment,
    Document,
    SalesInvoice,
)
from blueops_qb.domain.mapping import Family, Mapping, Target
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.overrides import LineOverride, overridden
from blueops_qb.domain.policy import ClosedPeriod, Policy
from blueops_qb.domain.posting.context import Posted, PostingContext, Result
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.posting.salestax import GAP_LINE, TAXED
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.recoding import coded_as
from blueops_qb.domain.records import Credit, Customer, Expense, Invoice, Job, Record, Vendor
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, OurRef, RecordKind, RecordRef
from blueops_qb.engine.built_on import counts, documents_of
from blueops_qb.engine.known import Known
from blueops_qb.engine.moves import BACK, version_of
from blueops_qb.engine.record_choices import choices_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t


def post_record(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    *,
    trace: Trace | None = None,
    known: MappingOf[RecordRef, Sequence[Known]] | None = None,
    let_go: frozenset[OurRef] | None = None,
) -> Result:
    """The posting rules on a record, with everything they may look at; `trace` keeps how keys were looked up.

    `known` are documents that were loaded already, by their records, those of all related ones among them; `let_go`
    the payments that a deposit lets go, None = those that it has let go.
    """
    context = attrs.evolve(
        context_for(turn, record, snapshots, mine, known=known), trace=trace, let_go=let_go
    )
    result = _as_coded(post(record, context, turn.rules), context)
    if isinstance(result, Posted) and not _is_able(turn, Feature.ATTACHMENTS):
        documents = {k: d for k, d in result.documents.items() if not isinstance(d, AttachedFile)}
        result = attrs.evolve(result, documents=documents)
    return result


def post_as_open(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    *,
    known: MappingOf[RecordRef, Sequence[Known]] | None = None,
) -> Result:
    """What the rules say as if no period were closed, which asks nothing of the books: for many records at once."""
    context = context_for(turn, record, snapshots, mine, known=known, as_open=True)
    return _as_coded(post(record, context, turn.rules), context)


def post_under(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    mapping: Mapping,
    *,
    known: MappingOf[RecordRef, Sequence[Known]] | None = None,
    mirrors: MappingOf[DocumentKey, Document] | None = None,
) -> Result:
    """What the rules say under a mapping, whatever the record is pinned to and whichever periods are closed.

    `mirrors` are documents that a credit mirrors, where they are to be taken for others than they are.
    """
    context = context_for(turn, record, snapshots, mine, known=known, as_open=True)
    posted = {**context.posted, **(mirrors or {})}
    context = attrs.evolve(context, mapping=mapping, posted=posted)
    return _as_coded(post(record, context, turn.rules), context)


def context_for(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    *,
    known: MappingOf[RecordRef, Sequence[Known]] | None = None,
    as_open: bool = False,
) -> PostingContext:
    """What the rules may look at for a record: as pinned when it was first posted, else as it is now.

    `as_open` = no period counts as closed.
    """
    posted = {
        k.key: wire.load_document(k.kind, k.content) for k in mine if k.content and k.state != "withdrawn"
    }
    base = documents_of(turn, record, known)
    posted |= {k.key: wire.load_document(k.kind, text) for k in base if (text := counts(k, record))}
    if isinstance(record, Credit):
        posted |= _as_moved(turn, record, snapshots, mine, base, posted)
    mapping, policy = rules_for(turn, record, mine, base)
    context = attrs.evolve(posting_context(turn, snapshots, posted), mapping=mapping, policy=policy)
    context = attrs.evolve(
        context,
        in_books=frozenset(k.key for k in [*mine, *base] if k.linked),
        coded={k.key: k.overrides for k in mine if k.overrides},
    )
    if as_open:
        context = attrs.evolve(context, profile=attrs.evolve(context.profile, closing_date=None))
    elif turn.policy.closed_period is ClosedPeriod.ASK:
        context = attrs.evolve(context, choices=choices_of(turn, record.ref))
    if isinstance(record, Invoice | Expense) and context.profile.closing_date and not record.void:
        context = attrs.evolve(context, as_moved=_where_it_was_moved(turn, record, snapshots, mine))
    if isinstance(record, Invoice | Credit) and (context.profile.closing_date or context.policy.tax_gap):
        context = attrs.evolve(context, **_in_books(turn, mine, context))
    if isinstance(record, Expense) and context.profile.closing_date:
        context = attrs.evolve(context, open_in_books=_open_bills(turn, mine, context))
    return context


def rules_for(
    turn: Turn, record: Record, mine: list[Known], base: list[Known] | None = None
) -> tuple[Mapping, Policy]:
    """The mapping and policy that a record is posted with, and that a change over there is read by."""
    pinned = _main(mine)
    version = pinned.mapping_version if pinned is not None else 0
    if isinstance(record, Credit):
        # A credit mirrors its invoice: it goes by the rules by which that was posted, or that it was moved to before.
        base = documents_of(turn, record) if base is None else base
        original = next((k for k in base if k.linked and k.key.source.id == record.invoice_id), None)
        if original is not None:
            moved = version_of(original.moves, most=_posted_under(turn, mine))
            pinned, version = original, moved or original.mapping_version
    if pinned is None or isinstance(record, Customer | Job | Vendor):
        return turn.mapping, turn.policy
    # Rules are pinned at first posting; an edit mirrors them, whatever was mapped since.
    rulebook, connection = turn.rulebook, turn.connection
    old = rulebook.mapping(connection, turn.id, version)
    policy = rulebook.policy(connection, turn.id, pinned.policy_version)
    return turn.mapping.under(old), _as_now(policy, turn.policy)


def _main(mine: Iterable[Known]) -> Known | None:
    """The record's own document in the books."""
    return next((k for k in mine if k.linked and k.key.role == "main"), None)


def _posted_under(turn: Turn, mine: Iterable[Known]) -> int:
    """The version of the mapping at which the record reached the books, or would by now."""
    main = _main(mine)
    return main.mapping_version if main is not None else int(turn.row["mapping_version"])


def _where_it_was_moved(
    turn: Turn, record: Record, snapshots: dict[RecordRef, Snapshot], mine: list[Known]
) -> MappingOf[DocumentKey, Document]:
    """The record as the version posts it that it was moved to, for what takes its place in an open period."""
    moves = [id for known in mine if known.linked for id in known.moves if BACK not in id]
    version = version_of(moves, most=int(turn.row["mapping_version"]))
    if version is None:
        return {}
    mapping = turn.rulebook.mapping(turn.connection, turn.id, version)
    result = post_under(turn, record, snapshots, mine, mapping)
    return result.documents if isinstance(result, Posted) else {}


def _as_moved(
    turn: Turn,
    record: Credit,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    base: list[Known],
    posted: MappingOf[DocumentKey, Document],
) -> dict[DocumentKey, Document]:
    """The invoice that is credited, coded as the moves brought it that there were when the credit was posted."""
    sale = snapshots.get(RecordRef(RecordKind.INVOICE, record.invoice_id or ""))
    if sale is None or not isinstance(sale.record, Invoice):
        return {}
    own = [k for k in base if k.key.source == sale.ref]
    most, found = _posted_under(turn, mine), dict[DocumentKey, Document]()
    for one in own:
        version, document = version_of(one.moves, most=most), posted.get(one.key)
        if version is None or not isinstance(document, SalesInvoice):
            continue
        mapping = turn.rulebook.mapping(turn.connection, turn.id, version)
        alive = attrs.evolve(sale.record, void=False)
        result = post_under(turn, alive, snapshots, own, mapping)
        other = result.documents.get(one.key) if isinstance(result, Posted) else None
        if isinstance(other, SalesInvoice):
            found[one.key] = coded_as(document, other)
    return found


def _as_coded(result: Result, context: PostingContext) -> Result:
    """What a bookkeeper coded anew stays coded so (accounting-treatments 10), whatever the rules made of it since."""
    coded = context.coded
    if not coded or not isinstance(result, Posted):
        return result
    documents = {
        key: overridden(document, coded[key], context.item_accounts) if key in coded else document
        for key, document in result.documents.items()
    }
    if context.trace is not None:
        _note_coding(context.trace, coded.values())
    return attrs.evolve(result, documents=documents)


def _note_coding(trace: Trace, coded: Iterable[Iterable[LineOverride]]) -> None:
    """What a bookkeeper chose stands before the rules, for whoever asks why."""
    for override in (one for overrides in coded for one in overrides):
        item, account = override.fields.get("item"), override.fields.get("account")
        if override.line_id and (item or account):
            note = "in QuickBooks it is on " + ", ".join(str(ref) for ref in (item, account) if ref)
            trace.overridden(
                Family.SERVICE,
                override.line_id,
                where=f"line {override.line_id}",
                on=None,
                target=Target(item=item, account=account),
                note=note,
            )


#: Switches that say how we work from now on; they are not kept as they were when a document was posted.
NEVER_PINNED = ("closed_period", "redate_taxed", "reminder_hours", "contacts_overlap", "money_overlap")


def _as_now(pinned: Policy, policy: Policy) -> Policy:
    return attrs.evolve(pinned, **{name: getattr(policy, name) for name in NEVER_PINNED})


#: Documents whose tax the books may find otherwise than we do.
FORMS = (BooksKind.INVOICE, BooksKind.CREDIT_MEMO)


def _in_books(turn: Turn, mine: list[Known], context: PostingContext) -> dict[str, Any]:
    """What the books show of these documents, where the rules ask: what is open of them, and the documents themselves.

    They ask about a closed period's documents, which may be corrected, and about those whose tax the books show
    differently from what was sent.
    """
    m = t.mirror
    forms = [known for known in mine if known.linked and known.kind in FORMS]
    closed = {known.place: known for known in forms if _is_closed(known, context)}
    asked = closed | {known.place: known for known in forms if _has_tax_gap(known, context)}
    if not asked:
        return {}
    query = sa.select(m.c.kind, m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([kind.value for kind in FORMS]),
        m.c.books_id.in_([place.id for place in asked]),
    )
    shown = (
        (BooksRef(BooksKind(row.kind), row.books_id), row.document) for row in turn.connection.execute(query)
    )
    theirs = {
        asked[place].key: wire.load_document(place.kind, text)
        for place, text in shown
        if text and place in asked
    }
    return {
        "open_in_books": {
            known.key: total - _settled(turn, known.place)
            for known in closed.values()
            if (total := getattr(theirs.get(known.key), "total", None)) is not None
        },
        "theirs": theirs,
    }


def _open_bills(turn: Turn, mine: list[Known], context: PostingContext) -> dict[DocumentKey, Decimal]:
    """What is open of bills of a closed period, which may be corrected."""
    closing = context.profile.closing_date
    posted = ((known, context.posted.get(known.key)) for known in mine if known.linked)
    return {
        known.key: bill.total - _settled(turn, known.place)
        for known, bill in posted
        if isinstance(bill, Bill) and closing is not None and bill.date <= closing
    }


def _is_closed(known: Known, context: PostingContext) -> bool:
    closing, posted = context.profile.closing_date, context.posted.get(known.key)
    return closing is not None and isinstance(posted, SalesInvoice) and posted.date <= closing


def _has_tax_gap(known: Known, context: PostingContext) -> bool:
    """The books' own tax was not agreed on yet, or was with a line for the difference."""
    posted = context.posted.get(known.key)
    if not context.policy.tax_gap or not isinstance(posted, TAXED):
        return False
    return known.base_ours is None or any(line.line_id == GAP_LINE for line in posted.lines)


def _settled(turn: Turn, place: BooksRef) -> Decimal:
    """What payments settle of an invoice, as last seen; its own balance may be older than they are."""
    m = t.mirror
    kinds = (BooksKind.PAYMENT, BooksKind.BILL_PAYMENT)
    query = sa.select(m.c.kind, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([kind.value for kind in kinds]),
        m.c.deleted.is_(False),
        m.c.document.contains(f'"{place}"', autoescape=True),
    )
    payments = (
        wire.load_document(BooksKind(row.kind), row.document) for row in turn.connection.execute(query)
    )
    return sum((_part_of(payment, place) for payment in payments), ZERO)


def _part_of(payment: Document, place: BooksRef) -> Decimal:
    match payment:
        case CustomerPayment():
            return sum((part.amount for part in payment.allocations if part.invoice == place), ZERO)
        case BillPayment():
            return sum((part.amount for part in payment.settles if part.document == place), ZERO)
        case _:
            return ZERO


def _is_able(turn: Turn, feature: Feature) -> bool:
    return any(c.feature is feature and c.able for c in turn.description.capabilities)


def _no_foreign(turn: Turn) -> str:
    """Why the provider writes nothing in a foreign currency; empty where it does."""
    told = next((c for c in turn.description.capabilities if c.feature is Feature.MULTICURRENCY), None)
    if told is None:
        return f"{turn.description.title} does not say that it does"
    return "" if told.able else told.reason


def posting_context(
    turn: Turn, snapshots: dict[RecordRef, Snapshot], posted: MappingOf[DocumentKey, Document]
) -> PostingContext:
    """The context of the posting rules as the connection stands."""
    catalog = turn.catalog
    return PostingContext(
        mapping=turn.mapping,
        policy=turn.policy,
        profile=turn.profile,
        related={ref: snapshot.record for ref, snapshot in snapshots.items()},
        item_accounts=catalog.item_accounts,
        item_cost_accounts=catalog.item_cost_accounts,
        inactive=catalog.inactive,
        names=catalog.names,
        posted=posted,
        no_foreign=_no_foreign(turn),
        refund_receipts=_is_able(turn, Feature.REFUND_RECEIPTS),
        event_day=turn.now.astimezone(turn.zone).date(),
        splits_payments=bool(turn.row.get("splits_payments")),
        number_length=turn.description.number_length,
    )
