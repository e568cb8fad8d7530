"""Mapping change: what the rules become when some are changed from now on, or for documents from a day on."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import attrs

from blueops_qb.domain.mapping import NOWHERE, Mapping, MapRule, RuleKey


class When(enum.StrEnum):
    """For what a changed row counts."""

    #: New documents from the moment of saving, whatever day they bear.
    NOW = "now"
    #: Documents dated on or after a day.
    FROM = "from"
    #: As NOW, and what was posted in open periods is moved to the new accounts by journal entries.
    PAST = "past"


@attrs.frozen(kw_only=True)
class Changes:
    """What differs between two sets of rules: rows that are added or lead elsewhere, and what is taken out."""

    rules: tuple[MapRule, ...] = ()
    removed: tuple[RuleKey, ...] = ()

    @property
    def count(self) -> int:
        return len({rule.about for rule in self.rules} | set(self.removed))


def revised(
    present: Mapping,
    rules: Iterable[MapRule],
    removed: Iterable[RuleKey] = (),
    *,
    from_day: dt.date | None = None,
) -> tuple[MapRule, ...]:
    """The rules with some replaced and some taken out.

    Without a day a row takes the place of all rows of its key and scope. With one (`from_day`, or the row's own
    `valid_from`) the earlier rows stay for documents dated before it, and what would begin later is replaced.
    """
    kept: dict[RuleKey, tuple[MapRule, ...]] = {}
    for rule in present.rules:
        kept[rule.about] = (*kept.get(rule.about, ()), rule)
    for rule in rules:
        day = rule.valid_from or from_day
        kept[rule.about] = (*_before(kept.get(rule.about, ()), day), attrs.evolve(rule, valid_from=day))
    for about in removed:
        before = _before(kept.pop(about, ()), from_day)
        if before and from_day is not None:
            family, key, scope = about
            end = MapRule(family=family, key=key, scope=scope, target=NOWHERE, valid_from=from_day)
            kept[about] = (*before, end)
    return tuple(rule for rows in kept.values() for rule in rows)


def _before(rows: tuple[MapRule, ...], day: dt.date | None) -> tuple[MapRule, ...]:
    return tuple(r for r in rows if day is not None and (r.valid_from is None or r.valid_from < day))


def changes(present: Mapping, wanted: Mapping) -> Changes:
    """What differs: all rows of every key and scope that are not the same on both sides, and what is left out."""
    now, then = _by_key(present), _by_key(wanted)
    rules = tuple(
        rule
        for about, rows in then.items()
        if rows != now.get(about)
        for rule in sorted(rows, key=lambda rule: rule.valid_from or dt.date.min)
    )
    return Changes(rules=rules, removed=tuple(about for about in now if about not in then))


def _by_key(mapping: Mapping) -> dict[RuleKey, frozenset[MapRule]]:
    found: dict[RuleKey, frozenset[MapRule]] = {}
    for rule in mapping.rules:
        found[rule.about] = found.get(rule.about, frozenset()) | {rule}
    return found
