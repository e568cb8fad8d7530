"""Accounts, items and classes in the words of both kinds of QuickBooks: created, found by name, never changed."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import AccountRecord, ClassRecord, Document, ItemRecord, kind_of
from blueops_qb.domain.list_entries import AccountType, ItemKind, ListEntry
from blueops_qb.domain.posting.context import NotPosted, Posted, PostingContext
from blueops_qb.domain.posting.list_entries import entry_of
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey
from blueops_qb.providers.qbd.codec import bodies
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.exchanges import requests_of
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbo.codec import to_qbo
from blueops_qb.providers.qbo.codec.members import Unfit
from blueops_qb.providers.qbo.faults import rule_for
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb

K = BooksKind
NOW = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
INCOME, COST = BooksRef(K.ACCOUNT, "40"), BooksRef(K.ACCOUNT, "50")
ACCOUNT = AccountRecord(
    name="Customer Deposits",
    type=AccountType.OTHER_CURRENT_LIABILITY,
    detail="DeferredRevenue",
    number="2300",
)
PART = ItemRecord(
    name="Pipe", kind=ItemKind.NON_INVENTORY, income_account=INCOME, expense_account=COST, taxable=True
)
BOUGHT = ItemRecord(name="Crew", expense_account=COST)
FEE = ItemRecord(name="Late Fee", kind=ItemKind.OTHER_CHARGE, income_account=INCOME)
LESS = ItemRecord(name="Discount", kind=ItemKind.DISCOUNT, income_account=INCOME)
CLASS = ClassRecord(name="Service")
TAXING = BooksProfile(sales_tax=SalesTax.MANUAL)
NO_NUMBERS = BooksProfile(account_numbers=False)
QBO, QBD = QboProvider(QboSettings()), QbdProvider()


def operation(document: Document, verb: Verb = Verb.CREATE) -> Operation:
    return Operation(id="1", verb=verb, kind=kind_of(document), document=document, target_id="7", version="0")


# -- QuickBooks Online ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("document", "profile", "body"),
    [
        (
            ACCOUNT,
            BooksProfile(),
            {
                "Name": "Customer Deposits",
                "AccountType": "Other Current Liability",
                "AccountSubType": "DeferredRevenue",
                "AcctNum": "2300",
            },
        ),
        (
            attrs.evolve(ACCOUNT, detail=""),
            NO_NUMBERS,
            {"Name": "Customer Deposits", "AccountType": "Other Current Liability"},
        ),
        (
            PART,
            BooksProfile(),
            {
                "Name": "Pipe",
                "Type": "NonInventory",
                "Taxable": True,
                "IncomeAccountRef": {"value": "40"},
                "ExpenseAccountRef": {"value": "50"},
            },
        ),
        # Every service wants an income account, so what is only bought is a part.
        (
            BOUGHT,
            BooksProfile(),
            {"Name": "Crew", "Type": "NonInventory", "Taxable": False, "ExpenseAccountRef": {"value": "50"}},
        ),
        (
            LESS,
            BooksProfile(),
            {"Name": "Discount", "Type": "Service", "Taxable": False, "IncomeAccountRef": {"value": "40"}},
        ),
        (CLASS, BooksProfile(), {"Name": "Service"}),
    ],
)
def test_what_is_posted_to_quickbooks_online(
    document: Document, profile: BooksProfile, body: dict[str, Any]
) -> None:
    assert to_qbo(document, operation(document), profile) == body


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (attrs.evolve(ACCOUNT, name="A:B"), "holds :, which QuickBooks Online does not take"),
        (attrs.evolve(ACCOUNT, name=" "), "is empty, which QuickBooks Online does not take"),
        (attrs.evolve(ACCOUNT, number="12345678"), "has 8 characters, QuickBooks Online keeps 7"),
        (attrs.evolve(PART, name="x" * 101), "has 101 characters, QuickBooks Online keeps 100"),
        (ItemRecord(name="Nothing"), "has no account; give it one in the template"),
    ],
)
def test_what_quickbooks_online_cannot_take_says_so(document: Document, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        to_qbo(document, operation(document), BooksProfile())


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.WITHDRAW])
@pytest.mark.parametrize("document", [ACCOUNT, PART, CLASS])
@pytest.mark.parametrize("provider", [QBO, QBD], ids=["qbo", "qbd"])
def test_nothing_is_ever_changed_or_taken_out(
    provider: QboProvider | QbdProvider, document: Document, verb: Verb
) -> None:
    exchange = Exchange(
        id="x", connection_id="c", company_id="1", operations=(operation(document, verb),), created_at=NOW
    )
    with pytest.raises(Unencodable) as told:
        provider.encode(exchange, BooksProfile())
    assert "QuickBooks" in str(told.value)


@pytest.mark.parametrize("kind", [K.ACCOUNT, K.ITEM, K.CLASS])
def test_a_name_that_is_taken_is_told_in_words_about_the_list(kind: BooksKind) -> None:
    rule = rule_for("6240", "Duplicate Name Exists Error", kind)
    assert rule is not None
    assert (
        f"QuickBooks already has a{'n' if kind is not K.CLASS else ''} {kind.value} of that name"
        in rule.message
    )


# -- QuickBooks Desktop --------------------------------------------------------------------------------
def shown(element: Element) -> Any:
    return {child.name: shown(child) if child.children else child.text for child in element.children}


@pytest.mark.parametrize(
    ("document", "profile", "request_", "body"),
    [
        (
            ACCOUNT,
            BooksProfile(),
            "AccountAdd",
            {
                "Name": "Customer Deposits",
                "IsActive": "true",
                "AccountType": "OtherCurrentLiability",
                "AccountNumber": "2300",
            },
        ),
        (
            ACCOUNT,
            NO_NUMBERS,
            "AccountAdd",
            {"Name": "Customer Deposits", "IsActive": "true", "AccountType": "OtherCurrentLiability"},
        ),
        (
            PART,
            TAXING,
            "ItemNonInventoryAdd",
            {
                "Name": "Pipe",
                "IsActive": "true",
                "SalesTaxCodeRef": {"FullName": "Tax"},
                "SalesAndPurchase": {
                    "IncomeAccountRef": {"ListID": "40"},
                    "ExpenseAccountRef": {"ListID": "50"},
                },
            },
        ),
        (
            BOUGHT,
            BooksProfile(),
            "ItemServiceAdd",
            {"Name": "Crew", "IsActive": "true", "SalesOrPurchase": {"AccountRef": {"ListID": "50"}}},
        ),
        (
            FEE,
            BooksProfile(),
            "ItemOtherChargeAdd",
            {"Name": "Late Fee", "IsActive": "true", "SalesOrPurchase": {"AccountRef": {"ListID": "40"}}},
        ),
        (
            LESS,
            BooksProfile(),
            "ItemDiscountAdd",
            {"Name": "Discount", "IsActive": "true", "AccountRef": {"ListID": "40"}},
        ),
        (CLASS, BooksProfile(), "ClassAdd", {"Name": "Service", "IsActive": "true"}),
    ],
)
def test_what_is_sent_to_quickbooks_desktop(
    document: Document, profile: BooksProfile, request_: str, body: dict[str, Any]
) -> None:
    made = bodies.creation(document, Books(profile=profile))
    (block,) = made.children
    assert (made.name, block.name) == (f"{request_}Rq", request_)
    assert shown(block) == body


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (attrs.evolve(ACCOUNT, name="x" * 32), "has 32 characters, QuickBooks Desktop keeps 31"),
        (attrs.evolve(ACCOUNT, number="12345678"), "has 8 characters, QuickBooks Desktop keeps 7"),
        (attrs.evolve(CLASS, name="A:B"), "holds a colon"),
        (ItemRecord(name="Nothing"), "has no account; choose one in the template"),
    ],
)
def test_what_quickbooks_desktop_cannot_take_says_so(document: Document, said: str) -> None:
    with pytest.raises(Unwritable, match=said):
        bodies.creation(document, Books())


@pytest.mark.parametrize(
    ("kind", "request_"), [(K.ACCOUNT, "AccountQueryRq"), (K.ITEM, "ItemQueryRq"), (K.CLASS, "ClassQueryRq")]
)
def test_a_name_is_looked_up_with_inactive_ones(kind: BooksKind, request_: str) -> None:
    look = Operation(id="1", verb=Verb.FIND, kind=kind, params={"by": "name", "name": "Pipe"})
    (made,) = requests_of(look, Books(), asked=NOW)
    assert made.name == request_
    assert (made.get("ActiveStatus"), made.get("NameFilter", "Name")) == ("All", "Pipe")


# -- both ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", [QBO, QBD], ids=["qbo", "qbd"])
@pytest.mark.parametrize("document", [ACCOUNT, PART, BOUGHT, FEE, LESS, CLASS])
def test_the_lens_looks_once_and_survives_storage(
    provider: QboProvider | QbdProvider, document: Document
) -> None:
    plain = provider.normal(document)
    assert provider.normal(plain) == plain
    assert wire.load_document(kind_of(document), wire.dump_document(document)) == document
    assert provider.one_way(document) == {}


def test_the_detail_type_that_nobody_named_is_the_books_to_say() -> None:
    sent = attrs.evolve(ACCOUNT, detail="")
    assert as_decided(sent, ACCOUNT) == sent
    assert as_decided(ACCOUNT, attrs.evolve(ACCOUNT, detail="Other")) != ACCOUNT


def test_an_entry_is_for_the_company_that_it_was_approved_for() -> None:
    entry = ListEntry.of(ACCOUNT, id="1.a2300", company_id="9")
    here = post(entry, PostingContext(profile=BooksProfile(company_id="9")))
    assert here == Posted(documents={DocumentKey(entry.ref): ACCOUNT})
    there = post(entry, PostingContext(profile=BooksProfile(company_id="8")))
    assert isinstance(there, NotPosted)
    assert "another company's books" in there.reason
    assert entry_of(ACCOUNT, "1.a2300", "9") == entry
    assert json.loads(wire.dump(entry))["account"]["number"] == "2300"


def test_an_entry_creates_exactly_one_thing() -> None:
    with pytest.raises(ValueError, match="is to create 0 entries; it must be exactly one"):
        assert ListEntry(id="1", company_id="9").document
