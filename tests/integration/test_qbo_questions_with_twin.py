"""Change feeds, listings and look-ups of the QuickBooks Online provider against its twin."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import (
    VendorRecord,
)
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    Found,
)
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_plumbing import (
    INVOICE,
    JOB,
    ref,
)
from tests.qbo_twin import Connected, connected


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


def changes(books: Connected, cursor: str) -> Found:
    outcome = books.one(Verb.CHANGES, params={"cursor": cursor} if cursor else {})
    assert isinstance(outcome, Found)
    return outcome


def test_the_feed_shows_edits_payments_and_deletions() -> None:
    with connected() as books:
        books.refresh_profile()
        start = changes(books, "")
        assert start.cursor
        invoice = books.write(attrs.evolve(INVOICE, number="FEED-1"))
        doomed = books.write(attrs.evolve(INVOICE, number="FEED-2"))
        books.admin("do", action="receive_payment", customer=JOB.id, invoices={invoice.id: "100.00"})
        books.admin(
            "do", action="edit", kind="Customer", id="1", changes={"PrimaryPhone": {"FreeFormNumber": "1"}}
        )
        books.admin("do", action="delete", kind="Invoice", id=doomed.id)
        found = changes(books, start.cursor)
        assert found.complete
        assert found.cursor
        assert ref(BooksKind.INVOICE, doomed.id) in found.deleted
        seen = {record.ref: record for record in found.records}
        paid = [record for record in found.records if record.kind is BooksKind.PAYMENT]
        assert any(invoice.ref in record.linked for record in paid)
        assert seen[ref(BooksKind.CUSTOMER, "1")].document is not None
        assert seen[invoice.ref].facts["balance"] == "251.79"


def test_a_feed_that_is_too_old_says_so_and_starts_anew() -> None:
    with connected() as books:
        for days in (31, 29.5):
            old = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
            found = changes(books, old)
            assert found.too_old
            assert found.cursor
            assert not changes(books, found.cursor).too_old


def test_a_thousand_changes_are_asked_for_in_parts() -> None:
    with connected(seed="names") as books:
        start = changes(books, "").cursor
        assert start
        made = 0
        for _ in range(45):
            books.admin("clock", advance_seconds=1)
            ops = [
                Operation(id=str(n), verb=Verb.CREATE, document=VendorRecord(name=f"Vendor {made + n}"))
                for n in range(30)
            ]
            made += sum(isinstance(outcome, Applied) for outcome in books.do(*ops))
        assert made == 1350
        names: set[str] = set()
        pending = [Operation(id="1", verb=Verb.CHANGES, params={"cursor": start})]
        cursors: list[str | None] = []
        calls = 0
        while pending:
            (outcome,) = books.do(pending.pop())
            calls += 1
            assert isinstance(outcome, Found)
            assert not outcome.too_old
            names |= {record.name for record in outcome.records if record.kind is BooksKind.VENDOR}
            cursors.append(outcome.cursor)
            pending += [Operation(id="1", verb=want.verb, params=want.params) for want in outcome.then]
            assert calls < 20
        assert {f"Vendor {n}" for n in range(1350)} <= names
        assert [cursor is not None for cursor in cursors] == [False] * (calls - 1) + [True]


def test_a_full_listing_has_every_name_and_all_invoices_and_payments(books: Connected) -> None:
    outcome = books.one(Verb.CHANGES, params={"full": "1"})
    assert isinstance(outcome, Found)
    kinds = {record.kind for record in outcome.records}
    assert kinds >= {BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.INVOICE, BooksKind.PAYMENT}
    balances = [D(r.facts["balance"]) for r in outcome.records if r.kind is BooksKind.INVOICE]
    assert 0 in balances
    assert max(balances) > 0
    assert outcome.complete


@pytest.mark.parametrize(
    "name", ["O'Leary Ltd", "back\\slash & co", "“Quoted” Curly\u2019s", "Ünal & Söhne", "日本配管"]
)
def test_names_with_marks_are_found_whatever_they_hold(name: str, books: Connected) -> None:
    record = books.write(VendorRecord(name=name))
    found = books.one(Verb.FIND, params={"by": "name", "name": name})
    assert isinstance(found, Found)
    assert [hit.ref for hit in found.records] == [record.ref]


def test_several_names_and_numbers_share_their_queries(books: Connected) -> None:
    names = ["Abara, Ngozi", "O'Leary, Siobhan", "Nobody At All", "SIERRA PIPE SUPPLY"]
    ops = [
        Operation(id=str(n), verb=Verb.FIND, params={"by": "name", "name": name})
        for n, name in enumerate(names)
    ]
    assert {books.provider.envelope(op) for op in ops} == {"find name"}
    outcomes = books.do(*ops)
    assert [type(outcome) for outcome in outcomes] == [Found, Found, Absent, Found]
    record = books.write(attrs.evolve(INVOICE, number="NUM-1"))
    by_number = [
        Operation(
            id=str(n), verb=Verb.FIND, kind=BooksKind.INVOICE, params={"by": "number", "number": number}
        )
        for n, number in enumerate(["NUM-1", "NUM-404"])
    ]
    hit, miss = books.do(*by_number)
    assert isinstance(hit, Found)
    assert hit.records[0].ref == record.ref
    assert isinstance(miss, Absent)


def created_since(books: Connected, moment: dt.datetime, kinds: str) -> Found:
    outcome = books.one(Verb.FIND, params={"by": "created", "since": moment.isoformat(), "kinds": kinds})
    assert isinstance(outcome, Found)
    return outcome


def test_what_an_unanswered_call_did_is_found_by_its_marker() -> None:
    with connected() as books:
        sent_at = dt.datetime.now(dt.UTC)
        books.admin("faults", trouble="drop_after", match="/batch")
        exchange = books.envelope(
            Operation(
                id="1", verb=Verb.CREATE, document=attrs.evolve(INVOICE, tax_code=None), marker="invoice:77.1"
            )
        )
        reply = books.send(exchange)
        assert type(reply).__name__ == "Unknown"
        found = created_since(books, sent_at, "invoice,payment")
        assert [hit.marker for hit in found.records].count("invoice:77.1") == 1
        (record,) = [hit for hit in found.records if hit.marker == "invoice:77.1"]
        books.admin("do", action="delete", kind="Invoice", id=record.id)
        gone = created_since(books, sent_at, "invoice,payment")
        assert record.ref in gone.deleted
        assert "invoice:77.1" not in [hit.marker for hit in gone.records]
