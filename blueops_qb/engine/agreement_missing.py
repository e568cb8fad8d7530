"""Documents that the books' ledger does not show where they should be: the books are asked what became of them.

A reading tells what stands in its days, not where something else went. So the records are read one by one; deleted,
and moved to another period, are told apart then.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement import Kind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.due import operation_row
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Lane, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

#: Records of one run that are asked for; more than so many missing ones have another cause.
MOST = 100
OPEN = ("ready", "out", "uncertain")


@attrs.frozen(kw_only=True)
class Seen:
    """What was last seen of a record of the books."""

    deleted: bool = False
    day: dt.date | None = None
    seen_at: dt.datetime | None = None


def became(seen: Seen, start: dt.date, end: dt.date, expected: dt.date | None) -> tuple[Kind, str]:
    """What a document is whose lines are not in the ledger of `start` to `end`, and the words for it."""
    if seen.deleted:
        return Kind.MISSING, "it was deleted in the books"
    if seen.day is not None and not start <= seen.day <= end:
        return Kind.MOVED_PERIOD, f"dated {seen.day} in the books, {expected} is expected"
    return Kind.MISSING, "the books' ledger shows nothing of it"


def sentence(ref: object, place: object, kind: Kind, detail: str) -> str:
    """A difference of a document in words."""
    words = kind.value.replace("_", " ")
    return f"{ref} ({place}): {words}: {detail}" if detail else f"{ref} ({place}): {words}"


def seen(connection: sa.Connection, connection_id: str, places: list[BooksRef]) -> dict[BooksRef, Seen]:
    """What the mirror has of records of the books."""
    m = t.mirror
    found: dict[BooksRef, Seen] = {}
    for kind in {place.kind for place in places}:
        query = sa.select(m.c.books_id, m.c.deleted, m.c.document, m.c.seen_at).where(
            m.c.connection_id == connection_id,
            m.c.kind == kind.value,
            m.c.books_id.in_(sorted(place.id for place in places if place.kind is kind)),
        )
        for row in connection.execute(query):
            document = wire.load_document(kind, row.document) if row.document else None
            day = getattr(document, "date", None)
            found[BooksRef(kind, row.books_id)] = Seen(
                deleted=bool(row.deleted), day=day, seen_at=row.seen_at
            )
    return found


def ask(turn: Turn, run_id: int) -> bool:
    """Read the missing records of a run that were not seen since its ledger was; False when there are none."""
    rows = _missing(turn, run_id)
    known = seen(turn.connection, turn.id, [place for _, place in rows])
    wanted = [
        place
        for row, place in rows
        if not known.get(place, Seen()).deleted
        and ((at := known.get(place, Seen()).seen_at) is None or at < row["read_at"])
    ][:MOST]
    open_reads = _open(turn)
    operations = [
        operation_row(turn, Verb.READ, kind=place.kind, target_id=place.id, lane=Lane.BULK)
        for place in wanted
        if place not in open_reads
    ]
    insert_all(turn.connection, t.operations, operations)
    return bool(wanted)


def answered(turn: Turn, run_id: int) -> bool:
    """Take in what became of them; False as long as one of them is still being read."""
    rows = _missing(turn, run_id)
    if _open(turn) & {place for _, place in rows}:
        return False
    known = seen(turn.connection, turn.id, [place for _, place in rows])
    f = t.agreement_findings
    for row, place in rows:
        kind, detail = became(known.get(place, Seen()), row["first_day"], row["last_day"], row["day"])
        values = {"kind": kind.value, "sentence": sentence(row["ref"], place, kind, detail)}
        turn.connection.execute(
            f.update().where(f.c.owner_id == row["owner_id"], f.c.number == row["number"]).values(**values)
        )
    return True


def _missing(turn: Turn, run_id: int) -> list[tuple[Any, BooksRef]]:
    """Findings of documents without lines, of the slices that were read for the run."""
    f, rs, s = t.agreement_findings, t.agreement_run_slices, t.agreement_slices
    query = (
        sa.select(f, s.c.read_at, s.c.first_day, s.c.last_day)
        .select_from(f.join(rs, rs.c.slice_id == f.c.owner_id).join(s, s.c.id == f.c.owner_id))
        .where(rs.c.run_id == run_id, rs.c.kept.is_(False), f.c.kind == Kind.MISSING.value)
        .order_by(f.c.owner_id, f.c.number)
    )
    return [
        (row, BooksRef(BooksKind(row["books_kind"]), row["books_id"]))
        for row in turn.connection.execute(query).mappings()
    ]


def _open(turn: Turn) -> set[BooksRef]:
    o = t.operations
    query = sa.select(o.c.kind, o.c.target_id).where(
        o.c.connection_id == turn.id, o.c.verb == Verb.READ.value, o.c.state.in_(OPEN), o.c.kind != ""
    )
    return {BooksRef(BooksKind(row.kind), row.target_id) for row in turn.connection.execute(query)}
