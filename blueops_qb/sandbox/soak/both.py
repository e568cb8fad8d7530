"""Both kinds of books: the office's work of one seed does the same to accounts in either of them (invariant I5).

What the office does is decided by the seed and by what is in core alone, so that two houses that nobody else touches
hold the same records. What stands openly apart in either is left out. Accounts are laid beside each other by the keys
that are mapped to them: some have another number in a company file.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sandbox.reader import Chart
from blueops_qb.sandbox.reader.credits import settled
from blueops_qb.sandbox.reader.parts import joined
from blueops_qb.sandbox.reader.values import Effect, Found
from blueops_qb.sandbox.soak.chart import CHART
from blueops_qb.sandbox.soak.desktop.world import open_desktop
from blueops_qb.sandbox.soak.everywhere import Action
from blueops_qb.sandbox.soak.excuses import apart, places
from blueops_qb.sandbox.soak.judge import Wrong
from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.online_world import open_world
from blueops_qb.sandbox.soak.settle import settle
from blueops_qb.sandbox.soak.world import World

#: (account by its number beside QuickBooks Online, class) -> amount.
Plain = Mapping[tuple[str, str], Decimal]
#: Between so many actions everything is carried.
EVERY = 10


def play_both(*, seed: int, steps: int, office: Sequence[Action[Any]]) -> int:
    """Play the office's work in both houses; answers how many documents were compared. Raises Wrong."""
    sides: list[dict[str, Any]] = []
    openly: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="blueops-qb-both-") as folder:
        for name, opened in (("online", open_world), ("desktop", open_desktop)):
            with opened(url=f"sqlite:///{Path(folder) / name}.db", seed=seed) as w:
                _work(w, steps, office)
                openly |= apart(w).ours
                sides.append(dict(_effects(w)))
    online, desktop = sides
    faults = [
        f"I5: {name} does {desktop.get(name, 'nothing')} in QuickBooks Desktop, {online.get(name, 'nothing')} online"
        for name in sorted({*online, *desktop} - openly)
        if online.get(name) != desktop.get(name)
    ]
    if faults:
        raise Wrong(" | ".join(faults[:5]) + (f" ... and {len(faults) - 5} more" if len(faults) > 5 else ""))
    return len(online.keys() - openly)


def _work(w: World, steps: int, office: Sequence[Action[Any]]) -> None:
    w.map_forgotten()
    weights = [action.weight for action in office]
    office_chance = w.chance
    for number in range(1, steps + 1):
        with contextlib.suppress(NothingThere, Refused):
            w.chance.choices(office, weights)[0].act(w)
        if number % EVERY == 0 or number == steps:
            # What is drawn while all settles is no matter of the office.
            w.chance = random.Random(number)
            settle(w)
            w.chance = office_chance


def _effects(w: World) -> Iterator[tuple[str, Any]]:
    """What each record does in the books: who it is with, accounts and classes, and for costs the jobs of its lines."""
    refs = {place: ref for ref, place in places(w)}
    _, reader = w.readers()
    try:
        found: Found = joined(settled(reader.read()))
    finally:
        reader.close()
    same = _same_numbers(CHART, w.chart)
    for sale in found.sales:
        if not sale.void:
            yield refs.get(sale.id, sale.id), (sale.payer, _plain(sale.effect, same))
    for receipt in found.receipts:
        if not receipt.void and receipt.amount:
            yield refs.get(receipt.id, receipt.id), (receipt.payer, _plain(receipt.effect, same))
    for cost in found.costs:
        lines = Counter(
            (same.get(x.account, x.account), x.amount, x.job, x.class_name) for x in cost.lines if x.amount
        )
        yield refs.get(cost.id, cost.id), (cost.vendor, _plain(cost.effect, same), dict(lines))
    for one in found.banked:
        yield refs.get(one.id, one.id), _plain(one.effect, same)


def _same_numbers(online: Chart, other: Chart) -> dict[str, str]:
    """Number of an account in other books -> beside QuickBooks Online, where a key leads to another number."""
    parts = (
        "services",
        "materials_sold",
        "fees_charged",
        "materials_bought",
        "expenses",
        "received_in",
        "money",
    )
    return {
        number: getattr(online, part)[key]
        for part in parts
        for key, number in getattr(other, part).items()
        if getattr(online, part)[key] != number
    }


def _plain(effect: Effect, same: Mapping[str, str]) -> Plain:
    """Without locations, which a company file does not track."""
    sums: dict[tuple[str, str], Decimal] = {}
    for (account, class_name, _), amount in effect.items():
        key = same.get(account, account), class_name
        sums[key] = sums.get(key, Decimal("0.00")) + amount
    return {key: amount for key, amount in sums.items() if amount}
