"""Match rule list: what a person may ask of the next match plan, one rule at a time, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from blueops_qb.domain.match_parties import EVIDENCE, NAME, STANDARD, Bucket, MatchRules
from blueops_qb.engine import matching
from blueops_qb.engine.match_rows import rules_of
from blueops_qb.engine.turn import Turn

#: How people call what may agree.
_WORDS = {
    "name": "name",
    "email": "e-mail address",
    "phone": "phone number",
    "address": "address",
    "amount": "open amounts",
}


class CannotRule(ValueError):
    """A rule cannot be added or removed; the sentence says why and what to do."""


@attrs.frozen(kw_only=True)
class MatchRule:
    """One rule: its name, what it asks for, and the rules with it and without it."""

    name: str
    sentence: str
    excludes: str
    stands: Callable[[MatchRules], bool]
    put: Callable[[MatchRules], MatchRules]
    take: Callable[[MatchRules], MatchRules]


def _require(what: str) -> MatchRule:
    return MatchRule(
        name=f"require:{what}",
        sentence=f"The {_WORDS[what]} must agree before a link is proposed",
        excludes=f"ignore:{what}",
        stands=lambda rules: what in rules.require,
        put=lambda rules: attrs.evolve(rules, require=rules.require | {what}),
        take=lambda rules: attrs.evolve(rules, require=rules.require - {what}),
    )


def _ignore(what: str) -> MatchRule:
    return MatchRule(
        name=f"ignore:{what}",
        sentence=f"The {_WORDS[what]} does not count",
        excludes=f"require:{what}",
        stands=lambda rules: what in rules.ignore,
        put=lambda rules: attrs.evolve(rules, ignore=rules.ignore | {what}),
        take=lambda rules: attrs.evolve(rules, ignore=rules.ignore - {what}),
    )


RULES: Mapping[str, MatchRule] = {
    rule.name: rule
    for rule in (
        *(_require(what) for what in EVIDENCE),
        *(_ignore(what) for what in EVIDENCE if what != NAME),
        MatchRule(
            name="accept:exact",
            sentence="Only the same name is proposed as a link; another spelling waits for a person",
            excludes="",
            stands=lambda rules: rules.accept is Bucket.EXACT,
            put=lambda rules: attrs.evolve(rules, accept=Bucket.EXACT),
            take=lambda rules: attrs.evolve(rules, accept=STANDARD.accept),
        ),
        MatchRule(
            name="create:no",
            sentence="Whom nobody in the books resembles waits for a person instead of being created",
            excludes="",
            stands=lambda rules: not rules.create,
            put=lambda rules: attrs.evolve(rules, create=False),
            take=lambda rules: attrs.evolve(rules, create=STANDARD.create),
        ),
    )
}


def in_force(turn: Turn) -> list[MatchRule]:
    """The rules that were added, in the order of the list."""
    rules = rules_of(turn.row)
    return [rule for rule in RULES.values() if rule.stands(rules)]


def add(turn: Turn, name: str, *, actor: str) -> MatchRule:
    """Add a rule for the next plan; raises CannotRule."""
    rule, rules = _named(name), rules_of(turn.row)
    if rule.excludes and RULES[rule.excludes].stands(rules):
        other = RULES[rule.excludes].sentence
        raise CannotRule(f"“{rule.sentence}” contradicts “{other}”. Remove that rule first.")
    matching.set_rules(turn, rule.put(rules), actor=actor)
    return rule


def remove(turn: Turn, name: str, *, actor: str) -> MatchRule:
    """Take a rule back; raises CannotRule."""
    rule = _named(name)
    matching.set_rules(turn, rule.take(rules_of(turn.row)), actor=actor)
    return rule


def _named(name: str) -> MatchRule:
    rule = RULES.get(name)
    if rule is None:
        raise CannotRule(f"There is no rule “{name[:40]}”. Choose one from the list.")
    return rule
