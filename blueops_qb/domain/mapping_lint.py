"""Mapping lint: what is wrong, or likely wrong, in a mapping, found without posting anything.

Each check is a function from everything there is to look at to findings; `CHECKS` lists them. Sources of the rules:
accounting-treatments 0.1 (receivables), 1.2 (one route of cost), 2.5 (clearing), 7.1 (retainage), 15 to 17 (templates).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import attrs

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family, MapRule, RuleKey
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef


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
        return _squeezed(entry.facts.get("account_type", "")) if entry is not None else ""

    def account_of(self, rule: MapRule) -> BooksRef | None:
        """The account that a row leads to in the end; of an item the income or, where it is bought, cost account."""
        item = self.entry(rule.target.item)
        if item is not None:
            bought = rule.family in _BOUGHT
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
        return entry is not None and _squeezed(entry.facts.get("item_type", "")) == "inventory"


_BOUGHT = frozenset({Family.MATERIAL_COST, Family.EXPENSE, Family.COST_CODE})
_SOLD = frozenset({Family.SERVICE, Family.MATERIAL_SOLD, Family.FEE})
_INCOME = frozenset({"income", "otherincome"})
_COST = frozenset({"costofgoodssold", "expense", "otherexpense"})
_NO_INCOME_FEES = {
    "deposit": "a deposit is owed to the customer until the work is done",
    "retainage": "retainage is earned already and only not due yet",
    "holdback": "what an insurer holds back is earned already and only not due yet",
}
#: Keys whose lines take the class of the line that they belong to, or none.
_CLASSED = frozenset({"discount", "sales_tax", "freight", "purchase_tax"})
#: Keys whose items are not taxed unless somebody decides otherwise (accounting-treatments section 16).
_UNTAXED = ("permit", "agreement", "retainage", "holdback")
#: The account types that a special duty may have (accounting-treatments section 15).
ROLE_TYPES: dict[str, frozenset[str]] = {
    "ar": frozenset({"accountsreceivable"}),
    "ap": frozenset({"accountspayable"}),
    "undeposited": frozenset({"othercurrentasset"}),
    "clearing": frozenset({"othercurrentasset", "othercurrentliability"}),
    "deposits": frozenset({"othercurrentliability"}),
    "deferred_agreements": frozenset({"othercurrentliability", "longtermliability"}),
    "retainage_receivable": frozenset({"othercurrentasset"}),
    "retainage_payable": frozenset({"othercurrentliability"}),
    "tax_payable": frozenset({"othercurrentliability"}),
    "use_tax": frozenset({"othercurrentliability"}),
    "merchant_fees": _COST,
    "bad_debt": _COST | _INCOME,
    "discounts": _INCOME | _COST,
}
Check = Callable[[Subject], Iterator[Finding]]


def lint(subject: Subject) -> tuple[Finding, ...]:
    """Every finding, errors first, each once."""
    found = dict.fromkeys(finding for check in CHECKS for finding in check(subject))
    return tuple(sorted(found, key=lambda f: (f.severity is not Severity.ERROR, f.family, f.key, f.scope)))


def _about(rule: MapRule, check: str, severity: Severity, sentence: str, remedy: str) -> Finding:
    family, key, scope = rule.about
    where = f"{_words(family)} “{key}”" + (f" for “{scope}”" if scope else "")
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


# -- the checks ----------------------------------------------------------------------------------------
def unmapped(subject: Subject) -> Iterator[Finding]:
    """Keys that records use and no row has."""
    for (family, key), used_for in subject.used.items():
        yield Finding(
            check="tax_unmapped" if family is Family.TAX else "unmapped",
            severity=Severity.ERROR,
            sentence=f"{_words(family)} “{key}” is not mapped, and {used_for} needs it",
            remedy="Choose where it leads; the records that wait for it are sent by themselves then.",
            family=family.value,
            key=key,
        )


def dead_target(subject: Subject) -> Iterator[Finding]:
    """Rows that lead to what is inactive or not in the books."""
    for rule in subject.mapping.rules:
        for field in attrs.fields(type(rule.target)):
            ref = getattr(rule.target, field.name)
            if not isinstance(ref, BooksRef):
                continue
            entry = subject.entry(ref)
            if entry is None or not entry.active:
                what = "is inactive in the books" if entry is not None else "is not in the books"
                check = "target_inactive" if entry is not None else "target_missing"
                yield _about(
                    rule,
                    check,
                    Severity.ERROR,
                    f"leads to {subject.name(ref)}, which {what}",
                    "Choose another one, or make it active in the books again.",
                )


def deposit_taxable(subject: Subject) -> Iterator[Finding]:
    """Money taken beforehand bears no sales tax; the invoice does."""
    for rule in _of(subject, Family.FEE, "deposit"):
        if subject.is_taxable(rule):
            yield _about(
                rule,
                "deposit_taxable",
                Severity.ERROR,
                "leads to an item that is taxable: the deposit would be taxed, and the invoice again",
                "Mark the item as not taxable in the books.",
            )


def on_income(subject: Subject) -> Iterator[Finding]:
    """Deposits, retainage and holdbacks belong on the balance sheet."""
    for key, why in _NO_INCOME_FEES.items():
        for rule in _of(subject, Family.FEE, key):
            account = subject.account_of(rule)
            if account is not None and subject.type_of(account) in _INCOME:
                yield _about(
                    rule,
                    f"{key}_on_income",
                    Severity.ERROR,
                    f"posts to the income account {subject.name(account)}, but {why}",
                    "Give its item an account of the balance sheet (accounting-treatments section 15).",
                )


def class_absent(subject: Subject) -> Iterator[Finding]:
    """Where the books keep a class per line, a row without one leaves it to the line and its job."""
    if subject.profile.class_tracking is not Tracking.PER_LINE:
        return
    for rule in subject.mapping.rules:
        leads = rule.target.item is not None or rule.target.account is not None
        if (
            rule.family in _SOLD | _BOUGHT
            and leads
            and rule.target.class_ is None
            and rule.key not in _CLASSED
        ):
            yield _about(
                rule,
                "class_absent",
                Severity.WARNING,
                "has no class, and the books keep one per line",
                "Choose one, or make sure that every line or job has its own.",
            )


def inventory_in_cost(subject: Subject) -> Iterator[Finding]:
    """One route of cost per item (accounting-treatments 1.2): not bought to cost and posted again when sold."""
    for rule in subject.mapping.rules:
        if rule.family is not Family.MATERIAL_SOLD or not subject.is_inventory(rule.target.item):
            continue
        bought = subject.mapping.rule_for(Family.MATERIAL_COST, rule.key, (rule.scope,) if rule.scope else ())
        if bought is None or subject.is_inventory(bought.target.item):
            continue
        account = subject.account_of(bought)
        if account is not None and subject.type_of(account) in _COST:
            yield _about(
                rule,
                "inventory_in_cost",
                Severity.ERROR,
                f"sells an inventory item, whose cost QuickBooks posts by itself, and is bought to "
                f"{subject.name(account)}: the job bears the cost twice",
                "Sell it by a non-inventory item, or buy it by the inventory item too.",
            )


def mixed_types(subject: Subject) -> Iterator[Finding]:
    """One key that leads to accounts of different types by scope or day."""
    types: dict[tuple[Family, str], dict[str, MapRule]] = {}
    for rule in subject.mapping.rules:
        account = subject.account_of(rule)
        if account is not None and (type_ := subject.type_of(account)):
            types.setdefault((rule.family, rule.key), {}).setdefault(type_, rule)
    for found in types.values():
        if len(found) > 1:
            names = ", ".join(subject.name(a) for r in found.values() if (a := subject.account_of(r)))
            yield _about(
                list(found.values())[-1],
                "mixed_types",
                Severity.WARNING,
                f"leads to accounts of different types by segment, branch or day: {names}",
                "Look whether that is meant; usually one of them is a slip.",
            )


def tax_default(subject: Subject) -> Iterator[Finding]:
    """Books with codes of their own need one for sales tax that BlueOps charges."""
    mode, tax = subject.policy.tax_mode, subject.profile.sales_tax
    mapped = any(rule.family is Family.TAX for rule in subject.mapping.rules)
    if mode is not TaxMode.NONE and tax is SalesTax.MANUAL and not mapped:
        yield Finding(
            check="tax_unmapped",
            severity=Severity.WARNING,
            sentence="no tax code is mapped, and the books compute sales tax by codes of the company",
            remedy="Map tax code “default”, and one per jurisdiction that you charge.",
            family=Family.TAX.value,
            key="default",
        )


def clearing_is_bank(subject: Subject) -> Iterator[Finding]:
    """A clearing account that is a bank account never comes back to zero."""
    banks = {r.target.account for r in subject.mapping.rules if r.family is Family.MONEY_ACCOUNT}
    for rule in _of(subject, Family.ROLE, "clearing"):
        account = rule.target.account
        if account is not None and (account in banks or subject.type_of(account) == "bank"):
            yield _about(
                rule,
                "clearing_is_bank",
                Severity.ERROR,
                f"is the bank account {subject.name(account)}: gross amounts and payouts would both land there",
                "Choose an account of its own for money that a processor still holds.",
            )


def taxed_by_default(subject: Subject) -> Iterator[Finding]:
    """Permits and agreements are not taxed unless the state says so."""
    for rule in subject.mapping.rules:
        if rule.family not in _SOLD or not any(rule.key.startswith(word) for word in _UNTAXED):
            continue
        if subject.is_taxable(rule):
            yield _about(
                rule,
                "taxed_by_default",
                Severity.WARNING,
                "leads to an item that is taxable by default",
                "Mark the item as not taxable in the books, unless your state taxes it.",
            )


def role_types(subject: Subject) -> Iterator[Finding]:
    """Accounts with a special duty are of the type that the duty needs."""
    for rule in subject.mapping.rules:
        fitting = ROLE_TYPES.get(rule.key) if rule.family is Family.ROLE else None
        account = rule.target.account
        type_ = subject.type_of(account)
        if fitting is None or account is None or not type_ or type_ in fitting:
            continue
        if rule.key == "clearing" and type_ == "bank":
            continue  # said in words of its own
        shown = subject.catalog[account].facts.get("account_type", "")
        yield _about(
            rule,
            "role_type",
            Severity.ERROR,
            f"leads to {subject.name(account)}, an account of type “{shown}”, which cannot bear this duty",
            "Choose an account of the right type.",
        )


def two_receivables(subject: Subject) -> Iterator[Finding]:
    """With several accounts of receivables the books choose one by themselves."""
    for type_, role, words in (
        ("accountsreceivable", "ar", "accounts receivable"),
        ("accountspayable", "ap", "accounts payable"),
    ):
        accounts = [
            entry
            for ref, entry in subject.catalog.items()
            if ref.kind is BooksKind.ACCOUNT and entry.active and subject.type_of(ref) == type_
        ]
        if len(accounts) > 1:
            names = ", ".join(sorted(f"“{entry.name}”" for entry in accounts))
            yield Finding(
                check="two_receivables" if role == "ar" else "two_payables",
                severity=Severity.WARNING,
                sentence=f"the books have several accounts of the type {words}: {names}",
                remedy="Make all but one inactive, so that every invoice and payment meets on the same one.",
                family=Family.ROLE.value,
                key=role,
            )


#: Every check, in the order in which they are asked.
CHECKS: tuple[Check, ...] = (
    unmapped,
    dead_target,
    deposit_taxable,
    on_income,
    class_absent,
    inventory_in_cost,
    mixed_types,
    tax_default,
    clearing_is_bank,
    taxed_by_default,
    role_types,
    two_receivables,
)


def _of(subject: Subject, family: Family, key: str) -> list[MapRule]:
    return [rule for rule in subject.mapping.rules if rule.family is family and rule.key == key]


def _words(family: Family) -> str:
    return family.value.replace("_", " ")


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def by_line(findings: tuple[Finding, ...]) -> dict[RuleKey, tuple[Finding, ...]]:
    """The findings of each line of the mapping."""
    found: dict[RuleKey, tuple[Finding, ...]] = {}
    for finding in findings:
        if finding.family:
            about = (Family(finding.family), finding.key, finding.scope)
            found[about] = (*found.get(about, ()), finding)
    return found
