"""The two sides of agreement: our lines of documents, and theirs, from the books' ledger or from their documents.

Both are told in the books' own ids. Everything is read in batches of documents, so that memory does not grow with the
company.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement_rules import Account, Chart, Item, Line
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, id_in_books
from blueops_qb.engine import subledger
from blueops_qb.engine.known import places_of
from blueops_qb.engine.rulebook import CatalogView
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

BATCH = 400


@attrs.frozen(kw_only=True)
class Linked:
    """A document of ours with its place in the books."""

    id: int
    ref: RecordRef
    place: BooksRef
    #: It moved after the books were asked, or is on its way: nothing can be said of it yet.
    moving: bool = False


@attrs.frozen(kw_only=True)
class Transaction:
    """A transaction of the books' ledger."""

    kind: str
    type: str
    id: str
    number: str
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        return f"{self.kind}#{self.id}" if self.kind else f"{self.type or 'transaction'} {self.id}".strip()


# -- ours ----------------------------------------------------------------------------------------------
def documents(
    connection: sa.Connection, connection_id: str, start: dt.date, end: dt.date, read_at: dt.datetime
) -> Iterator[list[Linked]]:
    """The linked documents that should stand in the period, in batches."""
    p, lk = t.postings, t.links
    last = 0
    while True:
        query = (
            sa.select(p.c.document_id)
            .distinct()
            .select_from(p.join(lk, sa.and_(lk.c.document_id == p.c.document_id, lk.c.state == "live")))
            .where(
                p.c.connection_id == connection_id,
                p.c.counts,
                p.c.date.between(start, end),
                p.c.document_id > last,
            )
            .order_by(p.c.document_id)
            .limit(BATCH)
        )
        ids = list(connection.execute(query).scalars())
        if not ids:
            return
        last = ids[-1]
        yield by_id(connection, ids, read_at)


def by_id(connection: sa.Connection, ids: Sequence[int], read_at: dt.datetime) -> list[Linked]:
    """Documents by their ids, those with a live link."""
    d, lk, p, o = t.documents, t.links, t.postings, t.operations
    moved = sa.exists().where(p.c.document_id == d.c.id, p.c.moved_at >= read_at)
    out = sa.exists().where(o.c.document_id == d.c.id, o.c.state.in_(["out", "uncertain"]))
    query = (
        sa.select(
            d.c.id,
            d.c.source_kind,
            d.c.source_id,
            lk.c.books_kind,
            lk.c.books_id,
            sa.or_(moved, out, lk.c.linked_at >= read_at).label("moving"),
        )
        .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(d.c.id.in_(ids))
        .order_by(d.c.id)
    )
    return [
        Linked(
            id=row.id,
            ref=RecordRef(RecordKind(row.source_kind), row.source_id),
            place=BooksRef(BooksKind(row.books_kind), row.books_id),
            moving=bool(row.moving),
        )
        for row in connection.execute(query)
    ]


def ours(connection: sa.Connection, connection_id: str, document_ids: Sequence[int]) -> dict[int, list[Line]]:
    """What our sub-ledger has of documents, by document."""
    p = t.postings
    query = (
        sa.select(p).where(p.c.document_id.in_(document_ids), p.c.counts).order_by(p.c.document_id, p.c.line)
    )
    rows = list(connection.execute(query).mappings())
    party = _parties(
        connection, connection_id, {row[name] for row in rows for name in ("customer", "vendor")}
    )
    found: dict[int, list[Line]] = defaultdict(list)
    for row in rows:
        found[row["document_id"]].append(
            Line(
                account=row["account"],
                cents=int(row["cents"]),
                day=row["date"],
                customer=party[row["customer"]],
                vendor=party[row["vendor"]],
                class_=row["class_id"],
                location=row["location_id"],
                duty=row["duty"],
                item=row["item_id"],
            )
        )
    return found


def _parties(connection: sa.Connection, connection_id: str, texts: set[str]) -> dict[str, str]:
    """`customer#45` or `job:3` -> the id in the books; what has no place there keeps its own words."""
    refs = {text: wire.parse_ref(text) for text in texts if text}
    places = places_of(connection, connection_id, [r for r in refs.values() if not isinstance(r, BooksRef)])
    found = {"": ""}
    for text, ref in refs.items():
        place = ref if isinstance(ref, BooksRef) else places.get(ref)
        found[text] = text if place is None else id_in_books(place)
    return found


def parties(connection: sa.Connection, connection_id: str) -> dict[str, RecordRef]:
    """Customers and jobs of ours by their ids in the books."""
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_id, d.c.source_kind, d.c.source_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == connection_id,
            lk.c.books_kind == BooksKind.CUSTOMER.value,
            lk.c.state == "live",
        )
    )
    return {
        row.books_id: RecordRef(RecordKind(row.source_kind), row.source_id)
        for row in connection.execute(query)
    }


# -- theirs --------------------------------------------------------------------------------------------
class Theirs(Protocol):
    """What the books hold."""

    @property
    def omits(self) -> frozenset[str]:
        """What their lines do not tell: `class`, `location`, `party` (a transaction without any may have some)."""

    def of(self, places: Collection[BooksRef]) -> dict[BooksRef, Transaction]:
        """Their lines of these records, whatever their days; records without any are left out."""

    def strangers(self, start: dt.date, end: dt.date) -> Iterator[Transaction]:
        """Transactions of the period that no document of ours is linked with."""

    def others(self, start: dt.date, end: dt.date) -> list[int]:
        """Documents of ours that the books show in the period and our sub-ledger does not."""

    def balances(self, start: dt.date, end: dt.date) -> dict[str, int]:
        """What accounts came to at the end of the period, where the books tell, in cents."""


@attrs.frozen(kw_only=True)
class InLedger:
    """Their side as a reading of the books' ledger tells it."""

    connection: sa.Connection
    connection_id: str
    reading_id: int
    names: Mapping[tuple[BooksKind, str], str]
    omits: frozenset[str] = frozenset()

    def of(self, places: Collection[BooksRef]) -> dict[BooksRef, Transaction]:
        """Their lines of these records."""
        ln = t.ledger_lines
        found: dict[BooksRef, Transaction] = {}
        for kind in {place.kind for place in places}:
            ids = sorted(place.id for place in places if place.kind is kind)
            query = (
                sa.select(ln)
                .where(
                    ln.c.reading_id == self.reading_id, ln.c.books_kind == kind.value, ln.c.books_id.in_(ids)
                )
                .order_by(ln.c.books_id, ln.c.line)
            )
            for transaction in self._grouped(self.connection.execute(query).mappings()):
                found[BooksRef(kind, transaction.id)] = transaction
        return found

    def strangers(self, start: dt.date, end: dt.date) -> Iterator[Transaction]:
        """Streamed in the order of kind and id."""
        ln, lk = t.ledger_lines, t.links
        linked = sa.exists().where(
            lk.c.connection_id == self.connection_id,
            lk.c.books_kind == ln.c.books_kind,
            lk.c.books_id == ln.c.books_id,
            lk.c.state == "live",
        )
        query = (
            sa.select(ln)
            .where(ln.c.reading_id == self.reading_id, ln.c.day.between(start, end), ~linked)
            .order_by(ln.c.books_kind, ln.c.books_type, ln.c.books_id, ln.c.line)
            .execution_options(yield_per=BATCH)
        )
        with self.connection.execute(query) as rows:
            yield from self._grouped(rows.mappings())

    def others(self, start: dt.date, end: dt.date) -> list[int]:
        """Usually few: what was moved into the period, or was never agreed on."""
        ln, lk, p = t.ledger_lines, t.links, t.postings
        expected = sa.exists().where(
            p.c.document_id == lk.c.document_id, p.c.counts, p.c.date.between(start, end)
        )
        query = (
            sa.select(lk.c.document_id)
            .distinct()
            .select_from(
                ln.join(
                    lk,
                    sa.and_(
                        lk.c.connection_id == self.connection_id,
                        lk.c.books_kind == ln.c.books_kind,
                        lk.c.books_id == ln.c.books_id,
                        lk.c.state == "live",
                    ),
                )
            )
            .where(
                ln.c.reading_id == self.reading_id, ln.c.day.between(start, end), ln.c.cents != 0, ~expected
            )
            .order_by(lk.c.document_id)
        )
        return list(self.connection.execute(query).scalars())

    def balances(self, start: dt.date, end: dt.date) -> dict[str, int]:
        """The balance after the last line of each account."""
        ln = t.ledger_lines
        last = (
            sa.select(ln.c.account_id, sa.func.max(ln.c.line).label("line"))
            .where(
                ln.c.reading_id == self.reading_id,
                ln.c.day.between(start, end),
                ln.c.balance_cents.is_not(None),
            )
            .group_by(ln.c.account_id)
            .subquery()
        )
        query = (
            sa.select(ln.c.account_id, ln.c.balance_cents)
            .join(last, ln.c.line == last.c.line)
            .where(ln.c.reading_id == self.reading_id)
        )
        return {row.account_id: int(row.balance_cents) for row in self.connection.execute(query)}

    def _grouped(self, rows: Any) -> Iterator[Transaction]:
        key: tuple[str, str, str] | None = None
        lines: list[Line] = []
        number = ""
        for row in rows:
            now = (row["books_kind"], row["books_type"] if not row["books_kind"] else "", row["books_id"])
            if key is not None and now != key:
                yield Transaction(kind=key[0], type=key[1], id=key[2], number=number, lines=tuple(lines))
                lines = []
            key, number = now, row["number"]
            lines.append(self._line(row))
        if key is not None:
            yield Transaction(kind=key[0], type=key[1], id=key[2], number=number, lines=tuple(lines))

    def _line(self, row: Any) -> Line:
        return Line(
            account=row["account_id"],
            cents=int(row["cents"]),
            day=row["day"],
            customer=row["customer_id"],
            vendor=row["vendor_id"],
            class_=row["class_id"] or self._named(BooksKind.CLASS, row["class_name"]),
            location=row["location_id"] or self._named(BooksKind.LOCATION, row["location_name"]),
        )

    def _named(self, kind: BooksKind, name: str) -> str:
        return self.names.get((kind, name.casefold()), f"“{name}”") if name else ""


@attrs.frozen(kw_only=True)
class InDocuments:
    """Their side as their documents tell it, for books whose ledger cannot be read: per document only."""

    turn: Turn
    omits: frozenset[str] = frozenset()

    def of(self, places: Collection[BooksRef]) -> dict[BooksRef, Transaction]:
        """What their documents, as last seen, do to the accounts."""
        m = t.mirror
        shown: dict[BooksRef, Any] = {}
        for kind in {place.kind for place in places}:
            query = sa.select(m.c.books_id, m.c.document, m.c.name).where(
                m.c.connection_id == self.turn.id,
                m.c.kind == kind.value,
                m.c.books_id.in_(sorted(place.id for place in places if place.kind is kind)),
                m.c.deleted.is_(False),
                m.c.document.is_not(None),
            )
            for row in self.turn.connection.execute(query):
                shown[BooksRef(kind, row.books_id)] = wire.load_document(kind, row.document)
        owners = subledger.owners_of(self.turn, list(shown.values()))
        found: dict[BooksRef, Transaction] = {}
        for place, document in shown.items():
            lines = [
                Line(
                    account=one.account,
                    cents=int(one.amount * 100),
                    day=one.date,
                    customer=id_in_books(one.customer),
                    vendor=id_in_books(one.vendor),
                    class_=one.class_,
                    location=one.location,
                )
                for one in subledger.effects_of(self.turn, document, owners)
            ]
            day = getattr(document, "date", dt.date.min)
            # A void one shows that it is there, with nothing.
            lines = lines or [Line(account="", cents=0, day=day)]
            number = str(getattr(document, "number", ""))
            found[place] = Transaction(
                kind=place.kind.value, type="", id=place.id, number=number, lines=tuple(lines)
            )
        return found

    def strangers(self, start: dt.date, end: dt.date) -> Iterator[Transaction]:
        """Nothing: only documents that are ours are compared."""
        del start, end
        return iter(())

    def others(self, start: dt.date, end: dt.date) -> list[int]:
        """Nothing is known of what they show elsewhere."""
        del start, end
        return []

    def balances(self, start: dt.date, end: dt.date) -> dict[str, int]:
        """Their documents tell no balance."""
        del start, end
        return {}


# -- the catalog ---------------------------------------------------------------------------------------
def chart_of(catalog: CatalogView) -> Chart:
    """Accounts and items as the rules look at them."""
    return Chart(
        accounts={
            e.ref.id: Account(
                type=e.facts.get("account_type", ""), subtype=e.facts.get("account_subtype", "")
            )
            for e in catalog.of(BooksKind.ACCOUNT)
        },
        items={
            e.ref.id: Item(
                income=e.facts.get("income_account", ""),
                cost=e.facts.get("expense_account", ""),
                stock=e.facts.get("asset_account", "") if e.facts.get("item_type") == "Inventory" else "",
            )
            for e in catalog.of(BooksKind.ITEM)
        },
    )


def names_of(catalog: CatalogView) -> dict[tuple[BooksKind, str], str]:
    """The ids of classes and locations by their full names, for books whose ledger shows names only."""
    return {
        (kind, (e.facts.get("full_name") or e.name).casefold()): e.ref.id
        for kind in (BooksKind.CLASS, BooksKind.LOCATION)
        for e in catalog.of(kind)
    }
