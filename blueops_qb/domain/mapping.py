"""Mapping: versioned rules from BlueOps keys to items, accounts, classes and locations.

Families are those of accounting-treatments section 17. The scope narrows a rule (segment, branch); the
narrowest one that fits wins and there is no silent default: what is not found is Missing.
"""

from __future__ import annotations

import datetime as dt
import enum
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


@attrs.frozen(kw_only=True)
class MapRule:
    """One row of the mapping: `scope` is empty or a segment or branch key."""

    family: Family
    key: str
    target: Target
    scope: str = ""
    valid_from: dt.date | None = None


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
    _index: dict[tuple[Family, str, str], Target] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        index = {(rule.family, rule.key, rule.scope): rule.target for rule in self.rules}
        object.__setattr__(self, "_index", index)

    def under(self, pinned: Mapping) -> Mapping:
        """These rules with those of an older version on top: what was mapped then stays as it was."""
        if pinned.version == self.version:
            return self
        keys = {(rule.family, rule.key, rule.scope) for rule in pinned.rules}
        newer = tuple(r for r in self.rules if (r.family, r.key, r.scope) not in keys)
        return Mapping(version=pinned.version, rules=(*pinned.rules, *newer))

    def find(self, family: Family, key: str, scopes: Sequence[str] = ()) -> Target | None:
        """The target of `key`, the first fitting scope before the unscoped rule; None when unmapped."""
        for scope in (*scopes, ""):
            target = self._index.get((family, key, scope))
            if target is not None:
                return target
        return None
