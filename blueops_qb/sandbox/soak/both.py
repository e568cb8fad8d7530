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
#: A record of BlueOps and one sort of what is done for it.
Does = tuple[str, str]
#: Between so many actions everything is carried.
EVERY = 10


def play_both(*, seed: int, steps: int, office: Sequence[Action[Any]]) -> int:
    """Play the office's work in both houses; answers how many documents were compared. Raises Wrong."""
    sides: list[dict[Does, list[str]]] = []
    openly: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="blueops-qb-both-") as folder:
        for name, opened in (("online", open_world), ("desktop", open_desktop)):
            with opened(url=f"sqlite:///{Path(folder) / name}.db", seed=seed) as w:
                _work(w, steps, office)
                openly |= apart(w).ours
                sides.append(_grouped(w))
    online, desktop = sides
    faults = [
        f"I5: {does[0]}, {does[1]}: {_told(desktop, does)} in QuickBooks Desktop, {_told(online, does)} online"
        for does in sorted({*online, *desktop})
        if does[0] not in openly and online.get(does) != desktop.get(does)
    ]
    if faults:
        raise Wrong(" | ".join(faults[:5]) + (f" ... and {len(faults) - 5} more" if len(faults) > 5 else ""))
    return sum(ref not in openly for ref, _ in online)


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


def _told(side: Mapping[Does, list[str]], name: Does) -> str:
    return " and ".join(side.get(name, ())) or "nothing"


def _grouped(w: World) -> dict[Does, list[str]]:
    """What each record does, in words; several documents of one sort in an order that both kinds of books share."""
    found: dict[Does, list[str]] = {}
    for ref, what, does in _effects(w):
        found[ref, what] = sorted([*found.get((ref, what), ()), str(does)])
    return found


def _effects(w: World) -> Iterator[tuple[str, str, Any]]:
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
            yield refs.get(sale.id, sale.id), "the sale", (sale.payer, _plain(sale.effect, same))
    for receipt in found.receipts:
        if not receipt.void and receipt.amount:
            yield refs.get(receipt.id, receipt.id), "the money", (receipt.payer, _plain(receipt.effect, same))
    for cost in found.costs:
        lines = Counter(
            (same.get(x.account, x.account), x.amount, x.job, x.class_name) for x in cost.lines if x.amount
        )
        said = cost.vendor, _plain(cost.effect, same), sorted(lines.items())
        yield refs.get(cost.id, cost.id), "the cost", said
    for banked in found.banked:
        yield refs.get(banked.id, banked.id), "the bank deposit", _plain(banked.effect, same)
    for credit in found.credits:
        yield refs.get(credit.id, credit.id), "the credit", (credit.payer, _plain(credit.effect, same))
    for prepaid in found.prepaid:
        if not prepaid.void:
            yield (
                refs.get(prepaid.id, prepaid.id),
                "the deposit",
                (prepaid.payer, _plain(prepaid.effect, same)),
            )
    for back in found.back:
        yield refs.get(back.id, back.id), "what went back", (back.payer, _plain(back.effect, same))
    for charged in found.charged:
        yield refs.get(charged.id, charged.id), "the fee", _plain(charged.effect, same)


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
    return {key: amount for key, amount in sorted(sums.items()) if amount}
