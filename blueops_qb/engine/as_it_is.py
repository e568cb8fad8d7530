"""As it is: a person takes the books as they are, after they were found to be put back or copied (`witnesses`)."""

from __future__ import annotations

from blueops_qb.engine.due import compare_all
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.witnesses import WITNESSES
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert


def take_as_it_is(turn: Turn) -> None:
    """Have everything compared; a look that still names witnesses of before is given up, the clock makes another."""
    if not turn.description.witnesses:
        return
    o = t.operations
    turn.connection.execute(
        o.update()
        .where(
            o.c.connection_id == turn.id,
            o.c.verb == Verb.CHANGES.value,
            o.c.state == "ready",
            o.c.params_json.contains('"witnesses"'),
        )
        .values(state="cancelled", reason="the books were taken as they are")
    )
    row = {"connection_id": turn.id, "feed": WITNESSES, "cursor": "", "moved_at": turn.now, "due_at": None}
    upsert(turn.connection, t.feeds, [row])
    compare_all(turn, since="")
