"""Coding: lines that the bookkeeper recoded last are booked where he put them, on both sides.

BlueOps keeps a category, the books an account; where a bookkeeper gave one line another account it stays over there
(accounting-treatments 10), also when the document is created anew, or where a person chose the books' side of a cost
that both had changed. Only what he wrote himself or was chosen so, by the log of the soak, is his, and only while
the books show it; amounts never are. Where a person chose BlueOps' side over what he wrote last, what he had written
before, and both sides had agreed on, stays his.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from blueops_qb.sandbox.reader.values import Cost, CostLine, Credited, Effect, Found, added
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.world import World

#: (record of BlueOps, what its line says) -> number of the account.
Coded = Mapping[tuple[str, str], str]


def note_coding(w: World, ref: str, text: str, number: str, *, before: str) -> None:
    """The bookkeeper gave the line of a cost that says this an account; to store the one that it had gives it none."""
    if number != before:
        _note(w, ref, text, number)


def note_chosen(w: World, ref: str) -> None:
    """A person took the books' side of a cost: its lines stay on the accounts that they show."""
    for found, text, number in w.cost_lines():
        if found == ref:
            _note(w, ref, text, number)


def _note(w: World, ref: str, text: str, number: str) -> None:
    if (last := w.witness.coded.get((ref, text))) is not None:
        w.witness.coded_before.setdefault((ref, text), set()).add(last)
    w.witness.coded[ref, text] = number


def _is_his(w: World, ref: str, text: str, number: str) -> bool:
    earlier = w.witness.coded_before.get((ref, text), ()) if w.chosen[ref] else ()
    return w.witness.coded.get((ref, text)) == number or number in earlier


def as_coded(w: World, ours: Found) -> Found:
    """BlueOps' costs with the accounts that the bookkeeper gave their lines and that the books still show."""
    shown = {(ref, text): number for ref, text, number in w.cost_lines() if _is_his(w, ref, text, number)}
    return dataclasses.replace(ours, costs=tuple(_coded(cost, shown) for cost in ours.costs))


def as_they_wrote(found: Found, w: World) -> Found:
    """One side with credits of the bookkeeper as BlueOps takes them in: their total and tax, not their items."""
    credits = (
        dataclasses.replace(credit, lines=(), location="", effect={})
        if credit.number in w.witness.their_credits
        else _untagged(credit)
        for credit in found.credits
    )
    return dataclasses.replace(found, credits=tuple(credits))


def _untagged(credit: Credited) -> Credited:
    """Without class and location: they are those that its invoice had in the books when the credit was written."""
    effect = added(*(((account, "", ""), amount) for (account, _, _), amount in credit.effect.items()))
    lines = tuple(dataclasses.replace(line, class_name="") for line in credit.lines)
    return dataclasses.replace(credit, lines=lines, location="", effect=effect)


def recoded_over(w: World, stand_apart: Apart) -> list[str]:
    """Lines that show another account than the bookkeeper gave them, though nobody asked for it on either side."""
    return [
        f"{ref}, “{text}”: account {wanted} of the bookkeeper was written over, it is {number}"
        for ref, text, number in w.cost_lines()
        if (wanted := w.witness.coded.get((ref, text), number)) != number
        and ref not in stand_apart.ours
        and not w.chosen[ref]
    ]


def _coded(cost: Cost, accounts: Coded) -> Cost:
    lines = tuple(
        dataclasses.replace(line, account=accounts.get((cost.id, line.description), line.account))
        for line in cost.lines
    )
    return dataclasses.replace(cost, lines=lines, effect=_moved(cost, lines))


def _moved(cost: Cost, lines: tuple[CostLine, ...]) -> Effect:
    moves = [
        ((line.account, line.class_name, cost.location), sign * line.amount)
        for sign, of in ((-1, cost.lines), (1, lines))
        for line in of
    ]
    return added(*cost.effect.items(), *moves)
