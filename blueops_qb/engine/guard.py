"""Guard: limits per hour on what is created, removed and moved in money, in both directions.

Past a limit nothing passes without a person: the connection stops with the figure and goes on when resumed.
"""

from __future__ import annotations

import json
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.engine.turn import Turn


@attrs.define(kw_only=True)
class Passed:
    """What passed in the running hour."""

    hour: str
    creates: int = 0
    removals: int = 0
    incoming: int = 0
    amount: Decimal = ZERO

    @classmethod
    def of(cls, turn: Turn) -> Passed:
        """The counts of this hour so far."""
        hour = turn.now.strftime("%Y-%m-%dT%H")
        text = turn.row["guard_json"]
        kept = json.loads(text) if text else {}
        if kept.get("hour") != hour:
            return cls(hour=hour)
        return cls(**{**kept, "amount": Decimal(kept["amount"])})

    def keep(self, turn: Turn) -> None:
        """Remember them with the connection."""
        turn.set(guard_json=json.dumps({**attrs.asdict(self), "amount": str(self.amount)}))


def passes(
    turn: Turn,
    *,
    creates: int = 0,
    removals: int = 0,
    incoming: int = 0,
    amount: Decimal = ZERO,
    count: bool = True,
) -> bool:
    """Count and let pass; past a limit the connection stops and nothing is counted. `count` False only asks."""
    if not (creates or removals or incoming or amount):
        return True
    settings, passed = turn.settings, Passed.of(turn)
    passed.creates += creates
    passed.removals += removals
    passed.incoming += incoming
    passed.amount += amount
    limits = (
        (passed.creates, settings.guard_creates_per_hour, "records created in the books"),
        (passed.removals, settings.guard_removals_per_hour, "records taken out of the books"),
        (passed.incoming, settings.guard_incoming_per_hour, "changes brought into BlueOps"),
        (passed.amount, settings.guard_amount_per_hour, f"{turn.profile.currency} written to the books"),
    )
    for reached, most, what in limits:
        if reached > most:
            reason = (
                f"Guard: this would make {reached} {what} within the hour, more than {most}. Nothing was sent. "
                "Look at the list of records; if it is right, press Resume."
            )
            turn.set(health="stopped", health_reason=reason)
            turn.note("guard", f"connection {turn.id}", numbers=f"{reached} {what}", reason=reason)
            return False
    if count:
        passed.keep(turn)
    return True
