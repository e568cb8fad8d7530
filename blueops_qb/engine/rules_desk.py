"""Rules desk: new versions of mapping and policy, and what they release."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from blueops_qb.domain.mapping import Family, MapRule
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import outbox
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.rulebook import load_mapping, save_mapping, save_policy
from blueops_qb.engine.turn import Turn


class UnfitTarget(ValueError):
    """A rule leads to something that is not in the books' catalog, or is inactive."""


def change_mapping(
    turn: Turn,
    rules: Iterable[MapRule],
    *,
    actor: str,
    remove: Iterable[tuple[Family, str, str]] = (),
) -> int:
    """Write a new version: the present rules with `rules` added or replaced and `remove` (family, key, scope)
    taken out. Records held for a missing mapping are planned again. Answers the version.

    Raises UnfitTarget naming the rule and the target.
    """
    present = load_mapping(turn.connection, turn.id, turn.row["mapping_version"])
    merged = {(r.family, r.key, r.scope): r for r in present.rules}
    for rule in rules:
        _check(turn, rule)
        merged[(rule.family, rule.key, rule.scope)] = rule
    for key in remove:
        merged.pop(key, None)
    version = int(turn.row["mapping_version"]) + 1
    save_mapping(turn.connection, turn.id, merged.values(), version=version, actor=actor, now=turn.now)
    turn.set(mapping_version=version)
    turn.note("mapping changed", f"connection {turn.id}", numbers=f"version {version}", actor=actor)
    _release(turn)
    return version


def change_policy(turn: Turn, policy: Policy, *, actor: str) -> int:
    """Write a new version of the policy; held records are planned again. Answers the version."""
    version = int(turn.row["policy_version"]) + 1
    save_policy(turn.connection, turn.id, attrs.evolve(policy, version=version), actor=actor, now=turn.now)
    turn.set(policy_version=version)
    turn.note("policy changed", f"connection {turn.id}", numbers=f"version {version}", actor=actor)
    _release(turn)
    return version


def _release(turn: Turn) -> None:
    holds = [Hold.MAPPING, Hold.REFUSED, Hold.MATCH]
    outbox.again(turn.connection, turn.tenant_id, turn.now, states=[State.HELD], holds=holds)


def _check(turn: Turn, rule: MapRule) -> None:
    entries = turn.catalog.entries
    for field in attrs.fields(type(rule.target)):
        ref = getattr(rule.target, field.name)
        if not isinstance(ref, BooksRef):
            continue
        entry = entries.get(ref)
        where = f"{rule.family.value} “{rule.key}”"
        if entry is None:
            raise UnfitTarget(f"{where} leads to {ref}, which is not in the books; choose another one")
        if not entry.active:
            raise UnfitTarget(
                f"{where} leads to “{entry.name}”, which is inactive in the books; choose another one"
            )
