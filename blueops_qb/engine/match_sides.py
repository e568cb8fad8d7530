"""Match sides: reads what is compared of core and of the mirror, page by page, into small values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, SalesInvoice, VendorRecord
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.match_documents import Paper
from blueops_qb.domain.match_parties import Candidate
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Address,
    BundlePart,
    Customer,
    Invoice,
    InvoiceLine,
    Job,
    LineKind,
    Payment,
    Vendor,
)
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, RecordKind, id_in_books
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

#: The kinds of our records that have rows, and what they are in the books.
KINDS = {
    RecordKind.CUSTOMER: BooksKind.CUSTOMER,
    RecordKind.JOB: BooksKind.CUSTOMER,
    RecordKind.VENDOR: BooksKind.VENDOR,
    RecordKind.INVOICE: BooksKind.INVOICE,
    RecordKind.PAYMENT: BooksKind.PAYMENT,
}
PARTIES = (RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR)
PAGE = 500
#: Payments older than this are not compared; the books' listing does not reach further either.
PAYMENTS_OF = dt.timedelta(days=366)


@attrs.frozen(kw_only=True, slots=True)
class OurPaper:
    """An invoice or payment of ours with our own ids of what it names."""

    id: str
    party: str
    number: str
    date: dt.date
    amount: Decimal
    settles: tuple[str, ...] = ()
    #: Its number may come again on another one.
    repeats: bool = False


@attrs.define(kw_only=True)
class Ours:
    """Everything of ours that is compared."""

    parties: list[Candidate] = attrs.field(factory=list)
    invoices: list[OurPaper] = attrs.field(factory=list)
    #: Ids of the invoices that are not paid; the others have a row only where the books have them too.
    open: set[str] = attrs.field(factory=set)
    payments: list[OurPaper] = attrs.field(factory=list)
    #: Keys of lines that lead to an item, and how many lines ask for each.
    keys: dict[tuple[Family, str], int] = attrs.field(factory=lambda: defaultdict(int))


def read_ours(turn: Turn) -> Ours:
    """Core's customers, jobs, vendors, invoices, and payments of the last year."""
    found = Ours()
    paid: dict[str, Decimal] = defaultdict(Decimal)
    since = turn.now.date() - PAYMENTS_OF
    for snapshot in _snapshots(turn):
        record = snapshot.record
        match record:
            case Customer() | Job() | Vendor():
                found.parties.append(candidate_of(snapshot))
            case Invoice() if not record.void:
                found.invoices.append(our_invoice(record))
                _note_keys(found, record)
            case Payment() if not record.void:
                for part in record.applications:
                    paid[part.invoice_id] += part.amount
                if record.received_on >= since:
                    found.payments.append(our_payment(record))
    found.open = {one.id for one in found.invoices if one.amount - paid.get(one.id, ZERO) > 0}
    amounts: dict[str, set[Decimal]] = defaultdict(set)
    for one in found.invoices:
        if one.id in found.open:
            amounts[one.party].add(one.amount)
    found.parties = [
        attrs.evolve(party, amounts=frozenset(amounts[party.id])) if party.id in amounts else party
        for party in found.parties
    ]
    return found


def _snapshots(turn: Turn) -> Iterator[Snapshot]:
    since, kinds = 0, list(KINDS)
    while True:
        page = list(turn.core.iterate(turn.tenant_id, since_revision=since, kinds=kinds, limit=PAGE))
        yield from (s for s in page if not s.deleted and s.merged_into is None)
        if len(page) < PAGE:
            return
        since = max(s.revision for s in page)


def candidate_of(snapshot: Snapshot) -> Candidate:
    """A party of ours as the matcher sees it."""
    record = snapshot.record
    assert isinstance(record, Customer | Job | Vendor)
    id, kind = str(record.ref), KINDS[record.ref.kind]
    if isinstance(record, Job):
        sites = _addresses(record.site)
        parent = f"customer:{record.customer_id}"
        return Candidate(id=id, name=record.name, kind=kind, parent_id=parent, addresses=sites)
    if isinstance(record, Vendor):
        return Candidate(
            id=id,
            name=record.name,
            kind=kind,
            company=record.company,
            email=record.email,
            phone=record.phone,
            addresses=_addresses(record.address),
        )
    return Candidate(
        id=id,
        name=record.name,
        kind=kind,
        company=record.company,
        given_name=record.given_name,
        family_name=record.family_name,
        email=record.email,
        phone=record.phone,
        mobile=record.mobile,
        addresses=_addresses(record.billing, *record.sites[:3]),
    )


def _addresses(*found: Address | None) -> tuple[Address, ...]:
    return tuple(address for address in found if address is not None and address.line1)


def our_invoice(record: Invoice) -> OurPaper:
    """An invoice of ours as it is compared."""
    party = f"job:{record.job_id}" if record.job_id else f"customer:{record.customer_id}"
    return OurPaper(
        id=record.id, party=party, number=record.number, date=record.issue_date, amount=record.total
    )


def our_payment(record: Payment) -> OurPaper:
    """A payment of ours as it is compared."""
    return OurPaper(
        id=record.id,
        party=f"customer:{record.customer_id}",
        number=record.reference,
        date=record.received_on,
        amount=record.amount,
        settles=tuple(part.invoice_id for part in record.applications),
        repeats=True,
    )


def _note_keys(found: Ours, record: Invoice) -> None:
    named: list[InvoiceLine | BundlePart] = [*record.lines]
    named += [part for line in record.lines for part in line.parts]
    for line in named:
        family, key = _ITEM_KEYS.get(line.kind, (None, ""))
        if family is not None and (value := str(getattr(line, key))):
            found.keys[family, value] += 1


#: Which key of a line leads to an item.
_ITEM_KEYS: dict[LineKind, tuple[Family, str]] = {
    LineKind.SERVICE: (Family.SERVICE, "service_category"),
    LineKind.MATERIAL: (Family.MATERIAL_SOLD, "material_category"),
    LineKind.EQUIPMENT: (Family.MATERIAL_SOLD, "material_category"),
    LineKind.FEE: (Family.FEE, "fee_type"),
}


# -- theirs --------------------------------------------------------------------------------------------
@attrs.define(kw_only=True)
class Theirs:
    """Everything of the books that is compared."""

    parties: list[Candidate] = attrs.field(factory=list)
    invoices: list[Paper] = attrs.field(factory=list)
    payments: list[Paper] = attrs.field(factory=list)
    #: Which customer each customer or job belongs to, itself included.
    tops: dict[str, str] = attrs.field(factory=dict)


def read_theirs(turn: Turn) -> Theirs:
    """What the mirror has of the books' parties, open invoices and payments."""
    m = t.mirror
    kinds = [*NAMED_KINDS, BooksKind.INVOICE, BooksKind.PAYMENT]
    query = sa.select(m.c.kind, m.c.books_id, m.c.name, m.c.active, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([kind.value for kind in kinds]),
        m.c.deleted.is_(False),
    )
    found = Theirs()
    amounts: dict[str, set[Decimal]] = defaultdict(set)
    for row in turn.connection.execute(query.execution_options(yield_per=PAGE)):
        kind = BooksKind(row.kind)
        document = wire.load_document(kind, row.document) if row.document else None
        if kind in NAMED_KINDS:
            party = document if isinstance(document, CustomerRecord | VendorRecord) else None
            found.parties.append(their_party(kind, row, party))
            if kind is BooksKind.CUSTOMER:
                found.tops[row.books_id] = found.parties[-1].parent_id or row.books_id
        elif isinstance(document, SalesInvoice) and not document.void:
            paper = their_invoice(row.books_id, document)
            found.invoices.append(paper)
            amounts[paper.party].add(paper.amount)
        elif isinstance(document, CustomerPayment) and not document.void:
            found.payments.append(their_payment(row.books_id, document))
    found.parties = [
        attrs.evolve(party, amounts=frozenset(amounts[party.id]))
        if party.kind is BooksKind.CUSTOMER and party.id in amounts
        else party
        for party in found.parties
    ]
    return found


def their_party(kind: BooksKind, row: Any, party: CustomerRecord | VendorRecord | None) -> Candidate:
    """A party of the books as the matcher sees it; `row` is the mirror's, `party` what its document says."""
    common = Candidate(id=row.books_id, name=row.name, kind=kind, active=row.active)
    if isinstance(party, CustomerRecord):
        return attrs.evolve(
            common,
            parent_id=id_in_books(party.parent),
            company=party.company,
            given_name=party.given_name,
            family_name=party.family_name,
            email=party.email,
            phone=party.phone,
            mobile=party.mobile,
            addresses=_addresses(party.billing, party.shipping),
        )
    if isinstance(party, VendorRecord):
        addresses = _addresses(party.address)
        return attrs.evolve(
            common, company=party.company, email=party.email, phone=party.phone, addresses=addresses
        )
    return common


def their_invoice(id: str, document: SalesInvoice) -> Paper:
    """An invoice of the books as it is compared."""
    total = document.total
    if total is None:
        total = (
            sum((line.amount for line in document.lines), ZERO) - document.discount + (document.tax or ZERO)
        )
    return Paper(
        id=id, number=document.number, party=id_in_books(document.customer), date=document.date, amount=total
    )


def their_payment(id: str, document: CustomerPayment) -> Paper:
    """A payment of the books as it is compared."""
    settles = (a.invoice for a in document.allocations)
    return Paper(
        id=id,
        number=document.reference,
        party=id_in_books(document.customer),
        date=document.date,
        amount=document.amount,
        settles=frozenset(
            ref.id for ref in settles if isinstance(ref, BooksRef) and ref.kind is BooksKind.INVOICE
        ),
    )


def papers(
    ours: Sequence[OurPaper], places: Mapping[str, str], invoices: Mapping[str, str], tops: Mapping[str, str]
) -> list[Paper]:
    """Ours with the books' ids of what they name, where those are known; a job counts as its customer."""
    return [
        Paper(
            id=one.id,
            number=one.number,
            party=_top(places.get(one.party, ""), tops),
            date=one.date,
            amount=one.amount,
            settles=frozenset(invoices[id] for id in one.settles if id in invoices),
            repeats=one.repeats,
        )
        for one in ours
    ]


def under_tops(theirs: Sequence[Paper], tops: Mapping[str, str]) -> list[Paper]:
    """Theirs with a job counted as its customer."""
    return [attrs.evolve(one, party=_top(one.party, tops)) for one in theirs]


def _top(id: str, tops: Mapping[str, str]) -> str:
    return tops.get(id, id)
