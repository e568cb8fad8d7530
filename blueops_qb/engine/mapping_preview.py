"""Mapping preview: what a change of some rows would do, before anybody saves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs

from blueops_qb.domain.mapping import Mapping, MapRule, RuleKey
from blueops_qb.domain.mapping_change import When, revised
from blueops_qb.domain.mapping_findings import Finding
from blueops_qb.engine import asked, reclass, rules_desk, what_if
from blueops_qb.engine.turn import Turn

#: How far back the replay of a preview looks.
DAYS = 30


@attrs.frozen(kw_only=True)
class MappingPreview:
    """The replay of the last days, what the lint newly says, and, where the past is to be moved, its entries."""

    replay: what_if.WhatIf
    findings: tuple[Finding, ...]
    moves: reclass.ReclassPlan | None


def look(
    turn: Turn,
    rules: Sequence[MapRule],
    removed: Sequence[RuleKey],
    *,
    when: When,
    day: dt.date | None = None,
) -> MappingPreview:
    """What saving these rows would do; writes nothing. Raises UnfitTarget."""
    for rule in rules:
        rules_desk.check_target(turn, rule)
    present, today = turn.mapping, turn.now.date()
    draft = Mapping(version=present.version, rules=revised(present, rules, removed, from_day=day))
    before = set(asked.lint_of(turn, records=0))
    return MappingPreview(
        replay=what_if.replay(turn, draft, since=today - dt.timedelta(days=DAYS), until=today),
        findings=tuple(f for f in asked.lint_of(turn, draft, records=0) if f not in before),
        moves=reclass.plan(turn, draft) if when is When.PAST else None,
    )


def save(
    turn: Turn,
    rules: Sequence[MapRule],
    removed: Sequence[RuleKey],
    *,
    when: When,
    day: dt.date | None = None,
    approved: str = "",
    actor: str,
) -> int:
    """Save rows as they were previewed; answers how many journal entries move the past.

    Raises UnfitTarget, or Overtaken when the past is not any more as it was when `approved` was shown.
    """
    change = "from now on, with the past moved" if when is When.PAST else ""
    rules_desk.change_mapping(turn, rules, actor=actor, remove=removed, from_day=day, change=change)
    return len(reclass.carry_out(turn, actor=actor, approved=approved)) if when is When.PAST else 0
