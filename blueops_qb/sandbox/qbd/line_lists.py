"""The list of lines of a Mod: complete, in the old order, new ones with the id -1; what is left out is deleted."""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.sandbox.qbd.faults import Refusal, not_found
from blueops_qb.sandbox.qbd.values import Obj

NEW_LINE = "-1"


def paired(before: list[Obj], sent: list[Obj]) -> Iterator[tuple[Obj | None, Obj]]:
    """Each line sent with the one it changes, None for a new one.

    Raises Refusal 3120 for a line that is not there, 3290 where known lines are out of their order.
    """
    places = {line["TxnLineID"]: place for place, line in enumerate(before)}
    last = -1
    for line in sent:
        identity = line.get("TxnLineID", NEW_LINE)
        if identity == NEW_LINE:
            yield None, line
            continue
        if identity not in places:
            raise not_found("line", identity)
        if places[identity] <= last:
            raise Refusal(3290, "The order of the lines was changed: known lines must stay in their order.")
        last = places[identity]
        yield before[last], line
