"""The judge: once all is still, both sides are equal field by field or openly apart, and nothing is there twice."""

from __future__ import annotations

import attrs

from blueops_qb.engine import audit
from blueops_qb.sandbox.reader.comparison import differ
from blueops_qb.sandbox.reader.credits import settled
from blueops_qb.sandbox.soak.closed import as_closed
from blueops_qb.sandbox.soak.coding import as_coded, as_they_wrote, recoded_over
from blueops_qb.sandbox.soak.excuses import Apart, apart, places
from blueops_qb.sandbox.soak.in_vain import in_vain
from blueops_qb.sandbox.soak.sides import (
    disputed,
    holding,
    in_one,
    marked,
    names,
    namesakes,
    numbered,
    taken_as_payments,
    undisputed,
    unmoved,
    vendor_left_out,
    without,
    without_ghosts,
    without_stand_ins,
)
from blueops_qb.sandbox.soak.world import TENANT, World
from blueops_qb.sandbox.soak.written import needless, written_over

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
        *in_vain(w.rows, connection=w.connection_id),
        *needless(w),
        *_forgotten(w, stand_apart),
        *written_over(w, stand_apart),
        *recoded_over(w, stand_apart),
        *_made_up(w),
        *_own(w),
        *_audit(w),
    ]
    compared, differences = _compared(w, stand_apart)
    faults += differences
    faults += w.check_books(stand_apart)
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


# -- nothing of theirs is forgotten ------------------------------------------------------------------
def _forgotten(w: World, stand_apart: Apart) -> list[str]:
    """Every customer, payment and credit that lives in the books is linked, or a person sees why not."""
    linked = {
        w.place(row.books_kind, row.books_id)
        for row in w.rows(
            "SELECT books_kind, books_id FROM blueops_qb_links"
            " WHERE connection_id = :connection AND state = 'live'",
            connection=w.connection_id,
        )
    }
    known = linked | w.witness.before | w.only_theirs()
    return [
        f"{kind} {id} of the books is nowhere in BlueOps and nobody is asked about it"
        for kind in w.arriving
        for id, raw in w.records(kind).items()
        if (kind, id) not in known and f"{kind}:{id}" not in stand_apart.theirs and w.lives(kind, raw)
    ]


def _made_up(w: World) -> list[str]:
    """Nothing is brought to BlueOps of a customer or vendor that nobody has touched over there."""
    touched = {ref for ref, place in places(w, ever=True) if w.witness.by_people[_key(place)]}
    brought = w.rows(
        "SELECT DISTINCT ref_kind, ref_id FROM blueops_qb_outbox"
        " WHERE tenant_id = :tenant AND cause IS NOT NULL AND ref_kind IN ('customer', 'vendor')"
    )
    refs = {f"{row.ref_kind}:{row.ref_id}" for row in brought}
    return [f"{ref} was changed by what nobody did in the books" for ref in sorted(refs - touched)]


def _own(w: World) -> list[str]:
    """What is only the bookkeeper's is seen, linked with nothing, and never written."""
    found = [f"{kind} {id} is only the bookkeeper's and was written" for kind, id in w.witness.own_written]
    seen = {
        place: row.linked
        for row in w.rows(
            "SELECT m.kind, m.books_id, EXISTS (SELECT 1 FROM blueops_qb_links l WHERE l.state = 'live'"
            " AND l.connection_id = m.connection_id AND l.books_kind = m.kind AND l.books_id = m.books_id)"
            " AS linked FROM blueops_qb_mirror m WHERE m.connection_id = :connection AND NOT m.deleted",
            connection=w.connection_id,
        )
        if (place := w.place(row.kind, row.books_id)) is not None
    }
    for kind, id in sorted(w.witness.own):
        if id in w.records(kind):
            if (kind, id) not in seen:
                found.append(f"{kind} {id} is the bookkeeper's and nobody has seen it")
            elif seen[kind, id]:
                found.append(f"{kind} {id} is only the bookkeeper's and is linked")
    return found


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
    renamed = names(w, ours, theirs, stand_apart)
    moved = disputed(ours, theirs, stand_apart)
    left = without(ours, stand_apart.ours, moved, {})
    # A bank deposit that has let such a payment go for a moment names it no more, and is known by its payout.
    paid_out = holding(ours, stand_apart.ours)
    deposits = {place for ref, place in places(w) if ref in paid_out}
    right = without(theirs, stand_apart.theirs | deposits, moved, renamed, marked(w, theirs))
    left, right = in_one(w, left, settled(right, payments=taken_as_payments(w)), ours, stand_apart, places(w))
    left, right = vendor_left_out(left, right, ours, theirs, stand_apart, places(w))
    left = as_closed(w, as_coded(w, left), right, places(w))
    left, right = without_ghosts(left, namesakes(left, right, places(w)))
    left, right = as_they_wrote(left, w), as_they_wrote(right, w)
    right = without_stand_ins(right, ours, moved, places(w))
    left, right = unmoved(undisputed(left, moved)), unmoved(undisputed(right, moved))
    compared, differences = differ(numbered(w.alike(left)), numbered(w.alike(right)), new)
    if balance:
        differences.append(f"the trial balance of the books is out by {balance}")
    return compared, [*differences, *others]
