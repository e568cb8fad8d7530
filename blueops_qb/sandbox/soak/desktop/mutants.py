"""Mutants beside QuickBooks Desktop: safeguards of its message sets and its file, switched off one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueops_qb.domain.compare import decide
from blueops_qb.domain.money import ZERO
from blueops_qb.engine import (
    arrivals,
    findings,
    reload,
    status,
    three_ways,
    uncertain,
    used_credits,
    witnesses,
)
from blueops_qb.providers.qbd import exchanges
from blueops_qb.sandbox.soak.mutants import (
    Mutant,
    deletions_not_asked,
    ours_wins,
    posted_blindly,
    swap,
)
from blueops_qb.sdk.outcomes import Outcome, Throttled
from blueops_qb.store import tables as t


def _forgotten_is_sent_anew(turn: Any, exchange_id: str) -> None:
    """What QuickBooks has no memory of counts as never carried out."""
    e = t.exchanges
    row = turn.connection.execute(e.select().where(e.c.id == exchange_id)).mappings().one()
    posted_blindly(turn, row, list(reload.reload(turn, row).ready.values()))


def _nothing_was_run(exchange: Any, failed: Any) -> dict[str, Outcome]:
    """Every failure of the connection counts as one of a set that was not carried out."""
    later = Throttled(retry_after=5.0, message=failed.message)
    return {operation.id: later for operation in exchange.operations}


#: Name of the safeguard -> the product without it.
DESKTOP_MUTANTS: Mapping[str, Mutant] = {
    "a set of unknown fate is not sent anew": swap(uncertain, "partly", posted_blindly),
    "QuickBooks is asked about it": swap(status, "ask", lambda *_: None),
    "a forgotten one is looked for": swap(status, "forget", _forgotten_is_sent_anew),
    "the look-up asks for deletions": swap(findings, "_deletions", deletions_not_asked(findings._deletions)),
    "a record is compared before another EditSequence is sent": swap(three_ways, "decide", ours_wins(decide)),
    "a breakdown leaves open what was carried out": swap(exchanges, "_failed", _nothing_was_run),
    "a credit is told what a payment uses of it beside its money": swap(
        used_credits, "used_up", lambda *_, **__: None
    ),
    "a credit is told what is paid out of it to a card": swap(used_credits, "paid_out", lambda *_: ZERO),
    "a payment that came from there keeps its method": swap(arrivals, "head_coding", lambda *_: ()),
    "witnesses tell a file that was put back": swap(witnesses, "named", lambda _: {}),
}
