"""Settling: all that is under way ends, and the world must grow still within a bound of time and of exchanges."""

from __future__ import annotations

import attrs

from blueops_qb.engine import resolve
from blueops_qb.sandbox.soak.world import PLUGIN, TENANT, World
from blueops_qb.sdk.hooks import Switch

#: Most seconds (of the soak's time) and exchanges until all is still; exchanges besides one per open event.
MOST_SECONDS = 4 * 3600.0
MOST_EXCHANGES = 120
#: What a round without anything to carry waits.
PAUSE = 30.0


class NeverSettles(AssertionError):
    """Both sides do not grow still in time."""


@attrs.frozen(kw_only=True)
class Settled:
    """How long it took."""

    seconds: float
    exchanges: int


def settle(w: World) -> Settled:
    """End all trouble, hear or lose what is out, mend the connection, carry until nothing moves."""
    _calm(w)
    began, first = w.time.moment, w.exchanges
    open_events = _count(w, "blueops_qb_outbox", "state NOT IN ('done', 'superseded', 'not_posted')")
    most = MOST_EXCHANGES + 2 * open_events
    still = 0
    while still < 2:
        _mend(w)
        w.look()
        carried = w.carry(most)
        seconds, exchanges = (w.time.moment - began).total_seconds(), w.exchanges - first
        if exchanges > most or seconds > MOST_SECONDS:
            raise NeverSettles(
                f"after {seconds:.0f} s and {exchanges} exchanges (at most {MOST_SECONDS:.0f} and {most}): "
                + "; ".join(moving(w))
            )
        # A look that found nothing, twice, with time between for what waits.
        still = still + 1 if carried <= 2 and not w.turned_away and not moving(w) else 0
        w.time.advance(PAUSE)
    return Settled(seconds=seconds, exchanges=exchanges)


def _calm(w: World) -> None:
    w.calm()
    if w.core.switches(TENANT).get(PLUGIN) is not Switch.ON:
        w.core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
    w.lose_the_rest()
    w.sweep_core()


def _mend(w: World) -> None:
    health = w.row()["health"]
    if health == "sign_in":
        w.connect()
    elif health == "stopped":
        with w.turn() as turn:
            resolve.resume(turn, "admin")


def moving(w: World) -> list[str]:
    """What is still on its way, waits for its time or must be compared, in words."""
    found = [
        f"{row.ref_kind}:{row.ref_id} is {row.state} {row.reason or ''}".strip()
        for row in w.rows(
            "SELECT ref_kind, ref_id, state, reason FROM blueops_qb_outbox"
            " WHERE tenant_id = :tenant AND state IN ('pending', 'out', 'uncertain') ORDER BY id"
        )
    ]
    found += [
        f"{row.verb} of {row.kind} {row.target_id or row.document_id} is {row.state} {row.reason or ''}".strip()
        for row in w.rows(
            "SELECT verb, kind, target_id, document_id, state, reason FROM blueops_qb_operations o"
            " WHERE connection_id = :connection AND (state IN ('out', 'uncertain') OR (state = 'ready' AND NOT"
            " EXISTS (SELECT 1 FROM blueops_qb_operation_after a WHERE a.operation_id = o.id))) ORDER BY id",
            connection=w.connection_id,
        )
    ]
    found += [
        f"{row.kind} {row.books_id} was not compared"
        for row in w.rows(
            "SELECT kind, books_id FROM blueops_qb_mirror WHERE connection_id = :connection AND dirty",
            connection=w.connection_id,
        )
    ]
    return found


def _count(w: World, table: str, where: str) -> int:
    return int(w.rows(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}")[0].n)
