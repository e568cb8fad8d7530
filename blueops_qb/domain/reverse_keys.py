"""Reverse keys: which BlueOps key leads to an entry of the books; one is an answer, none or several are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.refs import BooksRef

Key = tuple[Family, str]

#: Families in which a line of an invoice, or of a cost, is looked up.
SOLD = (Family.SERVICE, Family.MATERIAL_SOLD, Family.FEE)
BOUGHT = (Family.EXPENSE, Family.MATERIAL_COST, Family.COST_CODE)


def keys_to(
    mapping: Mapping,
    families: Iterable[Family],
    field: str,
    ref: BooksRef,
    scopes: Sequence[str] = (),
) -> tuple[Key, ...]:
    """The keys that lead to `ref` within the scopes, the narrowest rule counting, sorted."""
    wanted = set(families)
    keys = {(rule.family, rule.key) for rule in mapping.rules if rule.family in wanted}
    found = []
    for family, key in keys:
        target = mapping.find(family, key, scopes)
        if target is not None and getattr(target, field) == ref:
            found.append((family, key))
    return tuple(sorted(found))


def only_key(
    mapping: Mapping, family: Family, field: str, ref: BooksRef | None, scopes: Sequence[str] = ()
) -> str | None:
    """The only key of a family that leads to `ref`; empty for no ref, None when none or several do."""
    if ref is None:
        return ""
    keys = keys_to(mapping, (family,), field, ref, scopes)
    return keys[0][1] if len(keys) == 1 else None


def all_keys(mapping: Mapping, families: Iterable[Family], field: str) -> tuple[Key, ...]:
    """Every key of the families that leads anywhere, for a person to choose from."""
    wanted = set(families)
    return tuple(
        sorted(
            {
                (r.family, r.key)
                for r in mapping.rules
                if r.family in wanted and getattr(r.target, field) is not None
            }
        )
    )


def named(key: Key) -> str:
    """How a form and a sentence write a key: `fee_type:trip`."""
    return f"{key[0].value}:{key[1]}"


def parse_key(text: str) -> Key:
    """Read what `named` wrote; raises ValueError."""
    family, separator, key = text.partition(":")
    if not separator or not key or family not in set(Family):
        raise ValueError(f"{text!r} is no key of the mapping")
    return Family(family), key
