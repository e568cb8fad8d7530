"""Titles: how records, and references of either side, are named on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import kind_of
from blueops_qb.domain.list_entries import ListEntry
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.own_entries import Entry
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    PaymentReturn,
    Payout,
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind, BooksRef, RecordKind, RecordRef, Ref, record_of
from blueops_qb.engine import related, suggest
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Core, Snapshot
from blueops_qb.store import tables as t
from blueops_qb.web.words import BOOKS_KINDS, RECORD_KINDS


@attrs.frozen(kw_only=True)
class Title:
    """A record in a list: its name, whom it concerns, its amount and its day."""

    name: str
    party: str = ""
    amount: str = ""
    day: str = ""


def fallback(ref: RecordRef) -> Title:
    """The title of a record that core does not show (any more)."""
    return Title(name=f"{RECORD_KINDS[ref.kind]} {ref.id}")


def title_of(record: Record, parties: Mapping[RecordRef, Snapshot]) -> Title:
    """The title of a record; `parties` are the customers, jobs and vendors it names."""

    def named(kind: RecordKind, id: str | None) -> str:
        snapshot = parties.get(RecordRef(kind, id)) if id else None
        return str(getattr(snapshot.record, "name", "")) if snapshot is not None else ""

    match record:
        case Customer() | Vendor():
            return Title(name=record.name or record.company, party=f"No. {record.id}")
        case Job():
            return Title(name=record.name, party=named(RecordKind.CUSTOMER, record.customer_id))
        case Invoice():
            return Title(
                name=f"Invoice {record.number or record.id}",
                party=named(RecordKind.CUSTOMER, record.customer_id),
                amount=f"{record.total:,.2f}",
                day=record.issue_date.isoformat(),
            )
        case Payment():
            return Title(
                name=f"Payment {record.id}" + (f" ({record.reference})" if record.reference else ""),
                party=named(RecordKind.CUSTOMER, record.customer_id),
                amount=f"{record.amount:,.2f}",
                day=record.received_on.isoformat(),
            )
        case Expense():
            number = f" ({record.vendor_invoice_number})" if record.vendor_invoice_number else ""
            return Title(
                name=f"{record.type.value.replace('_', ' ').capitalize()} {record.id}{number}",
                party=named(RecordKind.VENDOR, record.vendor_id),
                amount=f"{record.total:,.2f}",
                day=record.date.isoformat(),
            )
        case Payout():
            return Title(name=f"Payout {record.id}", amount=f"{record.net:,.2f}", day=record.date.isoformat())
        case ListEntry():
            kind = kind_of(record.document).value.replace("_", " ")
            return Title(name=f"New {kind} {record.document.name}")
        case Reclass():
            return Title(name=f"Move between accounts {record.id}", day=record.date.isoformat())
        case Entry():
            return Title(
                name=f"Own entry {record.id}",
                amount=f"{sum((x.amount for x in record.lines if x.amount > 0), ZERO):,.2f}",
                day=record.date.isoformat(),
            )
        case Credit():
            return Title(
                name=f"Credit {record.number or record.id}",
                party=named(RecordKind.CUSTOMER, record.customer_id),
                amount=f"{record.total:,.2f}",
                day=record.issue_date.isoformat(),
            )
        case Refund() | PaymentReturn():
            return Title(
                name=fallback(record.ref).name,
                party=named(RecordKind.CUSTOMER, record.customer_id),
                amount=f"{record.amount:,.2f}",
                day=record.date.isoformat(),
            )


def titles(core: Core, tenant_id: str, refs: Iterable[RecordRef]) -> dict[RecordRef, Title]:
    """Titles of several records with two questions to core."""
    wanted = list(dict.fromkeys(refs))
    found = core.read(tenant_id, wanted) if wanted else {}
    named = {r for s in found.values() for r in related.named_by(s.record) if r not in found}
    parties = core.read(tenant_id, sorted(named)) if named else {}
    everybody = {**parties, **found}
    return {ref: title_of(found[ref].record, everybody) if ref in found else fallback(ref) for ref in wanted}


@attrs.frozen
class Names:
    """Names of references of either side, looked up beforehand."""

    turn: Turn
    ours: Mapping[RecordRef, Title]
    theirs: Mapping[BooksRef, str]

    def __call__(self, ref: Ref) -> str:
        if not isinstance(ref, BooksRef):
            record = record_of(ref)
            return self.ours.get(record, fallback(record)).name
        if ref.kind in CATALOG_KINDS:
            return suggest.label_of(self.turn.catalog, ref)
        return self.theirs.get(ref) or f"{BOOKS_KINDS[ref.kind]} {ref.id} in the books"


def names_for(turn: Turn, refs: Iterable[Ref]) -> Names:
    """Look up how these references are called."""
    everything = set(refs)
    ours = titles(
        turn.core, turn.tenant_id, sorted({record_of(r) for r in everything if not isinstance(r, BooksRef)})
    )
    places = [r for r in everything if isinstance(r, BooksRef) and r.kind not in CATALOG_KINDS]
    return Names(turn, ours, books_names(turn, places))


def books_names(turn: Turn, places: Iterable[BooksRef]) -> dict[BooksRef, str]:
    """What the mirror calls records of the books; unknown and nameless ones are left out."""
    by_kind: dict[BooksKind, set[str]] = {}
    for place in places:
        by_kind.setdefault(place.kind, set()).add(place.id)
    m = t.mirror
    arms = [sa.and_(m.c.kind == kind.value, m.c.books_id.in_(sorted(ids))) for kind, ids in by_kind.items()]
    if not arms:
        return {}
    query = sa.select(m.c.kind, m.c.books_id, m.c.name).where(m.c.connection_id == turn.id, sa.or_(*arms))
    return {
        BooksRef(BooksKind(row.kind), row.books_id): row.name
        for row in turn.connection.execute(query)
        if row.name
    }
