"""Trace: how every key of a record was looked up, kept when somebody wants to know why an account was chosen.

Planning passes none and keeps nothing; explaining runs the very same rules with one.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence

import attrs

from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target


class Decided(enum.StrEnum):
    """What decided where a key leads."""

    #: A row of the mapping.
    RULE = "rule"
    #: A bookkeeper's re-coding of this line, which goes before every rule.
    LINE_OVERRIDE = "line override"
    #: Nothing: the key is not mapped.
    NOTHING = "nothing"


@attrs.frozen(kw_only=True)
class Tried:
    """One scope that was asked, in order; `rule` is what it has on that day, `later` what begins after it."""

    scope: str
    rule: MapRule | None = None
    later: MapRule | None = None


@attrs.frozen(kw_only=True)
class Step:
    """One look-up of a key: for what, on which day, which scopes, and what decided."""

    family: Family
    key: str
    where: str
    on: dt.date | None
    tried: tuple[Tried, ...]
    decided: Decided
    rule: MapRule | None = None
    #: Where it led; None when nowhere.
    target: Target | None = None
    #: Who re-coded the line and why, where a line override decided.
    note: str = ""


@attrs.define
class Trace:
    """The steps of one record, in the order in which the rules took them."""

    steps: list[Step] = attrs.field(factory=list)

    def looked_up(
        self,
        mapping: Mapping,
        family: Family,
        key: str,
        scopes: Sequence[str],
        *,
        where: str,
        on: dt.date | None,
        rule: MapRule | None,
    ) -> None:
        """Keep a look-up; every scope up to the one that decided is asked once more, by the mapping's own words."""
        tried: list[Tried] = []
        for scope in (*scopes, ""):
            about = (family, key, scope)
            found = mapping.at(about, on)
            tried.append(Tried(scope=scope, rule=found, later=mapping.later(about, on)))
            if found is not None:
                break
        self.steps.append(
            Step(
                family=family,
                key=key,
                where=where,
                on=on,
                tried=tuple(tried),
                decided=Decided.NOTHING if rule is None else Decided.RULE,
                rule=rule,
                target=None if rule is None else rule.target,
            )
        )

    def overridden(
        self, family: Family, key: str, *, where: str, on: dt.date | None, target: Target, note: str
    ) -> None:
        """Keep that a bookkeeper's re-coding of a line stands before the rules."""
        self.steps.append(
            Step(
                family=family,
                key=key,
                where=where,
                on=on,
                tried=(),
                decided=Decided.LINE_OVERRIDE,
                target=target,
                note=note,
            )
        )
