"""The lint finds each of the slips that hurt books, and a sound mapping has none of them."""

from collections.abc import Mapping as MappingOf

import attrs
import pytest

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.mapping_findings import Finding, Severity, Subject
from blueops_qb.domain.mapping_lint import CHECKS, by_line, lint
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef


@attrs.frozen(kw_only=True)
class Entry:
    ref: BooksRef
    name: str
    active: bool = True
    facts: MappingOf[str, str] = attrs.field(factory=dict)


def account(id: str) -> BooksRef:
    return BooksRef(BooksKind.ACCOUNT, id)


def item(id: str) -> BooksRef:
    return BooksRef(BooksKind.ITEM, id)


ACCOUNTS = {
    "1000": "Bank",
    "1050": "Other Current Asset",
    "1090": "Other Current Asset",
    "1100": "Accounts Receivable",
    "1150": "Other Current Asset",
    "1250": "Other Current Asset",
    "2000": "Accounts Payable",
    "2300": "Other Current Liability",
    "4010": "Income",
    "4110": "Income",
    "5010": "Cost of Goods Sold",
}
ITEMS = {
    "repair": {"income_account": "4010", "item_type": "Service"},
    "valve": {"income_account": "4110", "item_type": "NonInventory"},
    "stocked": {"income_account": "4110", "item_type": "Inventory", "expense_account": "5010"},
    "deposit": {"income_account": "2300", "item_type": "Service"},
    "retainage": {"income_account": "1150", "item_type": "Service"},
    "advanced": {"income_account": "1250", "item_type": "Service"},
    "taxed": {"income_account": "2300", "item_type": "Service", "taxable": "true"},
}
CATALOG: dict[BooksRef, Entry] = {
    **{account(n): Entry(ref=account(n), name=n, facts={"account_type": t}) for n, t in ACCOUNTS.items()},
    **{item(n): Entry(ref=item(n), name=n, facts=facts) for n, facts in ITEMS.items()},
}


def rule(family: Family, key: str, *, scope: str = "", **target: BooksRef | bool) -> MapRule:
    return MapRule(family=family, key=key, scope=scope, target=Target(**target))  # type: ignore[arg-type]


SOUND = (
    rule(Family.SERVICE, "repair", item=item("repair")),
    rule(Family.MATERIAL_SOLD, "pipe", item=item("valve")),
    rule(Family.MATERIAL_COST, "pipe", account=account("5010")),
    rule(Family.FEE, "deposit", item=item("deposit")),
    rule(Family.FEE, "retainage", item=item("retainage")),
    rule(Family.FEE, "permit_pass_through", item=item("advanced")),
    rule(Family.ROLE, "reimbursable_asset", account=account("1250")),
    rule(Family.ROLE, "ar", account=account("1100")),
    rule(Family.ROLE, "ap", account=account("2000")),
    rule(Family.ROLE, "undeposited", account=account("1090")),
    rule(Family.ROLE, "clearing", account=account("1050")),
    rule(Family.MONEY_ACCOUNT, "checking", account=account("1000")),
)


def findings(*rules: MapRule, subject: Subject | None = None, **more: object) -> tuple[Finding, ...]:
    """Of the sound mapping with some rows put in their place."""
    replaced = {r.about: r for r in (*SOUND, *rules)}
    whole = subject or Subject(
        mapping=Mapping(rules=tuple(replaced.values())),
        catalog=CATALOG,
        profile=BooksProfile(),
        policy=Policy(),
    )
    return lint(attrs.evolve(whole, **more))  # type: ignore[arg-type]


def test_a_sound_mapping_has_nothing_to_complain_of() -> None:
    assert findings() == ()


BAD = {
    "target_missing": (rule(Family.SERVICE, "repair", item=item("gone")), Severity.ERROR),
    "deposit_taxable": (rule(Family.FEE, "deposit", item=item("taxed")), Severity.ERROR),
    "deposit_on_income": (rule(Family.FEE, "deposit", item=item("repair")), Severity.ERROR),
    "retainage_on_income": (rule(Family.FEE, "retainage", item=item("repair")), Severity.ERROR),
    "holdback_on_income": (rule(Family.FEE, "holdback", item=item("repair")), Severity.ERROR),
    "permit_pass_through_on_income": (
        rule(Family.FEE, "permit_pass_through", item=item("repair")),
        Severity.ERROR,
    ),
    "permit_funds_on_income": (rule(Family.FEE, "permit_funds", item=item("repair")), Severity.ERROR),
    "waits_apart": (rule(Family.FEE, "permit_pass_through", item=item("deposit")), Severity.ERROR),
    "inventory_in_cost": (rule(Family.MATERIAL_SOLD, "pipe", item=item("stocked")), Severity.ERROR),
    "clearing_is_bank": (rule(Family.ROLE, "clearing", account=account("1000")), Severity.ERROR),
    "role_type": (rule(Family.ROLE, "ar", account=account("4010")), Severity.ERROR),
    "taxed_by_default": (rule(Family.FEE, "permit", item=item("taxed")), Severity.WARNING),
    "mixed_types": (rule(Family.SERVICE, "repair", scope="north", item=item("deposit")), Severity.WARNING),
}


@pytest.mark.parametrize("check", BAD)
def test_each_slip_is_found_beside_its_line_with_a_remedy(check: str) -> None:
    slip, severity = BAD[check]
    found = [f for f in findings(slip) if f.check == check]
    assert [f.severity for f in found] == [severity]
    assert found[0].remedy.endswith(".")
    assert slip.key in found[0].sentence
    assert check in {f.check for f in by_line(findings(slip))[slip.about]}


def test_an_inactive_target_is_an_error() -> None:
    asleep = {**CATALOG, item("repair"): attrs.evolve(CATALOG[item("repair")], active=False)}
    (found,) = findings(catalog=asleep)
    assert (found.check, found.severity, found.key) == ("target_inactive", Severity.ERROR, "repair")


def test_keys_that_records_ask_for_are_errors_with_what_asks_for_them() -> None:
    asked = {(Family.SERVICE, "trenching"): "Invoice 1041, line 1", (Family.TAX, "nv"): "Invoice 1041"}
    found = findings(used=asked)
    assert [(f.check, f.key) for f in found] == [("unmapped", "trenching"), ("tax_unmapped", "nv")]
    assert "Invoice 1041, line 1 needs it" in found[0].sentence


def test_a_class_is_missed_only_where_the_books_keep_one_per_line() -> None:
    per_line = findings(profile=BooksProfile(class_tracking=Tracking.PER_LINE))
    assert {f.key for f in per_line if f.check == "class_absent"} == {
        "repair",
        "pipe",
        "deposit",
        "retainage",
        "permit_pass_through",
    }
    assert findings(profile=BooksProfile(class_tracking=Tracking.PER_TRANSACTION)) == ()


def test_stock_that_is_bought_as_stock_is_no_double_cost() -> None:
    both = findings(
        rule(Family.MATERIAL_SOLD, "pipe", item=item("stocked")),
        rule(Family.MATERIAL_COST, "pipe", item=item("stocked")),
    )
    assert "inventory_in_cost" not in {f.check for f in both}


def test_books_with_codes_of_their_own_need_a_tax_code() -> None:
    manual = BooksProfile(sales_tax=SalesTax.MANUAL)
    assert [f.check for f in findings(profile=manual)] == ["tax_unmapped"]
    assert findings(profile=manual, policy=Policy(tax_mode=TaxMode.NONE)) == ()


def test_a_second_account_of_receivables_is_told() -> None:
    second = Entry(ref=account("1101"), name="Old A/R", facts={"account_type": "AccountsReceivable"})
    (found,) = findings(catalog={**CATALOG, second.ref: second})
    assert found.check == "two_receivables"
    assert "“Old A/R”" in found.sentence


def test_errors_stand_before_warnings() -> None:
    found = findings(BAD["taxed_by_default"][0], BAD["clearing_is_bank"][0])
    assert [f.severity for f in found] == [Severity.ERROR, Severity.WARNING]


def test_every_check_is_asked_by_a_test() -> None:
    assert len(CHECKS) == 13
