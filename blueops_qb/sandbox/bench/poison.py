"""`bench poison`: documents of all kinds written through a network that loses, cuts, delays and stalls.

A proxy between plugin and twin spoils calls by a seeded mixture, token calls included, while documents are entered,
changed and taken back, and while access tokens expire. Then the network heals, and both sides are counted by
independent means: nothing may be lost, nothing twice, nothing may wait for a person. With `scale` everything that
waits takes that part of its time; the code is the same.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import attrs

from blueops_qb.sandbox.bench.chaos_count import differences
from blueops_qb.sandbox.bench.chaos_house import READ_TIMEOUT, ChaosHouse, chaos_house, databases
from blueops_qb.sandbox.bench.chaos_work import Office
from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.bench.proxy import ACTED, STALLS, Ill, Poison
from blueops_qb.sandbox.bench.twins import admin, stats

#: Share of the calls that are spoiled.
SHARE = 0.35
#: How much longer than our own patience a stall lasts.
STALL = 1.08
#: At full times, in seconds: late answers at most, how long the network is ill at most, what both databases may take.
LATENCY, ILL_FOR, LIMIT = 5.0, 170.0, 540.0
#: What one database may take where time is scaled.
SCALED_LIMIT = 60.0
PORTIONS = 10
#: Seconds from a renewal to the next end of the access token; one that ends within a minute is for a person.
EXPIRE_EVERY = 65.0


def run(*, documents: int, changes: int, scale: float, seed: int, db: str | None) -> int:
    """Run on SQLite and PostgreSQL (or on `db` alone); print the figures; answers the exit code."""
    figures = Figures()
    started = time.monotonic()
    for name, url in databases(db, figures):
        poison = Poison(
            seed=seed,
            share=SHARE,
            # Early and in the thick of it; the calls between them go on meanwhile.
            stalls=(4, 9),
            latency=LATENCY * scale,
            stall=READ_TIMEOUT * scale * STALL,
        )
        poison.heal()
        with chaos_house(url, poison, scale=scale) as chaos:
            result = _ordeal(chaos, poison, documents, changes, scale, seed)
        figures.values[name] = result
        for what in ("lost", "doubled", "wrong_links", "person"):
            figures.limit(not result[what], f"{name}: {what}: {result[what][:5]}")
        missing = [ill.value for ill in Ill if not result["ills"].get(ill.value)]
        figures.limit(not missing, f"{name}: these ills never came: {missing}")
        if scale < 1:
            figures.limit(
                result["seconds"] <= SCALED_LIMIT,
                f"{name}: {result['seconds']} s, at most {SCALED_LIMIT:.0f}",
            )
    total = round(time.monotonic() - started, 1)
    figures.values |= {"total_seconds": total, "scale": scale}
    if scale >= 1:
        figures.limit(total <= LIMIT, f"{total} s in all, at most {LIMIT:.0f}")
    return figures.close(seed=seed)


def _ordeal(
    chaos: ChaosHouse, poison: Poison, documents: int, changes: int, scale: float, seed: int
) -> dict[str, Any]:
    started = time.monotonic()
    office = Office(house=chaos.house, seed=seed)
    chance = random.Random(seed)
    poison.fall_ill()
    made = 0
    tokens = _Tokens()
    for portion in range(PORTIONS):
        office.enter(documents * (portion + 1) // PORTIONS - documents * portion // PORTIONS)
        made += office.change(changes * (portion + 1) // PORTIONS - changes * portion // PORTIONS)
        chaos.runner.wake()
        tokens.maybe_end(chaos, EXPIRE_EVERY * scale)
        chaos.wait(chaos.quiet, ILL_FOR * scale / PORTIONS * chance.uniform(0.5, 1.0))
    made += _until_everything_came(chaos, poison, office, scale)
    healed = time.monotonic()
    poison.heal()
    chaos.wait(chaos.quiet, 300 * max(scale, 0.4))
    ended = time.monotonic()
    ills = Counter({name: n for name, n in sorted(poison.met.items()) if n})
    twin = stats(chaos.ready)
    return {
        "documents": documents,
        "changes": made,
        "calls": sum(ills.values()),
        "spoiled": poison.spoiled,
        "acted_unheard": sum(ills[ill.value] for ill in ACTED),
        "stalls": sum(ills[ill.value] for ill in STALLS),
        "ills": dict(ills),
        "batches": twin["batches"],
        "replays": twin["replays"],
        "refreshes": _refreshes(twin),
        "ill_seconds": round(healed - started, 1),
        "drained_seconds": round(ended - healed, 1),
        "seconds": round(ended - started, 1),
        **differences(chaos.house, chaos.books),
    }


@attrs.define
class _Tokens:
    """Ends the access token now and then, but never soon after its renewal, which is not how tokens end."""

    _ended_at: int = 0
    _seen: int = 0
    _seen_at: float = 0.0

    def maybe_end(self, chaos: ChaosHouse, every: float) -> None:
        """End it when the last renewal is so many seconds old."""
        renewals = _refreshes(stats(chaos.ready))
        if renewals != self._seen:
            self._seen, self._seen_at = renewals, time.monotonic()
        elif renewals > self._ended_at and time.monotonic() - self._seen_at >= every:
            self._ended_at = renewals
            admin(chaos.ready, "tokens/expire")


def _until_everything_came(chaos: ChaosHouse, poison: Poison, office: Office, scale: float) -> int:
    """Go on with small changes while an ill has not come yet; answers how many were made."""
    everything = {ill.value for ill in Ill}

    def came() -> bool:
        return everything <= {name for name, number in poison.met.items() if number}

    made = 0
    give_up = time.monotonic() + max(120.0, 30 * scale)
    while not came() and time.monotonic() < give_up:
        made += office.change(2)
        chaos.runner.wake()
        chaos.wait(came, max(0.2, 2 * scale))
    return made


def _refreshes(twin: dict[str, Any]) -> int:
    return sum(n for name, n in twin["calls"].items() if name.endswith("/tokens/bearer"))
