"""The judge: once all is still, both sides are equal field by field or openly apart, and nothing is there twice."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from blueops_qb.engine import audit
from blueops_qb.sandbox.reader.comparison import differ
from blueops_qb.sandbox.reader.parts import joined
from blueops_qb.sandbox.reader.values import Banked, Cost, Found, Party, Receipt, Sale
from blueops_qb.sandbox.soak.coding import as_coded, recoded_over
from blueops_qb.sandbox.soak.excuses import KINDS, Apart, apart, places
from blueops_qb.sandbox.soak.ledger import Books, check_books
from blueops_qb.sandbox.soak.witness import DOCUMENTS, mark_of
from blueops_qb.sandbox.soak.world import TENANT, World

V = TypeVar("V", Party, Sale, Receipt, Cost, Banked)
ZERO = Decimal("0.00")
#: How many faults a message names.
NAMED = 8


class Wrong(AssertionError):
    """Something is not as it must be; the message says what."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What was compared."""

    compared: int
    apart: int
    conflicts: int
    held: int


def judge(w: World) -> Verdict:
    """Look at both sides; raises Wrong (or Unexplained) with everything that is not as it must be."""
    stand_apart = apart(w)
    faults = [
        *_census(w),
        *_writes(w),
        *_forgotten(w, stand_apart),
        *_written_over(w, stand_apart),
        *recoded_over(w, stand_apart),
        *_made_up(w),
        *_audit(w),
    ]
    compared, differences = _compared(w, stand_apart)
    faults += differences
    faults += check_books(w, Books.of(w.company), stand_apart)
    if faults:
        more = f" ... and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        raise Wrong(" | ".join(faults[:NAMED]) + more)
    return Verdict(
        compared=compared,
        apart=len(stand_apart.ours),
        conflicts=stand_apart.conflicts,
        held=stand_apart.held,
    )


# -- every event in one state ------------------------------------------------------------------------
def _census(w: World) -> list[str]:
    """Events in = states, and what core has at its newest revision is an event."""
    missing = w.rows(
        "SELECT r.kind, r.id, r.revision FROM core_records r WHERE r.tenant_id = :tenant AND NOT EXISTS"
        " (SELECT 1 FROM blueops_qb_outbox o WHERE o.tenant_id = r.tenant_id AND o.ref_kind = r.kind"
        "  AND o.ref_id = CAST(r.id AS VARCHAR(20)) AND o.revision = r.revision)"
    )
    return [f"{row.kind}:{row.id} r{row.revision} is no event of ours" for row in missing]


def _audit(w: World) -> list[str]:
    with w.core.engine.connect() as connection:
        verdict = audit.verify(connection, TENANT, keys=w.worker.engine.keys)
    return [] if verdict.ok else [f"the audit log does not verify: {verdict}"]


# -- at most one write per change --------------------------------------------------------------------
def _writes(w: World) -> list[str]:
    """Nothing was created twice, no write left things as they were, no exchange id left with other bytes."""
    found = [f"exchange {id} left with other bytes than before" for id in w.witness.altered]
    places: dict[str, list[str]] = defaultdict(list)
    for (kind, id), mark in w.witness.created:
        if _bears(w, kind, id, mark):
            places[mark].append(f"{kind} {id}")
    for mark, twice in places.items():
        if len(twice) > 1:
            found.append(f"“{mark}” was created {len(twice)} times: {', '.join(twice)}")
    # Where people changed it too, the same may rightly be written once more to settle what was in doubt.
    found += [
        f"{kind} {id} was written although nothing changed"
        for kind, id in w.witness.idle
        if not w.witness.by_people[kind, id]
    ]
    return found


def _bears(w: World, kind: str, id: str, mark: str) -> bool:
    """Documents count whatever became of them. A party is known by its name alone: one that people gave another name,
    merged or retired meanwhile cannot be recognised by anybody."""
    if kind in DOCUMENTS:
        return True
    raw = w.company.records[kind].get(id)
    return raw is not None and mark_of(kind, raw) == mark


# -- nothing of theirs is forgotten ------------------------------------------------------------------
def _forgotten(w: World, stand_apart: Apart) -> list[str]:
    """Every customer and payment that lives in the books is linked, or a person sees why not."""
    linked = {
        (KINDS[row.books_kind], row.books_id)
        for row in w.rows(
            "SELECT books_kind, books_id FROM blueops_qb_links"
            " WHERE connection_id = :connection AND state = 'live'",
            connection=w.connection_id,
        )
    }
    known = linked | w.witness.before | w.only_theirs()
    return [
        f"{kind} {id} of the books is nowhere in BlueOps and nobody is asked about it"
        for kind in ("Customer", "Payment")
        for id, raw in w.company.records[kind].items()
        if (kind, id) not in known and f"{kind}:{id}" not in stand_apart.theirs and _lives(kind, raw)
    ]


def _lives(kind: str, raw: dict[str, Any]) -> bool:
    return bool(raw["Active"] if kind == "Customer" else raw.get("TotalAmt"))


def _written_over(w: World, stand_apart: Apart) -> list[str]:
    """What people wrote last into a field came to BlueOps at some time, or somebody was asked."""
    refs = {place: ref for ref, place in places(w)}
    found = []
    for ((kind, id), field), text in w.witness.written.items():
        ref = refs.get(f"{kind}:{id}", "")
        raw = w.company.records[kind].get(id)
        if not ref or raw is None or ref in stand_apart.ours or w.chosen[ref] or raw.get("TotalAmt") == 0:
            continue
        of_kind, _, number = ref.partition(":")
        told = w.rows(
            "SELECT 1 AS found FROM blueops_qb_outbox WHERE tenant_id = :tenant AND ref_kind = :kind"
            " AND ref_id = :id AND payload LIKE :text",
            kind=of_kind,
            id=number,
            text=f'%"{text}"%',
        )
        if not told:
            found.append(f"{kind} {id} ({ref}): {field} “{text}” of the bookkeeper was written over")
    return found


def _made_up(w: World) -> list[str]:
    """Nothing is brought to BlueOps of a customer or vendor that nobody has touched over there."""
    touched = {ref for ref, place in places(w, ever=True) if w.witness.by_people[_key(place)]}
    brought = w.rows(
        "SELECT DISTINCT ref_kind, ref_id FROM blueops_qb_outbox"
        " WHERE tenant_id = :tenant AND cause IS NOT NULL AND ref_kind IN ('customer', 'vendor')"
    )
    refs = {f"{row.ref_kind}:{row.ref_id}" for row in brought}
    return [f"{ref} was changed by what nobody did in the books" for ref in sorted(refs - touched)]


def _key(place: str) -> tuple[str, str]:
    kind, _, id = place.partition(":")
    return kind, id


# -- both sides, field by field ----------------------------------------------------------------------
def _compared(w: World, stand_apart: Apart) -> tuple[int, list[str]]:
    core, books = w.readers()
    try:
        ours, theirs = core.read(), books.read()
        new = books.new_parties()
        others = books.other_documents()
        balance = books.trial_balance()
    finally:
        books.close()
    names = _names(w, ours, theirs, stand_apart)
    disputed = _disputed_invoices(ours, theirs, stand_apart)
    left = _without(ours, stand_apart.ours, disputed, {})
    right = _without(theirs, stand_apart.theirs, disputed, names)
    left, right = _without_ghosts(as_coded(w, left), joined(right))
    paid = _paid_by_disputed(w, left, right, ours, stand_apart)
    left, right = _payer_left_out(left, paid), _payer_left_out(right, paid)
    compared, differences = differ(_numbered(left), _numbered(right), new)
    if balance:
        differences.append(f"the trial balance of the books is out by {balance}")
    return compared, [*differences, *others]


def _names(w: World, ours: Found, theirs: Found, stand_apart: Apart) -> dict[str, str]:
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


def _disputed_invoices(ours: Found, theirs: Found, stand_apart: Apart) -> set[str]:
    """Numbers of invoices whose balance a payment that stands apart moves on one side."""
    found: set[str] = set()
    for side, gone in ((ours, stand_apart.ours), (theirs, stand_apart.theirs)):
        for receipt in side.receipts:
            if receipt.id in gone:
                found |= set(receipt.settles)
    return found


def _without(found: Found, gone: Iterable[str], disputed: set[str], names: dict[str, str]) -> Found:
    """One side without what stands apart, under BlueOps' names."""
    away = frozenset(gone)
    payments = {receipt.reference for receipt in found.receipts if receipt.id in away}
    return Found(
        customers=tuple(p for p in found.customers if p.id not in away),
        jobs=tuple(_renamed(p, "name", names) for p in found.jobs if p.id not in away),
        vendors=tuple(p for p in found.vendors if p.id not in away),
        sales=tuple(_renamed(_settled(s, disputed), "payer", names) for s in found.sales if s.id not in away),
        receipts=tuple(_renamed(r, "payer", names) for r in found.receipts if r.id not in away),
        costs=tuple(_bought(_renamed(c, "vendor", names), names) for c in found.costs if c.id not in away),
        banked=tuple(b for b in found.banked if b.id not in away and not payments.intersection(b.payments)),
    )


def _settled(sale: Sale, disputed: set[str]) -> Sale:
    return dataclasses.replace(sale, balance=ZERO) if sale.number in disputed else sale


def _renamed(value: V, field: str, names: dict[str, str]) -> V:
    changes: dict[str, Any] = {field: _path(getattr(value, field), names)}
    return dataclasses.replace(value, **changes)


def _bought(cost: Cost, names: dict[str, str]) -> Cost:
    lines = tuple(dataclasses.replace(line, job=_path(line.job, names)) for line in cost.lines)
    return dataclasses.replace(cost, lines=lines)


def _paid_by_disputed(w: World, left: Found, right: Found, ours: Found, stand_apart: Apart) -> set[str]:
    """References of payments whose customer or job stands apart: under whom they are found is disputed with it."""
    names = {party.name for party in ours.customers if party.id in stand_apart.ours}
    found = {receipt.reference for receipt in left.receipts if receipt.payer in names}
    payments = w.company.records["Payment"]
    for receipt in right.receipts:
        party = str(payments[receipt.id.partition(":")[2]]["CustomerRef"]["value"])
        if f"Customer:{party}" in stand_apart.theirs:
            found.add(receipt.reference)
    return found


def _payer_left_out(found: Found, references: set[str]) -> Found:
    receipts = tuple(
        dataclasses.replace(r, payer="") if r.reference in references else r for r in found.receipts
    )
    return dataclasses.replace(found, receipts=receipts)


def _numbered(found: Found) -> Found:
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


def _without_ghosts(ours: Found, theirs: Found) -> tuple[Found, Found]:
    """Without what rightly is on one side only: void before it was written, and retired parties.

    A party that BlueOps deleted or merged stays in the books, inactive.
    """
    numbers = {sale.number for sale in theirs.sales}
    known = {party.name for party in (*ours.customers, *ours.jobs, *ours.vendors)}
    here, there = _without_void(ours.receipts, theirs.receipts)
    left = dataclasses.replace(
        ours,
        sales=tuple(_nobodys(s) for s in ours.sales if not s.void or s.number in numbers),
        receipts=here,
    )
    right = dataclasses.replace(
        theirs,
        customers=tuple(p for p in theirs.customers if p.active or p.name in known),
        jobs=tuple(p for p in theirs.jobs if p.active or p.name in known),
        vendors=tuple(p for p in theirs.vendors if p.active or p.name in known),
        sales=tuple(_nobodys(s) for s in theirs.sales),
        receipts=there,
    )
    return left, right


def _nobodys(sale: Sale) -> Sale:
    """Whom a void invoice names matters no more: a merge need not be carried to it."""
    return dataclasses.replace(sale, payer="") if sale.void else sale


def _without_void(
    ours: tuple[Receipt, ...], theirs: tuple[Receipt, ...]
) -> tuple[tuple[Receipt, ...], tuple[Receipt, ...]]:
    """Void payments count for nothing, whatever was noted on them there; void on one side only is told."""
    live = {receipt.reference for receipt in (*ours, *theirs) if not receipt.void}
    here = tuple(receipt for receipt in ours if not receipt.void or receipt.reference in live)
    there = tuple(receipt for receipt in theirs if not receipt.void or receipt.reference in live)
    return here, there
