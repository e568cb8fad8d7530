"""Excuses: records that openly stand apart, because a person must choose; all others must be equal.

Taken from what the product itself shows to people: the list of conflicts, and events that are held or wait for one.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.sandbox.soak.world import World

OPEN = "state NOT IN ('done', 'superseded', 'not_posted')"


class Unexplained(AssertionError):
    """An event waits, and nobody can see for what."""


@attrs.frozen(kw_only=True)
class Apart:
    """Records of BlueOps (`customer:17`) and of the books (`Customer:58`) that openly stand apart."""

    ours: frozenset[str]
    theirs: frozenset[str]
    #: Pairs of both that belong together although their names may differ.
    pairs: tuple[tuple[str, str], ...]
    conflicts: int
    held: int


def apart(w: World) -> Apart:
    """Everything that stands apart now, or that a person has closed as it is.

    Raises Unexplained for an event that waits without a visible reason.
    """
    conflicts = w.rows(
        "SELECT ref, books_kind, books_id FROM blueops_qb_conflicts c"
        " WHERE connection_id = :connection AND (state = 'open' OR choice = 'close' AND NOT EXISTS"
        " (SELECT 1 FROM blueops_qb_links l WHERE l.connection_id = c.connection_id AND l.state = 'live'"
        "  AND l.books_kind = c.books_kind AND l.books_id = c.books_id))",
        connection=w.connection_id,
    )
    events = w.rows(
        "SELECT ref_kind, ref_id, state, reason, remedy, waits_for FROM blueops_qb_outbox"
        f" WHERE tenant_id = :tenant AND {OPEN} ORDER BY id"
    )
    shown = {row.ref for row in conflicts if row.ref}
    held = {f"{e.ref_kind}:{e.ref_id}" for e in events if e.state in ("held", "conflict")}
    _check_explained(events, shown | held | w.accepted)
    waiting = {f"{e.ref_kind}:{e.ref_id}" for e in events}
    ended = _ended_apart(w)
    ours = shown | waiting | ended | w.accepted
    found_places = places(w)
    apart_places = {(row.ref, _named(w, row.books_kind, row.books_id)) for row in conflicts}
    apart_places |= {(ref, place) for ref, place in found_places if ref in ours}
    return Apart(
        ours=frozenset(ours),
        theirs=frozenset(place for _, place in apart_places),
        pairs=tuple(sorted(pair for pair in apart_places if pair[0])),
        conflicts=len(conflicts),
        held=len(held),
    )


def _check_explained(events: list[Any], visible: set[str]) -> None:
    """Each event names its reason, and at the end of the chain of what waits for what is something people see."""
    left = []
    for event in events:
        ref = f"{event.ref_kind}:{event.ref_id}"
        if not event.reason or (event.state == "held" and not event.remedy):
            raise Unexplained(f"{ref} is {event.state} without reason or remedy: {event.reason}")
        if event.state not in ("held", "conflict") and ref not in visible:
            left.append((ref, event.state, event.reason, event.waits_for))
    known, grew = set(visible), True
    while grew:
        grew = False
        for ref, _, reason, waits_for in left:
            named = {word.strip(",.") for word in reason.split()} | {waits_for}
            if ref not in known and named & known:
                known.add(ref)
                grew = True
    for ref, state, reason, _ in left:
        if ref not in known:
            raise Unexplained(f"{ref} is {state} and nothing that a person sees explains it: {reason}")


def _ended_apart(w: World) -> set[str]:
    """Records that a person has unlinked: they live on one side only, as somebody chose."""
    rows = w.rows(
        "SELECT source_kind, source_id FROM blueops_qb_documents"
        " WHERE connection_id = :connection AND state = 'unlinked'",
        connection=w.connection_id,
    )
    return {f"{row.source_kind}:{row.source_id}" for row in rows}


def places(w: World, *, ever: bool = False) -> list[tuple[str, str]]:
    """(record, place in the books) of whatever is linked, or was until a person unlinked it, or `ever` was."""
    states = "'live', 'unlinked'" + (", 'gone', 'withdrawn'" if ever else "")
    rows = w.rows(
        "SELECT d.source_kind, d.source_id, l.books_kind, l.books_id FROM blueops_qb_links l"
        " JOIN blueops_qb_documents d ON d.id = l.document_id"
        f" WHERE l.connection_id = :connection AND l.state IN ({states})",
        connection=w.connection_id,
    )
    return [(f"{r.source_kind}:{r.source_id}", _named(w, r.books_kind, r.books_id)) for r in rows]


def _named(w: World, books_kind: str, id: str) -> str:
    return ":".join(w.place(books_kind, id) or (books_kind, id))
