"""`bench lost`: every write reaches the books and no answer comes back; exactly what was entered is there.

Each write travels alone, and the proxy resets the connection after the twin has acted, so that so many writes are
so many lost answers. Once the twin keeps its promise about request ids, once it has forgotten them
(`requestid_ignored`), so that only our own look-up stands between a lost answer and a double entry.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from blueops_qb.sandbox.bench.chaos_count import differences, in_books, written
from blueops_qb.sandbox.bench.chaos_house import ChaosHouse, chaos_house, databases
from blueops_qb.sandbox.bench.chaos_work import Office
from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.bench.proxy import LostAnswers
from blueops_qb.sandbox.bench.twins import stats

#: Everything that waits takes this part of its time; the code is the same.
SCALE = 0.02
#: One change of a record to so many that are entered.
CHANGES = 10
#: Seconds that so many lost answers may take, per database and promise.
LIMIT_PER_THOUSAND, LEAST = 480.0, 60.0


#: Whether the twin keeps its promise about request ids, and the switches for it.
PROMISES: Mapping[str, tuple[str, ...]] = {"kept": (), "ignored": ("requestid_ignored",)}


def run(*, answers: int, seed: int, promises: Sequence[str], db: str | None) -> int:
    """Run on SQLite and PostgreSQL (or on `db`, which serves one promise only); answers the exit code."""
    figures = Figures()
    most = max(LEAST, LIMIT_PER_THOUSAND * answers / 1000)
    for promise in promises:
        for database, url in databases(db, figures):
            lost = LostAnswers()
            lost.heal()
            with chaos_house(url, lost, scale=SCALE, switches=PROMISES[promise], apart=True) as chaos:
                result = _lose(chaos, lost, answers, seed)
            name = f"{database}, request ids {promise}"
            figures.values[name] = result
            for what in ("lost", "doubled", "wrong_links", "person"):
                figures.limit(not result[what], f"{name}: {what}: {result[what][:5]}")
            figures.limit(
                result["objects"] == result["documents"],
                f"{name}: {result['objects']} objects for {result['documents']} documents",
            )
            figures.limit(result["answers"] >= answers, f"{name}: only {result['answers']} answers were lost")
            figures.limit(result["seconds"] <= most, f"{name}: {result['seconds']} s, at most {most:.0f}")
    return figures.close(seed=seed)


def _lose(chaos: ChaosHouse, lost: LostAnswers, answers: int, seed: int) -> dict[str, Any]:
    office = Office(house=chaos.house, seed=seed)
    started = time.monotonic()
    lost.fall_ill()
    made = changed = 0
    while lost.lost < answers:
        portion = max(1, min(100, answers - lost.lost))
        office.enter(portion)
        made += portion
        if made >= 40:
            changed += office.change(portion // CHANGES)
        chaos.runner.wake()
        if not chaos.wait(chaos.quiet, 120):
            break
    seconds = round(time.monotonic() - started, 1)
    twin = stats(chaos.ready)
    return {
        "documents": written(chaos.house),
        "objects": sum(in_books(chaos.books).values()),
        "changes": changed,
        "answers": lost.lost,
        "calls": twin["total"],
        "replays": twin["replays"],
        "seconds": seconds,
        **differences(chaos.house, chaos.books),
    }
