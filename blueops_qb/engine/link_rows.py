"""Link rows: the mirror's row and the link of one document: read, changed, taken apart."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import outbox
from blueops_qb.engine.known import Known
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.store import tables as t


def mirror_row(turn: Turn, place: BooksRef) -> Any:
    """The mirror's row of a record, or None."""
    m = t.mirror
    query = sa.select(m).where(
        m.c.connection_id == turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id
    )
    return turn.connection.execute(query).mappings().one_or_none()


def live_link() -> sa.ColumnElement[bool]:
    """Whether a row of the mirror is the place of a document of ours, for a query over the mirror."""
    m, lk = t.mirror, t.links
    return sa.exists().where(
        lk.c.connection_id == m.c.connection_id,
        lk.c.books_kind == m.c.kind,
        lk.c.books_id == m.c.books_id,
        lk.c.state == "live",
    )


def as_compared(row: Any) -> BooksRecord:
    """What is compared of a row of the mirror; all else that the books show stays in the row."""
    kind = BooksKind(row["kind"])
    return BooksRecord(
        kind=kind,
        id=row["books_id"],
        version=row["version"],
        name=row["name"],
        active=row["active"],
        document=wire.load_document(kind, row["document"]) if row["document"] else None,
        marker=row["marker"],
        updated_at=row["updated_at"],
    )


def compared(turn: Turn, row: Any) -> None:
    """What the mirror's `row` shows was compared; what it shows stays."""
    m = t.mirror
    here = (m.c.connection_id == turn.id, m.c.kind == row["kind"], m.c.books_id == row["books_id"])
    turn.connection.execute(m.update().where(*here).values(dirty=False))


#: Columns of a link that `Known` carries under the same name; its `state` is the document's, not the link's.
_CARRIED = ("base_ours", "base_theirs", "beside", "version", "doubtful")


def set_link(turn: Turn, known: Known, **values: Any) -> None:
    """Change the link of a document, and what `known` says of it.

    Where it was in doubt and is not any more, what waited for its record is planned again.
    """
    if known.doubtful and values.get("doubtful") == "":
        outbox.wake(turn.connection, turn.tenant_id, [known.key.source], turn.now)
    turn.connection.execute(t.links.update().where(t.links.c.id == known.link_id).values(**values))
    for name in _CARRIED:
        if name in values:
            setattr(known, name, values[name])


def unlink(turn: Turn, known: Known, link_state: str, document_state: str, *, generation: int = 0) -> None:
    """Take both sides apart; what waited for a choice between them waits no longer."""
    close_conflicts(turn, known, "it is not linked any more")
    set_link(turn, known, state=link_state, doubtful="")
    turn.connection.execute(
        t.documents.update()
        .where(t.documents.c.id == known.id)
        .values(state=document_state, generation=known.generation + generation)
    )


def close_conflicts(turn: Turn, known: Known, why: str) -> None:
    """Nothing of the document waits for a person any more."""
    c = t.conflicts
    turn.connection.execute(
        c.update()
        .where(c.c.connection_id == turn.id, c.c.document_id == known.id, c.c.state == "open")
        .values(state="closed", closed_at=turn.now, choice=why)
    )
