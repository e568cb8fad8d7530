"""Matching: the read-only plan of the first synchronisation, the decisions on it, and going live.

Nothing is written to the books before every row is linked, created or skipped, or left open on purpose (then
its record is held).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.matching import Ambiguous, Candidate, Create, Matched, Taken, match_plan
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.records import Customer, Job, Vendor
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine import outbox
from blueops_qb.engine.known import load_known
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

_KINDS = {
    RecordKind.CUSTOMER: BooksKind.CUSTOMER,
    RecordKind.JOB: BooksKind.CUSTOMER,
    RecordKind.VENDOR: BooksKind.VENDOR,
}


class NotListed(Exception):
    """The books' customers and vendors have not been read completely yet."""


class NotDecided(Exception):
    """Rows of the match plan that still need a decision."""


@attrs.frozen(kw_only=True)
class Row:
    """One row of the match plan."""

    ref: RecordRef
    name: str
    bucket: str
    books_id: str
    candidates: tuple[str, ...]
    reason: str
    decision: str


def _ours(turn: Turn) -> Iterator[Snapshot]:
    since = 0
    while True:
        page = list(turn.core.iterate(turn.tenant_id, since_revision=since, kinds=list(_KINDS), limit=1000))
        yield from (s for s in page if not s.deleted and s.merged_into is None)
        if len(page) < 1000:
            return
        since = max(s.revision for s in page)


def candidate_of(snapshot: Snapshot) -> Candidate:
    """A record of ours as the matcher sees it."""
    record = snapshot.record
    assert isinstance(record, Customer | Job | Vendor)
    return Candidate(
        id=str(record.ref),
        name=record.name,
        kind=_KINDS[record.ref.kind],
        email="" if isinstance(record, Job) else record.email,
        phone="" if isinstance(record, Job) else record.phone,
        parent_id=f"customer:{record.customer_id}" if isinstance(record, Job) else "",
    )


def _theirs(turn: Turn) -> list[Candidate]:
    m, lk = t.mirror, t.links
    linked = sa.exists().where(
        lk.c.connection_id == m.c.connection_id,
        lk.c.books_kind == m.c.kind,
        lk.c.books_id == m.c.books_id,
        lk.c.state == "live",
    )
    query = sa.select(
        m.c.kind, m.c.books_id, m.c.name, m.c.active, m.c.document, linked.label("linked")
    ).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([k.value for k in NAMED_KINDS]),
        m.c.deleted.is_(False),
    )
    found: list[Candidate] = []
    for row in turn.connection.execute(query):
        kind = BooksKind(row.kind)
        document = wire.load_document(kind, row.document) if row.document else None
        parent = document.parent if isinstance(document, CustomerRecord) else None
        party = document if isinstance(document, CustomerRecord | VendorRecord) else None
        found.append(
            Candidate(
                id=row.books_id,
                name=row.name,
                kind=kind,
                email=party.email if party else "",
                phone=party.phone if party else "",
                parent_id=parent.id if isinstance(parent, BooksRef) else "",
                active=row.active,
            )
        )
    return found


def build(turn: Turn) -> dict[str, int]:
    """Make the plan anew for every record without a link or decision; answers rows per bucket.

    Reads only. Raises NotListed before the first listing is complete.
    """
    listed = turn.connection.execute(
        sa.select(t.feeds.c.feed).where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == "listing")
    ).one_or_none()
    if listed is None:
        raise NotListed("the customers and vendors of the books are still being read; try again in a moment")
    snapshots = {str(s.ref): s for s in _ours(turn)}
    refs = [s.ref for s in snapshots.values()]
    linked = {k.key.source for k in load_known(turn.connection, turn.id, refs).values() if k.linked}
    decided = {
        row.ref for row in rows(turn.connection, turn.id) if row.decision in ("link", "create", "skip")
    }
    ours = [candidate_of(s) for s in snapshots.values()]
    counts: dict[str, int] = {}
    new = []
    for match in match_plan(ours, _theirs(turn)):
        ref = RecordRef.parse(match.ours.id)
        if ref in linked or ref in decided:
            continue
        row = _row(turn.id, ref, match)
        counts[row["bucket"]] = counts.get(row["bucket"], 0) + 1
        new.append(row)
    upsert(turn.connection, t.matches, new)
    turn.note("match plan", f"connection {turn.id}", numbers=json.dumps(counts, sort_keys=True))
    return counts


def _row(connection_id: str, ref: RecordRef, match: Matched | Create | Ambiguous | Taken) -> dict[str, str]:
    bucket, books_id, candidates, decision = {
        Matched: ("matched", getattr(match, "books_id", ""), "", "link"),
        Create: ("create", "", "", "create"),
        Ambiguous: ("ambiguous", "", " ".join(getattr(match, "candidates", ())), "open"),
        Taken: ("taken", "", "", "open"),
    }[type(match)]
    # A proposal stays a proposal until the plan is approved.
    return {
        "connection_id": connection_id,
        "ref_kind": ref.kind.value,
        "ref_id": ref.id,
        "name": match.ours.name,
        "bucket": bucket,
        "books_id": books_id,
        "candidates": candidates,
        "reason": match.reason,
        "decision": f"?{decision}" if decision != "open" else "open",
        "decided_by": "",
    }


def rows(connection: sa.Connection, connection_id: str) -> list[Row]:
    """The plan by record."""
    m = t.matches
    query = (
        sa.select(m).where(m.c.connection_id == connection_id).order_by(m.c.bucket, m.c.ref_kind, m.c.name)
    )
    return [
        Row(
            ref=RecordRef(RecordKind(r["ref_kind"]), r["ref_id"]),
            name=r["name"],
            bucket=r["bucket"],
            books_id=r["books_id"],
            candidates=tuple(r["candidates"].split()),
            reason=r["reason"],
            decision=r["decision"],
        )
        for r in connection.execute(query).mappings()
    ]


def decide(turn: Turn, ref: RecordRef, decision: str, *, books_id: str = "", actor: str) -> None:
    """A person's decision on one row: link (with `books_id`), create or skip. Raises ValueError."""
    if decision not in ("link", "create", "skip") or (decision == "link") != bool(books_id):
        raise ValueError("decide link with the id of a record in the books, or create, or skip")
    m = t.matches
    updated = turn.connection.execute(
        m.update()
        .where(m.c.connection_id == turn.id, m.c.ref_kind == ref.kind.value, m.c.ref_id == ref.id)
        .values(decision=decision, books_id=books_id, decided_by=actor)
    )
    if not updated.rowcount:
        raise ValueError(f"{ref} is not in the match plan")
    turn.note("match decided", str(ref), numbers=f"{decision} {books_id}".strip(), actor=actor)
    if turn.row["state"] == "live":
        _link_decided(turn, actor)
        outbox.again(turn.connection, turn.tenant_id, turn.now, states=[State.HELD], holds=[Hold.MATCH])


def approve(turn: Turn, *, actor: str) -> int:
    """Accept all proposals, link what matched and go live; rows left open keep their records held.

    Answers how many records were linked. From here on writing to the books is allowed.
    """
    m = t.matches
    for proposal in ("link", "create"):
        turn.connection.execute(
            m.update()
            .where(m.c.connection_id == turn.id, m.c.decision == f"?{proposal}")
            .values(decision=proposal, decided_by=actor)
        )
    linked = _link_decided(turn, actor)
    if turn.row["state"] == "matching":
        turn.set(state="live", live_since=turn.now)
        # Conflicts with the books that were connected before mean nothing to these.
        outbox.again(turn.connection, turn.tenant_id, turn.now, states=[State.WAITING, State.CONFLICT])
    turn.note("match plan approved", f"connection {turn.id}", numbers=f"{linked} linked", actor=actor)
    return linked


def _link_decided(turn: Turn, actor: str) -> int:
    wanted = [row for row in rows(turn.connection, turn.id) if row.decision == "link"]
    known = load_known(turn.connection, turn.id, [row.ref for row in wanted])
    todo = [
        row for row in wanted if not (DocumentKey(row.ref) in known and known[DocumentKey(row.ref)].linked)
    ]
    if not todo:
        return 0
    snapshots = turn.core.read(turn.tenant_id, [row.ref for row in todo])
    parents = [
        RecordRef(RecordKind.CUSTOMER, s.record.customer_id)
        for s in snapshots.values()
        if isinstance(s.record, Job)
    ]
    related: Mapping[RecordRef, Snapshot] = {**turn.core.read(turn.tenant_id, parents), **snapshots}
    theirs = _mirror_rows(turn, [BooksRef(_KINDS[row.ref.kind], row.books_id) for row in todo])
    linked = 0
    for row in todo:
        place = BooksRef(_KINDS[row.ref.kind], row.books_id)
        if row.ref in snapshots and place in theirs:
            _link_one(turn, snapshots[row.ref], dict(related), place, theirs[place], actor)
            linked += 1
    return linked


def _mirror_rows(turn: Turn, places: list[BooksRef]) -> dict[BooksRef, sa.RowMapping]:
    m = t.mirror
    found: dict[BooksRef, sa.RowMapping] = {}
    for kind in {place.kind for place in places}:
        query = sa.select(m).where(
            m.c.connection_id == turn.id,
            m.c.kind == kind.value,
            m.c.books_id.in_([p.id for p in places if p.kind is kind]),
        )
        for row in turn.connection.execute(query).mappings():
            found[BooksRef(kind, row["books_id"])] = row
    return found


def _link_one(
    turn: Turn,
    snapshot: Snapshot,
    related: dict[RecordRef, Snapshot],
    place: BooksRef,
    row: sa.RowMapping,
    actor: str,
) -> None:
    """Link a matched pair. What differs today stays as it is on both sides; later changes travel."""
    result = post_record(turn, snapshot.record, related, [])
    if not isinstance(result, Posted):
        return
    document = result.documents[DocumentKey(snapshot.ref)]
    link_document(
        turn,
        key=DocumentKey(snapshot.ref),
        revision=snapshot.revision,
        ours=wire.dump_document(document),
        place=place,
        version=row["version"],
        theirs=row["document"],
    )
    turn.note("linked", str(snapshot.ref), numbers=str(place), actor=actor)
