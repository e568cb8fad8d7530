"""What looking a mapping over goes by, and what it finds: the shared ground of its checks."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol

import attrs

from blueops_qb.domain.mapping import Family, MapRule
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef

BOUGHT = frozenset({Family.MATERIAL_COST, Family.EXPENSE, Family.COST_CODE})


class Severity(enum.StrEnum):
    """How bad a finding is."""

    #: Something will be held, or posted wrongly.
    ERROR = "error"
    #: Likely wrong; somebody who knows the books should look.
    WARNING = "warning"


class Listed(Protocol):
    """An entry of the books' catalog, as the engine keeps it."""

    @property
    def ref(self) -> BooksRef: ...
    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def facts(self) -> Mapping[str, str]: ...


@attrs.frozen(kw_only=True)
class Finding:
    """One thing to look at; `family`, `key` and `scope` name the line, empty when it is about the whole."""

    check: str
    severity: Severity
    sentence: str
    remedy: str
    family: str = ""
    key: str = ""
    scope: str = ""


@attrs.frozen(kw_only=True)
class Subject:
    """Everything that is looked at. `used` are keys that records or events ask for and that lead nowhere, each with
    the words of what asks for it."""

    mapping: Rules
    catalog: Mapping[BooksRef, Listed]
    profile: BooksProfile
    policy: Policy
    used: Mapping[tuple[Family, str], str] = attrs.field(factory=dict)

    # -- looking things up ---------------------------------------------------------------------------
    def entry(self, ref: BooksRef | None) -> Listed | None:
        return None if ref is None else self.catalog.get(ref)

    def type_of(self, ref: BooksRef | None) -> str:
        """The account's type, without spaces and in small letters; empty when it is not known."""
        entry = self.entry(ref)
        return squeezed(entry.facts.get("account_type", "")) if entry is not None else ""

    def account_of(self, rule: MapRule) -> BooksRef | None:
        """The account that a row leads to in the end; of an item the income or, where it is bought, cost account."""
        item = self.entry(rule.target.item)
        if item is not None:
            bought = rule.family in BOUGHT
            id = item.facts.get("expense_account" if bought else "income_account", "")
            return BooksRef(BooksKind.ACCOUNT, id) if id else None
        return rule.target.account

    def name(self, ref: BooksRef) -> str:
        entry = self.entry(ref)
        return f"“{entry.name}”" if entry is not None else str(ref)

    def is_taxable(self, rule: MapRule) -> bool:
        item = self.entry(rule.target.item)
        told = item is not None and item.facts.get("taxable", "").lower() == "true"
        return rule.target.taxable if rule.target.taxable is not None else told

    def is_inventory(self, ref: BooksRef | None) -> bool:
        entry = self.entry(ref)
        return entry is not None and squeezed(entry.facts.get("item_type", "")) == "inventory"


def about(rule: MapRule, check: str, severity: Severity, sentence: str, remedy: str) -> Finding:
    family, key, scope = rule.about
    where = f"{words(family)} “{key}”" + (f" for “{scope}”" if scope else "")
    since = f" from {rule.valid_from} on" if rule.valid_from else ""
    return Finding(
        check=check,
        severity=severity,
        sentence=f"{where}{since} {sentence}",
        remedy=remedy,
        family=family.value,
        key=key,
        scope=scope,
    )


def rows_of(subject: Subject, family: Family, key: str) -> list[MapRule]:
    return [rule for rule in subject.mapping.rules if rule.family is family and rule.key == key]


def words(family: Family) -> str:
    return family.value.replace("_", " ")


def squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
