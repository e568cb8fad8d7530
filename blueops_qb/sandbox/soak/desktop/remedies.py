"""Remedies: people do what the plugin's pages tell them of records that are held, at random."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import matching
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.sandbox.qbd.values import is_true
from blueops_qb.sandbox.soak.closed import note_closing
from blueops_qb.sandbox.soak.desktop.bookkeeper import acting, edit
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.excuses import places
from blueops_qb.sandbox.soak.office import NothingThere

_REFUSED = re.compile(r"invalid reference to \w+Ref \"([0-9A-F]+-\d+)\" in the request: it is inactive")
_INTO = re.compile(r"was merged into (\d+) in BlueOps")


def tell_apart(w: DesktopWorld) -> str:
    """A party whose name is somebody else's in QuickBooks is created under a marked name, on the matching page."""
    named = namesakes(_held(w, Hold.MATCH))
    if not named:
        raise NothingThere
    party = w.chance.choice(named)
    kind, _, id = party.partition(":")
    with w.turn() as turn:
        # Whatever else is compared there stays as it is: nobody has asked for it.
        rows = [row for row in matching.compare(turn) if (row["ref_kind"], row["ref_id"]) == (kind, id)]
        if not rows:
            raise NothingThere
        matching.keep(turn, rows)
        matching.decide(turn, RecordRef(RecordKind(kind), id), "create", actor="admin")
    w.told_apart.add(party)
    return str(party)


def namesakes(held: Iterable[Any]) -> list[str]:
    """Parties that cannot be created, by what is held: one that only cannot be renamed waits for nobody."""
    return sorted({row.waits_for for row in held if row.waits_for and "already used" in row.reason})


def merge_as_here(w: DesktopWorld) -> str:
    """Two that BlueOps has merged are merged in QuickBooks as well."""
    there = dict(places(w))
    found = []
    for row in _held(w, Hold.MERGE):
        into = _INTO.search(row.reason)
        lost = there.get(f"{row.ref_kind}:{row.ref_id}", "")
        kept = there.get(f"{row.ref_kind}:{into[1]}", "") if into is not None else ""
        if _may_merge(w, lost, kept):
            found.append((lost, kept))
    if not found:
        raise NothingThere
    lost, kept = w.chance.choice(sorted(found))
    kind, _, id = lost.partition(":")
    with acting(w) as person:
        person.merge(kind, id, kept.partition(":")[2])
    return f"{lost} into {kept}"


def _may_merge(w: DesktopWorld, lost: str, kept: str) -> bool:
    """Both are there, side by side, and the one that goes has no jobs."""
    if not lost or not kept or lost == kept:
        return False
    kind, _, id = lost.partition(":")
    rows = w.company.records[kind]
    one, other = rows.get(id), rows.get(kept.partition(":")[2])
    if one is None or other is None or one.get("ParentRef") != other.get("ParentRef"):
        return False
    return id not in {raw.get("ParentRef", {}).get("ListID") for raw in rows.values()}


def take_back(w: DesktopWorld) -> str:
    """A retired customer, job or vendor is made active again, as QuickBooks refuses what is to be written for him."""
    named = {id for row in _held(w, Hold.REFUSED) for id in _REFUSED.findall(row.reason)}
    retired = sorted(
        (kind, id)
        for kind in ("Customer", "Vendor")
        for id, raw in w.company.records[kind].items()
        if id in named and not is_true(raw, "IsActive", default=True)
    )
    if not retired:
        raise NothingThere
    kind, id = w.chance.choice(retired)
    return edit(w, kind, w.company.records[kind][id], {"IsActive": "true"})


def open_books(w: DesktopWorld) -> str:
    """The closing date is taken back for what waits for an open day."""
    if not w.company.closing_date:
        raise NothingThere
    with acting(w) as person:
        person.close_books("")
    return note_closing(w, "")


def _held(w: DesktopWorld, hold: Hold) -> list[Any]:
    return list(
        w.rows(
            "SELECT ref_kind, ref_id, reason, waits_for FROM blueops_qb_outbox WHERE tenant_id = :tenant"
            " AND state = :state AND hold = :hold ORDER BY ref_kind, ref_id, id",
            state=State.HELD.value,
            hold=hold.value,
        )
    )
