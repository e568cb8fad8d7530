"""Coding: lines that the bookkeeper recoded last are booked where he put them, on both sides.

BlueOps keeps a category, the books an account; where a bookkeeper gave one line another account it stays over there
(accounting-treatments 10). Only what he wrote himself, by the soak's own log, is taken as his; amounts never are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from blueops_qb.sandbox.reader.values import Cost, CostLine, Effect, Found, added
from blueops_qb.sandbox.soak.excuses import Apart, places
from blueops_qb.sandbox.soak.world import World


def as_coded(w: World, ours: Found) -> Found:
    """BlueOps' costs with the accounts that the bookkeeper gave their lines and that the books still show."""
    where = dict(places(w))
    costs = tuple(_coded(cost, _by_position(w, where.get(cost.id, ""))) for cost in ours.costs)
    return dataclasses.replace(ours, costs=costs)


def recoded_over(w: World, stand_apart: Apart) -> list[str]:
    """Lines that show another account than the bookkeeper gave them, though nobody asked for it on either side."""
    refs = {place: ref for ref, place in places(w)}
    return [
        f"{kind} {id} ({refs[f'{kind}:{id}']}), line {line_id}: account {number} of the bookkeeper was written over"
        for (kind, id, line_id), number in w.witness.coded.items()
        if f"{kind}:{id}" in refs
        and refs[f"{kind}:{id}"] not in stand_apart.ours
        and not w.chosen[refs[f"{kind}:{id}"]]
        and (raw := w.company.records[kind].get(id)) is not None
        for line in raw["Line"]
        if str(line.get("Id")) == line_id and _number(w, line) != number
    ]


def _by_position(w: World, place: str) -> Mapping[int, str]:
    """Position of a line -> account number, for lines that show what the bookkeeper wrote last."""
    kind, _, id = place.partition(":")
    raw = w.company.records[kind].get(id) if kind else None
    return dict(_shown(w, kind, id, raw)) if raw is not None else {}


def _shown(w: World, kind: str, id: str, raw: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for position, line in enumerate(raw["Line"]):
        number = w.witness.coded.get((kind, id, str(line.get("Id"))))
        if number is not None and _number(w, line) == number:
            yield position, number


def _number(w: World, line: Mapping[str, Any]) -> str:
    detail = line.get("AccountBasedExpenseLineDetail", {})
    account = str(detail.get("AccountRef", {}).get("value", ""))
    return str(w.company.records["Account"].get(account, {}).get("AcctNum", ""))


def _coded(cost: Cost, accounts: Mapping[int, str]) -> Cost:
    lines = tuple(
        dataclasses.replace(line, account=accounts.get(position, line.account))
        for position, line in enumerate(cost.lines)
    )
    return dataclasses.replace(cost, lines=lines, effect=_moved(cost, lines))


def _moved(cost: Cost, lines: tuple[CostLine, ...]) -> Effect:
    moves = [
        ((line.account, line.class_name, cost.location), sign * line.amount)
        for sign, of in ((-1, cost.lines), (1, lines))
        for line in of
    ]
    return added(*cost.effect.items(), *moves)
