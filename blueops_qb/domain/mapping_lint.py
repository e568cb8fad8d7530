"""Mapping lint: what is wrong, or likely wrong, in a mapping, found without posting anything.

Each check is a function from everything there is to look at to findings; `CHECKS` lists them. Sources of the rules:
accounting-treatments 0.1 (receivables), 1.2 (one route of cost), 2.5 (clearing), 7.1 (retainage), 15 to 17 (templates).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family, MapRule, RuleKey
from blueops_qb.domain.mapping_findings import (
    BOUGHT,
    Finding,
    Severity,
    Subject,
    about,
    rows_of,
    words,
)
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef

_SOLD = frozenset({Family.SERVICE, Family.MATERIAL_SOLD, Family.FEE})
_INCOME = frozenset({"income", "otherincome"})
_COST = frozenset({"costofgoodssold", "expense", "otherexpense"})
NO_INCOME_FEES = {
    "deposit": "a deposit is owed to the customer until the work is done",
    "permit_pass_through": "what was advanced for the customer is no income when it comes back",
    "permit_funds": "the customer's money for fees belongs to him until the authority gets it",
    "retainage": "retainage is earned already and only not due yet",
    "holdback": "what an insurer holds back is earned already and only not due yet",
}
#: Keys whose lines take the class of the line that they belong to, or none.
_CLASSED = frozenset({"discount", "sales_tax", "freight", "purchase_tax"})
#: Keys whose items are not taxed unless somebody decides otherwise (accounting-treatments section 16).
_UNTAXED = ("permit", "permit_pass_through", "permit_funds", "agreement", "retainage", "holdback")
#: The account types that a special duty may have (accounting-treatments section 15).
ROLE_TYPES: dict[str, frozenset[str]] = {
    "ar": frozenset({"accountsreceivable"}),
    "ap": frozenset({"accountspayable"}),
    "undeposited": frozenset({"othercurrentasset"}),
    "clearing": frozenset({"othercurrentasset", "othercurrentliability"}),
    "deposits": frozenset({"othercurrentliability"}),
    "reimbursable_asset": frozenset({"othercurrentasset"}),
    "permit_funds": frozenset({"othercurrentliability"}),
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


# -- the checks ----------------------------------------------------------------------------------------
def unmapped(subject: Subject) -> Iterator[Finding]:
    """Keys that records use and no row has."""
    for (family, key), used_for in subject.used.items():
        yield Finding(
            check="tax_unmapped" if family is Family.TAX else "unmapped",
            severity=Severity.ERROR,
            sentence=f"{words(family)} “{key}” is not mapped, and {used_for} needs it",
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
                yield about(
                    rule,
                    check,
                    Severity.ERROR,
                    f"leads to {subject.name(ref)}, which {what}",
                    "Choose another one, or make it active in the books again.",
                )


def deposit_taxable(subject: Subject) -> Iterator[Finding]:
    """Money taken beforehand bears no sales tax; the invoice does."""
    for rule in rows_of(subject, Family.FEE, "deposit"):
        if subject.is_taxable(rule):
            yield about(
                rule,
                "deposit_taxable",
                Severity.ERROR,
                "leads to an item that is taxable: the deposit would be taxed, and the invoice again",
                "Mark the item as not taxable in the books.",
            )


def on_income(subject: Subject) -> Iterator[Finding]:
    """Deposits, retainage and holdbacks belong on the balance sheet."""
    for key, why in NO_INCOME_FEES.items():
        for rule in rows_of(subject, Family.FEE, key):
            account = subject.account_of(rule)
            if account is not None and subject.type_of(account) in _INCOME:
                yield about(
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
            rule.family in _SOLD | BOUGHT
            and leads
            and rule.target.class_ is None
            and rule.key not in _CLASSED
        ):
            yield about(
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
            yield about(
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
            yield about(
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
    for rule in rows_of(subject, Family.ROLE, "clearing"):
        account = rule.target.account
        if account is not None and (account in banks or subject.type_of(account) == "bank"):
            yield about(
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
            yield about(
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
        yield about(
            rule,
            "role_type",
            Severity.ERROR,
            f"leads to {subject.name(account)}, an account of type “{shown}”, which cannot bear this duty",
            "Choose an account of the right type.",
        )


def two_receivables(subject: Subject) -> Iterator[Finding]:
    """With several accounts of receivables the books choose one by themselves."""
    for type_, role, kind in (
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
                sentence=f"the books have several accounts of the type {kind}: {names}",
                remedy="Make all but one inactive, so that every invoice and payment meets on the same one.",
                family=Family.ROLE.value,
                key=role,
            )


def waits_apart(subject: Subject) -> Iterator[Finding]:
    """What a permit waits on when it is paid, and what bills or holds its money, are one account."""
    for key, role in (("permit_pass_through", "reimbursable_asset"), ("permit_funds", "permit_funds")):
        accounts = {subject.account_of(rule) for rule in rows_of(subject, Family.ROLE, role)} - {None}
        for rule in rows_of(subject, Family.FEE, key):
            account = subject.account_of(rule)
            if account is not None and accounts and account not in accounts:
                yield about(
                    rule,
                    "waits_apart",
                    Severity.ERROR,
                    f"leads to {subject.name(account)}, but the role “{role}” to another account: neither would clear",
                    "Give the item the account of that role, or choose that account for the role.",
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
    waits_apart,
    two_receivables,
)


def by_line(findings: tuple[Finding, ...]) -> dict[RuleKey, tuple[Finding, ...]]:
    """The findings of each line of the mapping."""
    found: dict[RuleKey, tuple[Finding, ...]] = {}
    for finding in findings:
        if finding.family:
            about = (Family(finding.family), finding.key, finding.scope)
            found[about] = (*found.get(about, ()), finding)
    return found
