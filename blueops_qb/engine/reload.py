"""Reload: an exchange that was handed out, read back from our tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from blueops_qb.engine.as_operations import as_operations
from blueops_qb.engine.ready import Ready, Sent
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Exchange
from blueops_qb.store import tables as t


def reload(turn: Turn, exchange_row: Any) -> Sent:
    """The exchange as it was handed out, from our tables."""
    o, d = t.operations, t.documents
    query = (
        sa.select(o, d.c.source_kind, d.c.source_id)
        .select_from(o.outerjoin(d, d.c.id == o.c.document_id))
        .where(o.c.exchange_id == exchange_row["id"], o.c.state.in_(["out", "uncertain"]))
        .order_by(o.c.lane, o.c.id)
    )
    chosen = [Ready(row=row) for row in turn.connection.execute(query)]
    exchange = Exchange(
        id=exchange_row["id"],
        connection_id=turn.id,
        company_id=turn.row["company_id"],
        operations=as_operations(turn, chosen, gone=True),
        created_at=exchange_row["first_sent_at"],
        clears=exchange_row["clears"] or "",
        asks=exchange_row["asked"] > 0,
    )
    return Sent(exchange=exchange, ready={str(ready.id): ready for ready in chosen})
