"""What is written to QuickBooks Desktop and read back is the same document, seen through the lens."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    BankDeposit,
    Document,
    SalesForm,
    SalesLine,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.bodies import change, creation
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.kept import kept, moved_place
from blueops_qb.providers.qbd.codec.lens import normal, one_way
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.sdk import wire
from tests.qbd_documents import BOOKS, BY_TYPE, FEW, pairs
from tests.qbd_echo import Echo, brought, types_of
from tests.qbd_samples import CUSTOMER, DAY, INVOICE, PROFILE, USUAL, read_back, update


def as_sent(document: Document, books: Books, shown: Document) -> Document:
    """What was read, with tax and total taken from what was sent where they are QuickBooks' to say."""
    sent = normal(kept(document, books))
    if isinstance(sent, SalesForm) and isinstance(shown, SalesForm) and sent.tax is None:
        return attrs.evolve(shown, tax=None, total=None, tax_code=sent.tax_code)
    return shown


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data(), BOOKS)
def test_a_document_written_and_read_back_is_what_was_sent(
    type_: type[Document], data: st.DataObject, books: Books
) -> None:
    document = data.draw(BY_TYPE[type_])
    try:
        request = creation(document, books, marker="invoice:1041.1")
    except Unwritable as refusal:
        event(f"refused: {str(refusal)[:30]}")
        return
    event("written")
    record = read_back(document, books, request)
    assert record.document is not None
    sent, shown = normal(kept(document, books)), normal(record.document)
    shown = as_sent(document, books, shown)
    assert shown == sent
    assert wire.dump_document(shown) == wire.dump_document(sent)  # the digest, too, is equal


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data(), BOOKS)
def test_a_change_written_and_read_back_is_what_was_sent(
    type_: type[Document], data: st.DataObject, books: Books
) -> None:
    document, previous = data.draw(pairs(type_))
    echo = Echo(amounts={**brought(previous), **brought(document)}, types=types_of(previous, document))
    try:
        ret = echo.show(creation(previous, books, marker="invoice:1041.1"))
        record = record_of(ret, books)
        assert record is not None
        request = change(document, update(record, document, told=previous), books)
    except Unwritable as refusal:
        event(f"refused: {str(refusal)[:30]}")
        return
    event("written")
    if isinstance(document, SalesForm):
        echo.tax = document.tax or ZERO
    changed = record_of(echo.show_change(request, ret), books)
    assert changed is not None
    assert changed.document is not None, changed.facts
    assert changed.version != record.version
    document = moved_place(document, previous, books)
    assert as_sent(document, books, normal(changed.document)) == normal(kept(document, books))


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data())
def test_looking_twice_through_the_lens_changes_nothing(type_: type[Document], data: st.DataObject) -> None:
    document = data.draw(BY_TYPE[type_])
    once = normal(document)
    assert normal(once) == once
    assert wire.dump_document(normal(once)) == wire.dump_document(once)
    assert {name for name in one_way(document) if name != "lines"} <= {f.name for f in attrs.fields(type_)}


def test_a_record_that_did_not_move_is_changed_by_nothing_but_its_version() -> None:
    record = read_back(INVOICE, USUAL, creation(INVOICE, USUAL, marker="invoice:1041.1"))
    request = change(INVOICE, update(record, INVOICE, told=INVOICE), USUAL)
    assert [child.name for child in request.children[0].children] == ["TxnID", "EditSequence"]


def test_the_marker_is_found_again_in_the_memo_of_every_kind_that_has_one() -> None:
    record = read_back(INVOICE, USUAL, creation(INVOICE, USUAL, marker="invoice:1041.1"))
    assert record.marker == "invoice:1041.1"
    assert record.document is not None
    assert getattr(record.document, "memo", "") == "Gate code 12"
    assert record.facts["external_guid"].startswith("{")


@pytest.mark.parametrize(("before_tax", "code"), [(True, "Tax"), (False, "Non")])
def test_a_document_discount_is_one_line_at_the_end_which_spreads_over_all_others(
    before_tax: bool, code: str
) -> None:
    block = creation(attrs.evolve(INVOICE, discount_before_tax=before_tax), USUAL).children[0]
    taken = list(block.all("InvoiceLineAdd"))[-1]
    assert taken.get("ItemRef", "ListID") == "D-1"
    assert (taken.get("Amount"), taken.get("SalesTaxCodeRef", "FullName")) == ("-40.00", code)
    assert not taken.has("Quantity")


def test_a_discount_is_written_with_the_item_that_is_posted_to_its_account() -> None:
    account = BooksRef(BooksKind.ACCOUNT, "1-1")
    with_items = attrs.evolve(USUAL.profile, discount_items={"1-1": "D-7"})
    books = attrs.evolve(USUAL, profile=with_items)
    block = creation(attrs.evolve(INVOICE, discount_account=account), books).children[0]
    assert list(block.all("InvoiceLineAdd"))[-1].get("ItemRef", "ListID") == "D-7"


def test_without_a_tax_of_ours_no_line_is_told_to_be_taxable() -> None:
    exempt = attrs.evolve(INVOICE, tax=ZERO, total=D("360.00"))
    codes = {
        line.get("SalesTaxCodeRef", "FullName")
        for line in creation(exempt, USUAL).children[0].children
        if line.name == "InvoiceLineAdd"
    }
    assert codes == {"Non"}


@pytest.mark.parametrize(
    ("change_", "said"),
    [
        ({"number": "BO-1234567890"}, "QuickBooks Desktop keeps 11"),
        ({"tax_code": None}, "no sales tax item is chosen"),
        ({"deposit": D("10.00")}, "takes a deposit of 10.00"),
        ({"discount_account": BooksRef(BooksKind.ACCOUNT, "1-1")}, "needs an item of type discount"),
        ({"currency": "EUR"}, "only writes the home currency USD"),
        ({"lines": ()}, "has no lines"),
        ({"date": dt.date(1969, 1, 1)}, "The date is “1969-01-01”"),
        ({"lines": (SalesLine(description="x", amount=D("1.00")),)}, "has no item"),
        (
            {
                "lines": (SalesLine(item=BooksRef(BooksKind.ITEM, "x" * 37), amount=D("1.00")),),
                "discount": ZERO,
            },
            "at most 36",
        ),
    ],
)
def test_what_desktop_cannot_take_is_refused_before_it_is_queued(change_: dict[str, Any], said: str) -> None:
    with pytest.raises(Unwritable, match=said):
        creation(attrs.evolve(INVOICE, **change_), USUAL)


def test_tax_that_quickbooks_has_switched_off_is_refused() -> None:
    books = Books(profile=attrs.evolve(PROFILE, sales_tax=SalesTax.OFF))
    with pytest.raises(Unwritable, match="sales tax is switched off"):
        creation(INVOICE, books)
    plain = attrs.evolve(INVOICE, tax_mode=TaxMode.NONE, tax=None, total=D("360.00"))
    assert "SalesTaxCodeRef" not in str(creation(plain, books))


def test_a_deposit_without_lines_is_refused() -> None:
    with pytest.raises(Unwritable, match="no lines"):
        creation(BankDeposit(account=CUSTOMER, date=DAY, lines=(), total=ZERO), USUAL)
