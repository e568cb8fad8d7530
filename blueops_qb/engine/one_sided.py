"""One-sided: what only we moved of a record travels although another group of it waits for a person's choice.

The write is counted from what the books show now, and what it is not about stays as it is there. Once it has landed,
both sides agree on its groups alone; the bases of what is in conflict stay as they were (`sdk.wire` documents).
"""

from __future__ import annotations

import json
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.beside import FIELDS
from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.compare import GROUPS, differing, with_fields
from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import BooksKind, BooksRef, OurRef, RecordRef, record_of
from blueops_qb.engine.known import load_known, places_of
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_rows import PlanRows
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.sides import Sides, beside_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: The mark of such an operation in its parameters.
MARK = "one_sided"
_l = t.links


def travels(turn: Turn, row: Any, sides: Sides, groups: tuple[str, ...]) -> bool:
    """Queue the groups that only we moved; False where they wait for the choice with the others.

    They do where a side is void, where the record is several documents (a person's choice may move money between
    them), and where something that they name has no place in the books yet.
    """
    document = _counted(turn, sides, groups)
    if document is None:
        return False
    known = sides.known
    involved = load_known(turn.connection, turn.id, {known.key.source, *map(record_of, _named(sides.ours))})
    rows = PlanRows(turn=turn, known=involved)
    mine = involved[known.key]
    mine.version, mine.base_theirs = row["version"], row["document"]
    rows.update(mine, document, sides.snapshot.revision, groups=groups, mark=MARK)
    rows.write()
    return True


def was_refused(turn: Turn, row: Any, sides: Sides, groups: tuple[str, ...]) -> bool:
    """Whether the books would not take just that on what they show, and the record is held with what they said.

    It is not sent again by itself: a person retries it, or something of it moves.
    """
    document = _counted(turn, sides, groups)
    if document is None:
        return False
    o, known = t.operations, sides.known
    query = sa.select(o.c.state, o.c.version, o.c.content, o.c.params_json).where(o.c.document_id == known.id)
    last = turn.connection.execute(query.order_by(o.c.id.desc()).limit(1)).one_or_none()
    if last is None or last.state != "failed" or f'"{MARK}"' not in (last.params_json or ""):
        return False
    same = (last.version, last.content) == (row["version"], wire.dump_document(document))
    return same and _is_held(turn, known.key.source)


def _is_held(turn: Turn, ref: RecordRef) -> bool:
    """Whether the newest event of the record is held as refused."""
    o = t.outbox
    query = sa.select(o.c.state, o.c.hold).where(
        o.c.tenant_id == turn.tenant_id, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id
    )
    last = turn.connection.execute(query.order_by(o.c.revision.desc(), o.c.id.desc()).limit(1)).one_or_none()
    return last is not None and (last.state, last.hold) == (State.HELD.value, Hold.REFUSED.value)


def _counted(turn: Turn, sides: Sides, groups: tuple[str, ...]) -> Document | None:
    """What both sides agreed on last, with the groups that only we moved; None where they wait for the choice."""
    ours, known = sides.ours, sides.known
    if not groups or len(sides.documents) > 1 or _void(ours) or _void(sides.theirs):
        return None
    named = _named(ours)
    if set(named) - set(places_of(turn.connection, turn.id, named)):
        return None
    assert known.base_ours is not None
    # What was brought in meanwhile counts as agreed already.
    base = wire.load_document(known.kind, known.base_ours)
    return with_fields(base, ours, _fields(ours, groups))


def _named(document: Document) -> list[OurRef]:
    return [ref for ref in refs_of(document) if not isinstance(ref, BooksRef)]


def is_one_sided(ready: Ready) -> bool:
    """Whether the operation is about some groups of a record of which others wait for a choice."""
    return f'"{MARK}"' in (ready.row.params_json or "")


def landed(turn: Turn, ready: Ready, version: str, text: str, beside: str) -> None:
    """Such a write is in the books, which show `text` now: both sides agree on its groups alone.

    The version that undo goes by stays: the record as a whole is not as we wrote it.
    """
    link, bases = _bases(turn, ready)
    if bases is None or ready.document is None:
        # Unlinked, or in doubt as a whole, since it left.
        return
    ours, theirs = bases
    shown = wire.load_document(BooksKind(ready.row.kind), text)
    fields = _fields(shown, _groups(ready))
    values: dict[str, Any] = {
        "version": version,
        "base_ours": wire.dump_document(with_fields(ours, ready.document, fields)),
        "base_theirs": wire.dump_document(with_fields(theirs, shown, fields)),
    }
    if link.beside and beside:
        then, now = beside_of(link.beside), beside_of(beside)
        both = attrs.evolve(then, **{f: getattr(now, f) for f in FIELDS if f in fields and f in now.told})
        if "lines" in fields:
            both = attrs.evolve(both, lines=now.lines, pairs=now.pairs)
        values["beside"] = wire.dump(both)
    turn.connection.execute(_l.update().where(_live(ready)).values(**values))


def ignored(turn: Turn, ready: Ready, text: str) -> tuple[str, ...]:
    """Groups of such a write of which the books, which show `text`, have taken nothing; what moved is compared."""
    _, bases = _bases(turn, ready)
    if bases is None:
        return ()
    shown = wire.load_document(BooksKind(ready.row.kind), text)
    moved = differing(bases[1], shown)
    return tuple(group for group in _groups(ready) if group not in moved)


def in_vain(groups: tuple[str, ...]) -> tuple[str, str]:
    """The reason and the remedy for groups that the books would not take."""
    return (
        f"QuickBooks accepted a change of {', '.join(groups)} and shows it as before",
        "Choose on the conflicts page what shall count for the rest of the record, or enter the change in "
        "QuickBooks by hand; then retry.",
    )


def _live(ready: Ready) -> Any:
    return sa.and_(_l.c.document_id == ready.row.document_id, _l.c.state == "live")


def _bases(turn: Turn, ready: Ready) -> tuple[Any, tuple[Document, Document] | None]:
    """The link, and what both sides agreed on last, ours and theirs; None where they agree on nothing."""
    query = sa.select(_l.c.base_ours, _l.c.base_theirs, _l.c.beside).where(_live(ready))
    link = turn.connection.execute(query).one_or_none()
    if link is None or link.base_ours is None or link.base_theirs is None:
        return link, None
    kind = BooksKind(ready.row.kind)
    return link, (wire.load_document(kind, link.base_ours), wire.load_document(kind, link.base_theirs))


def _groups(ready: Ready) -> tuple[str, ...]:
    return tuple(json.loads(ready.row.params_json)["groups"].split())


def compared_next(source: RecordRef, revision: int) -> Move:
    """Where the record's event goes once such a write has landed: the comparison says what becomes of the rest."""
    reason = "it was written in part; both sides are compared again"
    return Move(ref=source, revision=revision, state=State.WAITING, hold=Hold.BUSY, reason=reason)


def _fields(document: Document, groups: tuple[str, ...]) -> frozenset[str]:
    return frozenset(field for group in groups for field in GROUPS[type(document)].get(group, ()))


def _void(document: Document) -> bool:
    return bool(getattr(document, "void", False))
