"""Every request that the Desktop codec makes fits the 13.0 schema, or is refused with a sentence beforehand."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    AccountRecord,
    ClassRecord,
    Document,
    ItemRecord,
    RefundReceipt,
    kind_of,
)
from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.bodies import change, creation, removal
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.extensions import mark_requests
from blueops_qb.providers.qbd.codec.forms import FORMS
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.receipts import card_refund_request
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS, content_of
from blueops_qb.providers.qbd.qbxml.writing import MessageSet, written
from blueops_qb.sdk.provider import Operation, Verb
from tests.judges import qbxml_xsd
from tests.qbd_documents import (
    BOOKS,
    BY_TYPE,
    CENTS,
    DAYS,
    DOCUMENTS,
    FEW,
    HOSTILE,
    NAME,
    NUMBER,
    TEXT,
    maybe,
    pairs,
    ref,
)
from tests.qbd_echo import Echo, brought, types_of

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def fits(make: Callable[[], Element]) -> Element | None:
    """The request, judged by the schema; None when it was refused with a sentence."""
    try:
        request = make()
    except Unwritable as refusal:
        said = str(refusal)
        event(f"refused: {said.split('“')[0][:60]}")
        assert said.isprintable()
        assert said[-1] in ".;"
        assert len(said) > 30
        return None
    message = written(MessageSet(requests=(request,), new_id="a" * 24))
    assert message.isascii()
    assert qbxml_xsd.validate(message) == []
    event(request.name)
    return request


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data(), BOOKS, st.sampled_from(["", "invoice:1041.1", "x" * 90]))
def test_what_is_created(type_: type[Document], data: st.DataObject, books: Books, marker: str) -> None:
    document = data.draw(BY_TYPE[type_])
    fits(lambda: creation(document, books, marker=marker))


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data(), BOOKS, st.booleans(), st.booleans())
def test_what_is_changed(
    type_: type[Document], data: st.DataObject, books: Books, shown: bool, told: bool
) -> None:
    """Over what QuickBooks shows, and without it."""
    document, previous = data.draw(pairs(type_))
    echo = Echo(amounts=brought(previous), types=types_of(previous))
    try:
        ret = echo.show(creation(previous, books))
    except Unwritable:
        return
    record = record_of(ret, books)
    assert record is not None
    assert record.document is not None, record.facts
    op = operation(
        Verb.UPDATE,
        document=document,
        kind=kind_of(document),
        target_id=record.id,
        version=record.version,
        previous=normal(record.document),
        shown=record.shown if shown else "",
        told=previous if told else None,
        marker="invoice:1041.1",
    )
    fits(lambda: change(document, op, books))


def operation(verb: Verb, **values: Any) -> Operation:
    return Operation(id="op1", verb=verb, **values)


@given(DOCUMENTS, BOOKS)
def test_what_is_taken_out(document: Document, books: Books) -> None:
    kind = kind_of(document)
    op = operation(
        Verb.WITHDRAW, kind=kind, target_id="80000035-1785958998", version="17000", previous=normal(document)
    )
    request = fits(lambda: removal(op, kind, books))
    assert request is not None


@given(
    st.builds(
        RefundReceipt,
        customer=ref(BooksKind.CUSTOMER),
        date=DAYS,
        number=NUMBER,
        total=st.none() | CENTS,
        memo=TEXT,
        method=maybe(BooksKind.PAYMENT_METHOD),
        paid_from=ref(BooksKind.ACCOUNT),
    ),
    BOOKS,
)
def test_what_is_refunded_to_a_card(document: RefundReceipt, books: Books) -> None:
    fits(lambda: card_refund_request(document, books, "refund:7.1", credit_id="1A-1"))


@given(st.uuids(), st.uuids())
def test_what_marks_a_company(owner: UUID, file: UUID) -> None:
    definition, value = mark_requests(f"{{{owner}}}", str(file).upper())
    assert fits(lambda: definition) is not None
    assert fits(lambda: value) is not None


ENTRIES = st.one_of(
    st.builds(
        AccountRecord,
        name=NAME,
        type=st.sampled_from(AccountType),
        detail=st.sampled_from(["", "DeferredRevenue"]),
        number=st.sampled_from(["", "1000", "12345678"]),
    ),
    st.builds(ClassRecord, name=NAME),
    st.builds(
        ItemRecord,
        name=NAME,
        kind=st.sampled_from(ItemKind),
        income_account=maybe(BooksKind.ACCOUNT),
        expense_account=maybe(BooksKind.ACCOUNT),
        taxable=st.booleans(),
    ),
)


@given(ENTRIES, BOOKS)
def test_what_a_template_creates(document: Document, books: Books) -> None:
    fits(lambda: creation(document, books))


WHEN = st.sampled_from(["2026-01-02", "2026-01-02T03:04:05"])
KINDS = st.sampled_from(list(ENTITIES))
PAGES = st.none() | st.builds(queries.Page, iterator=st.sampled_from(["", "{1}"]))
LISTS = [name for name in REQUESTS if name.endswith("QueryRq") and "ActiveStatus" in content_of(name).places]
TRANSACTIONS = [query for entity in ENTITIES.values() if entity.transaction for query in entity.queries]


@given(KINDS, HOSTILE, WHEN, DAYS, PAGES, st.sampled_from(LISTS), st.sampled_from(TRANSACTIONS))
def test_what_is_asked(
    kind: BooksKind, text: str, since: str, day: dt.date, page: queries.Page | None, list_: str, txn: str
) -> None:
    asked: list[Callable[[], list[Element] | Element]] = [
        lambda: queries.by_name(list_, text),
        lambda: queries.holder_of(text),
        lambda: queries.listed(list_, since=since, page=page),
        lambda: queries.changed(txn, since=since, until=since, page=page),
        lambda: queries.dated(txn, start=day, end=day, page=page),
        lambda: queries.ledger(start=day, end=day, page=page),
        lambda: queries.deleted_transactions(since=since, until=since),
        lambda: queries.deleted_lists(["Customer", "Vendor"], since=since),
        lambda: queries.open_bills("8-1"),
        queries.waiting_for_deposit,
        queries.host,
        lambda: queries.company("{5B0F2C1E-0000-4000-8000-0000000000A1}"),
        queries.preferences,
        lambda: queries.tax_item(text),
    ]
    if kind is not BooksKind.COMPANY:
        asked.append(lambda: queries.by_id(kind, ["8-1", "9-1"]))
    if ENTITIES[kind].transaction and kind is not BooksKind.DEPOSIT:
        asked.append(lambda: queries.by_number(kind, text))
    for ask in asked:
        made = ask()
        for request in made if isinstance(made, list) else [made]:
            fits(lambda request=request: request)  # type: ignore[misc]


def test_no_type_of_document_is_forgotten() -> None:
    assert set(BY_TYPE) | {AccountRecord, ItemRecord, ClassRecord} == set(FORMS)
