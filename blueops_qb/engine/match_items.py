"""Match items: which item of the books the services, materials and fees of our invoices lead to, as rows to decide.

A decision becomes a rule of the mapping. Nothing is ever created by name: what has no item waits for the mapping page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz, process

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.match_words import normal_name
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rules_desk, suggest
from blueops_qb.engine.match_rows import ITEM, Row
from blueops_qb.engine.turn import Turn

#: What the key of a row may hold.
KEY_LENGTH = 64
#: Items that are offered, and how alike (of 100) they must be.
SHOWN, ALIKE = 5, 60


def item_rows(turn: Turn, keys: Mapping[tuple[Family, str], int]) -> list[dict[str, Any]]:
    """A row for each key in use that leads nowhere yet."""
    ruled = {(rule.family, rule.key) for rule in turn.mapping.rules}
    wanted = [
        (family, key)
        for family, key in sorted(keys)
        if (family, key) not in ruled and len(f"{family.value}:{key}") <= KEY_LENGTH
    ]
    found = suggest.suggest(turn.catalog, wanted)
    items = {
        entry.ref.id: entry.name
        for entry in turn.catalog.of(BooksKind.ITEM)
        if entry.active and entry.facts.get("item_type") != "Category"
    }
    return [_row(family, key, keys[family, key], found.get((family, key)), items) for family, key in wanted]


def _row(
    family: Family, key: str, uses: int, target: Target | None, items: Mapping[str, str]
) -> dict[str, Any]:
    name = suggest.words_of(key)
    used = f"{uses} lines of invoices use it."
    alike = process.extract(
        normal_name(name),
        {id: normal_name(text) for id, text in items.items()},
        scorer=fuzz.token_sort_ratio,
        limit=SHOWN,
        score_cutoff=ALIKE,
    )
    candidates = [id for _, _, id in alike]
    row: dict[str, Any] = {
        "ref_kind": ITEM,
        "ref_id": f"{family.value}:{key}",
        "name": name,
        "books_id": "",
        "candidates": " ".join(candidates),
        "score": int(alike[0][1]) if alike else 0,
    }
    if target is not None and target.item is not None:
        same = normal_name(items.get(target.item.id, "")) == normal_name(name)
        said = "Same name" if same else f"The item “{items.get(target.item.id, target.item.id)}” stands out"
        bucket = Bucket.EXACT if same else Bucket.STRONG
        return row | {
            "bucket": bucket.value,
            "books_id": target.item.id,
            "decision": "?link",
            "reason": f"{said}; {used}",
            "score": max(80, row["score"]),
        }
    if candidates:
        bucket = Bucket.AMBIGUOUS if len(candidates) > 1 else Bucket.WEAK
        names = ", ".join(f"“{items[id]}”" for id in candidates[:3])
        return row | {"bucket": bucket.value, "decision": "open", "reason": f"It may be {names}; {used}"}
    reason = f"No item is alike; {used} Choose one on the mapping page; until then its invoices are held."
    return row | {"bucket": Bucket.NONE.value, "decision": "?wait", "reason": reason}


def map_decided(turn: Turn, decided: Iterable[Row], *, actor: str) -> int:
    """Make rules of the mapping of rows that were decided; answers how many. Raises `rules_desk.UnfitTarget`."""
    ruled = {(rule.family, rule.key) for rule in turn.mapping.rules}
    rules = []
    for row in decided:
        family, _, key = row.id.partition(":")
        if row.decision == "link" and (Family(family), key) not in ruled:
            target = Target(item=BooksRef(BooksKind.ITEM, row.books_id))
            rules.append(MapRule(family=Family(family), key=key, target=target))
    if rules:
        rules_desk.change_mapping(turn, rules, actor=actor)
    return len(rules)
