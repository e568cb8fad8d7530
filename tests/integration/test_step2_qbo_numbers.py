"""Numbers with characters that cannot stand in a query of QuickBooks Online are asked for all the same."""

from collections.abc import Iterator

import attrs
import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import Absent, Found, Outcome
from blueops_qb.sdk.provider import Unencodable, Verb
from tests.qbo_plumbing import INVOICE
from tests.qbo_twin import Connected, connected

#: As typed by a word processor: a dash and an apostrophe that are not on the keyboard.
TYPED = "INV\N{EN DASH}7\N{RIGHT SINGLE QUOTATION MARK}"


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


def ask(books: Connected, number: str, **params: str) -> Outcome:
    return books.one(Verb.FIND, BooksKind.INVOICE, params={"by": "number", "number": number, **params})


def test_a_number_that_no_query_may_hold_is_found_by_how_it_begins(books: Connected) -> None:
    assert isinstance(ask(books, TYPED), Absent)
    books.write(attrs.evolve(INVOICE, number="INV-70"), marker="test:1.1")
    record = books.write(attrs.evolve(INVOICE, number=TYPED), marker="test:2.1")
    found = ask(books, TYPED)
    assert isinstance(found, Found)
    assert [hit.ref for hit in found.records] == [record.ref]


def test_a_number_that_begins_with_such_a_character_is_put_to_a_person(books: Connected) -> None:
    with pytest.raises(Unencodable, match="begins with a character that no query may hold"):
        ask(books, "\N{NUMERO SIGN} 7")
