"""Witnesses: records that must still be in the books, so that a company file that was put back is known for one.

Where the books are a file (`Description.witnesses`), every look at the changes names the newest linked records. Books
that miss one and do not call it deleted, or show it older than it was seen, are a backup or a copy: the provider
refuses with `Why.NOT_ALLOWED`, which stops the connection, and nothing of that look is taken in. A person who then says
“go on” takes the file as it is (`as_it_is`): everything is compared, and only what was seen from then on is a witness.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from blueops_qb.domain.refs import NAMED_KINDS
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Among the feeds of a connection: when the books were last taken as they are.
WITNESSES = "witnesses"


def named(turn: Turn) -> dict[str, str]:
    """The parameter of a look at the changes: kind, id, version and last change of the newest records."""
    count = turn.description.witnesses
    if not count:
        return {}
    lk, m, f = t.links, t.mirror, t.feeds
    accepted = turn.connection.execute(
        sa.select(f.c.moved_at).where(f.c.connection_id == turn.id, f.c.feed == WITNESSES)
    ).scalar_one_or_none()
    query = (
        sa.select(lk.c.books_kind, lk.c.books_id, m.c.version, m.c.updated_at)
        .select_from(
            lk.join(
                m,
                sa.and_(
                    m.c.connection_id == lk.c.connection_id,
                    m.c.kind == lk.c.books_kind,
                    m.c.books_id == lk.c.books_id,
                ),
            )
        )
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            lk.c.doubtful == "",
            # Parties are merged; what was merged away is absent without being deleted.
            lk.c.books_kind.not_in([kind.value for kind in NAMED_KINDS]),
            ~m.c.deleted,
            sa.true() if accepted is None else m.c.seen_at > accepted,
        )
        .order_by(lk.c.id.desc())
        .limit(count)
    )
    found = [
        [row.books_kind, row.books_id, row.version, row.updated_at.isoformat() if row.updated_at else ""]
        for row in turn.connection.execute(query)
    ]
    return {"witnesses": json.dumps(found, separators=(",", ":"))} if found else {}
