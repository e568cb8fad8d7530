"""Suggestions for a mapping: what stands out is proposed, what is doubtful is left to a person."""

import re
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.rulebook import CatalogEntry, CatalogView
from blueops_qb.engine.suggest import PART_KINDS, PARTS, label_of, standard_keys, suggest


def entry(kind: BooksKind, id: str, name: str, *, active: bool = True, **facts: Any) -> CatalogEntry:
    return CatalogEntry(ref=BooksRef(kind, id), name=name, active=active, facts=facts)


def account(id: str, name: str, type_: str, number: str = "", **more: Any) -> CatalogEntry:
    return entry(BooksKind.ACCOUNT, id, name, account_type=type_, number=number, **more)


def catalog(*entries: CatalogEntry) -> CatalogView:
    return CatalogView(entries={e.ref: e for e in entries})


RECEIVABLE = (Family.ROLE, "ar")
FEES = (Family.ROLE, "merchant_fees")
REPAIR = (Family.SERVICE, "repair")


def account_for(books: CatalogView, key: tuple[Family, str]) -> str | None:
    target = suggest(books, [key]).get(key)
    return target.account.id if target and target.account else None


def item_for(books: CatalogView, key: tuple[Family, str]) -> str | None:
    target = suggest(books, [key]).get(key)
    return target.item.id if target and target.item else None


def test_the_only_receivables_account_is_found_whatever_its_name() -> None:
    books = catalog(account("84", "Debitoren", "Accounts Receivable"), account("1", "Checking", "Bank"))
    assert account_for(books, RECEIVABLE) == "84"


def test_of_two_receivables_accounts_with_foreign_names_none_is_proposed() -> None:
    books = catalog(
        account("84", "Debitoren A", "Accounts Receivable"),
        account("85", "Debitoren B", "Accounts Receivable"),
    )
    assert account_for(books, RECEIVABLE) is None


def test_the_number_of_the_template_counts_before_the_name() -> None:
    books = catalog(
        account("1", "Merchant Fees", "Expense", "7777"), account("2", "Kartengebühren", "Expense", "6100")
    )
    assert account_for(books, FEES) == "2"


def test_a_number_on_an_account_of_another_type_proves_nothing() -> None:
    books = catalog(account("1", "Widgets", "Income", "6100"))
    assert account_for(books, FEES) is None


def test_types_are_compared_without_spaces_as_the_desktop_edition_spells_them() -> None:
    books = catalog(account("1", "Debitoren", "AccountsReceivable"))
    assert account_for(books, RECEIVABLE) == "1"


def test_an_inactive_account_is_never_proposed() -> None:
    gone = entry(BooksKind.ACCOUNT, "1", "Merchant Fees", active=False, account_type="Expense", number="6100")
    assert account_for(catalog(gone), FEES) is None


def test_items_are_found_by_the_names_under_which_companies_keep_them() -> None:
    books = catalog(entry(BooksKind.ITEM, "7", "Repair Labor"), entry(BooksKind.ITEM, "8", "Widgets"))
    assert item_for(books, REPAIR) == "7"


def test_two_items_that_are_equally_alike_give_no_suggestion() -> None:
    books = catalog(entry(BooksKind.ITEM, "7", "Repairs east"), entry(BooksKind.ITEM, "8", "Repairs west"))
    assert item_for(books, REPAIR) is None


def test_a_key_outside_the_template_is_recognised_by_its_own_words() -> None:
    books = catalog(entry(BooksKind.ITEM, "9", "Hydro Jetting"), entry(BooksKind.ITEM, "8", "Widgets"))
    assert item_for(books, (Family.SERVICE, "hydro_jetting")) == "9"
    assert suggest(books, [(Family.SERVICE, "boat_hire")]) == {}


def test_a_missing_reference_is_named_by_kind_and_id() -> None:
    assert label_of(catalog(), BooksRef(BooksKind.TAX_CODE, "5")) == "tax code 5 (not in the books)"


def test_every_key_of_the_template_can_be_chosen_on_the_page() -> None:
    keys = [(s.family, s.key) for s in standard_keys()]
    assert len(keys) == len(set(keys))
    assert {kind for family, _ in keys for kind in PARTS[family]} <= set(PART_KINDS)
    assert set(PARTS) == set(Family)
    assert {s.key for s in standard_keys() if s.needed} == {"ar", "ap", "undeposited", "tax_payable"}


def test_another_industry_sees_only_what_is_common() -> None:
    assert REPAIR not in {(s.family, s.key) for s in standard_keys("roofing")}
    assert RECEIVABLE in {(s.family, s.key) for s in standard_keys("roofing")}


@pytest.mark.shared
def test_the_template_uses_the_account_numbers_of_the_reference(shared: Path) -> None:
    text = (shared / "reference" / "accounting-treatments.md").read_text("utf-8")
    table = text[text.index("## 15. Account template") : text.index("## 16.")]
    numbers = {n for row in re.findall(r"^\|([0-9 ]+)\|", table, re.M) for n in row.split()}
    assert {s.number for s in standard_keys() if s.number} <= numbers
