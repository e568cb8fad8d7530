"""Rules desk: new versions of mapping and policy, and what they release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import NOWHERE, Mapping, MapRule, RuleKey
from blueops_qb.domain.mapping_change import changes, revised
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import outbox
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.rulebook import load_mapping, save_mapping, save_policy
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t


class UnfitTarget(ValueError):
    """A rule leads to something that is not in the books' catalog, or is inactive."""


class Overtaken(ValueError):
    """The mapping was changed by somebody else since the draft was made; the sentence says what to do."""


def change_mapping(
    turn: Turn,
    rules: Iterable[MapRule],
    *,
    actor: str,
    remove: Iterable[RuleKey] = (),
    from_day: dt.date | None = None,
    change: str = "",
) -> int:
    """Write a new version: the present rules with `rules` added or replaced and `remove` (family, key, scope)
    taken out; with `from_day` for documents dated on or after it. Records held for a missing mapping are planned
    again. Answers the version.

    Raises UnfitTarget naming the rule and the target.
    """
    rules = list(rules)
    for rule in rules:
        check_target(turn, rule)
    present = load_mapping(turn.connection, turn.id, turn.row["mapping_version"])
    change = change or (f"for documents dated from {from_day} on" if from_day else "from now on")
    return _save(turn, revised(present, rules, remove, from_day=from_day), actor=actor, change=change)


def take_draft(turn: Turn, draft: Mapping, *, actor: str, from_day: dt.date | None = None) -> int:
    """Make a whole draft the mapping, as it is or for documents dated on or after a day; answers the version.

    `draft.version` is the version it was made from. Raises Overtaken when the mapping has changed since, UnfitTarget.
    """
    present = load_mapping(turn.connection, turn.id, turn.row["mapping_version"])
    if draft.version != present.version:
        raise Overtaken(
            f"the draft was made from version {draft.version}, and the mapping is at version {present.version} now; "
            "make a new draft, put your changes into it, and look at it again"
        )
    different = changes(present, draft)
    for rule in different.rules:
        if rule.target != NOWHERE:
            check_target(turn, rule)
    if from_day is None:
        return _save(turn, draft.rules, actor=actor, change="from now on")
    dated = [attrs.evolve(rule, valid_from=rule.valid_from or from_day) for rule in different.rules]
    rules = revised(present, dated, different.removed, from_day=from_day)
    return _save(turn, rules, actor=actor, change=f"for documents dated from {from_day} on")


def _save(turn: Turn, rules: tuple[MapRule, ...], *, actor: str, change: str) -> int:
    version = int(turn.row["mapping_version"]) + 1
    save_mapping(turn.connection, turn.id, rules, version=version, actor=actor, now=turn.now, change=change)
    turn.set(mapping_version=version)
    turn.note(
        "mapping changed", f"connection {turn.id}", numbers=f"version {version}", actor=actor, change=change
    )
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
    c = t.conflicts
    query = sa.select(c.c.books_kind, c.c.books_id).where(
        c.c.connection_id == turn.id,
        c.c.cause == "incoming",
        c.c.group == "arrival",
        c.c.state == "open",
    )
    # What was not taken in from the books may have found its key.
    make_dirty(
        turn, [BooksRef(BooksKind(row.books_kind), row.books_id) for row in turn.connection.execute(query)]
    )


def check_target(turn: Turn, rule: MapRule) -> None:
    """Raises UnfitTarget when a rule leads to what is not in the books, or is inactive there."""
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
