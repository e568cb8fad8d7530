"""Mapping: versioned rules from BlueOps keys to items, accounts, classes and locations.

Families are those of accounting-treatments section 17. The scope narrows a rule (segment, branch); the
narrowest one that fits wins and there is no silent default: what is not found is Missing. A key may have
several rules that begin on different days; the date of the document says which one counts.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

import attrs

from blueops_qb.domain.refs import BooksRef


class Family(enum.StrEnum):
    """The families of keys that a company maps."""

    SERVICE = "service_category"
    #: A material as sold on an invoice.
    MATERIAL_SOLD = "material_sold"
    #: A material as bought.
    MATERIAL_COST = "material_cost"
    FEE = "fee_type"
    EXPENSE = "expense_category"
    COST_CODE = "cost_code"
    PAYMENT_METHOD = "payment_method"
    #: Where money of a payment method goes, and bank and card accounts by key.
    MONEY_ACCOUNT = "money_account"
    TAX = "tax_code"
    TERMS = "terms"
    BRANCH = "branch"
    CLASS = "class"
    #: Accounts with a special duty: ar, ap, undeposited, discounts, tax_payable, use_tax, labor_applied, ...
    ROLE = "role"


@attrs.frozen(kw_only=True)
class Target:
    """Where a key leads; only what the family needs is set."""

    item: BooksRef | None = None
    account: BooksRef | None = None
    class_: BooksRef | None = None
    location: BooksRef | None = None
    tax_code: BooksRef | None = None
    method: BooksRef | None = None
    terms: BooksRef | None = None
    taxable: bool | None = None


#: Of what a rule is about: family, key, scope.
RuleKey = tuple[Family, str, str]
NOWHERE = Target()
_DAYS_KEPT = 100


@attrs.frozen(kw_only=True)
class MapRule:
    """One row of the mapping: `scope` is empty or a segment or branch key.

    It counts for documents dated on or after `valid_from` (None = from the beginning), until a later rule of the
    same key and scope begins. A rule with a first day that leads nowhere takes the one before it away from then on.
    """

    family: Family
    key: str
    target: Target
    scope: str = ""
    valid_from: dt.date | None = None
    #: The version that it was read from.
    version: int = attrs.field(default=0, eq=False)

    @property
    def about(self) -> RuleKey:
        return self.family, self.key, self.scope


@attrs.frozen(kw_only=True)
class Missing:
    """A key that has no rule; `sentence` and `remedy` are for the person who will map it."""

    family: Family
    key: str
    used_for: str

    @property
    def sentence(self) -> str:
        return f"{self.used_for}: the {self.family.value.replace('_', ' ')} “{self.key}” is not mapped"

    @property
    def remedy(self) -> str:
        return f"Map {self.family.value} “{self.key}” on the mapping page; the record is sent by itself then."


@attrs.frozen(kw_only=True)
class Mapping:
    """One version of a company's rules."""

    version: int = 0
    rules: tuple[MapRule, ...] = ()
    _index: dict[RuleKey, tuple[MapRule, ...]] = attrs.field(init=False, repr=False, eq=False)
    _dated: bool = attrs.field(init=False, repr=False, eq=False)
    #: What counts on days that were asked for.
    _current: dict[dt.date | None, dict[RuleKey, MapRule]] = attrs.field(
        init=False, repr=False, eq=False, factory=dict
    )

    def __attrs_post_init__(self) -> None:
        index: dict[RuleKey, tuple[MapRule, ...]] = {}
        for rule in sorted(self.rules, key=_begins, reverse=True):
            index[rule.about] = (*index.get(rule.about, ()), rule)
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_dated", any(rule.valid_from is not None for rule in self.rules))

    def under(self, pinned: Mapping) -> Mapping:
        """These rules with those of an older version on top: what was mapped then stays as it was."""
        if pinned.version == self.version:
            return self
        keys = {rule.about for rule in pinned.rules}
        newer = tuple(rule for rule in self.rules if rule.about not in keys)
        return Mapping(version=pinned.version, rules=(*pinned.rules, *newer))

    def at(self, about: RuleKey, on: dt.date | None = None) -> MapRule | None:
        """The rule of exactly this key and scope on that day; without a day the one that begins last."""
        for rule in self._index.get(about, ()):
            if on is None or rule.valid_from is None or rule.valid_from <= on:
                return None if rule.valid_from is not None and rule.target == NOWHERE else rule
        return None

    def later(self, about: RuleKey, on: dt.date | None) -> MapRule | None:
        """The rule of this key and scope that begins next after that day."""
        rules = self._index.get(about, ())
        after = [r for r in rules if on is not None and r.valid_from is not None and r.valid_from > on]
        return after[-1] if after else None

    def rule_for(
        self, family: Family, key: str, scopes: Sequence[str] = (), on: dt.date | None = None
    ) -> MapRule | None:
        """The rule that decides: of the first fitting scope, else the unscoped one; None when unmapped."""
        for scope in (*scopes, ""):
            rules = self._index.get((family, key, scope))
            if rules is not None:
                # Nearly all keys have one rule that counts from the beginning.
                rule = rules[0] if rules[0].valid_from is None else self.at((family, key, scope), on)
                if rule is not None:
                    return rule
        return None

    def find(
        self, family: Family, key: str, scopes: Sequence[str] = (), on: dt.date | None = None
    ) -> Target | None:
        """The target of `key`, the first fitting scope before the unscoped rule; None when unmapped."""
        rule = self.rule_for(family, key, scopes, on)
        return None if rule is None else rule.target

    def current(self, on: dt.date | None = None) -> MappingOf[RuleKey, MapRule]:
        """One rule per key and scope, as they count on that day; without a day the ones that begin last."""
        day = on if self._dated else None
        known = self._current.get(day)
        if known is None:
            found = ((about, self.at(about, on)) for about in self._index)
            known = {about: rule for about, rule in found if rule is not None}
            if len(self._current) > _DAYS_KEPT:
                self._current.clear()
            self._current[day] = known
        return known


def _begins(rule: MapRule) -> dt.date:
    return rule.valid_from or dt.date.min
