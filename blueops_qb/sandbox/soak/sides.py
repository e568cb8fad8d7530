"""Sides: both sides made ready to be laid beside each other, without what openly stands apart, under the same names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from blueops_qb.sandbox.reader.parts import joined
from blueops_qb.sandbox.reader.values import (
    Banked,
    Cost,
    Credited,
    Found,
    PaidBack,
    Party,
    Prepaid,
    Receipt,
    Sale,
)
from blueops_qb.sandbox.soak.excuses import Apart, places
from blueops_qb.sandbox.soak.world import World

V = TypeVar("V", Party, Sale, Receipt, Cost, Banked, Credited, PaidBack, Prepaid)
M = TypeVar("M", Receipt, Credited, PaidBack, Prepaid)
ZERO = Decimal("0.00")


@attrs.frozen(kw_only=True)
class Disputed:
    """Numbers of invoices and of credits, and sources of money, that something which stands apart moves."""

    invoices: frozenset[str]
    credits: frozenset[str]
    sources: frozenset[str]


#: A name that is marked as a customer's or a vendor's.
_MARKED = re.compile(r"(.+) \([CV]\)(?: \d+)?")


def names(w: World, ours: Found, theirs: Found, stand_apart: Apart) -> dict[str, str]:
    """Name in the books -> name in BlueOps, of parties that stand apart: their documents name them either way.

    One that BlueOps has merged away goes by the name of the survivor.
    """
    mine = {party.id: party.name for party in (*ours.customers, *ours.jobs, *ours.vendors)}
    other = {party.id: party.name for party in (*theirs.customers, *theirs.jobs, *theirs.vendors)}
    merged = {
        f"{row.kind}:{row.id}": f"{row.kind}:{row.merged_into}"
        for row in w.rows(
            "SELECT kind, id, merged_into FROM core_records"
            " WHERE tenant_id = :tenant AND merged_into IS NOT NULL"
        )
    }
    found = {}
    for ref, place in stand_apart.pairs:
        while ref in merged:
            ref = merged[ref]
        if ref in mine and place in other:
            found[other[place]] = mine[ref]
    return found


def marked(w: World, theirs: Found) -> dict[str, str]:
    """Name in the books -> name in BlueOps, of parties that somebody let be created there under a marked name."""
    ids = {place for ref, place in places(w) if ref in w.told_apart}
    names = {party.name for party in (*theirs.customers, *theirs.vendors) if party.id in ids}
    return {name: found[1] for name in names if (found := _MARKED.fullmatch(name)) is not None}


def taken_as_payments(w: World) -> frozenset[str]:
    """Places of the payments that BlueOps has as such, be they of 0.00: it did not have the credit that they apply."""
    rows = w.rows(
        "SELECT l.books_kind, l.books_id FROM blueops_qb_links l JOIN blueops_qb_documents d ON d.id = l.document_id"
        " WHERE l.connection_id = :connection AND l.state = 'live' AND l.books_kind = 'payment'"
        " AND d.source_kind = 'payment' AND d.role = 'main'",
        connection=w.connection_id,
    )
    return frozenset(":".join(w.place(r.books_kind, r.books_id) or ()) for r in rows)


def disputed(ours: Found, theirs: Found, stand_apart: Apart) -> Disputed:
    """What something that stands apart moves on one side only."""
    invoices: set[str] = set()
    credits: set[str] = set()
    sources: set[str] = set()
    for side, gone in ((ours, stand_apart.ours), (theirs, stand_apart.theirs)):
        numbers = {credit.id: credit.number for credit in side.credits}
        for receipt in side.receipts:
            if receipt.id in gone:
                invoices |= set(receipt.settles)
                credits |= {numbers.get(id, "") for id in receipt.uses}
                sources.add(f"payment {receipt.reference}")
        for credit in side.credits:
            if credit.id in gone:
                invoices |= set(credit.settles)
                # Without its memo a payment names it by the memo's id.
                sources |= {f"credit {credit.number}", f"credit {credit.id}"}
        for back in side.back:
            if back.id in gone:
                credits |= {name.removeprefix("credit ") for name in back.sources}
    return Disputed(invoices=frozenset(invoices), credits=frozenset(credits), sources=frozenset(sources))


def without(
    found: Found,
    gone: Iterable[str],
    disputed: Disputed,
    names: dict[str, str],
    marks: dict[str, str] | None = None,
) -> Found:
    """One side without what stands apart, under BlueOps' names; `marks` are of those that are compared themselves."""
    names, marks = {**names, **(marks or {})}, marks or {}
    away = frozenset(gone)
    with_disputed = holding(found, away)
    return Found(
        customers=tuple(_renamed(p, "name", marks) for p in found.customers if p.id not in away),
        jobs=tuple(_renamed(p, "name", names) for p in found.jobs if p.id not in away),
        vendors=tuple(_renamed(p, "name", marks) for p in found.vendors if p.id not in away),
        sales=tuple(
            _renamed(_settled(s, disputed.invoices), "payer", names) for s in found.sales if s.id not in away
        ),
        receipts=tuple(_renamed(r, "payer", names) for r in found.receipts if r.id not in away),
        costs=tuple(_bought(_renamed(c, "vendor", names), names) for c in found.costs if c.id not in away),
        banked=tuple(b for b in found.banked if b.id not in away and b.id not in with_disputed),
        credits=tuple(_renamed(c, "payer", names) for c in found.credits if c.id not in away),
        back=tuple(_renamed(b, "payer", names) for b in found.back if b.id not in away),
        prepaid=tuple(_renamed(p, "payer", names) for p in found.prepaid if p.id not in away),
        charged=tuple(c for c in found.charged if c.id not in away),
    )


def holding(found: Found, away: frozenset[str]) -> set[str]:
    """Ids of what was banked with a payment or deposit that stands apart."""
    payments = {receipt.reference for receipt in found.receipts if receipt.id in away}
    payments |= {deposit.reference for deposit in found.prepaid if deposit.id in away}
    return {banked.id for banked in found.banked if payments.intersection(banked.payments)}


def without_stand_ins(
    theirs: Found, ours: Found, disputed: Disputed, places: Iterable[tuple[str, str]]
) -> Found:
    """Their side without other money on what a payment or credit that stands apart should settle.

    What went back is open there until that one settles it, so that a bookkeeper may receive money on it meanwhile;
    more than the disputed amount is told. `places` are records and where they are in the books.
    """
    said = {back.id: back.sources for back in ours.back}
    known = {place: said[ref] for ref, place in places if ref in said}

    def its_own(back: PaidBack) -> PaidBack:
        mine = known.get(back.id, {})
        room = sum((amount for name, amount in mine.items() if name in disputed.sources), ZERO)
        others = {name: amount for name, amount in back.sources.items() if name not in mine}
        if sum(others.values(), ZERO) > room:
            return back
        return dataclasses.replace(
            back, sources={name: amount for name, amount in back.sources.items() if name in mine}
        )

    return dataclasses.replace(theirs, back=tuple(its_own(back) for back in theirs.back))


def undisputed(found: Found, disputed: Disputed) -> Found:
    """Without the amounts that something which stands apart moves on one side only."""
    return dataclasses.replace(
        found,
        credits=tuple(
            dataclasses.replace(c, left=ZERO, settles={}) if c.number in disputed.credits else c
            for c in found.credits
        ),
        back=tuple(
            dataclasses.replace(b, sources={k: v for k, v in b.sources.items() if k not in disputed.sources})
            for b in found.back
        ),
    )


def unmoved(found: Found) -> Found:
    """Without the account of a payment of 0.00, which moves no money; books may name none of it."""
    receipts = (dataclasses.replace(r, account="") if not r.amount else r for r in found.receipts)
    return dataclasses.replace(found, receipts=tuple(receipts))


def _settled(sale: Sale, disputed: frozenset[str]) -> Sale:
    return dataclasses.replace(sale, balance=ZERO) if sale.number in disputed else sale


def _renamed(value: V, field: str, names: dict[str, str]) -> V:
    changes: dict[str, Any] = {field: _path(getattr(value, field), names)}
    return dataclasses.replace(value, **changes)


def _bought(cost: Cost, names: dict[str, str]) -> Cost:
    lines = tuple(dataclasses.replace(line, job=_path(line.job, names)) for line in cost.lines)
    return dataclasses.replace(cost, lines=lines)


def paid_by_disputed(
    w: World, left: Found, right: Found, ours: Found, stand_apart: Apart, places: Iterable[tuple[str, str]]
) -> set[Hashable]:
    """Money of customers or jobs who stand apart: under whom it is found is disputed with them.

    `places` are records and where they are in the books: what went back bears there how its payment was called then.
    """
    names = {party.name for party in (*ours.customers, *ours.jobs) if party.id in stand_apart.ours}
    here = {one.id for one in _money(left) if one.payer in names or one.payer.partition(":")[0] in names}
    there = {
        one.id
        for one in _money(right)
        if {f"Customer:{one.under}", f"Customer:{w.parent(one.under)}"} & stand_apart.theirs
    }
    pairs = list(places)
    here |= {ref for ref, place in pairs if place in there}
    there |= {place for ref, place in pairs if ref in here}
    found = {_name_of(one) for one in _money(left) if one.id in here}
    return found | {_name_of(one) for one in _money(right) if one.id in there}


def vendor_left_out(
    left: Found,
    right: Found,
    ours: Found,
    theirs: Found,
    stand_apart: Apart,
    places: Iterable[tuple[str, str]],
) -> tuple[Found, Found]:
    """Both sides without whom costs name of a vendor who stands apart and is not in the books any more.

    A bookkeeper who merges him into another one has his costs name that one, which is disputed with him. `places` are
    records and where they are in the books.
    """
    known = {party.id for party in theirs.vendors}
    gone = {ref for ref, place in stand_apart.pairs if place.startswith("Vendor:") and place not in known}
    names = {party.name for party in ours.vendors if party.id in gone}
    here = {cost.id for cost in left.costs if cost.vendor in names}
    here |= {place for ref, place in places if ref in here}

    def anonymous(found: Found) -> Found:
        costs = (dataclasses.replace(c, vendor="") if c.id in here else c for c in found.costs)
        return dataclasses.replace(found, costs=tuple(costs))

    return anonymous(left), anonymous(right)


def in_one(
    w: World, left: Found, right: Found, ours: Found, stand_apart: Apart, places: Iterable[tuple[str, str]]
) -> tuple[Found, Found]:
    """Both sides without under whom disputed money is found, and theirs with the parts of each payment as one.

    The parts of a payment stand under its customer's jobs. While a job stands apart because it belongs to another
    customer there, its part is found under that one, and is a part of the same payment all the same. `places` are
    records and where they are in the books: they tell parts that a merge has put under one customer from copies.
    """
    pairs = list(places)
    paid = paid_by_disputed(w, left, right, ours, stand_apart, pairs)
    records = {place: ref for ref, place in pairs}
    return payer_left_out(left, paid), joined(payer_left_out(right, paid), records)


def _money(found: Found) -> Iterator[Receipt | Credited | PaidBack | Prepaid]:
    """What stands under a customer or job beside invoices."""
    yield from found.receipts
    yield from found.credits
    yield from found.back
    yield from found.prepaid


def _name_of(one: Receipt | Credited | PaidBack | Prepaid) -> Hashable:
    """What people would know it by on both sides."""
    match one:
        case Credited():
            return "credit", one.number or one.lines[0].description
        case PaidBack():
            return "back", one.words
    return "payment", one.reference


def payer_left_out(found: Found, names: set[Hashable]) -> Found:
    return dataclasses.replace(
        found,
        receipts=tuple(_anonymous(one, names) for one in found.receipts),
        credits=tuple(_anonymous(one, names) for one in found.credits),
        back=tuple(_anonymous(one, names) for one in found.back),
        prepaid=tuple(_anonymous(one, names) for one in found.prepaid),
    )


def _anonymous(one: M, names: set[Hashable]) -> M:
    return dataclasses.replace(one, payer="") if _name_of(one) in names else one


def numbered(found: Found) -> Found:
    """With the id of each record in its label, for whoever must find it."""
    sides = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return Found(
        **{
            name: tuple(dataclasses.replace(one, label=f"{one.label} [{one.id}]") for one in values)
            for name, values in sides.items()
        }
    )


def _path(text: str, names: dict[str, str]) -> str:
    """A name, or `customer:job`, with the parts that go by another name here."""
    if text in names:
        return names[text]
    head, colon, tail = text.partition(":")
    return f"{names.get(head, head)}{colon}{tail}"


def without_ghosts(ours: Found, theirs: Found) -> tuple[Found, Found]:
    """Without what rightly is on one side only: void before it was written, and retired parties.

    A party that BlueOps deleted or merged stays in the books, inactive.
    """
    numbers = {sale.number for sale in theirs.sales}
    here, there = _without_void(ours.receipts, theirs.receipts)
    left = dataclasses.replace(
        ours,
        sales=tuple(_nobodys(s) for s in ours.sales if not s.void or s.number in numbers),
        receipts=here,
        prepaid=tuple(p for p in ours.prepaid if not p.void),
    )
    right = dataclasses.replace(
        theirs,
        customers=_there(theirs.customers, {party.name for party in ours.customers}),
        jobs=_there(theirs.jobs, {party.name for party in ours.jobs}),
        vendors=_there(theirs.vendors, {party.name for party in ours.vendors}),
        sales=tuple(_nobodys(s) for s in theirs.sales),
        receipts=there,
        prepaid=tuple(p for p in theirs.prepaid if not p.void),
    )
    return left, right


def _there(parties: tuple[Party, ...], known: set[str]) -> tuple[Party, ...]:
    """Those who are active, and retired ones whose name BlueOps knows and nobody else bears now."""
    active = {party.name for party in parties if party.active}
    return tuple(p for p in parties if p.active or (p.name in known and p.name not in active))


def _nobodys(sale: Sale) -> Sale:
    """Whom a void invoice names and which day it bears matter no more: it is void as it was posted last.

    A merge need not be carried to it, nor a day that was changed just before; it posts nothing on any.
    """
    return dataclasses.replace(sale, payer="", date=dt.date.min) if sale.void else sale


def _without_void(
    ours: tuple[Receipt, ...], theirs: tuple[Receipt, ...]
) -> tuple[tuple[Receipt, ...], tuple[Receipt, ...]]:
    """Void payments count for nothing, whatever was noted on them there; void on one side only is told.

    One without a reference is known by none, and the live one that it should be is told by itself.
    """
    live = {receipt.reference for receipt in (*ours, *theirs) if not receipt.void} - {""}
    here = tuple(receipt for receipt in ours if not receipt.void or receipt.reference in live)
    there = tuple(receipt for receipt in theirs if not receipt.void or receipt.reference in live)
    return here, there


def namesakes(ours: Found, theirs: Found, places: Iterable[tuple[str, str]]) -> Found:
    """Their side with parties of one name in the order in which BlueOps has those whom they are.

    `places` are records and where they are there. Two may bear one name in BlueOps, of whom one has another in the
    books as somebody told them apart: a name says nothing of them then.
    """
    order = {party.id: n for n, party in enumerate((*ours.customers, *ours.jobs, *ours.vendors))}
    rank = {place: order[ref] for ref, place in places if ref in order}

    def ranked(parties: tuple[Party, ...]) -> tuple[Party, ...]:
        return tuple(sorted(parties, key=lambda party: rank.get(party.id, len(order))))

    return dataclasses.replace(
        theirs,
        customers=ranked(theirs.customers),
        jobs=ranked(theirs.jobs),
        vendors=ranked(theirs.vendors),
    )
